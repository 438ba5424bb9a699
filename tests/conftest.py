"""Fixtures for all tests: a fresh database and a real broker for each test, fakes only at the wire.

``PPM_TEST_DATABASE_URL`` (a PostgreSQL server where databases may be made) and
``PPM_TEST_REDIS_URL`` run the same tests on those services (``make test-services``).
"""

from __future__ import annotations

import os
import shutil
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path

os.environ["RQ_KEY_PREFIX"] = f"ppm-test-{os.getpid()}"  # before RQ is imported
for setting in [name for name in os.environ if name.startswith("PPM_") and "_TEST_" not in name]:
    del os.environ[setting]

import pytest
from flask import Flask
from flask.testing import FlaskClient, FlaskCliRunner
from flask_migrate import upgrade
from redis import Redis
from rq import SimpleWorker
from sqlalchemy import create_engine, make_url, text

from jobs.worker import work_commands
from ppm_web import broker, create_app, queue
from ppm_web.extensions import db
from ppm_web.models import PrestaShopShop
from ppm_web.practice_shop import PracticeShop, serve
from tests.factories import make_shop
from tests.support import SECRET_KEY, WatchedShop

DATABASE_SERVER = os.environ.get("PPM_TEST_DATABASE_URL", "")
BROKER_URL = os.environ.get("PPM_TEST_REDIS_URL", "")


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
    if DATABASE_SERVER:
        name = f"ppm_template_{uuid.uuid4().hex[:12]}"
        _on_server(f"CREATE DATABASE {name}")
        url = _server_database(name)
    else:
        url = f"sqlite:///{tmp_path_factory.mktemp('database') / 'template.sqlite3'}"
    app = create_app({"SECRET_KEY": SECRET_KEY, "DATABASE_URL": url})
    with app.app_context():
        upgrade()
        db.session.remove()
        db.engine.dispose()
    yield url
    if DATABASE_SERVER:
        _on_server(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture
def database_url(migrated_database: str, tmp_path: Path) -> Iterator[str]:
    """A fresh database of this test's own."""
    if DATABASE_SERVER:
        name = f"ppm_test_{uuid.uuid4().hex[:12]}"
        _on_server(f"CREATE DATABASE {name} TEMPLATE {make_url(migrated_database).database}")
        yield _server_database(name)
        _on_server(f"DROP DATABASE {name} WITH (FORCE)")
        return
    path = tmp_path / "ppm.sqlite3"
    shutil.copyfile(migrated_database.removeprefix("sqlite:///"), path)
    yield f"sqlite:///{path}"


@pytest.fixture
def app(database_url: str, clean_broker: str, tmp_path: Path) -> Iterator[Flask]:
    """An app on a fresh database and a clean broker, inside an application context."""
    app = create_app(
        {
            "TESTING": True,
            "SECRET_KEY": SECRET_KEY,
            "DATABASE_URL": database_url,
            "REDIS_URL": clean_broker,
            "ALLOW_PRIVATE_SHOPS": True,
            "IMAGE_FOLDER": str(tmp_path / "images"),
            "PACE_START": 100_000,
            "PACE_MAX": 100_000,
        }
    )
    work_commands(app)
    with app.app_context():
        yield app
        db.session.remove()
        db.engine.dispose()
    for connection in app.extensions["ppm_queue"].values():
        connection.close()


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
        worker = SimpleWorker(
            [queue.rq_queue(name) for name in queue.QUEUES],
            connection=queue.connection(),
            job_class=queue.Ticket,
            serializer="json",
        )
        worker.work(burst=True, with_scheduler=True, logging_level="CRITICAL")
        db.session.rollback()
        db.session.expire_all()

    return burst


def _delete_keys(url: str) -> None:
    with Redis.from_url(url) as connection:
        for key in connection.scan_iter(f"{os.environ['RQ_KEY_PREFIX']}:*", count=1000):
            connection.delete(key)


def _on_server(statement: str) -> None:
    engine = create_engine(_server_database("postgres"), isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(text(statement))
    engine.dispose()


def _server_database(name: str) -> str:
    url = make_url(DATABASE_SERVER).set(database=name, drivername="postgresql+psycopg")
    return url.render_as_string(hide_password=False)
