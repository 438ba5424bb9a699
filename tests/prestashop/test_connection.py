from __future__ import annotations

import logging
import socket
import traceback

import pytest
import responses

from ppm_web.prestashop.client import PrestaShopClient
from ppm_web.prestashop.connection import EXCHANGE_LIMIT, shop_address
from ppm_web.prestashop.errors import PrestaShopError, Rejected
from ppm_web.prestashop.values import Found
from tests.prestashop.wire import FOUND, HEAD, KEY, URL, add, client, errors, receive, socket_shop


def test_one_connection_is_kept_alive() -> None:
    connections = []

    def serve(connection: socket.socket) -> None:
        connections.append(1)
        for _ in range(3):
            receive(connection)
            connection.sendall(HEAD % len(FOUND) + FOUND)

    with socket_shop(serve) as url, PrestaShopClient(url, KEY) as shop:
        for _ in range(3):
            assert shop.find_products(["A"]) == {"A": Found((1,))}
    assert len(connections) == 1


@responses.activate
def test_a_proxy_of_this_machine_is_not_used(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")

    def serve(connection: socket.socket) -> None:
        receive(connection)
        connection.sendall(HEAD % len(FOUND) + FOUND)

    responses.add_passthru("http://127.0.0.1")
    with socket_shop(serve) as url, PrestaShopClient(url, KEY) as shop:
        assert shop.find_products(["A"]) == {"A": Found((1,))}


@responses.activate
def test_redirects_are_not_followed() -> None:
    add("GET", "/products", status=302, headers={"Location": "https://elsewhere.example/api/products"})
    with pytest.raises(Rejected, match=r"https://elsewhere\.example") as caught:
        client().find_products(["A"])
    assert (caught.value.code, caught.value.status) == ("redirected", 302)
    assert len(responses.calls) == 1


@responses.activate
def test_the_caller_is_told_before_each_request_and_may_stop_it() -> None:
    class LeaseLost(Exception):
        pass

    told = []

    def before() -> None:
        told.append(1)
        if len(told) == 3:
            raise LeaseLost

    add("GET", "/products", body=FOUND)
    shop = client(before_request=before)
    shop.find_products(["A"])
    shop.find_products(["A"])
    with pytest.raises(LeaseLost):
        shop.find_products(["A"])
    assert (shop.request_count, len(responses.calls)) == (2, 2)


@responses.activate
def test_the_last_twenty_exchanges_are_kept_short() -> None:
    add("GET", "/products", body=FOUND + b" " * 50_000, headers={"Execution-Time": "0.25"})
    shop = client()
    for number in range(25):
        shop.find_products([f"R{number}"])
    assert shop.request_count == 25
    assert len(shop.exchanges) == 20
    last = shop.exchanges[-1]
    assert (last.method, last.status, last.execution_seconds) == ("GET", 200, 0.25)
    assert "R24" in last.path
    assert len(last.answer_text) == EXCHANGE_LIMIT
    assert last.duration_ms >= 0


@responses.activate
def test_the_key_is_nowhere_to_be_found(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    shop = client()
    coded = "S0VZS0VZS0VZS0VZS0VZS0VZS0VZS0VZS0VZS0VZMzI6"
    said = f"<message>key {KEY} and {coded}</message>".encode()
    add("POST", "/products", status=500, body=errors(1).replace(b"<message>m1</message>", said))
    with pytest.raises(PrestaShopError) as caught:
        shop.create_products([{"reference": "A", "name": {"1": f"text with {KEY}"}}])
    error = caught.value
    trace = "".join(traceback.format_exception(error))
    kept = [
        repr(shop),
        repr(error),
        str(error),
        trace,
        str(error.describe()),
        repr(shop.exchanges),
        caplog.text,
    ]
    for text in kept:
        assert KEY not in text
        assert coded.rstrip("=") not in text
    assert "[key]" in shop.exchanges[0].request_text
    assert error.__context__ is None
    assert error.__cause__ is None


@pytest.mark.parametrize(
    ("given", "address"),
    [
        ("https://shop.example", URL),
        (" https://shop.example/ ", URL),
        ("https://shop.example/api/", URL),
        ("https://shop.example/pl/api", f"{URL}/pl"),
        ("https://user:word@shop.example/?ws_key=x", URL),
        ("http://127.0.0.1:8085", "http://127.0.0.1:8085"),
    ],
)
def test_addresses_are_taken_as_people_write_them(given: str, address: str) -> None:
    assert shop_address(given) == address


@pytest.mark.parametrize(
    "given", ["", "shop.example", "ftp://shop.example", "file:///etc/passwd", "http://[", "https://"]
)
def test_what_is_no_web_address_is_refused(given: str) -> None:
    with pytest.raises(Rejected) as caught:
        PrestaShopClient(given, KEY)
    assert caught.value.code == "address"


@responses.activate
def test_a_key_of_odd_characters_is_left_to_the_shop_to_refuse() -> None:
    add("GET", "/products", status=401, body=errors(18))
    with pytest.raises(PrestaShopError, match="exactly 32 characters"):
        PrestaShopClient(URL, "klucz-ąę").find_products(["A"])
