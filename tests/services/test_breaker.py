"""The breaker of a shop: what pauses it, who asks when it is well again, and what a person's pause means."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from flask import Flask

from ppm_web import queue
from ppm_web.extensions import db
from ppm_web.models import PrestaShopShop
from ppm_web.practice_shop import DEFAULT_KEY, PracticeShop
from ppm_web.prestashop.client import PrestaShopClient
from ppm_web.prestashop.errors import (
    HeaderStripped,
    InvalidProduct,
    KeyRefused,
    PrestaShopError,
    RateLimited,
    Rejected,
    ShopUnreachable,
)
from ppm_web.services.errors import KeyUnreadableError, LeaseLapsedError
from ppm_web.services.pace import breaker
from ppm_web.services.shops import changes as shop_changes
from ppm_web.services.upkeep import probes, shop_switches
from tests.support import Statements

START = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
MINUTE = timedelta(seconds=60)
DOWN = ShopUnreachable("There is no connection to the shop", code="connection")
REFUSED = KeyRefused("The shop refuses the key", status=401, shop_codes=[20, 21])


@pytest.fixture
def clock() -> Iterator[time_machine.Traveller]:
    """A clock that stands at START until it is moved."""
    with time_machine.travel(START, tick=False) as traveller:
        yield traveller


def fail(shop: PrestaShopShop, times: int, error: Exception = DOWN) -> None:
    """So many different products fail, one after the other."""
    for number in range(times):
        breaker.note(shop.id, error, f"product {number}")


def state(shop: PrestaShopShop) -> PrestaShopShop:
    """The shop as it is in the database now."""
    db.session.refresh(shop)
    db.session.commit()
    return shop


@pytest.mark.parametrize(
    "error",
    [
        REFUSED,
        HeaderStripped("The shop did not see the key", status=401),
        ShopUnreachable("The certificate is not valid", code="certificate", temporary=False),
        KeyUnreadableError("The API key cannot be read"),
    ],
)
def test_what_every_product_would_meet_pauses_the_shop_at_once(
    clock: time_machine.Traveller, shop: PrestaShopShop, error: Exception
) -> None:
    breaker.note(shop.id, error)
    paused = state(shop)
    assert (paused.paused_at, paused.probe_at) == (START, START + MINUTE)
    assert paused.pause_reason == f"{error}. PPM tries again every minute"


def test_five_products_in_a_row_pause_the_shop_with_the_reason_of_the_last(
    clock: time_machine.Traveller, shop: PrestaShopShop
) -> None:
    fail(shop, 4)
    assert state(shop).paused_at is None
    breaker.note(shop.id, DOWN, "product 5")
    assert state(shop).paused_at == START
    assert state(shop).pause_reason == (
        "5 products in a row failed, the last one so: There is no connection to the shop. "
        "PPM tries again every minute"
    )


def test_one_product_that_fails_again_and_again_does_not_pause_the_shop(shop: PrestaShopShop) -> None:
    for _ in range(10):
        breaker.note(shop.id, DOWN, "product 1")
    assert (state(shop).paused_at, state(shop).failure_streak) == (None, 1)


@pytest.mark.parametrize("answer", [None, Rejected("no name", status=400)])
def test_an_answer_in_between_ends_the_row(shop: PrestaShopShop, answer: Exception | None) -> None:
    fail(shop, 4)
    breaker.note(shop.id, answer)
    fail(shop, 4)
    assert (state(shop).paused_at, state(shop).failure_streak) == (None, 4)


@pytest.mark.parametrize(
    "error",
    [
        RateLimited("slower", status=429),
        InvalidProduct(["the name is empty"]),
        LeaseLapsedError(),
        KeyRefused("the key may not use manufacturers", status=401, shop_codes=[26]),
    ],
)
def test_what_is_not_the_shops_trouble_never_pauses_it(shop: PrestaShopShop, error: Exception) -> None:
    fail(shop, 10, error)
    assert (state(shop).paused_at, state(shop).failure_streak) == (None, 0)


def test_a_firewall_that_forbids_every_request_pauses_the_shop(shop: PrestaShopShop) -> None:
    fail(shop, 5, KeyRefused("The shop's host forbids the request", status=403))
    assert state(shop).paused_at is not None


def test_a_success_writes_nothing_where_nothing_had_failed(
    shop: PrestaShopShop, statements: Statements
) -> None:
    with statements() as seen:
        breaker.note(shop.id, None)
    assert [statement.partition(" ")[0] for statement in seen] == ["SELECT"]


def test_workers_that_fail_at_the_same_time_are_all_counted_and_pause_the_shop_once(
    app: Flask, shop: PrestaShopShop, caplog: pytest.LogCaptureFixture
) -> None:
    shop_id, gate = shop.id, threading.Barrier(8)

    def work(number: int) -> None:
        with app.app_context():
            gate.wait()
            breaker.note(shop_id, DOWN, f"product {number}")
            db.session.remove()

    workers = [threading.Thread(target=work, args=(number,)) for number in range(8)]
    with caplog.at_level(logging.WARNING, "ppm.breaker"):
        for worker in workers:
            worker.start()
        for worker in workers:
            worker.join()
    assert state(shop).failure_streak == 8
    assert len(caplog.records) == 1


def test_with_jobs_that_run_at_once_nobody_would_ask_again_so_nothing_is_paused(
    app: Flask, shop: PrestaShopShop
) -> None:
    app.config["QUEUE_MODE"] = "sync"
    breaker.note(shop.id, REFUSED)
    assert state(shop).paused_at is None


def test_a_long_message_is_cut_and_what_ppm_does_is_told_all_the_same(shop: PrestaShopShop) -> None:
    breaker.note(shop.id, KeyRefused("x" * 1000, status=401))
    reason = state(shop).pause_reason
    assert len(reason) == 255
    assert reason.endswith("x…. PPM tries again every minute")


# --- probes --------------------------------------------------------------------------------------------
def test_a_probe_is_due_every_minute_and_claimed_once(
    clock: time_machine.Traveller, shop: PrestaShopShop
) -> None:
    breaker.note(shop.id, REFUSED)
    assert breaker.due_probes() == []
    clock.shift(MINUTE)
    assert [breaker.due_probes(), breaker.due_probes()] == [[shop.id], []]
    clock.shift(MINUTE)
    assert breaker.due_probes() == [shop.id]


def test_sweepers_at_the_same_time_probe_once(app: Flask, shop: PrestaShopShop) -> None:
    with time_machine.travel(START, tick=False) as traveller:
        breaker.note(shop.id, REFUSED)
        traveller.shift(MINUTE)
        gate, claimed = threading.Barrier(6), []

        def sweep() -> None:
            with app.app_context():
                gate.wait()
                claimed.extend(breaker.due_probes())
                db.session.remove()

        sweepers = [threading.Thread(target=sweep) for _ in range(6)]
        for sweeper in sweepers:
            sweeper.start()
        for sweeper in sweepers:
            sweeper.join()
    assert claimed == [shop.id]


def test_an_inactive_shop_is_not_probed(clock: time_machine.Traveller, shop: PrestaShopShop) -> None:
    breaker.note(shop.id, REFUSED)
    shop_switches.set_active(shop, False)
    clock.shift(MINUTE)
    assert breaker.due_probes() == []


def test_a_shop_that_is_well_again_goes_on_with_its_pace_and_a_clean_slate(
    practice_82: PracticeShop, shop: PrestaShopShop, caplog: pytest.LogCaptureFixture
) -> None:
    shop.pace_rate = 33
    db.session.commit()
    fail(shop, 5)
    with caplog.at_level(logging.INFO, "ppm.breaker"):
        assert probes.probe(shop.id)
    well = state(shop)
    assert (well.paused_at, well.pause_reason, well.probe_at, well.failure_streak) == (None, "", None, 0)
    assert well.pace_rate == 33
    assert "goes on" in caplog.text
    assert sum(sum(by.values()) for by in practice_82.counts.values()) == 1, "one request"
    fail(shop, 5)
    assert state(shop).paused_at is not None, "the same products count anew"


def test_a_shop_that_is_still_not_well_stays_paused_with_the_newest_reason(
    practice_82: PracticeShop, shop: PrestaShopShop
) -> None:
    fail(shop, 5)
    before = state(shop).paused_at
    practice_82.set_faults({"key-refused": 1})
    assert not probes.probe(shop.id)
    assert state(shop).paused_at == before
    assert "key" in state(shop).pause_reason
    assert state(shop).pause_reason.endswith("PPM tries again every minute")
    assert DEFAULT_KEY not in state(shop).pause_reason


@pytest.mark.parametrize("fault", ["503", "html-200", "429", "500"])
def test_a_probe_that_gets_no_good_answer_reopens_nothing(
    practice_82: PracticeShop, shop: PrestaShopShop, fault: str
) -> None:
    fail(shop, 5)
    practice_82.set_faults({fault: 1})
    assert not probes.probe(shop.id)
    assert state(shop).paused_at is not None


def test_a_probe_of_a_server_that_is_down_reopens_nothing(shop: PrestaShopShop) -> None:
    breaker.note(shop.id, REFUSED)
    shop_changes.set_shop(shop, url="http://127.0.0.1:1", key=DEFAULT_KEY)
    assert not probes.probe(shop.id)
    assert state(shop).pause_reason == (
        "There is no connection to the shop: its server is down, or the address is wrong. "
        "PPM tries again every minute"
    )


def test_a_probe_of_a_shop_that_is_gone_does_nothing(app: Flask) -> None:
    assert not probes.probe(99)


def test_what_a_person_paused_is_neither_probed_nor_reopened(
    clock: time_machine.Traveller, practice_82: PracticeShop, shop: PrestaShopShop
) -> None:
    breaker.note(shop.id, REFUSED)
    shop_switches.pause_shop(shop, "stocktaking")
    clock.shift(MINUTE)
    assert breaker.due_probes() == []
    assert not probes.probe(shop.id)
    assert practice_82.counts == {}
    assert (state(shop).pause_reason, state(shop).probe_at) == ("stocktaking", None)
    fail(shop, 5, REFUSED)
    assert (state(shop).pause_reason, state(shop).probe_at) == ("stocktaking", None)


def test_what_a_person_resumed_goes_on_and_counts_anew(shop: PrestaShopShop) -> None:
    fail(shop, 5)
    shop_switches.resume_shop(shop)
    assert (state(shop).paused_at, state(shop).probe_at, state(shop).failure_streak) == (None, None, 0)
    fail(shop, 5)
    assert state(shop).paused_at is not None


def test_a_probe_goes_through_the_queue_to_a_worker(
    practice_82: PracticeShop, shop: PrestaShopShop, work: Callable[[], None]
) -> None:
    with time_machine.travel(datetime.now(UTC) - timedelta(hours=1), tick=False):
        breaker.note(shop.id, REFUSED)
    assert [probes.hand_out_probes(), probes.hand_out_probes()] == [1, 0]
    assert [stats.waiting for stats in queue.stats() if stats.name == queue.NORMAL] == [1]
    work()
    assert state(shop).paused_at is None


def test_a_ping_needs_a_webservice_that_takes_the_key(shop_url: str) -> None:
    with PrestaShopClient(shop_url, DEFAULT_KEY) as client:
        client.ping()
        assert client.request_count == 1
    with PrestaShopClient(shop_url, "W" * 32) as client, pytest.raises(KeyRefused):
        client.ping()
    with PrestaShopClient("http://127.0.0.1:1", DEFAULT_KEY) as client, pytest.raises(PrestaShopError):
        client.ping()
