"""flask shop stats: where the products stand, and what was done hour by hour (R21)."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest
import time_machine
from flask.testing import FlaskCliRunner

from tests.cli.test_sync_and_shop_cli import run
from tests.views.rows import make_log, make_product, make_shop, make_status

MOMENT = datetime(2026, 11, 23, 12, 30, tzinfo=UTC)


@pytest.fixture
def two_shops() -> None:
    """A product that is in Shop A since noon, and Shop B, which was never sent anything."""
    first = make_shop("Shop A")
    make_shop("Shop B")
    product = make_product()
    make_status(product, first)
    make_log(product, first, created_at=MOMENT, duration_ms=1200)


def test_the_shops_and_the_hours_are_told(cli: FlaskCliRunner, two_shops: None) -> None:
    with time_machine.travel(MOMENT, tick=False):
        said = run(cli, "shop", "stats")
    lines = [" ".join(line.split()) for line in said.splitlines()]
    assert "Shop A 1 1 0 0 0 0 0 0 100.0 %" in lines
    assert "Shop B 1 0 0 0 0 0 0 1 no tries" in lines
    assert "2026-11-23 12:00 1 0 1,200 ms 1,200 ms" in lines


def test_one_shop_is_told_alone(cli: FlaskCliRunner, two_shops: None) -> None:
    with time_machine.travel(MOMENT, tick=False):
        said = run(cli, "shop", "stats", "Shop B")
    assert "Shop A" not in said
    assert "Nothing was done in the last 24 hours." in said


def test_the_document_has_every_shop_and_every_hour(cli: FlaskCliRunner, two_shops: None) -> None:
    with time_machine.travel(MOMENT, tick=False):
        document = json.loads(run(cli, "shop", "stats", "Shop A", "--hours", "2", "--json"))
    (shop,) = document["shops"]
    assert shop.pop("shop_id") > 0
    assert shop == {
        "name": "Shop A",
        "total": 1,
        "synced": 1,
        "pending": 0,
        "syncing": 0,
        "errors": 0,
        "conflicts": 0,
        "disabled": 0,
        "never_sent": 0,
        "success_rate": 100.0,
    }
    assert document["hours"] == [
        {"start": "2026-11-23T11:00:00+00:00", "done": 0, "failed": 0, "p50_ms": None, "p95_ms": None},
        {"start": "2026-11-23T12:00:00+00:00", "done": 1, "failed": 0, "p50_ms": 1200, "p95_ms": 1200},
    ]


def test_what_cannot_be_told_is_said_with_its_exit_status(cli: FlaskCliRunner) -> None:
    assert "There is no shop 'Nowhere'" in run(cli, "shop", "stats", "Nowhere", status=1)
    assert "0 is not in the range" in run(cli, "shop", "stats", "--hours", "0", status=2)
    assert "No shops yet" in run(cli, "shop", "stats")
