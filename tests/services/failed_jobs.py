"""Failures as a final failure of a sync leaves them, with their causes counted."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from sqlalchemy import func, insert, select

from ppm_web.extensions import db
from ppm_web.models import FailedJob, FailureCause, PrestaShopShop, Product, ProductText
from ppm_web.services.ledger import failures
from ppm_web.services.ledger.failures import Failure
from tests.factories import make_product

TRACE = "Traceback (most recent call last):\nShopRefusedError: <b>no</b>"


def failure_of(product: Product, shop: PrestaShopShop, message: str, *, temporary: bool = False) -> Failure:
    return Failure(
        job="sync_product",
        arguments=[product.id],
        shop_id=shop.id,
        product_id=product.id,
        category_id=None,
        batch_id=None,
        error_class="ShopRefusedError",
        code="unavailable" if temporary else "refused",
        temporary=temporary,
        message=f"Job failed after 3 attempts: {message}",
        cause=message,
        thing=product.sku,
        trace=TRACE,
        answer="<error>the shop's answer</error>",
        attempts=3,
    )


def fail(product: Product, shop: PrestaShopShop, message: str = "", *, temporary: bool = False) -> int:
    """The id of a failure of the product in the shop."""
    wrong = f"The name of {product.sku} holds '<', which PrestaShop refuses: mend it in the product"
    failures.change(shop.id, failed=[failure_of(product, shop, message or wrong, temporary=temporary)])
    db.session.commit()
    return newest()


def fail_many(count: int, shop: PrestaShopShop, message: str = "", *, prefix: str = "SKU") -> Sequence[int]:
    """The ids of failures of so many new products, of one cause."""
    first = newest()
    fields: dict[str, Any] = {"price_net": Decimal("12.90"), "tax_rate": Decimal(23), "texts": []}
    products = [Product(sku=f"{prefix}-{number:05}", **fields) for number in range(count)]
    db.session.add_all(products)
    db.session.flush()
    texts = [{"product_id": made.id, "language": "en", "name": f"Product {made.sku}"} for made in products]
    db.session.execute(insert(ProductText), texts)
    told = message or "The shop does not know the tax rate '23'"
    failures.change(shop.id, failed=[failure_of(product, shop, told) for product in products])
    db.session.commit()
    found = db.session.scalars(select(FailedJob.id).where(FailedJob.id > first).order_by(FailedJob.id)).all()
    db.session.commit()
    return found


def newest() -> int:
    found = db.session.scalar(select(func.max(FailedJob.id))) or 0
    db.session.commit()  # nobody else must wait for this transaction
    return found


def left() -> int:
    """How many failures there are; the counts of the causes must say the same, shop by shop."""
    db.session.rollback()
    rows = Counter(tuple(row) for row in db.session.execute(select(FailedJob.shop_id, FailedJob.fingerprint)))
    causes = {
        (cause.shop_id, cause.fingerprint): cause.count
        for cause in db.session.scalars(select(FailureCause).execution_options(populate_existing=True))
    }
    db.session.commit()
    assert causes == dict(rows)
    return sum(rows.values())


def failing_product(shop: PrestaShopShop, sku: str = "MUG-1") -> int:
    """The id of a failure of a product that the shop would take."""
    return fail(make_product(sku), shop)
