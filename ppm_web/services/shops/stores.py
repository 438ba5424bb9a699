"""PPM's shops that are stores of one PrestaShop (R28): which of them writes what all of its stores share."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from sqlalchemy import func, select

from ppm_web.extensions import db, reading
from ppm_web.models import PrestaShopShop
from ppm_web.prestashop.client import PrestaShopClient
from ppm_web.prestashop.stores import SHARED_CATEGORY_FIELDS, SHARED_PRODUCT_FIELDS
from ppm_web.prestashop.values import ShopProfile
from ppm_web.services.errors import WhichStoreError
from ppm_web.services.shops.problems import store_words

STORES_TRIED: Final = 10
"""Stores that a key is tried with that cannot list them: so many, from 1."""
SHARED_WORDS: Final = "reference, EAN, weight, sizes and categories; whether categories are on, and where"


def shared_fields(shop: PrestaShopShop) -> frozenset[str]:
    """PrestaShop's fields of a product that this shop must not write, as another shop of PPM owns them."""
    return frozenset() if _writes_all(shop) else SHARED_PRODUCT_FIELDS


def shared_category_fields(shop: PrestaShopShop) -> frozenset[str]:
    """The same of a category."""
    return frozenset() if _writes_all(shop) else SHARED_CATEGORY_FIELDS


def of_address(url: str) -> Sequence[PrestaShopShop]:
    """All shops of PPM at an address, the oldest first."""
    query = select(PrestaShopShop).where(func.lower(PrestaShopShop.url) == url.lower())
    return db.session.scalars(query.order_by(PrestaShopShop.id)).all()


def settle_owner(url: str) -> None:
    """See to it that of the shops at an address exactly one owns what is shared, and commit.

    Where several say so, or none, it is the oldest of them.
    """
    found = of_address(url)
    owner = next((shop for shop in found if shop.owns_shared), found[0] if found else None)
    for shop in found:
        if shop.owns_shared != (shop is owner):
            shop.owns_shared = shop is owner
            shop.settings_revision = PrestaShopShop.settings_revision + 1
    db.session.commit()


def facts(shop: PrestaShopShop, profile: ShopProfile) -> list[str]:
    """Which store this is, and who writes what all stores share, a sentence each; [] for a shop with one."""
    if shop.store_id is None:
        return []
    store = profile.store(shop.store_id)
    found = [f"Store: {store_words(store) if store is not None else shop.store_id}."]
    with reading():
        others = [other for other in of_address(shop.url) if other.id != shop.id]
        owner = next((other.name for other in others if other.owns_shared), None)
        names = ", ".join(f"'{other.name}'" for other in others)
    if owner is not None:
        found.append(
            f"What all stores share ({SHARED_WORDS}) is written by the shop '{owner}', and not from here."
        )
    elif names:
        found.append(f"What all stores share ({SHARED_WORDS}) is written from here, and not by {names}.")
    else:
        found.append(f"What is written from here of what all stores share shows in all: {SHARED_WORDS}.")
    return found


def question(client: PrestaShopClient, chosen: int | None) -> WhichStoreError:
    """What to say, and to ask, of a key that is for one of several stores. Asks the shop with each of ten."""
    opened = client.lookups.stores_that_open(range(1, STORES_TRIED + 1))
    tried = ", ".join(map(str, opened)) or f"none of 1 to {STORES_TRIED}"
    said = (
        "The key is for one of several stores, and it was not said for which"
        if chosen is None
        else f"The key is not for store {chosen}"
    )
    return WhichStoreError(
        f"{said}. Tried out, it opens: {tried}. Say which store is meant in the shop's settings, or with: "
        "flask shop set NAME --store ID",
        opened,
    )


def _writes_all(shop: PrestaShopShop) -> bool:
    return shop.store_id is None or shop.owns_shared
