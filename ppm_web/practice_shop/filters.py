"""Which entities a list holds: filter[…], sort, limit and display, as the Webservice reads them."""

from __future__ import annotations

import difflib
import re
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from decimal import Decimal
from itertools import islice

from .conditions import ID, Condition, compared_keys, read_condition
from .errors import WebserviceError, failed_query
from .fields import Field, Resource
from .store import Entity, Table

_FILTER = re.compile(r"filter\[(\w+)\]")
_FILTER_BELOW = re.compile(r"filter\[(\w+)\]\[\w*\]")
_ORDER = re.compile(r"(\w+)_(ASC|DESC)", re.IGNORECASE)
_SHOWN = re.compile(r"(\w+)\s*(?:\[([^\]]*)\])?")
_DATES = frozenset({"date_add", "date_upd"})


@dataclass(frozen=True)
class Shown:
    """What display=[…] names: fields, and associations with the fields of their items."""

    fields: set[str]
    associations: dict[str, set[str]] = field(default_factory=dict)


def select_entities(table: Table, query: dict[str, str]) -> list[Entity]:
    """The entities of a list in their order, cut by limit.

    Filters as read_condition reads them (recordings list_filter_*). Raises WebserviceError: 500 with code 32
    (no such field, or a date without date=1), 34 (computed field), 31 (an association), 400 for a bad sort or
    limit.
    """
    if any(_FILTER_BELOW.fullmatch(name) for name in query):
        raise failed_query(31, "You cannot filter by the fields of an association")
    read = [
        read_condition(_filterable(table.resource, match[1], query), text)
        for name, text in query.items()
        if (match := _FILTER.fullmatch(name))
    ]
    conditions = [condition for condition in read if condition is not None]
    found = (
        entity
        for entity in _candidates(table, conditions)
        if all(condition.holds(entity) for condition in conditions)
    )
    start, end = _limits(query.get("limit", ""))
    if query.get("sort"):
        return _sorted(table.resource, list(found), query["sort"])[start:end]
    if table.resource.is_unordered:
        return sorted(found, key=lambda entity: str(entity.id))[start:end]
    # Lazily: a page of a list of 100,000 products does not look at all of them.
    return list(islice(found, start, end))


def asks_for_missing_date(resource: Resource, query: dict[str, str]) -> bool:
    """Whether a date is filtered on that the resource has not (WHOLE, trap 16)."""
    asked = {name for name in _DATES if f"filter[{name}]" in query} - set(resource.field_by_name)
    return bool(asked) and query.get("date") == "1"


def shown_fields(resource: Resource, display: str | None, prices: Iterable[str] = ()) -> Shown | None:
    """What display=[…] names; None for display=full. Raises WebserviceError: 500, code 35.

    prices are the names under which prices were asked for.
    """
    if display == "full":
        return None
    shown = Shown(set())
    text = (display or "").strip()
    for name, below in _SHOWN.findall(text[1:-1] if text.startswith("[") else text):
        if name in resource.association_by_name and below:
            shown.associations[name] = {part.strip() for part in below.split(",")}
        elif name == "id" or name in resource.field_by_name or name in prices:
            shown.fields.add(name)
        else:
            available = ", ".join(["id", *resource.field_by_name])
            raise failed_query(
                35, f'Unable to display this field "{name}". However, these are available: {available}'
            )
    return shown


def did_you_mean(wanted: str, names: Iterable[str], end: str = "") -> str:
    """The second half of the messages of codes 27 and 32: the nearest name, and all of them."""
    known = list(names)
    nearest = difflib.get_close_matches(wanted, known, n=1, cutoff=0)
    listed = ", ".join(f'"{name}"' for name in known)
    return f'Did you mean: "{nearest[0] if nearest else ""}"? The full list is: {listed}{end}'


def _filterable(resource: Resource, name: str, query: dict[str, str]) -> Field:
    field = ID if name == "id" else resource.field_by_name.get(name)
    if field is None or (name in _DATES and query.get("date") != "1"):
        names = ["id", *(f.name for f in resource.fields if not f.i18n and f.name not in _DATES)]
        raise failed_query(32, f"This filter does not exist. {did_you_mean(name, names)}")
    if field.computed:
        message = f'The field "{name}" is dynamic. It is not possible to filter GET query with this field.'
        raise failed_query(34, message)
    return field


def _candidates(table: Table, conditions: list[Condition]) -> Iterable[Entity]:
    """As few entities as the indexes allow; the conditions are checked on them afterwards."""
    for condition in conditions:
        name = condition.field.name
        if condition.field is ID and condition.exact is not None:
            wanted = sorted({int(Decimal(value)) for value in condition.exact})
            return [entity for identifier in wanted if (entity := table.get(identifier))]
        if condition.bounds:
            start = bisect_left(table.ids, Decimal(condition.bounds[0]))
            end = bisect_right(table.ids, Decimal(condition.bounds[1]))
            return [found for identifier in table.ids[start:end] if (found := table.get(identifier))]
        if condition.exact is not None and table.is_indexed(name):
            ids = {identifier for value in condition.exact for identifier in table.ids_where(name, value)}
            return [found for identifier in sorted(ids) if (found := table.get(identifier))]
    return table.all()


def _sorted(resource: Resource, entities: list[Entity], sort: str) -> list[Entity]:
    for part in reversed([part for part in sort.strip("[]").split(",") if part]):
        match = _ORDER.fullmatch(part.strip())
        field = ID if match and match[1] == "id" else resource.field_by_name.get(match[1] if match else "")
        if match is None or field is None or field.computed:
            raise WebserviceError(400, (38, f'Unable to sort by "{part}".'))
        entities.sort(key=_sort_key(field), reverse=match[2].upper() == "DESC")
    return entities


def _sort_key(field: Field) -> Callable[[Entity], tuple[Decimal, str]]:
    keys = compared_keys(field)

    def key(entity: Entity) -> tuple[Decimal, str]:
        first = next(iter(keys(entity)), "")
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
