"""The bare INSERT … SELECT of a batch's items, in one transaction: what no batch can start quicker than."""

from __future__ import annotations

import time
import uuid

from sqlalchemy import case, delete, func, insert, literal, select, text, update

from ppm_web.extensions import db
from ppm_web.models import (
    BatchItem,
    BatchState,
    ItemOutcome,
    JobBatch,
    Product,
    ProductSyncStatus,
    SyncState,
    now,
)


def seconds(shop_id: int, outcome: ItemOutcome, count: int) -> float:
    """How long it takes to put an item of that outcome in for each product of a shop, with its batch."""
    batch_id = str(uuid.uuid4())
    rows, priority = ProductSyncStatus, ProductSyncStatus.priority
    items = select(
        literal(batch_id),
        rows.id,
        func.row_number().over(order_by=(priority, rows.id)),
        case((priority <= 3, 0), (priority <= 6, 1), else_=2),
        rows.requested_revision + 1,
        literal(outcome, BatchItem.outcome.type),
        literal(""),
    ).where(rows.shop_id == shop_id)
    columns = ["batch_id", "status_id", "position", "band", "requested_revision", "outcome", "message"]
    began = time.perf_counter()
    db.session.execute(
        insert(JobBatch).values(
            id=batch_id,
            name="bare",
            shop_id=shop_id,
            state=BatchState.PAUSED,
            total=count,
            created_at=now(),
            **{outcome.value: count},
        )
    )
    db.session.execute(insert(BatchItem).from_select(columns, items))
    db.session.commit()
    return time.perf_counter() - began


def put_back() -> None:
    """Forget all batches, and let every product stand in its shops as it is here, and commit."""
    rows = ProductSyncStatus
    db.session.execute(delete(BatchItem))
    db.session.execute(delete(JobBatch))
    revision = select(Product.revision).where(Product.id == rows.product_id).scalar_subquery()
    db.session.execute(
        update(rows)
        .values(
            state=SyncState.SYNCED,
            settled_revision=rows.requested_revision,
            claimed_revision=rows.requested_revision,
            pushed_revision=revision,
            claim_token=None,
            ticketed_at=None,
        )
        .execution_options(synchronize_session=False)
    )
    db.session.commit()
    if db.engine.dialect.name == "postgresql":  # as its autovacuum does, in time
        with db.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.execute(text("VACUUM ANALYZE batch_item, job_batch, product_sync_status"))
