"""Several processes at once: one product, one manufacturer, one category, however many want it."""

from __future__ import annotations

import multiprocessing
from collections import Counter
from multiprocessing.synchronize import Barrier

import pytest
from flask import Flask

from ppm_web import create_app
from ppm_web.extensions import db
from ppm_web.models import PrestaShopShop, ProductSyncStatus, SyncState
from ppm_web.practice_shop import PracticeShop, serve
from ppm_web.services.sync import requests as sync_requests
from tests.factories import make_category, make_manufacturer, make_product, make_shop
from tests.scenario.conftest import HOPELESS_SECONDS, House, until

pytestmark = pytest.mark.scenario

REPEATS = 25
PRODUCTS = 40


def ask(settings: dict[str, object], product_ids: list[int], shop_id: int, barrier: Barrier) -> None:
    """In a process of its own: sync each product at the same moment as the other process."""
    app = create_app(settings)
    with app.app_context():
        for product_id in product_ids:
            barrier.wait(HOPELESS_SECONDS)
            sync_requests.request_product_sync(product_id, shop_id, by="test")


def test_two_processes_that_ask_at_once_create_one_product(
    app: Flask, practice_82: PracticeShop, shop: PrestaShopShop
) -> None:
    product_ids = [make_product(f"MUG-{number}").id for number in range(REPEATS)]
    names = ("SECRET_KEY", "DATABASE_URL", "REDIS_URL", "ALLOW_PRIVATE_SHOPS")
    settings = {name: app.config[name] for name in names} | {"QUEUE_MODE": "sync"}
    context = multiprocessing.get_context("spawn")
    barrier = context.Barrier(2)
    processes = [
        context.Process(target=ask, args=(settings, product_ids, shop.id, barrier)) for _ in range(2)
    ]
    for process in processes:
        process.start()
    for process in processes:
        process.join(HOPELESS_SECONDS)
    assert [process.exitcode for process in processes] == [0, 0]
    assert practice_82.counts["POST"]["products"] == REPEATS
    assert Counter(row["reference"] for row in practice_82.products()) == {
        f"MUG-{number}": 1 for number in range(REPEATS)
    }
    db.session.rollback()
    db.session.expire_all()
    assert {row.state for row in db.session.query(ProductSyncStatus)} == {SyncState.SYNCED}


def test_eight_workers_make_one_manufacturer_and_one_path_for_all_products(app: Flask, house: House) -> None:
    practice = PracticeShop(version="8.2")
    with serve(practice) as served:
        shop = make_shop(served.url)
        maker, leaf = make_manufacturer(), make_category("Clothes", "Men", "Shirts")
        products = [
            make_product(f"SKU-{number}", categories=(leaf,), manufacturer=maker)
            for number in range(PRODUCTS)
        ]
        for product in products:
            sync_requests.request_product_sync(product.id, shop.id, by="test")
        del house.environment["PPM_LEASE_SECONDS"], house.environment["PPM_REQUEST_TIMEOUT_SECONDS"]
        house.start_workers(8)

        def all_synced() -> bool:
            states = Counter(db.session.query(ProductSyncStatus.state))
            db.session.commit()
            return states == {(SyncState.SYNCED,): PRODUCTS}

        until(all_synced)
    assert [row["name"] for row in practice.manufacturers()] == [maker.name]
    made = Counter(row["name"]["1"] for row in practice.categories())
    assert made == {"Root": 1, "Home": 1, "Clothes": 1, "Men": 1, "Shirts": 1}
    assert practice.counts["POST"] == {"categories": 3, "manufacturers": 1, "products": PRODUCTS}
    assert len({row["reference"] for row in practice.products()}) == PRODUCTS
