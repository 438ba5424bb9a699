"""Several stores in one PrestaShop, at the wire (MULTISTORE.md)."""

from __future__ import annotations

from dataclasses import replace

import pytest
import responses

from ppm_web.prestashop.errors import Rejected, StoreRefused
from ppm_web.prestashop.values import ShopProfile, StockRow, Store
from tests.prestashop.test_profile import ordinary_shop
from tests.prestashop.wire import (
    FOUND,
    add,
    add_recording,
    asked,
    calls,
    client,
    errors,
    listed,
    profile,
    xml,
)

SHOP = "<id>{0}</id><id_shop_group>{1}</id_shop_group><id_category>{2}</id_category><active>1</active>"
SHOP += "<deleted>{3}</deleted><name>Store {0}</name>"
GROUP = "<id>{}</id><name>Group {}</name><share_stock>{}</share_stock>"
STORES = (
    Store(1, "Store 1", True, 1, "Group 1", False, 2),
    Store(2, "Store 2", True, 1, "Group 1", False, 12),
    Store(3, "Store 3", True, 2, "Group 2", True, 2),
)
ROW = "<id>{}</id><id_product>{}</id_product><id_product_attribute>0</id_product_attribute>"
ROW += "<quantity>{}</quantity><id_shop>{}</id_shop><id_shop_group>{}</id_shop_group>"


def many_stores(configuration: bytes | None = None) -> None:
    ordinary_shop(configuration=configuration)
    responses.remove("GET", "https://shop.example/api/shops")
    rows = [SHOP.format(*row) for row in ((2, 1, 12, 0), (1, 1, 2, 0), (3, 2, 2, 0), (4, 2, 2, 1))]
    add("GET", "/shops", body=listed("shop", *rows))
    add("GET", "/shop_groups", body=listed("shop_group", GROUP.format(1, 1, 0), GROUP.format(2, 2, 1)))


def known() -> ShopProfile:
    return replace(profile(), stores=STORES)


@responses.activate
def test_the_stores_that_are_not_deleted_are_told_with_their_group_and_home() -> None:
    many_stores()
    found = client().describe()
    assert found.stores == STORES
    assert found.home_category == 2


@responses.activate
def test_the_home_category_is_that_of_the_store() -> None:
    many_stores()
    assert client(store=2).describe().home_category == 12


@responses.activate
def test_a_setting_of_the_store_comes_before_the_one_of_all() -> None:
    row = "<configuration><id>{}</id><name>PS_LANG_DEFAULT</name><value>{}</value><id_shop>{}</id_shop>"
    row += "</configuration>"
    many_stores(xml("<l>" + row.format(1, 1, "") + row.format(2, 2, 2) + row.format(3, 9, 3) + "</l>"))
    add("GET", "/categories", body=xml("<categories/>"))
    assert client(store=2).describe().default_language == 2
    assert client(store=1).describe().default_language == 1


@responses.activate
def test_every_call_goes_to_the_store() -> None:
    add("GET", "/products", body=FOUND)
    add("PATCH", "/products/1", body=xml("<product><id>1</id></product>"))
    add("DELETE", "/images/products/1/2")
    shop = client(store=2)
    shop.find_products(["A"])
    shop.update_products([(1, {"price": "1.000000"})])
    shop.images.delete(1, 2)
    assert [str(call.url).rpartition("id_shop=")[2] for call in calls()] == ["2", "2", "2"]
    assert "/products/1?id_shop=2" in str(calls()[1].url)


@responses.activate
def test_without_a_store_no_store_is_named() -> None:
    add("GET", "/products", body=FOUND)
    client().find_products(["A"])
    assert "id_shop" not in asked()


@responses.activate
@pytest.mark.parametrize(
    ("store", "filter_", "row"),
    [
        (2, "&filter[id_shop]=[2]&", (6, 1, 20, 2, 0)),
        (3, "&filter[id_shop]=[0]&filter[id_shop_group]=[2]&", (7, 1, 30, 0, 2)),
    ],
)
def test_stock_rows_are_those_of_the_store_or_of_its_group(
    store: int, filter_: str, row: tuple[int, ...]
) -> None:
    add("GET", "/stock_availables", body=listed("stock_available", ROW.format(*row)))
    assert client(store=store, profile=known()).stock_rows([1]) == {1: StockRow(row[0], 1, row[2])}
    assert filter_ in asked()


@responses.activate
def test_a_row_of_another_store_is_never_taken() -> None:
    add("GET", "/stock_availables", body=listed("stock_available", ROW.format(5, 1, 10, 1, 0)))
    assert client(store=2, profile=known()).stock_rows([1]) == {}


@responses.activate
def test_where_the_stores_are_not_known_the_own_row_is_taken_else_the_only_shared_one() -> None:
    rows = [
        (5, 1, 10, 1, 0),
        (6, 1, 20, 2, 0),
        (7, 1, 30, 0, 2),
        (8, 2, 40, 0, 2),
        (9, 3, 1, 0, 2),
        (10, 3, 2, 0, 3),
    ]
    add("GET", "/stock_availables", body=listed("stock_available", *(ROW.format(*row) for row in rows)))
    found = client(store=2, profile=profile()).stock_rows([1, 2, 3])
    assert found == {1: StockRow(6, 1, 20), 2: StockRow(8, 2, 40)}
    assert "filter[id_shop]" not in asked()


@responses.activate
def test_other_stores_are_asked_once_for_many_references() -> None:
    body = listed("product", "<id>7</id><reference>abc-1 </reference>", "<id>9</id><reference>X</reference>")
    add("GET", "/products", body=body)
    shop = client(store=2, profile=known())
    found = shop.find_in_other_stores([f"ABC-{number}" for number in range(150)], [1, 2, 3])
    assert found == {"ABC-1": {1: [7], 3: [7]}}
    assert [str(call.url).rpartition("id_shop=")[2] for call in calls()] == ["1", "3"]


@responses.activate
def test_a_403_with_code_132_asks_for_the_store() -> None:
    add_recording("GET", "/products", "whole_shop_zero")
    with pytest.raises(StoreRefused, match="say which store it is for") as caught:
        client().find_products(["A"])
    assert (caught.value.code, caught.value.temporary, caught.value.unanswered) == (
        "which_store",
        False,
        False,
    )


@responses.activate
def test_a_store_that_is_not_there_is_no_other_address() -> None:
    add_recording("GET", "/products", "shop_param_bad")
    with pytest.raises(Rejected, match="The shop has no store 99") as caught:
        client(store=99).find_products(["A"])
    assert caught.value.code == "no_store"


@responses.activate
def test_a_key_of_one_store_that_may_not_list_them_is_described_without_stores() -> None:
    ordinary_shop()
    responses.remove("GET", "https://shop.example/api/shops")
    add("GET", "/shops", status=403, body=errors(132))
    found = client(store=2).describe()
    assert found.stores == ()
    assert found.languages


@responses.activate
def test_the_stores_that_a_key_opens_are_found_by_trying() -> None:
    add("GET", "/products", status=403, body=errors(132))
    add("GET", "/products", body=FOUND)
    add_recording("GET", "/products", "shop_param_bad")
    assert client().lookups.stores_that_open([1, 2, 3]) == [2]


@responses.activate
def test_ids_are_looked_up_five_hundred_at_once() -> None:
    add("GET", "/products", body=listed("product", "<id>7</id><reference>A</reference>"))
    add("GET", "/categories", body=listed("category", "<id>7</id>"))
    shop = client()
    assert shop.lookups.references(range(1, 501)) == {7: "A"}
    assert shop.lookups.existing("categories", [7, 8]) == {7}
    assert shop.request_count == 2
