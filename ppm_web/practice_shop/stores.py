"""Several stores in one PrestaShop: what is the own of each, and what a call to some of them sees.

Source: MULTISTORE.md of the contract, "What belongs to whom".
"""

from __future__ import annotations

from collections.abc import Iterator

from .fields import Resource, Value
from .resources import RESOURCES
from .tables import Entity, Table

DEFAULT_STORE = 1  # a call without id_shop is a call to it
_OF_PRODUCTS = frozenset(
    {
        "id_category_default", "id_tax_rules_group", "on_sale", "online_only", "ecotax", "minimal_quantity",
        "low_stock_threshold", "low_stock_alert", "price", "wholesale_price", "unity", "unit_price",
        "unit_price_ratio", "additional_shipping_cost", "customizable", "text_fields", "uploadable_files",
        "active", "redirect_type", "id_type_redirected", "available_for_order", "available_date",
        "show_condition", "condition", "show_price", "indexed", "visibility", "cache_default_attribute",
        "id_default_combination", "advanced_stock_management", "date_add", "date_upd", "pack_stock_type",
    }
)  # fmt: skip
_OF_COMBINATIONS = frozenset(
    {
        "wholesale_price", "price", "ecotax", "weight", "unit_price_impact", "minimal_quantity",
        "low_stock_threshold", "low_stock_alert", "default_on", "available_date",
    }
)  # fmt: skip


def _texts(resource: Resource) -> frozenset[str]:
    return frozenset(field.name for field in resource.fields if field.i18n)


# The fields that are each store's own; all others are of all stores.
BY_STORE: dict[str, frozenset[str]] = {
    "products": _OF_PRODUCTS | _texts(RESOURCES["products"]),
    "combinations": _OF_COMBINATIONS,
    "categories": _texts(RESOURCES["categories"]),
    "manufacturers": frozenset(),
    "suppliers": frozenset(),
}
EVERYWHERE = frozenset({"categories"})  # seen in every store; the others only where they were put


def stores_of(resource: str, entity: Entity) -> dict[int, dict[str, Value]]:
    """The stores that have a row, each with its own fields."""
    if resource in EVERYWHERE:
        return entity.stores
    # A row from before there were several is in the default store.
    return entity.stores or {DEFAULT_STORE: _own(resource, entity)}


def see(resource: str, entity: Entity, context: tuple[int, ...] | None) -> Entity | None:
    """A row as a call to these stores sees it: with the first one's fields, if all of them have it.

    Without a context it is the first store's that has it.
    """
    having = stores_of(resource, entity)
    if resource in EVERYWHERE:
        own = having.get(context[0], {}) if context else {}
    elif context is None:
        own = having[min(having)]
    elif all(store in having for store in context):
        own = having[context[0]]
    else:
        return None
    return Entity(entity.id, entity.fields | own, entity.associations, entity.stores)


def split_by_store(
    resource: str, entity: Entity, old: Entity | None, context: tuple[int, ...] | None
) -> Entity:
    """A row as it is kept: what was changed of the stores' own goes to those of the context alone.

    A row that is in none of them is added there, with the values of a store that has it; without a context
    it is changed in all that have it.
    """
    own = _own(resource, entity)
    if old is None:
        added = {} if resource in EVERYWHERE else dict.fromkeys(context or (DEFAULT_STORE,), own)
        return Entity(entity.id, entity.fields, entity.associations, added)
    having = stores_of(resource, old)
    seen = see(resource, old, context) or see(resource, old, None) or old
    changes = {name: value for name, value in own.items() if value != seen.fields.get(name)}
    stores = tuple(having) if context is None else [store for store in context if store in having] or context
    base = {} if resource in EVERYWHERE else _own(resource, seen)
    kept = having | {store: having.get(store, base) | changes for store in stores}
    shared = {name: value for name, value in entity.fields.items() if name not in own}
    fields = old.fields | shared | (changes if context is None else {})
    return Entity(entity.id, fields, entity.associations, kept)


def _own(resource: str, entity: Entity) -> dict[str, Value]:
    return {name: value for name, value in entity.fields.items() if name in BY_STORE[resource]}


class StoreTable(Table):
    """A table as a call to some stores sees it, to read from."""

    def __init__(self, table: Table, context: tuple[int, ...] | None) -> None:
        self.resource = table.resource
        self.rows = table.rows
        self.ids = table.ids
        self.last_id = table.last_id
        self._indexes = table._indexes
        self._context = context

    def get(self, identifier: int) -> Entity | None:
        entity = self.rows.get(identifier)
        return see(self.resource.name, entity, self._context) if entity else None

    def all(self) -> Iterator[Entity]:
        return (seen for identifier in self.ids if (seen := self.get(identifier)))

    def where(self, name: str, value: str | int) -> list[Entity]:
        found = super().ids_where(name, str(value))
        return [seen for identifier in found if (seen := self.get(identifier))]

    def ids_where(self, name: str, value: str) -> list[int]:
        return [entity.id for entity in self.where(name, value)]
