from __future__ import annotations

from urllib.parse import quote

import pytest

from tests.practice_shop.api import Api, codes, make, texts, upload, xml


def maker(api: Api, name: str) -> int:
    return make(api, "manufacturers", f"<manufacturer><active>1</active><name>{name}</name></manufacturer>")


def found(api: Api, wanted: str, resource: str = "manufacturers", field: str = "name") -> list[int]:
    query = f"filter[{field}]={quote(wanted, safe='')}&display=[id]"
    answer = api.call("GET", f"/{resource}?{query}")
    assert answer.status_code == 200, answer.text
    return [int(row.findtext("id") or 0) for row in xml(answer)[0]]


def test_capitals_and_accents_do_not_count_but_another_letter_does(any_api: Api) -> None:
    cafe, lodz = maker(any_api, "Café Éire"), maker(any_api, "Łódź")
    assert found(any_api, "[cafe eire]") == [cafe]
    assert found(any_api, "CAFÉ ÉIRE") == [cafe]
    assert found(any_api, "[CAFE]%") == [cafe]
    assert found(any_api, "[łodz]") == [lodz]
    assert found(any_api, "[lodz]") == []
    assert found(any_api, "%[ODZ]") == [lodz]


def test_spaces_at_the_end_do_not_count_in_equality_only(any_api: Api) -> None:
    acme = maker(any_api, "Acme  ")
    assert found(any_api, "[acme]") == found(any_api, "Acme ") == [acme]
    assert found(any_api, "[ acme]") == []
    assert found(any_api, "%[acme]") == []
    assert found(any_api, "%[acme]%") == [acme]


@pytest.mark.parametrize(
    ("wanted", "names"),
    [
        ("[10|5]", []),
        ("10|5", ["10|5"]),
        ("%[10|5]%", ["10|5"]),
        ("[10,5]", []),
        ("10,5", ["10,5"]),
        ("[Red, dark]", ["Red, dark"]),
        ("[[x] y]", ["10|5", "10,5", "Red, dark", "[x] y"]),
        ("%[x] y]%", ["[x] y"]),
        (">=[a]", ["10|5", "10,5", "Red, dark", "[x] y"]),
        ("%[R_d]%", ["Red, dark"]),
        ("![Red, dark|10,5]", ["10|5", "[x] y"]),
    ],
)
def test_what_the_shop_cannot_read_is_passed_over_and_all_come(
    any_api: Api, wanted: str, names: list[str]
) -> None:
    option = make(
        any_api,
        "product_options",
        "<product_option><group_type>select</group_type>"
        f"{texts('name', 'A')}{texts('public_name', 'A')}</product_option>",
    )
    owner = f"<id_attribute_group>{option}</id_attribute_group>"
    made = {
        make(
            any_api,
            "product_option_values",
            f"<product_option_value>{owner}{texts('name', name)}</product_option_value>",
        ): name
        for name in ("10|5", "10,5", "Red, dark", "[x] y")
    }
    assert [made[value] for value in found(any_api, wanted, "product_option_values")] == names


def test_stock_is_found_by_product_and_combination(any_api: Api) -> None:
    product = any_api.make_product()
    body = f"<id_product>{product}</id_product><minimal_quantity>1</minimal_quantity>"
    combination = make(any_api, "combinations", f"<combination>{body}</combination>")
    query = f"filter[id_product]=[{product}]&filter[id_product_attribute]=[{combination}]&display=full"
    rows = list(any_api.get(f"/stock_availables?{query}"))
    assert [row.findtext("id_product_attribute") for row in rows] == [str(combination)]


def test_a_list_shows_the_associations_that_it_is_asked_for(any_api: Api) -> None:
    product = any_api.make_product()
    image = upload(any_api, product)
    query = "display=[id,stock_availables[id,id_product_attribute],images[id],combinations[id]]"
    row = any_api.get(f"/products?{query}")[0]
    assert row.findtext("associations/images/image/id") == str(image)
    assert row.findtext("associations/stock_availables/stock_available/id_product_attribute") == "0"
    assert row.find("associations/categories") is None
    found = any_api.call("GET", f"/products?{query}&output_format=JSON").json()["products"][0]
    assert set(found) == {"id", "associations"}
    assert set(found["associations"]) == {"images", "stock_availables"}
    assert codes(any_api.call("GET", "/products?display=[id,associations]"))[0] == 35
    assert codes(any_api.call("GET", "/products?filter[categories][id]=[2]"))[0] == 31


def test_a_date_that_a_resource_has_not_is_an_empty_500_in_8_2_and_an_empty_list_in_9_1(any_api: Api) -> None:
    any_api.make_product()
    answer = any_api.call("GET", "/stock_availables?date=1&filter[date_upd]=>[2001-01-01]")
    if any_api.shop.version == "9.1.4":
        assert (answer.status_code, len(xml(answer)[0])) == (200, 0)
    else:
        assert (answer.status_code, answer.content) == (500, b"")


def test_both_ends_of_a_range_of_dates_belong_to_it(any_api: Api) -> None:
    product = any_api.make_product()
    when = "2030-01-02 03:04:05"
    any_api.shop.back_office.edit("products", product, {"date_upd": when})
    for wanted, is_found in ((f"[{when},2099-01-01]", True), (f">[{when}]", False), (f"[{when}]", True)):
        query = f"date=1&filter[date_upd]={quote(wanted)}&display=[id]"
        assert (len(any_api.get(f"/products?{query}")) == 1) == is_found
