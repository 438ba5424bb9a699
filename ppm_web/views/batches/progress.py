"""How far a batch is: the same cost for 100 products and for 100,000, for only its counters are read."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

from flask_babel import gettext, ngettext
from sqlalchemy.orm import defer, joinedload

from ppm_web.extensions import db, reading
from ppm_web.models import BatchState, JobBatch, PrestaShopShop, now
from ppm_web.queue import QueueUnavailableError
from ppm_web.services.batches import reports as batch_reports
from ppm_web.views.web.display import number

POLL_SECONDS: Final = 2
HELD_UP_POLL_SECONDS: Final = 5
SHORTEST: Final = timedelta(seconds=10)
"""A rate that was measured for less is chance: products end in groups."""


@dataclass(frozen=True, slots=True)
class Progress:
    """Where a batch stands.

    held_up       why it does not go on, "" while it does
    rate          products a minute; None while that is not known
    left          until its end at that rate; None while that is not known
    seen          when somebody began to look on and how many had ended, for the next poll to bring back
    poll_seconds  how often to look again; None, so never, when it has ended
    """

    batch: JobBatch
    held_up: str
    rate: float | None
    left: timedelta | None
    seen: str
    poll_seconds: int | None


@dataclass(frozen=True, slots=True)
class Seen:
    """How many products had ended at a moment (UTC)."""

    processed: int
    at: datetime

    @classmethod
    def read(cls, text: str) -> Seen | None:
        """What a poll brought back; None for nothing that can be read."""
        if (found := re.fullmatch(r"(\d{1,9})-(\d{1,10})", text, re.ASCII)) is None:
            return None
        return cls(int(found[1]), datetime.fromtimestamp(int(found[2]), UTC))

    def __str__(self) -> str:
        return f"{self.processed}-{int(self.at.timestamp())}"


def find(batch_id: str) -> JobBatch | None:
    """The batch with its shop, read anew. Leaves no transaction open."""
    if "\0" in batch_id:
        return None  # PostgreSQL cannot hold it
    shop = joinedload(JobBatch.shop)
    with reading():
        return db.session.get(
            JobBatch,
            batch_id,
            options=[shop.options(defer(PrestaShopShop.profile), defer(PrestaShopShop.encrypted_key))],
            populate_existing=True,
        )


def progress_of(batch: JobBatch, seen: Seen | None) -> Progress:
    """How far the batch is, ``seen`` being what the page saw of it before. Asks the broker for workers."""
    held_up = _held_up(batch)
    goes_on = batch.state in (BatchState.WAITING, BatchState.RUNNING) and not held_up
    rate = _rate(batch, seen) if goes_on else None
    return Progress(
        batch=batch,
        held_up=held_up,
        rate=rate,
        left=timedelta(minutes=(batch.waiting + batch.running) / rate) if rate else None,
        seen=str(seen if seen is not None and goes_on else Seen(batch.processed, now())),
        poll_seconds=None
        if batch_reports.ended(batch)
        else HELD_UP_POLL_SECONDS
        if held_up
        else POLL_SECONDS,
    )


def in_words(time: timedelta) -> str:
    """A length of time as people say it: less than a minute, 12 minutes, 3 h 20 min."""
    minutes = round(time.total_seconds() / 60)
    if minutes < 1:
        return str(gettext("less than a minute"))
    if minutes < 60:
        return str(ngettext("%(num)s minute", "%(num)s minutes", minutes))
    return str(gettext("%(hours)s h %(minutes)s min", hours=number(minutes // 60), minutes=minutes % 60))


def _held_up(batch: JobBatch) -> str:
    try:
        return batch_reports.held_up_by(batch, batch.shop)
    except QueueUnavailableError:
        return str(gettext("The queue cannot be reached: the batch goes on when it is back"))


def _rate(batch: JobBatch, seen: Seen | None) -> float | None:
    """Products a minute since the page was opened, else since the first run began.

    What was unchanged or skipped counts as done before the run began, as most of it was. Later
    runs begin with what the ones before them did, which is not known apart.
    """
    first_run = batch.started_at is not None and batch.run == 1
    began = (
        Seen(batch.unchanged + batch.skipped, batch.started_at) if first_run and batch.started_at else None
    )
    for since in (seen, began):
        if since is None or since.processed >= batch.processed:
            continue
        if (passed := now() - since.at) >= SHORTEST:
            return (batch.processed - since.processed) / (passed.total_seconds() / 60)
    return None
