"""What failed for good: one row for each thing and shop, counted by cause (R3)."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import delete, func, select, update
from sqlalchemy.orm import joinedload

from ppm_web.extensions import db
from ppm_web.models import FailedJob, FailureCause, now
from ppm_web.services.upserts import upsert

TRACE_LIMIT = 20_000


@dataclass(frozen=True, slots=True)
class Failure:
    """A final failure. ``cause`` is the message without the number of attempts; ``thing`` a SKU or a path."""

    job: str
    arguments: list[Any]
    shop_id: int
    product_id: int | None
    category_id: int | None
    error_class: str
    code: str
    temporary: bool
    message: str
    cause: str
    thing: str
    trace: str
    answer: str
    attempts: int


def record(failure: Failure) -> None:
    """Keep a failure in the open transaction, in place of an earlier one of the same thing."""
    remove_for(failure.shop_id, product_id=failure.product_id, category_id=failure.category_id)
    mark = fingerprint(failure)
    moment = now()
    db.session.add(
        FailedJob(
            job=failure.job,
            arguments=failure.arguments,
            shop_id=failure.shop_id,
            product_id=failure.product_id,
            category_id=failure.category_id,
            error_class=failure.error_class,
            code=failure.code,
            temporary=failure.temporary,
            message=failure.message,
            trace=failure.trace[-TRACE_LIMIT:],
            answer=failure.answer,
            fingerprint=mark,
            attempts=failure.attempts,
            failed_at=moment,
        )
    )
    _count(failure, mark, moment)


def remove_for(shop_id: int, *, product_id: int | None, category_id: int | None) -> None:
    """Take the thing's failure off the list in the open transaction: it was mended or is retried."""
    found = db.session.execute(
        delete(FailedJob)
        .where(
            FailedJob.shop_id == shop_id,
            FailedJob.product_id == product_id,
            FailedJob.category_id == category_id,
        )
        .returning(FailedJob.fingerprint)
    ).scalars()
    for mark in found.all():
        _uncount(shop_id, mark, 1)


def list_failures(limit: int | None = None) -> Sequence[FailedJob]:
    """The failures, newest first, with the shops and products that they name."""
    return db.session.scalars(
        select(FailedJob)
        .options(joinedload(FailedJob.shop), joinedload(FailedJob.product), joinedload(FailedJob.category))
        .order_by(FailedJob.id.desc())
        .limit(limit)
    ).all()


def count_failures() -> int:
    """How many failures there are."""
    return db.session.execute(select(func.count(FailedJob.id))).scalar_one()


def flush_failures() -> int:
    """Forget all failures, and commit; the rows in error stay in error. Returns how many there were."""
    deleted = db.session.execute(delete(FailedJob))
    db.session.execute(delete(FailureCause))
    db.session.commit()
    return int(deleted.rowcount)  # type: ignore[attr-defined]  # a CursorResult, for a DELETE


def fingerprint(failure: Failure) -> str:
    """What failures of one cause share: error, code and message without names and numbers."""
    text = failure.cause.replace(failure.thing, "*") if failure.thing else failure.cause
    text = re.sub(r"'[^']*'|\"[^\"]*\"", "*", text)
    text = re.sub(r"\d+", "0", text)
    return hashlib.sha256(f"{failure.error_class}|{failure.code}|{text}".encode()).hexdigest()


def _count(failure: Failure, mark: str, moment: datetime) -> None:
    values = {
        "shop_id": failure.shop_id,
        "fingerprint": mark,
        "code": failure.code,
        "message": failure.cause,
        "count": 1,
        "first_seen_at": moment,
        "last_seen_at": moment,
    }
    upsert(
        FailureCause,
        values,
        ["shop_id", "fingerprint"],
        {"count": FailureCause.count + 1, "last_seen_at": moment},
    )


def _uncount(shop_id: int, mark: str, by: int) -> None:
    db.session.execute(
        update(FailureCause)
        .where(FailureCause.shop_id == shop_id, FailureCause.fingerprint == mark)
        .values(count=FailureCause.count - by)
    )
    db.session.execute(
        delete(FailureCause).where(
            FailureCause.shop_id == shop_id, FailureCause.fingerprint == mark, FailureCause.count <= 0
        )
    )
