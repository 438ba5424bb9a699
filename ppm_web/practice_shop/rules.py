"""What the shop does beside saving an entity: a stock row for a product, the depth of a category …"""

from __future__ import annotations

from .category_rules import CategoryRules
from .combination_rules import CombinationRules, OptionRules, OptionValueRules
from .feature_rules import FeatureRules, FeatureValueRules
from .product_rules import ProductRules
from .rules_base import Rules
from .stock_rules import ProductSupplierRules, SpecificPriceRules, StockRules

RULES: dict[str, Rules] = {
    "products": ProductRules(),
    "combinations": CombinationRules(),
    "product_options": OptionRules(),
    "product_option_values": OptionValueRules(),
    "product_features": FeatureRules(),
    "product_feature_values": FeatureValueRules(),
    "product_suppliers": ProductSupplierRules(),
    "categories": CategoryRules(),
    "stock_availables": StockRules(),
    "specific_prices": SpecificPriceRules(),
}
