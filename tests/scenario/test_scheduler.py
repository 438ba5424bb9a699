"""The scheduler as a process: it does what is due, ends when told, and outlives a database that is away."""

from __future__ import annotations

import signal
import subprocess
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from flask import Flask

from ppm_web.extensions import db
from ppm_web.models import Schedule, ScheduleRun, ScheduleRunState, now
from tests.scenario.conftest import FLASK, HOPELESS_SECONDS, ROOT, House, until

pytestmark = pytest.mark.scenario

Start = Callable[[], subprocess.Popen[bytes]]


@pytest.fixture
def scheduler(house: House, tmp_path: Path) -> Iterator[Start]:
    """Starts ``flask schedule work`` and gives its process; what it logs is in ``scheduler.log``."""
    started: list[subprocess.Popen[bytes]] = []

    def start() -> subprocess.Popen[bytes]:
        with (tmp_path / "scheduler.log").open("ab") as log:
            started.append(
                subprocess.Popen(
                    [*FLASK, "schedule", "work"], env=house.environment, cwd=ROOT, stdout=log, stderr=log
                )
            )
        return started[-1]

    yield start
    for process in started:
        process.kill()
        process.wait()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_the_scheduler_does_what_is_due_and_ends_at_once_when_told(
    app: Flask, house: House, scheduler: Start, number: signal.Signals, tmp_path: Path
) -> None:
    house.environment["PPM_SCHEDULES"] = '{"sweep": "0 0 1 1 *"}'  # nothing is due in the near future
    house.flask("schedule", "run", "sweep")
    make_due("nightly")
    process = scheduler()
    until(lambda: states("nightly") == [ScheduleRunState.FINISHED])
    process.send_signal(number)
    assert process.wait(HOPELESS_SECONDS) == 0
    assert "the scheduler ends" in (tmp_path / "scheduler.log").read_text()


def test_the_scheduler_outlives_a_database_that_is_away(
    app: Flask, house: House, scheduler: Start, tmp_path: Path
) -> None:
    house.flask("schedule", "list")
    make_due("nightly")
    rename = "ALTER TABLE schedule RENAME TO {}"
    with db.engine.begin() as connection:
        connection.exec_driver_sql(rename.format("schedule_elsewhere"))
    process = scheduler()
    log = tmp_path / "scheduler.log"
    until(lambda: log.exists() and "the next try is in" in log.read_text())
    with db.engine.begin() as connection:
        connection.exec_driver_sql("ALTER TABLE schedule_elsewhere RENAME TO schedule")
    until(lambda: states("nightly") == [ScheduleRunState.FINISHED])
    assert process.poll() is None


def make_due(name: str) -> None:
    """Put the next time of a schedule half a day back."""
    row = db.session.query(Schedule).filter_by(name=name).populate_existing().one()
    row.next_due_at = now() - timedelta(hours=12)
    db.session.commit()


def states(name: str) -> list[ScheduleRunState]:
    found = db.session.query(ScheduleRun.state).join(Schedule).filter(Schedule.name == name)
    listed = [row.state for row in found]
    db.session.commit()
    return listed
