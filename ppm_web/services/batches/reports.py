"""What people are told about batches: where they stand, and before they begin what they would cost."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, and_, case, func, or_, select
from sqlalchemy.orm import joinedload

from ppm_web import queue
from ppm_web.extensions import db, reading
from ppm_web.models import (
    JobBatch,
    PrestaShopShop,
    Product,
    ProductSyncStatus,
    SyncState,
)
from ppm_web.services.batches import control
from ppm_web.services.catalog.selections import Selection, products
from ppm_web.services.pace import rate as pace_rate

POLL_SECONDS = 0.5
NEW_REQUESTS, CHANGED_REQUESTS = 4, 2
"""Requests of a group of new products (look up, create, stock rows, stock) and of changed ones."""
BULK_PART = 4 / 5
"""The part of a shop's pace that batches get; the rest is kept for single requests."""


@dataclass(frozen=True, slots=True)
class Estimate:
    """What a batch would be: products, those unchanged, and about how many requests and minutes."""

    total: int
    unchanged: int
    new: int
    requests: int
    minutes: float

    @property
    def words(self) -> str:
        """The estimate as a person reads it."""
        if not self.total:
            return "Nothing to do: no product is meant"
        minutes = "1 minute" if round(self.minutes) == 1 else f"{self.minutes:,.0f} minutes"
        time = "less than a minute" if self.minutes < 1 else minutes
        products = "1 product" if self.total == 1 else f"{self.total:,} products"
        requests = "1 request" if self.requests == 1 else f"{self.requests:,} requests"
        return (
            f"{products}, {self.unchanged:,} unchanged, {self.new:,} new: "
            f"about {requests} and {time} at this shop's pace"
        )


def estimate(shop_id: int, selection: Selection) -> Estimate:
    """What ``bulk_sync`` would do, with nothing written and no shop asked."""
    with reading():
        shop = db.session.get_one(PrestaShopShop, shop_id, populate_existing=True)
        row = and_(ProductSyncStatus.product_id == Product.id, ProductSyncStatus.shop_id == shop_id)
        query = (
            select(
                func.count(),
                _count(control.unchanged()),
                _count(ProductSyncStatus.external_id.is_(None)),
                _count(ProductSyncStatus.state == SyncState.DISABLED),
            )
            .select_from(Product)
            .outerjoin(ProductSyncStatus, row)
            .outerjoin(PrestaShopShop, PrestaShopShop.id == ProductSyncStatus.shop_id)
            .where(or_(ProductSyncStatus.id.is_(None), ProductSyncStatus.shop_id == shop_id))
        )
        if selection.kind != "all":
            query = query.where(Product.id.in_(products(shop_id, selection)))
        total, unchanged, new, disabled = db.session.execute(query).one()
    size = pace_rate.group_size(shop)
    changed = total - unchanged - new - disabled
    requests = NEW_REQUESTS * -(-new // size) + CHANGED_REQUESTS * -(-changed // size)
    return Estimate(total, unchanged, new, requests, requests / pace_rate.rate(shop) / BULK_PART)


def as_json(batch: JobBatch) -> dict[str, Any]:
    """The document that ``flask batch show --json`` prints (interface)."""
    return {
        "id": batch.id,
        "name": batch.name,
        "shop": batch.shop.name,
        "state": batch.state.value,
        "run": batch.run,
        "total": batch.total,
        "processed": batch.processed,
        "failed": batch.failed,
        "progress": batch.progress,
        "created_at": batch.created_at.isoformat(),
        "started_at": batch.started_at.isoformat() if batch.started_at else None,
        "finished_at": batch.finished_at.isoformat() if batch.finished_at else None,
        "outcomes": batch.outcomes,
        "selection": batch.selection,
        "requested_by": batch.requested_by,
        "error": batch.error,
    }


def latest(limit: int) -> Sequence[JobBatch]:
    """The newest batches, with their shops."""
    with reading():
        return db.session.scalars(
            select(JobBatch)
            .options(joinedload(JobBatch.shop))
            .order_by(JobBatch.created_at.desc())
            .limit(limit)
            .execution_options(populate_existing=True)
        ).all()


def follow(batch_id: str) -> Iterator[tuple[JobBatch, str]]:
    """The batch as it goes on, twice a second, and why it does not go on where that is so.

    Ends with the batch, or when it or its shop is paused and nothing of it runs. Raises BatchError
    and QueueUnavailableError.
    """
    while True:
        with reading():
            batch = control.get(batch_id)
            shop = db.session.get_one(PrestaShopShop, batch.shop_id, populate_existing=True)
        yield batch, held_up_by(batch, shop)
        if ended(batch) or (_paused(batch, shop) and not batch.running):
            return
        time.sleep(POLL_SECONDS)


def held_up_by(batch: JobBatch, shop: PrestaShopShop) -> str:
    """Why the batch does not go on; "" while it does, and when it has ended.

    To be called with no transaction open, for the broker is asked. Raises QueueUnavailableError.
    """
    if ended(batch):
        return ""
    if paused := _paused(batch, shop):
        return paused
    if not queue.runs_at_once() and queue.worker_count() == 0:
        return "No worker is running: start one with `flask queue work`"
    return ""


def ended(batch: JobBatch) -> bool:
    """Whether every product of the batch's present run has ended, however."""
    return batch.finally_run == batch.run


def succeeded(batch: JobBatch) -> bool:
    """Whether every product of the batch is in the shop as it is here."""
    return batch.then_run == batch.run


def _paused(batch: JobBatch, shop: PrestaShopShop) -> str:
    if shop.paused_at is not None:
        return f"shop paused: {shop.pause_reason or 'by hand'}"
    if not shop.active:
        return f"Shop '{shop.name}' is not active"
    return "the batch is paused" if batch.state == "paused" else ""


def _count(criterion: ColumnElement[bool]) -> Any:
    return func.count(case((criterion, 1)))
