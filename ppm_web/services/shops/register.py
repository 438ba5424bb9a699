"""The shops that there are: adding and finding them, and their keys."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from ppm_web.extensions import db
from ppm_web.models import PrestaShopShop
from ppm_web.services.shops import stores
from ppm_web.services.shops.checks import check_shop
from ppm_web.services.shops.entries import (
    ShopError,
    callable_url,
    clean_name,
    encrypted_key,
    refuse_doubles,
    store_number,
)


def add_shop(name: str, url: str, key: str, store: int | None = None) -> PrestaShopShop:
    """Keep a shop, with its key encrypted, and check its connection; ``store`` where there are several.

    A shop that cannot be reached is kept with its problems. Raises ShopError for a name or an address
    that another shop has, an address that cannot be called, or a key that PrestaShop would never have made.
    """
    shop = drafted(name, url, key, store)
    refuse_doubles(shop.name, shop.url, shop.store_id)
    insert(shop)
    check_shop(shop.id)
    return shop


def drafted(name: str, url: str, key: str, store: int | None = None) -> PrestaShopShop:
    """A shop that is not kept yet. Raises ShopError as ``add_shop``, but for what another shop has."""
    return PrestaShopShop(
        name=clean_name(name),
        url=callable_url(url),
        encrypted_key=encrypted_key(key),
        store_id=None if store is None else store_number(store),
    )


def insert(shop: PrestaShopShop) -> None:
    """Keep a drafted shop; of several of one PrestaShop the first owns what all stores share.

    Raises ShopError for a name that is taken.
    """
    db.session.add(shop)
    commit_name(shop.name)
    stores.settle_owner(shop.url)


def shop_by_name(name: str) -> PrestaShopShop:
    """The shop of that name. Raises ShopError that lists the names there are."""
    shops = db.session.scalars(select(PrestaShopShop).order_by(PrestaShopShop.name)).all()
    for shop in shops:
        if shop.name == name:
            return shop
    names = ", ".join(f"'{shop.name}'" for shop in shops) or "none yet: flask shop add NAME URL --key -"
    raise ShopError(f"There is no shop '{name}'. Shops: {names}")


def commit_name(name: str) -> None:
    """Commit; raises ShopError where the name is another shop's."""
    try:
        db.session.commit()
    except IntegrityError as error:
        db.session.rollback()
        raise ShopError(f"There is a shop '{name}' already", "name") from error
