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
from ppm_web.services import batch_claims, pacing
from ppm_web.services.batch_claims import Waiting
from ppm_web.services.pacing import Lane

DELAYED = "-at-"


def serve(batch_id: str, me: str = "") -> int:
    """Hand out the tickets that the batch lacks; returns how many. ``me`` is the ticket that ends now.

    When nothing can be claimed now, or the shop's pace is used up, it is one for when that changes.
    0 when the queue cannot be reached: the sweep hands them out later.
    """
    waiting = batch_claims.what_waits(batch_id)
    if waiting is None:
        return 0
    try:
        at = _not_before(batch_id, waiting)
        out = queue.tickets_out(_prefix(batch_id))
        if at is None:
            lacking = _share(waiting) - len(out.ready - {me})
        else:
            lacking = 0 if out.ready - {me} or _comes_by(out.delayed - {me}, at) else 1
        for _ in range(lacking):
            _hand_out(batch_id, waiting.band, at)
    except queue.QueueUnavailableError:
        return 0
    return max(0, lacking)


def serve_shop(shop_id: int) -> None:
    """Hand out tickets for the batches of a shop that goes on again."""
    with reading():
        ids = db.session.scalars(select(JobBatch.id).where(JobBatch.shop_id == shop_id)).all()
    for batch_id in batch_claims.live_batches():
        if batch_id in ids:
            serve(batch_id)


def _not_before(batch_id: str, waiting: Waiting) -> datetime | None:
    """When the next group may run; None for at once."""
    with reading():
        batch = db.session.get_one(JobBatch, batch_id, populate_existing=True)
        shop = db.session.get_one(PrestaShopShop, batch.shop_id, populate_existing=True)
    seconds = pacing.wait_for(shop, Lane.BULK)
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
                JobBatch.state.in_(batch_claims.LIVE), JobBatch.waiting > 0, batch_claims.is_open(JobBatch.id)
            )
        ).scalar_one()
    share = max(1, queue.worker_count() // max(1, shops)) if not queue.runs_at_once() else 1
    groups = -(-waiting.items // pacing.SMALLEST_GROUP)
    return min(share, groups)


def _comes_by(delayed: set[str], at: datetime) -> bool:
    return any(int(name.rpartition(DELAYED)[2] or 0) <= at.timestamp() + 1 for name in delayed)


def _hand_out(batch_id: str, band: int, at: datetime | None) -> None:
    number = db.session.execute(
        update(JobBatch)
        .where(JobBatch.id == batch_id)
        .values(tickets=JobBatch.tickets + 1)
        .returning(JobBatch.tickets)
    ).scalar_one()
    db.session.commit()
    queue.enqueue(
        *("sync_group", batch_id, band),
        ticket_id=f"{_prefix(batch_id)}{number}" + (f"{DELAYED}{int(at.timestamp())}" if at else ""),
        queue=queue.QUEUES[band],
        at=at,
        timeout=current_app.config["PRODUCT_TIMEOUT_SECONDS"],
    )


def _prefix(batch_id: str) -> str:
    return f"batch-{batch_id}-"
