from __future__ import annotations

from typing import Any

import pytest
import requests

from ppm_web.practice_shop import BackOffice, DeedError
from tests.practice_shop.api import JPEG, PNG, Api, category, make
from tests.practice_shop.conftest import Served


def row(api: Api, resource: str, identifier: int) -> dict[str, Any]:
    found = api.shop.row(resource, identifier)
    assert found is not None
    return found


@pytest.fixture
def people(api: Api) -> BackOffice:
    return api.shop.back_office


def test_a_sale_lowers_the_stock_and_not_the_products_date(api: Api, people: BackOffice) -> None:
    product = api.make_product()
    people.set_stock(product, 10)
    before = row(api, "products", product)
    assert people.sell(product, 3) == 7
    assert api.shop.stock_of(product) == 7
    assert row(api, "products", product) == before
    assert api.shop.stats()["sales"] == 1
    with pytest.raises(DeedError, match="no stock row"):
        people.sell(99)


def test_a_sale_of_a_combination_lowers_the_products_sum_too(api: Api, people: BackOffice) -> None:
    product = api.make_product()
    values = people.add_option("Colour", ["Red", "Blue"])
    red, blue = (people.add_combination(product, [values[name]], 5) for name in ("Red", "Blue"))
    assert api.shop.stock_of(product) == 10
    assert people.sell(product, 6, red) == -1
    assert (api.shop.stock_of(product), api.shop.stock_of(product, blue)) == (4, 5)


def test_a_sale_over_http_is_counted(api: Api, people: BackOffice) -> None:
    product = api.make_product()
    people.set_stock(product, 10)
    control = f"{api.url}/__practice"
    sold = requests.post(
        f"{control}/sell", json={"product": product, "combination": 0, "quantity": 4}, timeout=5
    )
    assert sold.json() == {"result": 6}
    assert requests.get(f"{control}/stats", timeout=5).json()["sales"] == 1
    assert requests.post(f"{control}/reset-stats", timeout=5).json()["sales"] == 0


@pytest.mark.parametrize(
    ("deed", "sent", "words"),
    [
        ("sell", {"product": 99}, "no stock row"),
        ("sell", {"product": "7"}, "will not do for product"),
        ("sell", {"item": 7}, "it takes product"),
        ("edit", {"resource": "products", "identifier": 99, "fields": {}}, "no row 99"),
        ("edit", {"resource": "nosuch", "identifier": 1, "fields": {}}, "holds no nosuch"),
        ("edit", {"resource": "categories", "identifier": 2, "fields": {"x": "1"}}, "no field x"),
        (
            "edit",
            {"resource": "categories", "identifier": 2, "fields": {"name": 7}},
            "will not do for fields",
        ),
        ("add_combination", {"product": 1, "values": [], "fields": {"price": "x"}}, "the shop refuses it"),
        ("delete", {"resource": "images", "identifier": 9}, "no row 9 in images"),
        ("move_category", {"category": 2, "parent": 2}, "below itself"),
        ("remove_language", {"language": 1}, "default language"),
        ("set_default_currency", {"iso_code": "euro"}, "no code of a currency"),
    ],
)
def test_what_cannot_be_done_is_400_in_words(
    api: Api, deed: str, sent: dict[str, object], words: str
) -> None:
    api.make_product()
    answer = requests.post(f"{api.url}/__practice/{deed}", json=sent, timeout=5)
    assert answer.status_code == 400
    assert words in answer.json()["error"]


def test_every_deed_is_done_over_http_too(api: Api) -> None:
    product = api.make_product()
    sent = {"resource": "products", "identifier": product, "fields": {"price": "9", "name": {"2": "Kubek"}}}
    assert requests.post(f"{api.url}/__practice/edit", json=sent, timeout=5).json() == {"result": None}
    assert row(api, "products", product)["name"] == {"1": "Mug", "2": "Kubek"}


def test_people_may_write_what_the_webservice_refuses(api: Api, people: BackOffice) -> None:
    product = api.make_product()
    people.edit(
        "products",
        product,
        {"name": "<b>Mug</b>", "price": "12.5", "date_upd": "2030-01-02 03:04:05"},
        {"categories": [{"id": "2"}]},
    )
    found = row(api, "products", product)
    assert found["name"] == {"1": "<b>Mug</b>", "2": "<b>Mug</b>"}
    assert (found["price"], found["date_upd"]) == ("12.500000", "2030-01-02 03:04:05")
    assert found["associations"]["categories"] == [{"id": "2"}]
    assert api.get("/products?filter[date_upd]=>[2030-01-01]&date=1&display=[id]").findtext("*/id") == str(
        product
    )


def test_a_new_language_has_the_default_languages_texts(api: Api, people: BackOffice) -> None:
    product = api.make_product(inside="")
    people.edit("products", product, {"name": {"2": "Kubek"}})
    german = people.add_language("de")
    assert row(api, "products", product)["name"] == {"1": "Mug", "2": "Kubek", str(german): "Mug"}
    assert row(api, "categories", 2)["name"][str(german)] == "Home"
    shown = api.get(f"/products/{product}").findall("name/language")
    assert [node.get("id") for node in shown] == ["1", "2", str(german)]
    people.remove_language(2)
    assert row(api, "products", product)["name"] == {"1": "Mug", str(german): "Mug"}
    people.set_default_language(german)
    assert api.get("/configurations?filter[name]=[PS_LANG_DEFAULT]&display=[value]").findtext(
        "*/value"
    ) == str(german)


def test_an_edited_tax_group_becomes_another_and_takes_its_products(api: Api, people: BackOffice) -> None:
    product = api.make_product(inside="<id_tax_rules_group>2</id_tax_rules_group>")
    before = row(api, "products", product)
    new = people.edit_tax_group(2, rate="9")
    assert row(api, "tax_rule_groups", 2)["deleted"] == "1"
    assert row(api, "tax_rule_groups", new)["deleted"] == "0"
    assert row(api, "products", product) == before | {"id_tax_rules_group": str(new)}
    rates = {tax["id"]: tax["rate"] for tax in api.shop.rows("taxes")}
    rules = {rule["id_country"]: rates[int(rule["id_tax"])] for rule in api.shop.rows("tax_rules")
             if rule["id_tax_rules_group"] == str(new)}  # fmt: skip
    assert rules == {"3": "8.000", "14": "9.000"}


def test_a_deleted_category_takes_those_below_it_and_leaves_its_products(
    api: Api, people: BackOffice
) -> None:
    mugs = make(api, "categories", category("Mugs"))
    red = make(api, "categories", category("Red", parent=mugs))
    inside = (
        f"<id_category_default>{red}</id_category_default><associations><categories>"
        f"<category><id>{red}</id></category></categories></associations>"
    )
    product = api.make_product(inside=inside)
    people.delete_category(mugs)
    assert [found["id"] for found in api.shop.categories()] == [1, 2]
    found = row(api, "products", product)
    assert (found["id_category_default"], found["associations"]["categories"]) == (str(red), [])


def test_a_category_is_hidden_and_moved(api: Api, people: BackOffice) -> None:
    mugs, red = (make(api, "categories", category(name)) for name in ("Mugs", "Red"))
    deep = make(api, "categories", category("Deep", parent=red))
    people.move_category(red, mugs)
    people.edit("categories", red, {"active": "0"})
    assert [row(api, "categories", found)["level_depth"] for found in (mugs, red, deep)] == ["2", "3", "4"]
    assert (row(api, "categories", red)["active"], row(api, "categories", red)["id_parent"]) == (
        "0",
        str(mugs),
    )


def test_a_deleted_product_is_gone_with_all_it_had(api: Api, people: BackOffice) -> None:
    product = api.make_product()
    people.add_image(product, JPEG)
    people.delete("products", product)
    assert (api.shop.count(), api.shop.count("stock_availables"), api.shop.count("images")) == (0, 0, 0)


def test_a_combination_is_made_with_all_it_has(api: Api, people: BackOffice) -> None:
    product = api.make_product()
    image = people.add_image(product, PNG)
    red = people.add_option("Colour", ["Red"])["Red"]
    fields = {"reference": "MUG-1-RED", "price": "-1.5", "ean13": "5901234123457"}
    people.add_combination(product, [red])
    made = people.add_combination(product, [red], 3, fields, [image])
    people.set_default_combination(product, made)
    found = row(api, "combinations", made)
    assert (found["reference"], found["price"], found["default_on"]) == ("MUG-1-RED", "-1.500000", "1")
    assert found["associations"] == {
        "product_option_values": [{"id": str(red)}],
        "images": [{"id": str(image)}],
    }
    assert api.shop.stock_of(product, made) == 3
    people.set_combination_images(made, [])
    assert row(api, "combinations", made)["associations"]["images"] == []


def test_images_get_legends_another_order_and_another_cover(api: Api, people: BackOffice) -> None:
    product = api.make_product()
    first = people.add_image(product, JPEG, "Front")
    second = people.add_image(product, PNG, {"2": "Tył"})
    people.order_images(product, [second, first])
    people.set_cover(second)
    people.replace_image(first, PNG)
    shown = {image["id"]: image for image in api.shop.images(product)}
    assert list(shown) == [second, first]
    assert shown[first]["legend"] == {"1": "Front", "2": "Front"}
    assert shown[second]["legend"] == {"1": "", "2": "Tył"}
    assert (shown[second]["cover"], shown[first]["content"]) == ("1", PNG)
    people.delete("images", second)
    assert api.get(f"/products/{product}").findtext("id_default_image") == str(first)
    with pytest.raises(DeedError, match="name each of them once"):
        people.order_images(product, [])


@pytest.mark.parametrize("version", ["8.2", "9.1"])
def test_a_shop_has_the_currency_that_it_is_made_with(served: Served, version: str) -> None:
    for code, options in (("PLN", {}), ("EUR", {"currency": "EUR"})):
        api = served(version, **options)
        default = api.get("/configurations?filter[name]=[PS_CURRENCY_DEFAULT]&display=[value]")
        currency = api.get(f"/currencies/{default.findtext('*/value')}")
        shown = [currency.findtext(name) for name in ("iso_code", "conversion_rate", "active", "deleted")]
        assert shown == [code, "1.000000", "1", "0"]


def test_another_default_currency_is_added_or_found(api: Api, people: BackOffice) -> None:
    euro = people.set_default_currency("EUR")
    assert people.set_default_currency("PLN") == 1
    assert people.set_default_currency("EUR") == euro
    found = api.get("/configurations?filter[name]=[PS_CURRENCY_DEFAULT]&display=[value]").findtext("*/value")
    assert found == str(euro)
    with pytest.raises(ValueError, match="no code of a currency"):
        type(api.shop)(currency="euro")
