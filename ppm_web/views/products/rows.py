"""What the product pages read, in a fixed number of statements however many rows there are."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from flask import current_app
from sqlalchemy import select
from sqlalchemy.orm import defer, joinedload, raiseload

from ppm_web.extensions import db
from ppm_web.models import (
    PrestaShopShop,
    Product,
    ProductSyncStatus,
    SyncLog,
)

LOG_PAGE_SIZE = 20


@dataclass(frozen=True, slots=True)
class LogPage:
    """A page of a log, newest first; ``older`` is the id before which the next page begins."""

    entries: Sequence[SyncLog]
    older: int | None


def shops() -> Sequence[PrestaShopShop]:
    """All shops by name, without what their last check told at length."""
    return db.session.scalars(
        select(PrestaShopShop)
        .options(defer(PrestaShopShop.profile), defer(PrestaShopShop.encrypted_key))
        .order_by(PrestaShopShop.name)
    ).all()


def any_products() -> bool:
    """Whether there is a product at all."""
    return db.session.scalar(select(Product.id).limit(1)) is not None


def statuses_of(products: Iterable[Product]) -> Sequence[ProductSyncStatus]:
    """The rows of the products in all shops, without what was pushed."""
    return db.session.scalars(
        select(ProductSyncStatus)
        .where(ProductSyncStatus.product_id.in_([product.id for product in products]))
        .options(defer(ProductSyncStatus.pushed), raiseload(ProductSyncStatus.shop))
    ).all()


def status_of(product_id: int, shop_id: int) -> ProductSyncStatus | None:
    """The row of a product in a shop, read anew; None while nobody asked for a sync."""
    return db.session.scalar(
        select(ProductSyncStatus)
        .where(ProductSyncStatus.product_id == product_id, ProductSyncStatus.shop_id == shop_id)
        .execution_options(populate_existing=True)
    )


def log_page(product_id: int, before: int | None, shop_id: int | None = None) -> LogPage:
    """The log of a product (in one shop where that is given), newest first, from the entry ``before`` on."""
    query = select(SyncLog).where(SyncLog.product_id == product_id)
    if shop_id is not None:
        query = query.where(SyncLog.shop_id == shop_id)
    if before is not None:
        query = query.where(SyncLog.id < before)
    query = query.order_by(SyncLog.id.desc()).limit(LOG_PAGE_SIZE + 1)
    found = db.session.scalars(query.options(joinedload(SyncLog.shop))).all()
    entries = found[:LOG_PAGE_SIZE]
    return LogPage(entries, older=entries[-1].id if len(found) > LOG_PAGE_SIZE else None)


def first_name(names: Mapping[str, str]) -> str:
    """The name in the first of PPM_LANGUAGES that has one, else in any language, else nothing."""
    wanted = [names[language] for language in current_app.config["LANGUAGES"] if names.get(language)]
    return next(iter(wanted or [name for name in names.values() if name]), "")
