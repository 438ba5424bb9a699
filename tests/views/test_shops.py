"""The list of shops and their check."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from ppm_web.extensions import db
from ppm_web.models import SyncState
from ppm_web.practice_shop import DEFAULT_KEY, PracticeShop, serve
from ppm_web.services import secrets
from tests.views.conftest import Browser
from tests.views.rows import make_product, make_shop, make_status


def read(browser: Browser) -> str:
    return browser.get("/shops").get_data(as_text=True)


def test_without_shops_the_page_tells_how_to_add_one(manager: Browser) -> None:
    assert "flask shop add NAME URL --key -" in read(manager)


def test_a_shop_shows_how_it_is(manager: Browser) -> None:
    checked = datetime(2026, 1, 5, 11, 30, tzinfo=UTC)
    make_shop("Kubki.pl", url="https://kubki.example", version="8.2.1", checked_at=checked)
    page = read(manager)
    for value in ("Kubki.pl", "https://kubki.example", "8.2.1", "2026-01-05 12:30 CET", "Active"):
        assert value in page


def test_a_paused_and_an_inactive_shop_say_so_with_the_reason(manager: Browser) -> None:
    make_shop("A", paused_at=datetime(2026, 1, 5, tzinfo=UTC), pause_reason="the shop refuses the key")
    make_shop("B", active=False)
    page = read(manager)
    assert "Paused" in page
    assert "the shop refuses the key" in page
    assert "Not active" in page


def test_problems_of_the_last_check_are_told(manager: Browser) -> None:
    make_shop(problems=["The key may not write products"])
    assert "The key may not write products" in read(manager)


def test_products_are_counted_by_state(manager: Browser) -> None:
    shop, other = make_shop("A"), make_shop("B")
    for number, state in enumerate([SyncState.SYNCED, SyncState.SYNCED, SyncState.ERROR]):
        product = make_product(f"SKU-{number}")
        make_status(product, shop, state)
        make_status(product, other, SyncState.PENDING)
    page = read(manager)
    for words in ("2 synced", "1 error", "3 pending"):
        assert words in page


def test_a_viewer_sees_no_check_button_and_may_not_check(viewer: Browser) -> None:
    shop = make_shop()
    assert "Check Shop A" not in read(viewer)
    assert viewer.send(f"/shops/{shop.id}/check").status_code == 403


@pytest.mark.parametrize("headers", [{"HX-Request": "true"}, {}])
def test_a_check_tells_in_words_what_the_shop_is_like(manager: Browser, headers: dict[str, str]) -> None:
    with serve(PracticeShop("8.2", DEFAULT_KEY), "127.0.0.1", 0) as served:
        shop = make_shop(url=served.url, encrypted_key=secrets.encrypt(DEFAULT_KEY))
        response = manager.send(f"/shops/{shop.id}/check", headers=headers)
    page = response.get_data(as_text=True)
    assert response.status_code == 200
    assert "The shop answers and can be published to." in page
    assert "Languages: " in page
    assert DEFAULT_KEY not in page
    assert ("<html" in page) is not bool(headers)
    db.session.refresh(shop)
    assert shop.version.startswith("8.2")
    assert shop.checked_at is not None


def test_a_check_of_a_shop_that_does_not_answer_says_so(manager: Browser) -> None:
    shop = make_shop(url="http://127.0.0.1:1")
    response = manager.send(f"/shops/{shop.id}/check", headers={"HX-Request": "true"})
    assert response.status_code == 200
    assert "check-bad" in response.get_data(as_text=True)
    assert "can be published to" not in response.get_data(as_text=True)


def test_a_check_of_a_shop_that_is_not_there_is_not_found(manager: Browser) -> None:
    assert manager.send("/shops/99/check").status_code == 404
