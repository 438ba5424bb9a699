"""Flask extensions, made without an app and bound to it in ``create_app``."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from flask_babel import Babel
from flask_login import LoginManager
from flask_migrate import Migrate
from flask_sqlalchemy import SQLAlchemy
from flask_wtf import CSRFProtect
from htmx_flask import Htmx
from sqlalchemy import MetaData, event
from sqlalchemy.orm import DeclarativeBase

if TYPE_CHECKING:
    from flask import Flask
    from sqlalchemy import Connection, ExceptionContext

NAMING = {
    "ix": "ix_%(column_0_N_label)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}


class Base(DeclarativeBase):
    """Base of every model; constraint names are fixed so that migrations can name them."""

    metadata = MetaData(naming_convention=NAMING)


db = SQLAlchemy(model_class=Base, session_options={"expire_on_commit": False})
migrate = Migrate()
htmx = Htmx()
csrf = CSRFProtect()
login = LoginManager()
babel = Babel()

if TYPE_CHECKING:
    # mypy cannot see that db.Model is Base (Flask-SQLAlchemy makes it at run time).
    Model = Base
else:
    Model = db.Model

read_only: ContextVar[bool] = ContextVar("read_only", default=False)
"""True while a request that only reads (GET, HEAD) is served: see ``begin_sqlite``."""


class NotMigratedError(click.ClickException):
    """The database has no tables of this PPM: on the command line that is told without a trace."""

    def __init__(self) -> None:
        super().__init__(
            "The database is not ready for this version of PPM. Make it so with: flask db upgrade"
        )


def init_app(app: Flask) -> None:
    """Bind every extension to ``app``, and make its SQLite database fit for several processes."""
    db.init_app(app)
    migrate.init_app(app, db, directory=str(Path(app.root_path).parent / "migrations"))
    htmx.init_app(app)
    csrf.init_app(app)
    login.init_app(app)
    with app.app_context():
        event.listen(db.engine, "handle_error", _name_missing_table)
    init_sqlite(app)


def init_sqlite(app: Flask) -> None:
    """Make SQLite fit for several processes: WAL, a busy timeout, and BEGIN IMMEDIATE for writers.

    A transaction that reads and then writes fails with "database is locked" whatever the busy
    timeout is, so every transaction that may write takes the write lock when it begins.
    """
    with app.app_context():
        engine = db.engine
    if engine.dialect.name != "sqlite":
        return
    event.listen(engine, "connect", _configure_sqlite)
    event.listen(engine, "begin", _begin_sqlite)


@contextmanager
def reading() -> Iterator[None]:
    """A transaction that only reads, ended at the end of the block: on SQLite it takes no write lock.

    To be used where no transaction is open yet.
    """
    token = read_only.set(True)
    try:
        yield
    finally:
        try:
            db.session.commit()
        finally:  # also when a signal strikes inside the commit: what comes next may have to write
            read_only.reset(token)


def _name_missing_table(context: ExceptionContext) -> None:
    """Say in words that ``flask db upgrade`` was forgotten, after the installation or an update."""
    error = context.original_exception
    on_sqlite = str(error).startswith(("no such table", "no such column"))
    if on_sqlite or type(error).__name__ in {"UndefinedTable", "UndefinedColumn"}:  # PostgreSQL's names
        raise NotMigratedError from error


def _configure_sqlite(dbapi_connection: Any, _record: object) -> None:
    dbapi_connection.isolation_level = None  # we say BEGIN ourselves
    cursor = dbapi_connection.cursor()
    for pragma in ("journal_mode=WAL", "busy_timeout=30000", "synchronous=NORMAL", "foreign_keys=ON"):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _begin_sqlite(connection: Connection) -> None:
    connection.exec_driver_sql("BEGIN" if read_only.get() else "BEGIN IMMEDIATE")
