"""The one way to a client for a shop (R13), and what the last check told about the shop."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from decimal import Decimal

from flask import current_app

from ppm_web.extensions import db
from ppm_web.models import PrestaShopShop
from ppm_web.prestashop.client import PrestaShopClient
from ppm_web.prestashop.values import ShopProfile
from ppm_web.services.addresses import check_public
from ppm_web.services.errors import KeyUnreadableError
from ppm_web.services.shops import secrets

CONNECT_SECONDS = 5


@contextmanager
def client_for(
    shop: PrestaShopShop,
    before_request: Callable[[], None] | None = None,
    answer_seconds: float | None = None,
) -> Iterator[PrestaShopClient]:
    """The client for a shop (R13), closed at the end.

    ``before_request`` runs before each request (a lease is renewed there); then it is made sure
    that no transaction is open (rule 8). ``answer_seconds`` may pass without a byte, by default half
    of PPM_REQUEST_TIMEOUT_SECONDS. Raises KeyUnreadableError and AddressError.
    """
    try:
        key = secrets.decrypt(shop.encrypted_key)
    except secrets.UnreadableSecretError as error:
        raise KeyUnreadableError(
            f"The API key of shop '{shop.name}' cannot be read: {error}. "
            f"Enter it again with: flask shop set '{shop.name}' --key -"
        ) from error
    profile = profile_of(shop)
    url = shop.url
    db.session.commit()
    check_public(url)

    def prepare() -> None:
        if before_request is not None:
            before_request()
        _assert_no_transaction()

    patience = answer_seconds or current_app.config["REQUEST_TIMEOUT_SECONDS"] / 2
    with PrestaShopClient(
        url, key, profile=profile, timeout=(CONNECT_SECONDS, patience), before_request=prepare
    ) as client:
        yield client


def tax_key(rate: Decimal) -> str:
    """A tax rate in per cent as a mapping's key: "23", "5.5", "0"."""
    return format(rate.normalize(), "f") if rate else "0"


def profile_of(shop: PrestaShopShop) -> ShopProfile | None:
    """What the last check told; None when there was none, or an older PPM kept it."""
    if shop.profile is None:
        return None
    try:
        return ShopProfile.from_json(shop.profile)
    except (KeyError, TypeError):
        return None


def _assert_no_transaction() -> None:
    if db.session().in_transaction():
        raise RuntimeError("a transaction is open while a shop is called (rule 8 of the design)")
