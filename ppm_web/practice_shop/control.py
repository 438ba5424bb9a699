"""/__practice: what the shop counted, and the faults that it shall have."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import TYPE_CHECKING

from .deeds import DEEDS, do_deed
from .messages import Answer, Request

if TYPE_CHECKING:
    from .shop import PracticeShop

PREFIX = "/__practice"


def answer_control(shop: PracticeShop, request: Request) -> Answer | None:
    """Answer a request below /__practice, in JSON; None for any other path. These are not counted.

    GET stats         PracticeShop.stats
    GET picture       PracticeShop.picture: every row of every resource
    GET faults        {"faults": [{"name", "rate", "next", "method", "resource"}]}
    POST faults       {"NAME": RATE or {"next": N, "method": …, "resource": …}} replaces all; bad ones: 400
    POST reset-stats  forgets the counts; answers them as they are then
    POST sell         {"product": 7, "combination": 0, "quantity": 1}: lowers the stock as a sale does;
                      answers {"result": what is left}. So every deed of BackOffice, by its parameters:
                      POST edit {"resource": "products", "identifier": 7, "fields": {"price": "9"}} …
                      "store": 2 does it in that store of several
                      Wrong parameters, and what cannot be done: 400
    """
    if request.path != PREFIX and not request.path.startswith(f"{PREFIX}/"):
        return None
    name = request.path.removeprefix(PREFIX).strip("/")
    method = "GET" if request.method == "HEAD" else request.method
    answer = ANSWERS.get((method, name))
    if answer is not None:
        return answer(shop, request)
    if method == "POST" and name in DEEDS:
        return _do_deed(shop, name, request)
    paths = [*ANSWERS, *(("POST", deed) for deed in DEEDS)]
    known = ", ".join(f"{wanted} {PREFIX}/{path}" for wanted, path in paths)
    return _json(404, {"error": f"there are: {known}"})


def _show_stats(shop: PracticeShop, _request: Request) -> Answer:
    return _json(200, shop.stats())


def _show_picture(shop: PracticeShop, _request: Request) -> Answer:
    return _json(200, shop.picture())


def _show_faults(shop: PracticeShop, _request: Request) -> Answer:
    return _json(200, {"faults": shop.faults})


def _set_faults(shop: PracticeShop, request: Request) -> Answer:
    try:
        shop.set_faults(_sent(request))
    except ValueError as error:
        return _json(400, {"error": str(error)})
    return _json(200, {"faults": shop.faults})


def _do_deed(shop: PracticeShop, name: str, request: Request) -> Answer:
    try:
        result = do_deed(shop.back_office, name, _sent(request))
    except ValueError as error:
        return _json(400, {"error": str(error)})
    return _json(200, {"result": result})


def _sent(request: Request) -> dict[str, object]:
    """The object in the body. Raises ValueError for anything else."""
    try:
        sent = json.loads(request.body)
    except (ValueError, RecursionError) as error:
        raise ValueError("the body is no JSON") from error
    if not isinstance(sent, dict):
        raise ValueError('the body must be an object: {"NAME": VALUE}')
    return sent


def _reset_stats(shop: PracticeShop, _request: Request) -> Answer:
    shop.reset_stats()
    return _json(200, shop.stats())


def _json(status: int, value: object) -> Answer:
    return Answer(status, json.dumps(value).encode() + b"\n", "application/json")


ANSWERS: dict[tuple[str, str], Callable[[PracticeShop, Request], Answer]] = {
    ("GET", "stats"): _show_stats,
    ("GET", "picture"): _show_picture,
    ("GET", "faults"): _show_faults,
    ("POST", "faults"): _set_faults,
    ("POST", "reset-stats"): _reset_stats,
}
