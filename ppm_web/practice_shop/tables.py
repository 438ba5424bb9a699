"""The rows of a shop in memory: tables with their indexes, and which products are in which category."""

from __future__ import annotations

from bisect import bisect_left, insort
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field

from .collation import equal_key
from .fields import Resource, TextValue, Value

Associations = dict[str, list[dict[str, str]]]


@dataclass(slots=True)
class Entity:
    """One row. Never changed in place: a save puts a new one in its stead.

    stores holds what is the own of each store that has the row, where one PrestaShop has several (see
    `stores`); a row of a shop that was always a single one has it empty.
    """

    id: int
    fields: dict[str, Value]
    associations: Associations = field(default_factory=dict)
    stores: dict[int, dict[str, Value]] = field(default_factory=dict)

    def text(self, name: str) -> str:
        """A plain field as text; empty if it is missing or null."""
        value = self.fields.get(name)
        return value if isinstance(value, str) else ""

    def texts(self, name: str) -> TextValue:
        """A field in several languages, by language id; empty if it is missing."""
        value = self.fields.get(name)
        return value if isinstance(value, dict) else {}

    def number(self, name: str) -> int:
        """A whole number; 0 if it is missing or none."""
        text = self.text(name)
        return int(text) if text.lstrip("-").isdecimal() else 0


class Table:
    """The entities of one resource, by id, with an index for each field of Resource.indexed."""

    def __init__(self, resource: Resource) -> None:
        self.resource = resource
        self.rows: dict[int, Entity] = {}
        self.ids: list[int] = []
        self.last_id = 0
        self._indexes: dict[str, defaultdict[str, list[int]]] = {
            name: defaultdict(list) for name in resource.indexed
        }

    def get(self, identifier: int) -> Entity | None:
        return self.rows.get(identifier)

    def all(self) -> Iterator[Entity]:
        """All entities, in the order of their ids."""
        return (self.rows[identifier] for identifier in self.ids)

    def where(self, name: str, value: str | int) -> list[Entity]:
        """The entities whose indexed field has this value, in the order of their ids."""
        return [self.rows[identifier] for identifier in self.ids_where(name, str(value))]

    def ids_where(self, name: str, value: str) -> list[int]:
        return self._indexes[name].get(equal_key(value), [])

    def is_indexed(self, name: str) -> bool:
        return name in self._indexes

    def put(self, entity: Entity) -> None:
        old = self.rows.get(entity.id)
        if old is None:
            insort(self.ids, entity.id)
            self.last_id = max(self.last_id, entity.id)
        else:
            self._forget(old)
        self.rows[entity.id] = entity
        for name, index in self._indexes.items():
            insort(index[equal_key(entity.text(name))], entity.id)

    def remove(self, entity: Entity) -> None:
        self._forget(entity)
        del self.rows[entity.id]
        del self.ids[bisect_left(self.ids, entity.id)]

    def _forget(self, entity: Entity) -> None:
        for name, index in self._indexes.items():
            key = equal_key(entity.text(name))
            ids = index[key]
            del ids[bisect_left(ids, entity.id)]
            if not ids:
                del index[key]


class CategoryProducts:
    """Which products are in a category, each with its position there, from 1.

    A product that leaves leaves a hole; one that comes goes behind the last. Not in the file: after a restart
    the products stand in the order of their ids.
    """

    def __init__(self) -> None:
        self._positions: defaultdict[int, dict[int, int]] = defaultdict(dict)

    def products(self, category: int) -> list[int]:
        """In the order of their positions."""
        positions = self._positions.get(category, {})
        return sorted(positions, key=positions.__getitem__)

    def position(self, category: int, product: int) -> int | None:
        return self._positions.get(category, {}).get(product)

    def change(self, product: int, old: set[int], new: set[int]) -> None:
        for category in old - new:
            self._positions[category].pop(product, None)
        for category in new - old:
            # The last one was put in last: no need to look at all of 10,000 for the highest position.
            positions = self._positions[category]
            last = positions[next(reversed(positions))] if positions else 0
            positions[product] = last + 1

    def move(self, category: int, product: int, position: int) -> None:
        """Put a product there, and number all anew, without holes; one that is not in it moves nothing."""
        others = [other for other in self.products(category) if other != product]
        if len(others) < len(self._positions[category]):
            others.insert(position - 1, product)
        self._positions[category] = {other: place for place, other in enumerate(others, 1)}
