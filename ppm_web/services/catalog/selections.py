"""Which products a batch is about, as one SQL query that never holds them all in memory (R7, R9)."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final, Literal

from sqlalchemy import JSON, ColumnElement, Select, and_, cast, func, literal, or_, select, true

from ppm_web.extensions import db, reading
from ppm_web.models import ROOT_CATEGORY_ID, Product, ProductSyncStatus, SyncState
from ppm_web.services.catalog import filters
from ppm_web.services.catalog.filters import ProductFilter, in_category, matching

Kind = Literal["all", "category", "modified", "skus", "errors", "new", "products", "filter"]

LONGEST: Final = 255
"""Characters of a selection's words, as a batch keeps them."""


@dataclass(frozen=True, slots=True)
class Selection:
    """Which products: all, a category's with its children's, those changed since a time, those of a list
    of SKUs, those in error or conflict in the shop, those that were never sent there, those of a list
    of ids, or those that a filter finds.

    ``since`` is in UTC. What a kind does not need is left out.
    """

    kind: Kind
    category_id: int | None = None
    since: datetime | None = None
    skus: Sequence[str] = ()
    ids: Sequence[int] = ()
    wanted: ProductFilter = field(default_factory=ProductFilter)


def in_words(selection: Selection) -> str:
    """The selection as people read it on the batch, at most LONGEST characters; reads the names it needs."""
    if selection.kind == "filter":
        return _short(filters.in_words(selection.wanted))
    if selection.kind == "modified" and selection.since is not None:
        return f"changed since {selection.since:%Y-%m-%d %H:%M} UTC"
    if selection.kind == "category" and selection.category_id:
        return _short(filters.category_in_words(selection.category_id))
    if selection.kind == "skus":
        return "1 SKU" if len(selection.skus) == 1 else f"a list of {len(selection.skus):,} SKUs"
    if selection.kind == "products":
        return "1 chosen product" if len(selection.ids) == 1 else f"{len(selection.ids):,} chosen products"
    return {"all": "all products", "errors": "in error or conflict", "new": "never sent"}[selection.kind]


def _short(text: str) -> str:
    return text if len(text) <= LONGEST else f"{text[: LONGEST - 1]}…"


def products(shop_id: int, selection: Selection) -> Select[int]:
    """The ids of the products that are meant."""
    fixed = selection.kind in ("products", "filter")
    return select(Product.id).where(chosen(selection) if fixed else _criterion(shop_id, selection))


def chosen(selection: Selection) -> ColumnElement[bool]:
    """Whether a product is of the list of ids, or found by the filter: what means the same in every shop."""
    if selection.kind == "products":
        return Product.id.in_(selection.ids)
    return Product.id.in_(matching(selection.wanted).with_only_columns(Product.id))


def unknown_skus(skus: Sequence[str]) -> list[str]:
    """Those of the SKUs that no product has, in their order."""
    with reading():
        known = set(db.session.scalars(select(Product.sku).where(Product.sku.in_(_values(skus)))))
    return [sku for sku in dict.fromkeys(skus) if sku not in known]


def _criterion(shop_id: int, selection: Selection) -> ColumnElement[bool]:
    row = and_(ProductSyncStatus.product_id == Product.id, ProductSyncStatus.shop_id == shop_id)
    status = select(ProductSyncStatus.id).where(row)
    if selection.kind == "category":
        return in_category(selection.category_id or ROOT_CATEGORY_ID)
    if selection.kind == "modified":
        return Product.updated_at >= selection.since
    if selection.kind == "skus":
        return Product.sku.in_(_values(selection.skus))
    if selection.kind == "errors":
        return status.where(ProductSyncStatus.state.in_([SyncState.ERROR, SyncState.CONFLICT])).exists()
    if selection.kind == "new":
        sent = or_(ProductSyncStatus.external_id.is_not(None), ProductSyncStatus.last_success_at.is_not(None))
        return ~status.where(sent).exists()
    return true()


def _values(texts: Sequence[str]) -> Any:
    """Texts as a query of one bound value, however many they are."""
    document = json.dumps(list(texts))
    if db.engine.dialect.name == "postgresql":
        return select(func.json_array_elements_text(cast(literal(document), JSON)).column_valued("listed"))
    return select(func.json_each(document).table_valued("value").c.value)
