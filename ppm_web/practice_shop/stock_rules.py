"""Stock rows and specific prices."""

from __future__ import annotations

from .draft import Draft
from .rules_base import Rules, twin_error
from .stock_rows import sum_stock
from .store import Entity

# Two prices that are equal in all of these are the same price to the shop's database.
PRICE_KEY = (
    "id_product",
    "id_product_attribute",
    "id_shop",
    "id_shop_group",
    "id_cart",
    "id_currency",
    "id_country",
    "id_group",
    "id_customer",
    "id_specific_price_rule",
    "from_quantity",
    "from",
    "to",
)


class StockRules(Rules):
    def saved(self, draft: Draft, entity: Entity) -> None:
        """The row of a product is the sum of those of its combinations (contract, "combinations")."""
        if entity.number("id_product_attribute"):
            sum_stock(draft.store, entity.number("id_product"))


class SpecificPriceRules(Rules):
    def check(self, draft: Draft) -> None:
        _refuse_twin(draft, PRICE_KEY)


class ProductSupplierRules(Rules):
    def check(self, draft: Draft) -> None:
        _refuse_twin(draft, ("id_product", "id_product_attribute", "id_supplier"))


def _refuse_twin(draft: Draft, key: tuple[str, ...]) -> None:
    """Another row with the same key breaks it."""
    new = Entity(0, draft.stored)
    for other in draft.store[draft.resource.name].where("id_product", new.number("id_product")):
        is_itself = draft.old is not None and draft.old.id == other.id
        if not is_itself and all(other.text(name) == new.text(name) for name in key):
            raise twin_error(draft.dialect)
