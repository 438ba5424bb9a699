"""What the shop holds: tables of entities with their indexes, in memory, and in a file if wanted."""

from __future__ import annotations

import threading
from bisect import bisect_left, insort
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from .collation import equal_key
from .data_file import DataFile, Row
from .fields import Resource, TextValue, Value
from .resources import RESOURCES

Associations = dict[str, list[dict[str, str]]]


@dataclass(slots=True)
class Entity:
    """One row. Never changed in place: a save puts a new one in its stead."""

    id: int
    fields: dict[str, Value]
    associations: Associations = field(default_factory=dict)

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


class Store:
    """All tables, and the pictures. Hold the lock (it is re-entrant) around every use.

    Writes go through `transaction`: what happens inside is in the file as a whole or not at all, even if the
    process is killed. Without a file everything is in memory only.
    """

    def __init__(self, data_file: Path | None = None) -> None:
        """Raises OSError or sqlite3.DatabaseError for a file that cannot be opened or is none of ours."""
        self.lock = threading.RLock()
        self.tables = {name: Table(resource) for name, resource in RESOURCES.items()}
        self.images = Table(Resource("images", "image", "Image", indexed=("id_product",)))
        self.tables["images"] = self.images
        self.pictures: dict[str, bytes] = {}
        self.memberships = CategoryProducts()
        self.is_closed = False
        self._file = DataFile(data_file) if data_file else None
        if self._file:
            self._load(self._file)

    def __getitem__(self, resource: str) -> Table:
        return self.tables[resource]

    @property
    def languages(self) -> list[str]:
        """The ids of the shop's languages, the default first."""
        found = self.tables["configurations"].where("name", "PS_LANG_DEFAULT")
        default = found[0].text("value") if found else ""
        known = [str(identifier) for identifier in self.tables["languages"].ids]
        return sorted(known, key=lambda language: language != default)

    @contextmanager
    def transaction(self) -> Iterator[None]:
        with self.lock:
            if self._file is None:
                yield
            else:
                with self._file.transaction():
                    yield

    def save(self, resource: str, entity: Entity) -> Entity:
        """Put an entity in; inside a transaction. An id of 0 is replaced by the next one."""
        table = self.tables[resource]
        if not entity.id:
            entity = Entity(table.last_id + 1, entity.fields, entity.associations)
        old = table.get(entity.id)
        table.put(entity)
        if resource == "products":
            self.memberships.change(entity.id, _categories(old), _categories(entity))
        if self._file:
            self._file.put(Row(resource, entity.id, entity.fields, entity.associations))
        return entity

    def change(self, resource: str, entity: Entity, **fields: Value) -> Entity:
        """Save an entity with some fields changed; inside a transaction."""
        return self.save(resource, Entity(entity.id, entity.fields | fields, entity.associations))

    def delete(self, resource: str, entity: Entity) -> None:
        """Take an entity out; inside a transaction."""
        self.tables[resource].remove(entity)
        if resource == "products":
            self.memberships.change(entity.id, _categories(entity), set())
        if self._file:
            self._file.remove(resource, entity.id)

    def save_picture(self, key: str, content: bytes | None) -> None:
        """Keep a picture ("products/7/24"), or with None drop it; inside a transaction."""
        if content is None:
            self.pictures.pop(key, None)
        else:
            self.pictures[key] = content
        if self._file:
            self._file.put_picture(key, content)

    def close(self) -> None:
        with self.lock:
            self.is_closed = True
            if self._file:
                self._file.close()

    def _load(self, data_file: DataFile) -> None:
        for row in data_file.rows():
            if row.resource in self.tables:
                entity = Entity(row.id, row.fields, row.associations)
                self.tables[row.resource].put(entity)
                if row.resource == "products":
                    self.memberships.change(entity.id, set(), _categories(entity))
        for resource, last_id in data_file.last_ids():
            if resource in self.tables:
                self.tables[resource].last_id = last_id
        self.pictures.update(data_file.pictures())


def _categories(product: Entity | None) -> set[int]:
    items = product.associations.get("categories", []) if product else []
    return {int(item["id"]) for item in items}
