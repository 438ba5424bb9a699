"""Tickets: the RQ jobs that say "work on this row". They may get lost or come twice; claims decide."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from flask import current_app
from sqlalchemy import update

from ppm_web import queue
from ppm_web.extensions import db
from ppm_web.models import CategorySyncStatus, ProductSyncStatus, now
from ppm_web.services.ledger.claims import Status, StatusModel, status_row


def hand_out(model: StatusModel, status_id: int, *, at: datetime | None = None) -> bool:
    """Hand out a ticket for a committed row that waits, at once or ``at`` a time (UTC).

    False when the queue cannot be reached: the row waits, and the sweep hands one out later.
    In sync mode the job runs here, and raises SyncFailedError.
    """
    _mark(model, status_id, ticketed_at=now(), tickets=model.tickets + 1)
    status = status_row(model, status_id)
    job, ticket_id, queue_name = job_of(status), ticket_id_of(status), queue_of(status)
    db.session.commit()
    if at is not None and at <= now():
        at = None
    timeout = current_app.config["PRODUCT_TIMEOUT_SECONDS"]
    if model is CategorySyncStatus:
        timeout = current_app.config["CATEGORY_TIMEOUT_SECONDS"]
    try:
        queue.enqueue(job, status_id, ticket_id=ticket_id, queue=queue_name, at=at, timeout=timeout)
    except queue.QueueUnavailableError:
        _mark(model, status_id, ticketed_at=None)
        return False
    return True


def is_out(status: Status) -> bool:
    """Whether the row's newest ticket stands in its queue or runs. Raises QueueUnavailableError."""
    return queue.ticket_waits(ticket_id_of(status))


def job_of(status: Status) -> str:
    """The job that works on the row."""
    return "sync_product" if isinstance(status, ProductSyncStatus) else "sync_category"


def queue_of(status: Status) -> str:
    """The queue of the row's tickets (R1)."""
    return queue.queue_for(status.priority, status.queue)


def ticket_id_of(status: Status) -> str:
    """The id of the row's newest ticket: ``product-7-shop-3-2`` for the second one.

    RQ deletes a job by its id when it ends, so a ticket that is handed out during a run (for the
    next try, or the next request) needs another id than the one that runs.
    """
    kind, number = (
        ("product", status.product_id)
        if isinstance(status, ProductSyncStatus)
        else ("category", status.category_id)
    )
    return f"{kind}-{number}-shop-{status.shop_id}-{status.tickets}"


def _mark(model: StatusModel, status_id: int, **values: Any) -> None:
    db.session.execute(
        update(model)
        .where(model.id == status_id)
        .values(**values)
        .execution_options(synchronize_session=False)
    )
    db.session.commit()
