"""The only module on the web side that knows RQ: queue names, job paths, ``enqueue``.

An RQ job is a ticket that says "work on this row"; SQL holds the truth. Jobs are named by their
dotted path, as RQ stores them, so that nothing here imports them.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Final

os.environ.setdefault("RQ_KEY_PREFIX", "ppm")  # RQ reads it at import: a Redis may be shared

from flask import Flask, current_app
from redis import Redis
from redis.exceptions import RedisError
from rq import Queue, Worker, get_current_job
from rq.exceptions import NoSuchJobError
from rq.job import Job, JobStatus
from rq.timeouts import JobTimeoutException
from rq.utils import import_attribute

from ppm_web import broker

JobTimeoutError = JobTimeoutException
"""What a ticket's job is ended with when its time is up."""

HIGH: Final = "prestashop_high"
NORMAL: Final = "prestashop_sync"
BACKGROUND: Final = "default"
QUEUES: Final = (HIGH, NORMAL, BACKGROUND)
"""In the order in which a worker serves them (R17)."""

HIGH_PRIORITY: Final = 3
"""Priorities up to this one go to the high queue (R1)."""

LOW_PRIORITY: Final = 7
"""A batch's products from this one on go to the background queue (R7)."""

JOBS: Final = {
    "sync_product": "jobs.sync_product.sync_product",
    "sync_category": "jobs.sync_category.sync_category",
    "sync_group": "jobs.sync_group.sync_group",
    "probe_shop": "jobs.probe_shop.probe_shop",
    "retry_failures": "jobs.retry_failures.retry_failures",
    "delete_failures": "jobs.delete_failures.delete_failures",
    "survey_shop": "jobs.survey_shop.survey_shop",
    "run_schedule": "jobs.run_schedule.run_schedule",
}
HEARTBEAT_SECONDS: Final = 10
"""How often a worker says that the ticket it works on is alive."""
_HEARTBEAT_LEFT: Final = 60 - HEARTBEAT_SECONDS
"""RQ keeps a running ticket for a minute more; with less than this left, signs of life are missing."""
FAILED_TICKET_SECONDS: Final = 600
"""How long RQ keeps a failed ticket; what failed and why stands in SQL."""


class QueueUnavailableError(RuntimeError):
    """The broker cannot be reached. The rows stay pending, and the sweep hands them out later."""


class UnknownJobError(RuntimeError):
    """A ticket names a function that is none of our jobs: it is never run."""


class Ticket(Job):
    """An RQ job that runs our own job functions and nothing else.

    JSON arguments are no sandbox: a ticket that names ``os.system`` would run it.
    """

    @property
    def func(self) -> Any:
        if self.func_name not in JOBS.values() or self.instance is not None:
            raise UnknownJobError(f"refused to run {self.func_name!r}: it is none of PPM's jobs")
        return super().func


@dataclass(frozen=True, slots=True)
class QueueStats:
    """One queue: how many tickets wait, run, are delayed, failed; and the oldest wait in seconds."""

    name: str
    waiting: int
    running: int
    delayed: int
    failed: int
    oldest_wait_seconds: int


@dataclass(frozen=True, slots=True)
class WorkerSeen:
    """A worker: the ticket it works on ("" for none), and since when (UTC) it does, or is there."""

    name: str
    state: str
    ticket_id: str
    since: datetime | None


@dataclass(frozen=True, slots=True)
class TicketsOut:
    """Ids of tickets: those that stand in a queue or run, and those that are delayed."""

    ready: set[str]
    delayed: set[str]


def init_app(app: Flask) -> None:
    """Prepare ``app`` for the queue; nothing is started or connected before it is needed."""
    app.extensions["ppm_queue"] = {}


def runs_at_once() -> bool:
    """Whether jobs run at once in this process (``PPM_QUEUE_MODE=sync``, for scripts: R15)."""
    return bool(current_app.config["QUEUE_MODE"] == "sync")


def queue_for(priority: int, forced: str = "") -> str:
    """The queue of a single request: the forced one, else by priority (R1)."""
    if forced:
        return forced
    return HIGH if priority <= HIGH_PRIORITY else NORMAL


def queue_name(text: str) -> str:
    """The queue that a person means by ``text``: its name, or high, normal, background.

    Raises ValueError for anything else.
    """
    names = {"high": HIGH, "normal": NORMAL, "sync": NORMAL, "background": BACKGROUND, "low": BACKGROUND}
    name = names.get(text, text)
    if name not in QUEUES:
        raise ValueError(f"there is no queue {text!r}: choose high, normal or background")
    return name


def enqueue(job: str, *ids: int | str, ticket_id: str, queue: str, at: datetime | None, timeout: int) -> None:
    """Hand out a ticket for ``job`` on the rows ``ids``, at once or ``at`` a time (UTC).

    In sync mode the job runs here and now and raises what it raises; a ticket for later is not
    handed out. Raises QueueUnavailableError when the broker cannot be reached.
    """
    if runs_at_once():
        if at is None:
            import_attribute(JOBS[job])(*ids)
        return
    options = {
        "job_id": ticket_id,
        "job_timeout": timeout,
        "result_ttl": 0,
        "failure_ttl": FAILED_TICKET_SECONDS,
        "description": f"{job}({', '.join(map(str, ids))})",
    }
    with _reaching_the_broker():
        if at is None:
            rq_queue(queue).enqueue(JOBS[job], *ids, **options)
        else:
            rq_queue(queue).enqueue_at(_whole_second(at), JOBS[job], *ids, **options)


def _whole_second(moment: datetime) -> datetime:
    """The next whole second: RQ cuts the rest off, and a ticket that comes too early is in vain."""
    return moment.replace(microsecond=0) + timedelta(seconds=1 if moment.microsecond else 0)


def current_ticket_id() -> str:
    """The id of the ticket that is being worked on; "" outside a worker."""
    job = get_current_job()
    return job.id if job else ""


def ticket_waits(ticket_id: str) -> bool:
    """Whether that ticket stands in its queue or runs. Raises QueueUnavailableError.

    A ticket that a worker took and died with still calls itself queued, so its place is looked up.
    """
    with _reaching_the_broker():
        try:
            ticket = Ticket.fetch(ticket_id, connection=connection(), serializer="json")
            if ticket.get_status() == JobStatus.QUEUED:
                return rq_queue(ticket.origin).get_job_position(ticket_id) is not None
            return ticket.get_status() == JobStatus.STARTED
        except NoSuchJobError:
            return False


def tickets_out(prefix: str) -> TicketsOut:
    """The tickets whose ids begin so. Raises QueueUnavailableError.

    One whose worker gave no sign of life lately is not counted: RQ itself takes over a minute to see it.
    """
    ready: set[str] = set()
    delayed: set[str] = set()
    alive = time.time() + _HEARTBEAT_LEFT
    with _reaching_the_broker():
        for each in (rq_queue(name) for name in QUEUES):
            ready.update(each.get_job_ids())
            delayed.update(each.scheduled_job_registry.get_job_ids(cleanup=False))
            started = each.started_job_registry
            entries: Any = connection().zrangebyscore(started.key, alive, "+inf")
            ready.update(started.parse_job_id(entry.decode()) for entry in entries)
    return TicketsOut(*({name for name in names if name.startswith(prefix)} for names in (ready, delayed)))


def another_waits(name: str) -> bool:
    """Whether a ticket waits in that queue or in one that is served before it."""
    with _reaching_the_broker():
        return any(len(rq_queue(each)) for each in QUEUES[: QUEUES.index(name) + 1])


def connection() -> Redis:
    """The app's connection to its broker; starts the embedded one where no PPM_REDIS_URL is set.

    Raises QueueUnavailableError when there is none to be had.
    """
    kept: dict[str, Redis] = current_app.extensions["ppm_queue"]
    if "connection" not in kept:
        url = current_app.config["REDIS_URL"]
        try:
            url = url or broker.ensure_running(broker_folder())
        except (broker.BrokerError, OSError) as error:
            raise QueueUnavailableError(str(error)) from error
        kept["connection"] = Redis.from_url(url, socket_connect_timeout=5)
    return kept["connection"]


def broker_folder() -> Path:
    """Where the embedded broker keeps its socket and its data: PPM_BROKER_FOLDER or the instance folder."""
    return Path(current_app.config["BROKER_FOLDER"] or current_app.instance_path)


def rq_queue(name: str) -> Queue:
    """The RQ queue of that name, with our serializer and our ticket class."""
    return Queue(name, connection=connection(), serializer="json", job_class=Ticket)


def worker_count() -> int:
    """How many workers are there (running or idle)."""
    with _reaching_the_broker():
        return Worker.count(connection=connection())


def workers() -> list[WorkerSeen]:
    """Every worker, by name. Raises QueueUnavailableError."""
    with _reaching_the_broker():
        found = Worker.all(connection=connection(), serializer="json")
        return sorted((_seen(worker) for worker in found), key=lambda worker: worker.name)


def stats() -> list[QueueStats]:
    """Every queue, in serving order. Raises QueueUnavailableError."""
    with _reaching_the_broker():
        return [_stats_of(rq_queue(name)) for name in QUEUES]


@contextmanager
def _reaching_the_broker() -> Iterator[None]:
    """Turn the broker's own errors into ours."""
    try:
        yield
    except RedisError as error:
        raise QueueUnavailableError(f"the queue cannot be reached: {error}") from error


def _seen(worker: Any) -> WorkerSeen:
    running = next(iter(worker.get_current_executions()), None)
    since = running.created_at if running else worker.birth_date
    return WorkerSeen(worker.name, str(worker.get_state()), running.job_id if running else "", since)


def _stats_of(queue: Queue) -> QueueStats:
    return QueueStats(
        name=queue.name,
        waiting=len(queue),
        running=queue.started_job_registry.get_job_count(cleanup=False),
        delayed=queue.scheduled_job_registry.get_job_count(cleanup=False),
        failed=queue.failed_job_registry.get_job_count(cleanup=False),
        oldest_wait_seconds=_oldest_wait(queue),
    )


def _oldest_wait(queue: Queue) -> int:
    for ticket_id in queue.get_job_ids(length=1):
        try:
            ticket = Ticket.fetch(ticket_id, connection=queue.connection, serializer="json")
        except NoSuchJobError:
            return 0
        if ticket.enqueued_at:
            waited: timedelta = datetime.now(ticket.enqueued_at.tzinfo) - ticket.enqueued_at
            return max(0, int(waited.total_seconds()))
    return 0
