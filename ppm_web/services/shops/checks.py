"""Asking a shop what it is like, and keeping the answer."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from ppm_web.extensions import db
from ppm_web.models import PrestaShopShop, now
from ppm_web.prestashop.errors import PrestaShopError, StoreRefused
from ppm_web.prestashop.shop_facts import facts as facts_of
from ppm_web.prestashop.values import Currency, ShopProfile
from ppm_web.services.addresses import AddressError
from ppm_web.services.errors import SyncError
from ppm_web.services.shops import maps, stores
from ppm_web.services.shops import problems as shop_problems
from ppm_web.services.shops.client import client_for, profile_of
from ppm_web.services.shops.link_checks import told

FACTS_TIMES: Final = ("facts_at", "whole_at")
"""Kept beside the profile: when it was last found to hold, and when all of it was read."""


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
        profile = describe(shop)
    except (PrestaShopError, SyncError, AddressError) as error:
        problem = str(error)
        shop.problems, shop.checked_at = [problem], now()
        db.session.commit()
        return ShopCheck(ok=False, facts=[], problems=[problem], profile=None)
    problems = keep_profile(shop, profile)
    return ShopCheck(ok=not problems, facts=_facts(shop, profile), problems=problems, profile=profile)


def describe(shop: PrestaShopShop) -> ShopProfile:
    """Ask a shop, kept or drafted, what it is like.

    Raises WhichStoreError for a key of one store where that store was not said, with the stores that it opens
    (MULTISTORE.md: such a key cannot list them), and as ``client_for`` and the client.
    """
    chosen = shop.store_id
    with client_for(shop) as client:
        try:
            return client.describe()
        except StoreRefused as error:
            raise stores.question(client, chosen) from error


def keep_profile(shop: PrestaShopShop, profile: ShopProfile) -> list[str]:
    """Keep what the shop told, map what nobody mapped by hand, and commit; returns the problems there are.

    Where its languages, its home category or its currency changed, nothing that was pushed is up to date any
    more; and a factor that was meant for another currency is none.
    """
    before, moment = profile_of(shop), now().isoformat()
    if before is not None and _decides(before) != _decides(profile):
        shop.settings_revision = PrestaShopShop.settings_revision + 1
    if before is not None and _is_other(before.currency, profile.currency):
        shop.currency_factor = None
        shop.settings_revision = PrestaShopShop.settings_revision + 1
    shop.profile = {**profile.to_json(), **dict.fromkeys(FACTS_TIMES, moment)}
    shop.version, shop.checked_at = profile.version, now()
    db.session.commit()
    maps.follow(shop.id, profile)
    found = shop_problems.problems(shop, profile)
    shop.problems = found
    db.session.commit()
    return found


def last_check(shop: PrestaShopShop) -> ShopCheck | None:
    """What the last check told, without asking the shop; None when there was none."""
    if shop.checked_at is None:
        return None
    profile = profile_of(shop)
    facts = _facts(shop, profile) if profile is not None else []
    return ShopCheck(ok=not shop.problems, facts=facts, problems=shop.problems, profile=profile)


def _decides(profile: ShopProfile) -> tuple[object, ...]:
    """What of a profile decides what is sent."""
    return [language.id for language in profile.languages], profile.home_category, profile.version


def _is_other(before: Currency | None, after: Currency | None) -> bool:
    return before is not None and after is not None and before.iso_code != after.iso_code


def _facts(shop: PrestaShopShop, profile: ShopProfile) -> list[str]:
    return [*facts_of(profile), *stores.facts(shop, profile), *shop_problems.facts(shop), *told(shop)]
