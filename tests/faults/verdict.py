"""What became of everything, when all is quiet: lost, doubled or stuck."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from sqlalchemy import Engine, select

from ppm_web.models import FailedJob, Product, ProductSyncStatus, ProductText, SyncState
from tests.faults.shop import ShopProcess, ShopProduct
from tests.faults.watch import look


@dataclass(frozen=True, slots=True)
class Verdict:
    """What went wrong, in words. Lost: the shop does not hold what PPM says that it holds, or a product
    failed and nobody was told. Doubled: the shop has it twice. Stuck: it will never end by itself."""

    lost: list[str]
    doubled: list[str]
    stuck: list[str]

    @property
    def faults(self) -> list[str]:
        """All of it."""
        return [
            *(f"lost: {thing}" for thing in self.lost),
            *(f"doubled: {thing}" for thing in self.doubled),
            *(f"stuck: {thing}" for thing in self.stuck),
        ]


def judge(engine: Engine, shop: ShopProcess) -> Verdict:
    """Compare the whole catalogue with the shop, which has no faults any more."""
    held = {product.id: product for product in shop.products()}
    rows = _rows(engine)
    stuck = in_flight(engine)
    for seen in look(engine):
        stuck += seen.faults
        if not seen.state.ended or any(outcome.open for outcome in seen.items):
            stuck.append(f"batch {seen.id} is {seen.state}: {seen.items}")
    return Verdict(_lost(rows, held), shop.doubled(), stuck)


def in_flight(engine: Engine) -> list[str]:
    """The products that run, or wait though they were asked for (a cancelled batch asks no more)."""
    return [
        f"{row.sku} is {row.state}: {row.message}"
        for row in _rows(engine)
        if row.state is SyncState.SYNCING or (row.state is SyncState.PENDING and row.is_wanted)
    ]


def unfinished(engine: Engine) -> list[str]:
    """The products that are not synced, with what is said about them."""
    return [
        f"{row.sku} is {row.state}: {row.message}" for row in _rows(engine) if row.state != SyncState.SYNCED
    ]


def _lost(rows: Sequence[Any], held: dict[int, ShopProduct]) -> list[str]:
    lost = []
    for row in rows:
        if row.state is None:
            lost.append(f"{row.sku} was never taken on")
        elif row.state is SyncState.SYNCED:
            wanted = ShopProduct(row.external_id, row.sku, Decimal(row.price_net), row.name, row.quantity)
            if held.get(row.external_id) != wanted:
                lost.append(f"the shop holds {held.get(row.external_id)} for {wanted}")
        elif not row.state.in_flight and row.failure is None:
            lost.append(f"{row.sku} is {row.state}, and there is no failure: {row.message}")
    return lost


def _rows(engine: Engine) -> Sequence[Any]:
    with engine.connect() as connection:
        return connection.execute(
            select(
                Product.sku,
                Product.price_net,
                Product.quantity,
                ProductText.name,
                ProductSyncStatus.state,
                ProductSyncStatus.external_id,
                ProductSyncStatus.message,
                (ProductSyncStatus.requested_revision > ProductSyncStatus.settled_revision).label(
                    "is_wanted"
                ),
                FailedJob.id.label("failure"),
            )
            .join(ProductText, (ProductText.product_id == Product.id) & (ProductText.language == "en"))
            .join(ProductSyncStatus, ProductSyncStatus.product_id == Product.id, isouter=True)
            .join(FailedJob, FailedJob.product_id == Product.id, isouter=True)
            .order_by(Product.id)
        ).all()
