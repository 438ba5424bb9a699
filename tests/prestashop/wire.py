"""A shop at the wire: recorded answers of a real one, and small answers written here."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import responses
from requests import PreparedRequest

from ppm_web.prestashop.client import PrestaShopClient
from ppm_web.prestashop.values import ShopProfile

URL = "https://shop.example"
KEY = "KEYKEYKEYKEYKEYKEYKEYKEYKEYKEY32"
HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: text/xml\r\nContent-Length: %d\r\n\r\n"
RECORDINGS = Path(__file__).parent.parent / "data" / "recordings"


def recording(name: str) -> tuple[int, dict[str, str], bytes]:
    """Status, headers and body of a recorded answer of PrestaShop 8.2.0."""
    response = (RECORDINGS / f"{name}.txt").read_text().partition("--- response\n")[2]
    head, _, body = response.partition("\n\n")
    first, *lines = head.splitlines()
    headers = dict(line.split(": ", 1) for line in lines)
    for length in ("Content-Length", "Transfer-Encoding"):
        headers.pop(length, None)
    return int(first.split()[1]), headers, body.encode()


def xml(inner: str) -> bytes:
    """A body of the Webservice."""
    return f'<?xml version="1.0" encoding="UTF-8"?>\n<prestashop>{inner}</prestashop>'.encode()


FOUND = xml("<products><product><id>1</id><reference>A</reference></product></products>")


def errors(*codes: int) -> bytes:
    """An error body with these codes."""
    return xml(
        "<errors>"
        + "".join(f"<error><code>{c}</code><message>m{c}</message></error>" for c in codes)
        + "</errors>"
    )


def listed(node: str, *rows: str) -> bytes:
    """A list of entities; each row is the inside of one."""
    return xml("<list>" + "".join(f"<{node}>{row}</{node}>" for row in rows) + "</list>")


def add_recording(method: str, path: str, name: str) -> None:
    """Let `responses` answer a request with a recording; the path has no query."""
    status, headers, body = recording(name)
    add(method, path, status, body, headers)


def add(
    method: str, path: str, status: int = 200, body: bytes = b"", headers: Mapping[str, str] | None = None
) -> None:
    """Let `responses` answer a request to a path below /api, whatever its query."""
    given = dict(headers or {})
    content_type = given.pop("Content-Type", "text/xml;charset=utf-8")
    responses.add(
        method, f"{URL}/api{path}", body=body, status=status, headers=given, content_type=content_type
    )


def calls() -> list[PreparedRequest]:
    """The requests that `responses` has seen."""
    return [call.request for call in responses.calls]


def body_of(request: PreparedRequest) -> str:
    """The XML that was sent."""
    assert isinstance(request.body, bytes)
    return request.body.decode()


def asked(number: int = -1) -> str:
    """Path and query of a request, decoded, without the address."""
    return unquote(str(calls()[number].url)).removeprefix(f"{URL}/api")


def client(**arguments: Any) -> PrestaShopClient:
    """A client of the shop."""
    return PrestaShopClient(URL, KEY, **arguments)


def profile(
    version: str = "8.2.0", can_patch: bool = True, rights: Mapping[str, frozenset[str]] | None = None
) -> ShopProfile:
    """A small shop."""
    return ShopProfile(version, "Shop", (), 1, 14, 2, 1, (), can_patch, rights or {})


@contextmanager
def socket_shop(serve: Callable[[socket.socket], None]) -> Iterator[str]:
    """A server that gives each connection to `serve`; yields its address. For what no fake can do: silence,
    broken connections and drips."""
    listener = socket.create_server(("127.0.0.1", 0))
    stopped = threading.Event()

    def accept() -> None:
        while not stopped.is_set():
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            with connection:
                if not stopped.is_set():
                    with suppress(OSError):  # the client has gone, as it should
                        serve(connection)

    thread = threading.Thread(target=accept, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    finally:
        stopped.set()
        with socket.create_connection(listener.getsockname()):
            pass
        thread.join(5)
        listener.close()


def receive(connection: socket.socket) -> None:
    """Read one request of the client."""
    data = b""
    while b"</prestashop>" not in data and b"GET" not in data:
        data += connection.recv(65_536)
