"""The migrations: from nothing to the models and back, on the database that the tests run on."""

from __future__ import annotations

from datetime import datetime

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from flask import Flask
from flask.testing import FlaskCliRunner
from flask_migrate import downgrade, upgrade
from sqlalchemy import Boolean, Connection, MetaData, String, insert, inspect, text

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


def rows(query: str) -> list[tuple[object, ...]]:
    with db.engine.connect() as connection:
        return [tuple(row) for row in connection.execute(text(query))]


def fill_0006() -> None:
    """Products of version 0006 that differ in what was sent of them; all but one stand at their defaults."""
    downgrade(revision="0006")
    db.session.remove()
    old = MetaData()
    old.reflect(db.engine)
    with db.engine.begin() as connection:
        _fill_shop(connection, old)
        for number, name in ((2, "Shown"), (3, "Hidden once")):
            _add(connection, old, "category", id=number, parent_id=1, name=name, active=True)
            _add(connection, old, "category_text", category_id=number, language="en")
        for number, sku in enumerate(("NEVER-Ż", "SAME", "OTHER", "FILLED"), start=1):
            _fill_product(connection, old, number, sku)
        moment = _now()
        for number, pushed in ((2, SAME), (3, OTHER)):
            row = {"product_id": number, "shop_id": 1, "state": "synced", "priority": 5, "pushed": pushed}
            _add(connection, old, "product_sync_status", id=number, last_success_at=moment, **row)
        row = {"category_id": 3, "shop_id": 1, "state": "synced", "priority": 5, "pushed": CATEGORY}
        _add(connection, old, "category_sync_status", id=1, **row)


def _fill_shop(connection: Connection, old: MetaData) -> None:
    shop = {"name": "A", "version": "8.2.0", "active": True, "profile": {"home_category": 2}}
    _add(connection, old, "shop", id=1, problems=[], **shop)
    for number, code in ((1, "en"), (2, "pl")):
        mapped = {"shop_id": 1, "kind": "language", "ours": code, "remote_id": number}
        _add(connection, old, "shop_mapping", id=number, **mapped)
    _add(connection, old, "manufacturer", id=1, name="Kiln")


def _fill_product(connection: Connection, old: MetaData, number: int, sku: str) -> None:
    filled = sku == "FILLED"
    product: dict[str, object] = {
        "ean13": "590" if filled else "",
        "active": not filled,
        "quantity": 4 if filled else 0,
    }
    product |= {"manufacturer_id": 1 if filled else None, "tax_rate": 23, "revision": 5}
    _add(connection, old, "product", id=number, sku=sku, **product)
    for language in ("en", "pl"):
        texts = dict.fromkeys(TEXTS, "x" if filled else "")
        _add(connection, old, "product_text", product_id=number, language=language, name="Mug", **texts)
    _add(connection, old, "product_category", product_id=number, category_id=2 if filled else 1)


def _add(connection: Connection, old: MetaData, into: str, /, **values: object) -> None:
    """A row of the old version; what it needs besides is empty, 0 or now."""
    table = old.tables[into]
    needed = (column for column in table.columns if not column.nullable and column.server_default is None)
    empty = {
        column.name: "" if isinstance(column.type, String) else _now() if column.name.endswith("_at") else 0
        for column in needed
    }
    switches = {
        column.name: False
        for column in table.columns
        if isinstance(column.type, Boolean) and column.name in empty
    }
    connection.execute(insert(table).values(**{**empty, **switches, **values}))


def _now() -> datetime:
    return now() if db.engine.dialect.name == "postgresql" else now().replace(tzinfo=None)


TEXTS = ("short_description", "description", "slug", "meta_title", "meta_description")
SAME = {
    "ean13": "",
    "quantity": "0",
    "active": "1",
    "weight": "0.000000",
    "width": "0.000000",
    "id_manufacturer": "0",
    "categories": [2],
    "description": {"1": "", "2": ""},
}
OTHER = {
    "ean13": "5901234123457",
    "quantity": "7",
    "active": "0",
    "weight": "0.250000",
    "id_manufacturer": "9",
    "categories": [2, 12],
    "description": {"1": "", "2": "<p>0</p>"},
    "meta_title": {"5": "a language that is mapped no more"},
}
CATEGORY = {"active": "0", "description": {"1": "long"}}


def test_what_stands_at_its_default_and_was_sent_as_nothing_else_is_not_held_after_the_upgrade() -> None:
    fill_0006()
    upgrade()

    fields = "ean13, quantity, active, weight, width, manufacturer_emptied"
    nothing = (None, None, None, None, None, False)
    held = dict(zip(("NEVER-Ż", "SAME"), rows(f"SELECT {fields} FROM product WHERE id < 3"), strict=True))
    assert {sku: tuple(map(known, row)) for sku, row in held.items()} == dict.fromkeys(held, nothing)
    assert rows("SELECT product_id FROM product_category WHERE product_id < 3") == []
    texts = f"SELECT {', '.join(TEXTS)} FROM product_text WHERE product_id < 3"
    assert rows(texts) == [(None,) * 5] * 4
    assert rows("SELECT name FROM product_text WHERE product_id < 3") == [("Mug",)] * 4
    assert [known(value) for (value,) in rows("SELECT active FROM category WHERE id = 2")] == [None]
    assert rows("SELECT name, description FROM category_text WHERE category_id = 2") == [("", None)]


def test_what_was_sent_as_something_else_is_held_at_its_default_after_the_upgrade() -> None:
    fill_0006()
    upgrade()

    fields = "ean13, quantity, active, weight, width, manufacturer_emptied"
    [row] = rows(f"SELECT {fields} FROM product WHERE sku = 'OTHER'")
    assert tuple(map(known, row)) == ("", 0, True, 0, None, True)
    assert rows("SELECT category_id FROM product_category WHERE product_id = 3") == [(1,)]
    texts = "SELECT language, description, meta_title, slug FROM product_text WHERE product_id = 3"
    assert sorted(rows(texts), key=str) == [("en", None, "", None), ("pl", "", "", None)]
    assert [known(value) for (value,) in rows("SELECT active FROM category WHERE id = 3")] == [True]
    assert rows("SELECT description, slug FROM category_text WHERE category_id = 3") == [("", None)]


def test_what_was_filled_stays_and_keys_and_times_are_filled_in_at_the_upgrade() -> None:
    fill_0006()
    upgrade()

    fields = "ean13, quantity, active, manufacturer_id, manufacturer_emptied"
    [row] = rows(f"SELECT {fields} FROM product WHERE sku = 'FILLED'")
    assert tuple(map(known, row)) == ("590", 4, False, 1, False)
    assert rows("SELECT category_id FROM product_category WHERE product_id = 4") == [(2,)]
    assert rows("SELECT DISTINCT description, slug FROM product_text WHERE product_id = 4") == [("x", "x")]
    assert rows("SELECT DISTINCT fields_revision FROM product") == [(5,)]
    assert rows("SELECT sku_key FROM product ORDER BY id") == [
        ("never-z",),
        ("same",),
        ("other",),
        ("filled",),
    ]
    [(published,)] = rows("SELECT published_at FROM shop")
    assert published is not None


def test_the_way_back_gives_the_defaults_back() -> None:
    fill_0006()
    upgrade()
    downgrade(revision="0006")

    fields = "ean13, quantity, active, weight, width"
    back = rows(f"SELECT {fields} FROM product WHERE id < 4 ORDER BY id")
    assert [tuple(map(known, row)) for row in back] == [("", 0, True, 0, 0)] * 3
    assert rows(f"SELECT DISTINCT {', '.join(TEXTS)} FROM product_text WHERE product_id < 4") == [("",) * 5]
    links = "SELECT product_id, category_id, position FROM product_category ORDER BY product_id"
    assert rows(links) == [(1, 1, 0), (2, 1, 0), (3, 1, 0), (4, 2, 0)]
    assert [known(value) for (value,) in rows("SELECT active FROM category ORDER BY id")] == [True] * 3
    upgrade()
    assert differences() == []


def known(value: object) -> object:
    """A value of a plain query as Python's own: SQLite keeps switches as numbers."""
    return bool(value) if value in (0, 1) and isinstance(value, int) else value
