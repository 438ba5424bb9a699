"""What stands in the way of publishing to a shop, in words: what its key lacks, what nobody has said yet."""

from __future__ import annotations

from collections.abc import Sequence

from flask import current_app

from ppm_web.models import MappingKind, PrestaShopShop
from ppm_web.prestashop.prices import tax_key
from ppm_web.prestashop.shop_check import problems as problems_of
from ppm_web.prestashop.values import ShopProfile, Store, TaxGroup
from ppm_web.services.errors import NotPublishableError
from ppm_web.services.shops import maps as shop_maps
from ppm_web.services.shops import remote_ids


def problems(shop: PrestaShopShop, profile: ShopProfile) -> list[str]:
    """All that a person should see to, a sentence each; [] when all is well. Leaves no transaction open."""
    name, shop_id = shop.name, shop.id
    hindrances = [error.message for error in _hindrances(shop, profile)]
    return [
        *problems_of(profile),
        *hindrances,
        *_ambiguous_rates(name, shop_id, profile),
        *_gone(name, shop_id, profile),
    ]


def facts(shop: PrestaShopShop) -> list[str]:
    """What was said of the shop's currency, a sentence; [] where nothing was."""
    if shop.currency_factor is None:
        return []
    return [f"Prices are multiplied by {shop.currency_factor.normalize():f} for this shop."]


def check_publishable(shop: PrestaShopShop, profile: ShopProfile) -> None:
    """Raise NotPublishableError, permanent and in words, where something has to be said first: which store,
    what becomes of another currency, which language is which."""
    for error in _hindrances(shop, profile):
        raise error


def _hindrances(shop: PrestaShopShop, profile: ShopProfile) -> list[NotPublishableError]:
    name, shop_id, store, factor = shop.name, shop.id, shop.store_id, shop.currency_factor
    found = [_store(name, store, profile)]
    if factor is None:
        found.append(_currency(name, profile))
    found.append(_languages(name, shop_id, profile))
    return [error for error in found if error is not None]


def store_words(store: Store) -> str:
    """A store as people choose it: "2 Outlet (group Abroad, which shares its stock)"."""
    return f"{store.id} {store_label(store)}"


def store_label(store: Store) -> str:
    """The same without its id."""
    if not store.group_name:
        return store.name
    off = "" if store.active else ", off"
    if store.shares_stock:
        return f"{store.name} (group {store.group_name}, which shares its stock{off})"
    return f"{store.name} (group {store.group_name}{off})"


def store_problem(shop: PrestaShopShop, profile: ShopProfile) -> str:
    """What has to be said about the store, "" for nothing."""
    error = _store(shop.name, shop.store_id, profile)
    return error.message if error is not None else ""


def _store(name: str, store_id: int | None, profile: ShopProfile) -> NotPublishableError | None:
    stores = "; ".join(store_words(store) for store in profile.stores)
    how = (
        f"Its stores: {stores}. Say which one is meant in the shop's settings, or with: "
        f"flask shop set '{name}' --store ID"
    )
    if store_id is None and len(profile.stores) > 1:
        return NotPublishableError(
            f"The PrestaShop of '{name}' has {len(profile.stores)} stores, and nothing is published before "
            f"it is known to which. {how}",
            "store",
        )
    if store_id is not None and profile.stores and profile.store(store_id) is None:
        return NotPublishableError(f"The PrestaShop of '{name}' has no store {store_id}. {how}", "store")
    return None


def _currency(name: str, profile: ShopProfile) -> NotPublishableError | None:
    ours = current_app.config["CURRENCY"]
    if profile.currency is None:
        return NotPublishableError(
            f"PPM cannot tell the currency of '{name}': let its key View (GET) currencies and "
            f"configurations, or say that its prices are in {ours} too, with: flask shop set '{name}' "
            "--currency-factor 1",
            "currency",
        )
    if profile.currency.iso_code == ours:
        return None
    return NotPublishableError(
        f"The currency of '{name}' is {profile.currency.iso_code}, and the catalogue's prices are in {ours}: "
        f"say by what they are multiplied in the shop's settings, or with: flask shop set '{name}' "
        "--currency-factor F (1: the same numbers on purpose)",
        "currency",
    )


def _languages(name: str, shop_id: int, profile: ShopProfile) -> NotPublishableError | None:
    ours = current_app.config["LANGUAGES"]
    if not profile.languages or set(shop_maps.languages(shop_id, profile)) & set(ours):
        return None
    theirs = ", ".join(f"{language.id} {language.iso_code}" for language in profile.languages)
    return NotPublishableError(
        f"None of the languages of '{name}' ({theirs}) is one of the catalogue's ({', '.join(ours)}): say "
        f"which one is which in the shop's settings, or with: flask shop map '{name}' language {ours[0]}=ID",
        "languages",
    )


def _ambiguous_rates(name: str, shop_id: int, profile: ShopProfile) -> list[str]:
    """Tax rates that several of the shop's groups have and nobody has mapped: a product would fail."""
    groups: dict[str, list[TaxGroup]] = {}
    for group in profile.tax_groups:
        groups.setdefault(tax_key(group.rate), []).append(group)
    return [
        f"Several tax groups have {key} %: {group_words(same)}. Before you publish products of that rate, "
        "say which one is meant in the shop's settings, or with: "
        f"flask shop map '{name}' tax {key}={proposed(same)}"
        for key, same in groups.items()
        if len(same) > 1 and remote_ids.known_id(shop_id, MappingKind.TAX, key) is None
    ]


def group_words(groups: Sequence[TaxGroup]) -> str:
    """Tax groups of one rate, those that the shop's products have first, with how many that are."""
    ranked = sorted(groups, key=lambda group: (-group.products, group.id))
    return ", ".join(
        f"{group.id} {group.name}" + (f" (its products: {group.products:,})" if group.products else "")
        for group in ranked
    )


def proposed(groups: Sequence[TaxGroup]) -> str:
    """The id of the group that most of the shop's products have; "ID" where that does not tell one."""
    ranked = sorted(groups, key=lambda group: -group.products)
    if len(ranked) == 1 or (ranked and ranked[0].products > ranked[1].products):
        return str(ranked[0].id)
    return "ID"


def _gone(name: str, shop_id: int, profile: ShopProfile) -> list[str]:
    return [
        f"{kind.value.capitalize()} {ours} is mapped by hand to {number}, which is not in the shop any more: "
        f"choose another in the shop's settings, or with: flask shop map '{name}' {kind.value} {ours}=ID"
        for kind, ours, number in shop_maps.gone_by_hand(shop_id, profile)
    ]
