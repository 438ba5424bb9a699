from __future__ import annotations

import pytest

from tests.practice_shop.api import Api, codes, items, make, patch


def field(api: Api, product: int, name: str) -> str | None:
    return api.get(f"/products/{product}").findtext(name)


def linked(api: Api, product: int, association: str) -> list[str | None]:
    found = api.get(f"/products/{product}").findall(f"associations/{association}/*")
    return [node.findtext("id") for node in found]


def test_accessories_that_are_not_there_are_dropped_and_those_that_go_are_gone(any_api: Api) -> None:
    mug, cup = any_api.make_product(), any_api.make_product("CUP-1")
    patch(any_api, "products", "product", mug, items("accessories", "product", cup, 99))
    assert linked(any_api, mug, "accessories") == [str(cup)]
    assert linked(any_api, cup, "accessories") == []
    patch(any_api, "products", "product", mug, items("accessories", "product", cup, cup))
    is_9 = any_api.shop.version == "9.1.4"
    assert linked(any_api, mug, "accessories") == [str(cup)] * (1 if is_9 else 2)
    any_api.call("DELETE", f"/products/{cup}")
    assert linked(any_api, mug, "accessories") == []


def bundle(product: int, inside: str) -> str:
    item = f"<product><id>{product}</id>{inside}</product>"
    return f"<associations><product_bundle>{item}</product_bundle></associations>"


def test_a_pack_is_read_by_another_name_than_it_is_written(any_api: Api) -> None:
    pack, mug = any_api.make_product("PACK-1"), any_api.make_product()
    body = f"<combination><id_product>{mug}</id_product><minimal_quantity>1</minimal_quantity></combination>"
    first, second = make(any_api, "combinations", body), make(any_api, "combinations", body)

    def written(name: str) -> tuple[str | None, ...]:
        inside = f"<{name}>{second}</{name}><quantity>2</quantity>"
        patch(any_api, "products", "product", pack, bundle(mug, inside))
        found = any_api.get(f"/products/{pack}").find("associations/product_bundle/product")
        assert found is not None
        return found.findtext("id_product_attribute"), found.findtext("quantity")

    assert written("product_attribute_id") == (str(second), "2")
    assert written("id_product_attribute") == (str(first), "2")
    assert [field(any_api, pack, name) for name in ("type", "product_type", "cache_is_pack")] == [
        "pack",
        "pack",
        "1",
    ]
    patch(any_api, "products", "product", pack, "<type>simple</type>")
    assert (field(any_api, pack, "type"), field(any_api, pack, "product_type")) == ("simple", "pack")
    assert linked(any_api, pack, "product_bundle") == []


def test_a_pack_without_a_quantity_is_a_500(any_api: Api) -> None:
    pack, mug = any_api.make_product("PACK-1"), any_api.make_product()
    assert codes(patch(any_api, "products", "product", pack, bundle(mug, ""))) == [3]


def test_a_virtual_product_has_the_type_but_not_the_product_type(any_api: Api) -> None:
    product = any_api.make_product(inside="<product_type>standard</product_type>")
    patch(any_api, "products", "product", product, "<is_virtual>1</is_virtual>")
    patch(any_api, "products", "product", product, "<type>nonsense</type>")
    assert (field(any_api, product, "type"), field(any_api, product, "product_type")) == (
        "virtual",
        "standard",
    )


def test_a_short_put_leaves_another_product_type_in_8_than_in_9(any_api: Api) -> None:
    product = any_api.make_product(inside="<product_type>standard</product_type>")
    any_api.call("PUT", "/products", f"<product><id>{product}</id><price>1</price></product>")
    wanted = "standard" if any_api.shop.version == "9.1.4" else ""
    assert field(any_api, product, "product_type") == wanted


@pytest.mark.parametrize(
    ("name", "sent", "stored"),
    [
        ("redirect_type", "301-category", "301-category"),
        ("redirect_type", "301", ""),
        ("available_date", "2031-01-02 10:00:00", "2031-01-02"),
        ("available_date", "", "0000-00-00"),
    ],
)
def test_what_the_shop_makes_of_some_words_and_dates(any_api: Api, name: str, sent: str, stored: str) -> None:
    product = any_api.make_product()
    assert patch(any_api, "products", "product", product, f"<{name}>{sent}</{name}>").ok
    assert field(any_api, product, name) == stored


def test_a_supplier_is_joined_to_a_product_once(any_api: Api) -> None:
    product = any_api.make_product()
    inside = (
        f"<id_product>{product}</id_product><id_product_attribute>0</id_product_attribute>"
        "<id_supplier>1</id_supplier>"
    )
    body = f"<product_supplier>{inside}</product_supplier>"
    make(any_api, "product_suppliers", body)
    again = any_api.call("POST", "/product_suppliers", body)
    assert (again.status_code, codes(again)) == (500, [46] if any_api.shop.version == "9.1.4" else [])


def test_a_language_that_is_not_there_is_refused(any_api: Api) -> None:
    any_api.make_product()
    answer = any_api.call("GET", "/products?language=99")
    assert (answer.status_code, codes(answer)) == (400, [81])
    both = any_api.call("GET", "/products?display=[name]&language=[1|2]&output_format=JSON").json()
    assert len(both["products"][0]["name"]) == 2
