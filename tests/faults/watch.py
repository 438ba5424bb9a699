"""Somebody who looks at all batches, several times a second, and adds up."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field

from sqlalchemy import Engine, Row, create_engine, func, select
from sqlalchemy.exc import DBAPIError

from ppm_web.models import BatchItem, BatchState, ItemOutcome, JobBatch

EVERY_SECONDS = 0.2
COUNTERS = {outcome: getattr(JobBatch, outcome.value) for outcome in ItemOutcome}


def engine_of(database_url: str) -> Engine:
    """A way of one's own into the database, that writes nothing."""
    return create_engine(database_url.replace("postgresql://", "postgresql+psycopg://"), pool_pre_ping=True)


@dataclass(frozen=True, slots=True)
class Look:
    """A batch at one moment."""

    id: str
    state: BatchState
    total: int
    counted: dict[ItemOutcome, int]
    items: dict[ItemOutcome, int]

    @property
    def faults(self) -> list[str]:
        """What does not add up."""
        found = []
        if sum(self.counted.values()) != self.total:
            found.append(f"batch {self.id}: {self.counted} is not {self.total}")
        if {outcome: count for outcome, count in self.counted.items() if count} != self.items:
            found.append(f"batch {self.id}: counted {self.counted}, its items are {self.items}")
        return found


@dataclass
class Watch:
    """Looks at every batch each EVERY_SECONDS, in a thread of its own, until ``end``.

    ``polls`` counts the looks, ``away`` those that got no answer from the database, and ``faults``
    says what did not add up.
    """

    engine: Engine
    polls: int = 0
    away: list[str] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._ending = threading.Event()
        self._thread = threading.Thread(target=self._watch, name="watch")
        self._thread.start()

    def end(self) -> None:
        """Stop looking."""
        self._ending.set()
        self._thread.join()
        self.engine.dispose()

    def _watch(self) -> None:
        while not self._ending.wait(EVERY_SECONDS):
            try:
                looks = look(self.engine)
            except DBAPIError as error:
                self.away.append(str(error.orig))
            else:
                self.polls += 1
                self.faults += [fault for seen in looks for fault in seen.faults]


def look(engine: Engine) -> list[Look]:
    """All batches with their counters and their items, of one moment: one statement sees one snapshot."""
    with engine.connect() as connection:
        rows = connection.execute(
            select(
                JobBatch.id,
                JobBatch.state,
                JobBatch.total,
                *COUNTERS.values(),
                BatchItem.outcome.label("outcome"),
                func.count(BatchItem.id).label("items"),
            )
            .join(BatchItem, BatchItem.batch_id == JobBatch.id, isouter=True)
            .group_by(JobBatch.id, BatchItem.outcome)
            .order_by(JobBatch.created_at, JobBatch.id)
        ).all()
    found: dict[str, Look] = {}
    for row in rows:
        seen = found.setdefault(row.id, _look(row))
        if row.outcome is not None:
            seen.items[row.outcome] = row.items
    return list(found.values())


def _look(row: Row[tuple[object, ...]]) -> Look:
    counted = {outcome: getattr(row, outcome.value) for outcome in ItemOutcome}
    return Look(row.id, row.state, row.total, counted, {})
