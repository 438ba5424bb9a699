"""One app for all tests of a process, lent to one after the other, each time as it was made.

An app that is made anew compiles its addresses, its templates and its SQL statements anew: that was half the
time of the whole suite. What a test may change is put back when it ends; its database is its own.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from flask import Flask
from sqlalchemy import event, make_url

from jobs.worker import work_commands
from ppm_web import create_app
from ppm_web.extensions import db


class SharedApp:
    """An app on no database of its own: it connects to the one of the test that has it."""

    def __init__(self, settings: dict[str, Any]) -> None:
        self.app = create_app(settings)
        work_commands(self.app)
        self._database = ""
        self._attributes = dict(vars(self.app))
        self._made = {
            name: dict(getattr(self.app, name)) for name in ("config", "extensions", "view_functions")
        }
        with self.app.app_context():
            self._engine = db.engine
        event.listen(self._engine, "do_connect", self._redirect)
        event.listen(self._engine, "connect", self._do_not_wait_for_the_disk)

    @contextmanager
    def lent(self, database_url: str, **settings: Any) -> Iterator[Flask]:
        """The app as it was made, on that database and with those settings, inside its context."""
        self._database = make_url(database_url).database or ""
        self.app.config.update(DATABASE_URL=database_url, SQLALCHEMY_DATABASE_URI=database_url, **settings)
        try:
            with self.app.app_context():
                yield self.app
                db.session.remove()
                self._engine.dispose()
        finally:
            self._put_back()

    def _redirect(self, dialect: Any, _record: object, arguments: list[Any], options: dict[str, Any]) -> None:
        """What SQLAlchemy is about to connect with is changed in place."""
        if dialect.name == "sqlite":
            arguments[0] = self._database
        else:
            options["dbname"] = self._database

    def _do_not_wait_for_the_disk(self, connection: Any, _record: object) -> None:
        """A test loses nothing in a power cut."""
        if self._engine.dialect.name == "sqlite":
            connection.execute("PRAGMA synchronous=OFF")
        else:
            connection.execute("SET synchronous_commit TO off")
            connection.commit()

    def _put_back(self) -> None:
        connections = self.app.extensions["ppm_queue"]
        for connection in connections.values():
            connection.close()
        connections.clear()
        for name, made in self._made.items():
            kept = getattr(self.app, name)
            kept.clear()
            kept.update(made)
        vars(self.app).clear()
        vars(self.app).update(self._attributes)
        if list(self._engine.dispatch.before_cursor_execute):
            raise AssertionError("the test left a listener on the engine: use the fixture statements")
