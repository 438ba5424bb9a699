"""Stock rows and specific prices."""

from __future__ import annotations

from .draft import Draft
from .errors import PhpDiedError, WebserviceError
from .rules_base import Rules
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
        if entity.number("id_product_attribute") == 0:
            return
        rows = draft.store["stock_availables"].where("id_product", entity.number("id_product"))
        total = sum(row.number("quantity") for row in rows if row.number("id_product_attribute"))
        for row in rows:
            if row.number("id_product_attribute") == 0:
                draft.store.change("stock_availables", row, quantity=str(total))


class SpecificPriceRules(Rules):
    def check(self, draft: Draft) -> None:
        """The same price again: 8.2 dies of it, 9.1 says code 46 (README of the contract, "8.2 → 9.1")."""
        new = Entity(0, draft.stored)
        for other in draft.store["specific_prices"].where("id_product", new.number("id_product")):
            is_itself = draft.old is not None and draft.old.id == other.id
            if is_itself or any(other.text(name) != new.text(name) for name in PRICE_KEY):
                continue
            if draft.dialect.twin_price_code is None:
                raise PhpDiedError
            raise WebserviceError(500, (draft.dialect.twin_price_code, "Unable to save resource"))
