"""The shops that there are: adding, finding and changing them, and their keys."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from ppm_web.extensions import db
from ppm_web.models import PrestaShopShop
from ppm_web.services.shops import secrets
from ppm_web.services.shops.checks import check_shop
from ppm_web.services.shops.entries import ShopError, callable_url, clean_name, encrypted_key, refuse_doubles


def add_shop(name: str, url: str, key: str) -> PrestaShopShop:
    """Keep a shop, with its key encrypted, and check its connection.

    A shop that cannot be reached is kept with its problems. Raises ShopError for a name or an address
    that another shop has, an address that cannot be called, or a key that PrestaShop would never have made.
    """
    shop = drafted(name, url, key)
    refuse_doubles(shop.name, shop.url)
    insert(shop)
    check_shop(shop.id)
    return shop


def drafted(name: str, url: str, key: str) -> PrestaShopShop:
    """A shop that is not kept yet. Raises ShopError as ``add_shop``, but for what another shop has."""
    return PrestaShopShop(name=clean_name(name), url=callable_url(url), encrypted_key=encrypted_key(key))


def insert(shop: PrestaShopShop) -> None:
    """Keep a drafted shop. Raises ShopError for a name that is taken."""
    db.session.add(shop)
    _commit_name(shop.name)


def shop_by_name(name: str) -> PrestaShopShop:
    """The shop of that name. Raises ShopError that lists the names there are."""
    shops = db.session.scalars(select(PrestaShopShop).order_by(PrestaShopShop.name)).all()
    for shop in shops:
        if shop.name == name:
            return shop
    names = ", ".join(f"'{shop.name}'" for shop in shops) or "none yet: flask shop add NAME URL --key -"
    raise ShopError(f"There is no shop '{name}'. Shops: {names}")


def set_shop(
    shop: PrestaShopShop, *, url: str | None = None, key: str | None = None, name: str | None = None
) -> None:
    """Change a shop's address, key or name, and commit. Raises ShopError as ``add_shop``; then nothing is."""
    values = {
        "url": None if url is None else callable_url(url),
        "encrypted_key": None if key is None else encrypted_key(key),
        "name": None if name is None else clean_name(name),
    }
    for column, value in values.items():
        if value is not None:
            setattr(shop, column, value)
    _commit_name(shop.name)


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


def _commit_name(name: str) -> None:
    try:
        db.session.commit()
    except IntegrityError as error:
        db.session.rollback()
        raise ShopError(f"There is a shop '{name}' already", "name") from error
