"""A shop's settings as its page shows and sets them, all at once; `flask shop set` and `map` set the same."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Final

from flask import current_app
from sqlalchemy import select

from ppm_web.extensions import db, reading
from ppm_web.models import ROOT_CATEGORY_ID, MappingKind, PrestaShopShop, Product, ShopMapping
from ppm_web.prestashop.prices import tax_key
from ppm_web.prestashop.values import TaxGroup
from ppm_web.services.errors import MappingError
from ppm_web.services.shops import changes as shop_changes
from ppm_web.services.shops import client, mappings
from ppm_web.services.shops import stores as shop_stores
from ppm_web.services.shops.problems import proposed, store_label


@dataclass(frozen=True, slots=True)
class Option:
    """Something of the shop that may stand for something of ours."""

    id: int
    label: str


NO_TAX: Final = Option(0, "No tax group")


@dataclass(frozen=True, slots=True)
class Line:
    """Something of ours (a language code, a tax rate in per cent) and the shop's id for it, if known."""

    ours: str
    chosen: int | None
    several: bool = False
    """Whether the shop has several for it, so that a person must choose."""
    proposed: int | None = None
    """Of several the one that most of the shop's products have."""


@dataclass(frozen=True, slots=True)
class Settings:
    """What may be set in a shop, as it is now."""

    languages: Sequence[Line]
    language_options: Sequence[Option]
    taxes: Sequence[Line]
    tax_options: Sequence[Option]
    no_tax: Sequence[Option]
    """What else products of 0 % may get."""
    home: int | None
    """Set by hand; None: the shop's own."""
    own_home: int
    store: int | None
    stores: Sequence[Option]
    """Empty where they are not known."""
    several_stores: bool
    """Whether there are several stores, as far as can be told."""
    currency: str
    """The shop's, "" where it is not known."""
    factor: str
    sharing: Sequence[str]
    """Names of PPM's other shops in the same PrestaShop."""
    owns_shared: bool


@dataclass(frozen=True, slots=True)
class Change:
    """What a person wrote. ``key`` "": as it is; None in ``taxes`` and ``home``: found by PPM itself, in
    ``store`` and ``factor``: as it is. ``own_shared``: this shop shall write what all stores share."""

    name: str
    url: str
    key: str = ""
    languages: Mapping[str, int | None] = field(default_factory=dict)
    taxes: Mapping[str, int | None] = field(default_factory=dict)
    home: int | None = None
    store: int | None = None
    factor: str | None = None
    own_shared: bool = False


def settings_of(shop: PrestaShopShop) -> Settings:
    """The settings of a shop; what it offers is from its last check. Three statements."""
    profile = client.profile_of(shop)
    with reading():
        mapped = {
            (row.kind, row.ours): row.remote_id
            for row in db.session.execute(
                select(ShopMapping.kind, ShopMapping.ours, ShopMapping.remote_id).where(
                    *(ShopMapping.shop_id == shop.id, ShopMapping.remote_id.is_not(None)),
                    ShopMapping.kind.in_([MappingKind.LANGUAGE, MappingKind.TAX])
                    | (
                        (ShopMapping.kind == MappingKind.CATEGORY)
                        & (ShopMapping.ours == str(ROOT_CATEGORY_ID))
                    ),
                )
            )
        }
        rates = [tax_key(rate) for rate in db.session.scalars(select(Product.tax_rate).distinct())]
    groups = profile.tax_groups if profile is not None else ()
    of_rate = {key: [group for group in groups if tax_key(group.rate) == key] for key in _keys(groups)}
    several = {key for key, same in of_rate.items() if len(same) > 1}
    codes = {*current_app.config["LANGUAGES"], *_mapped(mapped, MappingKind.LANGUAGE)}
    keys = {*rates, *several, *_mapped(mapped, MappingKind.TAX)}
    stores = profile.stores if profile is not None else ()
    sharing = [other.name for other in shop_stores.of_address(shop.url) if other.id != shop.id]
    return Settings(
        languages=[Line(code, mapped.get((MappingKind.LANGUAGE, code))) for code in sorted(codes)],
        language_options=[
            Option(one.id, f"{one.name} ({one.iso_code})") for one in (profile.languages if profile else ())
        ],
        taxes=[
            Line(key, mapped.get((MappingKind.TAX, key)), key in several, _proposed(of_rate.get(key, [])))
            for key in sorted(keys, key=Decimal)
        ],
        tax_options=[Option(group.id, f"{group.name} ({tax_key(group.rate)} %)") for group in groups],
        no_tax=[NO_TAX],
        home=mapped.get((MappingKind.CATEGORY, str(ROOT_CATEGORY_ID))),
        own_home=profile.home_category if profile is not None else 0,
        store=shop.store_id,
        stores=[Option(store.id, store_label(store)) for store in stores] if len(stores) > 1 else [],
        several_stores=len(stores) > 1 or shop.store_id is not None or profile is None,
        currency=profile.currency.iso_code if profile is not None and profile.currency else "",
        factor=f"{shop.currency_factor.normalize():f}" if shop.currency_factor is not None else "",
        sharing=sharing,
        owns_shared=shop.owns_shared,
    )


def change(shop: PrestaShopShop, wanted: Change) -> list[str]:
    """Write what differs, and commit; only a mapping that moves makes products changed again.

    Returns the tax rates for which a group was chosen. Raises ShopError (with its field) and MappingError; a
    mapping is refused before anything is written.
    """
    now_is = settings_of(shop)
    languages = _moved(now_is.languages, now_is.language_options, wanted.languages)
    taxes = _moved(now_is.taxes, [*now_is.tax_options, NO_TAX], wanted.taxes)
    factor = None if wanted.factor is None else shop_changes.read_factor(wanted.factor)
    shop_changes.set_shop(shop, url=wanted.url, key=wanted.key or None, name=wanted.name, store=wanted.store)
    for kind, moved in ((MappingKind.LANGUAGE, languages), (MappingKind.TAX, taxes)):
        for ours, remote_id in moved.items():
            if remote_id is None:
                mappings.forget(shop, kind, ours)
            else:
                mappings.map_by_hand(shop, kind, ours, remote_id)
    if wanted.home != now_is.home:
        mappings.set_home(shop, wanted.home)
    if wanted.factor is not None:
        shop_changes.set_currency_factor(shop, factor)
    if wanted.own_shared:
        shop_changes.own_shared(shop)
    shop_changes.tell_problems(shop)
    return [rate for rate, remote_id in taxes.items() if remote_id is not None]


def _keys(groups: Sequence[TaxGroup]) -> set[str]:
    return {tax_key(group.rate) for group in groups}


def _proposed(groups: Sequence[TaxGroup]) -> int | None:
    found = proposed(groups) if len(groups) > 1 else ""
    return int(found) if found.isdigit() else None


def _mapped(mapped: Mapping[tuple[MappingKind, str], int | None], wanted: MappingKind) -> set[str]:
    return {ours for kind, ours in mapped if kind is wanted}


def _moved(
    lines: Sequence[Line], options: Sequence[Option], wanted: Mapping[str, int | None]
) -> dict[str, int | None]:
    """What of ``wanted`` is another id than now. Raises MappingError for what the shop does not have."""
    chosen = {line.ours: line.chosen for line in lines}
    moved = {ours: number for ours, number in wanted.items() if ours in chosen and chosen[ours] != number}
    known = {option.id for option in options}
    for ours, number in moved.items():
        if number is not None and number not in known:
            raise MappingError(f"The shop has nothing with the id {number} for '{ours}': check the shop anew")
    return moved
