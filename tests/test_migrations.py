"""The migrations: from nothing to the models and back, on the database that the tests run on."""

from __future__ import annotations

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from flask import Flask
from flask.testing import FlaskCliRunner
from flask_migrate import downgrade, upgrade
from sqlalchemy import inspect, text

from ppm_web.extensions import db

pytestmark = pytest.mark.usefixtures("app")


def tables() -> set[str]:
    """The tables of the database, without Alembic's own."""
    db.engine.dispose()
    with db.engine.connect() as connection:
        return set(inspect(connection).get_table_names()) - {"alembic_version"}


def differences() -> list[object]:
    """What an automatic migration would change."""
    with db.engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_server_default": True})
        return list(compare_metadata(context, db.metadata))


def test_from_nothing_the_migrations_make_what_the_models_say() -> None:
    assert tables() == set(db.metadata.tables)
    assert differences() == []


def test_down_to_nothing_and_up_again() -> None:
    downgrade(revision="base")
    assert tables() == set()
    upgrade()
    assert tables() == set(db.metadata.tables)
    assert differences() == []


def test_upgrading_what_is_upgraded_changes_nothing(cli: FlaskCliRunner) -> None:
    assert cli.invoke(args=["db", "upgrade"]).exit_code == 0
    assert differences() == []


def test_the_root_category_is_there_from_the_start(app: Flask) -> None:
    with db.engine.connect() as connection:
        roots = connection.execute(text("SELECT id FROM category WHERE parent_id IS NULL")).all()
    assert len(roots) == 1
