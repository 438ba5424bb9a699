from __future__ import annotations

from tests.practice_shop.api import Api, codes, make, patch, texts


def feature(api: Api, *values: str) -> tuple[int, list[int]]:
    made = make(api, "product_features", f"<product_feature>{texts('name', 'Colour')}</product_feature>")
    return made, [value_of(api, made, value) for value in values]


def value_of(api: Api, owner: int, text: str, custom: int = 0) -> int:
    inside = f"<id_feature>{owner}</id_feature><custom>{custom}</custom>{texts('value', text)}"
    return make(api, "product_feature_values", f"<product_feature_value>{inside}</product_feature_value>")


def linked(*pairs: tuple[int, int | None]) -> str:
    inner = "".join(
        f"<product_feature><id>{owner}</id>"
        + ("" if value is None else f"<id_feature_value>{value}</id_feature_value>")
        + "</product_feature>"
        for owner, value in pairs
    )
    return f"<associations><product_features>{inner}</product_features></associations>"


def pairs_of(api: Api, product: int) -> list[tuple[int, int]]:
    row = api.shop.row("products", product)
    assert row is not None
    found = row["associations"]["product_features"]
    return [(int(pair["id"]), int(pair["id_feature_value"])) for pair in found]


def test_a_pair_twice_is_taken_once_by_9_and_8_loses_what_follows(any_api: Api) -> None:
    colour, (red, blue) = feature(any_api, "Red", "Blue")
    product = any_api.make_product()
    answer = patch(
        any_api, "products", "product", product, linked((colour, red), (colour, red), (colour, blue))
    )
    if any_api.shop.version == "9.1.4":
        assert answer.status_code == 200
        assert pairs_of(any_api, product) == [(colour, red), (colour, blue)]
    else:
        assert (answer.status_code, answer.content) == (500, b"")
        assert pairs_of(any_api, product) == [(colour, red)]


def test_a_pair_without_a_value_is_a_500_and_written(any_api: Api) -> None:
    colour, _ = feature(any_api)
    product = any_api.make_product()
    answer = patch(any_api, "products", "product", product, linked((colour, None)))
    assert (answer.status_code, codes(answer)) == (500, [3])
    assert pairs_of(any_api, product) == [(colour, 0)]


def test_a_deleted_value_goes_from_the_products_and_a_feature_takes_its_values(any_api: Api) -> None:
    colour, (red, blue) = feature(any_api, "Red", "Blue")
    size, (big,) = feature(any_api, "Big")
    product = any_api.make_product(inside=linked((colour, red), (colour, blue), (size, big)))
    any_api.call("DELETE", f"/product_feature_values/{red}")
    assert pairs_of(any_api, product) == [(colour, blue), (size, big)]
    any_api.call("DELETE", f"/product_features/{size}")
    assert pairs_of(any_api, product) == [(colour, blue)]
    assert any_api.call("GET", f"/product_feature_values/{big}").status_code == 404


def test_a_custom_value_goes_with_the_first_deleted_product_that_has_it(any_api: Api) -> None:
    colour, (red,) = feature(any_api, "Red")
    custom = value_of(any_api, colour, "By hand", custom=1)
    mug = any_api.make_product("MUG-1", linked((colour, custom)))
    cup = any_api.make_product("CUP-1", linked((colour, custom), (colour, red)))
    any_api.call("DELETE", f"/products/{mug}")
    assert any_api.call("GET", f"/product_feature_values/{custom}").status_code == 404
    assert any_api.call("GET", f"/product_feature_values/{red}").status_code == 200
    assert pairs_of(any_api, cup) == [(colour, custom), (colour, red)], "it points nowhere now"


def test_a_name_that_must_be_there_keeps_its_other_language(any_api: Api) -> None:
    colour, (red,) = feature(any_api, "Red")
    rouge = '<value><language id="1">Rouge</language></value>'
    assert patch(any_api, "product_feature_values", "product_feature_value", red, rouge).ok
    row = any_api.shop.row("product_feature_values", red)
    assert row is not None
    assert row["value"] == {"1": "Rouge", "2": "Red"}
    only = '<value><language id="1">Only</language></value>'
    inside = f"<id_feature>{colour}</id_feature>{only}"
    made = make(any_api, "product_feature_values", f"<product_feature_value>{inside}</product_feature_value>")
    assert any_api.shop.rows("product_feature_values")[-1]["value"] == {"1": "Only", "2": "Only"}
    assert made > red
