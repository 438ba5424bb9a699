"""Fixtures for all tests: a fresh database and a real broker for each test, fakes only at the wire.

``PPM_TEST_DATABASE_URL`` (a PostgreSQL server where databases may be made) and
``PPM_TEST_REDIS_URL`` run the same tests on those services (``make test-services``).
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

os.environ["RQ_KEY_PREFIX"] = f"ppm-test-{os.getpid()}"  # before RQ is imported
for setting in [name for name in os.environ if name.startswith("PPM_") and "_TEST_" not in name]:
    del os.environ[setting]

import pytest
from flask import Flask
from flask.testing import FlaskClient, FlaskCliRunner
from redis import Redis
from sqlalchemy import event

from ppm_web import broker, queue
from ppm_web.extensions import db
from ppm_web.models import PrestaShopShop
from ppm_web.practice_shop import PracticeShop, serve
from tests import databases
from tests.factories import make_shop
from tests.shared_app import SharedApp
from tests.support import SECRET_KEY, BurstWorker, Statements, WatchedShop

BROKER_URL = os.environ.get("PPM_TEST_REDIS_URL", "")


OWN_TARGETS = {"scenario", "browser", "demo", "supervisor", "faults"}
"""Marks of tests that the default suite leaves to a target of their own."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark what has a database or a broker: PostgreSQL and Redis can differ. Nobody can forget it."""
    for item in items:
        fixtures = set(getattr(item, "fixturenames", ()))
        marks = {mark.name for mark in item.iter_markers()}
        if fixtures & {"database_url", "broker_url"} and not marks & OWN_TARGETS:
            item.add_marker(pytest.mark.services)


@pytest.fixture(scope="session")
def broker_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A real broker: the embedded one, in a folder of this test run, unless a URL is given."""
    if BROKER_URL:
        yield BROKER_URL
        return
    folder = tmp_path_factory.mktemp("broker")
    yield broker.ensure_running(folder)
    broker.stop(folder)


@pytest.fixture
def clean_broker(broker_url: str) -> Iterator[str]:
    """The broker without any key of ours, before and after."""
    _delete_keys(broker_url)
    yield broker_url
    _delete_keys(broker_url)


@pytest.fixture(scope="session")
def migrated_database(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A database that was migrated once; each test works on a copy of it."""
    with databases.migrated(tmp_path_factory.mktemp("database")) as url:
        yield url


@pytest.fixture
def database_url(migrated_database: str, tmp_path: Path) -> Iterator[str]:
    """A fresh database of this test's own."""
    with databases.copied(migrated_database, tmp_path) as url:
        yield url


@pytest.fixture(scope="session")
def shared_app(migrated_database: str, broker_url: str) -> SharedApp:
    """The app of all tests of this process."""
    return SharedApp(
        {
            "TESTING": True,
            "SECRET_KEY": SECRET_KEY,
            "DATABASE_URL": migrated_database,
            "REDIS_URL": broker_url,
            "ALLOW_PRIVATE_SHOPS": True,
            "PACE_START": 100_000,
            "PACE_MAX": 100_000,
        }
    )


@pytest.fixture
def app(shared_app: SharedApp, database_url: str, clean_broker: str, tmp_path: Path) -> Iterator[Flask]:
    """An app on a fresh database and a clean broker, inside an application context."""
    with shared_app.lent(database_url, IMAGE_FOLDER=str(tmp_path / "images")) as app:
        yield app


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    """A browser without JavaScript, not signed in."""
    return app.test_client()


@pytest.fixture
def cli(app: Flask) -> FlaskCliRunner:
    """The flask command, in this process."""
    return app.test_cli_runner()


@pytest.fixture
def practice_82() -> WatchedShop:
    """A practice shop 8.2, where the version makes no difference."""
    return WatchedShop(version="8.2")


@pytest.fixture
def shop_url(practice_82: PracticeShop) -> Iterator[str]:
    """Where ``practice_82`` listens."""
    with serve(practice_82) as served:
        yield served.url


@pytest.fixture
def shop(app: Flask, practice_82: PracticeShop, shop_url: str) -> PrestaShopShop:
    """``practice_82`` as a shop of PPM, checked, with its counters at zero."""
    shop = make_shop(shop_url)
    practice_82.reset_stats()
    return shop


@pytest.fixture
def work(app: Flask) -> Callable[[], None]:
    """Work on the queue in this process until it is empty, with the tickets that are due by now."""

    def burst() -> None:
        worker = BurstWorker(
            [queue.rq_queue(name) for name in queue.QUEUES],
            connection=queue.connection(),
            job_class=queue.Ticket,
            serializer="json",
        )
        worker.work(burst=True, with_scheduler=True, logging_level="CRITICAL")
        db.session.rollback()
        db.session.expire_all()

    return burst


@pytest.fixture
def statements(app: Flask) -> Statements:
    """Notes the SQL statements inside a with block, but for those that begin a transaction."""

    @contextmanager
    def noting() -> Iterator[list[str]]:
        seen: list[str] = []

        def note(_connection: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
            if not statement.startswith(("BEGIN", "PRAGMA")):
                seen.append(statement)

        event.listen(db.engine, "before_cursor_execute", note)
        try:
            yield seen
        finally:
            event.remove(db.engine, "before_cursor_execute", note)

    return noting


def _delete_keys(url: str) -> None:
    with Redis.from_url(url) as connection:
        for key in connection.scan_iter(f"{os.environ['RQ_KEY_PREFIX']}:*", count=1000):
            connection.delete(key)
