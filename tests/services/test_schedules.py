"""Schedules: each due time once, missed ones as the schedule says, with a clock that the test moves."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from flask import Flask

from ppm_web.extensions import db
from ppm_web.models import (
    FailedJob,
    JobBatch,
    PrestaShopShop,
    Product,
    ProductSyncStatus,
    Schedule,
    ScheduleRun,
    ScheduleRunState,
)
from ppm_web.practice_shop import DEFAULT_KEY
from ppm_web.services.failures import retries
from ppm_web.services.schedules import plan as schedule_plan
from ppm_web.services.schedules import runs as schedule_runs
from ppm_web.services.schedules.plan import ScheduleError
from ppm_web.services.shops.secrets import encrypt
from tests.factories import make_product

START = datetime(2026, 11, 23, 12, 30, tzinfo=UTC)  # 13:30 in Warsaw


@pytest.fixture
def clock() -> Iterator[time_machine.Traveller]:
    """A clock that starts at START and goes on from there."""
    with time_machine.travel(START, tick=True) as traveller:
        yield traveller


@pytest.fixture
def quiet(app: Flask, clock: time_machine.Traveller) -> time_machine.Traveller:
    """The clock, with all schedules made and the sweep off."""
    schedule_plan.set_active("sweep", False)
    return clock


def run_at(clock: time_machine.Traveller, moment: datetime) -> int:
    clock.move_to(moment)
    return schedule_runs.run_due(moment)


def schedule(name: str) -> Schedule:
    db.session.rollback()
    db.session.expire_all()
    found = db.session.query(Schedule).filter_by(name=name).one()
    db.session.commit()
    return found


def runs(name: str) -> list[ScheduleRun]:
    """The runs of a schedule, the earliest due time first."""
    found = db.session.query(ScheduleRun).join(Schedule).filter(Schedule.name == name)
    listed = found.order_by(ScheduleRun.due_at).populate_existing().all()
    db.session.commit()
    return listed


def states(name: str) -> list[tuple[str, str]]:
    return [(f"{run.due_at:%d %H:%M}", run.state.value) for run in runs(name)]


def add_shop(name: str, *, active: bool = True, paused: bool = False) -> PrestaShopShop:
    """A shop that nobody asks anything: what is requested only waits."""
    shop = PrestaShopShop(
        name=name,
        url=f"http://{name.replace(' ', '-').lower()}.example",
        encrypted_key=encrypt(DEFAULT_KEY),
        active=active,
        paused_at=START if paused else None,
    )
    db.session.add(shop)
    db.session.commit()
    return shop


def batches() -> dict[str, str]:
    """Name → who asked for it, of every batch."""
    found = {batch.name: batch.requested_by for batch in db.session.query(JobBatch)}
    db.session.commit()
    return found


def test_the_built_in_schedules_are_made_at_first_use_and_only_once(
    app: Flask, clock: time_machine.Traveller
) -> None:
    assert db.session.query(Schedule).count() == 0, "not when the app is made"
    db.session.commit()
    assert schedule_runs.run_due(START) == 0
    schedule_runs.run_due(START)
    due = {row.name: f"{row.next_due_at:%d %H:%M}" for row in db.session.query(Schedule)}
    assert due == {"nightly": "24 01:00", "retry": "23 17:00", "sweep": "23 12:31", "retention": "24 02:30"}


def test_the_nightly_sync_starts_a_batch_for_each_active_shop_at_two_in_the_morning(
    quiet: time_machine.Traveller,
) -> None:
    make_product()
    for name in ("Shop A", "Shop B"):
        add_shop(name)
    add_shop("Shop C", active=False)
    add_shop("Shop D", paused=True)
    run_at(quiet, datetime(2026, 11, 24, 0, 59, 59, tzinfo=UTC))
    assert batches() == {}
    run_at(quiet, datetime(2026, 11, 24, 1, 0, 5, tzinfo=UTC))
    assert batches() == {f"Nightly sync to Shop {name}": "schedule nightly" for name in "ABD"}
    (run,) = runs("nightly")
    assert (run.state, run.requested_by) == (ScheduleRunState.FINISHED, "schedule")
    assert run.message == "Shop A: 1 product; Shop B: 1 product; Shop D: 1 product"
    assert f"{schedule('nightly').next_due_at:%d %H:%M}" == "25 01:00"


def test_a_shop_whose_last_nightly_batch_has_not_ended_gets_no_other(quiet: time_machine.Traveller) -> None:
    make_product()
    add_shop("Shop A")
    run_at(quiet, START + timedelta(days=1))
    (batch,) = db.session.query(JobBatch).all()
    db.session.commit()
    run_at(quiet, START + timedelta(days=2))
    assert db.session.query(JobBatch).count() == 1
    db.session.commit()
    assert runs("nightly")[-1].message == f"Shop A: none was started, as batch {batch.id} has not ended"
    assert runs("nightly")[-1].state is ScheduleRunState.FINISHED


def test_the_trouble_of_one_shop_is_told_and_stops_no_other(quiet: time_machine.Traveller) -> None:
    make_product()
    for name in ("Shop A", "Shop B", "Shop C"):
        add_shop(name)
    refused = (
        "CREATE TRIGGER refused BEFORE INSERT ON job_batch WHEN NEW.name LIKE '%Shop B' "
        "BEGIN SELECT RAISE(ABORT, 'no room for a secret'); END"
    )
    if db.engine.dialect.name == "postgresql":
        refused = "ALTER TABLE job_batch ADD CONSTRAINT refused CHECK (name NOT LIKE '%%Shop B')"
    with db.engine.begin() as connection:
        connection.exec_driver_sql(refused)
    run_at(quiet, START + timedelta(days=1))
    assert set(batches()) == {"Nightly sync to Shop A", "Nightly sync to Shop C"}
    (run,) = runs("nightly")
    assert run.state is ScheduleRunState.FAILED
    assert run.message == (
        "Shop A: 1 product; Shop B: no batch could be started (IntegrityError); Shop C: 1 product"
    )


def test_nights_that_were_missed_are_made_up_for_by_one_run(quiet: time_machine.Traveller) -> None:
    run_at(quiet, START + timedelta(days=5))
    assert states("nightly") == [("28 01:00", "finished")]
    assert f"{schedule('nightly').next_due_at:%d %H:%M}" == "29 01:00"


def test_times_of_a_schedule_without_catch_up_are_marked_as_missed(quiet: time_machine.Traveller) -> None:
    run_at(quiet, START + timedelta(hours=12))  # 00:30 in UTC: 17:00 and 23:00 have passed
    assert states("retry") == [("23 17:00", "missed"), ("23 23:00", "missed")]
    assert f"{schedule('retry').next_due_at:%d %H:%M}" == "24 05:00"
    assert runs("retry")[0].message == "nothing ran at this time"


def test_a_time_that_passed_a_moment_ago_is_late_and_not_missed(quiet: time_machine.Traveller) -> None:
    run_at(quiet, datetime(2026, 11, 23, 23, 9, tzinfo=UTC))
    assert states("retry") == [("23 17:00", "missed"), ("23 23:00", "finished")]


def test_of_many_missed_times_the_newest_hundred_are_kept(quiet: time_machine.Traveller) -> None:
    run_at(quiet, START + timedelta(days=60))
    assert Counter(run.state for run in runs("retry")) == {ScheduleRunState.MISSED: 100}
    assert f"{runs('retry')[-1].due_at:%m-%d %H:%M}" == "01-22 11:00"


def test_the_sweep_keeps_its_last_run_only_and_no_missed_times(
    app: Flask, clock: time_machine.Traveller
) -> None:
    for minutes in (0, 1, 2, 30):
        run_at(clock, START + timedelta(minutes=minutes, seconds=10))
    assert states("sweep") == [("23 13:00", "finished")]


@pytest.mark.parametrize(
    ("before", "due"),
    [
        (datetime(2026, 3, 28, 12, tzinfo=UTC), "03-29 01:00"),
        (datetime(2026, 10, 24, 12, tzinfo=UTC), "10-25 00:00"),
    ],
)
def test_the_nightly_sync_runs_once_in_a_night_in_which_the_clock_is_changed(
    app: Flask, before: datetime, due: str
) -> None:
    with time_machine.travel(before) as clock:
        schedule_plan.set_active("sweep", False)
        for minutes in range(0, 24 * 60, 15):
            run_at(clock, before + timedelta(minutes=minutes))
    assert [f"{run.due_at:%m-%d %H:%M}" for run in runs("nightly")] == [due]


def test_a_schedule_that_is_off_does_not_run_and_goes_on_with_its_next_time(
    quiet: time_machine.Traveller,
) -> None:
    schedule_plan.set_active("nightly", False)
    run_at(quiet, START + timedelta(days=3))
    assert runs("nightly") == []
    schedule_plan.set_active("nightly", True)
    run_at(quiet, START + timedelta(days=3, minutes=1))
    assert runs("nightly") == []
    assert f"{schedule('nightly').next_due_at:%d %H:%M}" == "27 01:00"


def test_switching_on_what_is_on_makes_nothing_of_what_is_due_undone(quiet: time_machine.Traveller) -> None:
    quiet.move_to(START + timedelta(days=1))
    schedule_plan.set_active("nightly", True)
    assert schedule_runs.run_due(START + timedelta(days=1)) == 2, "nightly and retention are caught up"


def test_a_task_that_fails_is_recorded_without_its_details_and_the_others_run(
    quiet: time_machine.Traveller,
) -> None:
    with db.engine.begin() as connection:
        connection.exec_driver_sql("ALTER TABLE shop RENAME TO shop_elsewhere")
    run_at(quiet, START + timedelta(days=1))
    (nightly,), (retention,) = runs("nightly"), runs("retention")
    assert nightly.state is ScheduleRunState.FAILED
    assert nightly.message.endswith("Error: the scheduler's log says more")
    assert nightly.ended_at is not None
    assert retention.state is ScheduleRunState.FINISHED


def test_a_broker_that_is_away_fails_the_sweep_in_plain_words(
    app: Flask, clock: time_machine.Traveller, shop: PrestaShopShop
) -> None:
    from ppm_web.services.sync import requests as sync_requests

    sync_requests.request_product_sync(make_product().id, shop.id, by="test")
    schedule_runs.run_due(START)
    app.extensions["ppm_queue"].pop("connection").close()
    app.config["REDIS_URL"] = "redis://127.0.0.1:1/0"
    run_at(clock, START + timedelta(minutes=5))
    (run,) = runs("sweep")
    assert run.state is ScheduleRunState.FAILED
    assert run.message.startswith("the queue cannot be reached")


def test_a_run_whose_scheduler_died_is_given_up_after_an_hour(quiet: time_machine.Traveller) -> None:
    nightly = schedule("nightly")
    db.session.add(
        ScheduleRun(
            schedule_id=nightly.id, due_at=START, state=ScheduleRunState.RUNNING, started_at=START, message=""
        )
    )
    db.session.commit()
    run_at(quiet, START + timedelta(minutes=59))
    assert states("nightly") == [("23 12:30", "running")]
    run_at(quiet, START + timedelta(minutes=61))
    assert [(run.state, run.message) for run in runs("nightly")] == [
        (ScheduleRunState.FAILED, "the scheduler stopped in the middle")
    ]


def test_a_task_that_is_left_because_the_scheduler_ends_stays_due(quiet: time_machine.Traveller) -> None:
    make_product()
    for name in ("Shop A", "Shop B"):
        add_shop(name)
    night = datetime(2026, 11, 24, 1, 0, tzinfo=UTC)
    quiet.move_to(night)
    schedule_runs.run_due(night, lambda: bool(batches()))
    assert set(batches()) == {"Nightly sync to Shop A"}
    assert states("nightly") == []
    run_at(quiet, night + timedelta(minutes=30))
    assert set(batches()) == {"Nightly sync to Shop A", "Nightly sync to Shop B"}
    assert states("nightly") == [("24 01:00", "finished")]


def test_a_time_has_one_run_even_when_the_clock_was_put_back(quiet: time_machine.Traveller) -> None:
    night = datetime(2026, 11, 24, 1, 0, tzinfo=UTC)
    run_at(quiet, night)
    schedule("nightly").next_due_at = night
    db.session.commit()
    assert run_at(quiet, night) == 0
    assert states("nightly") == [("24 01:00", "finished")]


def test_a_schedule_runs_now_when_asked_and_its_next_time_stays(quiet: time_machine.Traveller) -> None:
    due = schedule("nightly").next_due_at
    run = schedule_runs.run_now("nightly", "anna")
    assert (run.state, run.requested_by, run.message) == (
        ScheduleRunState.FINISHED,
        "anna",
        "there is no active shop",
    )
    assert schedule("nightly").next_due_at == due
    with pytest.raises(ScheduleError, match=r"'weekly'.*nightly, retry, sweep, retention"):
        schedule_runs.run_now("weekly", "anna")


def test_the_settings_change_times_and_add_schedules(quiet: time_machine.Traveller) -> None:
    from flask import current_app

    make_product()
    for name in ("Shop A", "Shop B"):
        add_shop(name)
    current_app.config["SCHEDULES"] = {
        "nightly": "0  3 * * *",
        "noon": {"task": "nightly", "cron": "0 12 * * MON-FRI", "shops": ["Shop B"], "catch_up": False},
    }
    schedule_runs.run_due(START)
    assert f"{schedule('nightly').next_due_at:%d %H:%M}" == "24 02:00"
    assert (schedule("noon").cron, schedule("noon").catch_up) == ("0 12 * * mon-fri", False)
    run_at(quiet, datetime(2026, 11, 24, 11, 0, tzinfo=UTC))
    assert batches() == {
        "Nightly sync to Shop A": "schedule nightly",
        "Nightly sync to Shop B": "schedule nightly",
        "Noon sync to Shop B": "schedule noon",
    }


def test_a_schedule_that_is_no_longer_in_the_settings_does_not_run(quiet: time_machine.Traveller) -> None:
    from flask import current_app

    current_app.config["SCHEDULES"] = {"noon": {"task": "nightly", "cron": "0 12 * * *"}}
    schedule_runs.run_due(START)
    current_app.config["SCHEDULES"] = {}
    run_at(quiet, START + timedelta(days=1))
    assert runs("noon") == []
    assert [listed.plan.name for listed in schedule_plan.list_schedules()] == [
        "nightly",
        "retry",
        "sweep",
        "retention",
    ]


def test_another_time_zone_moves_the_next_time_and_what_has_passed_stays_due(
    quiet: time_machine.Traveller,
) -> None:
    from flask import current_app

    current_app.config["TIMEZONE"] = "America/New_York"
    schedule_runs.run_due(START)
    assert f"{schedule('nightly').next_due_at:%d %H:%M}" == "24 07:00"
    current_app.config["TIMEZONE"] = "Asia/Tokyo"
    run_at(quiet, datetime(2026, 11, 24, 8, 0, tzinfo=UTC))
    assert states("nightly")[-1][1] == "finished"
    assert f"{schedule('nightly').next_due_at:%d %H:%M}" == "24 17:00"


@pytest.mark.parametrize("page", [2, 100])
def test_the_retry_requests_again_what_failed_for_a_temporary_cause_and_nothing_else(
    quiet: time_machine.Traveller, page: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(retries, "PAGE", page)
    shops = {name: add_shop(name, active=name != "off") for name in ("on", "off")}
    products = [make_product(f"MUG-{number}") for number in range(5)]
    for product in products:
        add_failure(product, shops["on"], temporary=product is not products[0])
    add_failure(products[1], shops["off"], temporary=True)

    run = schedule_runs.run_now("retry", "test")

    assert run.message == "4 requested again"
    left = {(failure.product_id, failure.shop_id) for failure in db.session.query(FailedJob)}
    assert left == {(products[0].id, shops["on"].id), (products[1].id, shops["off"].id)}
    waiting = {row.product_id: row.requested_by for row in db.session.query(ProductSyncStatus)}
    assert waiting == {product.id: "schedule retry" for product in products[1:]}
    db.session.commit()


def add_failure(product: Product, shop: PrestaShopShop, *, temporary: bool) -> None:
    db.session.add(
        FailedJob(
            job="sync_product",
            arguments=[],
            shop_id=shop.id,
            product_id=product.id,
            error_class="TimedOut",
            code="timeout",
            temporary=temporary,
            message="no answer",
            fingerprint="0" * 64,
            attempts=3,
            failed_at=START,
        )
    )
    db.session.commit()
