"""Tickets: only our own jobs, as JSON, in the right queue, and the traits of RQ that we rely on."""

from __future__ import annotations

import inspect
import json
import os
import zlib
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from importlib import import_module
from pathlib import Path

import pytest
import time_machine
from rq import Queue
from rq.job import Job, JobStatus

from ppm_web import create_app, queue
from ppm_web.models import PrestaShopShop, SyncState
from ppm_web.practice_shop import PracticeShop
from ppm_web.services.sync import requests as sync_requests
from tests.factories import make_product, status_of
from tests.support import SECRET_KEY

Work = Callable[[], None]
NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)


def enqueue(ticket_id: str = "product-1-shop-1-1", at: datetime | None = None) -> None:
    """A ticket for a row that is not there: it does nothing."""
    queue.enqueue("sync_product", 4711, ticket_id=ticket_id, queue=queue.NORMAL, at=at, timeout=600)


def fetched(ticket_id: str) -> Job:
    return queue.Ticket.fetch(ticket_id, connection=queue.connection(), serializer="json")


def key_of(ticket_id: str) -> str:
    return queue.Ticket.key_for(ticket_id)


def waiting() -> dict[str, int]:
    return {found.name: found.waiting for found in queue.stats()}


@pytest.mark.parametrize("path", queue.JOBS.values())
def test_each_job_is_a_function_of_that_name(path: str) -> None:
    module, _, name = path.rpartition(".")
    assert inspect.isfunction(getattr(import_module(module), name))


@pytest.mark.parametrize("path", ["os.system", "subprocess.call", "jobs.worker.make_worker", "builtins.eval"])
@pytest.mark.usefixtures("app")
def test_a_ticket_that_names_anything_else_is_refused_and_never_run(
    path: str, work: Work, tmp_path: Path
) -> None:
    trace = tmp_path / "trace"
    foreign = Queue(queue.NORMAL, connection=queue.connection(), serializer="json")
    ticket = foreign.enqueue(path, f"touch {trace}")
    work()
    assert not trace.exists()
    assert ticket.get_status() is JobStatus.FAILED
    result = ticket.latest_result()
    assert result is not None
    assert f"refused to run '{path}'" in str(result.exc_string)


@pytest.mark.usefixtures("app")
def test_a_ticket_that_calls_a_method_of_an_object_is_refused() -> None:
    ticket = queue.Ticket.create(
        queue.JOBS["sync_product"], (1,), connection=queue.connection(), serializer="json"
    )
    ticket._instance = "an object"  # as a forged ticket could carry
    with pytest.raises(queue.UnknownJobError):
        _ = ticket.func


@pytest.mark.usefixtures("app")
def test_a_ticket_is_json_and_carries_ids_alone() -> None:
    enqueue()
    data = zlib.decompress(queue.connection().hget(key_of("product-1-shop-1-1"), "data"))  # type: ignore[arg-type]
    assert json.loads(data) == ["jobs.sync_product.sync_product", None, [4711], {}]


@pytest.mark.usefixtures("app")
def test_every_key_has_our_prefix_so_that_a_redis_can_be_shared() -> None:
    before = set(queue.connection().scan_iter())
    enqueue()
    enqueue("product-1-shop-1-2", at=datetime.now(UTC) + timedelta(hours=1))
    made = {key.decode() for key in set(queue.connection().scan_iter()) - before}
    assert made
    assert {key.partition(":")[0] for key in made} == {os.environ["RQ_KEY_PREFIX"]}


@pytest.mark.usefixtures("app")
def test_a_ticket_that_ended_leaves_nothing_behind(work: Work) -> None:
    enqueue()
    work()
    assert not queue.connection().exists(key_of("product-1-shop-1-1"))
    assert not queue.ticket_waits("product-1-shop-1-1")


@pytest.mark.usefixtures("app")
def test_a_delayed_ticket_waits_until_it_is_due(work: Work) -> None:
    with time_machine.travel(NOW, tick=True) as clock:
        enqueue(at=NOW + timedelta(minutes=5))
        assert [found.delayed for found in queue.stats()] == [0, 1, 0]
        work()
        assert [found.delayed for found in queue.stats()] == [0, 1, 0]
        clock.shift(301)
        work()
        assert [found.delayed for found in queue.stats()] == [0, 0, 0]


def test_a_delayed_request_is_synced_when_it_is_due(shop: PrestaShopShop, work: Work) -> None:
    product = make_product()
    with time_machine.travel(NOW, tick=True) as clock:
        sync_requests.request_product_sync(product.id, shop.id, by="test", delay=timedelta(minutes=5))
        work()
        assert status_of(product, shop).state is SyncState.PENDING
        clock.shift(301)
        work()
        assert status_of(product, shop).state is SyncState.SYNCED


@pytest.mark.usefixtures("app")
def test_a_delayed_ticket_never_comes_before_its_row_is_due() -> None:
    at = NOW + timedelta(seconds=30, milliseconds=700)
    enqueue(at=at)
    registry = queue.rq_queue(queue.NORMAL).scheduled_job_registry
    assert registry.get_scheduled_time("product-1-shop-1-1") >= at


@pytest.mark.parametrize("forced", [queue.HIGH, queue.NORMAL, queue.BACKGROUND])
def test_a_forced_queue_gets_the_ticket(forced: str, shop: PrestaShopShop) -> None:
    sync_requests.request_product_sync(make_product().id, shop.id, by="test", queue=forced)
    assert {name: count for name, count in waiting().items() if count} == {forced: 1}


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("high", queue.HIGH),
        ("normal", queue.NORMAL),
        ("background", queue.BACKGROUND),
        ("default", "default"),
    ],
)
def test_queues_have_names_for_people(text: str, name: str) -> None:
    assert queue.queue_name(text) == name


def test_a_queue_that_there_is_not_is_refused() -> None:
    with pytest.raises(ValueError, match="choose high, normal or background"):
        queue.queue_name("urgent")


def test_a_broker_that_is_away_is_one_error_for_all_callers(database_url: str) -> None:
    app = create_app(
        {"SECRET_KEY": SECRET_KEY, "DATABASE_URL": database_url, "REDIS_URL": "redis://127.0.0.1:1/0"}
    )
    with app.app_context():
        for ask in (
            enqueue,
            queue.stats,
            queue.worker_count,
            lambda: queue.ticket_waits("product-1-shop-1-1"),
        ):
            with pytest.raises(queue.QueueUnavailableError, match="cannot be reached"):
                ask()


@pytest.mark.usefixtures("app")
def test_the_oldest_wait_is_told_in_seconds() -> None:
    with time_machine.travel(NOW, tick=False) as clock:
        enqueue()
        clock.shift(90)
        assert [found.oldest_wait_seconds for found in queue.stats()] == [0, 90, 0]


# What RQ does, and we build on.


@pytest.mark.usefixtures("app")
def test_rq_keeps_one_id_twice_in_a_queue_and_the_second_ticket_does_no_harm(work: Work) -> None:
    enqueue()
    enqueue()
    assert waiting()[queue.NORMAL] == 2, "so claims decide, not tickets"
    work()
    assert waiting()[queue.NORMAL] == 0


@pytest.mark.usefixtures("app")
def test_rq_takes_no_colon_in_an_id() -> None:
    with pytest.raises(ValueError, match="must only contain letters"):
        enqueue("product:1")


def test_a_failed_ticket_is_not_tried_again_by_rq_but_by_our_row(
    practice_82: PracticeShop, shop: PrestaShopShop, work: Work
) -> None:
    practice_82.set_faults({"503": 1})
    product = make_product()
    sync_requests.request_product_sync(product.id, shop.id, by="test")
    work()
    tickets = [
        queue.Ticket.fetch(ticket_id, connection=queue.connection(), serializer="json")
        for name in queue.QUEUES
        for ticket_id in queue.rq_queue(name).scheduled_job_registry.get_job_ids(cleanup=False)
    ]
    assert [ticket.retries_left for ticket in tickets] == [None], "the next try is a ticket of its own"
    assert status_of(product, shop).attempts == 1


@pytest.mark.usefixtures("app")
def test_the_ticket_itself_says_when_its_time_is_up() -> None:
    enqueue()
    assert fetched("product-1-shop-1-1").timeout == 600
