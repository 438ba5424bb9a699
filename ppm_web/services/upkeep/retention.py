"""Retention: what is too old to be kept goes, a few rows at a time (R14, R18).

Each chunk has a commit of its own, so that nobody waits long for the database.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

from flask import current_app
from sqlalchemy import Select, delete, func, select

from ppm_web.extensions import Model, db
from ppm_web.models import (
    AuditEntry,
    BatchItem,
    BatchState,
    JobBatch,
    ScheduleRun,
    ScheduleRunState,
    ShopSurvey,
    SyncLog,
    now,
)

CHUNK = 1000
"""Rows that one transaction deletes."""


def delete_old_logs() -> Iterator[int]:
    """Delete log lines older than PPM_LOG_DAYS; gives how many went, chunk by chunk, each committed."""
    cutoff = _before("LOG_DAYS")
    return _delete(SyncLog, SyncLog.id, select(SyncLog.id).where(SyncLog.created_at < cutoff))


def delete_old_batches() -> Iterator[int]:
    """Delete batches that ended more than PPM_BATCH_DAYS ago; gives how many went, as above.

    Their items go before them: there may be very many.
    """
    ended = (
        select(JobBatch.id)
        .where(JobBatch.state.in_([state for state in BatchState if state.ended]), JobBatch.running == 0)
        .where(func.coalesce(JobBatch.finished_at, JobBatch.created_at) < _before("BATCH_DAYS"))
    )
    for _ in _delete(BatchItem, BatchItem.id, select(BatchItem.id).where(BatchItem.batch_id.in_(ended))):
        yield 0
    yield from _delete(JobBatch, JobBatch.id, ended)


def delete_old_runs() -> Iterator[int]:
    """Delete what schedules did more than PPM_BATCH_DAYS ago; gives how many went, as above."""
    old = select(ScheduleRun.id).where(
        ScheduleRun.due_at < _before("BATCH_DAYS"), ScheduleRun.state != ScheduleRunState.RUNNING
    )
    return _delete(ScheduleRun, ScheduleRun.id, old)


def delete_old_surveys() -> Iterator[int]:
    """Delete looks at shops that ended more than PPM_BATCH_DAYS ago; gives how many went, as above."""
    old = select(ShopSurvey.id).where(ShopSurvey.finished_at < _before("BATCH_DAYS"))
    return _delete(ShopSurvey, ShopSurvey.id, old)


def delete_old_audit() -> Iterator[int]:
    """Delete what was kept of who did what more than PPM_AUDIT_DAYS ago; gives how many went, as above."""
    old = select(AuditEntry.id).where(AuditEntry.created_at < _before("AUDIT_DAYS"))
    return _delete(AuditEntry, AuditEntry.id, old)


def _before(setting: str) -> datetime:
    return now() - timedelta(days=current_app.config[setting])


def _delete(model: type[Model], key: Any, found: Select[Any]) -> Iterator[int]:
    """Delete the rows whose keys ``found`` selects, ``CHUNK`` of them at a time."""
    while True:
        gone = db.session.execute(
            delete(model).where(key.in_(found.limit(CHUNK))).execution_options(synchronize_session=False)
        )
        db.session.commit()
        count = int(gone.rowcount)  # type: ignore[attr-defined]  # a CursorResult, for a DELETE
        if count:
            yield count
        if count < CHUNK:
            return
