"""Settling conflicts: a person says for each field whether PPM's value or the shop's holds (R26)."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from typing import Any, Final, Literal, cast

from sqlalchemy import select, update

from ppm_web.extensions import db, reading
from ppm_web.models import (
    Manufacturer,
    MappingKind,
    PrestaShopShop,
    Product,
    ProductSyncStatus,
    ShopMapping,
    SyncState,
)
from ppm_web.prestashop.plain_words import field_word
from ppm_web.prestashop.prices import catalogue_price
from ppm_web.services.catalog.changes import MEASURES, ProductChanges
from ppm_web.services.catalog.errors import CatalogError
from ppm_web.services.catalog.writing import update_product
from ppm_web.services.errors import SyncRefusedError
from ppm_web.services.publishing.group import STORE
from ppm_web.services.shops import client as shop_client
from ppm_web.services.shops import mappings
from ppm_web.services.sync.requests import SyncRequested, request_product_sync

Side = Literal["ours", "theirs"]

TEXTS: Final = {
    "name": "name",
    "description_short": "short_description",
    "description": "description",
    "meta_title": "meta_title",
    "meta_description": "meta_description",
    "link_rewrite": "slug",
}
"""PrestaShop's field of a text → ours."""

PLAIN: Final = frozenset(
    {"price", "quantity", "active", "ean13", "id_tax_rules_group", "id_manufacturer", *MEASURES}
)
"""PrestaShop's fields without languages that the catalogue can take over."""


def may_take(field: str) -> bool:
    """Whether the shop's value of PrestaShop's ``field`` can become the catalogue's."""
    return field in PLAIN or field in TEXTS


def settle(
    product_id: int, shop_id: int, side: Side, *, by: str, field: str | None = None
) -> tuple[list[str], SyncRequested]:
    """Settle a product's conflicts in a shop, all or those of one field, and ask for a sync.

    ours: PPM's value goes to the shop, unless the shop's changes once more until then. theirs: the shop's
    value becomes that of the catalogue, and goes to the other shops with their next sync. ``field`` is named
    as the message names it: "price", "name", "name:en". Returns the fields in words, and the request. Raises
    SyncRefusedError where there is no such conflict, the product is being synced now, or the catalogue cannot
    hold the shop's value.
    """
    with reading():
        shop = db.session.get_one(PrestaShopShop, shop_id, populate_existing=True)
        product = db.session.get_one(Product, product_id)
        row = db.session.scalar(
            select(ProductSyncStatus).where(
                ProductSyncStatus.product_id == product_id, ProductSyncStatus.shop_id == shop_id
            )
        )
    if row is None or not row.conflicts:
        raise SyncRefusedError(f"{product.sku} has no conflict in shop '{shop.name}'")
    profile = shop_client.profile_of(shop)
    codes = _codes(mappings.languages(shop_id, profile)) if profile else {}
    chosen = [key for key in row.conflicts if field is None or field.lower() in _names_of(key, codes)]
    if not chosen:
        known = ", ".join(_label(key, codes) for key in row.conflicts)
        raise SyncRefusedError(f"{product.sku} has no conflict in {field!r}: there are conflicts in {known}")
    if "reference" in chosen:
        raise SyncRefusedError(
            f"{product.sku} is not the product that is there: give it its own reference again in the shop"
        )
    if STORE in chosen:
        _take_in(row, side)
        return [_label(key, codes) for key in chosen], request_product_sync(product_id, shop_id, by=by)
    if side == "theirs":
        _take(shop, product_id, {key: row.conflicts[key]["theirs"] for key in chosen}, codes)
    _write(row, chosen)
    requested = request_product_sync(product_id, shop_id, by=by)
    return [_label(key, codes) for key in chosen], requested


def _take_in(row: ProductSyncStatus, side: Side) -> None:
    """Let the next sync take a product of another store into this one (MULTISTORE.md, trap 3)."""
    if side == "theirs":
        raise SyncRefusedError("Say --ours to take the product into this store, or disable it in this shop")
    number = (row.conflicts or {})[STORE]["theirs"]
    values: dict[str, Any] = {"external_id": number, "sending": {STORE: number}, "pushed": None}
    _write_values(row.id, values | {"stock_id": None, "conflicts": None, "payload_hash": None})


def _write(row: ProductSyncStatus, chosen: Sequence[str]) -> None:
    """What the shop holds of the fields is known now: the base, from which the next sync decides."""
    base: dict[str, Any] = dict(row.pushed or {})
    for key in chosen:
        name, _, language = key.partition(".")
        value = (row.conflicts or {})[key]["theirs"]
        base[name] = {**base.get(name, {}), language: value} if language else value
    left = {key: value for key, value in (row.conflicts or {}).items() if key not in chosen}
    _write_values(row.id, {"pushed": base, "conflicts": left or None, "payload_hash": None})


def _write_values(status_id: int, values: Mapping[str, Any]) -> None:
    result = db.session.execute(
        update(ProductSyncStatus)
        .where(ProductSyncStatus.id == status_id, ProductSyncStatus.state != SyncState.SYNCING)
        .values(**values)
        .execution_options(synchronize_session=False)
    )
    db.session.commit()
    if not result.rowcount:  # type: ignore[attr-defined]  # a CursorResult, for an UPDATE
        raise SyncRefusedError("The product is being synced now: settle its conflict when that has ended")


def _take(shop: PrestaShopShop, product_id: int, values: Mapping[str, Any], codes: Mapping[str, str]) -> None:
    """Let the catalogue hold what the shop holds."""
    changes: dict[str, Any] = {}
    for key, value in values.items():
        name, _, language = key.partition(".")
        if language:
            texts = changes.setdefault("texts", {})
            texts.setdefault(codes[language], {})[TEXTS[name]] = str(value)
        else:
            changes |= _plain(shop, name, value)
    try:
        update_product(product_id, cast("ProductChanges", changes))
    except CatalogError as error:
        raise SyncRefusedError(f"The catalogue cannot hold what shop '{shop.name}' has: {error}") from error


def _plain(shop: PrestaShopShop, name: str, value: Any) -> dict[str, Any]:
    text = str(value)
    if name in MEASURES:
        return {name: Decimal(text or "0")}
    readers: dict[str, tuple[str, Callable[[], Any]]] = {
        "price": ("price_net", lambda: catalogue_price(Decimal(text), shop.currency_factor)),
        "quantity": ("quantity", lambda: int(text)),
        "active": ("active", lambda: text == "1"),
        "ean13": ("ean13", lambda: text),
        "id_tax_rules_group": ("tax_rate", lambda: _rate(shop, int(text or "0"))),
        "id_manufacturer": ("manufacturer", lambda: _manufacturer(shop, int(text or "0"))),
    }
    if name not in readers:
        raise SyncRefusedError(
            f"The shop's {field_word(name)} cannot be taken over: change it in PPM, or let PPM's go there"
        )
    ours, read = readers[name]
    return {ours: read()}


def _rate(shop: PrestaShopShop, group_id: int) -> Decimal:
    profile = shop_client.profile_of(shop)
    groups = profile.tax_groups if profile else ()
    rates = [group.rate for group in groups if group.id == group_id]
    if not rates and group_id:
        raise SyncRefusedError(f"The rate of tax group {group_id} of shop '{shop.name}' is not known")
    return rates[0] if rates else Decimal(0)


def _manufacturer(shop: PrestaShopShop, remote_id: int) -> str:
    if not remote_id:
        return ""
    with reading():
        ours = db.session.scalar(
            select(ShopMapping.ours).where(
                ShopMapping.shop_id == shop.id,
                ShopMapping.kind == MappingKind.MANUFACTURER,
                ShopMapping.remote_id == remote_id,
            )
        )
        row = db.session.get(Manufacturer, int(ours)) if ours is not None else None
    if row is None:
        raise SyncRefusedError(f"Manufacturer {remote_id} of shop '{shop.name}' is none of the catalogue's")
    return row.name


def _codes(languages: Mapping[str, int]) -> dict[str, str]:
    """id_lang → language code."""
    return {str(number): code for code, number in languages.items()}


def _names_of(key: str, codes: Mapping[str, str]) -> set[str]:
    """How people may name the field of a conflict."""
    name, _, language = key.partition(".")
    code = codes.get(language, language)
    plain = {name, field_word(name), TEXTS.get(name, name)}
    if name == "quantity":
        plain.add("stock")
    return {key} | plain | {f"{each}:{code}" for each in plain if language}


def _label(key: str, codes: Mapping[str, str]) -> str:
    name, _, language = key.partition(".")
    return f"{field_word(name)} ({codes.get(language, language)})" if language else field_word(name)
