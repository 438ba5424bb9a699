"""/__practice: what the shop counted, and the faults that it shall have."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import TYPE_CHECKING

from .faults import FaultError
from .messages import Answer, Request

if TYPE_CHECKING:
    from .shop import PracticeShop

PREFIX = "/__practice"


def answer_control(shop: PracticeShop, request: Request) -> Answer | None:
    """Answer a request below /__practice, in JSON; None for any other path. These are not counted.

    GET stats         PracticeShop.stats
    GET faults        {"faults": [{"name", "rate", "next", "method", "resource"}]}
    POST faults       {"NAME": RATE or {"next": N, "method": …, "resource": …}} replaces all; bad ones: 400
    POST reset-stats  forgets the counts; answers them as they are then
    """
    if request.path != PREFIX and not request.path.startswith(f"{PREFIX}/"):
        return None
    name = request.path.removeprefix(PREFIX).strip("/")
    method = "GET" if request.method == "HEAD" else request.method
    answer = ANSWERS.get((method, name))
    if answer is not None:
        return answer(shop, request)
    known = ", ".join(f"{wanted} {PREFIX}/{path}" for wanted, path in ANSWERS)
    return _json(404, {"error": f"there are: {known}"})


def _show_stats(shop: PracticeShop, _request: Request) -> Answer:
    return _json(200, shop.stats())


def _show_faults(shop: PracticeShop, _request: Request) -> Answer:
    return _json(200, {"faults": shop.faults})


def _set_faults(shop: PracticeShop, request: Request) -> Answer:
    try:
        wanted = json.loads(request.body)
    except (ValueError, RecursionError):
        return _json(400, {"error": "the body is no JSON"})
    if not isinstance(wanted, dict):
        return _json(400, {"error": 'the body must be an object: {"NAME": RATE}'})
    try:
        shop.set_faults(wanted)
    except FaultError as error:
        return _json(400, {"error": str(error)})
    return _json(200, {"faults": shop.faults})


def _reset_stats(shop: PracticeShop, _request: Request) -> Answer:
    shop.reset_stats()
    return _json(200, shop.stats())


def _json(status: int, value: object) -> Answer:
    return Answer(status, json.dumps(value).encode() + b"\n", "application/json")


ANSWERS: dict[tuple[str, str], Callable[[PracticeShop, Request], Answer]] = {
    ("GET", "stats"): _show_stats,
    ("GET", "faults"): _show_faults,
    ("POST", "faults"): _set_faults,
    ("POST", "reset-stats"): _reset_stats,
}
