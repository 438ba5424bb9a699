"""Rows for tests, each with defaults that a shop accepts."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from ppm_web.extensions import db, reading
from ppm_web.models import (
    ROOT_CATEGORY_ID,
    Category,
    Manufacturer,
    PrestaShopShop,
    Product,
    ProductCategory,
    ProductSyncStatus,
    ProductText,
)
from ppm_web.practice_shop import DEFAULT_KEY
from ppm_web.services.shops import register as shop_register


def make_category(*names: str) -> Category:
    """The category at that path below Home, with its parents, made where missing."""
    parent_id = ROOT_CATEGORY_ID
    category = db.session.get_one(Category, ROOT_CATEGORY_ID)
    for name in names:
        found = db.session.query(Category).filter_by(parent_id=parent_id, name=name).one_or_none()
        category = found or Category(parent_id=parent_id, name=name)
        db.session.add(category)
        db.session.flush()
        parent_id = category.id
    db.session.commit()
    return category


def make_manufacturer(name: str = "ACME & Sons") -> Manufacturer:
    """A manufacturer."""
    manufacturer = Manufacturer(name=name)
    db.session.add(manufacturer)
    db.session.commit()
    return manufacturer


def make_product(sku: str = "MUG-1", categories: tuple[Category, ...] = (), **values: Any) -> Product:
    """A product with names in English and Polish."""
    fields: dict[str, Any] = {
        "ean13": "5901234123457",
        "price_net": Decimal("12.50"),
        "tax_rate": Decimal(23),
        "quantity": 7,
        "weight": Decimal("0.3"),
        "texts": [
            ProductText(language="en", name=f"Mug {sku}", description="<p>A mug</p>"),
            ProductText(language="pl", name=f"Kubek {sku} ąęł", description="<p>Kubek</p>"),
        ],
    }
    product = Product(sku=sku, **{**fields, **values})
    product.category_links = [
        ProductCategory(category=category, position=position) for position, category in enumerate(categories)
    ]
    db.session.add(product)
    db.session.commit()
    return product


def make_shop(url: str, name: str = "Shop A", key: str = DEFAULT_KEY) -> PrestaShopShop:
    """A shop that was checked at ``url``."""
    return shop_register.add_shop(name, url, key)


def status_of(product: Product, shop: PrestaShopShop) -> ProductSyncStatus:
    """The product's row in the shop, as it is in the database now."""
    product_id, shop_id = product.id, shop.id
    db.session.rollback()
    db.session.expire_all()
    with reading():
        return db.session.query(ProductSyncStatus).filter_by(product_id=product_id, shop_id=shop_id).one()
