"""Tickets: only our own jobs, as JSON, in the right queue, and the traits of RQ that we rely on."""

from __future__ import annotations

import inspect
import json
import os
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from importlib import import_module
from pathlib import Path

import pytest
import time_machine
from flask import Flask
from redis import Redis
from rq import Callback, Queue, Retry
from rq.job import Job, JobStatus

from ppm_web import create_app, queue
from ppm_web.extensions import db
from ppm_web.models import PrestaShopShop, SyncState
from ppm_web.practice_shop import PracticeShop
from ppm_web.services import sync
from tests.factories import make_product, status_of
from tests.support import SECRET_KEY

Work = Callable[[], None]
NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)


def enqueue(ticket_id: str = "product-1-shop-1-1", at: datetime | None = None) -> None:
    """A ticket for a row that is not there: it does nothing."""
    queue.enqueue("sync_product", 4711, ticket_id=ticket_id, queue=queue.NORMAL, at=at, timeout=600)


def fetched(ticket_id: str) -> Job:
    return queue.Ticket.fetch(ticket_id, connection=queue.connection(), serializer="json")


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
    ticket.refresh()
    assert ticket.get_status() is JobStatus.FAILED
    assert f"refused to run '{path}'" in str(ticket.latest_result().exc_string)


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
    data = queue.connection().hget(f"{os.environ['RQ_KEY_PREFIX']}:job:product-1-shop-1-1", "data")
    if data is None:  # RQ keeps the prefix in the class
        data = queue.connection().hget(fetched("product-1-shop-1-1").key, "data")
    assert isinstance(data, bytes)
    import zlib

    assert json.loads(zlib.decompress(data)) == ["jobs.sync_product.sync_product", None, [4711], {}]
