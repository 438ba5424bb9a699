"""Features and their values, and what the products have of them when they go."""

from __future__ import annotations

from .rules_base import Rules
from .store import Entity, Store


class FeatureRules(Rules):
    def deleting(self, store: Store, entity: Entity) -> None:
        for value in store["product_feature_values"].where("id_feature", entity.id):
            store.delete("product_feature_values", value)
        _take_from_products(store, "id", entity.id)


class FeatureValueRules(Rules):
    def deleting(self, store: Store, entity: Entity) -> None:
        _take_from_products(store, "id_feature_value", entity.id)


def _take_from_products(store: Store, name: str, identifier: int) -> None:
    """Out of the products that have it; no date moves."""
    for product in list(store["products"].all()):
        pairs = product.associations.get("product_features", [])
        left = [pair for pair in pairs if pair.get(name) != str(identifier)]
        if left != pairs:
            associations = product.associations | {"product_features": left}
            store.save("products", Entity(product.id, product.fields, associations))
