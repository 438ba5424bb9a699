"""Batches: many products to one shop (R7, R8, R9). A batch's request is its items; see ADR 9.

However many products there are, they are chosen, put in order and compared with what was last
pushed in a handful of SQL statements; a product is loaded when its turn comes.
"""

from __future__ import annotations

import uuid
from typing import Any

from sqlalchemy import ColumnElement, and_, case, func, insert, literal, select, update

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
from ppm_web.queue import HIGH_PRIORITY, LOW_PRIORITY
from ppm_web.services.batches import first_publication, tickets
from ppm_web.services.catalog.selections import Selection, in_words, products
from ppm_web.services.errors import ShopInactiveError, SyncRefusedError
from ppm_web.services.ledger import hooks as batch_hooks
from ppm_web.services.ledger import items as batch_items
from ppm_web.services.upserts import insert_missing


class BatchError(RuntimeError):
    """A batch that cannot be changed as asked; the message says why."""


def bulk_sync(
    shop_id: int,
    selection: Selection,
    *,
    by: str,
    name: str = "",
    confirmed: bool = False,
    batch_id: str = "",
) -> JobBatch | None:
    """Start a batch of the products that are meant, and hand out its first tickets.

    Products that are in the shop as they are here count as unchanged at once; those that are
    disabled there as skipped. None when no product is meant: then there is no batch. ``confirmed``: a
    person has seen what a first publication would change, or nothing can. ``batch_id``: the new batch's, if
    it is known before. Raises SyncRefusedError for an inactive shop (R5), UnconfirmedError before a first
    publication (R25), and NoResultFound.
    """
    shop = db.session.get_one(PrestaShopShop, shop_id, populate_existing=True)
    if not shop.active:
        db.session.commit()
        raise SyncRefusedError(ShopInactiveError(shop.name).message)
    db.session.commit()
    first_publication.check_said(shop)
    if not confirmed:
        first_publication.check_confirmed(shop, selection)
    batch = JobBatch(
        id=batch_id or str(uuid.uuid4()),
        name=" ".join(name.split())[:255] or f"Bulk Sync to {shop.name}",
        shop_id=shop_id,
        selection=in_words(selection),
        requested_by=by,
    )
    insert_missing(
        ProductSyncStatus,
        select(Product.id.label("product_id"), literal(shop_id).label("shop_id"))
        .where(Product.id.in_(products(shop_id, selection)), ~_row_of(shop_id).exists())
        .order_by(Product.id),  # two that do this at once do not wait for each other in a ring
        ["product_id", "shop_id"],
    )
    db.session.add(batch)
    db.session.flush()
    _insert_items(batch.id, shop, selection)
    if not (total := _count_all(batch.id)):
        db.session.rollback()
        return None
    if confirmed or total > first_publication.FEW:
        first_publication.note_published(shop_id)
    batch_hooks.fire(batch.id)
    db.session.commit()
    tickets.serve(batch.id)
    return get(batch.id)


def get(batch_id: str) -> JobBatch:
    """The batch as it is now. Leaves no transaction open. Raises BatchError when there is none."""
    batch = db.session.get(JobBatch, batch_id, populate_existing=True)
    db.session.commit()
    if batch is None:
        raise BatchError(f"There is no batch {batch_id}")
    return batch


def pause(batch_id: str) -> None:
    """Let the batch wait after the groups that run now. Raises BatchError."""
    if not _change_state(batch_id, {"state": BatchState.PAUSED}, BatchState.WAITING, BatchState.RUNNING):
        raise BatchError(f"The batch is {get(batch_id).state} and cannot be paused")


def resume(batch_id: str) -> None:
    """Let a paused batch go on. Raises BatchError."""
    started = case((JobBatch.started_at.is_(None), BatchState.WAITING.value), else_=BatchState.RUNNING.value)
    if not _change_state(batch_id, {"state": started}, BatchState.PAUSED):
        raise BatchError(f"The batch is {get(batch_id).state}, not paused")
    tickets.serve(batch_id)


def cancel(batch_id: str) -> int:
    """End the batch after the groups that run now; what still waits is not sent. Returns how many that is.

    Raises BatchError when it has ended.
    """
    state = {"state": BatchState.CANCELLED}
    if not _change_state(
        batch_id, state, BatchState.WAITING, BatchState.RUNNING, BatchState.PAUSED, commit=False
    ):
        raise BatchError(f"The batch has ended already: it is {get(batch_id).state}")
    cancelled = _move_items(batch_id, (ItemOutcome.WAITING,), {"outcome": ItemOutcome.CANCELLED})
    batch_items.count(batch_id, {"waiting": -cancelled, "cancelled": cancelled})
    batch_hooks.fire(batch_id)
    db.session.commit()
    _release_rows(batch_id)
    return cancelled


def retry_failed(batch_id: str, by: str) -> int:
    """Let the failed items, and those in conflict, wait again as a new run; returns how many.

    Raises BatchError while the batch has not ended, and when nothing failed.
    """
    again = {"state": BatchState.WAITING, "run": JobBatch.run + 1, "finished_at": None, "error": ""}
    again |= {"requested_by": by, "started_at": None}
    ended = (BatchState.FINISHED, BatchState.CANCELLED)
    if not _change_state(batch_id, again, *ended, commit=False):
        raise BatchError(
            f"The batch is still {get(batch_id).state}: its failures can be retried when it has ended"
        )
    newer = select(ProductSyncStatus.requested_revision + 1).where(
        ProductSyncStatus.id == BatchItem.status_id
    )
    counts = {"waiting": 0}
    for outcome in (ItemOutcome.FAILED, ItemOutcome.CONFLICT):
        values: dict[str, Any] = {"outcome": ItemOutcome.WAITING, "message": ""}
        values |= {"requested_revision": func.coalesce(newer.scalar_subquery(), BatchItem.requested_revision)}
        moved = _move_items(batch_id, (outcome,), values)
        counts |= {outcome.value: -moved, "waiting": counts["waiting"] + moved}
    if not counts["waiting"]:
        db.session.rollback()
        raise BatchError("Nothing of the batch failed")
    batch_items.count(batch_id, counts)
    db.session.commit()
    tickets.serve(batch_id)
    return counts["waiting"]


def unchanged() -> ColumnElement[bool]:
    """Whether a row's product is in the shop as it is here: decided by revisions, with no payload built."""
    return and_(
        ProductSyncStatus.state == SyncState.SYNCED,
        ProductSyncStatus.payload_hash.is_not(None),
        ProductSyncStatus.pushed_revision == Product.revision,
        ProductSyncStatus.pushed_settings == PrestaShopShop.settings_revision,
    )


def _row_of(shop_id: int) -> Any:
    return select(ProductSyncStatus.id).where(
        ProductSyncStatus.product_id == Product.id, ProductSyncStatus.shop_id == shop_id
    )


def _insert_items(batch_id: str, shop: PrestaShopShop, selection: Selection) -> None:
    """One INSERT … SELECT, in the order of priority; what is unchanged goes in as such."""
    priority = ProductSyncStatus.priority
    outcome = case(
        (ProductSyncStatus.state == SyncState.DISABLED, ItemOutcome.SKIPPED.value),
        (unchanged(), ItemOutcome.UNCHANGED.value),
        else_=ItemOutcome.WAITING.value,
    )
    query = (
        select(
            literal(batch_id),
            ProductSyncStatus.id,
            func.row_number().over(order_by=(priority, ProductSyncStatus.id)),
            case((priority <= HIGH_PRIORITY, 0), (priority < LOW_PRIORITY, 1), else_=2),
            ProductSyncStatus.requested_revision + 1,
            outcome,
            literal(""),
        )
        .join(Product, Product.id == ProductSyncStatus.product_id)
        .join(PrestaShopShop, PrestaShopShop.id == ProductSyncStatus.shop_id)
        .where(ProductSyncStatus.shop_id == shop.id)
    )
    if selection.kind != "all":
        query = query.where(Product.id.in_(products(shop.id, selection)))
    columns = ["batch_id", "status_id", "position", "band", "requested_revision", "outcome", "message"]
    db.session.execute(insert(BatchItem).from_select(columns, query))


def _count_all(batch_id: str) -> int:
    """Count the items that were just made; returns how many there are."""
    rows = db.session.execute(
        select(BatchItem.outcome, func.count())
        .where(BatchItem.batch_id == batch_id)
        .group_by(BatchItem.outcome)
    ).all()
    counts = {outcome.value: number for outcome, number in rows}
    total = sum(counts.values())
    batch_items.count(batch_id, counts | {"total": total})
    return total


def _change_state(batch_id: str, values: dict[str, Any], *states: BatchState, commit: bool = True) -> bool:
    """One guarded UPDATE, which also takes the batch's lock; False when it is in no such state."""
    result = db.session.execute(
        update(JobBatch)
        .where(JobBatch.id == batch_id, JobBatch.state.in_(states))
        .values(**values)
        .execution_options(synchronize_session=False)
    )
    changed = bool(result.rowcount)  # type: ignore[attr-defined]  # a CursorResult, for an UPDATE
    if commit or not changed:
        db.session.commit()
    return changed


def _move_items(batch_id: str, outcomes: tuple[ItemOutcome, ...], values: dict[str, Any]) -> int:
    result = db.session.execute(
        update(BatchItem)
        .where(BatchItem.batch_id == batch_id, BatchItem.outcome.in_(outcomes))
        .values(**values)
        .execution_options(synchronize_session=False)
    )
    return int(result.rowcount)  # type: ignore[attr-defined]  # a CursorResult, for an UPDATE


def _release_rows(batch_id: str) -> None:
    """Let rows that only this batch wanted, and that waited for their next try, stay as they are, and commit.

    What they failed with is told; the sweep would sync them otherwise. Were this lost, it would.
    """
    row = ProductSyncStatus
    mine = select(BatchItem.status_id).where(
        BatchItem.batch_id == batch_id, BatchItem.outcome == ItemOutcome.CANCELLED
    )
    wanted = select(BatchItem.id).where(
        BatchItem.status_id == row.id, BatchItem.outcome.in_(batch_items.OPEN)
    )
    settled = case(
        (row.error_code != "", SyncState.ERROR.value),
        (row.payload_hash.is_not(None), SyncState.SYNCED.value),
        else_=SyncState.PENDING.value,
    )
    db.session.execute(
        update(row)
        .where(
            row.id.in_(mine),
            row.state == SyncState.PENDING,
            row.ticketed_at.is_(None),
            row.requested_by == f"batch {batch_id}",
            ~wanted.exists(),
        )
        .values(state=settled, settled_revision=row.requested_revision, not_before=None, attempts=0)
        .execution_options(synchronize_session=False)
    )
    db.session.commit()
