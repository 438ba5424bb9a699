"""What the exchanges of a run say about how the shop takes them: values in, values out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from ppm_web.prestashop.answers import Exchange
from ppm_web.prestashop.errors import PrestaShopError, RateLimited

SLOWER: Final = 4
"""A shop that takes so many times as long as usual is asked less often ..."""

SLOW_SECONDS: Final = 0.25
"""... unless its requests take less than this each: that is jitter."""


def trouble(exchanges: Sequence[Exchange], error: Exception | None) -> str:
    """Why the shop should be asked less often, in words; "" for no reason.

    A Webservice that is switched off answers 503, too, but no pace helps there.
    """
    code = error.code if isinstance(error, PrestaShopError) else ""
    statuses = {exchange.status for exchange in exchanges}
    if isinstance(error, RateLimited) or 429 in statuses:
        return "the shop asked for fewer requests (HTTP 429)"
    if code == "timeout":
        return "the shop did not answer in time"
    if 503 in statuses and code != "webservice_off":
        return "the shop was busy (HTTP 503)"
    return ""


def times_by_kind(exchanges: Sequence[Exchange], entities: int) -> dict[str, float]:
    """Mean seconds inside the shop's PHP (Execution-Time) of each kind of request.

    A kind is method, resource, and the size of the group within a factor of two: only requests of
    one kind can be compared.
    """
    inside: dict[str, list[float]] = {}
    for exchange in exchanges:
        if exchange.execution_seconds is not None:
            kind = f"{exchange.method} {_resource(exchange)} {entities.bit_length()}"
            inside.setdefault(kind, []).append(exchange.execution_seconds)
    return {kind: sum(seconds) / len(seconds) for kind, seconds in inside.items()}


def seconds_a_product(exchanges: Sequence[Exchange], products: int) -> float | None:
    """Seconds of a product in what was written of products, the way to the shop included; None: nothing."""
    written = [
        exchange.duration_ms / 1000
        for exchange in exchanges
        if exchange.method != "GET" and _resource(exchange) == "products"
    ]
    return sum(written) / products if written else None


def slowed(times: Mapping[str, float], took: float, usual: float) -> str:
    """Why a shop that ``took`` and usually takes so many seconds should be asked less often; "" for not."""
    if not usual or took < SLOWER * usual or took < SLOW_SECONDS * len(times):
        return ""
    return f"the shop took {took / usual:.0f} times as long as usual"


def _resource(exchange: Exchange) -> str:
    """The path without ids and query: products, images/products."""
    parts = exchange.path.partition("?")[0].strip("/").split("/")
    return "/".join(part for part in parts if not part.isdecimal())
