from __future__ import annotations

import pytest
import responses

from ppm_web.prestashop.errors import (
    PrestaShopError,
    Rejected,
    ShopUnreachable,
)
from ppm_web.prestashop.values import Found, MadeProduct
from tests.prestashop.wire import (
    KEY,
    add,
    add_recording,
    asked,
    body_of,
    calls,
    client,
    errors,
    listed,
    xml,
)


@responses.activate
def test_references_are_compared_with_regard_to_case_and_ids_ascend() -> None:
    rows = ["<id>9</id><reference>MUG</reference>", "<id>4</id><reference>mug</reference>"]
    rows += ["<id>3</id><reference>MUG</reference>", "<id>5</id><reference>MUG </reference>"]
    add("GET", "/products", body=listed("product", *rows))
    found = client().find_products(["MUG", "Mug"])
    assert (found["MUG"].ids, found["MUG"].alike[:1]) == ((3, 5, 9), ((4, "mug"),))
    assert (found["Mug"].ids, len(found["Mug"].alike)) == ((), 4)
    assert asked() == "/products?filter[reference]=[MUG|Mug]&display=[id,reference]"


@responses.activate
def test_a_reference_that_is_no_filter_is_asked_alone_and_the_answer_checked() -> None:
    rows = ["<id>1</id><reference>A</reference>", "<id>2</id><reference>A|B</reference>"]
    add("GET", "/products", body=listed("product", *rows))
    assert client().find_products(["A|B"]) == {"A|B": Found((2,))}
    assert asked() == "/products?filter[reference]=A|B&display=[id,reference]"


@responses.activate
def test_nothing_is_asked_for_no_references() -> None:
    assert client().find_products([]) == {}
    assert client().find_products([""]) == {"": Found()}


@responses.activate
def test_two_hundred_references_fit_into_short_urls() -> None:
    add("GET", "/products", body=listed("product"))
    client().find_products([f"A-RATHER-LONG-REFERENCE-OF-A-PRODUCT-{n:04}" for n in range(200)])
    assert all(len(str(request.url)) < 6_000 for request in calls())
    assert len(calls()) == 2


@responses.activate
def test_a_product_is_read_whole_in_payload_form() -> None:
    add_recording("GET", "/products", "get_product_xml")
    [product] = client().read_products([2]).values()
    assert product.id == 2
    assert product.fields["price"] == "35.900000"
    assert product.fields["active"] == "1"
    assert product.fields["categories"] == [2, 3, 5]
    assert set(product.fields["name"]) == {"1", "2"}
    assert not {"id", "associations", "quantity"} & set(product.fields)
    assert asked() == "/products?filter[id]=[2]&display=full"


@responses.activate
def test_products_that_are_gone_are_not_in_the_answer() -> None:
    add_recording("GET", "/products", "list_empty_xml")
    assert client().read_products([7]) == {}


PAYLOADS = [
    {"reference": f"MULTI-{n}", "price": "1.000000", "quantity": "5", "categories": [2]} for n in (1, 2, 3)
]


@responses.activate
def test_several_products_are_made_in_one_request_without_ids_and_stock() -> None:
    add_recording("POST", "/products", "multi_post_products")
    assert client().create_products(PAYLOADS) == [
        MadeProduct(52, 91),
        MadeProduct(53, 92),
        MadeProduct(54, 93),
    ]
    sent = body_of(calls()[0])
    assert sent.count("<product>") == 3
    assert "<associations><categories><category><id>2</id></category></categories></associations>" in sent
    assert "quantity" not in sent
    assert "<product><reference>" in sent
    assert calls()[0].headers["Content-Type"] == "text/xml; charset=utf-8"
    assert "output_format" not in str(calls()[0].url)


@responses.activate
def test_nothing_is_sent_for_no_products() -> None:
    shop = client()
    assert shop.create_products([]) == []
    shop.update_products([(1, {})])
    shop.update_stock({})
    assert shop.request_count == 0


@responses.activate
@pytest.mark.parametrize("wanted", [["MULTI-1", "MULTI-2"], ["MULTI-1", "MULTI-3", "MULTI-2"]])
def test_an_answer_that_tells_of_other_products_counts_as_none(wanted: list[str]) -> None:
    add_recording("POST", "/products", "multi_post_products")
    with pytest.raises(ShopUnreachable) as caught:
        client().create_products([{"reference": reference} for reference in wanted])
    assert caught.value.unanswered


@responses.activate
def test_a_500_after_a_post_may_mean_saved() -> None:
    add_recording("POST", "/products", "prod_post_500_php_warning_but_product_saved")
    with pytest.raises(ShopUnreachable) as caught:
        client().create_products(PAYLOADS)
    assert (caught.value.unanswered, caught.value.temporary, caught.value.status) == (True, True, 500)


@responses.activate
def test_a_web_page_after_a_post_may_mean_saved() -> None:
    add(
        "POST",
        "/products",
        body=b"<!doctype html><html>Back soon</html>",
        headers={"Content-Type": "text/html"},
    )
    with pytest.raises(ShopUnreachable, match="web page instead of data") as caught:
        client().create_products(PAYLOADS)
    assert (caught.value.code, caught.value.unanswered, caught.value.status) == ("not_xml", True, 200)
    assert "Back soon" in caught.value.answer


@responses.activate
def test_a_refused_post_was_answered() -> None:
    add_recording("POST", "/products", "multi_patch_one_invalid_in_middle")
    with pytest.raises(Rejected) as caught:
        client().create_products(PAYLOADS)
    assert (caught.value.unanswered, caught.value.temporary) == (False, False)


ECHO = "<product><id>5</id></product><product><id>7</id></product>"


@responses.activate
def test_several_products_are_changed_in_one_patch_with_their_ids_in_the_body() -> None:
    add("PATCH", "/products", body=xml(ECHO))
    client().update_products([(5, {"price": "1.000000", "quantity": "3"}), (7, {"active": "0"})])
    sent = body_of(calls()[0])
    assert "<product><id>5</id><price>1.000000</price></product><product><id>7</id><active>0</active>" in sent


@responses.activate
def test_one_product_is_changed_at_its_own_address() -> None:
    add("PATCH", "/products/5", body=xml("<product><id>5</id></product>"))
    client().update_products([(5, {"price": "1.000000"})])
    assert "<id>5</id>" in body_of(calls()[0])


@responses.activate
def test_categories_are_sent_only_when_they_are_among_the_changes() -> None:
    add("PATCH", "/products", body=xml(ECHO))
    client().update_products([(5, {"price": "1.000000"}), (7, {"categories": [2, 9]})])
    assert body_of(calls()[0]).count("associations") == 2


@responses.activate
def test_the_same_product_twice_is_refused_before_it_is_sent() -> None:
    with pytest.raises(Rejected, match="twice"):
        client().update_products([(5, {"price": "1"}), (5, {"price": "2"})])


@responses.activate
def test_an_answer_that_lacks_a_product_counts_as_none() -> None:
    add("PATCH", "/products", body=xml("<product><id>5</id></product>"))
    with pytest.raises(ShopUnreachable) as caught:
        client().update_products([(5, {"price": "1"}), (7, {"price": "1"})])
    assert caught.value.unanswered


@responses.activate
def test_a_conflict_over_categories_is_temporary() -> None:
    add("PATCH", "/products/5", status=500, body=errors(85))
    with pytest.raises(ShopUnreachable) as caught:
        client().update_products([(5, {"categories": [2]})])
    assert (caught.value.temporary, caught.value.shop_codes) == (True, (85,))


@responses.activate
def test_an_answer_without_its_numbers_is_a_prestashop_error_too() -> None:
    shop = client()
    add("GET", "/products", body=listed("product", "<reference>A</reference>"))
    add(
        "GET",
        "/stock_availables",
        body=listed("stock_available", "<id_product_attribute>0</id_product_attribute>"),
    )
    add("POST", "/manufacturers", body=xml("<manufacturer><id></id></manufacturer>"))
    for ask in (
        lambda: shop.find_products(["A"]),
        lambda: shop.stock_rows([1]),
        lambda: shop.create_manufacturers(["A"]),
    ):
        with pytest.raises(PrestaShopError, match="lacks a number"):
            ask()


@responses.activate
def test_the_key_goes_by_basic_authorization_only() -> None:
    add("GET", "/products", body=listed("product"))
    client().find_products(["A"])
    assert str(calls()[0].headers["Authorization"]).startswith("Basic S0VZ")
    assert KEY not in str(calls()[0].url)
    assert "PPM" in calls()[0].headers["User-Agent"]
