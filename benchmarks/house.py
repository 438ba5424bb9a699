"""A PPM of its own for a group of figures: database, broker, practice shops and workers, all ended with it.

SQLite and the embedded broker in a temporary folder, unless ``PPM_BENCH_DATABASE_URL`` (a PostgreSQL
server where databases may be made) or ``PPM_BENCH_REDIS_URL`` says otherwise.
"""

from __future__ import annotations

import os
import secrets
import sys
import tempfile
import time
import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from flask import Flask
from flask_migrate import upgrade
from sqlalchemy import create_engine, make_url, text

from jobs.worker import work_commands
from ppm_web import broker, create_app, queue
from ppm_web.cli.processes import NotReadyError, Processes, Program
from ppm_web.cli.programs import ROOT, worker_program
from ppm_web.extensions import db

DATABASE_SERVER = os.environ.get("PPM_BENCH_DATABASE_URL", "")
BROKER_SERVER = os.environ.get("PPM_BENCH_REDIS_URL", "")
START_SECONDS = 60
"""How long a process may take until it is ready, on a slow machine."""


class CommandFailedError(RuntimeError):
    """A flask command did not do what it was asked; the message holds what it said."""


class House:
    """A PPM, with this process inside its application context."""

    def __init__(self, app: Flask, folder: Path, environment: dict[str, str]) -> None:
        self.app = app
        self.folder = folder
        self.environment = environment
        self._running: list[Processes] = []

    @property
    def broker_url(self) -> str:
        """Where the broker listens."""
        return BROKER_SERVER or broker.broker_url(self.folder)

    def command(self, *arguments: str) -> str:
        """Run a flask command in this process and return what it printed. Raises CommandFailedError."""
        result = self.app.test_cli_runner().invoke(args=list(arguments))
        if result.exit_code:
            raise CommandFailedError(f"flask {' '.join(arguments)}: {result.output} {result.exception or ''}")
        return result.output

    @contextmanager
    def workers(self, count: int, **extra: str) -> Iterator[list[int]]:
        """That many workers, as ``flask queue work`` starts them, listening; gives their process ids.

        ``extra`` variables stand in their environment.
        """
        programs = [worker_program(number, self._log(f"worker-{number}")) for number in range(1, count + 1)]
        with self.started(*programs, extra=extra) as processes:
            self.until(lambda: queue.worker_count() == count, START_SECONDS, f"{count} workers")
            yield processes.pids

    @contextmanager
    def shops(self, *options: Sequence[str]) -> Iterator[list[str]]:
        """Practice shops, as ``flask practice-shop`` with those options starts them; gives their URLs."""
        logs = [self._log(f"shop-{number}") for number in range(1, len(options) + 1)]
        command = (sys.executable, "-m", "flask", "practice-shop", "--port", "0")
        programs = [
            Program(log.stem, (*command, *each), log) for log, each in zip(logs, options, strict=True)
        ]
        with self.started(*programs):
            self.until(lambda: all(map(_address, logs)), START_SECONDS, "a practice shop")
            yield [_address(log) for log in logs]

    @contextmanager
    def started(self, *programs: Program, extra: Mapping[str, str] | None = None) -> Iterator[Processes]:
        """Programs with the house's settings, and ``extra`` variables; ended with the block."""
        with Processes(self.environment | dict(extra or {}), ROOT) as processes:
            self._running.append(processes)
            try:
                processes.start(*programs)
                yield processes
            finally:
                self._running.remove(processes)

    def until(self, condition: Callable[[], bool], seconds: float, what: str, every: float = 0.05) -> None:
        """Look every so many seconds until ``condition`` holds.

        Raises NotReadyError, ProcessEndedError when one of the processes ended, and StopRequestedError.
        """
        deadline = time.monotonic() + seconds
        while not condition():
            for processes in self._running:
                processes.check()
            if time.monotonic() > deadline:
                raise NotReadyError(f"{what}: not done after {seconds:g} seconds")
            time.sleep(every)

    def empty_broker(self) -> None:
        """Delete every key of ours in the broker. No worker may run."""
        connection = queue.connection()
        for key in connection.scan_iter(f"{os.environ['RQ_KEY_PREFIX']}*", count=1000):
            connection.delete(key)

    def _log(self, name: str) -> Path:
        return self.folder / f"{name}.log"


@contextmanager
def open_house() -> Iterator[House]:
    """A house with an empty, migrated database; everything that it holds is gone at the end."""
    with tempfile.TemporaryDirectory(prefix="ppm-bench-") as name, _database(Path(name)) as url:
        settings = {
            "SECRET_KEY": secrets.token_urlsafe(32),
            "DATABASE_URL": url,
            "REDIS_URL": BROKER_SERVER,
            "BROKER_FOLDER": name,
            "ALLOW_PRIVATE_SHOPS": True,
        }
        app = create_app(settings)
        work_commands(app)
        house = House(app, Path(name), _environment(settings))
        with app.app_context(), _clean_broker(house):
            upgrade()
            db.session.remove()
            try:
                yield house
            finally:
                db.session.remove()
                db.engine.dispose()


@contextmanager
def _database(folder: Path) -> Iterator[str]:
    if not DATABASE_SERVER:
        yield f"sqlite:///{folder / 'ppm.sqlite3'}"
        return
    name = f"ppm_bench_{uuid.uuid4().hex[:12]}"
    _on_server(f"CREATE DATABASE {name}")
    try:
        yield make_url(DATABASE_SERVER).set(database=name).render_as_string(hide_password=False)
    finally:
        _on_server(f"DROP DATABASE {name} WITH (FORCE)")


def _on_server(statement: str) -> None:
    url = make_url(DATABASE_SERVER).set(database="postgres", drivername="postgresql+psycopg")
    engine = create_engine(url, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(text(statement))
    engine.dispose()


@contextmanager
def _clean_broker(house: House) -> Iterator[None]:
    """The broker without any key of ours, before and after; the embedded one is ended."""
    house.empty_broker()
    try:
        yield
    finally:
        house.empty_broker()
        queue.connection().close()
        if not BROKER_SERVER:
            broker.stop(house.folder)


def _environment(settings: dict[str, Any]) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("PPM_")}
    return kept | {
        f"PPM_{key}": "1" if value is True else str(value) for key, value in settings.items() if value
    }


def _address(log: Path) -> str:
    """What a practice shop says about where it listens; "" as long as it does not."""
    told = log.read_text(errors="replace") if log.exists() else ""
    return told.partition("listens at ")[2].split("\n")[0].rstrip("/") if "\n" in told else ""
