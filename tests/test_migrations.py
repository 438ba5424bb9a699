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
from ppm_web.models import FailedJob, now
from tests.views.rows import make_product, make_shop

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


def test_rows_of_the_first_version_live_through_the_upgrade_and_the_way_back() -> None:
    downgrade(revision="0001")
    with db.engine.begin() as connection:
        connection.execute(
            text(
                "INSERT INTO shop (id, name, url, encrypted_key, version, active, pause_reason, problems, "
                "created_at, updated_at) VALUES (1, 'A', 'http://a', 'k', '8.2', true, '', '[]', "
                "'2026-01-01', '2026-01-01')"
            )
        )
        connection.execute(
            text(
                "INSERT INTO shop_mapping (id, shop_id, kind, ours, manual) VALUES (1, 1, 'tax', '23', true)"
            )
        )
        connection.execute(
            text(
                "INSERT INTO failed_job (id, job, arguments, shop_id, error_class, code, temporary, message, "
                "trace, answer, fingerprint, attempts, failed_at) VALUES (7, 'sync_product', '[]', 1, 'E', "
                "'e', false, 'No tax group', '', '', 'f', 3, '2026-01-01')"
            )
        )

    upgrade()
    downgrade(revision="0001")
    upgrade()

    with db.engine.connect() as connection:
        assert connection.execute(text("SELECT name, settings_revision FROM shop")).all() == [("A", 1)]
        assert connection.execute(text("SELECT ours FROM shop_mapping")).all() == [("23",)]
        failures = connection.execute(text("SELECT id, message FROM failed_job")).all()
        assert failures == [(7, "No tax group")]


def test_the_id_of_a_failure_is_never_given_again() -> None:
    """Otherwise a page that was loaded before could retry or delete another failure."""
    product, shop = make_product(), make_shop()
    add = {"job": "sync_product", "arguments": [], "shop_id": shop.id, "product_id": product.id}
    add |= {"error_class": "E", "code": "e", "message": "m", "fingerprint": "f", "attempts": 1}
    ids = []
    for _ in range(2):
        failure = FailedJob(**add, failed_at=now())
        db.session.add(failure)
        db.session.commit()
        ids.append(failure.id)
        db.session.delete(failure)
        db.session.commit()
    assert ids[1] > ids[0]


def test_a_database_that_was_never_migrated_is_told_without_a_trace(cli: FlaskCliRunner) -> None:
    downgrade(revision="base")
    result = cli.invoke(args=["shop", "list"])
    assert result.exit_code == 1
    assert result.stderr == (
        "Error: The database is not ready for this version of PPM. Make it so with: flask db upgrade\n"
    )


def test_a_database_of_an_older_version_is_told_without_a_trace(cli: FlaskCliRunner) -> None:
    downgrade(revision="0001")
    result = cli.invoke(args=["batch", "list"])
    assert result.exit_code == 1
    assert "flask db upgrade" in result.stderr
