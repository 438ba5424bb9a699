"""Rows for the tests of pages, written straight into the database."""

from __future__ import annotations

import uuid
from datetime import timedelta
from decimal import Decimal
from typing import Any, TypeVar

from sqlalchemy import select
from werkzeug.security import generate_password_hash

from ppm_web.extensions import db
from ppm_web.models import (
    Manufacturer,
    PrestaShopShop,
    Product,
    ProductImage,
    ProductSyncStatus,
    ProductText,
    Role,
    ShopSurvey,
    SurveyState,
    SyncLog,
    SyncState,
    User,
    now,
)
from ppm_web.services.shops import secrets

SHOP_KEY = "SECRETKEY" + "0" * 23
Row = TypeVar("Row")

PASSWORD = "correct horse battery"
QUICK_HASH = generate_password_hash(PASSWORD, method="scrypt:1024:8:1")
"""As people get it, but of little work: the tests sign in a thousand times."""


def make_user(role: Role = Role.MANAGER, email: str = "") -> User:
    return _keep(User(email=email or f"{role.value}@example.com", role=role, password_hash=QUICK_HASH))


def make_shop(name: str = "Shop A", **values: Any) -> PrestaShopShop:
    values = {"url": "https://a.example", "encrypted_key": secrets.encrypt(SHOP_KEY), "problems": []} | values
    return _keep(PrestaShopShop(name=name, **values))


def make_product(sku: str = "MUG-1", name: str = "Blue mug", **values: Any) -> Product:
    return _keep(new_product(sku, name, **values))


def new_product(sku: str, name: str = "Blue mug", **values: Any) -> Product:
    texts = values.pop("texts", [ProductText(language="en", name=name, description="<p>A mug.</p>")])
    values = {"price_net": Decimal("12.90"), "tax_rate": Decimal(23), "quantity": 7} | values
    return Product(sku=sku, texts=texts, **values)


def make_status(
    product: Product, shop: PrestaShopShop, state: SyncState = SyncState.SYNCED, **values: Any
) -> ProductSyncStatus:
    return _keep(new_status(product, shop, state, **values))


def new_status(product: Product, shop: PrestaShopShop, state: SyncState, **values: Any) -> ProductSyncStatus:
    values = {"pushed_revision": product.revision, "requested_at": now(), "ticketed_at": now()} | values
    return ProductSyncStatus(product_id=product.id, shop_id=shop.id, state=state, **values)


def make_log(product: Product, shop: PrestaShopShop, **values: Any) -> SyncLog:
    values = {"operation": "update", "status": "success", "message": "Updated", "duration_ms": 120} | values
    return _keep(SyncLog(product_id=product.id, shop_id=shop.id, **values))


def make_catalogue(products: int, shops: int) -> None:
    """Many products and shops with every state among them."""
    states: list[SyncState | None] = [*SyncState, None]
    sold = [make_shop(f"Shop {chr(65 + number)}") for number in range(shops)]
    maker = _keep(Manufacturer(name="Ceramika"))
    for number in range(products):
        product = make_product(
            f"SKU-{number:04}",
            f"Product number {number}",
            manufacturer_id=maker.id,
            images=[ProductImage(position=0, source=f"https://images.example/{number}.jpg")],
        )
        for place, shop in enumerate(sold):
            state = states[(number + place) % len(states)]
            if state is not None:
                make_status(product, shop, state, message="Something happened")


def make_survey(shop: PrestaShopShop, **values: Any) -> ShopSurvey:
    """A look that ended and found products that would change."""
    change = {"field": "price", "word": "price", "language": None, "before": "10.00", "after": "12.00"}
    sample = {"sku": "CUP-1", "operation": "link", "changes": [change], "problems": []}
    result = {"create": 5, "link": 25, "link_changed": 25, "fields": {"price": 25}, "samples": [sample]}
    wanted: dict[str, Any] = dict.fromkeys(("text", "state"), "") | {
        "shop_id": 0,
        "category_id": 0,
        "since": None,
    }
    selection: dict[str, Any] = {
        "kind": "all",
        "category_id": None,
        "since": None,
        "skus": [],
        "ids": [],
        "wanted": wanted,
    }
    values = {"state": SurveyState.FINISHED, "starts": True, "finished_at": now(), "result": result} | values
    values = {"id": str(uuid.uuid4()), "selection": selection, "words": "all products"} | values
    values = {"shop_id": shop.id, "total": 30, "done": 30} | values
    return _keep(ShopSurvey(**values))


def in_seconds(seconds: int) -> Any:
    return now() + timedelta(seconds=seconds)


def status_of(product: Product, shop: PrestaShopShop) -> ProductSyncStatus:
    query = select(ProductSyncStatus).filter_by(product_id=product.id, shop_id=shop.id)
    return db.session.scalars(query.execution_options(populate_existing=True)).one()


def _keep(row: Row) -> Row:
    db.session.add(row)
    db.session.commit()
    return row
