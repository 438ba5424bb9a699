"""How a run ends: its row, its log line and its failure, in one commit (R2, R3, R11)."""

from __future__ import annotations

import traceback
from datetime import datetime, timedelta
from typing import Any

from flask import current_app
from sqlalchemy import case, select

from ppm_web.extensions import db
from ppm_web.models import Product, SyncLog, SyncState, now
from ppm_web.prestashop.errors import PrestaShopError
from ppm_web.queue import JobTimeoutError
from ppm_web.services import claims, failures
from ppm_web.services.runs import Run, SyncResult, log_failure, log_success, log_wait
from ppm_web.services.sync_errors import NotYetError, SyncError

LOG_TEXT_LIMIT = 4_000
"""Characters of each request and answer that the log keeps."""


def settle_success(run: Run, result: SyncResult) -> bool:
    """End a run that did what was asked; True when one more run follows.

    One follows when a request or an edit came during the run (R4). Raises ClaimLostError.
    """
    model = run.claim.model
    edited = _edited_since(run, result.revision)
    again = model.requested_revision > run.claim.revision
    claims.write(
        run.claim,
        state=SyncState.PENDING if edited else case((again, SyncState.PENDING), else_=SyncState.SYNCED),
        requested_revision=model.requested_revision + (1 if edited else 0),
        requested_at=now() if edited else model.requested_at,
        force=False if edited else case((again, model.force), else_=False),
        settled_revision=run.claim.revision,
        claim_token=None,
        lease_until=None,
        not_before=None,
        attempts=0,
        retry_count=0,
        payload_hash=result.checksum,
        pushed=result.pushed,
        pushed_revision=result.revision,
        outcome=result.outcome,
        message=result.message,
        error_code="",
        last_requests=model.last_requests + run.requests,
        last_success_at=now(),
    )
    failures.remove_for(run.shop_id, product_id=run.product_id, category_id=run.category_id)
    _log(run, operation=result.operation, status="success", message=result.message)
    follows = _state(run) is SyncState.PENDING
    db.session.commit()
    log_success(run, result)
    return follows


def settle_wait(run: Run, wait: NotYetError) -> datetime:
    """Put the row back to wait, with its try given back; returns when it is due."""
    model = run.claim.model
    due = now() + timedelta(seconds=wait.seconds)
    claims.write(
        run.claim,
        state=SyncState.PENDING,
        claim_token=None,
        lease_until=None,
        not_before=due,
        attempts=model.attempts - 1,
        message=wait.message,
        last_requests=model.last_requests + run.requests,
    )
    db.session.commit()
    log_wait(run, wait.message)
    return due


def settle_failure(run: Run, error: Exception) -> datetime | None:
    """Record a failed try: a retry in 30 and 60 s where that can help, else the end (R1, R3).

    Returns when the row is tried again (now, when a newer request waits), None at the end.
    Raises ClaimLostError.
    """
    model = run.claim.model
    requested_at, newer = db.session.execute(
        select(model.requested_at, model.requested_revision > run.claim.revision).where(
            model.id == run.claim.status_id
        )
    ).one()
    message = message_of(error)
    due = now() if newer else _retry_at(error, run.claim.attempt, requested_at)
    common = {
        "claim_token": None,
        "lease_until": None,
        "retry_count": model.retry_count + 1,
        "error_code": getattr(error, "code", "internal"),
        "last_requests": model.last_requests + run.requests,
    }
    if due is not None:
        claims.write(
            run.claim,
            state=SyncState.PENDING,
            not_before=due,
            attempts=0 if newer else model.attempts,
            message=f"Try {run.claim.attempt} of {current_app.config['SYNC_TRIES']} failed: {message}",
            **common,
        )
    else:
        _end(run, error, message, common)
    _log(run, operation="sync", status="error" if due is None else "retry", message=message, error=error)
    db.session.commit()
    log_failure(run, message, final=due is None)
    return due


def is_temporary(error: Exception) -> bool:
    """Whether a retry can help. A job that ran out of time may find the shop quicker next time."""
    return isinstance(error, JobTimeoutError) or bool(getattr(error, "temporary", False))


def message_of(error: Exception) -> str:
    """What went wrong, in plain words."""
    if isinstance(error, PrestaShopError | SyncError):
        return error.message
    if isinstance(error, JobTimeoutError):
        return "the job ran out of time"
    return f"an error inside PPM: {type(error).__name__}: {error}"


def _end(run: Run, error: Exception, message: str, common: dict[str, Any]) -> None:
    state = error.state if isinstance(error, SyncError) else SyncState.ERROR
    final = f"Job failed after {_attempts(run.claim.attempt)}: {message}"
    claims.write(
        run.claim,
        state=state,
        not_before=None,
        settled_revision=run.claim.revision,
        outcome="conflict" if state is SyncState.CONFLICT else "failed",
        message=final,
        force=False,
        **common,
    )
    failures.record(
        failures.Failure(
            job="sync_product" if run.product_id is not None else "sync_category",
            arguments=[run.claim.status_id],
            shop_id=run.shop_id,
            product_id=run.product_id,
            category_id=run.category_id,
            error_class=type(error).__name__,
            code=str(getattr(error, "code", "internal")),
            temporary=is_temporary(error),
            message=final,
            cause=message,
            thing=run.thing,
            trace="".join(traceback.format_exception(error)),
            answer=str(getattr(error, "answer", "")),
            attempts=run.claim.attempt,
        )
    )


def _attempts(count: int) -> str:
    return "1 attempt" if count == 1 else f"{count} attempts"


def _retry_at(error: Exception, attempt: int, requested_at: datetime | None) -> datetime | None:
    """When the next try is due; None when the tries or the 24 hours are used up, or none can help."""
    if not is_temporary(error) or attempt >= current_app.config["SYNC_TRIES"]:
        return None
    backoff = current_app.config["SYNC_BACKOFF"]
    wait = getattr(error, "retry_after", None) or backoff[min(attempt, len(backoff)) - 1]
    due = now() + timedelta(seconds=wait)
    window = timedelta(hours=current_app.config["RETRY_WINDOW_HOURS"])
    return due if requested_at is None or due <= requested_at + window else None


def _edited_since(run: Run, revision: int) -> bool:
    """Whether the product was edited after the run read it."""
    if run.product_id is None:
        return False
    current = db.session.execute(select(Product.revision).where(Product.id == run.product_id)).scalar_one()
    return current > revision


def _state(run: Run) -> SyncState:
    model = run.claim.model
    return db.session.execute(select(model.state).where(model.id == run.claim.status_id)).scalar_one()


def _log(run: Run, *, operation: str, status: str, message: str, error: Exception | None = None) -> None:
    details: dict[str, Any] = {}
    if run.exchanges:
        details["exchanges"] = [_kept(exchange, whole=error is not None) for exchange in run.exchanges]
    if isinstance(error, PrestaShopError):
        details["error"] = error.describe()
    db.session.add(
        SyncLog(
            shop_id=run.shop_id,
            product_id=run.product_id,
            category_id=run.category_id,
            operation=operation,
            status=status,
            message=message,
            attempt=run.claim.attempt,
            requests=run.requests,
            duration_ms=run.milliseconds,
            details=details or None,
        )
    )


def _kept(exchange: dict[str, Any], *, whole: bool) -> dict[str, Any]:
    """An exchange as the log keeps it: texts cut, and of a success no answers, which are long and alike."""
    kept = exchange | {"request_text": exchange["request_text"][:LOG_TEXT_LIMIT]}
    kept["answer_text"] = exchange["answer_text"][:LOG_TEXT_LIMIT] if whole else ""
    return kept
