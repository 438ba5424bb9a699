"""Asking a shop what it is like, and keeping the answer."""

from __future__ import annotations

from dataclasses import dataclass

from ppm_web.extensions import db
from ppm_web.models import MappingKind, PrestaShopShop, now
from ppm_web.prestashop.errors import PrestaShopError
from ppm_web.prestashop.shop_check import problems as problems_of
from ppm_web.prestashop.shop_facts import facts as facts_of
from ppm_web.prestashop.values import ShopProfile
from ppm_web.services.addresses import AddressError
from ppm_web.services.errors import KeyUnreadableError
from ppm_web.services.shops import remote_ids
from ppm_web.services.shops.client import client_for, profile_of, tax_key


@dataclass(frozen=True, slots=True)
class ShopCheck:
    """What a check of the connection told: facts and problems as plain sentences."""

    ok: bool
    facts: list[str]
    problems: list[str]
    profile: ShopProfile | None


def check_shop(shop_id: int) -> ShopCheck:
    """Ask the shop what it is like, keep the answer, and map its languages by their code.

    Never raises for a shop's trouble: that is what the problems tell.
    """
    shop = db.session.get_one(PrestaShopShop, shop_id)
    try:
        with client_for(shop) as client:
            profile = client.describe()
    except (PrestaShopError, KeyUnreadableError, AddressError) as error:
        problem = str(error)
        shop.problems, shop.checked_at = [problem], now()
        db.session.commit()
        return ShopCheck(ok=False, facts=[], problems=[problem], profile=None)
    problems = problems_of(profile)
    keep_profile(shop, profile, problems)
    facts = facts_of(profile) + _ambiguous_rates(shop, profile)
    return ShopCheck(ok=not problems, facts=facts, problems=problems, profile=profile)


def keep_profile(shop: PrestaShopShop, profile: ShopProfile, problems: list[str]) -> None:
    """Keep what the shop told, map its languages that nobody mapped by hand, and commit.

    Where its languages or its home category changed, nothing that was pushed is up to date any more.
    """
    before = profile_of(shop)
    if before is not None and _decides(before) != _decides(profile):
        shop.settings_revision = PrestaShopShop.settings_revision + 1
    shop.profile, shop.version = profile.to_json(), profile.version
    shop.problems, shop.checked_at = problems, now()
    db.session.commit()
    for language in profile.languages:
        code = language.iso_code.lower()
        if remote_ids.known_id(shop.id, MappingKind.LANGUAGE, code) is None:
            remote_ids.set_id(shop.id, MappingKind.LANGUAGE, code, language.id, manual=False)


def _decides(profile: ShopProfile) -> tuple[object, ...]:
    """What of a profile decides what is sent."""
    return [language.id for language in profile.languages], profile.home_category, profile.version


def last_check(shop: PrestaShopShop) -> ShopCheck | None:
    """What the last check told, without asking the shop; None when there was none."""
    if shop.checked_at is None:
        return None
    profile = profile_of(shop)
    facts = facts_of(profile) + _ambiguous_rates(shop, profile) if profile is not None else []
    return ShopCheck(ok=not shop.problems, facts=facts, problems=shop.problems, profile=profile)


def _ambiguous_rates(shop: PrestaShopShop, profile: ShopProfile) -> list[str]:
    """Tax rates that several of the shop's groups have and nobody has mapped: a product would fail."""
    groups: dict[str, list[str]] = {}
    for group in profile.tax_groups:
        groups.setdefault(tax_key(group.rate), []).append(f"{group.id} {group.name}")
    return [
        f"Several tax groups have {key} %: {', '.join(names)}. Before you publish products of that rate, "
        f"say which one is meant in the shop's settings, or with: flask shop map '{shop.name}' tax {key}=ID"
        for key, names in groups.items()
        if len(names) > 1 and remote_ids.known_id(shop.id, MappingKind.TAX, key) is None
    ]
