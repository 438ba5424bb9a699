"""The worker as people run it: a process of its own that forks for each job."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from flask import Flask

from ppm_web import queue
from ppm_web.models import PrestaShopShop, SyncState
from ppm_web.practice_shop import DEFAULT_KEY, PracticeShop
from ppm_web.services.sync import requests as sync_requests
from tests.factories import make_product, status_of
from tests.scenario.conftest import HOPELESS_SECONDS, until

pytestmark = pytest.mark.scenario

ROOT = Path(__file__).parents[2]
WORK = [sys.executable, "-m", "flask", "--app", "wsgi", "queue", "work"]


@pytest.fixture
def environment(app: Flask) -> dict[str, str]:
    """What makes another process use the test's database and broker."""
    config = app.config
    return os.environ | {
        "PPM_SECRET_KEY": config["SECRET_KEY"],
        "PPM_DATABASE_URL": config["DATABASE_URL"],
        "PPM_REDIS_URL": config["REDIS_URL"],
        "PPM_ALLOW_PRIVATE_SHOPS": "1",
        "PYTHONWARNINGS": "error",
    }


def worked(environment: dict[str, str], *arguments: str) -> str:
    """Let a worker do what waits, and return its log."""
    done = subprocess.run(
        [*WORK, "--burst", *arguments],
        env=environment,
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=HOPELESS_SECONDS,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stderr


def test_a_forking_worker_publishes_and_logs_what_it_did(
    environment: dict[str, str], shop: PrestaShopShop, practice_82: PracticeShop
) -> None:
    product = make_product("MUG-1")
    sync_requests.request_product_sync(product.id, shop.id, by="test")
    log = worked(environment)
    status = status_of(product, shop)
    assert (status.state, status.outcome) == (SyncState.SYNCED, "created")

    (started,) = re.findall("sync started .*", log)
    (succeeded,) = re.findall("sync succeeded .*", log)
    ticket = f"job=product-{product.id}-shop-{shop.id}-1"
    for words in (ticket, f"id={product.id}", "sku='MUG-1'", "shop='Shop A'", "attempt=1"):
        assert words in started
    for words in (
        ticket,
        "'MUG-1'",
        "shop='Shop A'",
        f"external_id={status.external_id}",
        "operation=create",
    ):
        assert words in succeeded
    assert re.search(r"ms=\d+", succeeded)
    assert DEFAULT_KEY not in log
    assert practice_82.counts["POST"]["products"] == 1


def test_a_failure_is_logged_with_its_try_and_never_with_the_key(
    environment: dict[str, str], shop: PrestaShopShop, practice_82: PracticeShop
) -> None:
    practice_82.set_faults({"key-refused": 1})
    sync_requests.request_product_sync(make_product().id, shop.id, by="test")
    log = worked(environment)
    (failed,) = re.findall("sync failed.*", log)
    for words in ("'MUG-1'", "shop='Shop A'", "attempt=1", "ms="):
        assert words in failed
    assert DEFAULT_KEY not in log


def test_a_worker_starts_with_a_sweep_that_finds_rows_whose_tickets_are_lost(
    environment: dict[str, str], shop: PrestaShopShop
) -> None:
    product = make_product()
    sync_requests.request_product_sync(product.id, shop.id, by="test")
    for name in queue.QUEUES:
        queue.rq_queue(name).delete(delete_jobs=True)
    log = worked(environment)
    assert "sweep returned=0 ticketed=1" in log
    assert status_of(product, shop).state is SyncState.SYNCED


def test_a_worker_may_serve_one_queue_alone(environment: dict[str, str], shop: PrestaShopShop) -> None:
    first, second = make_product("MUG-1"), make_product("MUG-2")
    sync_requests.request_product_sync(first.id, shop.id, by="test", queue=queue.HIGH)
    sync_requests.request_product_sync(second.id, shop.id, by="test", queue=queue.BACKGROUND)
    worked(environment, "--queue", "high")
    assert status_of(first, shop).state is SyncState.SYNCED
    assert status_of(second, shop).state is SyncState.PENDING


def test_a_queue_that_there_is_not_is_wrong_use(environment: dict[str, str]) -> None:
    done = subprocess.run(
        [*WORK, "--queue", "urgent"],
        env=environment,
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=HOPELESS_SECONDS,
        check=False,
    )
    assert done.returncode == 2
    assert "there is no queue 'urgent'" in done.stderr


def test_sigterm_lets_the_running_job_end(
    environment: dict[str, str], shop: PrestaShopShop, practice_82: PracticeShop, tmp_path: Path
) -> None:
    product = make_product()
    sync_requests.request_product_sync(product.id, shop.id, by="test")
    practice_82.request_ms = 300
    with (tmp_path / "worker.log").open("wb") as log:
        worker = subprocess.Popen(WORK, env=environment, cwd=ROOT, stdout=log, stderr=log)
    until(lambda: practice_82.counts != {})
    worker.send_signal(signal.SIGTERM)
    assert worker.wait(HOPELESS_SECONDS) == 0
    assert status_of(product, shop).state is SyncState.SYNCED
