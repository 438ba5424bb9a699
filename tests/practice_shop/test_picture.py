from __future__ import annotations

import hashlib
import json
from typing import Any

import requests

from ppm_web.practice_shop import Change, difference
from tests.practice_shop.api import JPEG, PNG, Api, category, items, make, patch, texts, upload
from tests.practice_shop.conftest import Served


def in_home(api: Api, reference: str) -> int:
    home = f"<id_category_default>2</id_category_default>{items('categories', 'category', 2)}"
    return api.make_product(reference, home)


def without_dates(changes: list[Change]) -> list[tuple[Any, ...]]:
    return [tuple(change) for change in changes if change.field != "date_upd"]


def test_nothing_differs_where_nothing_was_written(any_api: Api) -> None:
    in_home(any_api, "MUG-1")
    before = any_api.shop.picture()
    any_api.call("GET", "/products?display=full")
    assert difference(before, any_api.shop.picture()) == []


def test_each_field_that_was_written_differs_and_no_other(any_api: Api) -> None:
    in_home(any_api, "MUG-0")
    mug = in_home(any_api, "MUG-1")
    any_api.shop.back_office.edit("products", mug, {"date_upd": "2020-01-01 00:00:00"})
    before = any_api.shop.picture()
    inside = f"<price>12</price>{texts('name', 'Cup', 'Kubek')}{items('categories', 'category')}"
    assert patch(any_api, "products", "product", mug, inside).status_code == 200
    after = any_api.shop.picture()
    now = after["products"][str(mug)]["date_upd"]
    assert difference(before, after) == [
        Change("products", mug, "associations.categories", [{"id": "2"}], []),
        Change("products", mug, "date_upd", "2020-01-01 00:00:00", now),
        Change("products", mug, "name", {"1": "Mug", "2": "Mug"}, {"1": "Cup", "2": "Kubek"}),
        Change("products", mug, "position_in_category", "2", ""),
        Change("products", mug, "price", "10.000000", "12.000000"),
    ]


def test_rows_that_come_and_go_differ_as_a_whole(any_api: Api) -> None:
    gone = in_home(any_api, "MUG-1")
    before = any_api.shop.picture()
    any_api.call("DELETE", f"/products/{gone}")
    new = make(any_api, "categories", category("Mugs"))
    changes = difference(before, any_api.shop.picture())
    assert [(change.resource, change.id, change.field) for change in changes] == [
        ("categories", new, ""),
        ("products", gone, ""),
        ("stock_availables", 1, ""),
    ]
    assert (changes[0].before, changes[1].after) == (None, None)
    assert changes[1].before["reference"] == "MUG-1"


def test_images_differ_by_their_content_legend_and_combinations(any_api: Api) -> None:
    mug = in_home(any_api, "MUG-1")
    image = upload(any_api, mug)
    people = any_api.shop.back_office
    made = people.add_combination(mug, [])
    before = any_api.shop.picture()
    assert before["images"][str(image)]["content"] == hashlib.sha256(JPEG).hexdigest()
    people.replace_image(image, PNG)
    people.set_legend(image, {"2": "Kubek"})
    people.set_combination_images(made, [image])
    sha = [hashlib.sha256(content).hexdigest() for content in (JPEG, PNG)]
    assert without_dates(difference(before, any_api.shop.picture())) == [
        ("combinations", made, "associations.images", [], [{"id": str(image)}]),
        ("images", image, "bytes", len(JPEG), len(PNG)),
        ("images", image, "combinations", [], [made]),
        ("images", image, "content", *sha),
        ("images", image, "legend", {"1": "", "2": ""}, {"1": "", "2": "Kubek"}),
    ]


def test_a_sale_changes_the_stock_alone(any_api: Api) -> None:
    mug = in_home(any_api, "MUG-1")
    before = any_api.shop.picture()
    any_api.shop.back_office.sell(mug, 2)
    assert difference(before, any_api.shop.picture()) == [
        Change("stock_availables", 1, "quantity", "0", "-2")
    ]


def test_what_is_the_own_of_a_store_differs_there(served: Served) -> None:
    api = served(stores=True)
    api.call("POST", "/products?id_shop=all", f"<product><price>10</price>{texts('name', 'Mug')}</product>")
    before = api.shop.picture()
    api.shop.back_office.in_store(2).edit("products", 1, {"price": "12", "date_upd": "2030-01-01 00:00:00"})
    when = before["products"]["1"]["stores"]["2"]["date_upd"]
    assert difference(before, api.shop.picture()) == [
        Change("products", 1, "stores.2.date_upd", when, "2030-01-01 00:00:00"),
        Change("products", 1, "stores.2.price", "10.000000", "12.000000"),
    ]


def test_the_picture_is_the_same_over_http(api: Api) -> None:
    upload(api, in_home(api, "MUG-1"))
    api.call("POST", "/images/categories/2", image=PNG)
    picture = requests.get(f"{api.url}/__practice/picture", timeout=5).json()
    assert picture == api.shop.picture()
    assert json.dumps(picture) == json.dumps(api.shop.picture()), "in the same order"
    assert picture["pictures"]["categories/2"]["bytes"] == len(PNG)
    assert set(picture) >= {"languages", "tax_rule_groups", "currencies", "shops", "configurations"}
