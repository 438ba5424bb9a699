"""The worker: RQ's forking one, with the app loaded before it forks and the sweep in its parent."""

from __future__ import annotations

import gc
import logging
import os
from collections.abc import Sequence
from typing import Any

import click
from flask import Flask, current_app
from flask.cli import with_appcontext
from rq import Queue, Worker
from rq.exceptions import StopRequested
from rq.job import Job
from rq.scheduler import RQScheduler

from jobs import (
    delete_failures,
    probe_shop,
    retry_failures,
    run_schedule,
    sync_category,
    sync_group,
    sync_product,
)
from ppm_web import queue
from ppm_web.extensions import db
from ppm_web.services.upkeep.sweep import sweep

PRELOADED = (
    *(sync_product, sync_category, sync_group, probe_shop),
    *(retry_failures, delete_failures, run_schedule),
)
"""The job modules are imported before the fork: each job would load the whole app otherwise."""

logger = logging.getLogger("ppm.worker")


class TicketScheduler(RQScheduler):
    """RQ's process for delayed tickets. It ends when its worker is gone, however that died: RQ's own goes on
    for ever, on old code after an upgrade."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.worker_pid = os.getpid()

    def heartbeat(self) -> None:
        """Called every second or so, in the process of its own."""
        if os.getppid() != self.worker_pid:
            self.request_stop()  # type: ignore[no-untyped-call]  # RQ types it not
        super().heartbeat()  # type: ignore[no-untyped-call]


class PpmWorker(Worker):
    """Runs PPM's tickets in a child process each, inside an application context."""

    app: Flask

    def main_work_horse(self, job: Job, queue: Queue) -> None:
        """The child's life: it must not use the parent's database connections."""
        with self.app.app_context():
            db.engine.dispose(close=False)
        super().main_work_horse(job, queue)

    def perform_job(self, job: Job, queue: Queue, *args: object) -> bool:
        """Run the job and its callbacks with the app."""
        with self.app.app_context():
            return bool(super().perform_job(job, queue, *args))  # type: ignore[arg-type]

    def _start_scheduler(
        self, burst: bool = False, logging_level: str | None = "INFO", *formats: Any, **options: Any
    ) -> None:
        if burst:
            super()._start_scheduler(burst, logging_level, *formats, **options)
            return
        self.scheduler = TicketScheduler(
            self.queues, connection=self.connection, logging_level=logging_level, serializer=self.serializer
        )
        self.scheduler.acquire_locks(auto_start=True)  # type: ignore[no-untyped-call]

    def run_maintenance_tasks(self) -> None:
        """RQ's own, and the sweep. A broker or database that is away now is met by the next one."""
        first = self.last_cleaned_at is None
        super().run_maintenance_tasks()  # type: ignore[no-untyped-call]  # RQ types it not
        with self.app.app_context():
            try:
                sweep(0 if first else self.app.config["SWEEP_SECONDS"])
            except StopRequested:
                raise  # the worker was told to end
            except Exception:  # a sweep must not end the worker; it is logged, and comes again
                logger.exception(
                    "the sweep failed; the next one is in %s s", self.app.config["SWEEP_SECONDS"]
                )
            finally:
                db.session.remove()


def make_worker(
    app: Flask, queues: Sequence[str] = queue.QUEUES, worker_class: type[PpmWorker] = PpmWorker
) -> PpmWorker:
    """A worker on ``queues``, served in that order. Needs the app's context."""
    every = app.config["SWEEP_SECONDS"]
    worker = worker_class(
        [queue.rq_queue(name) for name in queues],
        connection=queue.connection(),
        job_class=queue.Ticket,
        serializer="json",
        maintenance_interval=every,
        job_monitoring_interval=queue.HEARTBEAT_SECONDS,
        worker_ttl=every + 15,  # RQ waits worker_ttl - 15 s for a job before it looks after the rest
    )
    worker.app = app
    return worker


def work_commands(app: Flask) -> None:
    """Add ``queue work`` and ``queue listen`` to the app's ``queue`` commands."""
    group = app.cli.commands["queue"]
    if not isinstance(group, click.Group):
        raise TypeError("the queue commands are no group")
    group.add_command(work)
    group.add_command(work, "listen")


@click.command()
@click.option("--burst", is_flag=True, help="End when every queue is empty.")
@click.option("--queue", "names", multiple=True, help="Serve only this queue; may be given several times.")
@with_appcontext
def work(burst: bool, names: tuple[str, ...]) -> None:
    """Work on the queues until stopped (Ctrl-C or SIGTERM lets the running job end)."""
    app: Flask = current_app._get_current_object()  # type: ignore[attr-defined]
    try:
        queues = [queue.queue_name(name) for name in names] or list(queue.QUEUES)
        worker = make_worker(app, queues)
    except (ValueError, queue.QueueUnavailableError) as error:
        click.echo(str(error), err=True)
        raise SystemExit(2 if isinstance(error, ValueError) else 1) from error
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(name)s %(levelname)s %(message)s")
    gc.collect()
    gc.freeze()  # what is loaded by now is shared with the work-horses: their collector leaves it alone
    worker.work(burst=burst, with_scheduler=True, logging_level="INFO")
