"""The items of batches and their counters: always in one transaction, so that they add up (R8).

Locks are taken in one order everywhere: status rows, then batches by id, then items.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass

from sqlalchemy import ColumnElement, select, update

from ppm_web.extensions import db
from ppm_web.models import BatchItem, ItemOutcome, JobBatch
from ppm_web.services.ledger import hooks

OPEN = (ItemOutcome.WAITING, ItemOutcome.RUNNING)
CHUNK = 500  # ids in one statement


@dataclass(frozen=True, slots=True)
class Settled:
    """How a run of a row ended: which request it served, and what the items that wanted it count."""

    revision: int
    outcome: ItemOutcome
    message: str


@dataclass(frozen=True, slots=True)
class _Item:
    """An open item, as it is while its batch is locked."""

    id: int
    batch_id: str
    status_id: int
    outcome: ItemOutcome
    requested_revision: int


def settle(ended: Mapping[int, Settled]) -> None:
    """Settle every open item of the rows, in every batch, whose request is not newer (rule 2).

    In the open transaction. A newer request waits for the next run, with its item.
    """
    _change(
        list(ended),
        lambda item: (
            ended[item.status_id] if item.requested_revision <= ended[item.status_id].revision else None
        ),
    )


def give_back(status_ids: Collection[int]) -> None:
    """Let the items of rows that are to be tried again wait, in the open transaction."""
    waiting = Settled(0, ItemOutcome.WAITING, "")
    _change(status_ids, lambda item: waiting if item.outcome is ItemOutcome.RUNNING else None)


def move(batch_id: str, moves: Mapping[int, Settled]) -> None:
    """Move items of one batch, by their ids, to another outcome, in the open transaction.

    Items that are not open any more stay as they are.
    """
    _lock([batch_id])
    items = _open_items(BatchItem.id.in_(list(moves)))
    _write([(item, moves[item.id]) for item in items])


def with_open_items(status_ids: Collection[int]) -> set[int]:
    """Those of the rows that an unfinished batch still wants."""
    found: set[int] = set()
    for chunk in _chunks(status_ids):
        query = select(BatchItem.status_id).where(BatchItem.status_id.in_(chunk), BatchItem.outcome.in_(OPEN))
        found.update(number for number in db.session.scalars(query) if number is not None)
    return found


def _change(status_ids: Collection[int], decide: Callable[[_Item], Settled | None]) -> None:
    for chunk in _chunks(status_ids):
        wanted = BatchItem.status_id.in_(chunk)
        batch_ids = db.session.scalars(
            select(BatchItem.batch_id).where(wanted, BatchItem.outcome.in_(OPEN)).distinct()
        ).all()
        if batch_ids:
            _lock(batch_ids)
            decided = [(item, decide(item)) for item in _open_items(wanted)]
            _write([(item, settled) for item, settled in decided if settled is not None])


def _lock(batch_ids: Iterable[str]) -> None:
    """Take the batches' locks, always in the order of their ids: nobody else counts until the commit.

    ``key_share`` lets rows that refer to a batch (log lines, items) be written meanwhile: without it
    two workers that have each written one would wait for each other.
    """
    query = select(JobBatch.id).where(JobBatch.id.in_(list(batch_ids))).order_by(JobBatch.id)
    db.session.execute(query.with_for_update(key_share=True))


def _open_items(criterion: ColumnElement[bool]) -> list[_Item]:
    """Read after the lock: only now do they stay as they are."""
    rows = db.session.execute(
        select(
            *(BatchItem.id, BatchItem.batch_id, BatchItem.status_id),
            *(BatchItem.outcome, BatchItem.requested_revision),
        )
        .where(criterion, BatchItem.outcome.in_(OPEN))
        .order_by(BatchItem.id)
    ).all()
    return [_Item(row[0], row[1], row[2] or 0, row[3], row[4]) for row in rows]


def _write(changes: list[tuple[_Item, Settled]]) -> None:
    alike: dict[tuple[ItemOutcome, str], list[int]] = defaultdict(list)
    counted: dict[str, Counter[str]] = defaultdict(Counter)
    errors: dict[str, str] = {}
    for item, settled in changes:
        alike[settled.outcome, settled.message].append(item.id)
        counted[item.batch_id][item.outcome.value] -= 1
        counted[item.batch_id][settled.outcome.value] += 1
        if settled.outcome in (ItemOutcome.FAILED, ItemOutcome.CONFLICT):
            errors.setdefault(item.batch_id, settled.message)
    for (outcome, message), item_ids in alike.items():
        db.session.execute(
            update(BatchItem)
            .where(BatchItem.id.in_(item_ids))
            .values(outcome=outcome, message=message)
            .execution_options(synchronize_session=False)
        )
    for batch_id in sorted(counted):
        count(batch_id, counted[batch_id])
        hooks.fire(batch_id, first_error=errors.get(batch_id, ""))


def count(batch_id: str, changes: Mapping[str, int]) -> None:
    """Change a batch's counters, in the open transaction, by one UPDATE."""
    values = {name: getattr(JobBatch, name) + number for name, number in changes.items() if number}
    if values:
        db.session.execute(
            update(JobBatch)
            .where(JobBatch.id == batch_id)
            .values(values)
            .execution_options(synchronize_session=False)
        )


def _chunks(numbers: Collection[int]) -> Iterable[list[int]]:
    ordered = list(numbers)
    for start in range(0, len(ordered), CHUNK):
        yield ordered[start : start + CHUNK]
