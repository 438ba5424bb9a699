"""Faults: ways in which a shop or its host fails, at random or for the next requests."""

from __future__ import annotations

import math
import random
import threading
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

from .messages import Request

SAVE_FAULTS = frozenset(
    {"500-after-save", "504-after-save", "close-before-save", "close-after-save", "save-late"}
)
NAMES = SAVE_FAULTS | {
    "slow",
    "429",
    "429-retry-after",
    "503",
    "504",
    "500",
    "html-200",
    "key-refused",
    "notice",
}


class FaultError(ValueError):
    """A fault that cannot be set, in words for whoever asked."""


@dataclass
class Rule:
    """One fault: a rate from 0 to 1, or left for the next requests; maybe of one method or resource."""

    name: str
    rate: float = 0
    left: int = 0
    method: str | None = None
    resource: str | None = None

    def fits(self, request: Request) -> bool:
        if self.name in SAVE_FAULTS and not request.is_write:
            return False
        return (self.method in {None, request.effective_method}) and (
            self.resource in {None, request.resource}
        )


class Faults:
    """Decides which request a fault strikes, and counts. Thread-safe; with a seed the draws repeat."""

    def __init__(self, seed: int | None = None) -> None:
        self._random = random.Random(seed)  # noqa: S311 - for failing, not for secrets
        self._lock = threading.Lock()
        self._rules: list[Rule] = []
        self._struck: Counter[str] = Counter()

    def replace(self, wanted: Mapping[str, object]) -> None:
        """Set the faults, and forget those before. Raises FaultError, with nothing changed.

        A value is a rate from 0 to 1, or "3x" or {"next": 3} for the next three requests; as a dict it may
        also have "rate", "method" ("POST") and "resource" ("products").
        """
        rules = [_read_rule(name, value) for name, value in wanted.items()]
        with self._lock:
            self._rules = rules

    def add(self, rule: Rule) -> None:
        """Add one fault to those set. Raises FaultError for an unknown name."""
        _check_name(rule.name)
        with self._lock:
            self._rules.append(rule)

    def draw(self, request: Request) -> str | None:
        """The fault that strikes this request, if any: those for the next requests first, in their order."""
        with self._lock:
            name = self._next(request) or self._drawn(request)
            if name:
                self._struck[name] += 1
            return name

    @property
    def struck(self) -> dict[str, int]:
        """How often each fault has struck."""
        with self._lock:
            return dict(self._struck)

    def settings(self) -> list[dict[str, object]]:
        """The faults that are set, for reading."""
        with self._lock:
            return [
                {
                    "name": rule.name,
                    "rate": rule.rate,
                    "next": rule.left,
                    "method": rule.method,
                    "resource": rule.resource,
                }
                for rule in self._rules
            ]

    def reset_counts(self) -> None:
        with self._lock:
            self._struck.clear()

    def _next(self, request: Request) -> str | None:
        for rule in self._rules:
            if rule.left and rule.fits(request):
                rule.left -= 1
                if not rule.left and not rule.rate:
                    self._rules.remove(rule)
                return rule.name
        return None

    def _drawn(self, request: Request) -> str | None:
        for rule in self._rules:
            if rule.rate and rule.fits(request) and self._random.random() < rule.rate:
                return rule.name
        return None


def _read_rule(name: str, value: object) -> Rule:
    _check_name(name)
    if isinstance(value, str) and value.endswith("x") and value[:-1].isdecimal():
        return Rule(name, left=_count(name, int(value[:-1])))
    if isinstance(value, Mapping):
        unknown = set(value) - {"rate", "next", "method", "resource"}
        if unknown or not {"rate", "next"} & set(value):
            raise FaultError(f'{name}: give "rate" or "next", and maybe "method" and "resource"')
        return Rule(
            name,
            rate=_rate(name, value.get("rate", 0)),
            left=_count(name, value.get("next", 0)),
            method=_word(name, value.get("method")),
            resource=_word(name, value.get("resource")),
        )
    return Rule(name, rate=_rate(name, value))


def _check_name(name: str) -> None:
    if name not in NAMES:
        raise FaultError(f"unknown fault {name!r}: choose from {', '.join(sorted(NAMES))}")


def _rate(name: str, value: object) -> float:
    try:
        rate = math.nan if isinstance(value, bool) else float(value)  # type: ignore[arg-type]
    except (TypeError, ValueError, OverflowError):
        rate = math.nan
    if not 0 <= rate <= 1:
        raise FaultError(f"{name}: {value!r} is no rate from 0 to 1")
    return rate


def _count(name: str, value: object) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or value < 0:
        raise FaultError(f"{name}: {value!r} is no number of requests")
    return value


def _word(name: str, value: object) -> str | None:
    if value is None or isinstance(value, str):
        return value
    raise FaultError(f"{name}: {value!r} is no method or resource")
