"""The main job, through the command line: import, add a shop, sync, and the product is in the shop."""

from __future__ import annotations

from pathlib import Path

import pytest
from flask import Flask

from ppm_web.models import SyncState
from ppm_web.practice_shop import DEFAULT_KEY, PracticeShop, serve
from ppm_web.services.sync import requests as sync_requests
from tests.factories import make_product, make_shop, status_of
from tests.scenario.conftest import House, until
from tests.support import WatchedShop

pytestmark = pytest.mark.scenario

CATALOGUE = """\
sku,ean13,price_net,tax_rate,quantity,manufacturer,weight,categories,name:en,description:en,name:pl
MUG-1,5901234123457,12.345678,23,7,ACME & Sons,0.3,Home > Kitchen > Mugs|Home > Sale,Mug,<p>Hot</p>,Kubek ąęł
CAP-1,,20,8,0,,0,Home > Clothes,Cap,,Czapka
"""


@pytest.fixture
def catalogue(tmp_path: Path) -> Path:
    """The catalogue as a CSV file."""
    path = tmp_path / "catalogue.csv"
    path.write_text(CATALOGUE, encoding="utf-8")
    return path


def test_a_catalogue_is_imported_and_published_and_only_changes_are_sent(
    house: House, catalogue: Path
) -> None:
    practice = PracticeShop(version="9.1")
    with serve(practice) as served:
        assert house.json("catalog", "import", str(catalogue))["added"] == 2
        added = house.json("shop", "add", "Shop A", served.url, "--key", DEFAULT_KEY)
        assert added == {"id": 1, "name": "Shop A", "version": "9.1.4", "problems": []}
        house.start_workers()
        first = house.json("sync", "product", "MUG-1", "--shop", "Shop A", "--wait")
        found = practice.find_product("MUG-1")
        assert found is not None
        assert (first["state"], first["outcome"], first["external_id"]) == ("synced", "created", found["id"])
        assert found["name"] == {"1": "Mug", "2": "Kubek ąęł"}
        assert (found["price"], found["ean13"], found["weight"]) == ("12.345678", "5901234123457", "0.300000")
        names = {row["id"]: row["name"]["1"] for row in practice.categories()}
        assert {names[int(c["id"])] for c in found["associations"]["categories"]} == {"Mugs", "Sale"}
        assert practice.stock_of(found["id"]) == 7

        catalogue.write_text(CATALOGUE.replace("12.345678", "13.5"), encoding="utf-8")
        assert house.json("catalog", "import", str(catalogue))["updated"] == 1
        practice.reset_stats()
        second = house.json("sync", "product", "MUG-1", "--shop", "Shop A", "--wait")
        assert (second["outcome"], second["requests"]) == ("updated", 2), "read before write"
        assert practice.counts == {"GET": {"products": 1}, "PATCH": {"products": 1}}
        assert b"<price>" in practice.requests[-1].body
        assert b"<name>" not in practice.requests[-1].body

        practice.reset_stats()
        assert (
            house.flask("sync", "product", "MUG-1", "--shop", "Shop A", "--wait")
            == "No changes - sync skipped\n"
        )
        assert practice.stats()["total"] == 0
        assert house.flask("sync", "category", "Home > Clothes", "--shop", "Shop A", "--wait") == "created\n"


def test_everything_works_without_a_broker_in_sync_mode(house: House, catalogue: Path) -> None:
    practice = PracticeShop(version="8.2")
    house.environment |= {"PPM_QUEUE_MODE": "sync", "PPM_REDIS_URL": "redis://127.0.0.1:1/0"}
    with serve(practice) as served:
        house.flask("catalog", "import", str(catalogue))
        house.flask("shop", "add", "Shop A", served.url, "--key", DEFAULT_KEY)
        practice.strike_next("503", 1)
        done = house.json("sync", "product", "CAP-1", "--shop", "Shop A", "--wait")
        assert (done["outcome"], practice.struck_faults) == ("created", {"503": 1})
        practice.set_faults({"key-refused": 1})
        house.flask("sync", "product", "MUG-1", "--shop", "Shop A", "--wait", status=1)
        assert "Job failed after 1 attempt" in house.errors
        assert DEFAULT_KEY not in house.errors


def test_a_shop_that_saves_five_seconds_after_it_closed_still_has_one_product(
    app: Flask, house: House
) -> None:
    practice = PracticeShop(version="8.2")
    practice.strike_next("save-late", 1, method="POST", resource="products")
    with serve(practice) as served:
        product, shop = make_product(), make_shop(served.url)
        house.start_workers()
        sync_requests.request_product_sync(product.id, shop.id, by="test")
        until(lambda: status_of(product, shop).state is SyncState.SYNCED)
    assert practice.struck_faults == {"save-late": 1}
    assert len(practice.products("MUG-1")) == 1
    assert practice.counts["POST"]["products"] == 1
    assert status_of(product, shop).outcome == "created"


def test_a_worker_killed_in_the_middle_costs_nothing_but_the_lease(app: Flask, house: House) -> None:
    practice = WatchedShop(version="8.2")
    practice.on_create = house.kill_workers
    with serve(practice) as served:
        product, shop = make_product(), make_shop(served.url)
        house.start_workers()
        sync_requests.request_product_sync(product.id, shop.id, by="test")
        until(lambda: practice.on_create is None and not house.workers)
        assert status_of(product, shop).state is SyncState.SYNCING
        house.start_workers()
        until(lambda: status_of(product, shop).state is SyncState.SYNCED)
    assert len(practice.products("MUG-1")) == 1
    assert practice.counts["POST"]["products"] == 1
