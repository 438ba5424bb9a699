"""What an answer of a shop means: nobody else reads a status code."""

from __future__ import annotations

import base64
import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import requests

from ppm_web.prestashop import plain_words
from ppm_web.prestashop.errors import (
    ANSWER_LIMIT,
    HeaderStripped,
    KeyRefused,
    MethodRefused,
    NotFound,
    PrestaShopError,
    RateLimited,
    Rejected,
    ShopUnreachable,
    StoreRefused,
    tidy,
)
from ppm_web.prestashop.xml import parse_errors, read_document

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element

LONGEST_WAIT = 24 * 3600.0  # seconds; no Retry-After is believed beyond it


@dataclass(frozen=True, slots=True)
class Answer:
    """A whole answer, its body without the key."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    def text(self, most: int) -> str:
        """The beginning of the body, at most so many characters."""
        return self.body[: 4 * most].decode("utf-8", "replace")[:most]


@dataclass(frozen=True, slots=True)
class Reply:
    """What a success brought: the <prestashop> element, and the headers.

    printed: the beginning of what stood around the XML, as PHP notices do; "" = nothing.
    """

    root: Element
    headers: Mapping[str, str]
    printed: str = ""


@dataclass(frozen=True, slots=True)
class Exchange:
    """A request and its answer as the sync log keeps them: without the key, cut. status None: no answer.

    execution_seconds: time inside the shop's PHP, where it told (header Execution-Time).
    """

    method: str
    path: str
    request_text: str
    status: int | None
    answer_text: str
    duration_ms: int
    execution_seconds: float | None = None


def without_key(text: bytes, key: str) -> bytes:
    """The text with the key, and its form in the Authorization header, made unreadable."""
    plain = key.encode()
    if len(plain) < 8:  # no key: real ones have 32 characters (code 18)
        return text
    for secret in (plain, base64.b64encode(plain + b":").rstrip(b"=")):
        text = text.replace(secret, b"[key]")
    return text


def read_reply(answer: Answer, method: str, path: str) -> Reply:
    """What the answer brought, or the failure that it means, raised (README "status codes").

    A success is a 200 or 201 with XML without errors; anything else may or may not have been saved.
    """
    try:
        if answer.status not in {200, 201}:
            raise _refusal(answer, method, path)
        root, printed = read_document(answer.body)
        if root.find("errors") is not None:
            raise _server_error(answer.status, parse_errors(answer.body))
    except PrestaShopError as error:
        error.status = answer.status
        error.answer = tidy(answer.text(ANSWER_LIMIT))
        raise
    return Reply(root, answer.headers, tidy(printed))


def error_of_transport(  # noqa: PLR0911 -- a table
    failure: requests.RequestException,
) -> PrestaShopError:
    """The failure when no whole answer came. Nothing can have been saved if no connection was made."""
    if isinstance(failure, requests.ConnectTimeout):
        return ShopUnreachable(
            "The shop's server did not take the connection in time", code="timeout", unanswered=False
        )
    text = str(failure)
    if isinstance(failure, requests.Timeout) or "timed out" in text or "took too long" in text:
        return ShopUnreachable("The shop did not answer in time", code="timeout")
    if isinstance(failure, requests.exceptions.SSLError) and "CERTIFICATE_VERIFY_FAILED" in text:
        return ShopUnreachable(
            "The shop's certificate is not valid (expired, or for another name): renew it on the shop's host",
            code="certificate", temporary=False, unanswered=False,
        )  # fmt: skip
    if isinstance(failure, (requests.ConnectionError, requests.exceptions.ChunkedEncodingError)):
        if "NewConnectionError" in text or "NameResolutionError" in text:
            return ShopUnreachable(
                "There is no connection to the shop: its server is down, or the address is wrong",
                code="connection", unanswered=False,
            )  # fmt: skip
        return ShopUnreachable(
            "The connection to the shop broke before its answer was whole", code="connection"
        )
    if isinstance(failure, ValueError):  # requests' InvalidURL, MissingSchema, InvalidSchema
        return Rejected(
            "The shop's address is not a web address: correct it in the shop's settings", code="address"
        )
    return ShopUnreachable("The shop's answer could not be unpacked", code="not_xml")


def seconds_to_wait(header: str | None) -> float | None:
    """Retry-After in seconds, from both of its forms (a number, a date); None for none or nonsense."""
    if not header:
        return None
    try:
        seconds = float(header)
    except ValueError:
        try:
            when = parsedate_to_datetime(header)
        except ValueError:
            return None
        seconds = (when.replace(tzinfo=when.tzinfo or UTC) - datetime.now(UTC)).total_seconds()
    return None if math.isnan(seconds) else min(max(seconds, 0.0), LONGEST_WAIT)


def _refusal(answer: Answer, method: str, path: str) -> PrestaShopError:
    errors = parse_errors(answer.body)
    error = _by_status(answer, method, path, errors)
    error.shop_codes = tuple(code for code, _ in errors)
    error.retry_after = seconds_to_wait(answer.headers.get("Retry-After"))
    return error


def _by_status(  # noqa: PLR0911 -- a table of statuses
    answer: Answer, method: str, path: str, errors: list[tuple[int, str]]
) -> PrestaShopError:
    resource = path.strip("/").split("?")[0].split("/")[0]
    codes = [code for code, _ in errors]
    match answer.status:
        case 401 if not errors:
            return HeaderStripped(
                "The shop did not see the key: its host drops the Authorization header. Ask the host to pass "
                "it on (Apache: 'CGIPassAuth On', or a rewrite rule that sets HTTP_AUTHORIZATION)"
            )
        case 401:
            return KeyRefused(plain_words.key_refusal(codes, resource))
        case 403 if 132 in codes:
            return StoreRefused(
                "The key may not use this store of the PrestaShop: say which store it is for in the shop's "
                "settings, or with: flask shop set NAME --store ID"
            )
        case 403:
            return KeyRefused("The shop's host forbids the request: a firewall may block PPM's address")
        case 404:
            return NotFound(plain_words.refusal(errors) if errors else _not_found(answer, resource))
        case 405:
            return MethodRefused(
                f"The shop does not allow {method} for '{resource or 'the Webservice'}' with this key: "
                "tick it under Advanced Parameters > Webservice"
            )
        case 408:
            return ShopUnreachable("The shop's server gave up waiting for the request", code="timeout")
        case 429:
            return RateLimited("The shop asks for fewer requests: PPM waits and goes on more slowly")
        case status if status >= 500:
            return _server_error(status, errors)
        case status if 300 <= status < 400:
            return _redirected(answer, path)
        case 414:
            return Rejected("The shop's web server refuses an address of this length")
        case _:
            return Rejected(plain_words.refusal(errors))


def _not_found(answer: Answer, resource: str) -> str:
    if answer.body.strip():  # PrestaShop's own 404 of a GET is empty (recording get_product_404_xml)
        return (
            "There is no PrestaShop Webservice at this address: check the shop's address and 'Friendly URL'"
        )
    return f"The {plain_words.RESOURCE_WORDS.get(resource, resource)} is not in the shop any more"


def _server_error(status: int, errors: list[tuple[int, str]]) -> ShopUnreachable:
    if any(code == 22 for code, _ in errors):
        return ShopUnreachable(
            "The shop's Webservice is switched off: switch it on under Advanced Parameters > Webservice",
            code="webservice_off",
        )
    if status == 503:
        return ShopUnreachable("The shop is busy or under maintenance (HTTP 503)")
    said = f": {plain_words.clean(errors[0][1])[:300]}" if errors else " and did not say why"
    return ShopUnreachable(f"The shop had an error of its own (HTTP {status}){said}")


def _redirected(answer: Answer, path: str) -> Rejected:
    if (store := re.search(r"[?&]id_shop=(\d+)$", path)) and not answer.body.strip():
        return Rejected(
            f"The shop has no store {store[1]}: choose its store in the shop's settings, or with: "
            "flask shop set NAME --store ID",
            code="no_store",
        )
    target = urlsplit(answer.headers.get("Location", ""))
    where = f"{target.scheme}://{target.hostname}" if target.hostname else "another address"
    return Rejected(
        f"The shop sends PPM on to {where} (HTTP {answer.status}), which would give the key to whoever is "
        "there: enter the shop's final address in its settings",
        code="redirected",
    )
