from __future__ import annotations

import pytest
import responses

from ppm_web.prestashop.errors import (
    NotFound,
    Rejected,
)
from ppm_web.prestashop.values import StockRow
from tests.prestashop.wire import (
    add,
    add_recording,
    asked,
    body_of,
    calls,
    client,
    listed,
    profile,
)


@responses.activate
def test_stock_rows_are_those_of_the_products_themselves() -> None:
    row = "<id>{}</id><id_product>{}</id_product><id_product_attribute>{}</id_product_attribute>"
    row += "<quantity>{}</quantity>"
    rows = [row.format(5, 1, 12, 100), row.format(6, 1, 0, 300), row.format(8, 2, 0, -3)]
    add("GET", "/stock_availables", body=listed("stock_available", *rows))
    assert client().stock_rows([1, 2, 3]) == {1: StockRow(6, 1, 300, True), 2: StockRow(8, 2, -3)}
    assert "filter[id_product]=[1|2|3]&display=" in asked(), "rows of combinations tell that it has some"


@responses.activate
def test_stock_is_patched_in_one_request_also_below_zero() -> None:
    add_recording("PATCH", "/stock_availables", "stock_patch_multi")
    client().update_stock({1: 100, 2: -101, 3: 102, 4: 103, 5: 104})
    assert "<stock_available><id>2</id><quantity>-101</quantity></stock_available>" in body_of(calls()[0])
    assert len(calls()) == 1


@responses.activate
def test_without_patch_stock_is_put_with_the_shop_that_it_belongs_to() -> None:
    add_recording("GET", "/stock_availables", "list_stock_filter_product_xml")
    add_recording("PUT", "/stock_availables/6", "list_stock_filter_product_xml")
    client(profile=profile(can_patch=False)).update_stock({6: 12})
    sent = body_of(calls()[-1])
    for part in ("<id_shop>1</id_shop>", "<quantity>12</quantity>", "<out_of_stock>2</out_of_stock>"):
        assert part in sent


@responses.activate
@pytest.mark.parametrize("id_shop", ["", "<id_shop></id_shop>"])
def test_stock_is_never_put_without_its_shop(id_shop: str) -> None:
    row = f"<id>6</id><id_product>6</id_product><id_product_attribute>0</id_product_attribute>{id_shop}"
    add("GET", "/stock_availables", body=listed("stock_available", row))
    with pytest.raises(Rejected, match="stock would be lost"):
        client(profile=profile(can_patch=False)).update_stock({6: 12})
    assert [request.method for request in calls()] == ["GET"]


@responses.activate
def test_categories_are_found_by_their_name_in_any_language_under_their_parent_however_it_is_written() -> (
    None
):
    row = "<id>{}</id><id_parent>{}</id_parent>"
    row += '<name><language id="1">{}</language><language id="2">{}</language></name>'
    rows = [
        row.format(8, 2, "Mugs", "Kubki"),
        row.format(5, 2, "Cups", "Mugs"),
        row.format(6, 2, "mugs", "x"),
        row.format(4, 2, "Cafe\u0301  cups", "Mug"),
    ]
    add("GET", "/categories", body=listed("category", *rows, row.format(9, 3, "Mugs", "Mugs")))
    wanted = [("Mugs", 2), ("CAF\u00c9 cups", 2), ("Cafe cups", 2), ("Mugs", 3)]
    assert client().find_categories(wanted) == dict(zip(wanted, [[5, 6, 8], [4], [], [9]], strict=True))
    assert (
        asked() == "/categories?filter[id_parent]=[2|3]&display=[id,name,id_parent]&sort=[id_ASC]&limit=1000"
    )


@responses.activate
def test_a_long_list_is_read_a_page_at_a_time() -> None:
    row = "<id>{}</id><id_parent>2</id_parent><name>Mugs {}</name>"
    for numbers in (range(3, 1003), range(1003, 1005)):
        rows = [row.format(number, number) for number in numbers]
        add("GET", "/categories", body=listed("category", *rows))
    assert client().find_categories([("mugs 1004", 2)]) == {("mugs 1004", 2): [1004]}
    assert len(calls()) == 2
    assert "&filter[id]=>[1002]&sort=[id_ASC]&limit=1000" in asked()


@responses.activate
def test_ids_that_are_still_there_are_told_500_a_request() -> None:
    add("GET", "/categories", body=listed("category", "<id>3</id>"))
    add("GET", "/manufacturers", body=listed("manufacturer", "<id>7</id>"))
    shop = client()
    assert shop.categories_there([3, 5, 3]) == {3}
    assert asked() == "/categories?filter[id]=[3|5]&display=[id]"
    assert shop.manufacturers_there([7, 8]) == {7}
    assert shop.manufacturers_there([]) == set()


@responses.activate
def test_a_category_is_read_with_its_texts_and_without_its_children() -> None:
    add_recording("GET", "/categories", "get_category_xml")
    fields = client().read_category(3)
    assert fields["link_rewrite"] == {"1": "clothes", "2": "clothes"}
    assert "categories" not in fields


@responses.activate
def test_a_category_that_is_gone_is_not_found() -> None:
    add("GET", "/categories", body=listed("category"))
    with pytest.raises(NotFound):
        client().read_category(3)


@responses.activate
def test_a_category_is_made_and_changed() -> None:
    add_recording("POST", "/categories", "get_category_xml")
    add_recording("PATCH", "/categories/3", "get_category_xml")
    shop = client()
    assert shop.create_categories([{"active": "1", "name": {"1": "a & b"}}]) == [3]
    shop.update_category(3, {"active": "0"})
    assert '<name><language id="1">a &amp; b</language></name>' in body_of(calls()[0])
    assert "<category><id>3</id><active>0</active></category>" in body_of(calls()[1])


@responses.activate
def test_without_patch_a_category_is_put_without_what_the_shop_computes() -> None:
    add_recording("GET", "/categories", "get_category_xml")
    add_recording("PUT", "/categories/3", "get_category_xml")
    client(profile=profile("1.7.8.11", can_patch=False)).update_category(3, {"active": "0"})
    sent = body_of(calls()[-1])
    assert "level_depth" not in sent
    assert "nb_products_recursive" not in sent
    assert "<id_parent>2</id_parent><active>0</active>" in sent


@responses.activate
def test_a_maker_is_the_same_in_any_case_and_spacing() -> None:
    names = ["ACME &amp; Synowie", "acme  &amp; SYNOWIE ", "ACME", "Acmé &amp; Synowie"]
    rows = [f"<id>{number}</id><name>{name}</name>" for number, name in enumerate(names, 3)]
    add("GET", "/manufacturers", body=listed("manufacturer", *rows))
    found = client().find_manufacturers([" Acme &  Synowie", "Nobody"])
    assert found == {" Acme &  Synowie": [3, 4], "Nobody": []}
    assert asked() == "/manufacturers?display=[id,name]&sort=[id_ASC]&limit=1000"


@responses.activate
def test_a_maker_is_made() -> None:
    add_recording("POST", "/manufacturers", "manu_post")
    assert client().create_manufacturers([" ACME & Synowie"]) == [3]
    assert "<active>1</active><name>ACME &amp; Synowie</name>" in body_of(calls()[0])
