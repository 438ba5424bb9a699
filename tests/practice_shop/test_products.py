from __future__ import annotations

import pytest
import requests

from tests.practice_shop.api import Api, codes, items, product, texts, xml
from tests.practice_shop.conftest import Served

BAD_PRICES = ("abc", "1,5", "-1", "1e3", "", " 5 ", "1.0123456789")
BAD_FIELDS = (
    "<ean13>12A</ean13>",
    "<condition>shiny</condition>",
    "<visibility>x</visibility>",
    "<active>yes</active>",
    "<weight>-1</weight>",
    "<id_manufacturer>x</id_manufacturer>",
    "<id_manufacturer>9999999999</id_manufacturer>",
)
BAD_HTML = (
    "<script>x</script>",
    '<p onclick="x">',
    '<a href="javascript:x">',
    "<iframe>",
    "<form>",
)
HOME = "<associations><categories><category><id>2</id></category></categories></associations>"


def test_a_post_echoes_what_was_sent_and_stores_it_normalised(any_api: Api) -> None:
    inside = "<weight>0.75</weight>" + texts(
        "description", '<p style="x" data-y="1">a<br>&euro; 5 < 6<custom>b</p>'
    )
    answer = any_api.call("POST", "/products", product("MUG-1", inside, "1.23456789"))
    assert answer.status_code == 201
    echo = xml(answer)[0]
    assert echo[0].tag == "id"
    assert (echo.findtext("price"), echo.findtext("weight")) == ("1.23456789", "0.75")
    stored = any_api.shop.find_product("MUG-1")
    assert stored is not None
    assert (stored["price"], stored["weight"]) == ("1.234568", "0.750000")
    assert stored["description"]["1"] == "<p>a<br />€ 5 &lt; 6b</p>"


def test_what_a_post_leaves_out_is_0_and_the_shop_makes_url_and_stock(any_api: Api) -> None:
    answer = any_api.call("POST", "/products", product("MUG-1", name="Zażółć & gęślą jaźń"))
    stored = any_api.shop.row("products", int(xml(answer).findtext("product/id") or 0))
    assert stored is not None
    for name in ("state", "active", "available_for_order", "show_price", "minimal_quantity"):
        assert stored[name] == "0"
    assert (stored["condition"], stored["visibility"]) == ("new", "both")
    assert stored["link_rewrite"] == {"1": "zazolc-gesla-jazn", "2": "zazolc-gesla-jazn"}
    assert stored["associations"]["categories"] == []
    assert any_api.shop.stock_of(stored["id"]) == 0


def test_a_reference_and_ids_are_not_looked_at(api: Api) -> None:
    for _ in range(2):
        api.make_product(
            "MUG-1", "<id_manufacturer>999</id_manufacturer><id_tax_rules_group>9</id_tax_rules_group>"
        )
    assert len(api.shop.products("mug-1")) == 2


@pytest.mark.parametrize(
    ("body", "status", "expected"),
    [
        (product("A", "<id>7</id>"), 400, [91]),
        ("<product><reference>A</reference></product>", 400, [41]),
        ("<products><product/></products>", 400, [41]),
        ("<product><price>1</price></product>", 500, [3]),
        ("<product><price>1</price><name>Plain</name></product>", 500, [3]),
        *((product("A", price=price), 400, [85]) for price in BAD_PRICES),
        *((product("A", inside), 400, [85]) for inside in BAD_FIELDS),
        (product("R" * 65), 400, [85]),
        (product("a{b"), 400, [85]),
        (product("A", name="a<b"), 400, [84]),
        (product("A", name="N" * 129), 400, [84]),
        *((product("A", texts("description", html)), 400, [84]) for html in BAD_HTML),
        (product("A", texts("description_short", "a" * 801)), 400, [84]),
        (product("A", texts("meta_title", "a" * 256)), 400, [84]),
        (product("A", texts("meta_description", "a" * 513)), 400, [84]),
        (product("A", "<quantity>5</quantity>"), 400, [93]),
        (product("A", "<manufacturer_name>A</manufacturer_name>"), 400, [93]),
        (product("A", "<position_in_category>1</position_in_category>"), 500, [135]),
        (product("A", "<associations><nosuch/></associations>"), 400, [86]),
    ],
)
def test_a_bad_product_is_refused_and_not_made(
    any_api: Api, body: str, status: int, expected: list[int]
) -> None:
    answer = any_api.call("POST", "/products", body)
    assert (answer.status_code, codes(answer)) == (status, expected)
    assert any_api.shop.products() == []


def test_names_and_bar_codes_may_hold_more_in_9_1(served: Served) -> None:
    for version, status in (("8.2", 400), ("9.1", 201)):
        api = served(version)
        for body in (product("A", name="a;b=c #1"), product("A", "<ean13>12345678901234</ean13>")):
            assert api.call("POST", "/products", body).status_code == status
    assert "Product-&gt;name" in served("8.2").call("POST", "/products", product("A", name="{")).text
    assert "Product->name" in served("9.1").call("POST", "/products", product("A", name="{")).text


def test_the_limit_of_a_short_description_counts_text_without_tags(api: Api) -> None:
    assert (
        api.call("POST", "/products", product("A", texts("description_short", "<b>a</b>" * 790))).status_code
        == 201
    )


@pytest.mark.parametrize(
    "body", [b"", b"{}", b"<prestashop><product>", b"<a>\x0b</a>", b"<a>\xff</a>", b"a" * 100_000]
)
def test_a_body_that_is_no_xml_is_500_code_127(api: Api, body: bytes) -> None:
    answer = api.call("POST", "/products", body)
    assert (answer.status_code, codes(answer)[-1]) == (500, 127)


def test_entities_are_never_resolved(api: Api) -> None:
    declared = '<!DOCTYPE a [<!ENTITY e SYSTEM "file:///etc/hostname">]>'
    body = f"<?xml version='1.0'?>{declared}<prestashop>{product('&e;')}</prestashop>"
    answer = api.call("POST", "/products", body.encode())
    assert (answer.status_code, codes(answer)) == (500, [3])
    assert api.shop.products() == []


def test_put_empties_what_it_leaves_out_but_keeps_associations(any_api: Api) -> None:
    identifier = any_api.make_product("MUG-1", f"<ean13>123</ean13>{HOME}")
    body = f"<product><id>{identifier}</id><price>11</price></product>"
    assert any_api.call("PUT", f"/products/{identifier}", body).status_code == 200
    stored = any_api.shop.row("products", identifier)
    assert stored is not None
    assert (stored["reference"], stored["ean13"], stored["name"]) == ("", "", {"1": "", "2": ""})
    assert stored["price"] == "11.000000"
    assert stored["associations"]["categories"] == [{"id": "2"}]


def test_patch_changes_only_what_it_names_but_a_text_in_all_languages(any_api: Api) -> None:
    identifier = any_api.make_product("MUG-1", "<ean13>123</ean13>")
    name = '<name><language id="2">Kubek</language></name>'
    answer = any_api.call("PATCH", "/products/1", f"<product><id>{identifier}</id>{name}</product>")
    assert answer.status_code == 200
    stored = any_api.shop.find_product("MUG-1")
    assert stored is not None
    assert (stored["ean13"], stored["price"]) == ("123", "10.000000")
    assert stored["name"] == {"1": "", "2": "Kubek"}


def test_the_id_in_the_body_wins(api: Api) -> None:
    one, two = api.make_product("A"), api.make_product("B")
    api.call("PATCH", f"/products/{one}", f"<product><id>{two}</id><price>7</price></product>")
    assert [row["price"] for row in api.shop.products()] == ["10.000000", "7.000000"]


def test_a_post_with_ps_method_is_a_patch(api: Api) -> None:
    identifier = api.make_product()
    body = f"<product><id>{identifier}</id><price>7</price></product>"
    assert api.call("POST", f"/products/{identifier}?ps_method=PATCH", body).status_code == 200
    assert api.shop.counts["PATCH"] == {"products": 1}
    assert api.shop.find_product("MUG-1") is not None


def in_category(category: int) -> str:
    return f"<id_category_default>{category}</id_category_default>{items('categories', 'category', category)}"


def place(api: Api, identifier: int, position: str, method: str = "PATCH") -> requests.Response:
    inside = (
        f"<id>{identifier}</id><price>7</price><id_category_default>2</id_category_default>"
        f"<position_in_category>{position}</position_in_category>"
    )
    return api.call(method, "/products", f"<product>{inside}</product>")


def places(api: Api, *identifiers: int) -> list[str | None]:
    return [api.get(f"/products/{one}").findtext("position_in_category") for one in identifiers]


def test_a_position_is_moved_and_8_2_makes_a_500_of_it(any_api: Api) -> None:
    made = [any_api.make_product(f"MUG-{n}", in_category(2)) for n in range(3)]
    assert places(any_api, *made) == ["1", "2", "3"]
    answer = place(any_api, made[2], "1")
    is_new = any_api.shop.version == "9.1.4"
    assert (answer.status_code, codes(answer)) == ((200, []) if is_new else (500, [3]))
    assert places(any_api, *made) == ["2", "3", "1"]
    assert any_api.get(f"/products/{made[2]}").findtext("price") == "7.000000"
    assert codes(place(any_api, made[2], "0")) == [134]
    assert codes(place(any_api, made[2], "9")) == [135]


def test_a_position_does_not_come_back_after_another_product_was_deleted(any_api: Api) -> None:
    made = [any_api.make_product(f"MUG-{n}", in_category(2)) for n in range(2)]
    any_api.call("DELETE", f"/products/{made[0]}")
    assert places(any_api, made[1]) == ["2"]
    answer = place(any_api, made[1], "2", method="PUT")
    assert (answer.status_code, codes(answer)) == (500, [135])
    assert any_api.get(f"/products/{made[1]}").findtext("price") == "10.000000"


def test_categories_are_replaced_emptied_and_those_not_there_dropped(api: Api) -> None:
    identifier = api.make_product()

    def patch(categories: str) -> list[dict[str, str]]:
        inside = f"<associations><categories>{categories}</categories></associations>"
        answer = api.call("PATCH", "/products", f"<product><id>{identifier}</id>{inside}</product>")
        assert answer.status_code == 200
        found = api.shop.row("products", identifier)
        assert found is not None
        categories_found: list[dict[str, str]] = found["associations"]["categories"]
        return categories_found

    one, two = "<category><id>1</id></category>", "<category><id>2</id></category>"
    assert patch(one + two) == [{"id": "1"}, {"id": "2"}]
    assert patch(two + "<category><id>99</id></category>") == [{"id": "2"}]
    assert patch("") == []


def test_delete_takes_what_hangs_on_a_product(api: Api) -> None:
    identifier = api.make_product()
    assert api.call("DELETE", f"/products/{identifier}").status_code == 200
    assert api.shop.count("stock_availables") == 0
    again = api.call("DELETE", f"/products/{identifier}")
    assert (again.status_code, codes(again)) == (404, [87])
    assert api.make_product() == identifier + 1, "an id is never given twice"


def test_several_in_one_post_are_all_made_and_echoed_in_order(any_api: Api) -> None:
    answer = any_api.call("POST", "/products", product("A") + product("B"))
    assert [node.findtext("reference") for node in xml(answer)] == ["A", "B"]
    as_json = any_api.call("POST", "/products?output_format=JSON", product("C") + product("D"))
    assert as_json.json()["product"]["reference"] == "D"
    assert any_api.shop.count() == 4


def test_several_stop_at_the_first_bad_one_and_keep_those_before(any_api: Api) -> None:
    posted = any_api.call("POST", "/products", product("A") + product("B", price="x") + product("C"))
    assert (posted.status_code, codes(posted)) == (400, [85])
    assert [row["reference"] for row in any_api.shop.products()] == ["A"]
    first = any_api.shop.products()[0]["id"]
    bodies = [f"<product><id>{i}</id><price>7</price></product>" for i in (first, 999)]
    patched = any_api.call("PATCH", "/products", "".join(bodies))
    assert (patched.status_code, codes(patched)) == (404, [92])
    assert any_api.shop.products()[0]["price"] == "7.000000"


def test_an_id_twice_or_missing_refuses_all(any_api: Api) -> None:
    body = f"<product><id>{any_api.make_product()}</id><price>7</price></product>"
    for bodies, code in ((body * 2, 89), (body + "<product><price>7</price></product>", 90)):
        answer = any_api.call("PATCH", "/products", bodies)
        assert (answer.status_code, codes(answer)) == (400, [code])
    assert any_api.shop.products()[0]["price"] == "10.000000"


def test_delete_of_several(api: Api) -> None:
    one, two = api.make_product("A"), api.make_product("B")
    assert codes(api.call("DELETE", f"/products/?id=[{one},99]")) == [87]
    assert api.shop.count() == 2
    assert api.call("DELETE", f"/products/?id=[{one},{two}]").status_code == 200
    assert api.shop.count() == 0
