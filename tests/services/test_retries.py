"""Tries, waits, windows and what ends them (R1, R3), with a clock that the test moves."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
import time_machine
from flask import Flask

from ppm_web.extensions import db
from ppm_web.models import FailedJob, PrestaShopShop, Product, SyncLog, SyncState
from ppm_web.practice_shop import PracticeShop
from ppm_web.services.failures import retries
from ppm_web.services.sync import requests as sync_requests
from ppm_web.services.upkeep import shop_switches
from tests.factories import make_product, status_of

Work = Callable[[], None]
START = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)


@pytest.fixture
def clock() -> Iterator[time_machine.Traveller]:
    """A clock that starts at START and goes on from there."""
    with time_machine.travel(START, tick=True) as traveller:
        yield traveller


def request(product: Product, shop: PrestaShopShop) -> None:
    sync_requests.request_product_sync(product.id, shop.id, by="test")


def waits(product: Product, shop: PrestaShopShop) -> int:
    """Seconds from the end of the last try until the row is due."""
    due = status_of(product, shop).not_before
    last = db.session.query(SyncLog).order_by(SyncLog.id.desc()).limit(1).one()
    assert due is not None
    return round((due - last.created_at).total_seconds())


def test_a_shop_that_is_down_is_tried_three_times_at_30_and_60_seconds_then_fails(
    clock: time_machine.Traveller, practice_82: PracticeShop, shop: PrestaShopShop, work: Work
) -> None:
    practice_82.set_faults({"503": 1})
    product = make_product()
    request(product, shop)
    work()
    assert waits(product, shop) == 30
    assert status_of(product, shop).message.startswith("Try 1 of 3 failed: ")

    work()
    assert status_of(product, shop).attempts == 1, "no try before it is due"
    clock.shift(31)
    work()
    assert waits(product, shop) == 60
    assert db.session.query(FailedJob).count() == 0
    clock.shift(61)
    work()

    status = status_of(product, shop)
    assert (status.state, status.outcome, status.retry_count) == (SyncState.ERROR, "failed", 3)
    assert status.message.startswith("Job failed after 3 attempts: ")
    (failure,) = db.session.query(FailedJob).all()
    assert (failure.job, failure.attempts, failure.temporary) == ("sync_product", 3, True)
    assert failure.product_id == product.id
    assert "Traceback" in failure.trace
    assert [line.status for line in db.session.query(SyncLog).order_by(SyncLog.id)] == [
        "retry",
        "retry",
        "error",
    ]
    assert practice_82.struck_faults == {"503": 3}


def test_the_waits_are_300_seconds_from_the_third_on_where_more_tries_are_set(
    app: Flask, clock: time_machine.Traveller, practice_82: PracticeShop, shop: PrestaShopShop, work: Work
) -> None:
    app.config["SYNC_TRIES"] = 5
    practice_82.set_faults({"500": 1})
    product = make_product()
    request(product, shop)
    found = []
    for _ in range(4):
        work()
        found.append(waits(product, shop))
        clock.shift(found[-1] + 1)
    assert found == [30, 60, 300, 300]


def test_no_try_comes_later_than_24_hours_after_the_request(
    app: Flask, clock: time_machine.Traveller, practice_82: PracticeShop, shop: PrestaShopShop, work: Work
) -> None:
    practice_82.set_faults({"503": 1})
    product = make_product()
    request(product, shop)
    clock.shift(timedelta(hours=23, minutes=59, seconds=40))
    work()
    status = status_of(product, shop)
    assert (status.state, status.attempts) == (SyncState.ERROR, 1)


def test_the_shops_own_retry_after_wins(
    clock: time_machine.Traveller, practice_82: PracticeShop, shop: PrestaShopShop, work: Work
) -> None:
    practice_82.retry_after_seconds = 77
    practice_82.set_faults({"429-retry-after": 1})
    product = make_product()
    request(product, shop)
    work()
    assert waits(product, shop) == 77


def test_a_permanent_error_is_not_tried_again(
    practice_82: PracticeShop, shop: PrestaShopShop, work: Work
) -> None:
    practice_82.set_faults({"key-refused": 1})
    product = make_product()
    request(product, shop)
    work()
    status = status_of(product, shop)
    assert (status.state, status.attempts, status.not_before) == (SyncState.ERROR, 1, None)


def test_a_new_request_while_waiting_for_a_retry_runs_at_once_with_all_its_tries(
    clock: time_machine.Traveller, practice_82: PracticeShop, shop: PrestaShopShop, work: Work
) -> None:
    practice_82.strike_next("503", 1)
    product = make_product()
    request(product, shop)
    work()
    assert status_of(product, shop).attempts == 1
    request(product, shop)
    work()
    assert status_of(product, shop).state is SyncState.SYNCED


@pytest.fixture
def unanswered(practice_82: PracticeShop, shop: PrestaShopShop, work: Work) -> Product:
    """A product whose create got no answer, and that the shop has not saved (yet)."""
    practice_82.strike_next("close-before-save", 1, method="POST", resource="products")
    product = make_product()
    request(product, shop)
    work()
    assert practice_82.products("MUG-1") == []
    assert status_of(product, shop).create_sent_at is not None
    return product


def test_an_unanswered_create_is_not_sent_again_before_it_has_settled_and_looking_is_no_try(
    clock: time_machine.Traveller,
    practice_82: PracticeShop,
    shop: PrestaShopShop,
    work: Work,
    unanswered: Product,
) -> None:
    for _ in range(3):
        clock.shift(31)
        work()
        assert practice_82.counts["POST"]["products"] == 1, "it is not sent again before 120 s have passed"
    assert status_of(unanswered, shop).attempts == 1
    clock.shift(60)
    work()
    assert practice_82.counts["POST"]["products"] == 2
    status = status_of(unanswered, shop)
    assert (status.state, status.outcome, status.create_sent_at) == (SyncState.SYNCED, "created", None)
    assert len(practice_82.products("MUG-1")) == 1


def test_an_unanswered_create_that_the_shop_saves_late_is_found_and_not_sent_again(
    clock: time_machine.Traveller,
    practice_82: PracticeShop,
    shop: PrestaShopShop,
    work: Work,
    unanswered: Product,
) -> None:
    late = practice_82.create("products", {"reference": "MUG-1", "price": "1", "name": {"1": "x", "2": "y"}})
    clock.shift(31)
    work()
    assert practice_82.counts["POST"]["products"] == 1
    status = status_of(unanswered, shop)
    assert (status.state, status.outcome, status.external_id) == (SyncState.SYNCED, "created", late)
    assert len(practice_82.products("MUG-1")) == 1


def test_retrying_a_failure_takes_it_off_the_list_and_syncs(
    practice_82: PracticeShop, shop: PrestaShopShop, work: Work
) -> None:
    practice_82.strike_next("key-refused", 1)
    product = make_product()
    request(product, shop)
    work()
    (failure,) = db.session.query(FailedJob).all()
    shop_switches.resume_shop(shop)
    assert retries.retry(failure.id, "test").retried == 1
    work()
    assert db.session.query(FailedJob).count() == 0
    assert status_of(product, shop).state is SyncState.SYNCED


def test_retrying_all_skips_shops_that_are_not_active(
    practice_82: PracticeShop, shop: PrestaShopShop, work: Work
) -> None:
    for sku in ("MUG-1", "MUG-2"):
        request(make_product(sku, price_net=Decimal(-1)), shop)
    work()
    db.session.get_one(PrestaShopShop, shop.id).active = False
    db.session.commit()
    result = retries.retry_all("test")
    assert (result.retried, result.skipped) == (0, 2)
    assert db.session.query(FailedJob).count() == 2
