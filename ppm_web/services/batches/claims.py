"""Claiming the next products of a batch: by position, each by one worker only (rules 1 and 3)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, SQLColumnExpression, and_, exists, or_, select, update

from ppm_web.extensions import db, reading
from ppm_web.models import (
    BatchItem,
    BatchState,
    ItemOutcome,
    JobBatch,
    PrestaShopShop,
    Product,
    ProductSyncStatus,
    SyncState,
    now,
)
from ppm_web.services.ledger import claims
from ppm_web.services.ledger import items as batch_items
from ppm_web.services.ledger.claims import Claim
from ppm_web.services.ledger.items import Settled

LIVE = (BatchState.WAITING, BatchState.RUNNING)
STOCK_FACTOR = 10
"""How many times more products a group takes of which only the stock is to be sent."""
GONE = "the product was deleted"
DISABLED = "the product is disabled in this shop"


@dataclass(frozen=True, slots=True)
class Waiting:
    """What waits in a batch: the first band that has something, how many items in all, when one is due."""

    band: int
    items: int
    due: datetime | None
    """None when an item can be claimed now; ``datetime.max`` when all of them run elsewhere."""


def is_open(batch_id: SQLColumnExpression[str] | str) -> ColumnElement[bool]:
    """Whether the batch may be worked on: neither it nor its shop is paused, off or at its end."""
    return exists().where(
        JobBatch.id == batch_id,
        JobBatch.state.in_(LIVE),
        PrestaShopShop.id == JobBatch.shop_id,
        PrestaShopShop.paused_at.is_(None),
        PrestaShopShop.active,
    )


def claim_next(batch_id: str, band: int, size: int) -> list[Claim]:
    """Claim up to ``size`` products of a band of the batch, the next by position, and commit.

    Where nothing but the stock of the next one has moved, up to ten times as many of that kind: a request
    takes 500 stock rows. Products that run elsewhere or are not due are passed over. The first claim starts
    the batch.
    """
    query = (
        select(
            BatchItem.id, BatchItem.status_id, BatchItem.requested_revision, _only_stock().label("only_stock")
        )
        .join(ProductSyncStatus, ProductSyncStatus.id == BatchItem.status_id)
        .join(Product, Product.id == ProductSyncStatus.product_id)
        .join(PrestaShopShop, PrestaShopShop.id == ProductSyncStatus.shop_id)
        .where(_waits(batch_id), BatchItem.band == band, _claimable(now()), is_open(batch_id))
        .order_by(BatchItem.position)
        .with_for_update(of=ProductSyncStatus, skip_locked=True, key_share=True)
    )
    rows = db.session.execute(query.limit(size)).all()
    if rows and all(row.only_stock for row in rows):
        rows = db.session.execute(query.where(_only_stock()).limit(size * STOCK_FACTOR)).all()
    if not rows:
        _skip_unservable(batch_id)
        db.session.commit()
        return []
    _request(batch_id, {row.status_id: row.requested_revision for row in rows if row.status_id is not None})
    claimed = claims.take(
        ProductSyncStatus, [row.status_id for row in rows if row.status_id is not None], batch_id=batch_id
    )
    running = Settled(0, ItemOutcome.RUNNING, "")
    batch_items.move(batch_id, {row.id: running for row in rows})
    _start(batch_id)
    db.session.commit()
    return claimed


def what_waits(batch_id: str) -> Waiting | None:
    """What there is to be done for the batch; None when nothing waits or it may not be worked on."""
    moment = now()
    with reading():
        first = db.session.execute(
            select(BatchItem.band, JobBatch.waiting)
            .join(JobBatch, JobBatch.id == BatchItem.batch_id)
            .where(_waits(batch_id), is_open(batch_id))
            .order_by(BatchItem.band)
            .limit(1)
        ).first()
        if first is None:
            return None
        band, items = first
        mine = select(ProductSyncStatus.not_before).join(
            BatchItem, BatchItem.status_id == ProductSyncStatus.id
        )
        mine = mine.where(_waits(batch_id), BatchItem.band == band)
        if db.session.execute(mine.where(_claimable(moment)).limit(1)).first() is not None:
            return Waiting(band, items, None)
        later = mine.where(
            ProductSyncStatus.state != SyncState.SYNCING, ProductSyncStatus.not_before > moment
        )
        due = db.session.scalar(later.order_by(ProductSyncStatus.not_before).limit(1))
    return Waiting(band, items, due or datetime.max.replace(tzinfo=moment.tzinfo))


def live_batches() -> list[str]:
    """Batches that may be worked on and have something that waits, the oldest first."""
    with reading():
        found = db.session.scalars(
            select(JobBatch.id)
            .where(JobBatch.state.in_(LIVE), JobBatch.waiting > 0, is_open(JobBatch.id))
            .order_by(JobBatch.created_at)
        )
        return list(found)


def _only_stock() -> ColumnElement[bool]:
    """Whether nothing but its quantity has moved since the product was last pushed, told by revisions."""
    row = ProductSyncStatus
    return and_(
        *(row.external_id.is_not(None), row.payload_hash.is_not(None), row.sending.is_(None)),
        *(row.state == SyncState.SYNCED, row.pushed_settings == PrestaShopShop.settings_revision),
        *(row.pushed_revision >= Product.fields_revision, ~row.force),
    )


def _waits(batch_id: str) -> ColumnElement[bool]:
    return and_(BatchItem.batch_id == batch_id, BatchItem.outcome == ItemOutcome.WAITING)


def _claimable(moment: datetime) -> ColumnElement[bool]:
    due = or_(ProductSyncStatus.not_before.is_(None), ProductSyncStatus.not_before <= moment)
    return and_(ProductSyncStatus.state.not_in([SyncState.SYNCING, SyncState.DISABLED]), due)


def _skip_unservable(batch_id: str) -> None:
    """Settle items whose product was deleted or switched off for the shop since the batch began."""
    for criterion, why in (
        (BatchItem.status_id.is_(None), GONE),
        (
            BatchItem.status_id.in_(
                select(ProductSyncStatus.id).where(ProductSyncStatus.state == SyncState.DISABLED)
            ),
            DISABLED,
        ),
    ):
        found = db.session.scalars(
            select(BatchItem.id).where(_waits(batch_id), criterion).limit(batch_items.CHUNK)
        ).all()
        if found:
            skipped = Settled(0, ItemOutcome.SKIPPED, why)
            batch_items.move(batch_id, dict.fromkeys(found, skipped))


def _request(batch_id: str, wanted: dict[int, int]) -> None:
    """Raise the requests of the rows to what their items ask for: a batch's request is its item (ADR 9)."""
    rows = db.session.execute(
        select(ProductSyncStatus.id, ProductSyncStatus.requested_revision).where(
            ProductSyncStatus.id.in_(list(wanted))
        )
    ).all()
    new: Sequence[int] = [row.id for row in rows if row.requested_revision < wanted[row.id]]
    values: dict[str, Any] = {
        "requested_revision": ProductSyncStatus.requested_revision + 1,
        "requested_at": now(),
        "requested_by": f"batch {batch_id}",
        "attempts": 0,
    }
    db.session.execute(
        update(ProductSyncStatus)
        .where(ProductSyncStatus.id.in_(new))
        .values(**values)
        .execution_options(synchronize_session=False)
    )


def _start(batch_id: str) -> None:
    db.session.execute(
        update(JobBatch)
        .where(JobBatch.id == batch_id, JobBatch.state == BatchState.WAITING)
        .values(state=BatchState.RUNNING, started_at=now())
        .execution_options(synchronize_session=False)
    )
