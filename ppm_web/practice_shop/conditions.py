"""The values of filter[…]: which texts, numbers and ranges they accept."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation

from .collation import equal_key, fold, like
from .fields import Field
from .store import Entity

ID = Field("id", "integer")
# As the real shop reads them: what stands before the last "[" and after the last "]".
_EXPRESSION = re.compile(r"(.*)\[(.*)\](.*)")
_RANGE = re.compile(r"([\d.:\-\s]+),([\d.:\-\s]+)")
Key = str | Decimal
Keys = Callable[[Entity], Iterable[Key]]


@dataclass(frozen=True)
class Condition:
    """One filter. exact holds the values of a plain list, so that an index can serve it; else None."""

    field: Field
    accepts: Callable[[Key], bool]
    keys: Keys
    exact: tuple[str, ...] | None = None
    bounds: tuple[str, str] | None = None

    def holds(self, entity: Entity) -> bool:
        return any(self.accepts(key) for key in self.keys(entity))


def read_condition(field: Field, text: str) -> Condition | None:
    """None for an expression that the shop passes over, so that ALL rows come (WHOLE, trap 16).

    `[a|b]` is a list, `[1,5]` a range of numbers or dates, `[x]%` begins, `%[x]%` contains, `>[x]`, `<[x]`,
    `![x]`; without brackets it is the text itself.
    """
    match = _EXPRESSION.fullmatch(text)
    if match is None:
        return _exact(field, [text])
    before, inner, after = match.groups()
    if "%" in {before, after}:
        fits = like(before + inner + after)
        return Condition(field, lambda key: fits(str(key)), _folded(field))
    if after or before not in {"", ">", "<", "!"}:
        return None
    if before:
        return _compared(field, before, inner)
    if inner.find("|") > 0:
        return _exact(field, inner.split("|"))
    ends = _RANGE.fullmatch(inner)
    return _range(field, *_in_order(*ends.groups())) if ends else _exact(field, [inner])


def compared_keys(field: Field) -> Keys:
    """The values of a field as they are compared and sorted: numbers by size, texts as the database does."""

    def keys(entity: Entity) -> Iterable[Key]:
        if field is ID:
            return (Decimal(entity.id),)
        if field.i18n:
            return (equal_key(text) for text in entity.texts(field.name).values())
        key = _key(field, entity.text(field.name))
        return () if key is None else (key,)

    return keys


def _folded(field: Field) -> Keys:
    """The values of a field for LIKE, which looks at numbers as texts, too."""

    def keys(entity: Entity) -> Iterable[Key]:
        if field is ID:
            return (str(entity.id),)
        if field.i18n:
            return (fold(text) for text in entity.texts(field.name).values())
        return (fold(entity.text(field.name)),)

    return keys


def _exact(field: Field, values: list[str]) -> Condition:
    wanted = {key for value in values if (key := _key(field, value)) is not None}
    return Condition(
        field, wanted.__contains__, compared_keys(field), exact=tuple(str(key) for key in wanted)
    )


def _compared(field: Field, sign: str, value: str) -> Condition:
    keys = compared_keys(field)
    if sign == "!":
        refused = {_key(field, part) for part in value.split("|")}
        return Condition(field, lambda key: key not in refused, keys)
    wanted = _key(field, value)
    if wanted is None:
        return Condition(field, lambda _key: False, keys)
    if sign == ">":
        return Condition(field, lambda key: key > wanted, keys)  # type: ignore[operator]
    return Condition(field, lambda key: key < wanted, keys)  # type: ignore[operator]


def _range(field: Field, first: str, last: str) -> Condition:
    """From one to the other, both in it."""
    keys = compared_keys(field)
    low, high = _key(field, first.strip()), _key(field, last.strip())
    if low is None or high is None:
        return Condition(field, lambda _key: False, keys)
    bounds = (str(low), str(high)) if field is ID else None
    return Condition(field, lambda key: low <= key <= high, keys, bounds=bounds)  # type: ignore[operator]


def _in_order(first: str, last: str) -> tuple[str, str]:
    """As PHP sorts two texts: by size if both are numbers, else by their letters."""
    try:
        is_in_order = Decimal(first.strip()) <= Decimal(last.strip())
    except InvalidOperation:
        is_in_order = first <= last
    return (first, last) if is_in_order else (last, first)


def _key(field: Field, text: str) -> Key | None:
    if not field.is_number:
        return equal_key(text)
    try:
        number = Decimal(text)
    except InvalidOperation:
        return None
    # A short text can be a number of a billion digits (1e999999999): nothing in a shop is that large.
    return number if number.is_finite() and abs(number.adjusted()) < 30 else None
