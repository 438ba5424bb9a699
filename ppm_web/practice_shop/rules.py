"""What the shop does beside saving an entity: a stock row for a product, the depth of a category …"""

from __future__ import annotations

from .category_rules import CategoryRules
from .product_rules import CombinationRules, ProductRules
from .rules_base import Rules
from .stock_rules import SpecificPriceRules, StockRules

RULES: dict[str, Rules] = {
    "products": ProductRules(),
    "combinations": CombinationRules(),
    "categories": CategoryRules(),
    "stock_availables": StockRules(),
    "specific_prices": SpecificPriceRules(),
}
