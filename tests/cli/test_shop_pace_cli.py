"""flask shop: the pace of a shop and its limits, and why a shop pauses."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest
import time_machine
from flask import Flask
from flask.testing import FlaskCliRunner

from ppm_web.extensions import db
from ppm_web.models import PrestaShopShop
from ppm_web.prestashop.errors import KeyRefused
from ppm_web.services.pace import breaker
from tests.cli.test_sync_and_shop_cli import run
from tests.views.rows import make_shop

EVENING = datetime(2026, 11, 23, 20, 3, tzinfo=UTC)  # 21:03 in Warsaw


@pytest.fixture(autouse=True)
def settings(app: Flask) -> None:
    app.config.update(PACE_START=60, PACE_MIN=6, PACE_MAX=240)


def limits(name: str = "Shop A") -> tuple[int | None, int | None]:
    db.session.expire_all()
    shop = db.session.query(PrestaShopShop).filter_by(name=name).one()
    return shop.pace_min, shop.pace_max


def test_the_list_tells_the_pace_why_and_since_when(cli: FlaskCliRunner) -> None:
    with time_machine.travel(EVENING, tick=False) as clock:
        make_shop()
        assert "Shop A: 60 requests a minute since 21:03: it starts so" in run(cli, "shop", "list")
        (shop,) = json.loads(run(cli, "shop", "list", "--json"))
        clock.shift(24 * 3600)
        assert "60 requests a minute since 2026-11-23 21:03: it starts so" in run(cli, "shop", "list")
    assert shop["pace"] == {
        "rate": 60,
        "lowest": 6,
        "highest": 240,
        "reason": "it starts so",
        "since": "2026-11-23T20:03:00+00:00",
    }


def test_the_check_tells_the_pace(cli: FlaskCliRunner, shop: PrestaShopShop) -> None:
    checked = run(cli, "shop", "check", "Shop A")
    assert "Pace: 60 requests a minute since " in checked
    assert "Paused" not in checked
    assert json.loads(run(cli, "shop", "check", "Shop A", "--json"))["pace"]["rate"] == 60


def test_list_and_check_tell_why_a_shop_paused_by_itself(cli: FlaskCliRunner, shop: PrestaShopShop) -> None:
    with time_machine.travel(EVENING, tick=False):
        breaker.note(shop.id, KeyRefused("The shop refuses the key", status=401))
    db.session.expire_all()
    why = "The shop refuses the key. PPM tries again every minute"
    assert f"Shop A is paused: {why}" in run(cli, "shop", "list")
    assert f"Paused: {why}" in run(cli, "shop", "check", "Shop A")
    (listed,) = json.loads(run(cli, "shop", "list", "--json"))
    assert (listed["paused"], listed["probe_at"]) == (True, "2026-11-23T20:04:00+00:00")


def test_limits_are_set_one_by_one_and_given_back(cli: FlaskCliRunner) -> None:
    make_shop()
    run(cli, "shop", "set", "Shop A", "--pace-max", "120")
    assert limits() == (None, 120)
    run(cli, "shop", "set", "Shop A", "--pace-min", "100")
    assert limits() == (100, 120)
    assert "100 requests a minute" in run(cli, "shop", "list")
    run(cli, "shop", "set", "Shop A", "--pace-min", "0", "--pace-max", "default")
    assert limits() == (None, None)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--pace-min", "90", "--pace-max", "80"), "The lowest pace, 90 requests a minute, is above the hig"),
        (("--pace-min", "241"), "is above the highest, 240"),
        (("--pace-max", "5"), "The lowest pace, 6 requests a minute"),
        (("--pace-min", "fast"), "not 'fast'"),
        (("--pace-min", "-5"), "not '-5'"),
        (("--pace-max", "9999999"), "1 to 1000000 requests a minute"),
        ((), "Nothing to set"),
    ],
)
def test_limits_that_make_no_sense_are_wrong_use(
    cli: FlaskCliRunner, arguments: tuple[str, ...], words: str
) -> None:
    make_shop()
    assert words in run(cli, "shop", "set", "Shop A", *arguments, status=2)
    assert limits() == (None, None)
