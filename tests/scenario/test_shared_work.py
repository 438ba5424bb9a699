"""What processes share through the broker and the database: one pace, and each due time once."""

from __future__ import annotations

import multiprocessing
import os
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from multiprocessing.synchronize import Barrier

import pytest
from flask import Flask

from ppm_web import create_app
from ppm_web.extensions import db
from ppm_web.models import PrestaShopShop, Schedule, ScheduleRun, ScheduleRunState
from ppm_web.services.pace import rate as pace_rate
from ppm_web.services.pace.memory import Lane
from ppm_web.services.schedules import plan as schedule_plan
from ppm_web.services.schedules import runs as schedule_runs
from tests.scenario.conftest import HOPELESS_SECONDS
from tests.support import SECRET_KEY

pytestmark = pytest.mark.scenario

START = datetime(2026, 11, 23, 12, 30, tzinfo=UTC)
ROUNDS = 10


def test_processes_share_one_bucket(app: Flask) -> None:
    taking = (
        "from ppm_web import create_app; from ppm_web.models import PrestaShopShop; "
        "from ppm_web.services.pace.memory import Lane; from ppm_web.services.pace.rate import spend; "
        "app = create_app(); app.app_context().push(); "
        "shop = PrestaShopShop(id=7, pace_min=1, pace_rate=1); "
        "[spend(shop, Lane.BULK, 1) for _ in range(5)]"
    )
    environment = os.environ | {
        "PPM_SECRET_KEY": SECRET_KEY,
        "PPM_DATABASE_URL": app.config["DATABASE_URL"],
        "PPM_REDIS_URL": app.config["REDIS_URL"],
    }
    takers = [subprocess.Popen([sys.executable, "-c", taking], env=environment) for _ in range(4)]
    assert [taker.wait(HOPELESS_SECONDS) for taker in takers] == [0, 0, 0, 0]
    wait = pace_rate.wait_for(PrestaShopShop(id=7, pace_min=1, pace_rate=1), Lane.BULK)
    assert wait > 700, "20 of 8 were taken, and 48 come in an hour; without one process it would be 600 s"


def run_in_own_process(settings: dict[str, object], barrier: Barrier) -> None:
    """One of several schedulers: at each round it does what is due, at the same moment as the others."""
    app = create_app(settings)
    with app.app_context():
        for number in range(ROUNDS):
            barrier.wait(HOPELESS_SECONDS)
            schedule_runs.run_due(START + timedelta(days=number + 1))


def test_several_schedulers_at_once_run_each_time_once(app: Flask) -> None:
    schedule_plan.make_rows(START)
    names = ("SECRET_KEY", "DATABASE_URL", "REDIS_URL", "IMAGE_FOLDER")
    settings = {name: app.config[name] for name in names}
    context = multiprocessing.get_context("spawn")
    barrier = context.Barrier(3)
    processes = [context.Process(target=run_in_own_process, args=(settings, barrier)) for _ in range(3)]
    for process in processes:
        process.start()
    for process in processes:
        process.join(HOPELESS_SECONDS)
    assert [process.exitcode for process in processes] == [0, 0, 0]
    assert [run.state for run in runs("nightly")] == [ScheduleRunState.FINISHED] * ROUNDS
    assert [run.state for run in runs("retention")] == [ScheduleRunState.FINISHED] * ROUNDS


def runs(name: str) -> list[ScheduleRun]:
    """The runs of a schedule."""
    return db.session.query(ScheduleRun).join(Schedule).filter(Schedule.name == name).all()
