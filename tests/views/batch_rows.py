"""Batches for the tests of pages, written straight into the database."""

from __future__ import annotations

from collections.abc import Sequence
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
from tests.views.rows import new_product, new_status


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
    rows = rows_in(shop, [f"P-{position:04}" for position in range(1, len(wanted) + 1)])
    for position, (outcome, row) in enumerate(zip(wanted, rows, strict=True), start=1):
        item = BatchItem(batch_id=batch.id, position=position, band=1, requested_revision=1, outcome=outcome)
        item.status_id = row.id
        item.message = "The name holds '<'" if outcome is ItemOutcome.FAILED else ""
        db.session.add(item)
    db.session.commit()
    return batch


def rows_in(shop: PrestaShopShop, skus: Sequence[str]) -> list[ProductSyncStatus]:
    """The rows of those products in the shop, in that order, with what is not there made in one go."""
    there = {product.sku: product for product in db.session.scalars(select(Product))}
    new = [new_product(sku) for sku in skus if sku not in there]
    db.session.add_all(new)
    db.session.flush()
    there |= {product.sku: product for product in new}
    found = db.session.scalars(select(ProductSyncStatus).filter_by(shop_id=shop.id))
    rows = {row.product_id: row for row in found}
    missing = [there[sku] for sku in skus if there[sku].id not in rows]
    rows |= {product.id: new_status(product, shop, SyncState.PENDING) for product in missing}
    db.session.add_all(rows.values())
    db.session.flush()
    return [rows[there[sku].id] for sku in skus]
