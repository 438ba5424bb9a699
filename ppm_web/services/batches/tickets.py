"""The tickets of batches: as few as keep the workers busy, and as many for each shop (rules 3 and 5).

A batch needs no ticket for each of its products: each ticket claims whatever is next. They may get
lost or come twice; ``serve`` is called again and again, and hands out what is missing.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from flask import current_app
from sqlalchemy import func, select, update

from ppm_web import queue
from ppm_web.extensions import db, reading
from ppm_web.models import JobBatch, PrestaShopShop, now
from ppm_web.services.batches import claims
from ppm_web.services.batches.claims import Waiting
from ppm_web.services.pace import rate as pace_rate
from ppm_web.services.pace.memory import Lane

DELAYED = "-at-"

MOST_FOR_A_BATCH = 2
"""Tickets of a batch at once: while one waits for the shop the other works in the database. More would
queue up at a shop that serves one request at a time, and keep workers from the other shops."""


def serve(batch_id: str, me: str = "") -> int:
    """Hand out the tickets that the batch lacks; returns how many. ``me`` is the ticket that ends now.

    When nothing can be claimed now, or the shop's pace is used up, it is one for when that changes.
    0 when the queue cannot be reached: the sweep hands them out later.
    """
    waiting = claims.what_waits(batch_id)
    if waiting is None:
        return 0
    try:
        at = _not_before(batch_id, waiting)
        number = _ticket_number(batch_id)
        out = queue.tickets_out(_prefix(batch_id))
        if at is None:
            lacking = _share(waiting) - len(out.ready - {me})
        else:
            lacking = 0 if out.ready - {me} or _comes_by(out.delayed - {me}, at) else 1
        given = 0
        while given < lacking and _hand_out(batch_id, waiting.band, at, number + given):
            given += 1
    except queue.QueueUnavailableError:
        return 0
    return given


def serve_shop(shop_id: int) -> None:
    """Hand out tickets for the batches of a shop that goes on again."""
    with reading():
        ids = db.session.scalars(select(JobBatch.id).where(JobBatch.shop_id == shop_id)).all()
    for batch_id in claims.live_batches():
        if batch_id in ids:
            serve(batch_id)


def _not_before(batch_id: str, waiting: Waiting) -> datetime | None:
    """When the next group may run; None for at once."""
    with reading():
        batch = db.session.get_one(JobBatch, batch_id, populate_existing=True)
        shop = db.session.get_one(PrestaShopShop, batch.shop_id, populate_existing=True)
    seconds = pace_rate.wait_for(shop, Lane.BULK)
    if waiting.due is None and not seconds:
        return None
    # What all runs elsewhere is looked at again after a lease: by then it has ended, or lapsed.
    latest = now() + timedelta(seconds=current_app.config["LEASE_SECONDS"])
    paced = now() + timedelta(seconds=seconds)
    return max(paced, min(waiting.due or paced, latest))


def _share(waiting: Waiting) -> int:
    """How many tickets the batch may have at once: workers are shared between the shops that have work.

    So a slow or dead shop never takes them all.
    """
    with reading():
        shops: int = db.session.execute(
            select(func.count(JobBatch.shop_id.distinct())).where(
                JobBatch.state.in_(claims.LIVE), JobBatch.waiting > 0, claims.is_open(JobBatch.id)
            )
        ).scalar_one()
    if queue.runs_at_once():
        return 1
    share = max(1, queue.worker_count() // max(1, shops))
    groups = -(-waiting.items // pace_rate.SMALLEST_GROUP)
    return min(share, groups, MOST_FOR_A_BATCH)


def _comes_by(delayed: set[str], at: datetime) -> bool:
    return any(int(name.rpartition(DELAYED)[2] or 0) <= at.timestamp() + 1 for name in delayed)


def _ticket_number(batch_id: str) -> int:
    """How many tickets were handed out by now."""
    with reading():
        return db.session.execute(select(JobBatch.tickets).where(JobBatch.id == batch_id)).scalar_one()


def _hand_out(batch_id: str, band: int, at: datetime | None, seen: int) -> bool:
    """Hand out the ticket after number ``seen``; False when someone else did so since we counted."""
    result = db.session.execute(
        update(JobBatch)
        .where(JobBatch.id == batch_id, JobBatch.tickets == seen)
        .values(tickets=seen + 1)
        .execution_options(synchronize_session=False)
    )
    db.session.commit()
    if not result.rowcount:  # type: ignore[attr-defined]  # a CursorResult, for an UPDATE
        return False
    queue.enqueue(
        *("sync_group", batch_id, band),
        ticket_id=f"{_prefix(batch_id)}{seen + 1}" + (f"{DELAYED}{int(at.timestamp())}" if at else ""),
        queue=queue.QUEUES[band],
        at=at,
        timeout=current_app.config["PRODUCT_TIMEOUT_SECONDS"],
    )
    return True


def _prefix(batch_id: str) -> str:
    return f"batch-{batch_id}-"
