"""What the product pages read, in a fixed number of statements however many rows there are."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from flask import current_app
from sqlalchemy import select
from sqlalchemy.orm import aliased, defer, joinedload, raiseload

from ppm_web.extensions import db
from ppm_web.models import (
    Category,
    PrestaShopShop,
    Product,
    ProductSyncStatus,
    ProductText,
    SyncLog,
)
from ppm_web.services.catalog import matching_products

LOG_PAGE_SIZE = 20


@dataclass(frozen=True, slots=True)
class ProductRow:
    """A product in the list: its name, and its row for each shop that has one (by shop id)."""

    product: Product
    name: str
    statuses: Mapping[int, ProductSyncStatus]


@dataclass(frozen=True, slots=True)
class ProductPage:
    """A page of the list; ``before`` and ``after`` are the SKUs that the pages beside it begin at."""

    rows: Sequence[ProductRow]
    before: str | None
    after: str | None


@dataclass(frozen=True, slots=True)
class LogPage:
    """A page of a log, newest first; ``older`` is the id before which the next page begins."""

    entries: Sequence[SyncLog]
    older: int | None


def product_page(search: str, *, before: str | None, after: str | None) -> ProductPage:
    """The products that match ``search`` (SKU, name, EAN), by SKU, from ``after`` or up to ``before``."""
    size = current_app.config["PAGE_SIZE"]
    backwards = before is not None
    query = matching_products(search).limit(size + 1)
    query = query.options(
        raiseload(Product.texts), raiseload(Product.category_links), raiseload(Product.images)
    )
    if before is not None:
        query = query.where(Product.sku < before).order_by(Product.sku.desc())
    else:
        query = query.where(Product.sku > (after or "")).order_by(Product.sku)
    found = list(db.session.scalars(query))
    more, products = len(found) > size, found[:size]
    if backwards and not more:
        return product_page(search, before=None, after=None)  # the first page, and full
    if backwards:
        products.reverse()
    return ProductPage(
        rows=_with_names_and_statuses(products),
        before=products[0].sku if products and (backwards or after) else None,
        after=products[-1].sku if products and (backwards or more) else None,
    )


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


def log_page(product_id: int, before: int | None) -> LogPage:
    """The log of a product, newest first, from the entry ``before`` on."""
    query = select(SyncLog).where(SyncLog.product_id == product_id)
    if before is not None:
        query = query.where(SyncLog.id < before)
    query = query.order_by(SyncLog.id.desc()).limit(LOG_PAGE_SIZE + 1)
    found = db.session.scalars(query.options(joinedload(SyncLog.shop))).all()
    entries = found[:LOG_PAGE_SIZE]
    return LogPage(entries, older=entries[-1].id if len(found) > LOG_PAGE_SIZE else None)


def category_paths(category_ids: Sequence[int]) -> dict[int, str]:
    """Each category's path from the root (``Home > Clothes``), in one statement; cycles end."""
    start = select(
        Category.id.label("leaf"), Category.parent_id, Category.name, db.literal(0).label("depth")
    ).where(Category.id.in_(category_ids))
    chain = start.cte("chain", recursive=True)
    parent = aliased(Category)
    step = (
        select(chain.c.leaf, parent.parent_id, parent.name, chain.c.depth + 1)
        .join(parent, parent.id == chain.c.parent_id)
        .where(chain.c.depth < 50)
    )
    chain = chain.union_all(step)
    names: dict[int, list[str]] = {}
    for leaf, name in db.session.execute(select(chain.c.leaf, chain.c.name).order_by(chain.c.depth)):
        names.setdefault(leaf, []).insert(0, name)
    return {leaf: " > ".join(path) for leaf, path in names.items()}


def first_name(names: Mapping[str, str]) -> str:
    """The name in the first of PPM_LANGUAGES that has one, else in any language, else nothing."""
    wanted = [names[language] for language in current_app.config["LANGUAGES"] if names.get(language)]
    return next(iter(wanted or [name for name in names.values() if name]), "")


def _with_names_and_statuses(products: Sequence[Product]) -> list[ProductRow]:
    names: dict[int, dict[str, str]] = {product.id: {} for product in products}
    texts = select(ProductText.product_id, ProductText.language, ProductText.name)
    for product_id, language, name in db.session.execute(texts.where(ProductText.product_id.in_(names))):
        names[product_id][language] = name
    statuses: dict[int, dict[int, ProductSyncStatus]] = {product.id: {} for product in products}
    for status in statuses_of(products):
        statuses[status.product_id][status.shop_id] = status
    return [ProductRow(product, first_name(names[product.id]), statuses[product.id]) for product in products]
