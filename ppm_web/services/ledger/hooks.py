"""What a batch tells others, each once a run (R8): its first failure, its end, and that all went well.

Receivers connect to the signals. They run in the transaction that counts the items, so what they
write to the database is there exactly once, whatever dies when. One that fails is logged and undone
by itself; it never holds up the batch. Receivers must not call a shop or the queue.
"""

from __future__ import annotations

import logging
from typing import Any, Final

from blinker import Signal
from sqlalchemy import update

from ppm_web.extensions import db
from ppm_web.models import BatchState, JobBatch, SyncLog, now

END_WORDS: Final = {BatchState.FINISHED: "Finished", BatchState.CANCELLED: "Cancelled"}

logger = logging.getLogger("ppm.batch")

batch_succeeded = Signal("``then``: every item ended, none failed. Receives the JobBatch.")
batch_first_failed = Signal("``catch``: the first item of the run failed. Receives the JobBatch.")
batch_ended = Signal("``finally``: every item ended, however. Receives the JobBatch.")


def fire(batch_id: str, first_error: str = "") -> None:
    """Fire the hooks that are due now, and end the batch whose last item ended, in the open transaction.

    The caller holds the batch's lock, so that no two transactions find the same hook due.
    """
    batch = db.session.get_one(JobBatch, batch_id, populate_existing=True)
    if first_error and batch.catch_run < batch.run:
        _set(batch, catch_run=batch.run, error=first_error)
        _send(batch_first_failed, batch, "error", f"First failure: {first_error}")
    if batch.waiting or batch.running or batch.finally_run >= batch.run:
        return
    well = not batch.failed and not batch.conflict and batch.state is not BatchState.CANCELLED
    values: dict[str, Any] = {"finally_run": batch.run, "finished_at": now()}
    if batch.state is not BatchState.CANCELLED:
        values["state"] = BatchState.FINISHED
    _set(batch, **values, **({"then_run": batch.run} if well else {}))
    if well:
        _send(batch_succeeded, batch, "success", "All went well")
    _send(batch_ended, batch, "success" if well else "error", f"{END_WORDS[batch.state]}: {in_words(batch)}")


def in_words(batch: JobBatch) -> str:
    """A batch's outcomes as a person says them: "1,000 products: 990 updated, 10 failed"."""
    counts = ", ".join(f"{number:,} {name}" for name, number in batch.outcomes.items() if number)
    if batch.total == 1:
        return f"1 product: {counts}"
    return f"{batch.total:,} products: {counts}"


def _set(batch: JobBatch, **values: Any) -> None:
    db.session.execute(
        update(JobBatch)
        .where(JobBatch.id == batch.id)
        .values(**values)
        .execution_options(synchronize_session=False)
    )
    db.session.refresh(batch)


def _send(signal: Signal, batch: JobBatch, status: str, message: str) -> None:
    logger.info("batch %s run=%d %s", batch.id, batch.run, message)
    db.session.add(
        SyncLog(
            shop_id=batch.shop_id,
            batch_id=batch.id,
            operation="batch",
            status=status,
            message=f"{batch.name}: {message}",
            attempt=batch.run,
        )
    )
    for receiver in signal.receivers_for(batch):
        try:
            with db.session.begin_nested():
                receiver(batch)
        except Exception:  # the batch goes on: it must not depend on who listens
            logger.exception("a receiver of batch %s failed", batch.id)
