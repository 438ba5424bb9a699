"""Statistics: where the products stand in each shop, and what was done hour by hour (R21)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from flask import Flask

from ppm_web.extensions import db
from ppm_web.models import PrestaShopShop, SyncLog, SyncState, now
from ppm_web.services.batches import control as batch_control
from ppm_web.services.catalog.selections import Selection
from ppm_web.services.reports import statistics
from ppm_web.services.reports.statistics import Period, ShopStatistics
from ppm_web.services.sync import requests as sync_requests
from ppm_web.services.upkeep import shop_switches
from tests.factories import make_product
from tests.support import Statements
from tests.views.rows import make_shop, make_status

Work = Callable[[], None]
MOMENT = datetime(2026, 11, 23, 12, 30, tzinfo=UTC)
FIELDS = ("synced", "pending", "syncing", "errors", "conflicts", "disabled", "never_sent")


def counts(of: ShopStatistics) -> dict[str, int]:
    """What is not zero; all of it adds up to the total."""
    found = {name: getattr(of, name) for name in FIELDS}
    assert sum(found.values()) == of.total
    return {name: number for name, number in found.items() if number}


def logged(shop: PrestaShopShop, moment: datetime, *durations: int, status: str = "success") -> None:
    """Tries that ended at that time, each with its duration."""
    product = make_product(f"{shop.name} {moment:%d %H:%M} {status}")
    ids = {"product_id": product.id, "shop_id": shop.id}
    tried = {"created_at": moment, "operation": "update", "status": status, "message": "Updated"}
    db.session.add_all(SyncLog(**ids, **tried, duration_ms=duration) for duration in durations)
    db.session.commit()


def test_every_product_counts_once_in_each_shop(app: Flask) -> None:
    first, second = make_shop("Shop A"), make_shop("Shop B")
    for number, state in enumerate(SyncState):
        make_status(make_product(f"P-{number}"), first, state, requested_revision=1)
    make_product("UNSEEN")
    shop_a, shop_b = statistics.shop_statistics()
    assert (shop_a.shop_id, shop_a.name, shop_a.total, shop_a.success_rate) == (first.id, "Shop A", 7, None)
    assert counts(shop_a) == dict.fromkeys(FIELDS, 1)
    assert (shop_b.shop_id, counts(shop_b)) == (second.id, {"never_sent": 7})


def test_what_a_batch_wants_is_pending_until_the_batch_has_ended(shop: PrestaShopShop, work: Work) -> None:
    made = [make_product(f"P-{number}") for number in range(4)]
    make_status(made[0], shop, SyncState.ERROR)
    make_status(made[1], shop, SyncState.DISABLED)
    make_status(made[2], shop, SyncState.SYNCED)
    assert batch_control.bulk_sync(shop.id, Selection("all"), by="test") is not None
    (found,) = statistics.shop_statistics()
    assert counts(found) == {"pending": 3, "disabled": 1}
    work()
    (found,) = statistics.shop_statistics()
    assert counts(found) == {"synced": 3, "disabled": 1}


def test_what_a_cancelled_batch_never_sent_was_never_sent(shop: PrestaShopShop) -> None:
    make_product()
    batch = batch_control.bulk_sync(shop.id, Selection("all"), by="test")
    assert batch is not None
    batch_control.cancel(batch.id)
    (found,) = statistics.shop_statistics()
    assert counts(found) == {"never_sent": 1}


def test_a_request_and_its_next_try_are_pending(shop: PrestaShopShop) -> None:
    product = make_product()
    shop_switches.pause_shop(shop, "stocktaking")
    sync_requests.request_product_sync(product.id, shop.id, by="test")
    (found,) = statistics.shop_statistics()
    assert counts(found) == {"pending": 1}


def test_the_success_rate_is_that_of_the_tries_of_a_day_and_never_rounded_up(app: Flask) -> None:
    first, second = make_shop("Shop A"), make_shop("Shop B")
    logged(first, now() - timedelta(hours=25), 100, status="error")
    logged(second, now() - timedelta(hours=25), 100, status="error")
    logged(first, now() - timedelta(hours=23), *[100] * 1999)
    logged(first, now() - timedelta(hours=22), 100, status="retry")
    db.session.add(SyncLog(shop_id=first.id, operation="batch", status="error", message="Finished"))
    db.session.commit()
    assert [shop.success_rate for shop in statistics.shop_statistics()] == [99.9, None]


def test_each_hour_tells_what_was_done_and_how_long_half_and_nearly_all_took(app: Flask) -> None:
    shop = make_shop()
    logged(shop, MOMENT.replace(minute=0), *range(1, 101))
    logged(shop, datetime(2026, 11, 23, 10, 59, 59, 999_999, tzinfo=UTC), 700)
    logged(shop, MOMENT.replace(hour=10), 1, 2, 3, status="retry")
    logged(shop, MOMENT.replace(hour=9), 5, status="error")
    logged(shop, MOMENT.replace(hour=8, minute=59), 9)
    with time_machine.travel(MOMENT, tick=False):
        periods = statistics.throughput(4)
    nine = MOMENT.replace(hour=9, minute=0)
    assert periods == [
        Period(nine, done=0, failed=1, p50_ms=None, p95_ms=None),
        Period(nine + timedelta(hours=1), done=1, failed=3, p50_ms=700, p95_ms=700),
        Period(nine + timedelta(hours=2), done=0, failed=0, p50_ms=None, p95_ms=None),
        Period(nine + timedelta(hours=3), done=100, failed=0, p50_ms=50, p95_ms=95),
    ]


@pytest.mark.parametrize(
    ("durations", "p50", "p95"), [((3, 1, 2), 2, 3), ((4, 1, 3, 2), 2, 4), ((*range(1, 22),), 11, 20)]
)
def test_a_percentile_is_the_shortest_duration_that_so_many_needed_at_most(
    app: Flask, durations: tuple[int, ...], p50: int, p95: int
) -> None:
    logged(make_shop(), MOMENT, *durations)
    with time_machine.travel(MOMENT, tick=False):
        (period,) = statistics.throughput(1)
    assert (period.p50_ms, period.p95_ms) == (p50, p95)


def test_the_hours_of_one_shop_hold_nothing_of_another(app: Flask) -> None:
    first, second = make_shop("Shop A"), make_shop("Shop B")
    logged(first, MOMENT, 10, 10)
    logged(second, MOMENT, 900, 900, 900)
    with time_machine.travel(MOMENT, tick=False):
        (of_first,) = statistics.throughput(1, first.id)
        (of_all,) = statistics.throughput(1)
    assert (of_first.done, of_first.p95_ms) == (2, 10)
    assert (of_all.done, of_all.p95_ms) == (5, 900)


def test_a_batch_counts_by_its_products_and_not_by_its_summaries(shop: PrestaShopShop, work: Work) -> None:
    for number in range(3):
        make_product(f"P-{number}")
    for _ in range(2):
        batch_control.bulk_sync(shop.id, Selection("all"), by="test")
        work()
    assert sum(period.done for period in statistics.throughput(2)) == 3


def test_many_shops_and_hours_cost_no_more_statements_than_few(statements: Statements) -> None:
    logged(make_shop("Shop A"), now(), 5)
    few = _cost(statements, 1)
    for number in range(5):
        logged(make_shop(f"Shop {number}"), now() - timedelta(hours=number), 5)
    assert _cost(statements, 48) == few == 6


def _cost(statements: Statements, hours: int) -> int:
    """How many statements the statistics of all shops and of so many hours need."""
    with statements() as seen:
        statistics.shop_statistics()
        statistics.throughput(hours)
    return len(seen)
