"""What failed for good: one row for each thing and shop, counted by cause (R3)."""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass
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
    batch_id: str | None
    error_class: str
    code: str
    temporary: bool
    message: str
    cause: str
    thing: str
    trace: str
    answer: str
    attempts: int


def change(
    shop_id: int,
    *,
    product_ids: Collection[int] = (),
    category_ids: Collection[int] = (),
    failed: Sequence[Failure] = (),
) -> None:
    """Take things' failures off the list and put new ones on it, in the open transaction.

    The causes are counted last and in one order, so that two groups that end at once do not wait
    for each other.
    """
    counts: Counter[str] = Counter()
    for column, ids in ((FailedJob.product_id, product_ids), (FailedJob.category_id, category_ids)):
        if ids:
            counts.subtract(
                db.session.scalars(
                    delete(FailedJob)
                    .where(FailedJob.shop_id == shop_id, column.in_(list(ids)))
                    .returning(FailedJob.fingerprint)
                    .execution_options(synchronize_session=False)
                ).all()
            )
    marks = {fingerprint(failure): failure for failure in failed}
    for failure in failed:
        _add(failure)
        counts[fingerprint(failure)] += 1
    db.session.flush()
    for mark in sorted(counts):
        _count(shop_id, mark, counts[mark], marks.get(mark))


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


def forget(failure_ids: Collection[int]) -> int:
    """Take the failures with these ids off the list, and commit; returns how many were there.

    What another transaction takes off just now is left to it: so nobody waits for rows, and the
    causes, counted in one order, are all that is waited for.
    """
    mine = select(FailedJob.id).where(FailedJob.id.in_(list(failure_ids))).with_for_update(skip_locked=True)
    gone = db.session.execute(
        delete(FailedJob)
        .where(FailedJob.id.in_(db.session.scalars(mine).all()))
        .returning(FailedJob.shop_id, FailedJob.fingerprint)
        .execution_options(synchronize_session=False)
    ).all()
    counts = Counter((row.shop_id, row.fingerprint) for row in gone)
    for shop_id, mark in sorted(counts):
        _count(shop_id, mark, -counts[shop_id, mark], None)
    db.session.commit()
    return len(gone)


def fingerprint(failure: Failure) -> str:
    """What failures of one cause share: error, code and message without names and numbers."""
    text = failure.cause.replace(failure.thing, "*") if failure.thing else failure.cause
    text = re.sub(r"'[^']*'|\"[^\"]*\"", "*", text)
    text = re.sub(r"\d+", "0", text)
    return hashlib.sha256(f"{failure.error_class}|{failure.code}|{text}".encode()).hexdigest()


def _add(failure: Failure) -> None:
    db.session.add(
        FailedJob(
            job=failure.job,
            arguments=failure.arguments,
            shop_id=failure.shop_id,
            product_id=failure.product_id,
            category_id=failure.category_id,
            batch_id=failure.batch_id,
            error_class=failure.error_class,
            code=failure.code,
            temporary=failure.temporary,
            message=failure.message,
            trace=failure.trace[-TRACE_LIMIT:],
            answer=failure.answer,
            fingerprint=fingerprint(failure),
            attempts=failure.attempts,
            failed_at=now(),
        )
    )


def _count(shop_id: int, mark: str, by: int, seen: Failure | None) -> None:
    """Change the count of a cause; ``seen`` is a failure of it that was just met."""
    if seen is not None:
        moment = now()
        values = {"shop_id": shop_id, "fingerprint": mark, "code": seen.code, "message": seen.cause}
        values |= {"count": by, "first_seen_at": moment, "last_seen_at": moment}
        changes = {"count": FailureCause.count + by, "last_seen_at": moment}
        upsert(FailureCause, values, ["shop_id", "fingerprint"], changes)
    elif by:
        db.session.execute(
            update(FailureCause)
            .where(FailureCause.shop_id == shop_id, FailureCause.fingerprint == mark)
            .values(count=FailureCause.count + by)
            .execution_options(synchronize_session=False)
        )
    if by < 0:
        db.session.execute(
            delete(FailureCause)
            .where(FailureCause.shop_id == shop_id, FailureCause.fingerprint == mark, FailureCause.count <= 0)
            .execution_options(synchronize_session=False)
        )
