"""Batches for the tests of pages, written straight into the database."""

from __future__ import annotations

from typing import Any

from sqlalchemy import select

from ppm_web.extensions import db
from ppm_web.models import (
    BatchItem,
    BatchState,
    ItemOutcome,
    JobBatch,
    PrestaShopShop,
    Product,
    ProductSyncStatus,
    SyncState,
)
from tests.views.rows import make_product, make_status


def make_batch(
    shop: PrestaShopShop, state: BatchState = BatchState.RUNNING, name: str = "Nightly", **counts: Any
) -> JobBatch:
    """A batch with that many products of each outcome; other values are the batch's own."""
    values = {key: value for key, value in counts.items() if key not in list(ItemOutcome)}
    outcomes = {key: value for key, value in counts.items() if key in list(ItemOutcome)}
    number = len(db.session.scalars(select(JobBatch.id)).all())
    batch = JobBatch(
        name=name,
        shop_id=shop.id,
        state=state,
        selection="all products",
        requested_by="manager@example.com",
        total=sum(outcomes.values()),
        **{
            "id": f"00000000-0000-4000-8000-{number:012}",
            "finally_run": 1 if state.ended else 0,
            **outcomes,
            **values,
        },
    )
    db.session.add(batch)
    db.session.flush()
    wanted = [ItemOutcome(outcome) for outcome, count in outcomes.items() for _ in range(count)]
    for position, outcome in enumerate(wanted, start=1):
        item = BatchItem(batch_id=batch.id, position=position, band=1, requested_revision=1, outcome=outcome)
        item.status_id = row_in(shop, f"P-{position:04}").id
        item.message = "The name holds '<'" if outcome is ItemOutcome.FAILED else ""
        db.session.add(item)
    db.session.commit()
    return batch


def row_in(shop: PrestaShopShop, sku: str) -> ProductSyncStatus:
    """The row of that product in the shop, both made where they are not there."""
    product = db.session.scalar(select(Product).where(Product.sku == sku)) or make_product(sku)
    row = db.session.scalar(select(ProductSyncStatus).filter_by(product_id=product.id, shop_id=shop.id))
    return row or make_status(product, shop, SyncState.PENDING)
