"""Pressing Sync, and the fragment that follows it."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from flask import Flask
from sqlalchemy import select

from ppm_web import queue
from ppm_web.extensions import db
from ppm_web.models import PrestaShopShop, Product, ProductSyncStatus, SyncState, now
from tests.views.conftest import Browser
from tests.views.rows import in_seconds, make_product, make_shop, make_status, status_of

HTMX = {"HX-Request": "true"}


@pytest.fixture
def product(app: Flask) -> Product:
    return make_product("MUG-1")


@pytest.fixture
def shop(product: Product) -> PrestaShopShop:
    return make_shop("Shop A")


@pytest.fixture
def address(product: Product, shop: PrestaShopShop) -> str:
    return f"/products/{product.id}/shops/{shop.id}/sync"


def told(response: Any) -> dict[str, Any]:
    """What the answer lets ppm.js tell."""
    events = json.loads(response.headers.get("HX-Trigger-After-Swap", "{}"))
    message: dict[str, Any] = events.get("ppm:tell", {})
    return message


def test_a_press_queues_the_sync_and_says_so(
    manager: Browser, address: str, product: Product, shop: PrestaShopShop
) -> None:
    response = manager.send(address, headers=HTMX)
    assert response.status_code == 200
    assert told(response) == {"message": "Queued: MUG-1 → Shop A", "kind": "success"}
    page = response.get_data(as_text=True)
    assert page.lstrip().startswith("<div")
    assert "Pending" in page
    assert 'data-seconds="1"' in page
    status = status_of(product, shop)
    assert status.state is SyncState.PENDING
    assert status.requested_by == "manager@example.com"
    assert sum(queue_stats.waiting for queue_stats in queue.stats()) == 1


def test_the_header_that_tells_is_plain_ascii(manager: Browser, product: Product) -> None:
    shop = make_shop("Łódź\n“Sklep”")
    response = manager.send(f"/products/{product.id}/shops/{shop.id}/sync", headers=HTMX)
    assert response.headers["HX-Trigger-After-Swap"].isascii()
    assert "\n" not in response.headers["HX-Trigger-After-Swap"]


def test_without_javascript_a_press_leads_back_to_the_page_with_a_message(
    manager: Browser, address: str, product: Product
) -> None:
    response = manager.send(address, headers={"Referer": "http://localhost/products?q=mug&after=A"})
    assert response.status_code == 303
    assert response.headers["Location"] == f"/products?q=mug&after=A#product-{product.id}"
    page = manager.get("/products").get_data(as_text=True)
    assert "Queued: MUG-1 → Shop A" in page
    assert "Queued" not in manager.get("/products").get_data(as_text=True)


@pytest.mark.parametrize(
    "elsewhere", ["https://evil.example/products", "http://localhost:81//evil.example", ""]
)
def test_a_press_never_leads_out_of_the_site(
    manager: Browser, address: str, product: Product, elsewhere: str
) -> None:
    response = manager.send(address, headers={"Referer": elsewhere})
    assert response.headers["Location"].startswith(f"/products/{product.id}")


def test_a_viewer_may_not_press(viewer: Browser, address: str) -> None:
    assert viewer.send(address).status_code == 403
    assert not db.session.scalars(select(ProductSyncStatus)).all()


def test_an_inactive_shop_refuses_in_words(manager: Browser, address: str, shop: PrestaShopShop) -> None:
    shop.active = False
    db.session.commit()
    response = manager.send(address, headers=HTMX)
    assert response.status_code == 409
    assert told(response) == {"message": "Shop 'Shop A' is not active", "kind": "error"}
    assert "Never sent" in response.get_data(as_text=True)
    plain = manager.send(address)
    assert plain.status_code == 303
    assert "Shop &#39;Shop A&#39; is not active" in manager.get("/products").get_data(as_text=True)


def test_a_disabled_row_refuses_and_has_no_button(
    manager: Browser, address: str, product: Product, shop: PrestaShopShop
) -> None:
    make_status(product, shop, SyncState.DISABLED)
    assert "sync-button" not in manager.get(address).get_data(as_text=True)
    assert manager.send(address, headers=HTMX).status_code == 409


def test_the_page_says_that_it_waits_when_the_queue_cannot_be_reached(
    app: Flask, manager: Browser, address: str
) -> None:
    app.config["REDIS_URL"] = "redis://127.0.0.1:1/0"
    app.extensions["ppm_queue"].clear()
    response = manager.send(address, headers=HTMX)
    assert told(response)["kind"] == "warning"
    assert "queue cannot be reached" in told(response)["message"]
    assert "Waits for the queue" in response.get_data(as_text=True)


def test_the_fragment_is_there_before_anybody_asked_for_a_sync(manager: Browser, address: str) -> None:
    page = manager.get(address).get_data(as_text=True)
    assert "Never sent" in page
    assert "hx-get" not in page


@pytest.mark.parametrize("state", list(SyncState))
def test_only_what_is_under_way_is_asked_for_again(
    manager: Browser, address: str, product: Product, shop: PrestaShopShop, state: SyncState
) -> None:
    make_status(product, shop, state)
    response = manager.get(address)
    assert ("data-seconds" in response.text) is state.in_flight
    assert "HX-Trigger-After-Swap" not in response.headers


def test_a_row_that_is_tried_again_later_says_when_and_asks_less_often(
    manager: Browser, address: str, product: Product, shop: PrestaShopShop
) -> None:
    status = make_status(
        product, shop, SyncState.PENDING, not_before=in_seconds(45), attempts=1, message="no answer"
    )
    page = manager.get(address).get_data(as_text=True)
    assert "Retry at" in page
    assert "try 2 of 3" in page
    assert "no answer" in page
    assert 'data-seconds="5"' in page
    status.not_before = in_seconds(-1)
    db.session.commit()
    page = manager.get(address).get_data(as_text=True)
    assert "Retry at" not in page
    assert 'data-seconds="1"' in page


@pytest.mark.parametrize(("minutes", "seconds"), [(0, 1), (2, 5), (60, 15)])
def test_what_waits_long_is_asked_for_less_often(
    manager: Browser, address: str, product: Product, shop: PrestaShopShop, minutes: int, seconds: int
) -> None:
    make_status(product, shop, SyncState.PENDING, requested_at=now() - timedelta(minutes=minutes))
    assert f'data-seconds="{seconds}"' in manager.get(address).get_data(as_text=True)


def test_a_row_of_a_paused_shop_says_what_it_waits_for(
    manager: Browser, address: str, product: Product, shop: PrestaShopShop
) -> None:
    shop.paused_at = now()
    make_status(product, shop, SyncState.PENDING)
    assert "Waits: the shop is paused" in manager.get(address).get_data(as_text=True)
    assert told(manager.send(address, headers=HTMX))["kind"] == "warning"


def test_page_press_and_poll_give_the_same_fragment(
    manager: Browser, address: str, product: Product, shop: PrestaShopShop
) -> None:
    with time_machine.travel(now(), tick=False):  # a form's token holds the second in which it was made
        pressed = manager.send(address, headers=HTMX).text.strip()
        polled = manager.get(f"/products/badges?polled=1&on={product.id}-{shop.id}").text.strip()
        pages = [manager.get(page).text for page in ("/products", f"/products/{product.id}")]
    assert pressed == polled.replace(' hx-swap-oob="true"', "")
    assert all(pressed in page for page in pages)


def test_in_sync_mode_a_failure_is_shown_at_once(
    app: Flask, manager: Browser, address: str, shop: PrestaShopShop
) -> None:
    shop.url = "http://127.0.0.1:1"
    db.session.commit()
    app.config["QUEUE_MODE"] = "sync"
    response = manager.send(address, headers=HTMX)
    assert response.status_code == 200
    assert told(response)["kind"] == "error"
    assert told(response)["message"].startswith("MUG-1 → Shop A: ")
