"""Which entities a list holds: filter[…], sort, limit and display, as the Webservice reads them."""

from __future__ import annotations

import difflib
import re
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from itertools import islice

from .errors import WebserviceError, failed_query
from .fields import Field, Resource
from .store import Entity, Table, fold

_FILTER = re.compile(r"filter\[(\w+)\]")
_EXPRESSION = re.compile(r"([<>!]?)(%?)\[(.*)\](%?)", re.DOTALL)
_ORDER = re.compile(r"(\w+)_(ASC|DESC)", re.IGNORECASE)
_ID = Field("id", "integer")
_DATES = frozenset({"date_add", "date_upd"})
Key = str | Decimal


@dataclass(frozen=True)
class Condition:
    """One filter. exact holds the values of a plain list, so that an index can serve it; else None."""

    field: Field
    accepts: Callable[[Key], bool]
    exact: tuple[str, ...] | None = None
    bounds: tuple[str, str] | None = None

    def holds(self, entity: Entity) -> bool:
        return any(self.accepts(key) for key in _keys(entity, self.field))


def select_entities(table: Table, query: dict[str, str]) -> list[Entity]:
    """The entities of a list in their order, cut by limit.

    `[a|b]` is a list, `[a,b]` an interval, `[x]%` begins, `%[x]%` contains, `>[x]`, `<[x]`, `![x]`
    (recordings list_filter_*). Raises WebserviceError: 500 with code 32 (no such field, or a date without
    date=1), 34 (computed field), 400 for a bad sort or limit.
    """
    conditions = [
        _condition(_filterable(table.resource, match[1], query), text)
        for name, text in query.items()
        if (match := _FILTER.fullmatch(name))
    ]
    found = (
        entity
        for entity in _candidates(table, conditions)
        if all(condition.holds(entity) for condition in conditions)
    )
    start, end = _limits(query.get("limit", ""))
    if query.get("sort"):
        return _sorted(table.resource, list(found), query["sort"])[start:end]
    # Lazily: a page of a list of 100,000 products does not look at all of them.
    return list(islice(found, start, end))


def shown_fields(resource: Resource, display: str | None) -> set[str] | None:
    """The names in display=[…]; None for display=full. Raises WebserviceError: 500, code 35."""
    if display == "full":
        return None
    names = [name.strip() for name in (display or "").strip("[]").split(",")]
    for name in names:
        if name != "id" and name not in resource.field_by_name:
            available = ", ".join(["id", *resource.field_by_name])
            raise failed_query(
                35, f'Unable to display this field "{name}". However, these are available: {available}'
            )
    return set(names)


def did_you_mean(wanted: str, names: Iterable[str], end: str = "") -> str:
    """The second half of the messages of codes 27 and 32: the nearest name, and all of them."""
    known = list(names)
    nearest = difflib.get_close_matches(wanted, known, n=1, cutoff=0)
    listed = ", ".join(f'"{name}"' for name in known)
    return f'Did you mean: "{nearest[0] if nearest else ""}"? The full list is: {listed}{end}'


def _filterable(resource: Resource, name: str, query: dict[str, str]) -> Field:
    field = _ID if name == "id" else resource.field_by_name.get(name)
    if field is None or (name in _DATES and query.get("date") != "1"):
        names = ["id", *(f.name for f in resource.fields if not f.i18n and f.name not in _DATES)]
        raise failed_query(32, f"This filter does not exist. {did_you_mean(name, names)}")
    if field.computed:
        message = f'The field "{name}" is dynamic. It is not possible to filter GET query with this field.'
        raise failed_query(34, message)
    return field


def _condition(field: Field, text: str) -> Condition:
    match = _EXPRESSION.fullmatch(text)
    if match is None:
        return _exact(field, [text])
    sign, before, inner, after = match.groups()
    if before or after:
        return Condition(field, _like(inner, open_left=bool(before), open_right=bool(after)))
    if sign:
        return _compared(field, sign, inner)
    if "|" in inner:
        return _exact(field, inner.split("|"))
    if "," in inner:
        return _interval(field, inner.split(","))
    return _exact(field, [inner])


def _exact(field: Field, values: list[str]) -> Condition:
    keys = {key for value in values if (key := _key(field, value)) is not None}
    return Condition(field, keys.__contains__, exact=tuple(str(key) for key in keys))


def _like(part: str, *, open_left: bool, open_right: bool) -> Callable[[Key], bool]:
    wanted = fold(part)
    if open_left and open_right:
        return lambda key: wanted in str(key)
    if open_left:
        return lambda key: str(key).endswith(wanted)
    return lambda key: str(key).startswith(wanted)


def _compared(field: Field, sign: str, value: str) -> Condition:
    wanted = _key(field, value)
    if wanted is None:
        return Condition(field, lambda _key: False)
    if sign == "!":
        return Condition(field, lambda key: key != wanted)
    if sign == ">":
        return Condition(field, lambda key: key > wanted)  # type: ignore[operator]
    return Condition(field, lambda key: key < wanted)  # type: ignore[operator]


def _interval(field: Field, ends: list[str]) -> Condition:
    """From a to b, both in it. Three values find nothing (recording list_filter_ref_comma_is_interval)."""
    low, high = _key(field, ends[0]), _key(field, ends[-1])
    if len(ends) != 2 or low is None or high is None:
        return Condition(field, lambda _key: False)
    bounds = (ends[0], ends[1]) if field is _ID else None
    return Condition(field, lambda key: low <= key <= high, bounds=bounds)  # type: ignore[operator]


def _keys(entity: Entity, field: Field) -> Iterable[Key]:
    if field is _ID:
        return (Decimal(entity.id),)
    if field.i18n:
        return (fold(text) for text in entity.texts(field.name).values())
    key = _key(field, entity.text(field.name))
    return () if key is None else (key,)


def _key(field: Field, text: str) -> Key | None:
    """A value as it is compared: numbers by their size, texts without regard to case."""
    if not field.is_number:
        return fold(text)
    try:
        number = Decimal(text)
    except InvalidOperation:
        return None
    # A short text can be a number of a billion digits (1e999999999): nothing in a shop is that large.
    return number if number.is_finite() and abs(number.adjusted()) < 30 else None


def _candidates(table: Table, conditions: list[Condition]) -> Iterable[Entity]:
    """As few entities as the indexes allow; the conditions are checked on them afterwards."""
    for condition in conditions:
        name = condition.field.name
        if condition.field is _ID and condition.exact is not None:
            wanted = sorted({int(Decimal(value)) for value in condition.exact})
            return [entity for identifier in wanted if (entity := table.get(identifier))]
        if condition.bounds:
            start = bisect_left(table.ids, Decimal(condition.bounds[0]))
            end = bisect_right(table.ids, Decimal(condition.bounds[1]))
            return [table.rows[identifier] for identifier in table.ids[start:end]]
        if condition.exact is not None and table.is_indexed(name):
            ids = {identifier for value in condition.exact for identifier in table.ids_where(name, value)}
            return [table.rows[identifier] for identifier in sorted(ids)]
    return table.all()


def _sorted(resource: Resource, entities: list[Entity], sort: str) -> list[Entity]:
    for part in reversed([part for part in sort.strip("[]").split(",") if part]):
        match = _ORDER.fullmatch(part.strip())
        field = _ID if match and match[1] == "id" else resource.field_by_name.get(match[1] if match else "")
        if match is None or field is None or field.computed:
            raise WebserviceError(400, (38, f'Unable to sort by "{part}".'))
        entities.sort(key=_sort_key(field), reverse=match[2].upper() == "DESC")
    return entities


def _sort_key(field: Field) -> Callable[[Entity], tuple[Decimal, str]]:
    def key(entity: Entity) -> tuple[Decimal, str]:
        first = next(iter(_keys(entity, field)), "")
        return (first, "") if isinstance(first, Decimal) else (Decimal(0), first)

    return key


def _limits(limit: str) -> tuple[int, int | None]:
    """Where a list begins and ends."""
    if not limit:
        return 0, None
    match = re.fullmatch(r"(?:(\d{1,18}),)?(\d{1,18})", limit)
    if match is None:
        raise WebserviceError(400, (39, 'The "limit" value has to be formed as this example: "5,25" or "10"'))
    start = int(match[1] or 0)
    return start, start + int(match[2])
