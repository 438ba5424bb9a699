"""A picture of a whole shop before and after each operation: nothing is another but what was told before."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from decimal import Decimal
from typing import Any

import pytest
import time_machine
from flask import Flask

from ppm_web.extensions import db
from ppm_web.models import ProductImage, now
from ppm_web.practice_shop import PracticeShop, serve
from ppm_web.services.batches import control as batch_control
from ppm_web.services.catalog.selections import Selection
from ppm_web.services.images import store as image_store
from ppm_web.services.sync import requests as sync_requests
from tests.factories import make_category, make_product, make_shop
from tests.guest.house import House, catalogue, people, without_books
from tests.services.pictures import picture

EDITS: dict[str, dict[str, Any]] = {
    "EAN": {"ean13": "4006381333931"},
    "price": {"price_net": Decimal("13.99")},
    "tax": {"tax_rate": Decimal(8)},
    "quantity": {"quantity": 3},
    "weight": {"weight": Decimal("1.5")},
    "width": {"width": Decimal(2)},
    "height": {"height": Decimal(3)},
    "depth": {"depth": Decimal(4)},
    "active": {"active": False},
    "maker": {"manufacturer": "Another"},
    "categories": {"categories": ["Home > Sale"]},
    "name": {"texts": {"pl": {"name": "Nowy"}}},
    "description": {"texts": {"en": {"description": "<p>New</p>"}}},
    "short description": {"texts": {"en": {"short_description": "<p>Short</p>"}}},
    "slug": {"texts": {"en": {"slug": "new-slug"}}},
    "meta title": {"texts": {"en": {"meta_title": "Title"}}},
    "meta description": {"texts": {"en": {"meta_description": "Words"}}},
}


@pytest.fixture(params=["8.2", "9.1"])
def house(app: Flask, work: Callable[[], None], request: pytest.FixtureRequest) -> Iterator[House]:
    practice = PracticeShop(request.param)
    people(practice)
    with serve(practice) as served:
        shop = make_shop(served.url)
        yield House(practice, shop, work, catalogue())


def test_link_force_and_a_change_of_each_held_field_change_what_the_preview_said(house: House) -> None:
    told = house.told()
    changes = house.watch(house.request)
    assert house.of_product(changes) == told
    assert "quantity" not in told
    assert house.watch(house.request) == []
    house.request(force=True)
    assert house.watch(lambda: house.request(force=True)) == []
    for name, edit in EDITS.items():
        house.edit(**edit)
        told = house.told()
        assert told, name
        assert house.of_product(house.watch(house.request)) == told, name
    german = house.practice.rows("products")[0]["name"]
    assert "Becher" in german.values()


def test_force_sends_no_stock_and_stock_only_when_asked(house: House) -> None:
    house.request()
    number = house.number
    house.practice.back_office.sell(number, 4)
    house.practice.back_office.edit("products", number, {"price": "99"})
    assert house.of_product(house.watch(lambda: house.request(force=True))) == {"price"}
    assert house.practice.stock_of(number) == 3
    wish = {"force": True, "force_stock": True}
    assert house.of_product(house.watch(lambda: house.request(**wish))) == {"quantity"}


def test_pictures_come_and_go_and_those_of_people_stay(house: House) -> None:
    house.request()
    kept = image_store.keep(picture("red")).content_hash
    house.product.images = [ProductImage(position=0, source="r.png", content_hash=kept)]
    db.session.commit()
    assert "images added" in house.told()
    added = [change for change in house.watch(house.request) if change.field != "date_upd"]
    assert [(each.resource, each.field) for each in added if each.before is None] == [("images", "")]
    assert {each.field for each in added if each.before is not None} <= {"cover"}
    house.product.images = []
    db.session.commit()
    assert "images removed" in house.told()
    removed = [change for change in house.watch(house.request) if change.field != "date_upd"]
    assert [(each.resource, each.field) for each in removed if each.after is None] == [("images", "")]
    assert {each.field for each in removed if each.after is not None} <= {"cover"}
    assert len(house.practice.images(house.number)) == 1


def test_a_batch_makes_and_links_what_is_meant_and_a_cancelled_one_nothing(house: House) -> None:
    told = house.told()
    make_product("NEW-1", ean13=None, quantity=None)
    found = Selection("all")

    def cancelled() -> None:
        batch = batch_control.bulk_sync(house.shop.id, found, by="test", confirmed=True)
        assert batch is not None
        batch_control.cancel(batch.id)
        house.work()

    assert house.watch(cancelled) == []

    def run() -> None:
        batch_control.bulk_sync(house.shop.id, found, by="test", confirmed=True)
        house.work()

    changes = house.watch(run)
    new = house.practice.products("NEW-1")
    assert len(new) == 1
    rows = [change for change in changes if change.before is None and not change.field]
    assert [each.id for each in rows if each.resource == "products"] == [new[0]["id"]]
    fields = {
        change.field for change in changes if (change.resource, change.id) == ("products", house.number)
    }
    assert without_books(fields) == told
    others = [change for change in changes if change not in rows and change.id != house.number]
    assert others == []


def test_a_category_sync_changes_no_category_of_the_shop(house: House) -> None:
    category = make_category("Shoes", "Boots")

    def sync() -> None:
        sync_requests.request_category_sync(category.id, house.shop.id, by="test")
        house.work()

    changes = house.watch(sync)
    assert [(each.resource, each.field, each.before) for each in changes] == [("categories", "", None)]
    assert house.watch(sync) == []


@pytest.mark.parametrize(
    "fault",
    ["503", "504", "500", "500-after-save", "504-after-save", "close-before-save", "close-after-save",
     "save-late", "html-200", "notice"],
)  # fmt: skip
def test_a_change_that_met_a_fault_changes_what_was_said_and_what_people_did_meanwhile_stays(
    house: House, fault: str
) -> None:
    house.practice.late_seconds = 0.0
    house.request()
    number = house.number
    house.edit(price_net=Decimal(33), texts={"pl": {"name": "Nowy"}})
    told = house.told()
    house.practice.back_office.edit("products", number, {"ean13": "4006381333931"})
    house.practice.back_office.sell(number, 2)
    house.practice.strike_next(fault, 1, method="PATCH", resource="products")

    def run() -> None:
        with time_machine.travel(now(), tick=True) as clock:
            house.request()
            for thread in threading.enumerate():
                if "_serve_late" in thread.name:
                    thread.join()
            clock.shift(301)
            house.work()

    assert house.of_product(house.watch(run)) == told == {"price", "name"}
    assert house.practice.struck_faults == {fault: 1}
    assert house.practice.stock_of(number) == 5
    assert house.watch(house.request) == []
