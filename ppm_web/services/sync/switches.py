"""A product in many shops at once, and switched off or on in one of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import select, update

from ppm_web.extensions import db
from ppm_web.models import PrestaShopShop, Product, ProductSyncStatus, SyncState
from ppm_web.services.errors import SyncFailedError, SyncRefusedError
from ppm_web.services.ledger import failures
from ppm_web.services.sync import requests as sync_requests


@dataclass(frozen=True, slots=True)
class Answer:
    """What a shop's request came to. ``taken``: it was asked for; ``goes_on``: and nothing holds it up."""

    shop_name: str
    message: str
    taken: bool
    goes_on: bool


def request_everywhere(product_id: int, by: str) -> list[Answer]:
    """Ask that a product be synced to each active shop (R19); one refusal stops none of the others.

    Raises NoResultFound when there is no such product.
    """
    query = select(PrestaShopShop).where(PrestaShopShop.active).order_by(PrestaShopShop.name)
    found = [(shop.id, shop.name, shop.paused_at is not None) for shop in db.session.scalars(query)]
    return [_asked(product_id, *shop, by=by) for shop in found]


def disable(product_id: int, shop_id: int) -> None:
    """Never send the product to the shop again until it is enabled; what the shop has stays there. Commits.

    Raises SyncRefusedError while it is being synced, NoResultFound for no such product or shop.
    """
    product, shop = db.session.get_one(Product, product_id), db.session.get_one(PrestaShopShop, shop_id)
    refusal = f"{product.sku} is being synced to {shop.name} now: try again in a moment"
    status_id = sync_requests.row_id(ProductSyncStatus, {"product_id": product_id, "shop_id": shop_id})
    taken = _switch(
        status_id,
        ProductSyncStatus.state != SyncState.SYNCING,
        state=SyncState.DISABLED,
        not_before=None,
        message="",
        error_code="",
    )
    if not taken:
        db.session.rollback()
        raise SyncRefusedError(refusal)
    failures.change(shop_id, product_ids=[product_id])
    db.session.commit()


def enable(product_id: int, shop_id: int, by: str) -> sync_requests.SyncRequested:
    """Send the product to the shop again, and ask for its sync at once.

    Raises as ``request_product_sync``; then it stays disabled.
    """
    shop = db.session.get_one(PrestaShopShop, shop_id)
    if not shop.active:
        raise SyncRefusedError(f"Shop '{shop.name}' is not active")
    status_id = sync_requests.row_id(ProductSyncStatus, {"product_id": product_id, "shop_id": shop_id})
    _switch(status_id, ProductSyncStatus.state == SyncState.DISABLED, state=SyncState.PENDING)
    return sync_requests.request_product_sync(product_id, shop_id, by=by)


def reset(product_id: int, shop_id: int) -> None:
    """Forget the error and what was pushed, so that the next sync compares all with the shop. Commits.

    Raises SyncRefusedError when there is nothing that may be forgotten now, NoResultFound for no such
    product or shop.
    """
    product, shop = db.session.get_one(Product, product_id), db.session.get_one(PrestaShopShop, shop_id)
    if not sync_requests.reset(shop_id, product_id):
        raise SyncRefusedError(
            f"Nothing was reset: {product.sku} is being synced to {shop.name} now, "
            "disabled there, or never sent"
        )


def outdated(product: Product) -> Sequence[int]:
    """The ids of the shops that have an older version of the product than the catalogue."""
    row = ProductSyncStatus
    return db.session.scalars(
        select(row.shop_id)
        .join(PrestaShopShop, PrestaShopShop.id == row.shop_id)
        .where(row.product_id == product.id, row.pushed_revision < product.revision)
        .where(row.external_id.is_not(None), row.state != SyncState.DISABLED, PrestaShopShop.active)
    ).all()


def _asked(product_id: int, shop_id: int, name: str, paused: bool, *, by: str) -> Answer:
    try:
        asked = sync_requests.request_product_sync(product_id, shop_id, by=by)
    except SyncRefusedError as error:
        return Answer(name, error.message, taken=False, goes_on=False)
    except SyncFailedError as error:  # PPM_QUEUE_MODE=sync: it ran here and now
        return Answer(name, f"{name}: {error.message}", taken=True, goes_on=False)
    return Answer(name, asked.message, taken=True, goes_on=asked.queued and not paused)


def _switch(status_id: int, guard: object, **values: object) -> bool:
    """One guarded UPDATE, so that no claim comes between looking and writing."""
    query = update(ProductSyncStatus).where(ProductSyncStatus.id == status_id, guard)  # type: ignore[arg-type]
    query = query.values(**values).execution_options(synchronize_session=False)
    return bool(getattr(db.session.execute(query), "rowcount", 0))
