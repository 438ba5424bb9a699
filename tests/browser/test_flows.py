"""What people come to the panel for, from the first click to the last: on real pages, with a real shop."""

from __future__ import annotations

import re
from collections.abc import Callable
from decimal import Decimal

import pytest
from playwright.sync_api import Page, expect
from sqlalchemy import func, select

from ppm_web.extensions import db
from ppm_web.models import PrestaShopShop, Product, Role
from ppm_web.practice_shop import DEFAULT_KEY, PracticeShop, serve
from tests.browser.conftest import NARROW, Watched, sign_in
from tests.browser.test_pages import badge
from tests.views.rows import make_log, make_product, make_shop, make_user

pytestmark = pytest.mark.browser


def test_a_shop_is_added_once_its_key_is_right(page: Page, watched: Watched) -> None:
    sign_in(page, make_user(Role.ADMIN).email)
    with serve(PracticeShop("8.2", DEFAULT_KEY), "127.0.0.1", 0) as served:
        page.goto("/shops")
        page.get_by_role("link", name="Add a shop").first.click()
        page.get_by_label("Name").fill("Garden shop")
        page.get_by_label("Address").fill(served.url)
        page.get_by_label("Webservice key").fill("W" * 32)
        page.get_by_role("button", name="Check and add").click()
        expect(page.get_by_role("alert")).to_be_visible()
        expect(page.get_by_label("Name")).to_have_value("Garden shop")
        expect(page.get_by_label("Webservice key")).to_have_value("")
        assert number_of(PrestaShopShop) == 0
        watched.complaints.clear()  # the browser logs the status 422 by itself
        page.get_by_label("Webservice key").fill(DEFAULT_KEY)
        page.get_by_role("button", name="Check and add").click()
        page.wait_for_url(re.compile(r"/shops/\d+$"))
        expect(page.get_by_role("heading", name="Garden shop")).to_be_visible()
    assert number_of(PrestaShopShop) == 1


def test_a_mistake_is_told_while_typing_and_again_when_saved(manager: Page, watched: Watched) -> None:
    product = make_product("MUG-1", "Blue mug")
    manager.goto(f"/products/{product.id}")
    manager.get_by_role("link", name="Edit").click()
    price = manager.get_by_label("Net price")
    price.fill("cheap")
    expect(manager.locator("#said-price_net .field-fault")).to_be_visible()
    manager.get_by_role("button", name="Save").click()
    expect(manager.locator("#form-problems")).to_contain_text("Nothing was saved")
    expect(manager.locator("#form-problems")).to_be_focused()
    watched.complaints.clear()  # the browser logs the status 422 by itself
    expect(price).to_have_value("cheap")
    price.fill("17,35")
    expect(manager.locator("#said-price_net .field-fault")).to_have_count(0)
    manager.get_by_role("button", name="Save").click()
    manager.wait_for_url(re.compile(rf"/products/{product.id}$"))
    expect(manager.locator(".facts").first).to_contain_text("17.35")
    db.session.expire_all()
    assert db.session.get_one(Product, product.id).price_net == Decimal("17.35")


def test_a_viewer_sees_everything_and_finds_nothing_to_press(page: Page, watched: Watched) -> None:
    product = make_product("MUG-1", "Blue mug")
    shop = make_shop("Shop A")
    sign_in(page, make_user(Role.VIEWER).email)
    for path in (
        "/products",
        f"/products/{product.id}",
        "/shops",
        f"/shops/{shop.id}",
        "/categories",
        "/queue",
    ):
        page.goto(path)
        for word in (r"^Sync", "^Edit", "Pause", "Check now", "Add a shop", "New product"):
            for role in ("button", "link"):
                found = page.get_by_role(role, name=re.compile(word))
                assert found.count() == 0, f"{path}: {word}"
    answer = page.goto(f"/products/{product.id}/edit")
    assert answer is not None
    assert answer.status == 403
    watched.complaints.clear()  # the browser logs the status 403 by itself


def test_all_that_a_filter_finds_are_synced_after_the_count_was_said(
    manager: Page, shop: PrestaShopShop, work: Callable[[], None]
) -> None:
    mugs = [make_product(f"MUG-{n}", "Mug") for n in range(3)]
    plate = make_product("PLATE-1", "Plate")
    manager.goto("/products?q=mug")
    manager.get_by_label("What to do").select_option(label="Sync to Shop A")
    manager.get_by_role("button", name="All 3 that match").click()
    expect(manager.get_by_role("heading", level=1)).to_contain_text("3")
    manager.locator(".product-buttons .btn-primary").click()
    manager.wait_for_load_state()
    work()
    manager.goto("/products")
    for mug in mugs:
        expect(badge(manager, mug, shop)).to_have_text("Synced")
    expect(badge(manager, plate, shop)).to_have_text("Never sent")


def test_another_language_keeps_the_page_and_its_filter(manager: Page) -> None:
    make_product("MUG-1", "Blue mug"), make_product("PLATE-1", "Plate")
    manager.goto("/products?q=mug")
    manager.get_by_role("button", name="PL, polski").click()
    manager.wait_for_url("**/products?q=mug")
    expect(manager.locator("html")).to_have_attribute("lang", "pl")
    expect(manager.get_by_role("heading", name="Produkty", level=1)).to_be_visible()
    expect(manager.locator("tbody tr")).to_have_count(1)
    manager.get_by_role("button", name="EN, English").click()
    expect(manager.locator("html")).to_have_attribute("lang", "en")


def test_the_menu_of_a_phone_opens_leads_on_and_is_closed_there(manager: Page) -> None:
    manager.set_viewport_size(NARROW)  # type: ignore[arg-type]
    manager.goto("/products")
    failures = manager.get_by_role("link", name="Failed jobs")
    expect(failures).to_be_hidden()
    manager.locator("details.menu > summary").click()
    failures.click()
    manager.wait_for_url("**/failures")
    expect(manager.get_by_role("link", name="Failed jobs")).to_be_hidden()


def test_the_chart_is_drawn_for_a_day_and_a_week_in_light_and_dark(manager: Page, watched: Watched) -> None:
    product, shop = make_product(), make_shop()
    for _ in range(5):
        make_log(product, shop)
    manager.goto("/")
    loads = len(watched.loads)
    expect(manager.locator("#throughput canvas")).to_be_visible()
    manager.get_by_role("link", name="7 days").click()
    expect(manager.get_by_role("link", name="7 days")).to_have_attribute("aria-current", "true")
    expect(manager.locator("#throughput canvas")).to_be_visible()
    manager.get_by_role("button", name="Switch between light and dark").click()
    expect(manager.locator("#throughput canvas")).to_be_visible()
    assert len(watched.loads) == loads, "nothing may reload the page"


def number_of(model: type) -> int:
    """How many rows there are now; no transaction stays open that the server would wait for."""
    db.session.rollback()
    rows = db.session.scalar(select(func.count()).select_from(model)) or 0
    db.session.rollback()
    return rows
