"""What of ours stands for what in a shop: languages, tax groups, home category, by hand or found."""

from __future__ import annotations

import math
from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal, InvalidOperation
from typing import Any, Final

from flask import current_app
from sqlalchemy import select

from ppm_web.extensions import db, reading
from ppm_web.models import (
    ROOT_CATEGORY_ID,
    Category,
    Manufacturer,
    MappingKind,
    PrestaShopShop,
    now,
)
from ppm_web.prestashop.client import PrestaShopClient
from ppm_web.prestashop.prices import tax_key
from ppm_web.prestashop.values import ShopProfile
from ppm_web.services.catalog.errors import CatalogError
from ppm_web.services.catalog.finding import category_by_path
from ppm_web.services.errors import MappingError
from ppm_web.services.shops import checks, remote_ids
from ppm_web.services.shops import client as shop_client
from ppm_web.services.shops import maps as shop_maps
from ppm_web.services.shops.problems import group_words, proposed

HIGHEST_ID = 2**31 - 1

WHOLE_SECONDS: Final = 3600
"""So old may be what hardly ever moves in a shop, and shows in nothing that is looked at more often."""


def languages(shop_id: int, profile: ShopProfile) -> dict[str, int]:
    """Our language codes → the shop's language ids, those that the shop still has."""
    return shop_maps.languages(shop_id, profile)


def fresh_profile(shop: PrestaShopShop, client: PrestaShopClient) -> ShopProfile:
    """What the shop is like, never older than PPM_FACTS_SECONDS (R27).

    No request while it is younger; then three, that see whether languages, tax groups or default settings
    have moved, and all of it anew (nine) where they have, or when that was last done an hour ago. Keeps it.
    """
    with reading():
        row = db.session.get_one(PrestaShopShop, shop.id, populate_existing=True)
        kept, times = shop_client.profile_of(row), row.profile or {}
    seconds = current_app.config["FACTS_SECONDS"]
    if kept is not None and _age(times, "facts_at") < seconds:
        return kept
    if kept is None or _age(times, "whole_at") >= WHOLE_SECONDS or client.read_mark(kept) != kept.mark:
        return refresh_profile(shop, client)
    shop.profile = {**times, "facts_at": now().isoformat()}
    db.session.commit()
    return kept


def _age(times: Mapping[str, Any], name: str) -> float:
    """Seconds since a time that stands beside a profile, endless where it does not."""
    moment = times.get(name)
    return (now() - datetime.fromisoformat(moment)).total_seconds() if moment else math.inf


def refresh_profile(shop: PrestaShopShop, client: PrestaShopClient) -> ShopProfile:
    """Ask the shop what it is like now, and keep it."""
    profile = client.describe()
    checks.keep_profile(shop, profile)
    return profile


def tax_group(shop: PrestaShopShop, client: PrestaShopClient, profile: ShopProfile, rate: Decimal) -> int:
    """The shop's tax group for a rate in per cent: mapped and still there, or the only one with that rate.

    0: no tax. Asks the shop again before it gives up. Raises MappingError that lists the candidates.
    """
    try:
        found = expected_tax_group(shop, profile, rate)
    except MappingError:
        found = expected_tax_group(shop, refresh_profile(shop, client), rate)
    key = tax_key(rate)
    if remote_ids.known_id(shop.id, MappingKind.TAX, key) != found:
        remote_ids.set_id(shop.id, MappingKind.TAX, key, found, manual=False)
    return found


def expected_tax_group(shop: PrestaShopShop, profile: ShopProfile, rate: Decimal) -> int:
    """As ``tax_group``, by what is known: the shop is not asked, and nothing is written."""
    key = tax_key(rate)
    mapped = remote_ids.known_id(shop.id, MappingKind.TAX, key)
    if mapped is not None and shop_maps.group_is_there(profile, mapped):
        return mapped
    matches = [group for group in profile.tax_groups if group.rate == rate]
    if len(matches) == 1 and not shop_maps.is_by_hand(shop.id, MappingKind.TAX, key):
        return matches[0].id
    raise MappingError(_tax_message(shop.name, key, profile, mapped))


def map_by_hand(shop: PrestaShopShop, kind: MappingKind, ours: str, remote_id: int) -> str:
    """Say by hand that ``remote_id`` stands for ``ours``; returns what was mapped, in words.

    ``ours`` is a language code, a tax rate, a category's path or id, a manufacturer's name or id. Of the tax
    of 0 % the id may be 0: no tax group. Raises MappingError for something that PPM does not have.
    """
    key, label = _ours(kind, ours.strip())
    if remote_id == 0 and kind is MappingKind.TAX and key != "0":
        raise MappingError(f"Products of {key} % have a tax: only 0 % can be sold without a tax group")
    if remote_id < (0 if kind is MappingKind.TAX else 1):
        raise MappingError("A shop's id is a whole number of 1 or more")
    remote_ids.set_id(shop.id, kind, key, remote_id, manual=True)
    if remote_id == 0:
        return f"{label} is sold without a tax group in shop '{shop.name}'"
    return f"{label} is {remote_id} in shop '{shop.name}'"


def read_rate(text: str) -> Decimal:
    """A tax rate in per cent as a person writes it: "23", "5.5 %". Raises MappingError."""
    try:
        rate = Decimal(text.strip().removesuffix("%").strip())
    except InvalidOperation as error:
        raise MappingError(f"{text!r} is no tax rate: write it like 23 or 5.5") from error
    if not rate.is_finite():
        raise MappingError(f"{text!r} is no tax rate: write it like 23 or 5.5")
    return rate


def read_id(text: str) -> int | None:
    """A shop's id as a person writes it; "" or 0: none. Raises MappingError."""
    text = text.strip()
    if not (text.isascii() and text.isdigit() and len(text) <= len(str(HIGHEST_ID))):
        if text:
            raise MappingError("A shop's id is a whole number of 1 or more")
        return None
    return int(text) or None


def read_tax_group(text: str) -> int | None:
    """A tax group's id as a person writes it; "0": no tax, "": none said. Raises MappingError."""
    return 0 if text.strip() == "0" else read_id(text)


def set_home(shop: PrestaShopShop, category_id: int | None) -> None:
    """Say by hand which of the shop's categories is its home, where our root goes, and commit.

    None: the one that the shop itself tells. Raises MappingError for what is no id.
    """
    if category_id is None:
        forget(shop, MappingKind.CATEGORY, str(ROOT_CATEGORY_ID))
    elif not 0 < category_id <= HIGHEST_ID:
        raise MappingError("A shop's id is a whole number of 1 or more")
    else:
        remote_ids.set_id(shop.id, MappingKind.CATEGORY, str(ROOT_CATEGORY_ID), category_id, manual=True)


def forget(shop: PrestaShopShop, kind: MappingKind, ours: str) -> None:
    """Let PPM find the shop's id for ``ours`` by itself again, and commit."""
    shop_maps.forget(shop.id, kind, ours)


def _ours(kind: MappingKind, text: str) -> tuple[str, str]:
    if kind is MappingKind.LANGUAGE:
        return text.lower(), f"Language {text.lower()}"
    if kind is MappingKind.TAX:
        rate = tax_key(read_rate(text))
        return rate, f"Tax {rate} %"
    if kind is MappingKind.CATEGORY:
        try:
            category = db.session.get(Category, int(text)) if text.isdigit() else category_by_path(text)
        except CatalogError as error:
            raise MappingError(str(error)) from error
        if category is None:
            raise MappingError(f"There is no category {text!r}")
        return str(category.id), f"Category {category.name}"
    query = select(Manufacturer)
    query = query.where(Manufacturer.id == int(text) if text.isdigit() else Manufacturer.name == text)
    if (manufacturer := db.session.scalar(query)) is None:
        raise MappingError(f"There is no manufacturer {text!r}")
    return str(manufacturer.id), f"Manufacturer {manufacturer.name}"


def _tax_message(shop_name: str, key: str, profile: ShopProfile, gone: int | None) -> str:
    same = [group for group in profile.tax_groups if tax_key(group.rate) == key]
    others = ", ".join(
        f"{group.id} {group.name} ({tax_key(group.rate)} %)"
        for group in profile.tax_groups
        if group not in same
    )
    if gone is not None:
        found = f"Tax group {gone} of shop '{shop_name}', which {key} % is mapped to, is not there any more"
        found += f". Of this rate it has: {group_words(same) or 'none'}"
    elif same:
        found = f"Several tax groups of shop '{shop_name}' have the rate {key} %: {group_words(same)}"
    else:
        found = f"No tax group of shop '{shop_name}' has the rate {key} %. Its groups: {others or 'none'}"
    if key == "0" and not same:
        return (
            f"{found}. Make one in the shop, or say that products of 0 % get no tax group in the shop's "
            f"settings, or with: flask shop map '{shop_name}' tax 0=0"
        )
    make = "" if same else "Make one in the shop under International > Taxes. "
    return (
        f"{found}. {make}Say which one is meant in the shop's settings, or with: "
        f"flask shop map '{shop_name}' tax {key}={proposed(same)}"
    )
