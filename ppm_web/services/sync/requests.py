"""Requests: a person, a command or a job asks that something be synced (R1, R4, R5, R19)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Required, TypedDict, Unpack

from sqlalchemy import case, literal, or_, select, update

from ppm_web.extensions import db
from ppm_web.models import (
    NORMAL_PRIORITY,
    Category,
    CategorySyncStatus,
    PrestaShopShop,
    Product,
    ProductSyncStatus,
    SyncState,
    now,
)
from ppm_web.services.errors import ShopInactiveError, SyncRefusedError
from ppm_web.services.ledger import failures, tickets
from ppm_web.services.ledger.claims import Status, StatusModel, status_row
from ppm_web.services.upserts import upsert


@dataclass(frozen=True, slots=True)
class SyncRequested:
    """A request that was taken. ``queued`` is False while the queue cannot be reached."""

    status: Status
    queued: bool
    message: str


class Wish(TypedDict, total=False):
    """What a request may say: who asks, and where needed a forced queue (its name), a priority from 1
    (highest) to 10, a delay before the first try, that all fields are compared with the shop and PPM's values
    go there (force), and that the stock is, too (force_stock)."""

    by: Required[str]
    queue: str
    priority: int | None
    delay: timedelta | None
    force: bool
    force_stock: bool


def request_product_sync(product_id: int, shop_id: int, **wish: Unpack[Wish]) -> SyncRequested:
    """Ask that a product be synced to a shop, and hand out a ticket.

    A request during a sync brings one more run (R4). Raises SyncRefusedError for an inactive shop
    or a disabled row, NoResultFound when there is no such product or shop, and in sync mode
    SyncFailedError.
    """
    product = db.session.get_one(Product, product_id)
    return _request(ProductSyncStatus, {"product_id": product_id}, product.sku, shop_id, wish)


def request_category_sync(category_id: int, shop_id: int, **wish: Unpack[Wish]) -> SyncRequested:
    """Ask that a category be synced to a shop, parents first (R6). As ``request_product_sync``."""
    category = db.session.get_one(Category, category_id)
    return _request(CategorySyncStatus, {"category_id": category_id}, category.name, shop_id, wish)


def reset(shop_id: int, product_id: int | None = None) -> int:
    """Put product rows of a shop back to the start: pending, error and hash forgotten.

    The id is kept, and so is what the shop is known to hold: what somebody changed there is not overwritten.

    Rows that run now and disabled rows stay as they are. Returns how many were reset.
    """
    model = ProductSyncStatus
    query = select(model.id, model.product_id).where(
        model.shop_id == shop_id, model.state.not_in([SyncState.SYNCING, SyncState.DISABLED])
    )
    if product_id is not None:
        query = query.where(model.product_id == product_id)
    rows = db.session.execute(query).all()
    for row in rows:
        _reset_row(row.id)
        failures.change(shop_id, product_ids=[row.product_id])
    db.session.commit()
    for row in rows:
        tickets.hand_out(model, row.id)
    return len(rows)


def _request(
    model: StatusModel, owner: Mapping[str, int], thing: str, shop_id: int, wish: Wish
) -> SyncRequested:
    shop = db.session.get_one(PrestaShopShop, shop_id, populate_existing=True)
    if not shop.active:
        db.session.commit()
        raise SyncRefusedError(ShopInactiveError(shop.name).message)
    status_id = row_id(model, {**owner, "shop_id": shop_id})
    _mark_requested(model, status_id, wish)
    failures.change(
        shop_id,
        product_ids=[owner[key] for key in owner if key == "product_id"],
        category_ids=[owner[key] for key in owner if key == "category_id"],
    )
    status = status_row(model, status_id)
    if status.state is SyncState.DISABLED:
        db.session.rollback()
        raise SyncRefusedError(f"{thing} is disabled in shop '{shop.name}'")
    at, runs = status.not_before, status.state is SyncState.SYNCING
    db.session.commit()
    queued = True if runs else tickets.hand_out(model, status_id, at=at)
    status = status_row(model, status_id)
    db.session.commit()
    return SyncRequested(status, queued, _message(thing, shop, queued=queued, runs=runs))


def row_id(model: StatusModel, values: Mapping[str, int]) -> int:
    """The id of the row for an owner and a shop, made in the open transaction if there is none."""
    defaults: dict[str, Any] = dict.fromkeys(_ZEROS, 0)
    defaults |= {"state": SyncState.PENDING, "priority": NORMAL_PRIORITY, "force": False}
    defaults |= {"force_stock": False}
    defaults |= dict.fromkeys(("queue", "requested_by", "outcome", "message", "error_code"), "")
    upsert(model, defaults | dict(values), list(values))
    criteria = [getattr(model, column) == value for column, value in values.items()]
    return db.session.execute(select(model.id).where(*criteria)).scalar_one()


_ZEROS = (
    "requested_revision",
    "claimed_revision",
    "settled_revision",
    "attempts",
    "retry_count",
    "tickets",
    "pushed_revision",
    "last_requests",
)


def _mark_requested(model: StatusModel, status_id: int, wish: Wish) -> None:
    """Raise the row's request in one UPDATE: a run that goes on keeps its state and its claim."""
    moment, delay = now(), wish.get("delay")
    runs = model.state == SyncState.SYNCING
    values: dict[str, Any] = {
        "state": case((runs, model.state), else_=SyncState.PENDING),
        "attempts": case((runs, model.attempts), else_=0),
        "not_before": case((runs, model.not_before), else_=moment + delay if delay else None),
        "requested_revision": model.requested_revision + 1,
        "requested_at": moment,
        "requested_by": wish["by"],
        "queue": wish.get("queue", ""),
        "force": or_(model.force, literal(wish.get("force", False))),
        "force_stock": or_(model.force_stock, literal(wish.get("force_stock", False))),
    }
    if (priority := wish.get("priority")) is not None:
        values["priority"] = priority
    db.session.execute(
        update(model)
        .where(model.id == status_id, model.state != SyncState.DISABLED)
        .values(**values)
        .execution_options(synchronize_session=False)
    )


def _reset_row(status_id: int) -> None:
    model = ProductSyncStatus
    db.session.execute(
        update(model)
        .where(model.id == status_id, model.state.not_in([SyncState.SYNCING, SyncState.DISABLED]))
        .values(
            state=SyncState.PENDING,
            requested_revision=model.requested_revision + 1,
            requested_at=now(),
            payload_hash=None,
            conflicts=None,
            attempts=0,
            retry_count=0,
            not_before=None,
            message="",
            error_code="",
            outcome="",
            ticketed_at=None,
        )
        .execution_options(synchronize_session=False)
    )


def _message(thing: str, shop: PrestaShopShop, *, queued: bool, runs: bool) -> str:
    if runs:
        return f"{thing} is being synced to {shop.name} now; one more run follows"
    if not queued:
        return f"{thing} waits: the queue cannot be reached now. It goes to {shop.name} when it is back"
    if shop.paused_at is not None:
        return f"{thing} waits: shop paused: {shop.pause_reason}"
    return f"Queued: {thing} → {shop.name}"
