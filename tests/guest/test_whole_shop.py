"""A picture of a whole shop before and after each operation: nothing is another but what was told before."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import pytest
import time_machine
from flask import Flask

from ppm_web.extensions import db
from ppm_web.models import PrestaShopShop, Product, ProductImage, ProductText, now
from ppm_web.practice_shop import Change, PracticeShop, difference, serve
from ppm_web.services.batches import control as batch_control
from ppm_web.services.catalog import writing as catalog_writing
from ppm_web.services.catalog.selections import Selection
from ppm_web.services.images import store as image_store
from ppm_web.services.publishing.previews import Outlook, preview
from ppm_web.services.sync import requests as sync_requests
from tests.factories import make_category, make_manufacturer, make_product, make_shop
from tests.guest.steps import by_hand
from tests.services.pictures import picture

FIELDS = {
    "EAN code": {"ean13"},
    "active switch": {"active"},
    "price": {"price"},
    "weight": {"weight"},
    "width": {"width"},
    "height": {"height"},
    "depth": {"depth"},
    "name": {"name"},
    "short description": {"description_short"},
    "description": {"description"},
    "friendly URL": {"link_rewrite"},
    "meta title": {"meta_title"},
    "meta description": {"meta_description"},
    "tax group": {"id_tax_rules_group"},
    "manufacturer": {"id_manufacturer"},
    "main category": {"id_category_default"},
    "categories": {"associations.categories"},
    "quantity": {"quantity"},
    "reference (SKU)": {"reference"},
}
"""The words of a preview → the fields of the shop that they stand for."""
BOOKS = {"date_upd": "", "indexed": "active", "position_in_category": "associations.categories"}
"""What the shop itself keeps of a change → the field that must have changed for it, "" for any."""
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


@dataclass(slots=True)
class House:
    """A practice shop with products of its people, as a shop of PPM, and the worker."""

    practice: PracticeShop
    shop: PrestaShopShop
    work: Callable[[], None]
    product: Product

    def request(self, **wish: Any) -> None:
        """Ask that the product be synced, and work."""
        sync_requests.request_product_sync(self.product.id, self.shop.id, by="test", **wish)
        self.work()

    def edit(self, **changes: Any) -> None:
        """Change the product in the catalogue."""
        catalog_writing.update_product(self.product.id, changes)  # type: ignore[arg-type]

    def told(self) -> set[str]:
        """Fields of the product that the preview says would change."""
        found = preview(self.product.id, self.shop.id)
        assert found.outlook in (Outlook.LINK, Outlook.UPDATE, Outlook.NONE), found.problems
        words = {change.name for change in found.changes}
        return {field for word in words for field in FIELDS.get(word, {word})}

    def watch(self, act: Callable[[], object]) -> list[Change]:
        """What is another in the shop after ``act``."""
        before = self.practice.picture()
        act()
        return difference(before, self.practice.picture())

    @property
    def number(self) -> int:
        """The product's id in the shop."""
        found = self.practice.find_product("MUG-1")
        assert found is not None
        identifier: int = found["id"]
        return identifier

    def of_product(self, changes: list[Change]) -> set[str]:
        """The changed fields of the product and its stock; fails at anything else that is not new."""
        number, stock = self.number, self.stock_row
        fields = set()
        for change in changes:
            if (change.resource, change.id) in (("products", number), ("stock_availables", stock)):
                fields.add(change.field)
            else:
                assert change.before is None, change
                assert change.resource in {"categories", "manufacturers"}, change
        return without_books(fields)

    @property
    def stock_row(self) -> int:
        """The id of the stock row of the product itself."""
        own = (str(self.number), "0")
        for row in self.practice.rows("stock_availables"):
            if (row["id_product"], row["id_product_attribute"]) == own:
                identifier: int = row["id"]
                return identifier
        raise AssertionError("the product has no stock row")


def without_books(fields: set[str]) -> set[str]:
    """The fields but those that the shop changes by itself when another one changes."""
    return {field for field in fields if field not in BOOKS or (BOOKS[field] and BOOKS[field] not in fields)}


@pytest.fixture(params=["8.2", "9.1"])
def house(app: Flask, work: Callable[[], None], request: pytest.FixtureRequest) -> Iterator[House]:
    practice = PracticeShop(request.param)
    _people(practice)
    with serve(practice) as served:
        shop = make_shop(served.url)
        yield House(practice, shop, work, _catalogue())


def _people(practice: PracticeShop) -> None:
    """What the shop's people have made: a product of which PPM holds some, one with combinations, German."""
    office = practice.back_office
    texts = {"1": "Shoes", "2": "Buty"}
    shoes = practice.create(
        "categories", {"id_parent": "2", "active": "0", "name": texts, "link_rewrite": {"1": "s", "2": "b"}}
    )
    mug = by_hand(practice, "MUG-1", weight="9", id_category_default=str(shoes))
    office.edit("products", mug, {}, {"categories": [{"id": str(shoes)}]})
    office.set_stock(mug, 7)
    shirt = by_hand(practice, "SHIRT")
    sizes = office.add_option("Size", ["S", "L"])
    image = office.add_image(shirt, picture("navy"), "A shirt")
    office.add_image(mug, picture("grey"), "A mug")
    office.add_combination(shirt, [sizes["S"]], 4, images=[image])
    office.add_combination(shirt, [sizes["L"]], 6)
    german = str(office.add_language("de"))
    for number in (mug, shirt):
        office.edit("products", number, {"name": {german: "Becher"}, "meta_title": {german: "Titel"}})


def _catalogue() -> Product:
    texts = [
        ProductText(language=code, name=f"Mug {code}", short_description="<p>S</p>", description="<p>D</p>",
                    slug=f"mug-{code}", meta_title="T", meta_description="M")
        for code in ("en", "pl")
    ]  # fmt: skip
    return make_product(
        texts=texts,
        active=True,
        width=Decimal(1),
        height=Decimal(1),
        depth=Decimal(1),
        manufacturer=make_manufacturer(),
        categories=(make_category("Mugs"),),
    )


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
