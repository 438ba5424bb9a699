"""How runs end: rows, items, counters, logs and failures, in one commit for a group (R2, R3, R8, R11)."""

from __future__ import annotations

import traceback
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from flask import current_app
from sqlalchemy import select

from ppm_web.extensions import db
from ppm_web.models import ItemOutcome, Product, ProductSyncStatus, SyncState, now
from ppm_web.services.errors import NotYetError, SyncError, SyncFailedError
from ppm_web.services.ledger import claims, failures, items, tries
from ppm_web.services.ledger.claims import ClaimLostError, Held, StatusModel
from ppm_web.services.ledger.endings import Ending, is_temporary, message_of
from ppm_web.services.ledger.items import Settled
from ppm_web.services.ledger.log_lines import is_logged, log_row
from ppm_web.services.ledger.tries import Run, SyncResult


def settle(endings: Sequence[Ending], *, tell_lost: bool = True) -> list[Ending]:
    """End runs of one group (one shop, one claim) in one commit; returns those that were still ours.

    A row runs again when a request or an edit came during the run (R4), or when a retry in 30 and
    60 s can help (R1). ``tell_lost``: log those that someone else has.
    """
    rows = claims.held([ending.run.claim for ending in endings])
    revisions = _revisions(endings)
    for ending in endings:
        if tell_lost and ending.run.claim.status_id not in rows:
            tries.log_lost(ending.run, ClaimLostError("the lease ran out"))
    ours = [ending for ending in endings if ending.run.claim.status_id in rows]
    claims.write_rows([_settled_row(ending, rows[ending.run.claim.status_id], revisions) for ending in ours])
    db.session.add_all([log_row(ending) for ending in ours if is_logged(ending)])
    _settle_items(ours)
    _settle_failures(ours)
    db.session.commit()
    for ending in ours:
        _log_line(ending)
    return ours


def as_failure(ending: Ending) -> SyncFailedError | None:
    """The error that a job of this run raises; None when it did not fail."""
    if isinstance(ending.came, SyncResult | NotYetError):
        return None
    failed = SyncFailedError(message_of(ending.came), ending.run.claim.status_id, final=ending.final)
    failed.__cause__ = ending.came
    return failed


def _revisions(endings: Sequence[Ending]) -> dict[int, int]:
    """Product id → its revision now, to see which were edited during their run."""
    ids = [ending.run.product_id for ending in endings if ending.run.product_id is not None]
    rows = db.session.execute(select(Product.id, Product.revision).where(Product.id.in_(ids))).all()
    return {row.id: row.revision for row in rows}


def _settled_row(
    ending: Ending, row: Held, revisions: Mapping[int, int]
) -> tuple[StatusModel, int, dict[str, Any]]:
    """What is to be written to the row of an ending, which learns when it runs again."""
    run, came = ending.run, ending.came
    values: dict[str, Any] = {
        "claim_token": None,
        "lease_until": None,
        "last_requests": row.last_requests + run.requests,
    } | run.keep
    if isinstance(came, SyncResult):
        edited = revisions.get(run.product_id or 0, came.revision) > came.revision
        again = edited or row.requested_revision > run.claim.revision
        ending.due = now() if again else None
        values |= _success_values(run, came, row, edited=edited, again=again)
    elif isinstance(came, NotYetError):
        ending.due = now() + timedelta(seconds=came.seconds)
        values |= {"state": SyncState.PENDING, "not_before": ending.due, "message": came.message}
        values |= {"attempts": run.claim.attempt - 1}
    else:
        newer = row.requested_revision > run.claim.revision
        ending.due = _newer_at(came) if newer else _retry_at(came, run.claim.attempt, row.requested_at)
        ending.final = ending.due is None
        values |= _failure_values(run, came, row, due=ending.due, newer=newer)
    return run.claim.model, run.claim.status_id, values


def _success_values(run: Run, result: SyncResult, row: Held, *, edited: bool, again: bool) -> dict[str, Any]:
    values: dict[str, Any] = {
        "state": SyncState.PENDING if again else SyncState.SYNCED,
        "requested_revision": row.requested_revision + (1 if edited else 0),
        "requested_at": now() if edited else row.requested_at,
        "force": bool(row.force) and again and not edited,
        "force_stock": bool(row.force_stock) and again and not edited,
        "settled_revision": run.claim.revision,
        "not_before": None,
        "attempts": 0,
        "retry_count": 0,
        "payload_hash": result.checksum,
        "pushed": result.pushed,
        "sending": None,
        "conflicts": None,
        "pushed_revision": result.revision,
        "outcome": result.outcome,
        "message": result.message,
        "error_code": "",
        "last_success_at": now(),
    }
    if run.claim.model is ProductSyncStatus:
        values["pushed_settings"] = result.settings_revision
    return values


def _failure_values(
    run: Run, error: Exception, row: Held, *, due: datetime | None, newer: bool
) -> dict[str, Any]:
    values: dict[str, Any] = {
        "retry_count": row.retry_count + 1,
        "error_code": getattr(error, "code", "internal"),
        "not_before": due,
    }
    if due is not None:
        values["state"] = SyncState.PENDING
        values["attempts"] = 0 if newer else run.claim.attempt
        values["message"] = (
            f"Try {run.claim.attempt} of {current_app.config['SYNC_TRIES']} failed: {message_of(error)}"
        )
        return values
    return values | {
        "state": error.state if isinstance(error, SyncError) else SyncState.ERROR,
        "settled_revision": run.claim.revision,
        "outcome": _failed_outcome(error).value,
        "message": _final_message(run, error),
        "force": False,
        "force_stock": False,
        "conflicts": getattr(error, "conflicts", None),
    }


def _failed_outcome(error: Exception) -> ItemOutcome:
    conflict = isinstance(error, SyncError) and error.state is SyncState.CONFLICT
    return ItemOutcome.CONFLICT if conflict else ItemOutcome.FAILED


def _final_message(run: Run, error: Exception) -> str:
    if run.claim.attempt == 1:
        return f"Job failed after 1 attempt: {message_of(error)}"
    return f"Job failed after {run.claim.attempt} attempts: {message_of(error)}"


def _retry_at(error: Exception, attempt: int, requested_at: datetime | None) -> datetime | None:
    """When the next try is due; None when the tries or the 24 hours are used up, or none can help."""
    if not is_temporary(error) or attempt >= current_app.config["SYNC_TRIES"]:
        return None
    backoff = current_app.config["SYNC_BACKOFF"]
    wait = getattr(error, "retry_after", None) or backoff[min(attempt, len(backoff)) - 1]
    due = now() + timedelta(seconds=wait)
    window = timedelta(hours=current_app.config["RETRY_WINDOW_HOURS"])
    return due if requested_at is None or due <= requested_at + window else None


def _newer_at(error: Exception) -> datetime:
    """When a newer request is served after a failed run: at once, but for a change that got no answer.

    PHP goes on when the client has gone: what it saves late must not overwrite what is sent next.
    """
    wait = current_app.config["SYNC_BACKOFF"][0] if getattr(error, "unanswered", False) else 0
    return now() + timedelta(seconds=wait)


def _settle_items(endings: Sequence[Ending]) -> None:
    """Count what ended in every batch that wants it; what is tried again waits there, too."""
    products = [ending for ending in endings if ending.run.product_id is not None]
    settled: dict[int, Settled] = {}
    for ending in products:
        run, came = ending.run, ending.came
        if isinstance(came, SyncResult):
            settled[run.claim.status_id] = Settled(
                run.claim.revision, ItemOutcome(came.outcome), came.message
            )
        elif ending.final:
            message = f"{run.thing}: {_final_message(run, came)}"
            settled[run.claim.status_id] = Settled(run.claim.revision, _failed_outcome(came), message)
    items.settle(settled)
    items.give_back([ending.run.claim.status_id for ending in products if ending.due is not None])


def _settle_failures(endings: Sequence[Ending]) -> None:
    done = [ending.run for ending in endings if isinstance(ending.came, SyncResult) or ending.final]
    if done:
        failures.change(
            done[0].shop_id,
            product_ids=[run.product_id for run in done if run.product_id is not None],
            category_ids=[run.category_id for run in done if run.category_id is not None],
            failed=[_failure(ending.run, ending.came) for ending in endings if ending.final],
        )


def _failure(run: Run, error: Any) -> failures.Failure:
    return failures.Failure(
        job="sync_product" if run.product_id is not None else "sync_category",
        arguments=[run.claim.status_id],
        shop_id=run.shop_id,
        product_id=run.product_id,
        category_id=run.category_id,
        batch_id=run.claim.batch_id,
        error_class=type(error).__name__,
        code=str(getattr(error, "code", "internal")),
        temporary=is_temporary(error),
        message=_final_message(run, error),
        cause=message_of(error),
        thing=run.thing,
        trace="".join(traceback.format_exception(error)),
        answer=str(getattr(error, "answer", "")),
        attempts=run.claim.attempt,
    )


def _log_line(ending: Ending) -> None:
    if isinstance(ending.came, SyncResult):
        tries.log_success(ending.run, ending.came)
    elif isinstance(ending.came, NotYetError):
        tries.log_wait(ending.run, ending.came.message)
    else:
        tries.log_failure(ending.run, message_of(ending.came), final=ending.final)
