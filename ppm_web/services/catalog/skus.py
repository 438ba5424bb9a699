"""Finding products by SKU, and telling when one differs from another by what no shop tells apart."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import select

from ppm_web.extensions import db
from ppm_web.models import Product, sku_key
from ppm_web.services.catalog.errors import Fault, quoted


def products_by_key(skus: Sequence[str], *, lock: bool) -> dict[str, dict[str, Product]]:
    """The products with those SKUs in any spelling, in one query: key → SKU as it is kept → product.

    ``lock``: nobody else changes them until the end of the transaction. They are read anew.
    """
    query = select(Product).where(Product.sku_key.in_({sku_key(sku) for sku in skus})).order_by(Product.id)
    if lock:
        query = query.with_for_update()
    found: dict[str, dict[str, Product]] = {}
    for product in db.session.scalars(query.execution_options(populate_existing=True)):
        found.setdefault(product.sku_key, {})[product.sku] = product
    return found


def in_two_spellings(sku: str, kept_sku: str) -> Fault:
    """The fault of a new SKU that shops take for one that is in the catalogue."""
    new, kept = quoted(sku, 64), quoted(kept_sku, 64)
    return Fault(
        "sku",
        f"{new} is another spelling of {kept}, which is in the catalogue: shops take them for one product",
    )
