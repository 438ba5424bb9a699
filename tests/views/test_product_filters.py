"""The filters, orders and counts of the product list."""

from __future__ import annotations

import html
import re
from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import update

from ppm_web.extensions import db
from ppm_web.models import Product, ProductCategory, ProductText, SyncState, now
from ppm_web.views.categories import choice as category_choice
from tests.factories import make_category
from tests.views.conftest import Browser
from tests.views.rows import make_catalogue, make_product, make_shop, make_status
from tests.views.test_products import link, read, skus

HTMX = {"HX-Request": "true"}


@pytest.fixture
def shops(app: Flask) -> tuple[int, int]:
    """Two shops, and a product for each state of the first; ids."""
    first, second = make_shop("Shop A"), make_shop("Shop B")
    for state in SyncState:
        sent = 7 + list(SyncState).index(state) if state is not SyncState.PENDING else None
        make_status(make_product(state.value.upper()), first, state, external_id=sent)
    changed = make_product("EDITED")
    make_status(changed, first, SyncState.SYNCED, external_id=99)
    changed.quantity = 8
    make_product("NEVER")
    for product in db.session.query(Product):
        if product.sku != "NEVER":
            make_status(product, second, SyncState.SYNCED, external_id=product.id)
    db.session.commit()
    return first.id, second.id


@pytest.mark.parametrize(
    ("state", "found"),
    [
        *[(state.value, {state.value.upper()}) for state in SyncState if state is not SyncState.SYNCED],
        ("synced", {"SYNCED", "EDITED"}),
        ("problem", {"ERROR", "CONFLICT"}),
        ("changed", {"EDITED"}),
        ("never", {"NEVER"}),
        ("missing", {"NEVER", "PENDING"}),
    ],
)
def test_a_state_in_a_shop(manager: Browser, shops: tuple[int, int], state: str, found: set[str]) -> None:
    assert set(skus(read(manager, f"/products?shop={shops[0]}&state={state}"))) == found


def test_a_state_without_a_shop_means_any_shop(manager: Browser, shops: tuple[int, int]) -> None:
    assert set(skus(read(manager, "/products?state=error"))) == {"ERROR"}
    assert len(skus(read(manager, "/products?state=synced"))) == 7
    assert set(skus(read(manager, "/products?state=never"))) == {"NEVER"}
    assert set(skus(read(manager, "/products?state=missing"))) == {"NEVER", "PENDING"}


def test_one_shop_shows_its_column_and_plainly_why(manager: Browser) -> None:
    product, shop, other = make_product(), make_shop("Shop A"), make_shop("Shop B")
    make_status(product, shop, SyncState.ERROR, message="The name is too long")
    make_status(product, other, SyncState.SYNCED)
    page = read(manager, f"/products?shop={shop.id}&state=error")
    assert re.search(r'<details class="sync-why" open>.*?<p>The name is too long</p>', page, re.S)
    assert 'data-label="Shop B"' not in page
    assert '<details class="sync-why">' in read(manager, "/products")


def test_a_category_means_those_below_it_too(manager: Browser) -> None:
    kitchen, mugs = make_category("Kitchen"), make_category("Kitchen", "Mugs")
    garden = make_category("Garden")
    for sku, category in (("POT", kitchen), ("MUG", mugs), ("RAKE", garden)):
        make_product(sku, category_links=[ProductCategory(category_id=category.id, position=0)])
    make_product("LOOSE")
    assert skus(read(manager, f"/products?category={kitchen.id}")) == ["MUG", "POT"]
    assert skus(read(manager, f"/products?category={mugs.id}")) == ["MUG"]
    assert len(skus(read(manager, "/products?category=1"))) == 4


def test_of_very_many_categories_those_nearest_the_root_are_offered(
    manager: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(category_choice, "MOST", 2)
    mugs = make_category("Kitchen", "Mugs")
    make_category("Garden")
    make_product("MUG", category_links=[ProductCategory(category_id=mugs.id, position=0)])
    page = read(manager, "/products")
    assert offered(page) == ["Home > Garden", "Home > Kitchen"]
    assert "on the page Categories" in page
    page = read(manager, f"/products?category={mugs.id}")
    assert offered(page) == ["Home > Garden", "Home > Kitchen", "Home > Kitchen > Mugs"]
    assert skus(page) == ["MUG"]
    monkeypatch.setattr(category_choice, "MOST", 4)
    assert "on the page Categories" not in read(manager, "/products")


def offered(page: str) -> list[str]:
    select = re.search(r'<select[^>]* id="category".*?</select>', page, re.S)
    assert select
    return re.findall(r'<option value="\d+" *(?:selected)?>([^<]+)<', html.unescape(select[0]))


def test_changed_since_an_age_or_a_day(manager: Browser) -> None:
    for sku, hours in (("NEW", 0), ("HOURS", 5), ("DAYS", 50), ("OLD", 500)):
        product = make_product(sku)
        moment = now() - timedelta(hours=hours)
        db.session.execute(update(Product).where(Product.id == product.id).values(updated_at=moment))
    db.session.commit()
    day = f"{now() - timedelta(days=4):%Y-%m-%d}"
    for changed, found in (("1h", 1), ("24h", 2), ("7d", 3), (day, 3)):
        assert len(skus(read(manager, f"/products?changed={changed}"))) == found
    page = read(manager, f"/products?changed={day}")
    assert f'type="date" id="since" name="since" value="{day}"' in page


def test_filters_are_combined_told_and_taken_away_one_by_one(manager: Browser) -> None:
    shop = make_shop("Shop A")
    make_status(make_product("MUG-1", active=False), shop, SyncState.ERROR)
    make_status(make_product("MUG-2"), shop, SyncState.ERROR)
    page = read(manager, f"/products?q=mug&shop={shop.id}&state=error&active=no&sort=-price")
    assert skus(page) == ["MUG-1"]
    for told in ("Found: mug", "Shop: Shop A", "Not active", "Clear all"):
        assert told in page
    without = f'href="/products?q=mug&amp;shop={shop.id}&amp;state=error&amp;sort=-price"'
    assert without in page
    assert "No product matches these filters" in read(manager, "/products?q=mug&state=conflict")


@pytest.mark.parametrize(
    "query",
    [
        *["shop=x", "shop=99999999999", "shop=-1", "state=asleep", "category=0x1", "changed=2026-13-45"],
        *["changed=0001-01-01", "changed=9999-12-31", "active=maybe", "sort=colour", "sort=--sku", "count=x"],
        *[
            "sort=price&after=abc",
            "sort=price&after=abc~1",
            "sort=price&before=1e9~1",
            "sort=stock&after=9e9~1",
        ],
        *["sort=stock&after=99999999999999~1", "sort=changed&after=soon~1", "sort=name&after=~~~", "q=%00"],
        *[
            "sort=changed&after=0001-01-01T00:00:00%2B14:00~1",
            "sort=name&after=1",
            "sort=price&after=5~99999999999",
        ],
        *[
            "shop=77&state=error",
            "category=77",
            "sort=price&after=99999999999999.5~3",
            "state=changed&shop=77",
        ],
    ],
)
def test_rubbish_in_the_address_is_no_error(manager: Browser, query: str) -> None:
    make_product(), make_shop()
    assert manager.get(f"/products?{query}").status_code == 200


def test_what_a_form_left_empty_is_not_in_the_address(manager: Browser) -> None:
    make_product()
    response = manager.get("/products?q=mug&shop=&state=&category=&changed=&since=&active=yes")
    assert response.status_code == 302
    assert response.headers["Location"] == "/products?q=mug&active=yes"
    swapped = manager.get("/products?q=mug&shop=&state=", headers=HTMX)
    assert swapped.status_code == 200
    assert swapped.headers["HX-Push-Url"] == "/products?q=mug"


@pytest.mark.parametrize(
    "sort", ["sku", "-sku", "name", "-name", "price", "-price", "stock", "-stock", "changed"]
)
def test_every_order_has_pages_without_gaps_in_both_directions(
    app: Flask, manager: Browser, sort: str
) -> None:
    app.config["PAGE_SIZE"] = 3
    for number in range(11):
        texts = [ProductText(language="en" if number % 3 else "xx", name=f"Name {number % 4}")]
        make_product(
            f"SKU-{number:02}", price_net=Decimal(number % 3) / 3, quantity=-(number % 2), texts=texts
        )
    path: str | None = f"/products?sort={sort}"
    seen, last = [], ""
    while path:
        page = read(manager, path)
        seen.append(skus(page))
        last, path = path, link(page, "next")
    assert sorted([sku for page in seen for sku in page]) == [f"SKU-{number:02}" for number in range(11)]
    back = [seen[-1]]
    path = link(read(manager, last), "prev")
    while path:
        page = read(manager, path)
        back.append(skus(page))
        path = link(page, "prev")
    assert list(reversed(back)) == seen


def test_orders_sort_by_what_they_say(manager: Browser) -> None:
    for sku, name, price, quantity in (("A", "Zebra", 2, 5), ("B", "Apple", 30, 1), ("C", "Mug", 4, 9)):
        make_product(sku, name, price_net=Decimal(price), quantity=quantity)
    make_product("D", texts=[], price_net=Decimal(5), quantity=7)
    for sort, order in (
        ("name", "BCAD"),
        ("-name", "ACBD"),
        ("price", "ACDB"),
        ("-stock", "CDAB"),
        ("-sku", "DCBA"),
        ("-changed", "DCBA"),
    ):
        assert "".join(skus(read(manager, f"/products?sort={sort}"))) == order, sort
    page = read(manager, "/products?sort=-price")
    assert re.search(r'aria-sort="descending">\s*<a[^>]+id="sort-price" href="/products\?sort=price"', page)


def test_up_to_a_thousand_are_counted_and_more_when_asked(
    manager: Browser, monkeypatch: pytest.MonkeyPatch, app: Flask
) -> None:
    app.config["PAGE_SIZE"] = 2
    monkeypatch.setattr("ppm_web.services.catalog.filters.COUNTED", 4)
    for number in range(4):
        make_product(f"P-{number}")
    assert "4 products" in read(manager, "/products")
    make_product("P-4"), make_product("P-5", active=False)
    db.session.execute(update(Product).where(Product.active.is_(None)).values(active=True))
    db.session.commit()
    page = read(manager, "/products?q=p")
    assert "More than 4 products" in page
    assert 'href="/products?count=exact&amp;q=p"' in page
    assert "6 products" in read(manager, "/products?q=p&count=exact")
    assert "5 products" in read(manager, "/products?active=yes&count=exact")


@pytest.mark.parametrize("state", ["error", "never", "changed", "missing"])
@pytest.mark.parametrize("sort", ["sku", "name"])
def test_the_number_of_statements_is_fixed_for_every_filter(
    manager: Browser, statements: Callable[[], Any], state: str, sort: str
) -> None:
    make_catalogue(60, 3)
    db.session.remove()
    with statements() as seen:
        read(manager, f"/products?q=number&shop=1&state={state}&changed=7d&category=1&active=yes&sort={sort}")
    assert len(seen) <= 13, seen


def test_a_name_in_another_language_still_has_its_place(manager: Browser) -> None:
    make_product("A", texts=[ProductText(language="pl", name="Kubek")])
    make_product("B", texts=[ProductText(language="en", name="Zebra")])
    assert skus(read(manager, "/products?sort=name")) == ["B", "A"]


@pytest.mark.parametrize(("active", "found"), [("yes", ["ON"]), ("no", ["OFF"]), ("shop", ["SHOP"])])
def test_active_is_switched_here_or_left_to_the_shops(
    manager: Browser, active: str, found: list[str]
) -> None:
    for sku, value in (("ON", True), ("OFF", False), ("SHOP", None)):
        make_product(sku, active=value)
    page = read(manager, f"/products?active={active}")
    assert skus(page) == found
    assert f'<option value="{active}" selected>' in page
    if active == "shop":
        assert "Active as the shop has it" in page


@pytest.mark.parametrize("sort", ["stock", "-stock"])
def test_products_whose_stock_is_left_to_the_shops_come_last_and_pages_meet(
    manager: Browser, app: Flask, sort: str
) -> None:
    app.config["PAGE_SIZE"] = 2
    stocks = [5, None, 0, None, -3, 5, None, 7]
    for number, stock in enumerate(stocks):
        make_product(f"P-{number}", quantity=stock)
    held = sorted((stock, f"P-{number}") for number, stock in enumerate(stocks) if stock is not None)
    loose = [f"P-{number}" for number, stock in enumerate(stocks) if stock is None]
    wanted = [sku for _, sku in held] + loose
    if sort == "-stock":
        wanted = [sku for _, sku in reversed(held)] + loose[::-1]
    page = read(manager, f"/products?sort={sort}")
    pages = [skus(page)]
    while address := link(page, "next"):
        page = read(manager, address)
        pages.append(skus(page))
    assert [sku for found in pages for sku in found] == wanted
    back: list[list[str]] = []
    while address := link(page, "prev"):
        page = read(manager, address)
        back.insert(0, skus(page))
    assert back == pages[:-1]


def test_a_language_whose_name_is_left_to_the_shops_sorts_as_one_without(
    manager: Browser, app: Flask
) -> None:
    app.config["PAGE_SIZE"] = 1
    make_product("A", texts=[ProductText(language="en", name=None, description="x")])
    make_product("B", texts=[ProductText(language="en", name="Mug")])
    page = read(manager, "/products?sort=name")
    assert skus(page) == ["B"]
    assert skus(read(manager, link(page, "next") or "")) == ["A"]
