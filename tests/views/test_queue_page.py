"""The queue's page: queues, workers, schedules in words, and their switches."""

from __future__ import annotations

import html
import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine
from flask import Flask

from jobs.worker import make_worker
from ppm_web import queue
from ppm_web.extensions import db
from ppm_web.models import Schedule, ScheduleRun, ScheduleRunState
from ppm_web.services.schedules import plan as schedule_plan
from ppm_web.services.schedules import runs as schedule_runs
from ppm_web.services.sync import requests as sync_requests
from tests.views.conftest import Browser
from tests.views.rows import make_product, make_shop
from tests.views.test_failures import rows

START = datetime(2026, 11, 23, 12, 30, tzinfo=UTC)  # 13:30 in Warsaw


@pytest.fixture
def clock(app: Flask) -> Iterator[time_machine.Traveller]:
    with time_machine.travel(START, tick=True) as traveller:
        yield traveller


def schedule(name: str) -> Schedule:
    db.session.rollback()
    found = db.session.query(Schedule).filter_by(name=name).populate_existing().one()
    db.session.commit()
    return found


def texts(page: str) -> list[str]:
    """The rows of all tables, without markup."""
    return [row for part in page.split("<table")[1:] for row in rows(part)]


def test_queues_stand_in_their_order_with_sizes_oldest_wait_and_delayed(
    clock: time_machine.Traveller, viewer: Browser
) -> None:
    shop = make_shop()
    sync_requests.request_product_sync(make_product("MUG-1").id, shop.id, by="test", priority=1)
    delay = timedelta(hours=1)
    sync_requests.request_product_sync(make_product("MUG-2").id, shop.id, by="test", delay=delay)
    clock.shift(300)
    assert texts(viewer.get("/queue").text)[:3] == [
        "High prestashop_high 1 5 min 0 0 0",
        "Normal prestashop_sync 0 – 0 1 0",
        "Background default 0 – 0 0 0",
    ]


def test_workers_are_named_with_what_they_do(app: Flask, viewer: Browser) -> None:
    product, shop = make_product("MUG-1"), make_shop("Shop A")
    sync_requests.request_product_sync(product.id, shop.id, by="test")
    assert "No worker runs" in viewer.get("/queue").text
    worker = make_worker(app)
    worker.register_birth()  # type: ignore[no-untyped-call]  # RQ types it not
    page = viewer.get("/queue").text
    assert "No worker runs" not in page
    assert any(row.startswith(f"{worker.name[:8]} ") and " – " in row for row in texts(page))
    (ticket_id,) = queue.rq_queue(queue.NORMAL).get_job_ids()
    ticket = queue.Ticket.fetch(ticket_id, connection=queue.connection(), serializer="json")
    worker.prepare_execution(ticket)
    assert any(" busy MUG-1 → Shop A " in row for row in texts(viewer.get("/queue").text))
    worker.register_death()  # type: ignore[no-untyped-call]
    assert "No worker runs" in viewer.get("/queue").text


def test_the_poll_asks_again_and_brings_queues_and_workers_alone(viewer: Browser) -> None:
    page = viewer.get("/queue").text
    poll = html.unescape(re.findall(r'data-poll hx-get="([^"]+)"', page)[0])
    fragment = viewer.get(poll, headers={"HX-Request": "true"}).text
    assert fragment.lstrip().startswith('<div id="queues"')
    assert "nightly" not in fragment
    assert "data-poll" in fragment


def test_a_broker_that_is_away_is_told_in_plain_words(app: Flask, manager: Browser) -> None:
    manager.get("/queue")
    app.config["REDIS_URL"] = "redis://127.0.0.1:1/0"
    app.extensions["ppm_queue"].clear()
    page = manager.get("/queue").text
    assert "The queue cannot be reached now. Nothing is lost" in page
    assert "nightly" in page, "the schedules are in the database"
    manager.send(f"/queue/schedules/{schedule('nightly').id}/run")
    assert "nightly was not started: the queue cannot be reached now" in manager.get("/queue").text


def test_in_sync_mode_there_is_no_queue_and_nothing_polls(app: Flask, viewer: Browser) -> None:
    app.config["QUEUE_MODE"] = "sync"
    page = viewer.get("/queue").text
    assert "There is no queue" in page
    assert 'hx-trigger="every' not in page


def test_schedules_stand_in_words_with_last_next_and_missed_runs(
    clock: time_machine.Traveller, viewer: Browser
) -> None:
    viewer.get("/queue")
    retry = schedule("retry")
    clock.move_to(START + timedelta(hours=20, minutes=40))  # 10:10 in Warsaw, four times of retry later
    schedule_runs.run_due(START + timedelta(hours=20, minutes=40))
    found = {row.partition(" ")[0]: row for row in texts(viewer.get("/queue").text)}
    assert "Every day at 02:00 Done 24 Nov 2026, 10:10 CET" in found["nightly"]
    assert "25 Nov 2026, 02:00 CET" in found["nightly"]
    assert found["retry"].startswith(
        "retry Every 6 hours never 24 Nov 2026, 12:00 CET 3, last 24 Nov 2026, 06:00"
    )
    assert retry.active


def test_a_failed_run_tells_why_and_who_asked(clock: time_machine.Traveller, viewer: Browser) -> None:
    viewer.get("/queue")
    run = ScheduleRun(
        schedule_id=schedule("nightly").id,
        due_at=START,
        started_at=START,
        state=ScheduleRunState.FAILED,
        requested_by="boss@example.com",
        message="Shop A: <b>no batch</b>",
    )
    db.session.add(run)
    page = viewer.get("/queue").text
    assert "by boss@example.com" in page
    assert "Shop A: &lt;b&gt;no batch&lt;/b&gt;" in page


def test_a_schedule_is_switched_off_and_on(manager: Browser) -> None:
    manager.get("/queue")
    number = schedule("nightly").id
    answer = manager.send(f"/queue/schedules/{number}/off")
    assert (answer.status_code, answer.location) == (303, f"/queue#schedule-{number}")
    assert not schedule("nightly").active
    page = manager.get("/queue").text
    assert "nightly is off." in page
    assert "Switch on: nightly" in page
    manager.send(f"/queue/schedules/{number}/on")
    assert schedule("nightly").active


def test_run_now_is_done_by_a_worker_in_the_persons_name_and_once(
    manager: Browser, work: Callable[[], None]
) -> None:
    manager.get("/queue")
    number = schedule("nightly").id
    manager.send(f"/queue/schedules/{number}/run")
    assert "nightly runs as soon as a worker is free." in manager.get("/queue").text
    manager.send(f"/queue/schedules/{number}/run")
    assert "nightly is on its way already." in manager.get("/queue").text
    work()
    run = db.session.query(ScheduleRun).one()
    assert (run.state, run.requested_by) == (ScheduleRunState.FINISHED, "manager@example.com")
    assert "there is no active shop" in manager.get("/queue").text


def test_a_schedule_that_the_settings_no_longer_have_is_told(app: Flask, manager: Browser) -> None:
    app.config["SCHEDULES"] = {"noon": {"task": "nightly", "cron": "0 12 * * *"}}
    manager.get("/queue")
    number = schedule("noon").id
    app.config["SCHEDULES"] = {}
    for verb in ("run", "off"):
        manager.send(f"/queue/schedules/{number}/{verb}")
        assert "There is no schedule" in manager.get("/queue").text
    assert manager.send("/queue/schedules/999/run").status_code == 404


def test_a_viewer_may_look_only(viewer: Browser) -> None:
    page = viewer.get("/queue").text
    assert 'method="post"' not in page.partition("<main")[2]
    number = schedule("nightly").id
    for verb in ("on", "off", "run"):
        assert viewer.send(f"/queue/schedules/{number}/{verb}").status_code == 403
    assert schedule("nightly").active


def test_the_page_takes_the_same_few_statements_however_much_there_is(
    app: Flask, viewer: Browser, statements: Callable[[], Any]
) -> None:
    counts = []
    for extra in (0, 12):
        more = {f"more-{number}": {"task": "retry", "cron": "0 1 * * *"} for number in range(extra)}
        app.config["SCHEDULES"] = more
        viewer.get("/queue")
        for name in schedule_plan.plans():
            number = schedule(name).id
            for day in range(1, 1 + extra * 3):
                due = datetime(2026, 1, 1, tzinfo=UTC) + timedelta(days=day)
                state = ScheduleRunState.MISSED if day % 2 else ScheduleRunState.FINISHED
                db.session.add(ScheduleRun(schedule_id=number, due_at=due, state=state, message=""))
        db.session.commit()
        with statements() as seen:
            viewer.get("/queue")
        counts.append(len(seen))
    assert counts[0] == counts[1] < 20
