from __future__ import annotations

import pytest

from tests.practice_shop.api import Api, make, patch

ZERO = "0000-00-00 00:00:00"


def price(api: Api, product: int, **given: str) -> int:
    values = {
        "id_shop": "0", "id_cart": "0", "id_product": str(product), "id_product_attribute": "0",
        "id_currency": "0", "id_country": "0", "id_group": "0", "id_customer": "0", "price": "-1",
        "from_quantity": "1", "reduction": "0", "reduction_tax": "1", "reduction_type": "amount",
        "from": ZERO, "to": ZERO,
    } | given  # fmt: skip
    inner = "".join(f"<{name}>{value}</{name}>" for name, value in values.items())
    return make(api, "specific_prices", f"<specific_price>{inner}</specific_price>")


def paid(api: Api, product: int, **asked: str) -> str | None:
    query = "&".join(f"price[x][{name}]={value}" for name, value in asked.items())
    return api.get(f"/products/{product}?{query}").findtext("x")


@pytest.fixture
def mug(any_api: Api) -> int:
    """A product of 100 net, with 23 % of tax."""
    return any_api.make_product(inside="<id_tax_rules_group>1</id_tax_rules_group>", price="100")


def test_the_groups_price_comes_before_that_for_all_even_if_dearer(any_api: Api, mug: int) -> None:
    price(any_api, mug, price="50")
    price(any_api, mug, price="70", id_group="3")
    price(any_api, mug, price="60", id_group="3", from_quantity="2")
    assert paid(any_api, mug, use_tax="0") == "70.000000"
    assert paid(any_api, mug, use_tax="0", quantity="2") == "60.000000"
    assert paid(any_api, mug, use_tax="0", group="2") == "50.000000"
    assert paid(any_api, mug, group="3") == "86.100000"


@pytest.mark.parametrize(
    ("given", "net", "gross"),
    [
        ({"reduction": "0.1", "reduction_type": "percentage"}, "90.000000", "110.700000"),
        ({"price": "80", "reduction": "0.1", "reduction_type": "percentage"}, "72.000000", "88.560000"),
        ({"reduction": "12.3"}, "90.000000", "110.700000"),
        ({"reduction": "12.3", "reduction_tax": "0"}, "87.700000", "107.871000"),
        ({"reduction": "10", "reduction_type": "percentage"}, "0.000000", "0.000000"),
    ],
)
def test_reductions(any_api: Api, mug: int, given: dict[str, str], net: str, gross: str) -> None:
    price(any_api, mug, **given)
    assert (paid(any_api, mug, use_tax="0"), paid(any_api, mug, use_tax="1")) == (net, gross)
    fixed = "80.000000" if "price" in given else "100.000000"
    assert paid(any_api, mug, use_tax="0", use_reduction="0") == fixed


def test_a_price_of_another_time_does_not_count(any_api: Api, mug: int) -> None:
    price(any_api, mug, **{"price": "3", "from": "2020-01-01 00:00:00", "to": "2020-02-01 00:00:00"})
    assert paid(any_api, mug, use_tax="0") == "100.000000"
    price(any_api, mug, **{"price": "4", "from": "2020-01-01", "to": "2099-02-01"})
    assert paid(any_api, mug, use_tax="0") == "4.000000"


def test_a_product_with_combinations_has_no_price_unless_one_is_named(any_api: Api, mug: int) -> None:
    body = f"<id_product>{mug}</id_product><minimal_quantity>1</minimal_quantity><price>1.5</price>"
    made = make(any_api, "combinations", f"<combination>{body}</combination>")
    assert paid(any_api, mug, use_tax="0") == "0.000000"
    assert paid(any_api, mug, use_tax="0", product_attribute=str(made)) == "101.500000"
    row = any_api.get(f"/combinations/{made}?price[x][use_tax]=0")
    assert (row.findtext("price"), row.findtext("x")) == ("1.500000", "101.500000")


def test_a_list_shows_the_prices_that_it_names(any_api: Api, mug: int) -> None:
    query = "display=[id,net]&price[net][use_tax]=0&price[gross][use_tax]=1"
    assert any_api.get(f"/products?{query}").findtext("*/net") == "100.000000"
    found = any_api.call("GET", f"/products?{query}&output_format=JSON").json()
    assert found == {"products": [{"id": mug, "net": "100.000000"}]}
    answer = any_api.call("GET", "/products?price[x]=1")
    assert (answer.status_code, answer.content) == (500, b"")


def test_prices_go_with_their_combination_and_stay_when_the_group_goes(any_api: Api, mug: int) -> None:
    body = f"<id_product>{mug}</id_product><minimal_quantity>1</minimal_quantity>"
    made = make(any_api, "combinations", f"<combination>{body}</combination>")
    gone = price(any_api, mug, id_product_attribute=str(made))
    kept = price(any_api, mug, id_group="2")
    any_api.call("DELETE", f"/combinations/{made}")
    any_api.call("DELETE", "/groups/2")
    assert [row["id"] for row in any_api.shop.specific_prices(mug)] == [kept]
    assert gone != kept


def test_the_price_of_a_unit_is_kept_and_its_ratio_computed(any_api: Api, mug: int) -> None:
    patch(any_api, "products", "product", mug, "<unit_price>40</unit_price>")
    patch(any_api, "products", "product", mug, "<unit_price_ratio>7</unit_price_ratio>")
    assert any_api.get(f"/products/{mug}").findtext("unit_price_ratio") == "2.500000"
