"""How many products are in which state in which shop."""

from __future__ import annotations

from sqlalchemy import func, select

from ppm_web.extensions import db
from ppm_web.models import PrestaShopShop, ProductSyncStatus, SyncState


def states_by_shop() -> dict[str, dict[str, int]]:
    """Shop name → state → number of products, every shop and every state."""
    names = db.session.execute(
        select(PrestaShopShop.id, PrestaShopShop.name).order_by(PrestaShopShop.name)
    ).all()
    counted = db.session.execute(
        select(ProductSyncStatus.shop_id, ProductSyncStatus.state, func.count()).group_by(
            ProductSyncStatus.shop_id, ProductSyncStatus.state
        )
    ).all()
    found = {(shop_id, state): count for shop_id, state, count in counted}
    return {row.name: {state.value: found.get((row.id, state), 0) for state in SyncState} for row in names}
