"""One worker at a time on a row, and nothing lost when it dies or the broker forgets."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
import time_machine
from flask import Flask

from ppm_web import queue
from ppm_web.extensions import db
from ppm_web.models import FailedJob, PrestaShopShop, ProductSyncStatus, SyncState, now
from ppm_web.practice_shop import PracticeShop
from ppm_web.services.ledger import claims
from ppm_web.services.ledger.claims import ClaimLostError
from ppm_web.services.shops import client as shop_client
from ppm_web.services.sync import requests as sync_requests
from ppm_web.services.upkeep.sweep import sweep
from tests.factories import make_product, status_of

Work = Callable[[], None]


def requested(shop: PrestaShopShop, sku: str = "MUG-1", **options: object) -> ProductSyncStatus:
    product = make_product(sku)
    taken = sync_requests.request_product_sync(product.id, shop.id, by="test", **options)  # type: ignore[arg-type]
    assert isinstance(taken.status, ProductSyncStatus)
    return taken.status


def forget_tickets() -> None:
    for name in queue.QUEUES:
        queue.rq_queue(name).delete(delete_jobs=True)


def test_a_row_is_claimed_once(shop: PrestaShopShop) -> None:
    status = requested(shop)
    first = claims.claim(ProductSyncStatus, [status.id])
    assert [claim.attempt for claim in first] == [1]
    assert claims.claim(ProductSyncStatus, [status.id]) == []


def test_a_row_that_is_not_due_is_not_claimed(shop: PrestaShopShop) -> None:
    status = requested(shop, delay=timedelta(minutes=5))
    assert claims.claim(ProductSyncStatus, [status.id]) == []


def test_a_lost_claim_can_write_nothing(shop: PrestaShopShop) -> None:
    status = requested(shop)
    (mine,) = claims.claim(ProductSyncStatus, [status.id])
    with time_machine.travel(now() + timedelta(hours=1)):
        sweep(0)
    with pytest.raises(ClaimLostError):
        claims.write([mine], external_id=5)
    with pytest.raises(ClaimLostError):
        claims.renew([mine])
    assert status_of(status.product, shop).external_id is None


def test_a_row_whose_worker_died_goes_on_after_the_lease_and_has_used_a_try(
    practice_82: PracticeShop, shop: PrestaShopShop, work: Work
) -> None:
    status = requested(shop)
    claims.claim(ProductSyncStatus, [status.id])
    forget_tickets()
    assert sweep(0).returned == 0, "the lease still runs"
    with time_machine.travel(now() + timedelta(seconds=181)) as traveller:
        assert sweep(0).returned == 1
        found = status_of(status.product, shop)
        assert (found.state, found.attempts) == (SyncState.PENDING, 1)
        assert "the worker stopped" in found.message
        traveller.shift(31)
        sweep(0)
        work()
    found = status_of(status.product, shop)
    assert (found.state, found.outcome) == (SyncState.SYNCED, "created")
    assert len(practice_82.products("MUG-1")) == 1


def test_a_worker_that_dies_three_times_on_a_row_ends_it_as_a_failure(shop: PrestaShopShop) -> None:
    status = requested(shop)
    moment = now()
    with time_machine.travel(moment) as traveller:
        for _ in range(3):
            assert claims.claim(ProductSyncStatus, [status.id])
            traveller.shift(181)
            sweep(0)
            traveller.shift(61)
    found = status_of(status.product, shop)
    assert found.state is SyncState.ERROR
    assert "Job failed after 3 attempts: the worker stopped" in found.message
    assert db.session.query(FailedJob).count() == 1


def test_rows_whose_tickets_the_broker_lost_get_new_ones(
    practice_82: PracticeShop, shop: PrestaShopShop, work: Work
) -> None:
    statuses = [requested(shop, f"MUG-{number}") for number in range(3)]
    forget_tickets()
    work()
    assert practice_82.stats()["total"] == 0
    assert sweep(0).ticketed == 3
    assert sweep(0).ticketed == 0, "they have their tickets now"
    work()
    assert {status_of(status.product, shop).state for status in statuses} == {SyncState.SYNCED}


def test_a_ticket_that_a_worker_took_and_died_with_is_handed_out_again(
    practice_82: PracticeShop, shop: PrestaShopShop, work: Work
) -> None:
    status = requested(shop)
    queue.connection().delete(queue.rq_queue(queue.NORMAL).key)  # popped from the list, never started
    assert sweep(0).ticketed == 1
    work()
    assert status_of(status.product, shop).state is SyncState.SYNCED


def test_a_delayed_ticket_that_nobody_moves_is_replaced_when_it_is_due(
    practice_82: PracticeShop, shop: PrestaShopShop
) -> None:
    requested(shop, delay=timedelta(minutes=5))
    assert sweep(0).ticketed == 0
    with time_machine.travel(now() + timedelta(minutes=6)):
        assert sweep(0).ticketed == 1
    assert len(queue.rq_queue(queue.NORMAL)) == 1


def test_a_ticket_that_still_waits_is_not_handed_out_twice(shop: PrestaShopShop) -> None:
    requested(shop)
    assert sweep(0).ticketed == 0
    assert len(queue.rq_queue(queue.NORMAL)) == 1


def test_a_request_without_a_broker_waits_and_is_handed_out_when_it_is_back(
    app: Flask, practice_82: PracticeShop, shop: PrestaShopShop, work: Work
) -> None:
    product = make_product()
    app.config["REDIS_URL"], good = "redis://127.0.0.1:1/0", app.config["REDIS_URL"]
    app.extensions["ppm_queue"].clear()
    taken = sync_requests.request_product_sync(product.id, shop.id, by="test")
    assert taken.queued is False
    assert "the queue cannot be reached" in taken.message
    assert taken.status.state is SyncState.PENDING

    app.config["REDIS_URL"] = good
    app.extensions["ppm_queue"].clear()
    assert sweep(60).ticketed == 1
    work()
    assert status_of(product, shop).state is SyncState.SYNCED


def test_a_lost_claim_ends_the_run_quietly_and_the_other_one_wins(
    app: Flask, practice_82: PracticeShop, shop: PrestaShopShop, work: Work
) -> None:
    status = requested(shop)
    product = status.product

    def take_it_away() -> None:
        with app.app_context():
            row = db.session.get_one(ProductSyncStatus, status.id)
            row.claim_token = "someone else's"
            db.session.commit()
            db.session.remove()

    practice_82.on_create = take_it_away  # type: ignore[attr-defined]
    work()
    found = status_of(product, shop)
    assert (found.state, found.claim_token, found.external_id) == (SyncState.SYNCING, "someone else's", None)


@pytest.mark.parametrize(
    ("priority", "forced", "expected"),
    [
        (3, "", queue.HIGH),
        (4, "", queue.NORMAL),
        (10, "", queue.NORMAL),
        (10, queue.HIGH, queue.HIGH),
        (1, queue.BACKGROUND, queue.BACKGROUND),
    ],
)
def test_the_queue_is_by_priority_unless_it_is_forced(
    shop: PrestaShopShop, priority: int, forced: str, expected: str
) -> None:
    requested(shop, priority=priority, queue=forced)
    assert {name: len(queue.rq_queue(name)) for name in queue.QUEUES if len(queue.rq_queue(name))} == {
        expected: 1
    }


def test_the_client_refuses_to_call_a_shop_while_a_transaction_is_open(shop: PrestaShopShop) -> None:
    pass

    with shop_client.client_for(shop) as client:
        db.session.query(ProductSyncStatus).count()
        with pytest.raises(RuntimeError, match="a transaction is open"):
            client.find_products(["MUG-1"])
