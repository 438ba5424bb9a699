"""Bulk actions of the product list: first how many and what, then the press that does it."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from ppm_web.extensions import db
from ppm_web.models import BatchItem, JobBatch, PrestaShopShop, Product, ProductSyncStatus, SyncState
from tests.views.conftest import Browser
from tests.views.rows import make_catalogue, make_product, make_shop, make_status


@pytest.fixture
def products(app: Flask) -> list[Product]:
    return [make_product(f"P-{number}", active=number != 2) for number in range(3)]


@pytest.fixture
def shops(products: list[Product]) -> list[PrestaShopShop]:
    return [make_shop("Shop A"), make_shop("Shop B"), make_shop("Shut", active=False)]


def fields(page: str) -> dict[str, Any]:
    """The hidden fields of the form that asks."""
    form = page[page.index('class="product-buttons"') :]
    found: dict[str, Any] = {}
    for name, value in re.findall(r'type="hidden" name="([^"]+)" value="([^"]*)"', form):
        found.setdefault(name, []).append(value)
    return found | {"csrf_token": found["csrf_token"][0]}


def sent_to(shop: PrestaShopShop) -> set[str]:
    """The SKUs of the shop's batches."""
    query = (
        select(Product.sku)
        .join(ProductSyncStatus, ProductSyncStatus.product_id == Product.id)
        .join(BatchItem, BatchItem.status_id == ProductSyncStatus.id)
        .where(ProductSyncStatus.shop_id == shop.id)
    )
    return set(db.session.scalars(query))


def test_the_chosen_ones_are_counted_first_and_then_sent(
    manager: Browser, products: list[Product], shops: list[PrestaShopShop]
) -> None:
    address = (
        f"/products/actions/new?do=sync-{shops[0].id}&which=chosen&id={products[0].id}&id={products[2].id}"
    )
    page = manager.get(address).text
    assert "Sync 2 products to Shop A?" in page
    assert "2 products, 0 unchanged, 2 new: about 4 requests" in page
    assert not db.session.scalars(select(JobBatch)).all()
    response = manager.post("/products/syncs", data=fields(page))
    assert response.status_code == 303
    assert sent_to(shops[0]) == {"P-0", "P-2"}
    batch = db.session.scalars(select(JobBatch)).one()
    assert batch.selection == "2 chosen products"
    assert f'<a href="/batches/{batch.id}">Shop A</a>' in manager.get("/products").text


def test_all_that_match_go_to_every_active_shop(
    manager: Browser, products: list[Product], shops: list[PrestaShopShop]
) -> None:
    make_status(products[1], shops[0], SyncState.ERROR)
    page = manager.get("/products/actions/new?do=sync-all&which=all&q=P&active=yes").text
    assert "Sync 2 products to 2 shops?" in page
    assert "Found: P" in page
    response = manager.post("/products/syncs", data=fields(page))
    assert response.headers["Location"] == "/products?q=P&active=yes"
    assert sent_to(shops[0]) == sent_to(shops[1]) == {"P-0", "P-1"}
    assert sent_to(shops[2]) == set()
    assert {batch.selection for batch in db.session.scalars(select(JobBatch))} == {"found by 'P'; active"}


def test_a_filter_by_state_means_the_same_products_in_every_shop(
    manager: Browser, products: list[Product], shops: list[PrestaShopShop]
) -> None:
    make_status(products[1], shops[0], SyncState.ERROR)
    query = f"do=sync-all&which=all&shop={shops[0].id}&state=error"
    manager.post("/products/syncs", data=fields(manager.get(f"/products/actions/new?{query}").text))
    assert sent_to(shops[1]) == {"P-1"}


def test_switching_writes_only_those_that_differ_and_moves_their_revisions(
    manager: Browser, products: list[Product]
) -> None:
    page = manager.get("/products/actions/new?do=deactivate&which=all").text
    assert "Switch 3 products not active?" in page
    assert "2 of them are not so yet" in page
    response = manager.post("/products/activity", data=fields(page))
    assert response.status_code == 303
    assert [product.active for product in products] == [False] * 3
    assert [product.revision for product in products] == [2, 2, 1]
    assert [product.fields_revision for product in products] == [2, 2, 1]
    assert "2 products are not active any more" in manager.get("/products").text


def test_a_switched_product_is_changed_since_it_was_pushed(
    manager: Browser, products: list[Product], shops: list[PrestaShopShop]
) -> None:
    make_status(products[0], shops[0], SyncState.SYNCED)
    page = manager.get(f"/products/actions/new?do=deactivate&which=chosen&id={products[0].id}").text
    manager.post("/products/activity", data=fields(page))
    assert "P-0" in manager.get(f"/products?shop={shops[0].id}&state=changed").text


@pytest.mark.parametrize(
    "query",
    [
        *["", "do=sync-all", "do=fly&which=all", "do=activate&which=chosen", "do=sync-x&which=all"],
        *["do=activate&which=chosen&id=x&id=-1&id=99999999999", "do=sync-99999999999&which=chosen"],
    ],
)
def test_rubbish_leads_back_with_a_word(manager: Browser, products: list[Product], query: str) -> None:
    assert manager.get(f"/products/actions/new?{query}").status_code == 303
    pairs = dict(pair.split("=") for pair in query.split("&") if pair)
    for path in ("/products/syncs", "/products/activity"):
        assert manager.send(path, pairs).status_code == 303
    assert "Choose products first" in manager.get("/products").text


def test_a_shop_that_is_gone_or_not_active_gets_nothing(
    manager: Browser, products: list[Product], shops: list[PrestaShopShop]
) -> None:
    for shop_id in (shops[2].id, 99):
        assert (
            "There is nothing to do" in manager.get(f"/products/actions/new?do=sync-{shop_id}&which=all").text
        )
        assert manager.send("/products/syncs", {"do": f"sync-{shop_id}", "which": "all"}).status_code == 303
    assert not db.session.scalars(select(JobBatch)).all()


def test_no_more_ids_than_a_page_has_are_taken(app: Flask, manager: Browser, products: list[Product]) -> None:
    app.config["PAGE_SIZE"] = 2
    ids = "&".join(f"id={product.id}" for product in products)
    page = manager.get(f"/products/actions/new?do=activate&which=chosen&{ids}").text
    assert "Switch 2 products active?" in page


def test_a_viewer_may_not(viewer: Browser, products: list[Product], shops: list[PrestaShopShop]) -> None:
    page = viewer.get("/products").text
    assert "product-box" not in page
    assert "product-bulk" not in page
    assert viewer.get("/products/actions/new?do=activate&which=all").status_code == 403
    for path, do in (("/products/syncs", "sync-all"), ("/products/activity", "activate")):
        assert viewer.send(path, {"do": do, "which": "all"}).status_code == 403
    assert not db.session.scalars(select(JobBatch)).all()


def test_the_question_takes_a_fixed_number_of_statements(
    manager: Browser, statements: Callable[[], Any]
) -> None:
    make_catalogue(30, 8)
    db.session.remove()
    with statements() as seen:
        page = manager.get("/products/actions/new?do=sync-all&which=all&q=number&category=1").text
    assert "3 more shops get the same products." in page
    assert len(seen) < 20, seen
