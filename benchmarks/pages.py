"""What the pages of long lists take on the server, with very much and with little on the same page (R20).

Each address is asked of both houses in turn, and its median with much is divided by that with little; the
worst address decides. All show full pages of the same length. What searches texts for something rare is
not among them: that reads what there is.
"""

from __future__ import annotations

import time
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from statistics import median
from typing import Any, Final

from flask.testing import FlaskClient
from sqlalchemy import event

from benchmarks import page_data
from benchmarks.figures import Figure, Result, Side, ratio
from benchmarks.house import House, open_house
from benchmarks.page_data import BATCH_ID, FEW, MANY
from ppm_web.extensions import db

ADDRESSES: Final[Mapping[str, Sequence[str]]] = {
    "page_products": (
        "/products",
        "/products?after=MUG-000049",
        "/products?q=mug",
        "/products?sort=name",
        "/products?sort=-price",
        "/products?sort=-changed",
        "/products?shop=1&state=error",
        "/products?shop=3&state=synced",
    ),
    "page_batch": (
        f"/batches/{BATCH_ID}",
        f"/batches/{BATCH_ID}?after=failed.1.9",
        f"/batches/{BATCH_ID}?outcome=waiting",
        f"/batches/{BATCH_ID}/progress",
    ),
    "page_failed": (
        "/failures",
        "/failures?shop=1",
        "/failures?view=list",
        "/failures?view=list&shop=1",
        "/failures?view=list&kind=permanent",
    ),
}
NAMES: Final = tuple(ADDRESSES)
ROUNDS: Final = 25
STATEMENTS: Final = 20
"""A page needs fewer than these."""


@dataclass(frozen=True, slots=True)
class Timed:
    """An address: seconds with much and with little (medians), and the statements with much."""

    address: str
    many: float
    few: float
    statements: int

    @property
    def ratio(self) -> float:
        """How many times as long it takes with much."""
        return self.many / self.few


class WrongPageError(RuntimeError):
    """An address did not give its page; the message names it."""


def measure(wanted: Collection[str]) -> Iterator[Result]:
    """Fill a house with little and one with much, and ask both in turn."""
    with open_house() as house:
        few = _manager(house, page_data.fill(FEW))
        with open_house() as large:
            many = _manager(large, page_data.fill(MANY))
            for name in list(wanted):  # the group shortens it as we go
                yield _figure(name, [_timed(address, few, many) for address in ADDRESSES[name]])


def _figure(name: str, pages: Sequence[Timed]) -> Figure:
    worst = max(pages, key=lambda page: page.ratio)
    most = max(pages, key=lambda page: page.statements)
    amounts = f"{MANY.products} products in {page_data.SHOPS} shops, {MANY.failures} failures"
    broken = "" if most.statements < STATEMENTS else f"{most.address} needs {most.statements} statements"
    others = ", ".join(f"{page.address} {page.ratio:.2f}" for page in pages if page is not worst)
    return ratio(
        name,
        Side(
            worst.many * 1000,
            "ms",
            f"{worst.address} with {amounts}, median of {ROUNDS}, {worst.statements} statements "
            f"(at most {most.statements}: {most.address})",
        ),
        Side(worst.few * 1000, "ms", f"the same page with {FEW.products}; the others' ratios: {others}"),
        broken,
    )


def _timed(address: str, few: FlaskClient, many: FlaskClient) -> Timed:
    _seconds(few, address), _seconds(many, address)  # the first ones compile templates and statements
    pairs = [(_seconds(few, address), _seconds(many, address)) for _ in range(ROUNDS)]
    with many.application.app_context(), _counted() as statements:
        _seconds(many, address)
    return Timed(
        address,
        many=median(seconds for _, seconds in pairs),
        few=median(seconds for seconds, _ in pairs),
        statements=len(statements),
    )


def _seconds(client: FlaskClient, address: str) -> float:
    began = time.perf_counter()
    answer = client.get(address)
    took = time.perf_counter() - began
    if answer.status_code != 200:
        raise WrongPageError(f"{address}: {answer.status}")
    return took


@contextmanager
def _counted() -> Iterator[list[str]]:
    seen: list[str] = []

    def note(_connection: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        if not statement.startswith(("BEGIN", "PRAGMA")):
            seen.append(statement)

    engine = db.engine
    event.listen(engine, "before_cursor_execute", note)
    try:
        yield seen
    finally:
        event.remove(engine, "before_cursor_execute", note)


def _manager(house: House, session_id: str) -> FlaskClient:
    """The browser of somebody who is signed in."""
    client = house.app.test_client()
    with client.session_transaction() as session:
        session.update(_user_id=session_id, _fresh=True)
    return client
