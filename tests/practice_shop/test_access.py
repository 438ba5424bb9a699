from __future__ import annotations

import http.client
import socket

import pytest
import requests

from ppm_web.practice_shop import PracticeShop
from tests.practice_shop.api import Api, codes, xml
from tests.practice_shop.conftest import SMALL_KEY, Served


def test_the_root_lists_the_resources_with_the_rights_of_the_key(any_api: Api) -> None:
    answer = any_api.call("GET", "/")
    assert answer.headers["PSWS-Version"] == any_api.shop.version
    products = xml(answer).find("api/products")
    assert products is not None
    assert products.get("patch") == "true"
    small = xml(any_api.call("GET", "/", key=SMALL_KEY)).find("api")
    assert small is not None
    assert [child.tag for child in small] == ["products"]
    assert (small[0].get("get"), small[0].get("post")) == ("true", "false")


def test_the_root_as_json_is_a_500_without_a_body(api: Api) -> None:
    answer = api.call("GET", "/?output_format=JSON")
    assert (answer.status_code, answer.content) == (500, b"")


@pytest.mark.parametrize(
    ("key", "expected"), [("W" * 32, [20, 21]), ("SHORT", [18])], ids=["unknown", "too short"]
)
def test_a_key_that_is_none_of_the_shops_is_401_and_version_0(
    api: Api, key: str, expected: list[int]
) -> None:
    answer = api.call("GET", "/products", key=key)
    assert (answer.status_code, codes(answer), answer.headers["PSWS-Version"]) == (401, expected, "0")


def test_no_key_or_bearer_is_401_without_xml(api: Api) -> None:
    for headers in ({}, {"Authorization": f"Bearer {api.shop.key}"}):
        answer = api.call("GET", "/products", key=None, headers=headers)
        assert (answer.status_code, answer.content) == (401, b"401 Unauthorized")
        assert answer.headers["WWW-Authenticate"].startswith("Basic realm=")
        assert "PSWS-Version" not in answer.headers


def test_the_key_also_works_in_lower_case_and_as_ws_key(api: Api) -> None:
    assert api.call("GET", "/products", key=api.shop.key.lower()).status_code == 200
    assert api.call("GET", f"/products?ws_key={api.shop.key}", key=None).status_code == 200


def test_a_small_key_may_only_get_products(any_api: Api) -> None:
    assert any_api.call("GET", "/products", key=SMALL_KEY).status_code == 200
    refused = any_api.call("POST", "/products", "<product/>", key=SMALL_KEY)
    assert (refused.status_code, codes(refused)) == (405, [25])
    foreign = any_api.call("GET", "/stock_availables", key=SMALL_KEY)
    assert (foreign.status_code, codes(foreign)) == (401, [26])


@pytest.mark.parametrize("method", ["OPTIONS", "FOO"])
def test_an_unknown_method_is_405_code_23(api: Api, method: str) -> None:
    answer = api.call(method, "/products")
    assert (answer.status_code, codes(answer)) == (405, [23])


def test_an_unknown_resource_is_400_code_27_also_in_json(api: Api) -> None:
    for path in ("/nosuch", "/nosuch?output_format=JSON"):
        answer = api.call("GET", path)
        assert (answer.status_code, codes(answer)) == (400, [27])


def test_a_shop_1_7_has_no_patch(served: Served) -> None:
    api = served("1.7")
    assert api.call("GET", "/").headers["PSWS-Version"] == "1.7.8.11"
    products = xml(api.call("GET", "/")).find("api/products")
    assert products is not None
    assert products.get("patch") is None
    for method, path in (("PATCH", "/products/1"), ("POST", "/products/1?ps_method=PATCH")):
        answer = api.call(method, path, "<product><id>1</id></product>")
        assert (answer.status_code, codes(answer)) == (405, [25])


def test_an_id_shop_that_is_not_there_is_a_redirect_without_a_body(api: Api) -> None:
    answer = api.call("GET", "/products?id_shop=99")
    assert (answer.status_code, answer.content) == (302, b"")


def test_a_url_over_8_kb_is_414_in_html(api: Api) -> None:
    answer = api.call("GET", "/products?filter[reference]=[" + "R" * 9000 + "]")
    assert answer.status_code == 414
    assert answer.headers["Content-Type"].startswith("text/html")


def test_connections_are_kept_alive(api: Api) -> None:
    host, port = api.url.removeprefix("http://").split(":")
    connection = http.client.HTTPConnection(host, int(port))
    ports = set()
    for method in ("GET", "HEAD", "FOO", "GET"):
        connection.request(method, f"/api/languages?ws_key={api.shop.key}")
        connection.getresponse().read()
        ports.add(connection.sock.getsockname())
    connection.close()
    assert len(ports) == 1


@pytest.mark.parametrize(
    "raw",
    [
        b"POST /api/products HTTP/1.1\r\nHost: x\r\nContent-Length: many\r\n\r\n",
        b"POST /api/products HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999999999\r\n\r\n",
        b"POST /api/products HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        b"\x00\xff garbage\r\n\r\n",
        b"GET /api/%ff%00?filter[%ff]=%00 HTTP/1.1\r\nHost: \"'<\r\n\r\n",
    ],
    ids=["length", "too long", "chunked", "garbage", "odd bytes"],
)
def test_broken_requests_are_refused_and_the_shop_goes_on(api: Api, raw: bytes) -> None:
    host, port = api.url.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port)), timeout=5) as connection:
        connection.sendall(raw)
        assert b" 4" in connection.recv(4096)[:600]
    assert api.call("GET", "/products").status_code == 200


@pytest.mark.parametrize(
    "options", [{"key": "short"}, {"version": "7"}, {"entity_ms": -1}, {"faults": {"x": 1}}]
)
def test_a_shop_that_cannot_be_is_a_value_error(options: dict[str, object]) -> None:
    with pytest.raises(ValueError, match=r"\w"):
        PracticeShop(**options)  # type: ignore[arg-type]


def test_the_page_shows_what_is_in_the_shop_escaped(api: Api) -> None:
    api.shop.create("manufacturers", {"name": 'A & "B"'})
    api.make_product("MUG-1", "<active>1</active><id_manufacturer>1</id_manufacturer>")
    page = requests.get(api.url, timeout=5)
    assert page.status_code == 200
    assert "MUG-1" in page.text
    assert "A &amp; &quot;B&quot;" in page.text
    assert "POST products: 1" in page.text
    odd = requests.get(f'{api.url}/?q="><script>&page=99999999999999999999', timeout=5)
    assert odd.status_code == 200
    assert "<script>" not in odd.text
    assert requests.get(f"{api.url}/nosuch", timeout=5).status_code == 404
