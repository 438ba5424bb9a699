"""What a person enters for a shop: its name, its address, its key, and what is refused (R13)."""

from __future__ import annotations

import re
from typing import Final

from sqlalchemy import select

from ppm_web.extensions import db, reading
from ppm_web.models import PrestaShopShop
from ppm_web.services.addresses import AddressError, check_public, clean_shop_url
from ppm_web.services.shops import secrets

KEY_PATTERN: Final = re.compile(r"[A-Za-z0-9]{32}")
MAX_NAME: Final = 64


class ShopError(ValueError):
    """A shop that cannot be added or changed as asked; the message says why, ``field`` where."""

    def __init__(self, message: str, field: str = "") -> None:
        super().__init__(message)
        self.field = field


def clean_name(text: str) -> str:
    """A shop's name with its white space folded. Raises ShopError for an empty or too long one."""
    name = " ".join(text.replace("\0", "").split())
    if not name or len(name) > MAX_NAME:
        raise ShopError(f"A shop's name has 1 to {MAX_NAME} characters", "name")
    return name


def callable_url(text: str) -> str:
    """A shop's address as it is kept. Raises ShopError for one that cannot, or must not, be called."""
    try:
        url = clean_shop_url(text)
        check_public(url)
    except AddressError as error:
        raise ShopError(str(error), "url") from error
    return url


def encrypted_key(key: str) -> str:
    """A key as it is kept. Raises ShopError for one that PrestaShop would never have made."""
    key = key.strip()
    if not KEY_PATTERN.fullmatch(key):
        raise ShopError(
            "A PrestaShop key has 32 letters and digits: copy it from Advanced Parameters > Webservice",
            "key",
        )
    return secrets.encrypt(key)


def store_number(store: int) -> int:
    """A store's id as it is kept. Raises ShopError for what is none."""
    if not 0 < store < 2**31:
        raise ShopError("A store's id is a whole number of 1 or more", "store")
    return store


def refuse_doubles(name: str, url: str, store: int | None, other_than: int = 0) -> None:
    """Raise ShopError, with the field, for a name, or an address and store, that another shop has.

    To be used where no transaction is open yet.
    """
    with reading():
        rows = db.session.execute(
            select(PrestaShopShop.id, PrestaShopShop.name, PrestaShopShop.url, PrestaShopShop.store_id)
        ).all()
    for row in rows:
        if row.id == other_than:
            continue
        if row.name.casefold() == name.casefold():
            raise ShopError(f"There is a shop '{row.name}' already", "name")
        if row.url.rstrip("/").casefold() != url.rstrip("/").casefold():
            continue
        if row.store_id is not None and row.store_id == store:
            raise ShopError(f"The shop '{row.name}' is store {store} at this address already", "store")
        if row.store_id is None or store is None:
            raise ShopError(
                f"The shop '{row.name}' has this address already. Two shops at one address are two stores: "
                "say of both which one",
                "url" if row.store_id is None else "store",
            )
