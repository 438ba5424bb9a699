"""A product that was changed here and in a shop: three values on its page, and the press that settles it."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal

import pytest

from ppm_web.extensions import db
from ppm_web.models import PrestaShopShop, Product, ProductText, SyncState
from ppm_web.practice_shop import PracticeShop
from ppm_web.services.sync.requests import request_product_sync
from tests.factories import make_product, status_of
from tests.views.conftest import Browser
from tests.views.rows import make_product as make_row
from tests.views.rows import make_shop, make_status

Work = Callable[[], None]


@pytest.fixture
def product(practice_82: PracticeShop, shop: PrestaShopShop, work: Work) -> Product:
    """A product whose price and English name were changed here and in the shop."""
    product = make_product("CUP-1", price_net=Decimal(11))
    request_product_sync(product.id, shop.id, by="test")
    work()
    remote = status_of(product, shop).external_id or 0
    practice_82.back_office.edit("products", remote, {"price": "13.5", "name": {"1": "Beaker"}})
    product = db.session.get_one(Product, product.id)
    product.price_net, product.revision = Decimal(12), product.revision + 1
    product.fields_revision += 1
    next(text for text in product.texts if text.language == "en").name = "Mug"
    db.session.commit()
    request_product_sync(product.id, shop.id, by="test")
    work()
    assert status_of(product, shop).state is SyncState.CONFLICT
    return product


def settle(browser: Browser, product: Product, shop: PrestaShopShop, side: str, field: str) -> str:
    browser.get(f"/products/{product.id}")
    answer = browser.send(
        f"/products/{product.id}/shops/{shop.id}/settlements", {"side": side, "field": field}
    )
    assert answer.status_code == 303
    return browser.get(f"/products/{product.id}").text


def test_the_three_values_of_each_field_stand_on_the_page(
    manager: Browser, product: Product, shop: PrestaShopShop
) -> None:
    page = manager.get(f"/products/{product.id}").text
    assert "conflict in price: PPM 12.00, shop 13.50, last known 11.00" in page
    table = page[page.index('class="conflicts"') :]
    for words in ("Price", "12.00", "13.50", "11.00", "Name (en)", "Beaker", "Mug", "Mug CUP-1"):
        assert f">{words}<" in table, words
    assert "it becomes the value of the catalogue, and goes to the other shops" in table


def test_the_same_in_polish(manager: Browser, product: Product, shop: PrestaShopShop) -> None:
    manager.set_cookie("language", "pl")
    page = manager.get(f"/products/{product.id}").text
    assert "konflikt w polu cena: PPM 12.00, sklep 13.50, ostatnio znane 11.00" in page
    table = page[page.index('class="conflicts"') :]
    for words in ("Cena", "Nazwa (en)", "Wartość PPM", "Wartość sklepu"):
        assert f">{words}<" in table, words


def test_values_that_are_words_are_in_the_language_of_the_page(manager: Browser) -> None:
    shop, product = make_shop(), make_row()
    values = {"active": {"base": "1", "ours": "1", "theirs": "0"}}
    message = "MUG-1: conflict in active switch: PPM on, shop off, last known on"
    make_status(product, shop, SyncState.CONFLICT, conflicts=values, message=message)
    manager.set_cookie("language", "pl")
    page = manager.get(f"/products/{product.id}").text
    assert ">włączony<" in page
    assert ">wyłączony<" in page
    assert "PPM włączony, sklep wyłączony, ostatnio znane włączony" in page


@pytest.mark.parametrize(("side", "price"), [("ours", "12"), ("theirs", "13.5")])
def test_each_field_is_settled_by_itself_and_goes_where_the_person_said(
    manager: Browser,
    practice_82: PracticeShop,
    product: Product,
    shop: PrestaShopShop,
    work: Work,
    side: str,
    price: str,
) -> None:
    page = settle(manager, product, shop, side, "price")
    assert ("PPM&#39;s value goes to Shop A" in page) is (side == "ours")
    assert ("PPM has the value of Shop A now" in page) is (side == "theirs")
    assert status_of(product, shop).conflicts is not None  # the name waits for a word of its own
    page = settle(manager, product, shop, "theirs", "name.1")
    assert 'class="conflicts"' not in page
    work()
    assert status_of(product, shop).state is SyncState.SYNCED
    remote = practice_82.row("products", status_of(product, shop).external_id or 0)
    assert remote is not None
    assert (Decimal(remote["price"]), remote["name"]["1"]) == (Decimal(price), "Beaker")
    kept = db.session.get_one(Product, product.id)
    assert (kept.price_net, {text.language: text.name for text in kept.texts}["en"]) == (
        Decimal(price),
        "Beaker",
    )


def test_the_shops_price_is_taken_over_in_the_catalogues_currency(
    manager: Browser, practice_82: PracticeShop, product: Product, shop: PrestaShopShop, work: Work
) -> None:
    db.session.get_one(PrestaShopShop, shop.id).currency_factor = Decimal("0.25")
    db.session.commit()
    settle(manager, product, shop, "theirs", "price")
    assert db.session.get_one(Product, product.id).price_net == Decimal(54)
    settle(manager, product, shop, "theirs", "name.1")
    work()
    remote = practice_82.row("products", status_of(product, shop).external_id or 0)
    assert remote is not None
    assert Decimal(remote["price"]) == Decimal("13.5")


def test_without_javascript_and_with_it_the_answer_says_what_came_of_it(
    manager: Browser, product: Product, shop: PrestaShopShop
) -> None:
    manager.get(f"/products/{product.id}")
    address = f"/products/{product.id}/shops/{shop.id}/settlements"
    data = {"side": "ours", "field": "price"}
    answer = manager.send(address, data, headers={"HX-Request": "true"})
    assert answer.status_code == 200
    assert "goes to Shop A" in answer.headers["HX-Trigger-After-Swap"]
    page = settle(manager, product, shop, "ours", "weight")
    assert "CUP-1 has no conflict in" in page


def test_a_viewer_sees_the_values_and_settles_nothing(viewer: Browser) -> None:
    shop, product = make_shop(), make_row()
    values = {"price": {"base": "11.0", "ours": "12.0", "theirs": "13.5"}}
    make_status(product, shop, SyncState.CONFLICT, conflicts=values)
    page = viewer.get(f"/products/{product.id}").text
    assert "13.50" in page
    assert "/settlements" not in page
    assert viewer.send(f"/products/{product.id}/shops/{shop.id}/settlements").status_code == 403


@pytest.mark.parametrize("field", ["side", "field"])
def test_a_form_that_says_too_little_settles_nothing(manager: Browser, field: str) -> None:
    shop, product = make_shop(), make_row()
    values = {"price": {"base": "11.0", "ours": "12.0", "theirs": "13.5"}}
    make_status(product, shop, SyncState.CONFLICT, conflicts=values)
    data = {"side": "ours", "field": "price"} | {field: ""}
    manager.get(f"/products/{product.id}")
    manager.send(f"/products/{product.id}/shops/{shop.id}/settlements", data)
    assert "Say which field, and whose value holds" in manager.get(f"/products/{product.id}").text
    assert status_of(product, shop).conflicts == values


def test_a_product_of_another_name_is_told_and_no_button_writes_over_it(manager: Browser) -> None:
    shop, product = make_shop(), make_row()
    lost = {"reference": {"base": None, "ours": None, "theirs": "RING"}}
    make_status(product, shop, SyncState.CONFLICT, external_id=76, conflicts=lost)
    page = manager.get(f"/products/{product.id}").text
    assert "RING" in page
    assert "Shop A has another product where this one was" in page
    assert "/settlements" not in page


def test_a_product_of_another_store_is_taken_in_by_a_press(manager: Browser) -> None:
    shop = make_shop(store_id=2)
    product = make_row(texts=[ProductText(language="en", name="Cup")])
    make_status(
        product,
        shop,
        SyncState.CONFLICT,
        conflicts={"store": {"base": None, "ours": None, "theirs": 76}},
    )
    page = manager.get(f"/products/{product.id}").text
    assert "Another store of this PrestaShop has the product" in page
    assert "Take it into this store" in page
    assert "Keep the shop&#39;s" not in page
    settle(manager, product, shop, "ours", "store")
    row = status_of(product, shop)
    assert (row.external_id, row.sending, row.state) == (76, {"store": 76}, SyncState.PENDING)
