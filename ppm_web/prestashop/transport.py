"""One kept-alive HTTP session to a shop, in which nothing can last for ever.

requests' own timeout is for each read, so a shop that drips a byte every few seconds would hold a worker for
hours. Here the whole answer, headers and body, must arrive within twice the read timeout; and a body is never
read beyond BODY_LIMIT.
"""

from __future__ import annotations

import http.client
import io
import socket
import time
from typing import Any

import requests
from requests.adapters import HTTPAdapter
from requests.auth import HTTPBasicAuth
from urllib3 import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.connection import HTTPConnection, HTTPSConnection

from ppm_web.prestashop.errors import UnsafeAnswer

BODY_LIMIT = 20 * 1024 * 1024  # bytes, unpacked; 300 products are about 3 MB
USER_AGENT = "PPM/0.1 (product manager for PrestaShop)"
_SEND_SECONDS = 30.0  # for handing a body of some MB to a slow line
_CHUNK = 16 * 1024  # small, so that a packed bomb unpacks to little more than the limit


def open_session(key: str) -> requests.Session:
    """A session that gives the key by HTTP Basic, with an empty password (recording auth_root_basic_xml).

    trust_env is off: a proxy or a .netrc of this machine shall neither see nor replace the key.
    """
    session = requests.Session()
    session.trust_env = False
    session.auth = HTTPBasicAuth(key.encode(), b"")
    session.headers["User-Agent"] = USER_AGENT
    session.mount("http://", _BoundedAdapter())
    session.mount("https://", _BoundedAdapter())
    return session


def read_body(response: requests.Response) -> bytes:
    """The whole body, unpacked. UnsafeAnswer when it is over BODY_LIMIT: the rest is not even read.

    requests' exceptions when the connection breaks or the time is up.
    """
    parts: list[bytes] = []
    size = 0
    for part in response.iter_content(_CHUNK):
        size += len(part)
        if size > BODY_LIMIT:
            raise UnsafeAnswer(
                f"The shop's answer is bigger than {BODY_LIMIT // 1024 // 1024} MB: it was not read",
                status=response.status_code,
            )
        parts.append(part)
    return b"".join(parts)


class _BoundedReader(io.RawIOBase):
    """Reads from a socket until a deadline; each read waits no longer than the socket's timeout did."""

    def __init__(self, sock: socket.socket) -> None:
        self._sock = sock
        self._raw = sock.makefile("rb", buffering=0)
        self._patience = sock.gettimeout() or _SEND_SECONDS
        self._deadline = time.monotonic() + 2 * self._patience

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int | None:
        remaining = self._deadline - time.monotonic()
        if remaining <= 0:
            raise TimeoutError("the whole answer took too long")
        self._sock.settimeout(min(self._patience, remaining))
        return self._raw.readinto(buffer)

    def close(self) -> None:
        self._raw.close()
        super().close()


class BoundedResponse(http.client.HTTPResponse):
    """An answer that has arrived whole within twice the read timeout, or fails as a timeout."""

    def __init__(self, sock: socket.socket, *args: Any, **kwargs: Any) -> None:
        super().__init__(sock, *args, **kwargs)
        self.fp.close()
        self.fp = io.BufferedReader(_BoundedReader(sock))


class _HttpConnection(HTTPConnection):
    response_class = BoundedResponse

    def request(self, *args: Any, **kwargs: Any) -> None:
        if self.sock is None:
            self.connect()
        # Without this a body has only the connect timeout, or what the last answer left, to be sent in.
        self.sock.settimeout(_SEND_SECONDS)
        super().request(*args, **kwargs)


class _HttpsConnection(HTTPSConnection):
    response_class = BoundedResponse

    def request(self, *args: Any, **kwargs: Any) -> None:
        if self.sock is None:
            self.connect()
        self.sock.settimeout(_SEND_SECONDS)
        super().request(*args, **kwargs)


class _HttpPool(HTTPConnectionPool):
    ConnectionCls = _HttpConnection


class _HttpsPool(HTTPSConnectionPool):
    ConnectionCls = _HttpsConnection


class _BoundedAdapter(HTTPAdapter):
    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        super().init_poolmanager(*args, **kwargs)
        self.poolmanager.pool_classes_by_scheme = {"http": _HttpPool, "https": _HttpsPool}
