"""The list of shops, a shop's page with its check and switches, and adding one."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from ppm_web.extensions import db
from ppm_web.models import PrestaShopShop, SyncState, now
from ppm_web.practice_shop import DEFAULT_KEY, PracticeShop, serve
from ppm_web.services.shops import secrets
from tests.views.conftest import Browser
from tests.views.rows import make_log, make_product, make_shop, make_status

HTMX = {"HX-Request": "true"}


def read(browser: Browser) -> str:
    return browser.get("/shops").get_data(as_text=True)


def test_without_shops_the_page_leads_an_admin_to_the_form(admin: Browser) -> None:
    assert 'href="/shops/new"' in read(admin)


def test_without_shops_others_are_told_who_adds_one(manager: Browser) -> None:
    page = read(manager)
    assert "An administrator can add one." in page
    assert "/shops/new" not in page


def test_a_shop_shows_how_it_is(manager: Browser) -> None:
    checked = datetime(2026, 1, 5, 11, 30, tzinfo=UTC)
    shop = make_shop("Kubki.pl", url="https://kubki.example", version="8.2.1", checked_at=checked)
    page = read(manager)
    for value in ("Kubki.pl", "https://kubki.example", "8.2.1", "Active", f"/shops/{shop.id}"):
        assert value in page
    assert "5 Jan 2026, 12:30 CET" in manager.get(f"/shops/{shop.id}").text


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


def test_a_viewer_sees_no_switches_and_may_use_none(viewer: Browser) -> None:
    shop = make_shop()
    page = viewer.get(f"/shops/{shop.id}").text
    for words in ("Check now", "Pause", "Switch off", "Sync all", "Settings"):
        assert words not in page
    for verb in ("check", "pause", "resume", "activate", "deactivate", "settings"):
        assert viewer.send(f"/shops/{shop.id}/{verb}").status_code == 403
    assert viewer.send("/shops").status_code == 403


def test_a_manager_may_not_add_switch_off_or_set_up(manager: Browser) -> None:
    shop = make_shop()
    for path in ("/shops", f"/shops/{shop.id}/deactivate", f"/shops/{shop.id}/settings"):
        assert manager.send(path).status_code == 403
    for path in ("/shops/new", f"/shops/{shop.id}/settings"):
        assert manager.get(path).status_code == 403


@pytest.mark.parametrize("headers", [HTMX, {}])
def test_a_check_tells_in_words_what_the_shop_is_like(manager: Browser, headers: dict[str, str]) -> None:
    with serve(PracticeShop("8.2", DEFAULT_KEY), "127.0.0.1", 0) as served:
        shop = make_shop(url=served.url, encrypted_key=secrets.encrypt(DEFAULT_KEY))
        response = manager.send(f"/shops/{shop.id}/check", headers=headers)
    assert response.status_code == (200 if headers else 303)
    page = response.text if headers else manager.get(f"/shops/{shop.id}").text
    assert "The shop answers and can be published to." in page
    assert "Languages: " in page
    assert DEFAULT_KEY not in page
    assert ("<html" in page) is not bool(headers)
    db.session.refresh(shop)
    assert shop.version.startswith("8.2")
    assert shop.checked_at is not None


def test_a_check_of_a_shop_that_does_not_answer_says_so(manager: Browser) -> None:
    shop = make_shop(url="http://127.0.0.1:1")
    response = manager.send(f"/shops/{shop.id}/check", headers=HTMX)
    assert response.status_code == 200
    assert "check-bad" in response.text
    assert "can be published to" not in response.text


def test_a_shop_that_is_not_there_is_not_found(admin: Browser) -> None:
    for verb in ("check", "pause", "resume", "activate", "deactivate", "settings"):
        assert admin.send(f"/shops/99/{verb}").status_code == 404
    assert admin.get("/shops/99").status_code == 404


def test_a_shop_is_paused_with_a_reason_and_goes_on(manager: Browser) -> None:
    shop = make_shop()
    answer = manager.send(f"/shops/{shop.id}/pause", {"reason": "stocktaking"}, headers=HTMX)
    assert "stocktaking" in answer.text
    assert "ppm:tell" in answer.headers["HX-Trigger-After-Swap"]
    assert "Resume" in answer.text
    assert manager.send(f"/shops/{shop.id}/resume").location == f"/shops/{shop.id}#state"
    db.session.refresh(shop)
    assert shop.paused_at is None


def test_an_admin_switches_a_shop_off_and_on(admin: Browser) -> None:
    shop = make_shop()
    admin.send(f"/shops/{shop.id}/deactivate")
    assert "Not active" in admin.get(f"/shops/{shop.id}").text
    admin.send(f"/shops/{shop.id}/activate")
    db.session.refresh(shop)
    assert shop.active


def test_the_page_counts_products_and_leads_to_them(manager: Browser, statements: Any) -> None:
    shop = make_shop()
    for number, state in enumerate([SyncState.SYNCED, SyncState.ERROR, None]):
        product = make_product(f"SKU-{number}")
        if state is not None:
            make_status(product, shop, state, last_success_at=now())
            make_log(product, shop, message=f"Line {number}")
    with statements() as seen:
        page = manager.get(f"/shops/{shop.id}").text
    assert len(seen) < 15
    for word in ("synced", "error", "never"):
        assert (
            f'/products?shop={shop.id}&amp;state={word}"><strong class="shop-number shop-number-{word}">1<'
            in page
        )
    assert "Line 1" in page
    assert "100 %" in page


# Adding one


def wish(url: str, **values: str) -> dict[str, str]:
    return {"name": "Kubki", "url": url, "key": DEFAULT_KEY} | values


@pytest.mark.parametrize("headers", [HTMX, {}])
def test_a_shop_that_answers_is_kept_and_its_page_opens(
    admin: Browser, shop_url: str, headers: dict[str, str]
) -> None:
    answer = admin.send("/shops", wish(shop_url), headers=headers)
    where = answer.headers["HX-Redirect"] if headers else answer.location
    assert answer.status_code == (204 if headers else 303)
    page = admin.get(where).text
    assert "Kubki was added" in page
    assert "The shop answers" in page
    assert DEFAULT_KEY not in page


def test_a_refused_key_is_told_at_the_key_and_nothing_is_kept(admin: Browser, shop_url: str) -> None:
    key = "A" * 32
    answer = admin.send("/shops", wish(shop_url, key=key))
    assert answer.status_code == 422
    assert 'id="key-fault"' in answer.text
    assert "Save it anyway" in answer.text
    assert key not in answer.text
    assert db.session.query(PrestaShopShop).count() == 0


def test_a_shop_that_does_not_answer_is_kept_only_when_that_is_said(admin: Browser) -> None:
    answer = admin.send("/shops", wish("http://127.0.0.1:1"), headers=HTMX)
    assert answer.status_code == 422
    assert 'id="url-fault"' in answer.text
    assert "<html" not in answer.text
    kept = admin.send("/shops", wish("http://127.0.0.1:1", anyway="1"))
    assert kept.status_code == 303
    page = admin.get(kept.location).text
    assert "Does not answer" in page
    assert "check-bad" in page


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"name": "shop a"}, "name"),
        ({"name": " "}, "name"),
        ({"name": "x" * 65}, "name"),
        ({"url": "https://a.example/"}, "url"),
        ({"url": "ftp://b.example"}, "url"),
        ({"url": "\0"}, "url"),
        ({"key": "short"}, "key"),
    ],
)
def test_what_cannot_be_a_shop_is_told_at_its_field(
    admin: Browser, values: dict[str, str], field: str
) -> None:
    make_shop("Shop A", url="https://a.example")
    answer = admin.send("/shops", wish("http://127.0.0.1:1") | values)
    assert answer.status_code == 422
    assert f'id="{field}-fault"' in answer.text
    assert "Save it anyway" not in answer.text


@pytest.mark.parametrize("headers", [HTMX, {}])
def test_of_several_stores_the_form_asks_which_one(admin: Browser, headers: dict[str, str]) -> None:
    with serve(PracticeShop(stores=True)) as served:
        answer = admin.send("/shops", wish(served.url), headers=headers)
        assert answer.status_code == 422
        assert 'id="store-fault"' in answer.text
        assert '<option value="3" >3: ' in answer.text
        assert db.session.query(PrestaShopShop).count() == 0
        admin.send("/shops", wish(served.url, store="3"), headers=headers)
        assert db.session.query(PrestaShopShop).one().store_id == 3
        second = wish(served.url, name="Other")
        assert '<option value="4" >4: ' in admin.send("/shops", second, headers=headers).text
        refused = admin.send("/shops", second | {"anyway": "1"}, headers=headers)
        assert "say of both which one" in refused.text
        assert 'id="store-fault"' in refused.text
        admin.send("/shops", second | {"store": "4"}, headers=headers)
    assert db.session.query(PrestaShopShop).count() == 2


@pytest.mark.parametrize("store", ["x", "0x1", "9" * 20])
def test_a_store_that_is_no_id_is_told_at_its_field(admin: Browser, shop_url: str, store: str) -> None:
    answer = admin.send("/shops", wish(shop_url, store=store))
    assert answer.status_code == 422
    assert 'id="store-fault"' in answer.text
