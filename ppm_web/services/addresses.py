"""Which addresses PPM may call: a shop's address must not lead into the company's own network."""

from __future__ import annotations

import ipaddress
import socket
from urllib.parse import urlsplit

from flask import current_app


class AddressError(ValueError):
    """An address that cannot be a shop's; the message says why."""


def clean_shop_url(text: str) -> str:
    """A shop's address as it is kept: scheme, host, path; without a slash at the end and ``/api``.

    Raises AddressError for anything that is not http(s), or carries a user, a query or a fragment.
    """
    url = text.strip().rstrip("/").removesuffix("/api")
    parts = urlsplit(url)
    try:
        port_is_fine = parts.port is None or parts.port > 0
    except ValueError:
        port_is_fine = False
    if parts.scheme not in {"http", "https"} or not parts.hostname or not port_is_fine:
        raise AddressError(f"{text!r} is no shop address: write it like https://shop.example.com")
    if parts.username or parts.password or parts.query or parts.fragment:
        raise AddressError("A shop's address holds no user, password, question mark or #")
    return url


def check_public(url: str) -> None:
    """Raise AddressError when ``url`` leads to a private or loopback address.

    PPM_ALLOW_PRIVATE_SHOPS=1 allows those. A name that does not resolve is left to the request,
    which tells it better.
    """
    if current_app.config["ALLOW_PRIVATE_SHOPS"]:
        return
    host = urlsplit(url).hostname or ""
    for address in _resolve(host):
        if not ipaddress.ip_address(address).is_global:
            raise AddressError(
                f"{host} is an address inside the network ({address}). "
                "Set PPM_ALLOW_PRIVATE_SHOPS=1 if the shop really is there."
            )


def _resolve(host: str) -> set[str]:
    try:
        found = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        return set()
    return {str(entry[4][0]).split("%", maxsplit=1)[0] for entry in found}
