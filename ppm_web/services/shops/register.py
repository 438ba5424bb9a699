"""Shops: adding, checking, switching on and off, and the one way to a client for a shop."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final

from flask import current_app
from sqlalchemy import select, update
from sqlalchemy.exc import IntegrityError

from ppm_web.extensions import db
from ppm_web.models import MappingKind, PrestaShopShop, now
from ppm_web.prestashop.client import PrestaShopClient
from ppm_web.prestashop.errors import PrestaShopError
from ppm_web.prestashop.shop_check import problems as problems_of
from ppm_web.prestashop.shop_facts import facts as facts_of
from ppm_web.prestashop.values import ShopProfile
from ppm_web.services.addresses import AddressError, check_public
from ppm_web.services.batches import tickets as batch_tickets
from ppm_web.services.errors import KeyUnreadableError
from ppm_web.services.pace import memory as pace_memory
from ppm_web.services.shops import remote_ids, secrets
from ppm_web.services.shops.entries import ShopError, callable_url, clean_name, encrypted_key, refuse_doubles

CONNECT_SECONDS = 5

RESUMED: Final = {"paused_at": None, "pause_reason": "", "probe_at": None, "failure_streak": 0}
"""What a shop's row says once it goes on, by hand or by the breaker's probe."""


@dataclass(frozen=True, slots=True)
class ShopCheck:
    """What a check of the connection told: facts and problems as plain sentences."""

    ok: bool
    facts: list[str]
    problems: list[str]
    profile: ShopProfile | None


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


def pause_shop(shop: PrestaShopShop, reason: str) -> None:
    """Let the shop's rows wait, unspent, until a person resumes it, also where the breaker had paused it."""
    _change(shop, {"paused_at": now(), "pause_reason": reason, "probe_at": None})


def resume_shop(shop: PrestaShopShop) -> None:
    """Let the shop go on: its batches at once, single rows with the next sweep."""
    _change(shop, RESUMED)
    pace_memory.forget_failures(shop.id)
    batch_tickets.serve_shop(shop.id)


def set_active(shop: PrestaShopShop, active: bool) -> None:
    """Switch a shop on or off; requests to an inactive shop are refused (R5)."""
    shop.active = active
    db.session.commit()
    batch_tickets.serve_shop(shop.id)


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


def check_shop(shop_id: int) -> ShopCheck:
    """Ask the shop what it is like, keep the answer, and map its languages by their code.

    Never raises for a shop's trouble: that is what the problems tell.
    """
    shop = db.session.get_one(PrestaShopShop, shop_id)
    try:
        with client_for(shop) as client:
            profile = client.describe()
    except (PrestaShopError, KeyUnreadableError, AddressError) as error:
        problem = str(error)
        shop.problems, shop.checked_at = [problem], now()
        db.session.commit()
        return ShopCheck(ok=False, facts=[], problems=[problem], profile=None)
    problems = problems_of(profile)
    keep_profile(shop, profile, problems)
    facts = facts_of(profile) + _ambiguous_rates(shop, profile)
    return ShopCheck(ok=not problems, facts=facts, problems=problems, profile=profile)


def keep_profile(shop: PrestaShopShop, profile: ShopProfile, problems: list[str]) -> None:
    """Keep what the shop told, map its languages that nobody mapped by hand, and commit.

    Where its languages or its home category changed, nothing that was pushed is up to date any more.
    """
    before = profile_of(shop)
    if before is not None and _decides(before) != _decides(profile):
        shop.settings_revision = PrestaShopShop.settings_revision + 1
    shop.profile, shop.version = profile.to_json(), profile.version
    shop.problems, shop.checked_at = problems, now()
    db.session.commit()
    for language in profile.languages:
        code = language.iso_code.lower()
        if remote_ids.known_id(shop.id, MappingKind.LANGUAGE, code) is None:
            remote_ids.set_id(shop.id, MappingKind.LANGUAGE, code, language.id, manual=False)


def _decides(profile: ShopProfile) -> tuple[object, ...]:
    """What of a profile decides what is sent."""
    return [language.id for language in profile.languages], profile.home_category, profile.version


def last_check(shop: PrestaShopShop) -> ShopCheck | None:
    """What the last check told, without asking the shop; None when there was none."""
    if shop.checked_at is None:
        return None
    profile = profile_of(shop)
    facts = facts_of(profile) + _ambiguous_rates(shop, profile) if profile is not None else []
    return ShopCheck(ok=not shop.problems, facts=facts, problems=shop.problems, profile=profile)


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


def _ambiguous_rates(shop: PrestaShopShop, profile: ShopProfile) -> list[str]:
    """Tax rates that several of the shop's groups have and nobody has mapped: a product would fail."""
    groups: dict[str, list[str]] = {}
    for group in profile.tax_groups:
        groups.setdefault(tax_key(group.rate), []).append(f"{group.id} {group.name}")
    return [
        f"Several tax groups have {key} %: {', '.join(names)}. Before you publish products of that rate, "
        f"say which one is meant in the shop's settings, or with: flask shop map '{shop.name}' tax {key}=ID"
        for key, names in groups.items()
        if len(names) > 1 and remote_ids.known_id(shop.id, MappingKind.TAX, key) is None
    ]


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


def _change(shop: PrestaShopShop, values: dict[str, Any]) -> None:
    """One UPDATE that writes all of ``values``, whatever the object in hand says, and commit."""
    db.session.execute(update(PrestaShopShop).where(PrestaShopShop.id == shop.id).values(**values))
    db.session.refresh(shop)
    db.session.commit()


def _assert_no_transaction() -> None:
    if db.session().in_transaction():
        raise RuntimeError("a transaction is open while a shop is called (rule 8 of the design)")


def _commit_name(name: str) -> None:
    try:
        db.session.commit()
    except IntegrityError as error:
        db.session.rollback()
        raise ShopError(f"There is a shop '{name}' already", "name") from error
