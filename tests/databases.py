"""A database of its own for each test: a copy of one that was migrated once.

SQLite, or a PostgreSQL server where ``PPM_TEST_DATABASE_URL`` names one.
"""

from __future__ import annotations

import os
import shutil
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path

from flask_migrate import upgrade
from sqlalchemy import Engine, create_engine, make_url, text

from ppm_web import create_app
from ppm_web.extensions import db
from tests.support import SECRET_KEY

SERVER = os.environ.get("PPM_TEST_DATABASE_URL", "")


@contextmanager
def migrated(folder: Path) -> Iterator[str]:
    """The URL of a database with every migration, of which ``copied`` makes copies."""
    with _emptied(f"ppm_template_{_unique()}") if SERVER else _file(folder / "template.sqlite3") as url:
        app = create_app({"SECRET_KEY": SECRET_KEY, "DATABASE_URL": url})
        with app.app_context():
            upgrade()
            db.session.remove()
            db.engine.dispose()
        yield url


@contextmanager
def copied(url: str, folder: Path) -> Iterator[str]:
    """The URL of a copy of the database at ``url``, which nobody is connected to."""
    if SERVER:
        with _emptied(f"ppm_test_{_unique()}", f"TEMPLATE {make_url(url).database}") as copy:
            yield copy
        return
    path = folder / "ppm.sqlite3"
    shutil.copyfile(url.removeprefix("sqlite:///"), path)
    yield f"sqlite:///{path}"


@contextmanager
def _file(path: Path) -> Iterator[str]:
    yield f"sqlite:///{path}"


@contextmanager
def _emptied(name: str, options: str = "") -> Iterator[str]:
    _on_server(f"CREATE DATABASE {name} {options}")
    try:
        yield _database(name)
    finally:
        _on_server(f"DROP DATABASE {name} WITH (FORCE)")


def _unique() -> str:
    return uuid.uuid4().hex[:12]


def _on_server(statement: str) -> None:
    with _server().connect() as connection:
        connection.execute(text(statement))


@cache
def _server() -> Engine:
    return create_engine(_database("postgres"), isolation_level="AUTOCOMMIT")


def _database(name: str) -> str:
    url = make_url(SERVER).set(database=name, drivername="postgresql+psycopg")
    return url.render_as_string(hide_password=False)
