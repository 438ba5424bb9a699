"""Choosing a tax group sends the products that waited for it."""

from __future__ import annotations

from contextlib import suppress
from decimal import Decimal

from sqlalchemy import select

from ppm_web.extensions import db, reading
from ppm_web.models import PrestaShopShop, Product, ProductSyncStatus, SyncState
from ppm_web.services.batches import control as batch_control
from ppm_web.services.catalog.selections import Selection
from ppm_web.services.errors import MappingError, SyncFailedError, SyncRefusedError
from ppm_web.services.shops.mappings import read_rate
from ppm_web.services.sync import requests as sync_requests

AT_ONCE = 50
"""So many are requested one by one; more as a batch."""


def request_waiting(shop: PrestaShopShop, rate: str, by: str) -> int:
    """Request again the products of a tax rate ("23") that failed in the shop for want of a mapping.

    Returns how many that is; 0 where the shop takes no requests. Raises MappingError for what is no rate.
    """
    shop_id, found = shop.id, _waiting(shop.id, read_rate(rate))
    try:
        if len(found) > AT_ONCE:
            name = f"Retry of {len(found):,} failures"
            batch_control.bulk_sync(shop_id, Selection("skus", skus=list(found.values())), by=by, name=name)
            return len(found)
        for product_id in found:
            _request(product_id, shop_id, by)
    except SyncRefusedError:
        return 0
    return len(found)


def _waiting(shop_id: int, rate: Decimal) -> dict[int, str]:
    """Product id → SKU."""
    db.session.commit()
    row = ProductSyncStatus
    with reading():
        rows = db.session.execute(
            select(Product.id, Product.sku)
            .join(row, row.product_id == Product.id)
            .where(
                *(row.shop_id == shop_id, row.state == SyncState.ERROR),
                *(row.error_code == MappingError.code, Product.tax_rate == rate),
            )
            .order_by(Product.id)
        ).all()
    return {each.id: each.sku for each in rows}


def _request(product_id: int, shop_id: int, by: str) -> None:
    with suppress(SyncFailedError):  # sync mode: it was tried here, failed again, and is recorded
        sync_requests.request_product_sync(product_id, shop_id, by=by)
