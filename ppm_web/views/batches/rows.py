"""What the pages of batches read, in as many statements for 10 products as for 100,000."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from flask import current_app
from sqlalchemy import Row, Select, select, tuple_
from sqlalchemy.orm import defer, joinedload

from ppm_web.extensions import db
from ppm_web.models import (
    BatchItem,
    BatchState,
    ItemOutcome,
    JobBatch,
    PrestaShopShop,
    Product,
    ProductSyncStatus,
    ProductText,
    now,
)
from ppm_web.views.products.rows import first_name

ORDER: Final = (
    *(ItemOutcome.FAILED, ItemOutcome.CONFLICT, ItemOutcome.RUNNING, ItemOutcome.WAITING),
    *(ItemOutcome.CREATED, ItemOutcome.UPDATED, ItemOutcome.SKIPPED, ItemOutcome.CANCELLED),
    ItemOutcome.UNCHANGED,
)
"""Of the products in a list: what asks for somebody's attention comes first."""


@dataclass(frozen=True, slots=True)
class BatchPage:
    """A page of batches, newest first; ``older`` is the id before which the next page begins."""

    batches: Sequence[JobBatch]
    older: str | None


@dataclass(frozen=True, slots=True)
class ItemRow:
    """A product of a batch; ``due`` is when one that waits is tried again (UTC), None for at once.

    ``product_id`` is None for a product that was deleted.
    """

    outcome: ItemOutcome
    message: str
    due: datetime | None
    product_id: int | None
    sku: str
    name: str


@dataclass(frozen=True, slots=True)
class ItemPage:
    """A page of a batch's products; ``after`` says where the next page begins."""

    rows: Sequence[ItemRow]
    after: str | None


@dataclass(frozen=True, slots=True)
class Place:
    """Where a page of products ended, as its address says it: ``failed.1.120``."""

    outcome: ItemOutcome
    band: int
    position: int

    @classmethod
    def read(cls, text: str) -> Place | None:
        """The place that an address says; None for none."""
        found = re.fullmatch(r"([a-z]+)\.(\d)\.(\d{1,9})", text, re.ASCII)
        if found is None or found[1] not in list(ItemOutcome):
            return None
        return cls(ItemOutcome(found[1]), int(found[2]), int(found[3]))


def batch_page(shop_id: int | None, state: BatchState | None, before: str) -> BatchPage:
    """The batches of a shop and in a state (None: any), newest first, from the batch ``before`` on."""
    size: int = current_app.config["PAGE_SIZE"]
    shop = joinedload(JobBatch.shop)
    query = select(JobBatch).options(
        shop.options(defer(PrestaShopShop.profile), defer(PrestaShopShop.encrypted_key))
    )
    if shop_id is not None:
        query = query.where(JobBatch.shop_id == shop_id)
    if state is not None:
        query = query.where(JobBatch.state == state)
    if before:
        begun = select(JobBatch.created_at).where(JobBatch.id == before).scalar_subquery()
        query = query.where(tuple_(JobBatch.created_at, JobBatch.id) < tuple_(begun, before))
    query = query.order_by(JobBatch.created_at.desc(), JobBatch.id.desc()).limit(size + 1)
    found = db.session.scalars(query).all()
    return BatchPage(found[:size], older=found[size - 1].id if len(found) > size else None)


def item_page(batch: JobBatch, outcome: ItemOutcome | None, search: str, after: Place | None) -> ItemPage:
    """The products of a batch with an outcome (None: any) whose SKU holds ``search``, from ``after`` on.

    In the order of ORDER, then of the batch. Each outcome is read by its index, at most one
    statement each, so that no page is dearer for the size of the batch; only a search that finds
    little reads the whole batch.
    """
    size: int = current_app.config["PAGE_SIZE"]
    wanted: Sequence[ItemOutcome] = ORDER if outcome is None else (outcome,)
    if after is not None and after.outcome in wanted:
        wanted = wanted[wanted.index(after.outcome) :]
    found: list[Row[Any]] = []
    for one in wanted:
        if batch.outcomes[one] and len(found) <= size:
            place = after if after is not None and after.outcome is one else None
            query = _items(batch.id, one, search, place).limit(size + 1 - len(found))
            found += db.session.execute(query).all()
    shown = found[:size]
    last = shown[-1] if len(found) > size else None
    return ItemPage(
        _with_names(shown), after=f"{last.outcome}.{last.band}.{last.position}" if last is not None else None
    )


def _items(batch_id: str, outcome: ItemOutcome, search: str, after: Place | None) -> Select[*tuple[Any, ...]]:
    query: Select[*tuple[Any, ...]] = (
        select(
            *(BatchItem.outcome, BatchItem.band, BatchItem.position, BatchItem.message),
            *(Product.id.label("product_id"), Product.sku),
            *(ProductSyncStatus.not_before, ProductSyncStatus.message.label("why")),
        )
        .outerjoin(ProductSyncStatus, ProductSyncStatus.id == BatchItem.status_id)
        .outerjoin(Product, Product.id == ProductSyncStatus.product_id)
        .where(BatchItem.batch_id == batch_id, BatchItem.outcome == outcome)
        .order_by(BatchItem.band, BatchItem.position)
    )
    if search:
        query = query.where(Product.sku.icontains(search, autoescape=True))
    if after is not None:
        query = query.where(tuple_(BatchItem.band, BatchItem.position) > (after.band, after.position))
    return query


def _with_names(found: Sequence[Row[Any]]) -> list[ItemRow]:
    names: dict[int, dict[str, str]] = {row.product_id: {} for row in found if row.product_id is not None}
    texts = select(ProductText.product_id, ProductText.language, ProductText.name)
    for product_id, language, name in db.session.execute(texts.where(ProductText.product_id.in_(names))):
        names[product_id][language] = name or ""
    return [_item_row(row, first_name(names.get(row.product_id, {}))) for row in found]


def _item_row(row: Row[Any], name: str) -> ItemRow:
    waits = row.outcome is ItemOutcome.WAITING and row.not_before is not None and row.not_before > now()
    return ItemRow(
        outcome=row.outcome,
        message=row.message or (row.why if waits else ""),
        due=row.not_before if waits else None,
        product_id=row.product_id,
        sku=row.sku or "",
        name=name,
    )
