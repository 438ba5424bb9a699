"""A branch of the catalogue: a category with all that are below it, asked for at once (R6, R19)."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Select, case, func, literal, select, update

from ppm_web.extensions import db, reading
from ppm_web.models import (
    NORMAL_PRIORITY,
    ROOT_CATEGORY_ID,
    Category,
    CategorySyncStatus,
    PrestaShopShop,
    ProductCategory,
    SyncState,
    now,
)
from ppm_web.services.errors import ShopInactiveError, SyncRefusedError
from ppm_web.services.ledger import failures, tickets
from ppm_web.services.upserts import insert_missing

TICKETS = 50
"""How many tickets a request hands out itself; the sweep hands out the rest."""
REQUESTS = 2
"""About how many requests a category costs: one that looks, one that writes."""
AT_ONCE = 500


@dataclass(frozen=True, slots=True)
class Branch:
    """How much a branch holds: its categories without the root, and the products in any of them."""

    categories: int
    products: int

    @property
    def requests(self) -> int:
        """About how many requests its categories cost in one shop."""
        return self.categories * REQUESTS


def size_of(category_id: int) -> Branch:
    """How much the branch holds, in two statements."""
    ids = _ids(category_id)
    with reading():
        categories = db.session.scalar(select(func.count()).select_from(ids.subquery())) or 0
        products = db.session.scalar(
            select(func.count(ProductCategory.product_id.distinct())).where(
                ProductCategory.category_id.in_(ids)
            )
        )
    return Branch(categories, products or 0)


def request_branch_sync(category_id: int, shop_id: int, *, by: str) -> int:
    """Ask that a category and all below it be synced to a shop; returns how many were asked for.

    A few statements, however many they are; the first get tickets at once. Those that are disabled
    in the shop stay as they are. Raises SyncRefusedError for an inactive shop.
    """
    shop = db.session.get_one(PrestaShopShop, shop_id, populate_existing=True)
    if not shop.active:
        db.session.commit()
        raise SyncRefusedError(ShopInactiveError(shop.name).message)
    ids = _ids(category_id)
    wanted = ids.subquery()
    missing = select(
        wanted.c.id.label("category_id"),
        literal(shop_id).label("shop_id"),
        literal(NORMAL_PRIORITY).label("priority"),
    ).where(literal(value=True))  # SQLite: else the ON of ON CONFLICT reads as a join's
    insert_missing(CategorySyncStatus, missing, ("category_id", "shop_id"))
    asked = _mark_requested(ids, shop_id, by)
    for start in range(0, len(asked), AT_ONCE):
        failures.change(shop_id, category_ids=list(asked.values())[start : start + AT_ONCE])
    db.session.commit()
    for status_id in sorted(asked)[:TICKETS]:
        if not tickets.hand_out(CategorySyncStatus, status_id):
            break
    return len(asked)


def _ids(category_id: int) -> Select[int]:
    """The ids of the branch; the root stands for the shop's own home and is never sent."""
    tree = select(Category.id).where(Category.id == category_id).cte("branch", recursive=True)
    tree = tree.union(select(Category.id).join(tree, Category.parent_id == tree.c.id))
    return select(tree.c.id).where(tree.c.id != ROOT_CATEGORY_ID)


def _mark_requested(ids: Select[int], shop_id: int, by: str) -> dict[int, int]:
    """Raise the request of every row in one UPDATE; row id → category id of those that were."""
    row = CategorySyncStatus
    runs = row.state == SyncState.SYNCING
    rows = db.session.execute(
        update(row)
        .where(row.shop_id == shop_id, row.category_id.in_(ids), row.state != SyncState.DISABLED)
        .values(
            state=case((runs, row.state), else_=SyncState.PENDING),
            attempts=case((runs, row.attempts), else_=0),
            not_before=case((runs, row.not_before), else_=None),
            ticketed_at=case((runs, row.ticketed_at), else_=None),
            requested_revision=row.requested_revision + 1,
            requested_at=now(),
            requested_by=by,
            queue="",
        )
        .returning(row.id, row.category_id)
        .execution_options(synchronize_session=False)
    )
    return {row[0]: row[1] for row in rows}
