"""What a person changes of a shop: address, key, name, store, currency, and who owns what stores share."""

from __future__ import annotations

from decimal import Decimal
from typing import Final

from sqlalchemy import select

from ppm_web.extensions import db
from ppm_web.models import PrestaShopShop
from ppm_web.services.shops import client as shop_client
from ppm_web.services.shops import problems as shop_problems
from ppm_web.services.shops import register as shop_register
from ppm_web.services.shops import secrets
from ppm_web.services.shops import stores as shop_stores
from ppm_web.services.shops.checks import FACTS_TIMES
from ppm_web.services.shops.entries import (
    ShopError,
    callable_url,
    clean_name,
    encrypted_key,
    refuse_doubles,
    store_number,
)

HIGHEST_FACTOR: Final = 1_000_000


def set_shop(
    shop: PrestaShopShop,
    *,
    url: str | None = None,
    key: str | None = None,
    name: str | None = None,
    store: int | None = None,
) -> None:
    """Change a shop's address, key, name or store, and commit.

    At another address, or in another store, PPM knows nothing any more: all links are checked before anything
    is sent. Another address needs the key again, as it may be another's shop. Raises ShopError as
    ``shops.add_shop``; then nothing is changed.
    """
    wanted = {
        "url": None if url is None else callable_url(url),
        "name": None if name is None else clean_name(name),
        "store_id": None if store is None else store_number(store),
    }
    before = {"url": shop.url, "name": shop.name, "store_id": shop.store_id}
    moved = {column: value for column, value in wanted.items() if value not in {None, before[column]}}
    secret, shop_id = None if key is None else encrypted_key(key), shop.id
    after = before | moved
    wanted_store = shop.store_id if store is None else store
    db.session.commit()
    refuse_doubles(str(after["name"]), str(after["url"]), wanted_store, shop_id)
    if "url" in moved and secret is None:
        raise ShopError("Another address needs the shop's key again: enter it as well", "key")
    for column, value in moved.items():
        setattr(shop, column, value)
    if "url" in moved:
        shop.owns_shared = False  # until it is seen who else is there
    if secret is not None:
        shop.encrypted_key = secret
    if {"url", "store_id"} & set(moved):
        _forget_facts(shop)
    shop_register.commit_name(shop.name)
    for address in sorted({str(before["url"]), str(after["url"])}):
        shop_stores.settle_owner(address)
    if "store_id" in moved and "url" not in moved:
        tell_problems(shop)


def set_currency_factor(shop: PrestaShopShop, factor: Decimal | None) -> None:
    """Multiply the prices that go to a shop (R31), and commit; 1: the same numbers on purpose, None: not
    said.

    Every price counts as changed then. Raises ShopError for what ``read_factor`` does not give.
    """
    if shop.currency_factor == factor:
        return
    shop.currency_factor, shop.settings_revision = factor, PrestaShopShop.settings_revision + 1
    db.session.commit()
    tell_problems(shop)


def read_factor(text: str) -> Decimal | None:
    """A factor as a person writes it: "0.2345", with a comma too; "" or "none": none.

    Raises ShopError for what is no number above 0 with at most 6 decimals.
    """
    text = text.strip()
    if text.lower() in {"", "none"}:
        return None
    plain = text.replace(",", ".", 1)
    if plain.isascii() and plain.replace(".", "", 1).isdigit() and len(plain) <= 20:
        factor = Decimal(plain)
        if 0 < factor <= HIGHEST_FACTOR and factor == round(factor, 6):
            return factor
    raise ShopError(
        f"{text!r} is no factor: write a number above 0 with at most 6 decimals, such as 0.2345", "factor"
    )


def own_shared(shop: PrestaShopShop) -> None:
    """Let this shop of PPM write what all stores of its PrestaShop share, and no other, and commit."""
    for sibling in shop_stores.of_address(shop.url):
        _own(sibling, owns=sibling.id == shop.id)
    db.session.commit()


def _own(shop: PrestaShopShop, *, owns: bool) -> None:
    if shop.owns_shared != owns:
        shop.owns_shared = owns
        shop.settings_revision = PrestaShopShop.settings_revision + 1


def tell_problems(shop: PrestaShopShop) -> None:
    """Say anew what stands in the way, by what is known of the shop, and commit."""
    if (profile := shop_client.profile_of(shop)) is not None:
        found = shop_problems.problems(shop, profile)
        shop.problems = found
        db.session.commit()


def rotate_keys() -> tuple[int, list[str]]:
    """Encrypt every shop's key anew with the newest encryption key, and commit.

    Returns how many were, and the names of the shops whose key cannot be read.
    """
    rotated, unreadable = 0, []
    for shop in db.session.scalars(select(PrestaShopShop).order_by(PrestaShopShop.name)):
        try:
            shop.encrypted_key = secrets.rotate(shop.encrypted_key)
        except secrets.UnreadableSecretError:
            unreadable.append(shop.name)
        else:
            rotated += 1
    db.session.commit()
    return rotated, unreadable


def _forget_facts(shop: PrestaShopShop) -> None:
    """Nothing that was known of the shop can be relied on: it is asked anew, and all links are checked."""
    shop.check_links, shop.links_report = True, {"why": "its address or its store was changed", "moved": True}
    shop.settings_revision = PrestaShopShop.settings_revision + 1
    if shop.profile is not None:
        shop.profile = {name: value for name, value in shop.profile.items() if name not in FACTS_TIMES}
