"""Getting a picture from a web address, without being led into the company's own network.

An address comes out of a file that somebody else may have written. So every hop is looked at: its address
before it is called, and the address that the socket really got after, because a name may resolve to something
else the second time.
"""

from __future__ import annotations

import ipaddress
import socket
from typing import Any
from urllib.parse import urljoin

import requests
from flask import current_app
from requests.adapters import HTTPAdapter
from urllib3 import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.connection import HTTPConnection, HTTPSConnection

from ppm_web.prestashop.errors import UnsafeAnswer
from ppm_web.prestashop.transport import USER_AGENT, BoundedResponse, read_body
from ppm_web.services.addresses import AddressError, check_public
from ppm_web.services.images.formats import MOST_BYTES, ImageError, megabytes

MOST_HOPS = 5
_TIMEOUT = (5, 15)  # seconds to connect, and half of what a whole answer may take
_TEMPORARY = frozenset({408, 425, 429})


def download(url: str) -> bytes:
    """What is at an http(s) address, at most MOST_BYTES, within 30 seconds a hop. No transaction may be open.

    Nothing that the server says of its type is believed. Raises ImageError; temporary for a timeout, a
    broken connection, a 429 and a 5xx.
    """
    with requests.Session() as session:
        session.trust_env = False  # a proxy of this machine would call private addresses for us
        session.mount("http://", _CheckedAdapter())
        session.mount("https://", _CheckedAdapter())
        for _ in range(MOST_HOPS):
            answer = _hop(session, url)
            if isinstance(answer, bytes):
                return answer
            url = urljoin(url, answer)
    raise ImageError(f"is not there: its address leads on to others, more than {MOST_HOPS} times")


def _hop(session: requests.Session, url: str) -> bytes | str:
    """The body, or the address that this one leads on to."""
    try:
        check_public(url)
        with session.get(
            url,
            headers={"User-Agent": USER_AGENT, "Accept": "image/*", "Accept-Encoding": "identity"},
            timeout=_TIMEOUT,
            allow_redirects=False,
            stream=True,
        ) as response:
            if response.is_redirect:
                return response.headers["Location"]
            _check_status(response.status_code)
            return read_body(response)
    except ImageError:
        raise
    except AddressError as error:
        raise _private(url) from error
    except UnsafeAnswer as error:
        raise ImageError(f"is too big: {megabytes(MOST_BYTES)} at most") from error
    except ValueError as error:  # requests' InvalidSchema and InvalidURL are such, too
        raise ImageError("leads to what is no http or https address") from error
    except requests.RequestException as error:
        if "CERTIFICATE_VERIFY_FAILED" in str(error):
            raise ImageError("cannot be fetched: its server's certificate is not valid") from error
        raise ImageError("cannot be fetched now: its server does not answer", temporary=True) from error


def _check_status(status: int) -> None:
    if status == 200:
        return
    if status in {404, 410}:
        raise ImageError(f"is not there any more: its server says so (HTTP {status})")
    if status in {401, 403}:
        raise ImageError(f"may not be fetched: its server wants a sign-in or forbids it (HTTP {status})")
    temporary = status in _TEMPORARY or status >= 500
    raise ImageError(f"cannot be fetched: its server answers with HTTP {status}", temporary=temporary)


def _private(url: str) -> ImageError:
    return ImageError(
        f"leads to an address inside the network ({url[:100]}), which PPM does not call for a picture. "
        "PPM_ALLOW_PRIVATE_SHOPS=1 allows those"
    )


def _check_peer(sock: Any, host: str) -> None:
    """Raise AddressError when the socket leads to a private or loopback address."""
    if current_app.config["ALLOW_PRIVATE_SHOPS"]:
        return
    peer = ipaddress.ip_address(str(sock.getpeername()[0]).partition("%")[0])
    mapped = peer.ipv4_mapped if isinstance(peer, ipaddress.IPv6Address) else None
    if not (mapped or peer).is_global:
        sock.close()
        raise AddressError(f"{host} leads inside the network ({peer})")


class _HttpConnection(HTTPConnection):
    response_class = BoundedResponse

    def _new_conn(self) -> socket.socket:
        sock = super()._new_conn()
        _check_peer(sock, self.host)
        return sock


class _HttpsConnection(HTTPSConnection):
    response_class = BoundedResponse

    def _new_conn(self) -> socket.socket:
        sock = super()._new_conn()
        _check_peer(sock, self.host)
        return sock


class _HttpPool(HTTPConnectionPool):
    ConnectionCls = _HttpConnection


class _HttpsPool(HTTPSConnectionPool):
    ConnectionCls = _HttpsConnection


class _CheckedAdapter(HTTPAdapter):
    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        super().init_poolmanager(*args, **kwargs)
        self.poolmanager.pool_classes_by_scheme = {"http": _HttpPool, "https": _HttpsPool}
