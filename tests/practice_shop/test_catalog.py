from __future__ import annotations

import pytest

from tests.practice_shop.api import Api, category, codes, make, patch, texts
from tests.practice_shop.conftest import Served


def stock_row(api: Api, product: int) -> int:
    return int(
        api.get(f"/stock_availables?filter[id_product]=[{product}]&display=[id]")[0].findtext("id") or 0
    )


def test_stock_is_patched_also_below_zero_and_leaves_the_products_date(any_api: Api) -> None:
    identifier = any_api.make_product()
    before = any_api.shop.row("products", identifier)
    body = (
        f"<stock_available><id>{stock_row(any_api, identifier)}</id><quantity>-3</quantity></stock_available>"
    )
    assert any_api.call("PATCH", "/stock_availables", body).status_code == 200
    assert any_api.shop.stock_of(identifier) == -3
    assert any_api.shop.row("products", identifier) == before


def test_stock_cannot_be_posted_deleted_or_be_text(any_api: Api) -> None:
    row = stock_row(any_api, any_api.make_product())
    assert codes(any_api.call("POST", "/stock_availables", "<stock_available/>")) == [101]
    assert codes(any_api.call("DELETE", f"/stock_availables/{row}")) == [101]
    for quantity in ("many", "1.5"):
        body = f"<stock_available><id>{row}</id><quantity>{quantity}</quantity></stock_available>"
        assert codes(any_api.call("PATCH", f"/stock_availables/{row}", body)) == [85]


def test_a_put_of_stock_without_id_shop_loses_the_row_until_it_is_put_back(any_api: Api) -> None:
    identifier = any_api.make_product()
    row = stock_row(any_api, identifier)
    short = f"<stock_available><id>{row}</id><quantity>1</quantity></stock_available>"
    assert codes(any_api.call("PUT", f"/stock_availables/{row}", short)) == [41]
    inside = (
        f"<id>{row}</id><id_product>{identifier}</id_product><id_product_attribute>0</id_product_attribute>"
        "<quantity>4</quantity><depends_on_stock>0</depends_on_stock><out_of_stock>2</out_of_stock>"
    )
    put = f"<stock_available>{inside}</stock_available>"
    assert any_api.call("PUT", f"/stock_availables/{row}", put).status_code == 200
    lost = any_api.call("GET", f"/stock_availables/{row}")
    assert (lost.status_code, codes(lost)) == (404, [131])
    assert any_api.shop.stock_of(identifier) is None
    put = f"<stock_available>{inside}<id_shop>1</id_shop></stock_available>"
    assert any_api.call("PUT", f"/stock_availables/{row}", put).status_code == 200
    assert any_api.shop.stock_of(identifier) == 4


def test_a_moved_category_leaves_the_depths_below_it_till_they_are_patched(any_api: Api) -> None:
    mugs, red = (make(any_api, "categories", category("Mugs")) for _ in range(2))
    deep = make(any_api, "categories", category("Deep", parent=red))

    def depths() -> list[str]:
        return [row["level_depth"] for row in any_api.shop.categories()][2:]

    assert patch(any_api, "categories", "category", red, f"<id_parent>{mugs}</id_parent>").ok
    assert depths() == ["2", "3", "3"]
    assert patch(any_api, "categories", "category", deep, "<active>1</active>").ok
    assert depths() == ["2", "3", "4"]
    assert any_api.call("DELETE", f"/categories/{mugs}").status_code == 200
    assert [row["id"] for row in any_api.shop.categories()] == [1, 2]


@pytest.mark.parametrize(
    ("body", "status", "expected"),
    [
        (category("x", ""), 400, [41]),
        (category("a<b"), 400, [84]),
        (category("x", "<active>1</active><level_depth>2</level_depth>"), 400, [93]),
        (category("x", parent=999), 500, []),
        ("<category><active>1</active><name>Plain</name></category>", 500, [3]),
        (f"<category><active>1</active>{texts('name', 'x')}</category>", 500, [3, 3]),
    ],
)
def test_a_bad_category_is_refused(any_api: Api, body: str, status: int, expected: list[int]) -> None:
    answer = any_api.call("POST", "/categories", body)
    assert (answer.status_code, codes(answer)) == (status, expected)
    assert any_api.shop.count("categories") == 2


def test_a_category_cannot_go_below_itself_but_below_its_child(api: Api) -> None:
    mugs = make(api, "categories", category("Mugs"))
    deep = make(api, "categories", category("Deep", parent=mugs))
    answer = patch(api, "categories", "category", mugs, f"<id_parent>{mugs}</id_parent>")
    assert (answer.status_code, answer.content) == (500, b"")
    assert patch(api, "categories", "category", mugs, f"<id_parent>{deep}</id_parent>").ok
    assert [row["id_parent"] for row in api.shop.categories()][2:] == [str(deep), str(mugs)]
    assert patch(api, "categories", "category", mugs, "<id_parent>2</id_parent>").ok


def test_a_text_of_a_category_in_one_language_keeps_the_other(api: Api) -> None:
    mugs = make(api, "categories", category("Mugs"))
    body = f'<category><id>{mugs}</id><name><language id="2">Kubki</language></name></category>'
    assert api.call("PATCH", "/categories", body).status_code == 200
    assert api.shop.categories()[-1]["name"] == {"1": "Mugs", "2": "Kubki"}
    patch(api, "categories", "category", mugs, texts("description", "d"))
    patch(api, "categories", "category", mugs, '<description><language id="2">o</language></description>')
    assert api.shop.categories()[-1]["description"] == {"1": "", "2": "o"}


def test_a_category_in_one_language_takes_it_for_the_other_and_needs_the_default(api: Api) -> None:
    def one(language: int) -> str:
        return "".join(f'<{n}><language id="{language}">x</language></{n}>' for n in ("name", "link_rewrite"))

    make(api, "categories", f"<category><active>1</active>{one(1)}</category>")
    assert api.shop.categories()[-1]["name"] == {"1": "x", "2": "x"}
    answer = api.call("POST", "/categories", f"<category><active>1</active>{one(2)}</category>")
    assert (answer.status_code, codes(answer)) == (400, [84])


def test_manufacturers_need_a_name_that_is_not_unique(any_api: Api) -> None:
    for _ in range(2):
        make(any_api, "manufacturers", "<manufacturer><name>A &amp; B</name></manufacturer>")
    assert len(any_api.get("/manufacturers?filter[name]=[A %26 B]&display=full")) == 2
    assert any_api.shop.manufacturers()[0]["link_rewrite"] == "a-b"
    assert codes(any_api.call("POST", "/manufacturers", "<manufacturer/>")) == [41]


def test_the_same_specific_price_twice_is_a_500_that_9_1_explains(any_api: Api) -> None:
    identifier = any_api.make_product()
    zeros = "".join(
        f"<{n}>0</{n}>" for n in ("id_shop", "id_cart", "id_currency", "id_country", "id_customer")
    )
    dates = "<from>0000-00-00 00:00:00</from><to>0000-00-00 00:00:00</to>"
    body = (
        f"<specific_price>{zeros}<id_product>{identifier}</id_product><id_group>3</id_group><price>8</price>"
        "<from_quantity>1</from_quantity><reduction>0</reduction><reduction_tax>1</reduction_tax>"
        f"<reduction_type>amount</reduction_type>{dates}</specific_price>"
    )
    make(any_api, "specific_prices", body)
    assert [price["price"] for price in any_api.shop.specific_prices(identifier)] == ["8.000000"]
    again = any_api.call("POST", "/specific_prices", body)
    is_new = any_api.shop.version == "9.1.4"
    assert (again.status_code, codes(again)) == (500, [46] if is_new else [])
    assert codes(any_api.call("POST", "/specific_prices", body.replace("<id_shop>0</id_shop>", ""))) == [41]


def test_features_suppliers_and_tags_are_made_and_joined(served: Served) -> None:
    api = served("9.1")
    feature = make(api, "product_features", f"<product_feature>{texts('name', 'Colour')}</product_feature>")
    value = texts("value", "Red")
    assert codes(
        api.call("POST", "/product_feature_values", f"<product_feature_value>{value}</product_feature_value>")
    ) == [41]
    empty = f"<product_feature_value><id_feature>{feature}</id_feature></product_feature_value>"
    assert codes(api.call("POST", "/product_feature_values", empty)) == [84]
    red = make(api, "product_feature_values", empty.replace("</id_feature>", f"</id_feature>{value}"))
    item = f"<product_feature><id>{feature}</id><id_feature_value>{red}</id_feature_value></product_feature>"
    identifier = api.make_product(
        "MUG-1", f"<associations><product_features>{item}</product_features></associations>"
    )
    found = api.call("GET", f"/products/{identifier}?output_format=JSON").json()["product"]["associations"]
    assert found["product_features"] == [{"id": feature, "id_feature_value": red}]
    supplier = make(api, "suppliers", "<supplier><name>Depot</name></supplier>")
    make(api, "product_suppliers",
         f"<product_supplier><id_product>{identifier}</id_product><id_product_attribute>0</id_product_attribute>"
         f"<id_supplier>{supplier}</id_supplier></product_supplier>")  # fmt: skip
    make(api, "tags", "<tag><id_lang>1</id_lang><name>new</name></tag>")
    assert (api.shop.count("product_suppliers"), api.shop.count("tags")) == (1, 1)
