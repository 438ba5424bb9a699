"""Trying again what failed for good (R16, R21)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from sqlalchemy import func, select

from ppm_web.extensions import db, reading
from ppm_web.models import FailedJob, PrestaShopShop
from ppm_web.services.errors import SyncFailedError, SyncRefusedError
from ppm_web.services.sync import requests as sync_requests

PAGE = 100
"""Failures that ``retry_temporary`` looks up at once."""


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


def retry_temporary(by: str) -> Iterator[Retried]:
    """Request again what failed for a temporary cause in active shops, page by page (R18).

    Gives what came of each page. What fails while this runs waits for the next call.
    """
    with reading():
        newest = db.session.scalar(select(func.max(FailedJob.id))) or 0
    last = 0
    while page := _temporary(last, newest):
        result = Retried()
        for failure_id in page:
            failure = db.session.get(FailedJob, failure_id)
            if failure is not None:
                _retry(failure, by, result)
            db.session.commit()
        yield result
        last = page[-1]


def _temporary(after: int, newest: int) -> list[int]:
    with reading():
        return list(
            db.session.scalars(
                select(FailedJob.id)
                .join(PrestaShopShop)
                .where(FailedJob.temporary, PrestaShopShop.active)
                .where(FailedJob.id > after, FailedJob.id <= newest)
                .order_by(FailedJob.id)
                .limit(PAGE)
            )
        )


def _retry(failure: FailedJob, by: str, result: Retried) -> None:
    """The request takes the failure off the list: it comes back if it fails again."""
    try:
        if failure.product_id is not None:
            sync_requests.request_product_sync(failure.product_id, failure.shop_id, by=by)
        elif failure.category_id is not None:
            sync_requests.request_category_sync(failure.category_id, failure.shop_id, by=by)
    except SyncRefusedError as error:
        result.skipped += 1
        result.reasons.append(error.message)
    except SyncFailedError as error:  # sync mode: it was tried here, and failed again
        result.retried += 1
        result.reasons.append(error.message)
    else:
        result.retried += 1
