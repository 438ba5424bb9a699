"""The overview: what is not in which shop and why, what runs, what failed, and how the queue does."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from datetime import timedelta
from html import unescape
from typing import Any

import pytest
import time_machine
from flask import Flask

from ppm_web import queue
from ppm_web.extensions import db
from ppm_web.models import BatchState, Role, SyncState, now
from ppm_web.queue import QueueStats, WorkerSeen
from ppm_web.services.pace.rate import UNLIMITED, set_limits
from ppm_web.views.queue.rows import QueueView, is_stuck
from tests.services.failed_jobs import fail
from tests.views.batch_rows import make_batch
from tests.views.conftest import Browser
from tests.views.rows import make_catalogue, make_log, make_product, make_shop, make_status, make_user

POLL = {"HX-Request": "true"}


def text_of(page: str) -> str:
    """What a page says, without its marks."""
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", page)).split())


def test_it_says_how_many_products_are_not_in_which_shop_and_leads_to_them(manager: Browser) -> None:
    first, second = make_shop("Shop A"), make_shop("Shop B")
    mug, cup = make_product("MUG-1"), make_product("CUP-1")
    make_status(mug, first, external_id=1), make_status(cup, first, external_id=2)
    make_status(mug, second, external_id=1), make_status(cup, second, SyncState.ERROR)
    page = manager.get("/").text
    assert "All 2 products are in this shop" in page
    assert "1 product is not in this shop" in page
    assert f'href="/products?shop={second.id}&amp;state=missing"' in page
    assert f'href="/products?shop={second.id}&amp;state=error"' in page


def test_it_says_why_and_leads_to_what_failed(manager: Browser) -> None:
    shop, product = make_shop(), make_product()
    fail(product, shop, message="The name of MUG-1 holds '<'")
    make_status(product, shop, SyncState.ERROR)
    page = manager.get("/").text
    assert page.count("holds &#39;&lt;&#39;") == 2, "at the shop, and among what failed lately"
    assert re.search(rf'href="/failures\?shop={shop.id}&amp;cause=[0-9a-f]{{64}}"', page)


def test_what_failed_longer_ago_than_a_day_is_not_news(manager: Browser) -> None:
    shop, product = make_shop(), make_product()
    with time_machine.travel(now() - timedelta(hours=25), tick=False):
        fail(product, shop)
    assert "What failed in the last 24 hours" not in manager.get("/").text


def test_a_shop_says_whether_it_can_be_reached_and_why_not(manager: Browser) -> None:
    make_shop("A", problems=["The key was refused"], checked_at=now())
    make_shop("B", paused_at=now(), pause_reason="the key was refused", probe_at=now(), checked_at=now())
    make_shop("C", active=False, checked_at=now(), version="8.2.1")
    make_product()
    page = text_of(manager.get("/").text)
    assert "Does not answer The key was refused" in page
    assert "Paused since" in page
    assert "the key was refused It is asked again at" in page
    assert "Not active" in page


def test_pace_last_run_and_next_run_are_told(manager: Browser) -> None:
    shop = make_shop()
    make_product()
    set_limits(shop, 6, 60)
    batch = make_batch(shop, BatchState.FINISHED, updated=4)
    manager.get("/queue")  # the schedules' rows are there from the first look on
    page = manager.get("/").text
    assert f'href="/batches/{batch.id}"' in page
    assert "requests a minute" in page
    assert re.search(r"Next run</dt><dd><time", page)
    set_limits(shop, UNLIMITED, UNLIMITED)
    assert "as fast as it goes" in manager.get("/").text


def test_running_batches_have_bars_and_those_beyond_five_are_counted(manager: Browser) -> None:
    shop = make_shop()
    make_product()
    for number in range(7):
        make_batch(shop, BatchState.RUNNING, name=f"Batch {number}", waiting=3, updated=1)
    make_batch(shop, BatchState.FINISHED, name="Ended", updated=1)
    page = manager.get("/").text
    assert page.count("<progress") == 5
    assert "1 of 4" in page
    assert "and 2 more" in page


def test_the_poll_answers_only_what_changes_and_is_quicker_while_something_runs(manager: Browser) -> None:
    shop, product = make_shop(), make_product()
    calm = manager.get("/?polled=1", headers=POLL).text
    assert calm.lstrip().startswith('<div id="live"')
    assert 'hx-trigger="every 20s"' in calm
    make_status(product, shop, SyncState.SYNCING)
    assert 'hx-trigger="every 5s"' in manager.get("/?polled=1", headers=POLL).text


def test_without_shops_and_products_the_first_steps_are_told(client: Browser) -> None:
    client.sign_in(make_user(Role.ADMIN).email)
    page = client.get("/").text
    assert "First steps" in page
    assert 'href="/shops/new"' in page
    assert "Done hour by hour" not in page
    make_shop(), make_product()
    assert "First steps" not in client.get("/").text


def test_a_viewer_is_not_led_to_what_only_an_admin_may(viewer: Browser) -> None:
    page = viewer.get("/").text
    assert "/shops/new" not in page
    assert "Ask an admin" in page


def test_that_no_worker_runs_is_told_on_top(manager: Browser) -> None:
    for path in ("/", "/queue"):
        assert "No worker runs" in manager.get(path).text, path


def test_that_the_queue_cannot_be_reached_is_told_and_the_rest_still_shown(
    app: Flask, manager: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_shop(), make_product()
    monkeypatch.setitem(app.config, "REDIS_URL", "redis://127.0.0.1:1/0")
    for connection in app.extensions["ppm_queue"].values():
        connection.close()
    app.extensions["ppm_queue"].clear()
    page = manager.get("/").text
    assert "The queue cannot be reached now" in page
    assert "1 product is not in this shop" in page


@pytest.mark.parametrize(("waits", "workers", "stuck"), [(301, 1, True), (300, 1, False), (9999, 0, False)])
def test_a_queue_is_stuck_when_something_waits_although_workers_are_there(
    waits: int, workers: int, stuck: bool
) -> None:
    stats = QueueStats(queue.HIGH, 1, 0, 0, 0, waits)
    seen = [(WorkerSeen("a", "idle", "", None), "")] * workers
    assert is_stuck(QueueView(True, False, [stats], seen)) is stuck


def test_throughput_is_a_chart_and_a_table_of_the_same_numbers(manager: Browser) -> None:
    shop, product = make_shop(), make_product()
    for status in ("success", "success", "error"):
        make_log(product, shop, status=status)
    whole, fragment = manager.get("/overview/throughput"), manager.get("/overview/throughput", headers=POLL)
    assert "<html" in whole.text
    assert "<html" not in fragment.text
    found = re.search(r'data-chart="([^"]+)"', fragment.text)
    assert found
    points: dict[str, Any] = json.loads(unescape(found[1]))
    assert len(points["times"]) == 24
    assert (points["done"][-1], points["failed"][-1]) == (2, 1)
    row = text_of(fragment.text).partition("95 % within")[2].split()
    assert "0.12" in row


@pytest.mark.parametrize(
    ("query", "hours"), [("hours=168", 168), ("hours=24", 24), ("hours=-1", 24), ("hours=x", 24)]
)
def test_the_chart_shows_a_day_or_a_week(manager: Browser, query: str, hours: int) -> None:
    make_log(make_product(), make_shop())
    page = manager.get(f"/overview/throughput?{query}").text
    found = re.search(r'data-chart="([^"]+)"', page)
    assert found
    assert len(json.loads(unescape(found[1]))["times"]) == hours


def test_the_overview_takes_as_many_statements_for_many_shops_as_for_one(
    manager: Browser, statements: Callable[[], Any]
) -> None:
    make_catalogue(products=5, shops=1)
    with statements() as few:
        manager.get("/")
    for number in range(6):
        shop = make_shop(f"More {number}")
        make_batch(shop, BatchState.RUNNING, waiting=1)
    with statements() as many:
        manager.get("/")
    assert len(many) <= len(few) + 1 < 20, "one more counts the batches that are not shown"
    db.session.rollback()
