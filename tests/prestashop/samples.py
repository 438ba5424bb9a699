"""Products and categories to test with; change what a test is about."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import Any

from ppm_web.prestashop.values import CategorySnapshot, CategoryText, ProductSnapshot, ProductText, RemoteIds

EN = ProductText("Mug", "<p>A mug</p>", "<p>A very good mug</p>", "", "Mug", "")
PL = ProductText("Kubek żółty", "", "<p>Bardzo dobry</p>", "kubek", "", "")
IDS = RemoteIds(languages={"en": 1, "pl": 2}, tax_rules_group=4, manufacturer=0, categories=[9, 2])
NO_CATEGORY_TEXT = CategoryText("", "", "", "", "")


def product(**changes: Any) -> ProductSnapshot:
    """MUG-1, in English and Polish."""
    mug = ProductSnapshot(
        sku="MUG-1",
        ean13="5901234123457",
        price_net=Decimal("12.5"),
        active=True,
        quantity=7,
        weight=Decimal("0.25"),
        width=Decimal(8),
        height=Decimal(10),
        depth=Decimal(8),
        texts={"en": EN, "pl": PL},
    )
    return replace(mug, **changes)


def named(name: str, **changes: Any) -> ProductSnapshot:
    """MUG-1 with one English text."""
    return product(texts={"en": replace(EN, name=name, **changes)})


def category(**changes: Any) -> CategorySnapshot:
    """Mugs, without a text of its own."""
    return replace(CategorySnapshot("Mugs", True, {}), **changes)
