from __future__ import annotations

import pytest
import responses

from ppm_web.prestashop.errors import (
    KeyRefused,
    MethodRefused,
    NotFound,
)
from tests.prestashop.wire import (
    add,
    add_recording,
    asked,
    body_of,
    calls,
    client,
    errors,
    profile,
    recording,
    xml,
)


def put_of_product_2(version: str = "8.2.0") -> str:
    add_recording("GET", "/products", "get_product_xml")
    add("PUT", "/products/2", body=xml("<product><id>2</id></product>"))
    change = {"price": "9.000000", "name": {"1": "New"}}
    client(profile=profile(version, can_patch=False)).update_products([(2, change)])
    return body_of(calls()[-1])


@responses.activate
def test_without_patch_the_whole_product_is_read_and_put_with_nothing_lost() -> None:
    sent = put_of_product_2()
    assert [request.method for request in calls()] == ["GET", "PUT"]
    assert "<price>9.000000</price>" in sent
    assert '<name><language id="1">New</language><language id="2">Hummingbird printed sweater' in sent
    assert "<reference>demo_3</reference>" in sent
    assert "<state>1</state>" in sent
    assert "<wholesale_price>5.490000</wholesale_price>" in sent
    assert "<redirect_type>404</redirect_type>" in sent
    for name in recorded_fields():
        refused = name in {"manufacturer_name", "quantity", "position_in_category"}
        assert (f"<{name}>" in sent) is not refused, name


def recorded_fields() -> list[str]:
    lines = recording("get_product_xml")[2].decode().split("<associations>")[0].splitlines()[3:]
    return [line.strip()[1:].split(">")[0].split(" ")[0] for line in lines if line.startswith("\t<")]


@responses.activate
def test_associations_that_did_not_change_are_left_to_the_shop() -> None:
    assert "<associations>" not in put_of_product_2()  # recording combo_put_full_without_associations: kept


@responses.activate
def test_in_9_the_position_in_a_category_stays_out_too_as_the_shop_fails_at_one_that_has_moved() -> None:
    sent = put_of_product_2("9.1.4")
    assert "<position_in_category>" not in sent
    assert "<quantity>" not in sent


@responses.activate
def test_a_refused_patch_is_remembered_and_put_is_used_from_then_on() -> None:
    add_recording("PATCH", "/products/2", "perm_products_only_patch")
    add_recording("GET", "/products", "get_product_xml")
    add("PUT", "/products/2", body=xml("<product><id>2</id></product>"))
    shop = client(profile=profile())
    for _ in range(2):
        shop.update_products([(2, {"price": "9.000000"})])
    assert [request.method for request in calls()] == ["PATCH", "GET", "PUT", "GET", "PUT"]


@responses.activate
def test_a_right_that_only_one_resource_lacks_leaves_patch_to_the_others() -> None:
    rights = {"products": frozenset({"PATCH"}), "stock_availables": frozenset({"GET", "PUT"})}
    add("PATCH", "/products/2", body=xml("<product><id>2</id></product>"))
    add_recording("GET", "/stock_availables", "list_stock_filter_product_xml")
    add("PUT", "/stock_availables/6", body=xml("<stock_available><id>6</id></stock_available>"))
    shop = client(profile=profile(rights=rights))
    shop.update_products([(2, {"price": "9.000000"})])
    shop.update_stock({6: 1})
    assert [request.method for request in calls()] == ["PATCH", "GET", "PUT"]


@responses.activate
def test_a_product_that_is_gone_is_not_put() -> None:
    add_recording("GET", "/products", "list_empty_xml")
    with pytest.raises(NotFound, match="product 2"):
        client(profile=profile(can_patch=False)).update_products([(2, {"price": "9"})])


@responses.activate
def test_a_key_that_may_neither_patch_nor_put_is_told_so() -> None:
    add_recording("PATCH", "/products/2", "perm_products_only_patch")
    add_recording("GET", "/products", "get_product_xml")
    add("PUT", "/products/2", status=405, body=errors(25))
    with pytest.raises(MethodRefused, match="allow PUT for 'products'"):
        client().update_products([(2, {"price": "9"})])


@responses.activate
@pytest.mark.parametrize("status", [403, 405, 501])
def test_a_host_that_blocks_patch_is_asked_by_post(status: int) -> None:
    add("PATCH", "/products/2", status=status, body=b"<html>blocked</html>")
    add("POST", "/products/2", body=xml("<product><id>2</id></product>"))
    shop = client()
    for _ in range(2):
        shop.update_products([(2, {"price": "9"})])
    assert [request.method for request in calls()] == ["PATCH", "POST", "POST"]
    assert asked() == "/products/2?ps_method=PATCH"


@responses.activate
def test_a_host_that_blocks_everything_is_told_so() -> None:
    add("PATCH", "/products/2", status=403)
    add("POST", "/products/2", status=403)
    with pytest.raises(KeyRefused, match="firewall"):
        client().update_products([(2, {"price": "9"})])
