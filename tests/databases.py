"""A database of its own for each test: a copy of one that was migrated once.

SQLite, or a PostgreSQL server where ``PPM_TEST_DATABASE_URL`` names one.
"""

from __future__ import annotations

import os
import shutil
import uuid
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
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
    name = _unique("template") if SERVER else ""
    if SERVER:
        _on_server(f"CREATE DATABASE {name}")
    url = _database(name) if SERVER else f"sqlite:///{folder / 'template.sqlite3'}"
    app = create_app({"SECRET_KEY": SECRET_KEY, "DATABASE_URL": url})
    with app.app_context():
        upgrade()
        db.session.remove()
        db.engine.dispose()
    yield url
    if SERVER:
        _copies(name).end()
        _drop(name)


@contextmanager
def copied(url: str, folder: Path) -> Iterator[str]:
    """The URL of a copy of the database at ``url``, which nobody is connected to."""
    if SERVER:
        copies = _copies(make_url(url).database or "")
        name = copies.take()
        yield _database(name)
        copies.give_back(name)
    else:
        path = folder / "ppm.sqlite3"
        shutil.copyfile(url.removeprefix("sqlite:///"), path)
        yield f"sqlite:///{path}"


class _Copies:
    """Copies on the server, made ahead and dropped by a thread, which waits for the disk while tests run."""

    def __init__(self, template: str) -> None:
        self._template = template
        self._thread = ThreadPoolExecutor(1)
        self._next = self._thread.submit(self._make)
        self._drops: list[Future[None]] = []

    def take(self) -> str:
        """The name of a copy that nobody has."""
        name = self._next.result()
        self._next = self._thread.submit(self._make)
        return name

    def give_back(self, name: str) -> None:
        """A copy that is needed no more."""
        self._drops.append(self._thread.submit(_drop, name))

    def end(self) -> None:
        """Wait until no copy is left."""
        self.give_back(self._next.result())
        for drop in self._drops:
            drop.result()
        self._thread.shutdown()

    def _make(self) -> str:
        name = _unique("test")
        _on_server(f"CREATE DATABASE {name} TEMPLATE {self._template}")
        return name


_copies = cache(_Copies)


def _unique(kind: str) -> str:
    return f"ppm_{kind}_{uuid.uuid4().hex[:12]}"


def _drop(name: str) -> None:
    _on_server(f"DROP DATABASE {name} WITH (FORCE)")


def _on_server(statement: str) -> None:
    with _server().connect() as connection:
        connection.execute(text(statement))


@cache
def _server() -> Engine:
    return create_engine(_database("postgres"), isolation_level="AUTOCOMMIT")


def _database(name: str) -> str:
    url = make_url(SERVER).set(database=name, drivername="postgresql+psycopg")
    return url.render_as_string(hide_password=False)
