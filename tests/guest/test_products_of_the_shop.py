"""A shop's own products: PPM sends what it holds of them, and nothing else."""

from __future__ import annotations

import pytest
import time_machine

from ppm_web.models import PrestaShopShop, SyncState, now
from ppm_web.practice_shop import DEFAULT_KEY, PracticeShop, serve
from tests.guest.steps import Desk, by_hand, changed, row

KETTLE = "sku,price_net,tax_rate,quantity,name:en,name:pl\nFX-1,10,23,10,Kettle,Czajnik\n"


# --- a --------------------------------------------------------------------------------------------------
def test_a_linked_product_keeps_all_that_ppm_does_not_hold(
    practice_82: PracticeShop, shop: PrestaShopShop, desk: Desk
) -> None:
    office = practice_82.back_office
    texts = {"1": "Shoes", "2": "Buty"}
    shoes = practice_82.create(
        "categories", {"id_parent": "2", "active": "1", "name": texts, "link_rewrite": texts}
    )
    maker = practice_82.create("manufacturers", {"name": "Old Kiln", "active": "1"})
    number = by_hand(practice_82, "BUG-A", ean13="5901234123457", weight="1.25", active="0",
                     id_manufacturer=str(maker), id_category_default=str(shoes), id_tax_rules_group="2",
                     description={"1": "<p>Old</p>", "2": "<p>Polski opis</p>"})  # fmt: skip
    office.edit("products", number, {}, {"categories": [{"id": str(shoes)}]})
    office.set_stock(number, 37)
    before = practice_82.picture()
    desk.load("sku,price_net,tax_rate,name:pl\nBUG-A,49.00,23,Nowa\n")

    told = desk.say("sync", "preview", "BUG-A", "--shop", "Shop A")
    status = desk.sync("BUG-A")

    assert told.startswith("link\n")
    assert all(words in told for words in ("price", "20", "49", "Stary BUG-A", "Nowa", "tax group"))
    assert status.message == "Product linked to the one that the shop has, and updated successfully"
    assert [(each.resource, each.id, each.field) for each in changed(before, practice_82)] == [
        ("products", number, field) for field in ("id_tax_rules_group", "name", "price")
    ]
    found = row(practice_82, "products", number)
    assert (found["name"], found["price"]) == ({"1": "Old BUG-A", "2": "Nowa"}, "49.000000")
    assert (found["id_tax_rules_group"], found["active"], found["ean13"]) == ("1", "0", "5901234123457")
    assert practice_82.stock_of(number) == 37


# --- b --------------------------------------------------------------------------------------------------
def test_at_another_address_a_product_of_the_same_id_stays_as_it_is(shop: PrestaShopShop, desk: Desk) -> None:
    desk.load("sku,price_net,tax_rate,quantity,name:en,name:pl\nRB-1,5,23,3,Cup,Kubek\n")
    number = desk.sync("RB-1").external_id
    real = PracticeShop("8.2")
    while (ring := by_hand(real, f"RING-{real.count()}", price="900")) != number:
        pass
    real.back_office.set_stock(ring, 1)
    before = real.picture()
    with serve(real) as served:
        refused = desk.say("shop", "set", "Shop A", "--url", served.url, status=1)
        desk.say("shop", "set", "Shop A", "--url", served.url, "--key", DEFAULT_KEY)
        desk.load("sku,price_net\nRB-1,6\n")
        status = desk.sync("RB-1")
        told = desk.say("shop", "check", "Shop A")

    assert "key" in refused
    assert status.state is SyncState.SYNCED
    assert status.external_id != ring
    [cup] = real.products("RB-1")
    assert (cup["id"], cup["price"], real.stock_of(cup["id"])) == (status.external_id, "6.000000", 3)
    assert {each.id for each in changed(before, real) if each.resource == "products"} == {cup["id"]}
    assert real.stock_of(ring) == 1
    assert "unlinked, as another product has the id: 1" in told


# --- c --------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("fault", ["504", "504-after-save"])
def test_after_a_lost_answer_what_was_sold_and_what_people_wrote_stays(
    practice_82: PracticeShop, shop: PrestaShopShop, desk: Desk, fault: str
) -> None:
    desk.load(KETTLE)
    number = desk.sync("FX-1").external_id
    assert number is not None
    practice_82.back_office.sell(number, 8)
    practice_82.back_office.edit("products", number, {"ean13": "5901234123457", "price": "13.5"})
    before = practice_82.picture()
    desk.load("sku,name:en\nFX-1,Tea kettle\n")
    practice_82.strike_next(fault, 1, method="PATCH", resource="products")
    with time_machine.travel(now(), tick=True) as clock:
        assert desk.sync("FX-1").state is SyncState.PENDING
        clock.shift(31)
        desk.work()

    assert practice_82.struck_faults[fault] == 1
    assert desk.row("FX-1").state is SyncState.SYNCED
    assert [(each.id, each.field) for each in changed(before, practice_82)] == [(number, "name")]
    assert row(practice_82, "products", number)["name"] == {"1": "Tea kettle", "2": "Czajnik"}
    assert practice_82.stock_of(number) == 2


@pytest.mark.parametrize("fault", ["504", "504-after-save"])
def test_a_sale_while_the_answer_to_a_quantity_got_lost_is_never_put_back(
    practice_82: PracticeShop, shop: PrestaShopShop, desk: Desk, fault: str
) -> None:
    desk.load(KETTLE)
    number = desk.sync("FX-1").external_id
    assert number is not None
    desk.load("sku,quantity\nFX-1,12\n")
    practice_82.strike_next(fault, 1, method="PATCH", resource="stock_availables")
    with time_machine.travel(now(), tick=True) as clock:
        desk.sync("FX-1")
        left = practice_82.back_office.sell(number, 8)
        clock.shift(31)
        desk.work()

    assert practice_82.stock_of(number) == left
    status = desk.row("FX-1")
    assert status.state is SyncState.CONFLICT
    assert f"conflict in quantity: PPM 12, shop {left}, last known 10" in status.message


# --- e --------------------------------------------------------------------------------------------------
def test_a_language_that_the_shop_gained_keeps_its_texts_when_another_one_is_changed(
    practice_82: PracticeShop, shop: PrestaShopShop, desk: Desk
) -> None:
    desk.load("sku,price_net,tax_rate,name:en,name:pl,description:pl\nMUG-1,10,23,Mug,Kubek,<p>Opis</p>\n")
    number = desk.sync("MUG-1").external_id
    assert number is not None
    german = str(practice_82.back_office.add_language("de"))
    texts = {"name": {german: "Becher"}, "description": {german: "<p>Ein Becher</p>"}}
    practice_82.back_office.edit("products", number, texts)
    before = practice_82.picture()
    desk.load("sku,name:pl,description:pl\nMUG-1,Nowy kubek,<p>Nowy opis</p>\n")

    assert desk.sync("MUG-1").state is SyncState.SYNCED

    assert {(each.id, each.field) for each in changed(before, practice_82)} == {
        (number, "name"),
        (number, "description"),
    }
    found = row(practice_82, "products", number)
    assert found["name"] == {"1": "Mug", "2": "Nowy kubek", german: "Becher"}
    assert (found["description"]["2"], found["description"][german]) == (
        "<p>Nowy opis</p>",
        "<p>Ein Becher</p>",
    )


# --- g, h -----------------------------------------------------------------------------------------------
def shirt(practice: PracticeShop) -> int:
    """A shirt with a small and a large one, 4 and 6 of them."""
    number = by_hand(practice, "SHIRT")
    sizes = practice.back_office.add_option("Size", ["S", "L"])
    practice.back_office.add_combination(number, [sizes["S"]], 4, {"reference": "SHIRT-S"})
    practice.back_office.add_combination(number, [sizes["L"]], 6, {"reference": "SHIRT-L"})
    return number


@pytest.mark.parametrize("options", [[], ["--force"], ["--force", "--stock"]])
def test_the_sum_of_a_products_combinations_is_never_written_and_that_is_told(
    practice_82: PracticeShop, shop: PrestaShopShop, desk: Desk, options: list[str]
) -> None:
    number = shirt(practice_82)
    before = practice_82.picture()
    desk.load("sku,price_net,tax_rate,quantity,name:pl\nSHIRT,20,23,3,Stary SHIRT\n")

    preview = desk.say("sync", "preview", "SHIRT", "--shop", "Shop A")
    status = desk.sync("SHIRT", *options)

    told = "its stock was not sent: the product has combinations in the shop"
    assert told in preview
    assert told in status.message
    assert status.state is SyncState.SYNCED
    assert [each.field for each in changed(before, practice_82)] == ["id_tax_rules_group"]
    assert practice_82.stock_of(number) == 10
    assert all(
        request.resource != "stock_availables" for request in practice_82.requests if request.method != "GET"
    )


def test_a_sku_that_is_a_combinations_reference_is_told_and_no_second_product_made(
    practice_82: PracticeShop, shop: PrestaShopShop, desk: Desk
) -> None:
    number = shirt(practice_82)
    before = practice_82.picture()
    desk.load("sku,price_net,tax_rate,name:pl\nSHIRT-L,20,23,Koszulka\n")

    preview = desk.say("sync", "preview", "SHIRT-L", "--shop", "Shop A")
    status = desk.sync("SHIRT-L")

    told = f"SHIRT-L is the reference of a combination of the product {number}"
    assert preview.startswith("conflict\n")
    assert told in preview
    assert (status.state, told in status.message) == (SyncState.CONFLICT, True)
    assert changed(before, practice_82) == []


# --- l, m -----------------------------------------------------------------------------------------------
def test_a_reference_in_other_capitals_is_a_conflict_with_both_and_one_with_a_space_is_linked(
    practice_82: PracticeShop, shop: PrestaShopShop, desk: Desk
) -> None:
    by_hand(practice_82, "abc-100")
    spaced = by_hand(practice_82, "SPC-1 ")
    desk.load("sku,price_net,tax_rate,name:en\nABC-100,20,23,Old ABC\nSPC-1,20,23,Old SPC\n")

    conflict, linked = desk.sync("ABC-100"), desk.sync("SPC-1")

    assert conflict.state is SyncState.CONFLICT
    assert "abc-100" in conflict.message
    assert "ABC-100" in conflict.message
    assert (linked.state, linked.external_id) == (SyncState.SYNCED, spaced)
    assert practice_82.count() == 2


def test_a_category_of_the_file_is_the_one_that_the_shop_writes_in_other_capitals(
    practice_82: PracticeShop, shop: PrestaShopShop, desk: Desk
) -> None:
    texts = {"1": "Home Appliances", "2": "AGD"}
    number = practice_82.create(
        "categories", {"id_parent": "2", "active": "1", "name": texts, "link_rewrite": {"1": "a", "2": "a"}}
    )
    before = practice_82.picture()
    desk.load("sku,price_net,tax_rate,name:en,categories\nA,20,23,Iron,Home > home appliances\n")

    assert desk.sync("A").state is SyncState.SYNCED

    assert {each.resource for each in changed(before, practice_82)} == {"products", "stock_availables"}
    found = practice_82.find_product("A")
    assert found is not None
    assert found["id_category_default"] == str(number)


# --- q --------------------------------------------------------------------------------------------------
def test_a_shop_in_none_of_the_catalogues_languages_is_told_and_gets_nothing(
    practice_82: PracticeShop, shop_url: str, desk: Desk
) -> None:
    for number, code in ((1, "de"), (2, "ar")):
        locale = {"iso_code": code, "locale": f"{code}-{code.upper()}", "language_code": code}
        practice_82.back_office.edit("languages", number, locale)
    by_hand(practice_82, "A")
    before = practice_82.picture()
    desk.load("sku,price_net,tax_rate,name:en,name:pl\nA,21,23,Iron,Żelazko\n")

    told = desk.say("shop", "add", "Shop A", shop_url, "--key", DEFAULT_KEY)
    status = desk.sync("A")

    assert "None of the languages of 'Shop A' (1 de, 2 ar)" in told
    assert (status.state, status.error_code) == (SyncState.ERROR, "languages")
    assert changed(before, practice_82) == []


def test_an_id_that_is_another_language_by_now_gets_no_text_of_ours(
    practice_82: PracticeShop, shop: PrestaShopShop, desk: Desk
) -> None:
    desk.load("sku,price_net,tax_rate,name:en,name:pl\nA,20,23,Iron,Żelazko\n")
    number = desk.sync("A").external_id
    assert number is not None
    german = {"iso_code": "de", "locale": "de-DE", "language_code": "de"}
    practice_82.back_office.edit("languages", 1, german)
    practice_82.back_office.edit("products", number, {"name": {"1": "Eisen"}})
    desk.say("shop", "check", "Shop A")
    desk.load("sku,name:en,name:pl\nA,Steam iron,Nowe\n")

    assert desk.sync("A").state is SyncState.SYNCED

    assert row(practice_82, "products", number)["name"] == {"1": "Eisen", "2": "Nowe"}


# --- u --------------------------------------------------------------------------------------------------
def test_adding_a_shop_that_does_not_answer_is_no_success(desk: Desk, shop_url: str) -> None:
    with serve(PracticeShop()) as served:
        gone = served.url
    told = desk.say("shop", "add", "Gone", gone, "--key", DEFAULT_KEY, status=1)
    assert "The shop is kept" in told
    assert "Gone" in desk.say("shop", "list")


# --- w --------------------------------------------------------------------------------------------------
def test_every_write_to_a_shop_that_prints_notices_counts_as_answered(
    practice_82: PracticeShop, shop: PrestaShopShop, desk: Desk
) -> None:
    practice_82.set_faults({"notice": 1})
    desk.load(KETTLE)
    made = desk.sync("FX-1")
    desk.load("sku,price_net,quantity\nFX-1,11,9\n")
    practice_82.reset_stats()
    updated = desk.sync("FX-1")

    assert (made.outcome, updated.outcome, updated.sending, updated.attempts) == (
        "created",
        "updated",
        None,
        0,
    )
    assert practice_82.counts["PATCH"] == {"products": 1, "stock_availables": 1}
    [kettle] = practice_82.products("FX-1")
    assert (kettle["price"], practice_82.stock_of(kettle["id"])) == ("11.000000", 9)
    assert "prints text around its answers" in desk.say("shop", "check", "Shop A", status=1)
