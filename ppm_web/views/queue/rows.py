"""What the queue's page reads: queues, workers, and schedules with their runs."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from flask_babel import gettext, lazy_gettext, ngettext
from sqlalchemy import func, select

from ppm_web import queue
from ppm_web.extensions import db
from ppm_web.models import (
    Category,
    JobBatch,
    PrestaShopShop,
    Product,
    Schedule,
    ScheduleRun,
    ScheduleRunState,
    now,
)
from ppm_web.queue import QueueStats, WorkerSeen
from ppm_web.services.schedules import plan as schedule_plan
from ppm_web.services.schedules.times import in_words

NAMES: Final = {
    queue.HIGH: lazy_gettext("High"),
    queue.NORMAL: lazy_gettext("Normal"),
    queue.BACKGROUND: lazy_gettext("Background"),
}
JOB_WORDS: Final = {
    "retry-failures": lazy_gettext("retries failed jobs"),
    "delete-failures": lazy_gettext("deletes failed jobs"),
    "probe": lazy_gettext("asks a paused shop how it is"),
    "schedule": lazy_gettext("does a schedule's task"),
}

_THING: Final = re.compile(r"(product|category)-(\d{1,9})-shop-(\d{1,9})-")
_BATCH: Final = re.compile(r"batch-([0-9a-f-]{36})-")


@dataclass(frozen=True, slots=True)
class QueueView:
    """The queues as they are now. ``reached`` is False while the broker is away; ``at_once`` says that
    there is no queue (PPM_QUEUE_MODE=sync)."""

    reached: bool
    at_once: bool
    queues: Sequence[QueueStats]
    workers: Sequence[tuple[WorkerSeen, str]]

    @property
    def busy(self) -> bool:
        """Whether something waits or runs."""
        return any(found.waiting or found.running for found in self.queues)


@dataclass(frozen=True, slots=True)
class ScheduleView:
    """A schedule: when it runs, in words, what came of its last run, and how many times it missed."""

    name: str
    words: str
    row: Schedule
    last_run: ScheduleRun | None
    missed: int
    last_missed: datetime | None


STUCK_SECONDS: Final = 300
"""A queue whose oldest ticket waits longer, although workers are there, does not get on."""


def is_stuck(view: QueueView) -> bool:
    """Whether tickets wait that no worker takes, though there are workers."""
    waits = [found.oldest_wait_seconds for found in view.queues if found.waiting]
    return bool(view.workers) and max(waits, default=0) > STUCK_SECONDS


def queue_view() -> QueueView:
    """The queues, and the workers with what they do in words."""
    if queue.runs_at_once():
        return QueueView(True, True, (), ())
    try:
        stats, workers = queue.stats(), queue.workers()
    except queue.QueueUnavailableError:
        return QueueView(False, False, (), ())
    doing = _doing([worker.ticket_id for worker in workers if worker.ticket_id])
    return QueueView(True, False, stats, [(each, doing.get(each.ticket_id, "")) for each in workers])


def schedule_views() -> list[ScheduleView]:
    """Every schedule, in the order of the settings, in a fixed number of statements."""
    schedule_plan.make_rows(now())
    rows = {row.name: row for row in db.session.scalars(select(Schedule))}
    last, missed = _last_runs(), _missed()
    views = []
    for name, plan in schedule_plan.plans().items():
        row = rows[name]
        times, latest = missed.get(row.id, (0, None))
        views.append(ScheduleView(name, in_words(plan.cron), row, last.get(row.id), times, latest))
    return views


def duration(seconds: int) -> str:
    """A wait in words: 45 s, 12 min, 3 h, 2 days."""
    if seconds >= 2 * 86400:
        return str(ngettext("%(num)s day", "%(num)s days", seconds // 86400))
    for size, word in ((3600, "h"), (60, "min")):
        if seconds >= 2 * size:
            return f"{seconds // size} {word}"
    return f"{seconds} s"


def _doing(ticket_ids: Sequence[str]) -> dict[str, str]:
    """What tickets are about, in words, where that is known; four statements however many they are."""
    things = {ticket_id: found for ticket_id in ticket_ids if (found := _THING.match(ticket_id))}
    batches = {ticket_id: found[1] for ticket_id in ticket_ids if (found := _BATCH.match(ticket_id))}
    names = {
        "product": _names(Product.id, Product.sku, things.values(), "product"),
        "category": _names(Category.id, Category.name, things.values(), "category"),
    }
    shop_ids = {int(found[3]) for found in things.values()}
    query = select(PrestaShopShop.id, PrestaShopShop.name).where(PrestaShopShop.id.in_(shop_ids))
    shops = {row.id: row.name for row in db.session.execute(query)}
    titles = select(JobBatch.id, JobBatch.name).where(JobBatch.id.in_(batches.values()))
    known = {row.id: row.name for row in db.session.execute(titles)}
    told = {
        ticket_id: gettext("batch “%(name)s”", name=known[name])
        for ticket_id, name in batches.items()
        if name in known
    }
    for ticket_id, found in things.items():
        thing, shop = names[found[1]].get(int(found[2])), shops.get(int(found[3]))
        if thing and shop:
            told[ticket_id] = f"{thing} → {shop}"
    return told | _other_jobs(ticket_ids)


def _names(key: Any, name: Any, things: Iterable[re.Match[str]], kind: str) -> dict[int, str]:
    ids = {int(found[2]) for found in things if found[1] == kind}
    return {row[0]: row[1] for row in db.session.execute(select(key, name).where(key.in_(ids)))}


def _other_jobs(ticket_ids: Iterable[str]) -> dict[str, str]:
    return {
        ticket_id: words
        for ticket_id in ticket_ids
        for start, words in JOB_WORDS.items()
        if ticket_id.startswith(start)
    }


def _last_runs() -> dict[int, ScheduleRun]:
    """Schedule id → its newest run; times that it missed are no runs."""
    newest = (
        select(func.max(ScheduleRun.due_at).label("due_at"), ScheduleRun.schedule_id)
        .where(ScheduleRun.state != ScheduleRunState.MISSED)
        .group_by(ScheduleRun.schedule_id)
        .subquery()
    )
    query = select(ScheduleRun).join(
        newest,
        (ScheduleRun.schedule_id == newest.c.schedule_id) & (ScheduleRun.due_at == newest.c.due_at),
    )
    return {run.schedule_id: run for run in db.session.scalars(query)}


def _missed() -> dict[int, tuple[int, datetime]]:
    """Schedule id → how many times it missed, and the last of them."""
    query = (
        select(ScheduleRun.schedule_id, func.count(), func.max(ScheduleRun.due_at))
        .where(ScheduleRun.state == ScheduleRunState.MISSED)
        .group_by(ScheduleRun.schedule_id)
    )
    return {schedule_id: (count, last) for schedule_id, count, last in db.session.execute(query)}
