"""What the shop holds: tables of entities with their indexes, in memory, and in a file if wanted."""

from __future__ import annotations

import copy
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from .data_file import DataFile, Row
from .fields import Resource, Value
from .resources import RESOURCES
from .stores import BY_STORE, DEFAULT_STORE, EVERYWHERE, StoreTable, split_by_store, stores_of
from .tables import Associations, CategoryProducts, Entity, Table

__all__ = ["Associations", "Entity", "Store", "Table"]


class Store:
    """All tables, and the pictures. Hold the lock (it is re-entrant) around every use.

    Writes go through `transaction`: what happens inside is in the file as a whole or not at all, even if the
    process is killed. Without a file everything is in memory only.

    One PrestaShop can have several stores. `within` gives the same shop as a call to some of them sees it;
    without (context None) it is seen and written as a whole, a row as the first store that has it shows it.
    """

    context: tuple[int, ...] | None = None

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
        table = self.tables[resource]
        if resource in BY_STORE and self.is_multistore:
            return StoreTable(table, self.context)
        return table

    @property
    def is_multistore(self) -> bool:
        return len(self.tables["shops"].ids) > 1

    @property
    def stores(self) -> tuple[int, ...]:
        """The stores that are called: those of the context, or all."""
        return self.context or tuple(self.tables["shops"].ids) or (DEFAULT_STORE,)

    def within(self, stores: tuple[int, ...] | None) -> Store:
        """The same shop, as a call to these stores sees it; None for the whole."""
        if not self.is_multistore or stores == self.context:
            return self
        view = copy.copy(self)
        view.context = stores
        return view

    def within_those_of(self, resource: str, entity: Entity) -> Store:
        """Where no stores are named, those that have this row."""
        if self.context is not None:
            return self
        return self.within(tuple(sorted(stores_of(resource, entity))))

    def called_one_by_one(self, resource: str, identifier: int) -> list[Store]:
        """A write of a row to several stores is one to each of those that have it, or to all if none has."""
        if resource not in BY_STORE or not self.is_multistore or len(self.stores) == 1:
            return [self]
        having = [store for store in self.stores if self.within((store,))[resource].get(identifier)]
        return [self.within((store,)) for store in having or self.stores]

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
        old = table.get(entity.id) if entity.id else None
        identifier = entity.id or table.last_id + 1
        entity = Entity(identifier, entity.fields, entity.associations, old.stores if old else {})
        if resource in BY_STORE and self.is_multistore:
            entity = split_by_store(resource, entity, old, self.context)
        self._put(resource, entity)
        if resource == "products":
            self.memberships.change(entity.id, _categories(old), _categories(entity))
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

    def leave(self, resource: str, entity: Entity) -> bool:
        """Take a row out of the stores of the context; False, and nothing done, if no other store has it."""
        if not self.is_multistore or self.context is None or resource not in BY_STORE.keys() - EVERYWHERE:
            return False
        having = stores_of(resource, entity)
        left = {store: own for store, own in having.items() if store not in self.context}
        if not left:
            return False
        raw = self.tables[resource].rows[entity.id]
        self._put(resource, Entity(raw.id, raw.fields, raw.associations, left))
        return True

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

    def _put(self, resource: str, entity: Entity) -> None:
        self.tables[resource].put(entity)
        if self._file:
            self._file.put(Row(resource, entity.id, entity.fields, entity.associations, entity.stores))

    def _load(self, data_file: DataFile) -> None:
        for row in data_file.rows():
            if row.resource in self.tables:
                entity = Entity(row.id, row.fields, row.associations, row.stores)
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
