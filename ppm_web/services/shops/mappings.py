"""What of ours stands for what in a shop: languages, tax groups, home category, by hand or found."""

from __future__ import annotations

from decimal import Decimal, InvalidOperation

from sqlalchemy import select, update

from ppm_web.extensions import db, reading
from ppm_web.models import (
    ROOT_CATEGORY_ID,
    Category,
    Manufacturer,
    MappingKind,
    PrestaShopShop,
    ShopMapping,
)
from ppm_web.prestashop.client import PrestaShopClient
from ppm_web.prestashop.shop_check import problems as problems_of
from ppm_web.prestashop.values import ShopProfile
from ppm_web.services.catalog.errors import CatalogError
from ppm_web.services.catalog.finding import category_by_path
from ppm_web.services.errors import MappingError
from ppm_web.services.shops import checks, remote_ids
from ppm_web.services.shops.client import tax_key

HIGHEST_ID = 2**31 - 1


def languages(shop_id: int, profile: ShopProfile) -> dict[str, int]:
    """Our language codes → the shop's language ids, those that the shop still has."""
    there = {language.id for language in profile.languages}
    with reading():
        rows = db.session.execute(
            select(ShopMapping.ours, ShopMapping.remote_id).where(
                ShopMapping.shop_id == shop_id, ShopMapping.kind == MappingKind.LANGUAGE
            )
        ).all()
    return {row.ours: row.remote_id for row in rows if row.remote_id in there}


def tax_group(shop: PrestaShopShop, client: PrestaShopClient, profile: ShopProfile, rate: Decimal) -> int:
    """The shop's tax group for a rate in per cent: mapped, or the only one with that rate.

    Asks the shop again before it gives up. Raises MappingError that lists the candidates.
    """
    key = tax_key(rate)
    if (mapped := remote_ids.known_id(shop.id, MappingKind.TAX, key)) is not None:
        return mapped
    try:
        found = expected_tax_group(shop, profile, rate)
    except MappingError:
        found = expected_tax_group(shop, refresh_profile(shop, client), rate)
    remote_ids.set_id(shop.id, MappingKind.TAX, key, found, manual=False)
    return found


def expected_tax_group(shop: PrestaShopShop, profile: ShopProfile, rate: Decimal) -> int:
    """As ``tax_group``, by what is known: the shop is not asked, and nothing is written."""
    key = tax_key(rate)
    if (mapped := remote_ids.known_id(shop.id, MappingKind.TAX, key)) is not None:
        return mapped
    matches = [group for group in profile.tax_groups if group.rate == rate]
    if len(matches) == 1:
        return matches[0].id
    raise MappingError(_tax_message(shop.name, key, profile, several=len(matches) > 1))


def refresh_profile(shop: PrestaShopShop, client: PrestaShopClient) -> ShopProfile:
    """Ask the shop what it is like now, and keep it."""
    profile = client.describe()
    checks.keep_profile(shop, profile, problems_of(profile))
    return profile


def map_by_hand(shop: PrestaShopShop, kind: MappingKind, ours: str, remote_id: int) -> str:
    """Say by hand that ``remote_id`` stands for ``ours``; returns what was mapped, in words.

    ``ours`` is a language code, a tax rate, a category's path or id, a manufacturer's name or id.
    Raises MappingError for something that PPM does not have.
    """
    if remote_id < 1:
        raise MappingError("A shop's id is a whole number of 1 or more")
    key, label = _ours(kind, ours.strip())
    remote_ids.set_id(shop.id, kind, key, remote_id, manual=True)
    return f"{label} is {remote_id} in shop '{shop.name}'"


def read_id(text: str) -> int | None:
    """A shop's id as a person writes it; "" or 0: none. Raises MappingError."""
    text = text.strip()
    if not (text.isascii() and text.isdigit() and len(text) <= len(str(HIGHEST_ID))):
        if text:
            raise MappingError("A shop's id is a whole number of 1 or more")
        return None
    return int(text) or None


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
    """Let PPM find the shop's id for ``ours`` by itself again, and commit.

    What was pushed with that id is not up to date any more.
    """
    known = (
        *(ShopMapping.shop_id == shop.id, ShopMapping.kind == kind, ShopMapping.ours == ours),
        ShopMapping.remote_id.is_not(None),
    )
    quiet = {"synchronize_session": False}
    gone = db.session.execute(
        update(ShopMapping)
        .where(*known)
        .values(remote_id=None, manual=False)
        .returning(ShopMapping.id)
        .execution_options(**quiet)
    ).all()
    if gone:
        db.session.execute(
            update(PrestaShopShop)
            .where(PrestaShopShop.id == shop.id)
            .values(settings_revision=PrestaShopShop.settings_revision + 1)
            .execution_options(**quiet)
        )
    db.session.commit()


def _ours(kind: MappingKind, text: str) -> tuple[str, str]:
    if kind is MappingKind.LANGUAGE:
        return text.lower(), f"Language {text.lower()}"
    if kind is MappingKind.TAX:
        try:
            rate = tax_key(Decimal(text.removesuffix("%")))
        except InvalidOperation as error:
            raise MappingError(f"{text!r} is no tax rate: write it like 23 or 5.5") from error
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


def _tax_message(shop_name: str, key: str, profile: ShopProfile, *, several: bool) -> str:
    groups = ", ".join(f"{group.id} {group.name} ({tax_key(group.rate)} %)" for group in profile.tax_groups)
    found = (
        f"Several tax groups of shop '{shop_name}' have"
        if several
        else f"No tax group of shop '{shop_name}' has"
    )
    example = profile.tax_groups[0].id if profile.tax_groups else "ID"
    return (
        f"{found} the rate {key} %. Its groups: {groups or 'none'}. "
        "Say which one is meant in the shop's settings, or with: "
        f"flask shop map '{shop_name}' tax {key}=ID (for instance {key}={example})"
    )
