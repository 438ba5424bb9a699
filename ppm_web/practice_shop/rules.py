"""What the shop does beside saving an entity: a stock row for a product, the depth of a category …"""

from __future__ import annotations

from .category_rules import CategoryRules
from .combination_rules import CombinationRules, OptionRules, OptionValueRules
from .product_rules import ProductRules
from .rules_base import Rules
from .stock_rules import SpecificPriceRules, StockRules

RULES: dict[str, Rules] = {
    "products": ProductRules(),
    "combinations": CombinationRules(),
    "product_options": OptionRules(),
    "product_option_values": OptionValueRules(),
    "categories": CategoryRules(),
    "stock_availables": StockRules(),
    "specific_prices": SpecificPriceRules(),
}
