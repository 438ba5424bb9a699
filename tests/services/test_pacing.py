"""The pace of a shop: its buckets, how its rate is learnt, its limits; with a clock that the test moves."""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
import time_machine
from flask import Flask

from ppm_web import create_app, queue
from ppm_web.config import SettingError
from ppm_web.extensions import db
from ppm_web.models import PrestaShopShop
from ppm_web.prestashop.answers import Exchange
from ppm_web.prestashop.errors import RateLimited, Rejected, ShopUnreachable
from ppm_web.services.pace import rate as pace_rate
from ppm_web.services.pace.memory import Lane
from ppm_web.services.pace.rate import LimitsError
from tests.support import SECRET_KEY
from tests.views.rows import make_shop

START = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
STEP = 10


@pytest.fixture(autouse=True)
def settings(app: Flask) -> None:
    app.config.update(PACE_START=60, PACE_MIN=6, PACE_MAX=240)


@pytest.fixture
def clock() -> Iterator[time_machine.Traveller]:
    """A clock that stands at START until it is moved."""
    with time_machine.travel(START, tick=False) as traveller:
        yield traveller


@pytest.fixture
def shop(app: Flask) -> PrestaShopShop:
    return make_shop()


def exchange(status: int | None = 200, *, seconds: float | None = 0.02, method: str = "GET") -> Exchange:
    return Exchange(method, "/products", "", status, "", int((seconds or 0) * 1000), seconds)


def learn(shop: PrestaShopShop, error: Exception | None = None, status: int | None = 200) -> int:
    """Tell of one request, and return the rate after it."""
    pace_rate.learn(shop.id, [exchange(status)], 1, error)
    return rate(shop)


def rate(shop: PrestaShopShop) -> int:
    db.session.refresh(shop)
    db.session.commit()
    return pace_rate.rate(shop)


def use_up(shop: PrestaShopShop) -> None:
    """Make requests until both lanes have to wait."""
    while pace_rate.wait_for(shop, Lane.SINGLE) == 0:
        pace_rate.spend(shop, Lane.SINGLE, 1)


# --- buckets -------------------------------------------------------------------------------------------
def test_a_new_shop_takes_15_seconds_worth_at_once_and_then_its_rate(
    clock: time_machine.Traveller, shop: PrestaShopShop
) -> None:
    made = 0
    while pace_rate.wait_for(shop, Lane.BULK) == 0:
        pace_rate.spend(shop, Lane.BULK, 1)
        made += 1
    assert made == 12, "four fifths of the 15 requests that 15 seconds bring"
    assert pace_rate.wait_for(shop, Lane.BULK) == 1.25, "48 a minute"
    clock.shift(1.25)
    assert pace_rate.wait_for(shop, Lane.BULK) == 0
    clock.shift(3600)
    pace_rate.spend(shop, Lane.BULK, 12)
    assert pace_rate.wait_for(shop, Lane.BULK) > 0, "an hour without a request saves up no more than that"


def test_a_slow_shop_has_ten_requests_at_once_all_the_same(
    clock: time_machine.Traveller, shop: PrestaShopShop
) -> None:
    shop.pace_rate = 6
    pace_rate.spend(shop, Lane.SINGLE, 9)
    assert pace_rate.wait_for(shop, Lane.SINGLE) == 0
    pace_rate.spend(shop, Lane.SINGLE, 1)
    assert pace_rate.wait_for(shop, Lane.SINGLE) > 0


def test_looking_takes_nothing(clock: time_machine.Traveller, shop: PrestaShopShop) -> None:
    pace_rate.spend(shop, Lane.BULK, 11)
    assert [pace_rate.wait_for(shop, Lane.BULK) for _ in range(3)] == [0, 0, 0]


def test_a_run_may_need_more_than_there_is_and_what_follows_waits_for_it(
    clock: time_machine.Traveller, shop: PrestaShopShop
) -> None:
    pace_rate.spend(shop, Lane.BULK, 20)
    assert pace_rate.wait_for(shop, Lane.BULK) == 9 * 1.25
    clock.shift(9 * 1.25)
    assert pace_rate.wait_for(shop, Lane.BULK) == 0


def test_a_fifth_is_kept_for_single_requests_however_much_a_batch_wants(
    clock: time_machine.Traveller, shop: PrestaShopShop
) -> None:
    pace_rate.spend(shop, Lane.BULK, 1000)
    for _ in range(3):
        assert pace_rate.wait_for(shop, Lane.SINGLE) == 0
        pace_rate.spend(shop, Lane.SINGLE, 1)
    assert pace_rate.wait_for(shop, Lane.SINGLE) == 5, "12 a minute"


def test_single_requests_take_what_a_batch_leaves(
    clock: time_machine.Traveller, shop: PrestaShopShop
) -> None:
    for _ in range(15):
        assert pace_rate.wait_for(shop, Lane.SINGLE) == 0
        pace_rate.spend(shop, Lane.SINGLE, 1)
    assert pace_rate.wait_for(shop, Lane.SINGLE) == 1.25
    assert pace_rate.wait_for(shop, Lane.BULK) == 1.25


def test_the_debt_of_single_requests_is_not_the_batchs(
    clock: time_machine.Traveller, shop: PrestaShopShop
) -> None:
    pace_rate.spend(shop, Lane.SINGLE, 30)
    assert pace_rate.wait_for(shop, Lane.BULK) == 1.25


def test_each_shop_has_buckets_of_its_own(clock: time_machine.Traveller, shop: PrestaShopShop) -> None:
    pace_rate.spend(shop, Lane.BULK, 1000)
    assert pace_rate.wait_for(make_shop("Shop B"), Lane.BULK) == 0


def test_a_clock_that_is_behind_neither_adds_nor_takes(
    clock: time_machine.Traveller, shop: PrestaShopShop
) -> None:
    pace_rate.spend(shop, Lane.BULK, 12)
    clock.shift(-30)
    pace_rate.spend(shop, Lane.BULK, 1)
    clock.shift(30)
    assert pace_rate.wait_for(shop, Lane.BULK) == 2.5


def test_without_a_broker_no_pace_is_kept_and_that_is_told_once(
    app: Flask, shop: PrestaShopShop, caplog: pytest.LogCaptureFixture
) -> None:
    app.config["REDIS_URL"] = "redis://127.0.0.1:1/0"
    queue.connection().close()
    app.extensions["ppm_queue"].clear()
    with caplog.at_level(logging.WARNING, "ppm.pace"):
        for _ in range(3):
            pace_rate.spend(shop, Lane.BULK, 1000)
            assert pace_rate.wait_for(shop, Lane.BULK) == 0
    assert [record.getMessage()[:15] for record in caplog.records] == ["no pace is kept"]
    assert pace_rate.group_size(shop) == 50
    assert learn(shop, RateLimited("slower", status=429), 429) == 30, "the rate stands in the shop's row"


def test_a_shop_without_limit_and_the_sync_mode_ask_no_broker(app: Flask, shop: PrestaShopShop) -> None:
    app.config["REDIS_URL"] = "redis://127.0.0.1:1/0"
    queue.connection().close()
    app.extensions["ppm_queue"].clear()
    unlimited = make_shop("Shop B", pace_min=100_000, pace_max=100_000)
    for _ in range(3):
        pace_rate.spend(unlimited, Lane.BULK, 1000)
        assert pace_rate.wait_for(unlimited, Lane.BULK) == 0
    assert learn(unlimited) == 100_000
    app.config["QUEUE_MODE"] = "sync"
    pace_rate.spend(shop, Lane.BULK, 1000)
    assert pace_rate.wait_for(shop, Lane.BULK) == 0
    assert learn(shop, RateLimited("slower", status=429), 429) == 60
    assert "ppm_pace_lost" not in app.extensions, "the broker was not asked"


# --- the rate ------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("error", "status", "words"),
    [
        (RateLimited("slower", status=429), 429, "HTTP 429"),
        (None, 429, "HTTP 429"),
        (ShopUnreachable("busy", status=503), 503, "HTTP 503"),
        (ShopUnreachable("late", code="timeout"), None, "did not answer in time"),
    ],
)
def test_the_rate_halves_when_the_shop_has_too_much(
    clock: time_machine.Traveller,
    shop: PrestaShopShop,
    error: Exception | None,
    status: int | None,
    words: str,
) -> None:
    assert learn(shop, error, status) == 30
    pace = pace_rate.pace_of(shop)
    assert words in pace.reason
    assert pace.since == START


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (None, 200),
        (Rejected("no name", status=400), 400),
        (ShopUnreachable("refused", code="connection"), None),
        (ShopUnreachable("off", status=503, code="webservice_off"), 503),
    ],
)
def test_what_a_pace_cannot_mend_leaves_the_rate_as_it_is(
    clock: time_machine.Traveller, shop: PrestaShopShop, error: Exception | None, status: int | None
) -> None:
    assert learn(shop, error, status) == 60


def test_the_rate_halves_once_in_ten_seconds_however_many_complain(
    clock: time_machine.Traveller, shop: PrestaShopShop
) -> None:
    error = RateLimited("slower", status=429)
    assert [learn(shop, error, 429) for _ in range(3)] == [30, 30, 30]
    clock.shift(STEP)
    assert [learn(shop, error, 429) for _ in range(3)] == [15, 15, 15]


def test_workers_that_meet_a_429_at_the_same_time_halve_once(app: Flask, shop: PrestaShopShop) -> None:
    shop_id, gate = shop.id, threading.Barrier(6)

    def complain() -> None:
        with app.app_context():
            gate.wait()
            pace_rate.learn(shop_id, [exchange(429)], 1, None)
            db.session.remove()

    workers = [threading.Thread(target=complain) for _ in range(6)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert rate(shop) == 30


def test_the_rate_never_falls_below_the_floor(clock: time_machine.Traveller, shop: PrestaShopShop) -> None:
    found = []
    for _ in range(6):
        found.append(learn(shop, None, 429))
        clock.shift(STEP)
    assert found == [30, 15, 7, 6, 6, 6]


def test_after_a_429_what_was_saved_up_is_gone(clock: time_machine.Traveller, shop: PrestaShopShop) -> None:
    learn(shop, None, 429)
    assert pace_rate.wait_for(shop, Lane.BULK) == 0
    pace_rate.spend(shop, Lane.BULK, 1)
    assert pace_rate.wait_for(shop, Lane.BULK) == 2.5, "24 a minute"


def test_retry_after_holds_the_shop_up_for_that_long(
    clock: time_machine.Traveller, shop: PrestaShopShop
) -> None:
    learn(shop, RateLimited("slower", status=429, retry_after=42), 429)
    assert pace_rate.wait_for(shop, Lane.BULK) == 42
    assert pace_rate.wait_for(shop, Lane.SINGLE) == 42
    assert "asked to wait 42 s" in pace_rate.pace_of(shop).reason
    clock.shift(42)
    assert pace_rate.wait_for(shop, Lane.BULK) == 0


def test_a_rate_that_is_used_up_grows_by_a_tenth_once_in_ten_seconds(
    clock: time_machine.Traveller, shop: PrestaShopShop
) -> None:
    use_up(shop)
    assert [learn(shop), learn(shop)] == [66, 66]
    assert pace_rate.pace_of(shop).reason == "the shop keeps up"
    clock.shift(STEP)
    use_up(shop)
    assert learn(shop) == 72


def test_a_rate_that_nobody_needs_does_not_grow(clock: time_machine.Traveller, shop: PrestaShopShop) -> None:
    pace_rate.spend(shop, Lane.BULK, 5)
    assert learn(shop) == 60


def test_the_rate_never_grows_beyond_the_ceiling(clock: time_machine.Traveller, shop: PrestaShopShop) -> None:
    shop.pace_max = 70
    db.session.commit()
    found = []
    for _ in range(3):
        use_up(shop)
        found.append(learn(shop))
        clock.shift(STEP)
    assert found == [66, 70, 70]


def test_a_429_straight_after_a_step_up_halves_at_once(
    clock: time_machine.Traveller, shop: PrestaShopShop
) -> None:
    use_up(shop)
    assert learn(shop) == 66
    assert learn(shop, None, 429) == 33


def test_a_shop_that_takes_several_times_as_long_as_usual_is_asked_less_often(
    clock: time_machine.Traveller, shop: PrestaShopShop
) -> None:
    for _ in range(8):
        pace_rate.learn(shop.id, [exchange(seconds=0.1)], 1, None)
    pace_rate.learn(shop.id, [exchange(seconds=0.39)], 1, None)
    assert rate(shop) == 60
    pace_rate.learn(shop.id, [exchange(seconds=0.8)], 1, None)
    assert rate(shop) == 30
    assert "as long as usual" in pace_rate.pace_of(shop).reason


def test_a_few_milliseconds_more_and_another_kind_of_request_are_no_sign(
    clock: time_machine.Traveller, shop: PrestaShopShop
) -> None:
    for _ in range(8):
        pace_rate.learn(shop.id, [exchange(seconds=0.01)], 1, None)
    pace_rate.learn(shop.id, [exchange(seconds=0.1)], 1, None)
    pace_rate.learn(shop.id, [exchange(seconds=2, method="POST")], 1, None)
    pace_rate.learn(shop.id, [exchange(seconds=2)], 50, None)
    assert rate(shop) == 60


def test_a_shop_that_is_gone_teaches_nothing(app: Flask) -> None:
    pace_rate.learn(99, [exchange(429)], 1, None)
    assert db.session.query(PrestaShopShop).count() == 0


# --- settings, limits, and the size of a group ---------------------------------------------------------
def test_a_shops_own_limits_hold_before_the_settings(shop: PrestaShopShop) -> None:
    assert pace_rate.limits(shop) == (6, 240)
    pace_rate.set_limits(shop, 100, 300)
    assert (pace_rate.limits(shop), rate(shop)) == ((100, 300), 100)
    assert pace_rate.pace_of(shop).reason == "its limits were set"
    pace_rate.set_limits(shop, None, 20)
    assert (pace_rate.limits(shop), rate(shop)) == ((6, 20), 20)
    pace_rate.set_limits(shop, None, None)
    assert (pace_rate.limits(shop), rate(shop)) == ((6, 240), 20), "it grows again from there"


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("PACE_MIN", 0),
        ("PACE_START", 5),
        ("PACE_START", 241),
        ("GROUP_SIZE", 0),
        ("BREAKER_FAILURES", 0),
        ("PROBE_SECONDS", 0),
    ],
)
def test_settings_that_make_no_pace_are_refused_by_name(key: str, value: int) -> None:
    with pytest.raises(SettingError, match=f"PPM_{key}"):
        create_app({"SECRET_KEY": SECRET_KEY, key: value})


@pytest.mark.parametrize(("lowest", "highest"), [(300, None), (None, 5), (50, 40)])
def test_limits_that_contradict_each_other_are_refused(
    shop: PrestaShopShop, lowest: int | None, highest: int | None
) -> None:
    with pytest.raises(LimitsError, match="is above the highest"):
        pace_rate.set_limits(shop, lowest, highest)
    assert pace_rate.limits(shop) == (6, 240)


def test_a_group_shrinks_where_a_request_would_take_longer_than_two_seconds(shop: PrestaShopShop) -> None:
    assert pace_rate.group_size(shop) == 50
    pace_rate.learn(shop.id, [exchange(seconds=10, method="POST")], 50, None)
    assert pace_rate.group_size(shop) == 10
    pace_rate.learn(shop.id, [exchange(seconds=60, method="POST")], 10, None)
    assert pace_rate.group_size(shop) == 5, "not fewer, however slow it is"
    for _ in range(12):
        pace_rate.learn(shop.id, [exchange(seconds=0.1, method="PATCH")], 5, None)
    assert pace_rate.group_size(shop) == 50


def test_reading_says_nothing_of_the_size_of_a_group(app: Flask, shop: PrestaShopShop) -> None:
    pace_rate.learn(shop.id, [exchange(seconds=30)], 1, None)
    assert pace_rate.group_size(shop) == 50
    app.config["GROUP_SIZE"] = 3
    assert pace_rate.group_size(shop) == 3
