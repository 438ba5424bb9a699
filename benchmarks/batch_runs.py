"""Batches as people start them, run to their end by a house's workers, and timed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select

from benchmarks.house import House
from ppm_web.extensions import db, reading
from ppm_web.models import JobBatch, now
from ppm_web.services.batches.control import bulk_sync
from ppm_web.services.catalog.selections import Selection

SECONDS = 180
"""How long a round may take at most."""

EVERYTHING = Selection(kind="all")


class WrongOutcomeError(RuntimeError):
    """A batch did not come to the end that the figure is about; the message tells its outcomes."""


@dataclass(frozen=True, slots=True)
class Run:
    """What batches that were started together came to, and how long they took as a whole."""

    outcomes: dict[str, int]
    seconds: float

    def expect(self, **outcomes: int) -> Run:
        """The run itself. Raises WrongOutcomeError when it came to anything else."""
        found = {name: number for name, number in self.outcomes.items() if number}
        if found != {name: number for name, number in outcomes.items() if number}:
            raise WrongOutcomeError(f"The batches came to {found} and not to {outcomes}")
        return self


def start(shop_id: int) -> str:
    """Start a batch of all products for a shop; its id. Raises WrongOutcomeError when there is none."""
    batch = bulk_sync(shop_id, EVERYTHING, by="benchmark", confirmed=True)
    if batch is None:
        raise WrongOutcomeError("There was nothing to put into the batch")
    batch_id = batch.id
    db.session.commit()
    return batch_id


def run(house: House, shop_ids: Sequence[int]) -> Run:
    """Start a batch for each of the shops and wait until all have ended."""
    began = now()
    batch_ids = [start(shop_id) for shop_id in shop_ids]
    return wait(house, batch_ids, began)


def wait(house: House, batch_ids: Sequence[str], began: datetime) -> Run:
    """Wait until batches that were started at ``began`` have ended."""
    house.until(lambda: all(row.finished_at for row in _rows(batch_ids)), SECONDS, "a batch")
    rows = _rows(batch_ids)
    outcomes = {name: sum(row.outcomes[name] for row in rows) for name in rows[0].outcomes}
    ended = max(row.finished_at for row in rows if row.finished_at)
    return Run(outcomes, (ended - began).total_seconds())


def processed(batch_id: str) -> int:
    """How many items of a batch have ended by now."""
    return _rows([batch_id])[0].processed


def _rows(batch_ids: Sequence[str]) -> Sequence[JobBatch]:
    with reading():
        return db.session.scalars(
            select(JobBatch).where(JobBatch.id.in_(batch_ids)).execution_options(populate_existing=True)
        ).all()
