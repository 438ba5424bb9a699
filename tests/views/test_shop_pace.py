"""The pace of a shop on its card, the form that sets its limits, and a shop that paused by itself."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from flask import Flask

from ppm_web.extensions import db
from ppm_web.models import PrestaShopShop
from tests.views.conftest import Browser
from tests.views.rows import make_shop

SINCE = datetime(2026, 1, 5, 11, 30, tzinfo=UTC)


@pytest.fixture(autouse=True)
def settings(app: Flask) -> None:
    app.config.update(PACE_START=60, PACE_MIN=6, PACE_MAX=240)


def limits(shop: PrestaShopShop) -> tuple[int | None, int | None]:
    db.session.refresh(shop)
    return shop.pace_min, shop.pace_max


def test_a_shop_shows_its_pace_why_and_since_when(viewer: Browser) -> None:
    shop = make_shop(pace_rate=30, pace_reason="the shop was busy (HTTP 503)", pace_since=SINCE, pace_max=90)
    page = viewer.get(f"/shops/{shop.id}").text
    assert "30 requests a minute since" in page
    for words in ("5 Jan 2026, 12:30 CET", ": the shop was busy (HTTP 503)", "6 to 90 requests a minute"):
        assert words in page


def test_a_new_shop_tells_that_it_starts_so(viewer: Browser) -> None:
    shop = make_shop(created_at=SINCE)
    page = viewer.get(f"/shops/{shop.id}").text
    assert "60 requests a minute since" in page
    assert ": it starts so" in page


def test_a_shop_that_paused_by_itself_tells_why_and_when_it_is_tried_again(viewer: Browser) -> None:
    shop = make_shop(paused_at=SINCE, pause_reason="The shop refuses the key", probe_at=SINCE)
    page = viewer.get(f"/shops/{shop.id}").text
    assert ": The shop refuses the key" in page
    assert "Next try" in page
    assert "it goes on by itself" in page


def test_a_shop_that_a_person_paused_is_not_said_to_be_tried_again(viewer: Browser) -> None:
    shop = make_shop(paused_at=SINCE, pause_reason="stocktaking")
    assert "Next try" not in viewer.get(f"/shops/{shop.id}").text


def test_a_manager_sets_the_limits_and_gives_them_back(manager: Browser) -> None:
    shop = make_shop()
    answer = manager.send(f"/shops/{shop.id}/pace", {"pace_min": "10", "pace_max": "50"})
    assert (answer.status_code, answer.location) == (303, f"/shops/{shop.id}#state")
    assert limits(shop) == (10, 50)
    page = manager.get(f"/shops/{shop.id}").text
    assert "The limits of the pace of Shop A are set." in page
    assert "50 requests a minute since" in page
    assert 'value="10"' in page
    manager.send(f"/shops/{shop.id}/pace", {"pace_min": "", "pace_max": ""})
    assert limits(shop) == (None, None)


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"pace_min": "60", "pace_max": "50"}, "is above the highest, 50"),
        ({"pace_min": "-1"}, "not &#39;-1&#39;"),
        ({"pace_max": "1" * 5000}, "1 to 1000000 requests a minute"),
    ],
)
def test_limits_that_make_no_sense_are_refused_in_words(
    manager: Browser, fields: dict[str, str], words: str
) -> None:
    shop = make_shop()
    assert manager.send(f"/shops/{shop.id}/pace", fields).status_code == 303
    page = manager.get(f"/shops/{shop.id}").text
    assert words in page
    assert "notice-error" in page
    assert limits(shop) == (None, None)


def test_a_viewer_sees_no_form_and_may_set_nothing(viewer: Browser) -> None:
    shop = make_shop()
    assert "pace_min" not in viewer.get(f"/shops/{shop.id}").text
    assert viewer.send(f"/shops/{shop.id}/pace", {"pace_max": "50"}).status_code == 403
    assert limits(shop) == (None, None)


def test_the_limits_of_a_shop_that_is_not_there_are_not_found(manager: Browser) -> None:
    assert manager.send("/shops/99/pace").status_code == 404


def test_without_its_token_the_form_changes_nothing(manager: Browser) -> None:
    shop = make_shop()
    assert manager.post(f"/shops/{shop.id}/pace", data={"pace_max": "50"}).status_code == 400
    assert limits(shop) == (None, None)
