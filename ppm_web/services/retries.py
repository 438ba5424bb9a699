"""Trying again what failed for good (R16, R21)."""

from __future__ import annotations

from dataclasses import dataclass, field

from sqlalchemy import select

from ppm_web.extensions import db
from ppm_web.models import FailedJob
from ppm_web.services import sync
from ppm_web.services.sync_errors import SyncFailedError, SyncRefusedError


@dataclass(slots=True)
class Retried:
    """How many failures were requested again, how many were not, and why."""

    retried: int = 0
    skipped: int = 0
    reasons: list[str] = field(default_factory=list)


def retry(failure_id: int, by: str) -> Retried:
    """Request one failure again; skipped when it is gone or its shop is not active."""
    failure = db.session.get(FailedJob, failure_id)
    if failure is None:
        return Retried(skipped=1, reasons=[f"There is no failure {failure_id}"])
    result = Retried()
    _retry(failure, by, result)
    return result


def retry_all(by: str) -> Retried:
    """Request every failure again."""
    result = Retried()
    for failure_id in db.session.scalars(select(FailedJob.id).order_by(FailedJob.id)).all():
        failure = db.session.get(FailedJob, failure_id)
        if failure is not None:
            _retry(failure, by, result)
    return result


def _retry(failure: FailedJob, by: str, result: Retried) -> None:
    """The request takes the failure off the list: it comes back if it fails again."""
    try:
        if failure.product_id is not None:
            sync.request_product_sync(failure.product_id, failure.shop_id, by=by)
        elif failure.category_id is not None:
            sync.request_category_sync(failure.category_id, failure.shop_id, by=by)
    except SyncRefusedError as error:
        result.skipped += 1
        result.reasons.append(error.message)
    except SyncFailedError as error:  # sync mode: it was tried here, and failed again
        result.retried += 1
        result.reasons.append(error.message)
    else:
        result.retried += 1
