"""The one way to a client for a shop (R13), and what the last check told about the shop."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from flask import current_app

from ppm_web.extensions import db
from ppm_web.models import PrestaShopShop
from ppm_web.prestashop.client import PrestaShopClient
from ppm_web.prestashop.shop_check import PRINTING, printing
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
    profile, store = profile_of(shop), shop.store_id
    url, shop_id = shop.url, shop.id
    db.session.commit()
    check_public(url)

    def prepare() -> None:
        if before_request is not None:
            before_request()
        _assert_no_transaction()

    patience = answer_seconds or current_app.config["REQUEST_TIMEOUT_SECONDS"] / 2
    limits = (CONNECT_SECONDS, patience)
    with PrestaShopClient(
        url, key, profile=profile, store=store, timeout=limits, before_request=prepare
    ) as client:
        try:
            yield client
        finally:
            if client.printed and shop_id is not None and not db.session().in_transaction():
                _note_printing(shop_id, client.printed)


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


def _note_printing(shop_id: int, printed: str) -> None:
    """Tell on the shop's page, until its next check, that it prints text around its answers."""
    shop = db.session.get(PrestaShopShop, shop_id, populate_existing=True)
    if shop is not None and not any(problem.startswith(PRINTING) for problem in shop.problems):
        shop.problems = [*shop.problems, printing(printed)]
    db.session.commit()
