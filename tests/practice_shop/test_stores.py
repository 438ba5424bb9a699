from __future__ import annotations

from pathlib import Path

import pytest
import requests

from ppm_web.practice_shop import DeedError
from tests.practice_shop.api import Api, category, codes, items, make, patch, product, texts, xml
from tests.practice_shop.conftest import Served

STORE_KEY = "PRACTICESHOPKEY00000000000000003"
STORES = ("1", "2", "3", "4")


@pytest.fixture(params=["8.2", "9.1"])
def many(request: pytest.FixtureRequest, served: Served) -> Api:
    """A shop of each version with four stores."""
    return served(request.param, stores=True, store_key=STORE_KEY)


def made_in(api: Api, query: str, reference: str = "MUG-1") -> int:
    answer = api.call("POST", f"/products{query}", product(reference))
    assert answer.status_code == 201, answer.text
    return int(xml(answer).findtext("product/id") or 0)


def seen(api: Api, identifier: int, field: str = "price") -> dict[str, str]:
    """What each store that has the product shows."""
    found = {}
    for store in STORES:
        shown = field.partition("/")[0]
        rows = api.get(f"/products?filter[id]=[{identifier}]&display=[id,{shown}]&id_shop={store}")
        for row in rows:
            found[store] = row.findtext(field) or ""
    return found


def change(api: Api, identifier: int, query: str, inside: str) -> None:
    answer = api.call(
        "PATCH", f"/products/{identifier}{query}", f"<product><id>{identifier}</id>{inside}</product>"
    )
    assert answer.status_code == 200, answer.text


def stock(api: Api, identifier: int) -> dict[tuple[str, str, str], str]:
    """The quantity of each stock row, by its store, group and combination."""
    return {
        (row["id_shop"], row["id_shop_group"], row["id_product_attribute"]): row["quantity"]
        for row in api.shop.rows("stock_availables")
        if row["id_product"] == str(identifier)
    }


def test_the_shop_tells_its_stores_and_groups(many: Api) -> None:
    shops = many.get("/shops?display=full")
    assert [row.findtext("id_shop_group") for row in shops] == ["1", "1", "2", "2"]
    assert [row.findtext("share_stock") for row in many.get("/shop_groups?display=full")] == ["0", "1"]
    assert [row.findtext("virtual_uri") for row in many.get("/shop_urls?display=full")] == [
        "",
        "store2/",
        "store3/",
        "store4/",
    ]


def test_a_shop_without_stores_tells_of_one(any_api: Api) -> None:
    assert len(any_api.get("/shops?display=full")) == 1
    url = any_api.get("/shop_urls?display=full")[0]
    assert (url.findtext("id_shop"), url.findtext("main")) == ("1", "1")


def test_a_call_without_a_store_is_one_to_the_default_store(many: Api) -> None:
    identifier = made_in(many, "?id_shop=all")
    change(many, identifier, "", "<price>33</price>")
    assert seen(many, identifier) == {"1": "33.000000", "2": "10.000000", "3": "10.000000", "4": "10.000000"}
    change(many, identifier, "?id_group_shop=2", "<price>44</price>")
    assert seen(many, identifier)["3"] == seen(many, identifier)["4"] == "44.000000"
    change(many, identifier, "?id_shop=all", "<price>55</price>")
    assert set(seen(many, identifier).values()) == {"55.000000"}


def test_a_look_up_sees_one_store_only(many: Api) -> None:
    only_1, only_2 = made_in(many, "", "A"), made_in(many, "?id_shop=2", "B")
    everywhere = made_in(many, "?id_shop=all", "C")

    def found(reference: str, query: str) -> list[str | None]:
        rows = many.get(f"/products?filter[reference]=[{reference}]&display=[id]{query}")
        return [row.findtext("id") for row in rows]

    assert found("A", "") == found("A", "&id_shop=1") == [str(only_1)]
    assert found("A", "&id_shop=2") == found("A", "&id_shop=all") == []
    assert found("B", "&id_shop=2") == [str(only_2)]
    assert found("B", "") == found("B", "&id_shop=all") == []
    assert found("C", "&id_shop=all") == [str(everywhere)]
    assert many.call("GET", f"/products/{only_2}").status_code == 404


def test_a_patch_adds_the_product_to_a_store_without_a_stock_row(many: Api) -> None:
    identifier = made_in(many, "?id_shop=2")
    change(many, identifier, "?id_shop=1", "<price>9</price>")
    assert seen(many, identifier) == {"1": "9.000000", "2": "10.000000"}
    assert {row["name"]["1"] for row in many.shop.in_store(1).products()} == {"Mug"}
    assert stock(many, identifier) == {("2", "0", "0"): "0"}


def test_stock_rows_come_for_all_stores_and_the_id_decides(many: Api) -> None:
    identifier = made_in(many, "?id_shop=all")
    rows = many.get(f"/stock_availables?filter[id_product]=[{identifier}]&display=full&id_shop=2")
    assert len(rows) == 3
    first = next(row for row in rows if row.findtext("id_shop") == "1")
    row_id = int(first.findtext("id") or 0)
    assert patch(many, "stock_availables", "stock_available", row_id, "<quantity>5</quantity>").ok
    assert stock(many, identifier) == {("1", "0", "0"): "5", ("2", "0", "0"): "0", ("0", "2", "0"): "0"}
    shared = f"filter[id_product]=[{identifier}]&filter[id_shop]=[0]&filter[id_shop_group]=[2]"
    assert len(many.get(f"/stock_availables?{shared}")) == 1
    assert many.call("GET", f"/stock_availables/{row_id}?id_shop=2").status_code == 200


def test_what_is_of_all_stores_changes_everywhere(many: Api) -> None:
    identifier = made_in(many, "?id_shop=all")
    inside = f"<reference>MUG-X</reference><weight>3</weight>{items('categories', 'category', 2)}"
    change(many, identifier, "?id_shop=2", inside + texts("name", "Only two") + "<active>1</active>")
    assert set(seen(many, identifier, "reference").values()) == {"MUG-X"}
    assert set(seen(many, identifier, "weight").values()) == {"3.000000"}
    assert seen(many, identifier, "active") == {"1": "0", "2": "1", "3": "0", "4": "0"}
    assert seen(many, identifier, "name/language")["1"] == "Mug"
    for store in STORES:
        row = many.get(f"/products/{identifier}?id_shop={store}")
        assert row.findtext("associations/categories/category/id") == "2"


def test_a_maker_is_in_its_store_alone_and_a_category_everywhere(many: Api) -> None:
    maker = make(many, "manufacturers?id_shop=2", "<manufacturer><name>Acme</name></manufacturer>")
    assert many.call("GET", f"/manufacturers/{maker}?id_shop=2").status_code == 200
    assert many.call("GET", f"/manufacturers/{maker}").status_code == 404
    made = make(many, "categories?id_shop=2", category("Mugs"))
    inside = f"<id>{made}</id><active>0</active>{texts('name', 'Cups')}"
    assert many.call("PATCH", "/categories?id_shop=2", f"<category>{inside}</category>").status_code == 200
    shown = {store: many.get(f"/categories/{made}?id_shop={store}") for store in STORES}
    assert {store: row.findtext("name/language") for store, row in shown.items()} == {
        "1": "Mugs",
        "2": "Cups",
        "3": "Mugs",
        "4": "Mugs",
    }
    assert {row.findtext("active") for row in shown.values()} == {"0"}


def test_a_delete_takes_it_out_of_the_store_and_leaves_it_in_the_others(many: Api) -> None:
    identifier = made_in(many, "?id_shop=all")
    assert many.call("DELETE", f"/products/{identifier}").status_code == 200
    assert set(seen(many, identifier)) == {"2", "3", "4"}
    assert set(stock(many, identifier)) == {("2", "0", "0"), ("0", "2", "0")}
    assert many.call("DELETE", f"/products/{identifier}?id_shop=3").status_code == 200
    assert ("0", "2", "0") in stock(many, identifier), "store 4 shares it"
    assert many.call("DELETE", f"/products/{identifier}?id_shop=all").status_code == 200
    assert (many.shop.count(), stock(many, identifier)) == (0, {})


def test_a_combination_is_in_its_store_alone(many: Api) -> None:
    identifier = made_in(many, "?id_shop=all")
    body = f"<id_product>{identifier}</id_product><minimal_quantity>1</minimal_quantity><price>1</price>"
    made = make(many, "combinations?id_shop=2", f"<combination>{body}</combination>")
    assert many.call("GET", f"/combinations/{made}?id_shop=2").status_code == 200
    assert many.call("GET", f"/combinations/{made}").status_code == 404
    people = many.shop.back_office
    people.in_store(2).set_stock(identifier, 6, made)
    assert people.in_store(2).sell(identifier, 2, made) == 4
    assert stock(many, identifier)["2", "0", "0"] == "4"
    assert stock(many, identifier)["1", "0", "0"] == "0"
    assert many.shop.in_store(2).stock_of(identifier, made) == 4
    assert many.call("DELETE", f"/combinations/{made}?id_shop=2").status_code == 200
    assert many.shop.count("combinations") == 0


def test_a_key_of_one_store_must_name_it(many: Api) -> None:
    for query in ("", "?id_shop=1", "?id_shop=all", "?id_group_shop=1"):
        refused = many.call("GET", f"/products{query}", key=STORE_KEY)
        assert (refused.status_code, codes(refused)) == (403, [132])
    assert codes(many.call("GET", "/shops?id_shop=2", key=STORE_KEY)) == [132]
    assert many.call("GET", "/products?id_shop=2", key=STORE_KEY).status_code == 200
    answer = many.call("POST", "/products?id_shop=2", product("KEY"), key=STORE_KEY)
    assert seen(many, int(xml(answer).findtext("product/id") or 0)) == {"2": "10.000000"}


@pytest.mark.parametrize("stores", [False, True])
def test_a_store_that_is_not_there_is_a_redirect_and_writes_nothing(served: Served, stores: bool) -> None:
    api = served(stores=stores)
    answer = api.call("POST", "/products?id_shop=77", product("A"))
    assert (answer.status_code, answer.content, answer.headers["Location"]) == (302, b"", f"{api.url}/")
    assert codes(api.call("GET", "/products?id_shop=0")) == [132]
    assert codes(api.call("GET", "/products?id_group_shop=9")) == [999]
    assert api.shop.count() == 0


@pytest.mark.parametrize("query", ["?id_shop=1", "?id_group_shop=1", "?id_shop=all"])
def test_in_a_single_shop_the_store_changes_nothing(any_api: Api, query: str) -> None:
    identifier = made_in(any_api, query)
    change(any_api, identifier, query, "<price>7</price>")
    assert any_api.get(f"/products/{identifier}{query}").findtext("price") == "7.000000"
    assert stock(any_api, identifier) == {("1", "0", "0"): "0"}


def test_people_work_in_one_store_or_in_all(many: Api) -> None:
    identifier = made_in(many, "?id_shop=all")
    people = many.shop.back_office
    people.in_store(2).edit("products", identifier, {"price": "7"})
    assert seen(many, identifier)["1"] == "10.000000"
    assert seen(many, identifier)["2"] == "7.000000"
    people.edit("products", identifier, {"name": "Cup"})
    assert set(seen(many, identifier, "name/language").values()) == {"Cup"}
    sold = {"product": identifier, "quantity": 3, "store": 3}
    assert requests.post(f"{many.url}/__practice/sell", json=sold, timeout=5).json() == {"result": -3}
    assert stock(many, identifier)["0", "2", "0"] == "-3"
    with pytest.raises(DeedError, match="no row 9 in shops"):
        people.in_store(9)


def test_a_single_shop_gets_its_stores_later_with_all_it_has_in_the_first(
    served: Served, tmp_path: Path
) -> None:
    api = served(data_file=tmp_path / "shop.db")
    identifier = api.make_product()
    api.shop.close()
    many = served(data_file=tmp_path / "shop.db", stores=True)
    assert set(seen(many, identifier)) == {"1"}
    change(many, identifier, "?id_shop=2", "<price>5</price>")
    many.shop.close()
    again = served(data_file=tmp_path / "shop.db")
    assert seen(again, identifier) == {"1": "10.000000", "2": "5.000000"}


def test_a_key_of_one_store_needs_stores(served: Served) -> None:
    with pytest.raises(ValueError, match="several stores"):
        served(store_key=STORE_KEY)
