from __future__ import annotations

import gzip
import socket
import ssl
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from ipaddress import IPv4Address
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from ppm_web.prestashop.client import PrestaShopClient
from ppm_web.prestashop.errors import PrestaShopError, ShopUnreachable, UnsafeAnswer
from ppm_web.prestashop.transport import BODY_LIMIT
from ppm_web.prestashop.values import Found
from tests.prestashop.wire import FOUND, HEAD, KEY, receive, socket_shop

IMPATIENT, PATIENT = (5, 0.3), (5, 60)
"""Timeouts: for what never comes, and for what comes, if the machine has the time."""


def ask(serve: Callable[[socket.socket], None], timeout: tuple[float, float] = PATIENT) -> PrestaShopError:
    with socket_shop(serve) as url, PrestaShopClient(url, KEY, timeout=timeout) as shop:
        with pytest.raises(PrestaShopError) as caught:
            shop.create_products([{"reference": "A"}])
        assert shop.exchanges[0].status is None
    return caught.value


def be_silent(connection: socket.socket) -> None:
    """Until the client has gone."""
    while connection.recv(65_536):
        pass


def drip_on(connection: socket.socket) -> None:
    """Far longer than any test waits: it ends because the client goes."""
    for _ in range(900):
        connection.sendall(b"x")
        time.sleep(0.1)


def test_silence_is_a_timeout_after_which_it_may_be_saved() -> None:
    error = ask(be_silent, IMPATIENT)
    assert isinstance(error, ShopUnreachable)
    assert (error.code, error.temporary, error.unanswered) == ("timeout", True, True)


def test_a_body_that_drips_is_given_up_when_the_time_for_all_of_it_is_up() -> None:
    def drip(connection: socket.socket) -> None:
        receive(connection)
        connection.sendall(HEAD % 1_000)
        drip_on(connection)

    assert ask(drip, IMPATIENT).code == "timeout"


def test_headers_that_drip_are_given_up_too() -> None:
    def drip(connection: socket.socket) -> None:
        receive(connection)
        connection.sendall(b"HTTP/1.1 200 OK\r\nX-Slow: ")
        drip_on(connection)

    assert ask(drip, IMPATIENT).code == "timeout"


@pytest.mark.parametrize("sent", [b"", HEAD % 1_000 + b"<prestashop>", b"HTTP/1.1 20"])
def test_a_broken_connection_may_mean_saved(sent: bytes) -> None:
    def drop(connection: socket.socket) -> None:
        receive(connection)
        connection.sendall(sent)

    error = ask(drop)
    assert (error.code, error.temporary, error.unanswered) == ("connection", True, True)


def test_no_connection_means_that_nothing_was_sent() -> None:
    with socket.socket() as deaf:  # it keeps the port, and listens not
        deaf.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{deaf.getsockname()[1]}"
        with PrestaShopClient(url, KEY) as shop, pytest.raises(ShopUnreachable) as caught:
            shop.create_products([{"reference": "A"}])
    assert (caught.value.code, caught.value.temporary, caught.value.unanswered) == ("connection", True, False)


def test_a_body_over_the_limit_is_never_read_whole() -> None:
    sent = []

    def flood(connection: socket.socket) -> None:
        receive(connection)
        connection.sendall(HEAD % (10 * BODY_LIMIT))
        for _ in range(10 * BODY_LIMIT // 1_000_000):
            connection.sendall(b"x" * 1_000_000)
            sent.append(1_000_000)

    error = ask(flood)
    assert isinstance(error, UnsafeAnswer)
    assert not error.temporary
    assert sum(sent) < 2 * BODY_LIMIT


def test_a_packed_bomb_is_given_up_at_the_limit() -> None:
    packed = gzip.compress(b" " * 5 * BODY_LIMIT, 9)

    def serve(connection: socket.socket) -> None:
        receive(connection)
        head = (HEAD % len(packed)).replace(b"\r\n\r\n", b"\r\nContent-Encoding: gzip\r\n\r\n")
        connection.sendall(head + packed)

    assert isinstance(ask(serve), UnsafeAnswer)


def test_an_error_of_the_wire_does_not_carry_requests_exception_with_it() -> None:
    error = ask(lambda connection: None)
    assert error.__context__ is None
    assert error.__cause__ is None


def test_a_certificate_that_is_not_valid_is_told_and_no_key_is_sent(tmp_path: Path) -> None:
    certificate, key = self_signed(tmp_path)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    received = []

    def serve(connection: socket.socket) -> None:
        with context.wrap_socket(connection, server_side=True) as secure:
            received.append(secure.recv(1_000))

    with (
        socket_shop(serve) as url,
        PrestaShopClient(url.replace("http", "https"), KEY) as shop,
        pytest.raises(ShopUnreachable, match="certificate is not valid") as caught,
    ):
        shop.find_products(["A"])
    assert (caught.value.code, caught.value.temporary, caught.value.unanswered) == (
        "certificate",
        False,
        False,
    )
    assert received == []


def test_https_is_bounded_like_http(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    certificate, key = self_signed(tmp_path)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    monkeypatch.setattr("requests.adapters.DEFAULT_CA_BUNDLE_PATH", str(certificate))

    def serve(connection: socket.socket) -> None:
        with context.wrap_socket(connection, server_side=True) as secure:
            receive(secure)
            secure.sendall(HEAD % len(FOUND) + FOUND)
            receive(secure)
            secure.sendall(HEAD % 1_000)
            drip_on(secure)

    address = socket_shop(serve)
    with address as url, PrestaShopClient(url.replace("http", "https"), KEY, timeout=(5, 1)) as shop:
        assert shop.find_products(["A"]) == {"A": Found((1,))}
        with pytest.raises(ShopUnreachable) as caught:
            shop.find_products(["A"])
    assert caught.value.code == "timeout"


def self_signed(folder: Path) -> tuple[Path, Path]:
    private = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder(name, name, private.public_key(), x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(
            x509.SubjectAlternativeName([x509.IPAddress(IPv4Address("127.0.0.1"))]), critical=False
        )
        .sign(private, hashes.SHA256())
    )
    (folder / "cert.pem").write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    (folder / "key.pem").write_bytes(
        private.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    return folder / "cert.pem", folder / "key.pem"
