from __future__ import annotations

import pytest

from tests.practice_shop.api import Api, category, codes, xml


def ids(api: Api, query: str) -> list[int]:
    return [int(node.findtext("id") or 0) for node in api.get(f"/products?{query}&display=[id]")]


@pytest.fixture
def three(api: Api) -> list[int]:
    """Three products: MUG-1, MUG-2 and CUP-3."""
    return [api.make_product(reference) for reference in ("MUG-1", "MUG-2", "CUP-3")]


def test_what_is_not_there_is_404_without_a_body(any_api: Api) -> None:
    for method in ("GET", "HEAD"):
        for path in ("/products/99", "/products/abc", "/products/99?output_format=JSON"):
            answer = any_api.call(method, path)
            assert (answer.status_code, answer.content) == (404, b"")


def test_an_empty_list_is_an_empty_json_list(api: Api) -> None:
    path = "/products?filter[reference]=[NONE]&display=full"
    assert len(api.get(path)) == 0
    assert api.call("GET", f"{path}&output_format=JSON").json() == []


def test_the_lists_of_8_2_have_strings_and_those_of_9_1_numbers(any_api: Api) -> None:
    identifier = any_api.make_product("MUG-1", "<minimal_quantity>3</minimal_quantity><active>1</active>")
    path = "/products?display=[id,minimal_quantity,active,price,name]&output_format=JSON"
    found = any_api.call("GET", path).json()["products"]
    is_new = any_api.shop.version == "9.1.4"
    language_ids = [1, 2] if is_new else ["1", "2"]
    assert found == [
        {
            "id": identifier,
            "minimal_quantity": 3 if is_new else "3",
            "active": "1",
            "price": "10.000000",
            "name": [{"id": language, "value": "Mug"} for language in language_ids],
        }
    ]


def test_json_of_one_leaves_out_what_is_empty_or_0(any_api: Api) -> None:
    identifier = any_api.make_product()
    one = any_api.call("GET", f"/products/{identifier}?output_format=JSON").json()["product"]
    assert one["id"] == identifier
    assert not {"active", "ean13", "quantity", "new"} & set(one)
    assert one["ecotax"] == "0.000000"
    listed = any_api.call("GET", "/products?display=full&output_format=JSON").json()["products"][0]
    assert (listed["active"], listed["ean13"], listed["new"]) == ("0", "", None)


def test_one_language_is_plain_text_in_json(api: Api) -> None:
    api.make_product()
    answer = api.call("GET", "/products?display=[name]&language=2&output_format=JSON")
    assert answer.json() == {"products": [{"name": "Mug"}]}


def test_filters_by_list_interval_part_and_comparison(api: Api, three: list[int]) -> None:
    one, two, cup = three
    assert ids(api, "filter[reference]=[MUG-1|CUP-3|MUG-1|NONE]") == [one, cup]
    assert ids(api, "filter[reference]=mug-2") == [two]
    assert ids(api, f"filter[id]=[{one},{cup}]") == three
    assert ids(api, f"filter[id]=[{cup}|{one}]") == [one, cup]
    assert ids(api, f"filter[id]=>[{one}]") == [two, cup]
    assert ids(api, f"filter[id]=<[{cup}]") == [one, two]
    assert ids(api, f"filter[id]=![{two}]") == [one, cup]
    assert ids(api, "filter[reference]=[MUG]%25") == [one, two]
    assert ids(api, "filter[reference]=%25[-3]") == [cup]
    assert ids(api, "filter[reference]=%25[UG-]%25") == [one, two]
    assert ids(api, "filter[name]=[mug]&filter[price]=[10]") == three
    assert ids(api, "filter%5Breference%5D=%5BCUP-3%5D") == [cup]
    assert ids(api, "filter[id]=[1e999999999|abc]") == []


def test_a_list_of_three_with_commas_finds_nothing(api: Api, three: list[int]) -> None:
    assert ids(api, "filter[reference]=[MUG-1,MUG-2,CUP-3]") == []


def test_sort_and_limit(api: Api, three: list[int]) -> None:
    one, two, cup = three
    assert ids(api, "sort=[id_DESC]&limit=2") == [cup, two]
    assert ids(api, "sort=[reference_ASC]&limit=1,5") == [one, two]
    assert ids(api, "limit=1,1") == [two]
    assert ids(api, "limit=50,10") == []


def test_dates_are_filtered_with_date_1_only(api: Api, three: list[int]) -> None:
    query = "filter[date_upd]=>[2020-01-01%2000:00:00]"
    refused = api.call("GET", f"/products?{query}")
    assert (refused.status_code, codes(refused)[0]) == (500, 32)
    assert ids(api, f"{query}&date=1") == three


@pytest.mark.parametrize(
    ("query", "code"),
    [("filter[nosuch]=[1]", 32), ("filter[quantity]=[0]", 34), ("display=[nosuch]", 35), ("schema=x", 28)],
)
def test_bad_queries_are_500(any_api: Api, query: str, code: int) -> None:
    answer = any_api.call("GET", f"/products?{query}")
    assert (answer.status_code, codes(answer)) == (500, [code, 3, 3, 3, 3])


def test_the_schemas_tell_what_can_be_written_and_what_must(api: Api) -> None:
    blank = api.get("/products?schema=blank")
    assert blank.find("manufacturer_name") is None
    assert blank.find("associations/categories/category/id") is not None
    price = api.get("/products?schema=synopsis").find("price")
    assert price is not None
    assert price.attrib == {"required": "true", "format": "isPrice"}


def test_a_new_shop_has_languages_home_taxes_and_groups_but_no_products(any_api: Api) -> None:
    names = [node.findtext("iso_code") for node in any_api.get("/languages?display=full")]
    assert names == ["en", "pl"]
    categories = {row["id"]: (row["id_parent"], row["is_root_category"]) for row in any_api.shop.categories()}
    assert categories == {1: ("0", "0"), 2: ("1", "1")}
    rules = any_api.get("/tax_rules?filter[id_country]=[14]&display=full")
    rates = {
        int(node.findtext("id") or 0): node.findtext("rate") for node in any_api.get("/taxes?display=full")
    }
    found = [
        (node.findtext("id_tax_rules_group"), rates[int(node.findtext("id_tax") or 0)]) for node in rules
    ]
    assert found == [("1", "23.000"), ("2", "8.000"), ("3", "5.000"), ("4", "0.000")]
    assert len(any_api.get("/groups?display=full")) == 3
    assert any_api.shop.products() == []


def test_the_same_content_as_the_clients_is_304(api: Api) -> None:
    first = api.call("GET", "/languages")
    again = api.call("GET", "/languages", headers={"Local-Content-Sha1": first.headers["Content-Sha1"]})
    assert (again.status_code, again.content) == (304, b"")


def test_texts_come_back_whole_also_with_what_looks_like_xml(api: Api) -> None:
    identifier = api.make_product("MUG-1", "<unity>a &amp;amp; ]]&gt; &lt;b&gt;</unity>")
    assert api.get(f"/products/{identifier}").findtext("unity") == "a &amp; ]]> <b>"


def test_a_category_lists_its_children_and_counts_its_products(api: Api) -> None:
    answer = api.call("POST", "/categories", category("Mugs"))
    mugs = xml(answer).findtext("category/id")
    api.make_product(
        "MUG-1", f"<associations><categories><category><id>{mugs}</id></category></categories></associations>"
    )
    home = api.get("/categories/2")
    assert home.findtext("nb_products_recursive") == "1"
    assert [node.text for node in home.findall("associations/categories/category/id")] == [mugs]
