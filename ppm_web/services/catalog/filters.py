"""Which products a filter finds, as SQL that stays quick however many products there are."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, Literal

from sqlalchemy import ColumnElement, Select, case, func, select, true

from ppm_web.extensions import db
from ppm_web.models import (
    ROOT_CATEGORY_ID,
    Category,
    PrestaShopShop,
    Product,
    ProductCategory,
    ProductSyncStatus,
    SyncState,
)
from ppm_web.services.catalog.finding import matching_products
from ppm_web.services.catalog.names import category_paths

COUNTED: Final = 1_000
"""Up to here a filter's products are counted exactly unless somebody asks."""

PROBLEM, CHANGED, NEVER, MISSING = "problem", "changed", "never", "missing"
STATES: Final = (NEVER, *(state.value for state in SyncState), PROBLEM, CHANGED, MISSING)
"""What a product can be in a shop, as a filter names it."""

STATE_WORDS: Final = {
    NEVER: "never sent",
    SyncState.PENDING: "pending",
    SyncState.SYNCING: "syncing",
    SyncState.SYNCED: "synced",
    SyncState.ERROR: "in error",
    SyncState.CONFLICT: "in conflict",
    SyncState.DISABLED: "disabled",
    PROBLEM: "in error or conflict",
    CHANGED: "edited after the last sync",
    MISSING: "missing",
}
LEFT_TO_SHOPS: Final = "shop"
ACTIVE_WORDS: Final = {True: "active", False: "not active", LEFT_TO_SHOPS: "active as the shop has it"}


@dataclass(frozen=True, slots=True)
class ProductFilter:
    """What the products have in common; a part that is empty, 0 or None makes no difference.

    ``state`` is one of STATES, in the shop, or without a shop in any: ``problem`` is error or conflict,
    ``changed`` synced but edited since, ``never`` asked for by nobody, ``missing`` without an id there.
    A category means those below it, too; ``since`` is in UTC. ``active``: LEFT_TO_SHOPS finds those of which
    PPM does not hold it, so that each shop's own switch stands; they are neither active nor not active.
    """

    text: str = ""
    shop_id: int = 0
    state: str = ""
    category_id: int = 0
    since: datetime | None = None
    active: bool | Literal["shop"] | None = None


def in_words(wanted: ProductFilter) -> str:
    """The filter as people read it on a batch; reads the names it needs."""
    parts = [f"found by '{wanted.text}'"] if wanted.text else []
    if wanted.state:
        state = STATE_WORDS[wanted.state]
        shop = db.session.get(PrestaShopShop, wanted.shop_id) if wanted.shop_id else None
        parts.append(f"{state} in shop '{shop.name}'" if shop else f"{state} in any shop")
    if wanted.category_id:
        parts.append(category_in_words(wanted.category_id))
    if wanted.since is not None:
        parts.append(f"changed since {wanted.since:%Y-%m-%d %H:%M} UTC")
    if wanted.active is not None:
        parts.append(ACTIVE_WORDS[wanted.active])
    return "; ".join(parts) or "all products"


def category_in_words(category_id: int) -> str:
    """A category and what is below it, as people read it on a batch."""
    path = category_paths([category_id]).get(category_id, "that is gone")
    return f"category {path} and those below it"


def matching(wanted: ProductFilter) -> Select[Product]:
    """The products that the filter finds; order, pages and what is loaded with them are the caller's."""
    query = matching_products(wanted.text)
    if wanted.state:
        query = query.where(_in_state(wanted))
    if wanted.category_id:
        query = query.where(in_category(wanted.category_id))
    if wanted.since is not None:
        # Not as a plain comparison: SQLite would sort all that changed in place of walking in order
        query = query.where(case((Product.updated_at >= wanted.since, 1), else_=0) == 1)
    if wanted.active is not None:
        query = query.where(Product.active.is_(None if wanted.active == LEFT_TO_SHOPS else wanted.active))
    return query


def for_page(wanted: ProductFilter) -> Select[Product]:
    """As ``matching``, for a page of it: begins with the few rows that decide, where they are few.

    Otherwise the products are walked in the page's order, until it is full. Reads one bounded count
    for each part of the filter that has an index.
    """
    query = matching(wanted)
    for ids in _deciding(wanted):
        if _bounded(ids) <= COUNTED:
            query = query.where(Product.id.in_(ids))
    return query


def count(wanted: ProductFilter) -> int:
    """How many products the filter finds, exactly: this reads all of them."""
    return db.session.scalar(matching(wanted).with_only_columns(func.count())) or 0


def bounded_count(wanted: ProductFilter) -> int:
    """How many products the filter finds; COUNTED + 1 stands for more than COUNTED."""
    return _bounded(for_page(wanted).with_only_columns(Product.id))


def in_category(category_id: int) -> ColumnElement[bool]:
    """In the category or below it. The root holds every product, also those in no category."""
    if category_id == ROOT_CATEGORY_ID:
        return true()
    link = ProductCategory
    below = link.category_id.in_(_tree(category_id))
    return select(link.product_id).where(link.product_id == Product.id, below).exists()


def _in_state(wanted: ProductFilter) -> ColumnElement[bool]:
    row = ProductSyncStatus
    rows = select(row.id).where(row.product_id == Product.id)
    if wanted.shop_id:
        rows = rows.where(row.shop_id == wanted.shop_id)
    if wanted.state == CHANGED:
        return rows.where(row.state == SyncState.SYNCED, row.pushed_revision < Product.revision).exists()
    if wanted.state in (NEVER, MISSING):
        there = rows if wanted.state == NEVER else rows.where(row.external_id.is_not(None))
        if wanted.shop_id:
            return ~there.exists()
        shops = select(func.count()).select_from(PrestaShopShop).scalar_subquery()
        return there.with_only_columns(func.count()).scalar_subquery() < shops
    return rows.where(row.state.in_(_states(wanted.state))).exists()


def _deciding(wanted: ProductFilter) -> Iterator[Select[int]]:
    """The ids that a part of the filter allows, for each part that an index finds."""
    row = ProductSyncStatus
    if wanted.state and wanted.state not in (CHANGED, NEVER, MISSING):
        found = select(row.product_id).where(row.state.in_(_states(wanted.state)))
        yield found.where(row.shop_id == wanted.shop_id) if wanted.shop_id else found
    if wanted.category_id and wanted.category_id != ROOT_CATEGORY_ID:
        link = ProductCategory
        yield select(link.product_id).where(link.category_id.in_(_tree(wanted.category_id)))
    if wanted.since is not None:
        yield select(Product.id).where(Product.updated_at >= wanted.since)


def _states(state: str) -> list[SyncState]:
    return [SyncState.ERROR, SyncState.CONFLICT] if state == PROBLEM else [SyncState(state)]


def _tree(category_id: int) -> Any:
    tree = select(Category.id).where(Category.id == category_id).cte(recursive=True)
    tree = tree.union(select(Category.id).join(tree, Category.parent_id == tree.c.id))
    return select(tree.c.id)


def _bounded(ids: Select[int]) -> int:
    few = ids.limit(COUNTED + 1).subquery()
    return db.session.scalar(select(func.count()).select_from(few)) or 0
