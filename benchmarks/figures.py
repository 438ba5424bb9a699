"""Figures and their goals, and the lines that tell them (interface: "make bench")."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

GOALS: Final[dict[str, str]] = {
    "requests_created_100": "<=8",
    "requests_price_100": "<=4",
    "requests_stock_100": "<=2",
    "requests_unchanged_100": "<=0",
    "requests_stock_10k": "<=45",
    "throughput_vs_wire": ">=0.8",
    "throughput_vs_single": ">=2.3",
    "throughput_vs_celery": ">=2",
    "two_shops": ">=1.6",
    "four_shops": ">=2.5",
    "dead_shop_cost": "<=0.1",
    "batch_start_100k": "<=3",
    "batch_start_memory": "<=50",
    "nightly_unchanged_100k": "<=3",
    "broker_memory": "<=1.1",
    "worker_memory": "<=100",
    "button_during_batch": "<=2",
    "page_products": "<=2",
    "page_batch": "<=2",
    "page_failed": "<=2",
}
"""Name → goal, in the order in which they are told. Memory is in MB (10**6 bytes), the button in seconds."""

NAMES: Final = tuple(GOALS)


class UnknownFigureError(ValueError):
    """A name that no figure has; the message lists those that there are."""


@dataclass(frozen=True, slots=True)
class Side:
    """One side of a ratio: how much, of what, and where it comes from."""

    amount: float
    unit: str
    what: str

    def __str__(self) -> str:
        return f"{shown(self.amount)} {self.unit}, {self.what}"


@dataclass(frozen=True, slots=True)
class Figure:
    """A figure that was measured.

    ``value`` is compared as it is shown, with three decimals. ``broken`` says why the goal is missed
    whatever the value is, "" where the value alone decides.
    """

    name: str
    value: float
    numerator: Side
    denominator: Side
    broken: str = ""

    @property
    def met(self) -> bool:
        """Whether the goal is met."""
        return not self.broken and meets(self.value, GOALS[self.name])

    @property
    def lines(self) -> list[str]:
        """Numerator, denominator, and the line that scripts read."""
        told = [f"{self.name}: numerator {self.numerator}", f"{self.name}: denominator {self.denominator}"]
        if self.broken:
            told.append(f"{self.name}: {self.broken}")
        return [*told, verdict(self.name, shown(self.value), self.met)]


@dataclass(frozen=True, slots=True)
class Failure:
    """A figure that could not be measured, and why: its goal is missed."""

    name: str
    reason: str
    met: bool = False

    @property
    def lines(self) -> list[str]:
        """The reason, and the line that scripts read."""
        return [f"{self.name}: {self.reason}", verdict(self.name, "nan", self.met)]


Result = Figure | Failure


def ratio(name: str, numerator: Side, denominator: Side, broken: str = "") -> Figure:
    """A figure that is one side divided by the other."""
    return Figure(name, numerator.amount / denominator.amount, numerator, denominator, broken)


def wanted_names(text: str) -> list[str]:
    """The figures named in ``text``, in their order; all of them where it names none.

    Raises UnknownFigureError.
    """
    named = set(text.replace(",", " ").split())
    if unknown := sorted(named - set(NAMES)):
        raise UnknownFigureError(f"There is no figure {', '.join(unknown)}. There are: {', '.join(NAMES)}")
    return [name for name in NAMES if name in named or not named]


def all_met(results: Sequence[Result]) -> bool:
    """Whether every goal is met."""
    return all(result.met for result in results)


def meets(value: float, goal: str) -> bool:
    """Whether a value, as it is shown, meets a goal such as ``<=8``; what is no number meets none."""
    comparison, bound = goal[:2], float(goal[2:])
    rounded = round(value, 3)
    return rounded <= bound if comparison == "<=" else rounded >= bound


def shown(value: float) -> str:
    """A number with at most three decimals: 8, 0.931, 1234.5."""
    if math.isnan(value):
        return "nan"
    return f"{round(value, 3) + 0:.3f}".rstrip("0").rstrip(".")


def verdict(name: str, value: str, met: bool) -> str:
    """The line that scripts read: ``bench: NAME VALUE GOAL met``, or ``missed``."""
    return f"bench: {name} {value} {GOALS[name]} {'met' if met else 'missed'}"
