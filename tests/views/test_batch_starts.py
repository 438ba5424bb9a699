"""Starting a batch from the shops' page: which products, what it would do, and the press that starts it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from flask import Flask
from sqlalchemy import select

from ppm_web.extensions import db
from ppm_web.models import BatchItem, JobBatch, PrestaShopShop, ProductCategory, SyncState, now
from tests.factories import make_category
from tests.views.conftest import Browser
from tests.views.rows import make_product, make_shop, make_status

NOON = datetime(2026, 1, 5, 11, 0, tzinfo=UTC)


@pytest.fixture
def shop(app: Flask) -> PrestaShopShop:
    return make_shop("Shop A")


def test_the_shops_page_leads_to_what_a_sync_would_do(manager: Browser, shop: PrestaShopShop) -> None:
    page = manager.get(f"/shops/{shop.id}").text
    assert f"/shops/{shop.id}/batches/new" in page
    assert f'href="/batches?shop={shop.id}"' in page


def test_what_a_batch_would_do_is_said_first_and_nothing_is_written(
    manager: Browser, shop: PrestaShopShop
) -> None:
    for number in range(3):
        make_product(f"P-{number}")
    page = manager.get(f"/shops/{shop.id}/batches/new").text
    assert "3 products, 0 unchanged, 3 new: about 4 requests" in page
    assert "Sync 3 products" in page
    assert not db.session.scalars(select(JobBatch)).all()


def test_each_selection_starts_a_batch_of_its_products(manager: Browser, shop: PrestaShopShop) -> None:
    mugs = make_category("Kitchen", "Mugs")
    with time_machine.travel(NOON, tick=False):
        failed, sent = make_product("P-1"), make_product("P-2")
    new = make_product("P-3")
    new.category_links = [ProductCategory(category_id=mugs.id, position=0)]
    make_status(failed, shop, SyncState.ERROR, external_id=1)
    make_status(sent, shop, SyncState.SYNCED, external_id=2)
    day_after = f"{NOON + timedelta(days=1):%Y-%m-%dT%H:%M}"
    for choice, products, name in (
        ({"which": "all"}, ["P-1", "P-2", "P-3"], "Bulk Sync to Shop A"),
        ({"which": "errors"}, ["P-1"], "Bulk Sync to Shop A"),
        ({"which": "new", "name": " New ones "}, ["P-3"], "New ones"),
        ({"which": "category", "category": str(mugs.id)}, ["P-3"], "Home > Kitchen > Mugs"),
        ({"which": "modified", "since": day_after}, ["P-3"], "Bulk Sync to Shop A"),
        ({"which": "modified", "since": "2026-01-05T11:59"}, ["P-1", "P-2", "P-3"], "Bulk Sync to Shop A"),
    ):
        response = manager.send(f"/shops/{shop.id}/batches", choice)
        assert response.status_code == 303
        batch = db.session.get_one(JobBatch, response.headers["Location"].rpartition("/")[2])
        items = db.session.scalars(select(BatchItem).where(BatchItem.batch_id == batch.id)).all()
        assert sorted(item.status.product.sku for item in items if item.status) == products, choice
        assert (batch.name, batch.requested_by) == (name, "manager@example.com")
        page = manager.get(response.headers["Location"]).text
        things = "1 product" if len(products) == 1 else f"{len(products)} products"
        assert f"Started: {things}: {len(products)} waiting" in page


def test_the_time_of_changed_since_is_the_companys(manager: Browser, shop: PrestaShopShop) -> None:
    with time_machine.travel(NOON, tick=False):  # noon in Warsaw
        make_product("P-1")
    for since, count in (("2026-01-05T12:00", 1), ("2026-01-05T12:01", 0)):
        page = manager.get(f"/shops/{shop.id}/batches/new?which=modified&since={since}").text
        assert ("Sync 1 product<" in page) is bool(count)
        assert ("Nothing to do: no product is meant" in page) is not count


@pytest.mark.parametrize(
    ("choice", "words"),
    [
        ({"which": "nonsense"}, "Choose which products are meant"),
        ({"which": "category"}, "Choose a category"),
        ({"which": "category", "category": "99"}, "Choose a category"),
        ({"which": "category", "category": "9" * 30}, "Choose a category"),
        ({"which": "modified", "since": "yesterday"}, "Write date and time like 2026-11-23T22:10"),
        ({"which": "modified", "since": "0001-01-01T00:00"}, "Write date and time like"),
    ],
)
def test_a_choice_that_says_no_products_is_told(
    manager: Browser, shop: PrestaShopShop, choice: dict[str, str], words: str
) -> None:
    make_product()
    address = f"/shops/{shop.id}/batches"
    assert words in manager.get(f"{address}/new", query_string=choice).text
    assert manager.send(address, choice).status_code == 303
    assert words in manager.get("/shops").text
    assert not db.session.scalars(select(JobBatch)).all()


def test_no_batch_is_started_when_no_product_is_meant(manager: Browser, shop: PrestaShopShop) -> None:
    response = manager.send(f"/shops/{shop.id}/batches", {"which": "errors"})
    assert response.headers["Location"] == f"/shops/{shop.id}/batches/new?which=errors"
    page = manager.get(response.headers["Location"]).text
    assert page.count("Nothing to do: no product is meant") == 2
    assert 'method="post" action="/shops' not in page
    assert not db.session.scalars(select(JobBatch)).all()


def test_an_inactive_shop_refuses_and_a_paused_one_lets_the_batch_wait(
    manager: Browser, shop: PrestaShopShop
) -> None:
    make_product()
    shop.active = False
    page = manager.get(f"/shops/{shop.id}/batches/new").text
    assert "The shop is not active" in page
    assert "Sync 1 product<" not in page
    manager.send(f"/shops/{shop.id}/batches", {"which": "all"})
    assert "Shop &#39;Shop A&#39; is not active" in manager.get("/shops").text
    shop.active, shop.paused_at, shop.pause_reason = True, now(), "the shop refuses the key"
    page = manager.get(f"/shops/{shop.id}/batches/new").text
    assert "The shop is paused: the shop refuses the key" in page
    assert "Sync 1 product<" in page


def test_a_shop_that_is_not_there_is_not_found(manager: Browser) -> None:
    assert manager.get("/shops/99/batches/new").status_code == 404
    assert manager.send("/shops/99/batches", {"which": "all"}).status_code == 404
