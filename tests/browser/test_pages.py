"""The pages as people use them: with a mouse, with the keyboard only, on a phone, in the dark."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from playwright.sync_api import Browser, BrowserContext, Page, expect

from ppm_web.extensions import db
from ppm_web.models import PrestaShopShop, Product, Role, SyncState, now
from tests.browser.conftest import NARROW, WIDE, Watched, sign_in
from tests.views.rows import (
    PASSWORD,
    in_seconds,
    make_catalogue,
    make_log,
    make_product,
    make_shop,
    make_status,
    make_user,
)

pytestmark = pytest.mark.browser

AXE = Path(__file__).parent / "vendor" / "axe-core-4.14.1" / "axe.min.js"


def badge(page: Page, product: Product, shop: PrestaShopShop) -> Any:
    return page.locator(f"#sync-{product.id}-{shop.id} .state")


def set_state(product: Product, shop: PrestaShopShop, state: SyncState, **values: Any) -> None:
    """Write a row's state as a worker would."""
    from tests.views.rows import status_of

    status = status_of(product, shop)
    status.state = state
    for name, value in values.items():
        setattr(status, name, value)
    db.session.commit()


def test_a_press_of_sync_publishes_and_the_badge_follows_without_a_reload(
    manager: Page, watched: Watched, shop: PrestaShopShop, work: Callable[[], None]
) -> None:
    product = make_product("MUG-1", "Blue mug")
    manager.goto("/products")
    loads = len(watched.loads)
    expect(badge(manager, product, shop)).to_have_text("Never sent")
    manager.get_by_role("button", name="Sync MUG-1 to Shop A").click()
    expect(badge(manager, product, shop)).to_have_text("Pending")
    expect(manager.locator("#toasts")).to_contain_text("Queued: MUG-1 → Shop A")
    work()
    expect(badge(manager, product, shop)).to_have_text("Synced")
    expect(manager.locator("#announcer")).to_have_text("MUG-1 → Shop A: synced")
    polls = len(watched.polls)
    manager.wait_for_timeout(2500)
    assert len(watched.polls) == polls, "polling must end with the sync"
    assert len(watched.loads) == loads, "nothing may reload the page"


def test_the_product_page_catches_up_when_the_sync_has_ended(
    manager: Page, shop: PrestaShopShop, work: Callable[[], None]
) -> None:
    product = make_product("MUG-1")
    manager.goto(f"/products/{product.id}")
    expect(manager.locator("#history")).to_contain_text("Nothing was sent to a shop yet")
    manager.get_by_role("button", name="Sync MUG-1 to Shop A").click()
    expect(badge(manager, product, shop)).to_have_text("Pending")
    work()
    expect(badge(manager, product, shop)).to_have_text("Synced")
    expect(manager.locator("#history")).to_contain_text("Done")
    expect(manager.locator(f"a[href^='{shop.url}/index.php?id_product=']")).to_be_visible()


def test_a_badge_follows_every_state_of_the_row(manager: Page) -> None:
    product, shop = make_product(), make_shop()
    make_status(product, shop, SyncState.PENDING)
    manager.goto("/products")
    for state, word in ((SyncState.SYNCING, "Syncing"), (SyncState.PENDING, "Pending")):
        set_state(product, shop, state)
        expect(badge(manager, product, shop)).to_have_text(word)
    set_state(product, shop, SyncState.PENDING, not_before=in_seconds(60), attempts=1)
    expect(manager.locator(f"#sync-{product.id}-{shop.id}")).to_contain_text("try 2 of 3")
    set_state(product, shop, SyncState.ERROR, message="The shop refused it")
    expect(badge(manager, product, shop)).to_have_text("Error")
    manager.get_by_text("Why?").click()
    expect(manager.get_by_text("The shop refused it")).to_be_visible()


def test_a_refusal_is_told_in_words(manager: Page, watched: Watched) -> None:
    make_product("MUG-1")
    shop = make_shop("Shop A")
    manager.goto("/products")
    shop.active = False
    db.session.commit()
    manager.get_by_role("button", name="Sync MUG-1 to Shop A").click()
    expect(manager.locator("#toasts")).to_contain_text("Shop 'Shop A' is not active")
    watched.complaints.clear()  # the browser logs the status 409 by itself


def test_search_changes_the_address_and_back_brings_the_old_list(manager: Page) -> None:
    make_product("MUG-1", "Blue mug"), make_product("PLATE-1", "Plate")
    manager.goto("/products")
    manager.get_by_role("searchbox").fill("plate")
    manager.get_by_role("button", name="Search").click()
    manager.wait_for_url("**/products?q=plate")
    expect(manager.locator("tbody tr")).to_have_count(1)
    manager.reload()
    expect(manager.get_by_role("searchbox")).to_have_value("plate")
    manager.go_back()
    expect(manager.locator("tbody tr")).to_have_count(2)


def test_signing_in_and_syncing_needs_no_mouse(page: Page) -> None:
    product, shop = make_product("MUG-1"), make_shop("Shop A")
    user = make_user(Role.MANAGER)
    page.goto("/products")
    expect(page.get_by_label("E-mail address")).to_be_focused()
    page.keyboard.type(user.email)
    page.keyboard.press("Tab")
    page.keyboard.type(PASSWORD)
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile(r":\d+/products$"))
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to the content")).to_be_focused()
    page.keyboard.press("Enter")
    button = page.get_by_role("button", name="Sync MUG-1 to Shop A")
    for _ in range(30):  # past the search and its filters
        page.keyboard.press("Tab")
        if button.evaluate("element => element === document.activeElement"):
            break
    expect(button).to_be_focused()
    page.keyboard.press("Enter")
    expect(badge(page, product, shop)).to_have_text("Pending")
    page.wait_for_timeout(1500)  # a poll or two later it is still there
    expect(button).to_be_focused()


def test_an_ended_session_leads_to_the_sign_in_and_back(
    manager: Page, context: BrowserContext, watched: Watched
) -> None:
    make_product("MUG-1"), make_shop("Shop A")
    manager.goto("/products?q=mug")
    context.clear_cookies()
    manager.get_by_role("button", name="Sync MUG-1 to Shop A").click()
    manager.wait_for_url(re.compile(r"/login\?next="))
    watched.complaints.clear()  # the browser logs the status 401 by itself
    sign_in_again = manager.get_by_label("E-mail address")
    sign_in_again.fill("manager@example.com")
    manager.get_by_label("Password").fill(PASSWORD)
    manager.get_by_role("button", name="Sign in").click()
    manager.wait_for_url(re.compile(r":\d+/products\?q=mug$"))


def test_a_server_that_is_gone_is_told_once(manager: Page, context: BrowserContext, watched: Watched) -> None:
    product, shop = make_product(), make_shop()
    make_status(product, shop, SyncState.PENDING)
    manager.goto("/products")
    context.set_offline(True)
    expect(manager.locator("#toasts .notice-error")).to_contain_text("does not answer")
    manager.wait_for_timeout(2500)
    expect(manager.locator("#toasts .notice-error")).to_have_count(1)
    context.set_offline(False)
    set_state(product, shop, SyncState.SYNCED)
    expect(badge(manager, product, shop)).to_have_text("Synced")
    watched.complaints.clear()  # the browser logs each request that failed by itself


def test_a_product_that_is_gone_stops_its_badge_from_asking(manager: Page, watched: Watched) -> None:
    product, shop = make_product(), make_shop()
    make_status(product, shop, SyncState.PENDING)
    place = f"{product.id}-{shop.id}"
    manager.goto("/products")
    db.session.delete(product)
    db.session.commit()
    expect(manager.locator(f"#sync-{place}")).to_have_text("Not here any more")
    polls = len(watched.polls)
    manager.wait_for_timeout(2500)
    assert len(watched.polls) == polls
    watched.complaints.clear()  # the browser logs the status 404 by itself


def test_a_check_tells_how_the_shop_is_without_a_reload(
    manager: Page, watched: Watched, shop: PrestaShopShop
) -> None:
    manager.goto(f"/shops/{shop.id}")
    loads = len(watched.loads)
    manager.get_by_role("button", name="Check now").click()
    expect(manager.locator("#toasts")).to_contain_text("answers and can be published to")
    expect(manager.get_by_text("The shop answers and can be published to.")).to_be_visible()
    expect(manager.get_by_role("button", name="Check now")).to_be_focused()
    manager.get_by_role("button", name="Pause").click()
    expect(manager.get_by_role("button", name="Resume")).to_be_focused()
    assert len(watched.loads) == loads


def test_the_theme_follows_the_system_until_one_is_chosen(manager: Page) -> None:
    manager.emulate_media(color_scheme="dark")
    root = manager.locator("html")
    expect(root).to_have_attribute("data-bs-theme", "dark")
    manager.get_by_role("button", name="Switch between light and dark").click()
    expect(root).to_have_attribute("data-bs-theme", "light")
    manager.reload()
    expect(root).to_have_attribute("data-bs-theme", "light")


def test_everything_works_without_javascript(chromium: Browser, base: str) -> None:
    product, shop = make_product("MUG-1", "Blue mug"), make_shop("Shop A")
    user = make_user(Role.MANAGER)
    context = chromium.new_context(base_url=base, java_script_enabled=False)
    page = context.new_page()
    sign_in(page, user.email)
    page.goto("/products")
    page.get_by_role("searchbox").fill("mug")
    page.get_by_role("button", name="Search").click()
    page.wait_for_url("**/products?q=mug")
    page.get_by_role("button", name="Sync MUG-1 to Shop A").click()
    page.wait_for_url("**/products?q=mug#product-*")
    expect(page.get_by_role("status").first).to_contain_text("Queued: MUG-1 → Shop A")
    expect(badge(page, product, shop)).to_have_text("Pending")
    page.get_by_role("button", name="Sign out").click()
    page.wait_for_url("**/login")
    context.close()


def all_pages(page: Page) -> dict[str, str]:
    """Every page with something on it, and a page that is not there."""
    make_catalogue(products=9, shops=3)
    product, shop = (
        make_product("LONG-" + "X" * 50, "Long name " * 11),
        make_shop("Shop with a long name " * 2),
    )
    make_status(
        product, shop, SyncState.ERROR, message="A long message. " * 20, external_id=9, last_success_at=now()
    )
    make_log(product, shop, message="m" * 300, details={"answer": "<a>" + "y" * 5000})
    return {
        "list": "/products",
        "none": "/products?q=nothing",
        "product": f"/products/{product.id}",
        "shops": "/shops",
    }


@pytest.mark.parametrize("size", [NARROW, WIDE, {"width": 1600, "height": 900}], ids=["390", "1280", "1600"])
def test_no_page_scrolls_sideways(manager: Page, size: dict[str, int]) -> None:
    manager.set_viewport_size(size)  # type: ignore[arg-type]
    for path in all_pages(manager).values():
        manager.goto(path)
        wide = manager.evaluate("document.documentElement.scrollWidth")
        assert wide <= size["width"], path


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", [NARROW, WIDE], ids=["390", "1280"])
def test_axe_finds_no_serious_fault(manager: Page, app: Flask, scheme: Any, size: dict[str, int]) -> None:
    manager.set_viewport_size(size)  # type: ignore[arg-type]
    manager.emulate_media(color_scheme=scheme, reduced_motion="reduce")
    paths = all_pages(manager)
    for path in paths.values():
        manager.goto(path)
        assert serious_faults(manager) == [], path
    manager.get_by_role("button", name="Sign out").click()
    manager.wait_for_url("**/login")
    assert serious_faults(manager) == []


def serious_faults(page: Page) -> list[str]:
    """What axe calls serious or critical: the rule, and the elements."""
    page.evaluate(AXE.read_text())
    found = page.evaluate("axe.run(document, {resultTypes: ['violations']})")
    return [
        f"{fault['id']}: {json.dumps([node['target'] for node in fault['nodes'][:5]])}"
        for fault in found["violations"]
        if fault["impact"] in {"serious", "critical"}
    ]
