"""The product list and the page of a product."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask

from ppm_web.extensions import db
from ppm_web.models import (
    Category,
    Product,
    ProductCategory,
    ProductImage,
    ProductText,
    SyncState,
)
from tests.views.conftest import Browser
from tests.views.rows import in_seconds, make_catalogue, make_log, make_product, make_shop, make_status


def read(browser: Browser, path: str) -> str:
    response = browser.get(path)
    assert response.status_code == 200
    return response.get_data(as_text=True)


def skus(page: str) -> list[str]:
    """The SKUs in the list, in order."""
    return re.findall(r'href="/products/\d+">([^<]+)</a></th>', page)


def link(page: str, relation: str) -> str | None:
    """Where the next or previous page is."""
    found = re.search(rf'rel="{relation}" href="([^"]+)"', page)
    return found[1].replace("&amp;", "&") if found else None


def test_an_empty_catalogue_tells_how_to_fill_it(manager: Browser) -> None:
    assert "flask catalog import FILE" in read(manager, "/products")


def test_a_search_without_a_match_says_so(manager: Browser) -> None:
    make_product()
    page = read(manager, "/products?q=teapot")
    assert "Nothing matches “teapot”" in page
    assert "catalog import" not in page


def test_without_a_shop_the_list_tells_how_to_add_one(manager: Browser) -> None:
    make_product()
    assert "flask shop add NAME URL --key -" in read(manager, "/products")


def test_the_list_shows_what_a_product_is(manager: Browser) -> None:
    make_product("MUG-1", "Blue mug", ean13="5901234123457", quantity=42, active=False)
    page = read(manager, "/products")
    for value in ("MUG-1", "Blue mug", "5901234123457", "12.90", "42", ">No<"):
        assert value in page


def test_the_name_is_in_the_first_language_that_has_one(manager: Browser) -> None:
    make_product(
        "A", texts=[ProductText(language="pl", name="Kubek"), ProductText(language="en", name="Mug")]
    )
    make_product("B", texts=[ProductText(language="pl", name="Talerz"), ProductText(language="en", name="")])
    make_product("C", texts=[ProductText(language="de", name="Teller")])
    make_product("D", texts=[])
    page = read(manager, "/products")
    assert "Mug" in page
    assert "Kubek" not in page
    for name in ("Talerz", "Teller", "no name"):
        assert name in page


@pytest.mark.parametrize(
    "search", ["mug-1", "UG-1", "mug blue", "BLUE MU", "59012", " blue ", "kubek", "MUG żół", "ŻÓŁTY"]
)
def test_search_finds_by_sku_name_in_any_language_and_ean(manager: Browser, search: str) -> None:
    texts = [ProductText(language="en", name="Blue mug"), ProductText(language="pl", name="Kubek żółty")]
    make_product("MUG-1", ean13="5901234123457", texts=texts)
    make_product("PLATE-1", "Plate", ean13="4001234123457")
    assert skus(read(manager, f"/products?q={search}")) == ["MUG-1"]


@pytest.mark.parametrize("search", ["%", "_", "\\"])
def test_signs_of_sql_are_searched_for_as_they_are(manager: Browser, search: str) -> None:
    make_product("MUG-1")
    make_product(f"ODD{search}1", "Odd")
    assert skus(manager.get("/products", query_string={"q": search}).get_data(as_text=True)) == [
        f"ODD{search}1"
    ]


def test_pages_follow_each_other_in_both_directions_without_gaps(app: Flask, manager: Browser) -> None:
    app.config["PAGE_SIZE"] = 3
    for number in range(8):
        make_product(f"SKU-{number}", "Mug")
    make_product("ZZZ", "Plate")
    path: str | None = "/products?q=mug"
    forward, paths = [], []
    while path:
        page = read(manager, path)
        paths.append(path)
        forward.append(skus(page))
        path = link(page, "next")
    assert forward == [
        ["SKU-0", "SKU-1", "SKU-2"],
        ["SKU-3", "SKU-4", "SKU-5"],
        ["SKU-6", "SKU-7"],
    ]
    assert all("q=mug" in path for path in paths)
    back = link(read(manager, paths[-1]), "prev")
    assert back is not None
    assert skus(read(manager, back)) == forward[1]
    first = link(read(manager, back), "prev")
    assert first is not None
    page = read(manager, first)
    assert skus(page) == forward[0]
    assert link(page, "prev") is None


def test_the_search_stands_in_the_field_again(manager: Browser) -> None:
    make_product()
    assert 'value="&#34;mug"' in read(manager, '/products?q="mug')


@pytest.mark.parametrize(
    ("state", "words"),
    [
        (None, "Never sent"),
        (SyncState.PENDING, "Pending"),
        (SyncState.SYNCING, "Syncing"),
        (SyncState.SYNCED, "Synced"),
        (SyncState.ERROR, "Error"),
        (SyncState.CONFLICT, "Conflict"),
        (SyncState.DISABLED, "Disabled"),
    ],
)
def test_each_state_has_a_word_and_a_shape(manager: Browser, state: SyncState | None, words: str) -> None:
    product, shop = make_product(), make_shop()
    if state:
        make_status(product, shop, state)
    page = read(manager, "/products")
    badge = re.search(r'<span class="state state-\w+"><svg.+?#([\w-]+)"></use></svg>\s*([\w ]+)</span>', page)
    assert badge is not None
    assert badge[2] == words


def test_states_differ_in_shape_not_only_in_colour(manager: Browser) -> None:
    make_catalogue(products=7, shops=1)
    page = read(manager, "/products")
    shapes = dict(re.findall(r'class="state state-(\w+)"><svg.+?#([\w-]+)"', page))
    assert len(shapes) == 7
    assert len(set(shapes.values())) == 7


def test_a_product_that_changed_since_it_was_pushed_says_so(manager: Browser) -> None:
    product, shop = make_product(), make_shop()
    make_status(product, shop, SyncState.SYNCED)
    assert "Changed since" not in read(manager, "/products")
    product.quantity = 8
    db.session.commit()
    assert "Changed since" in read(manager, "/products")


def test_an_error_is_told_where_it_stands_with_the_way_to_the_log(manager: Browser) -> None:
    product, shop = make_product(), make_shop()
    make_status(product, shop, SyncState.ERROR, message="The name holds '<'")
    page = read(manager, "/products")
    assert "The name holds &#39;&lt;&#39;" in page
    assert f'href="/products/{product.id}#log"' in page


def test_buttons_say_what_they_do(manager: Browser) -> None:
    make_product("MUG-1"), make_shop("Shop A")
    assert 'aria-label="Sync MUG-1 to Shop A"' in read(manager, "/products")


def test_a_viewer_sees_no_sync_buttons(viewer: Browser) -> None:
    product, _ = make_product(), make_shop()
    for path in ("/products", f"/products/{product.id}"):
        page = read(viewer, path)
        assert "Never sent" in page
        assert "sync-button" not in page


def test_an_inactive_shop_is_marked_and_has_no_buttons(manager: Browser) -> None:
    make_product(), make_shop(active=False)
    page = read(manager, "/products")
    assert "not active" in page
    assert "sync-button" not in page


@pytest.mark.parametrize(("products", "shops"), [(1, 1), (40, 4)])
def test_the_number_of_statements_does_not_grow_with_the_rows(
    manager: Browser, statements: Callable[[], Any], products: int, shops: int
) -> None:
    make_catalogue(products, shops)
    db.session.remove()
    for path, most in (("/products?q=number", 8), ("/products?after=SKU", 9), ("/shops", 4)):
        with statements() as seen:
            assert "Shop A" in read(manager, path)
        assert 0 < len(seen) <= most, seen


def test_the_page_of_a_product_takes_a_fixed_number_of_statements(
    manager: Browser, statements: Callable[[], Any]
) -> None:
    make_catalogue(2, 5)
    product, shop = make_product(), make_shop("Other")
    for _ in range(30):
        make_log(product, shop)
    db.session.remove()
    with statements() as seen:
        read(manager, f"/products/{product.id}")
    assert 0 < len(seen) <= 10, seen


def test_the_page_of_a_product_shows_all_of_it(manager: Browser) -> None:
    clothes = Category(name="Clothes", parent_id=1)
    db.session.add(clothes)
    db.session.flush()
    men = Category(name="Men", parent_id=clothes.id)
    db.session.add(men)
    db.session.flush()
    product = make_product(
        "SHIRT-1",
        texts=[
            ProductText(language="en", name="Shirt", description="<p>Cotton</p>", slug="shirt"),
            ProductText(language="pl", name="Koszula", meta_title="Koszula męska"),
        ],
        category_links=[ProductCategory(category_id=men.id, position=0)],
        images=[ProductImage(position=0, source="images/shirt.jpg")],
    )
    page = read(manager, f"/products/{product.id}")
    for value in (
        "SHIRT-1",
        "Shirt",
        "Koszula męska",
        "Home &gt; Clothes &gt; Men",
        "images/shirt.jpg",
        "&lt;p&gt;Cotton&lt;/p&gt;",
        "23 %",
    ):
        assert value in page


def test_the_id_in_the_shop_is_a_link_into_the_shop(manager: Browser) -> None:
    product, shop = make_product(), make_shop(url="https://a.example/shop")
    make_status(product, shop, external_id=42, last_success_at=in_seconds(-60), message="Updated: price")
    page = read(manager, f"/products/{product.id}")
    assert 'href="https://a.example/shop/index.php?id_product=42&amp;controller=product"' in page
    assert "Updated: price" in page


def test_the_log_is_newest_first_and_paged(manager: Browser) -> None:
    product, shop = make_product(), make_shop()
    for number in range(45):
        make_log(product, shop, message=f"entry {number:02}")
    make_log(make_product("OTHER"), shop, message="of another product")
    seen: list[str] = []
    path: str | None = f"/products/{product.id}"
    pages = 0
    while path:
        page = read(manager, path)
        seen += re.findall(r"entry \d\d", page)
        assert "of another product" not in page
        path, pages = link(page, "next"), pages + 1
    assert pages == 3
    assert seen == [f"entry {number:02}" for number in reversed(range(45))]


def test_what_was_sent_and_answered_is_one_click_away(manager: Browser) -> None:
    product, shop = make_product(), make_shop()
    exchange = {"method": "PATCH", "request": "<product>\n<price>1</price>", "status": 200}
    make_log(product, shop, details={"exchanges": [exchange], "error": {"answer": "no"}})
    page = read(manager, f"/products/{product.id}")
    assert "What was sent and answered" in page
    assert "method: PATCH, status: 200" in page
    assert "exchanges 1 request" in page
    assert "&lt;price&gt;1&lt;/price&gt;" in page


def test_times_name_their_zone(manager: Browser) -> None:
    product = make_product()
    product.updated_at = product.updated_at.replace(year=2026, month=7, day=1, hour=10, minute=5)
    db.session.commit()
    page = read(manager, f"/products/{product.id}")
    assert "1 Jul 2026, 12:05 CEST" in page
    assert 'datetime="2026-07-01T10:05' in page
    assert "Europe/Warsaw" in page


def test_a_category_that_is_its_own_ancestor_does_not_stop_the_page(manager: Browser) -> None:
    first = Category(name="First", parent_id=1)
    db.session.add(first)
    db.session.flush()
    second = Category(name="Second", parent_id=first.id)
    db.session.add(second)
    db.session.flush()
    first.parent_id = second.id
    links = [ProductCategory(category_id=second.id, position=0)]
    product: Product = make_product(category_links=links)
    assert "Second" in read(manager, f"/products/{product.id}")
