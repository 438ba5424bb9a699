"""What the overview reads, in as many statements for 100 products as for 100,000, all from indexes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import func, select
from sqlalchemy.orm import joinedload, load_only

from ppm_web.extensions import db
from ppm_web.models import (
    BatchState,
    FailureCause,
    JobBatch,
    PrestaShopShop,
    Product,
    ProductSyncStatus,
    Schedule,
    ShopSurvey,
    SyncState,
    now,
)
from ppm_web.services.batches import surveys
from ppm_web.services.schedules import plan as schedule_plan
from ppm_web.views.products import rows as product_rows
from ppm_web.views.shops import rows as shop_rows

BATCHES: Final = 5
CAUSES: Final = 8
CAUSES_OF_A_SHOP: Final = 3
RECENT: Final = timedelta(hours=24)


@dataclass(frozen=True, slots=True)
class ShopStanding:
    """Where the products stand in a shop, why some do not, what ran last, and when the next run is (UTC).

    ``missing`` counts the products without an id in the shop, whatever the reason.
    """

    shop: PrestaShopShop
    counts: Mapping[SyncState, int]
    missing: int
    causes: Sequence[FailureCause]
    last_batch: JobBatch | None
    next_run: datetime | None

    @property
    def troubles(self) -> int:
        """Products that wait for somebody: in error or in conflict."""
        return self.counts.get(SyncState.ERROR, 0) + self.counts.get(SyncState.CONFLICT, 0)

    @property
    def under_way(self) -> int:
        """Products that wait for their turn, or run."""
        return self.counts.get(SyncState.PENDING, 0) + self.counts.get(SyncState.SYNCING, 0)


@dataclass(frozen=True, slots=True)
class Standing:
    """All that changes by itself on the overview; ``more_batches`` counts those that are not shown."""

    products: int
    shops: Sequence[ShopStanding]
    batches: Sequence[JobBatch]
    more_batches: int
    causes: Sequence[tuple[FailureCause, str]]
    surveys: Sequence[ShopSurvey]

    @property
    def busy(self) -> bool:
        """Whether anything is under way."""
        return bool(self.batches) or any(shop.under_way and not shop.shop.paused_at for shop in self.shops)


def standing() -> Standing:
    """How everything stands now."""
    products = db.session.scalar(select(func.count()).select_from(Product)) or 0
    batches = _running()
    return Standing(
        products=products,
        shops=_shops(products),
        batches=batches[:BATCHES],
        more_batches=_how_many_run() - BATCHES if len(batches) > BATCHES else 0,
        causes=_recent_causes(),
        surveys=surveys.waiting_for_a_word(),
    )


def _shops(products: int) -> list[ShopStanding]:
    counts, present = shop_rows.counts(), _present()
    causes, last, nightly = _causes_by_shop(), _last_batches(), _nightly()
    return [
        ShopStanding(
            shop=shop,
            counts=counts.get(shop.id, {}),
            missing=products - present.get(shop.id, 0),
            causes=causes.get(shop.id, []),
            last_batch=last.get(shop.id),
            next_run=_next_run(shop, nightly),
        )
        for shop in product_rows.shops()
    ]


def _present() -> dict[int, int]:
    """Shop id → how many products have an id there: an index holds both."""
    row = ProductSyncStatus
    query = select(row.shop_id, func.count()).where(row.external_id.is_not(None)).group_by(row.shop_id)
    return {row[0]: row[1] for row in db.session.execute(query)}


def _causes_by_shop() -> dict[int, list[FailureCause]]:
    """Shop id → its commonest causes."""
    place = func.row_number().over(
        partition_by=FailureCause.shop_id, order_by=(FailureCause.count.desc(), FailureCause.id)
    )
    ranked = select(FailureCause.id, place.label("place")).where(FailureCause.count > 0).subquery()
    query = (
        select(FailureCause)
        .join(ranked, ranked.c.id == FailureCause.id)
        .where(ranked.c.place <= CAUSES_OF_A_SHOP)
        .order_by(FailureCause.count.desc(), FailureCause.id)
    )
    found: dict[int, list[FailureCause]] = {}
    for cause in db.session.scalars(query):
        found.setdefault(cause.shop_id, []).append(cause)
    return found


def _last_batches() -> dict[int, JobBatch]:
    """Shop id → its newest batch."""
    newest = (
        select(JobBatch.shop_id, func.max(JobBatch.created_at).label("at"))
        .group_by(JobBatch.shop_id)
        .subquery()
    )
    query = select(JobBatch).join(
        newest, (newest.c.shop_id == JobBatch.shop_id) & (newest.c.at == JobBatch.created_at)
    )
    return {batch.shop_id: batch for batch in db.session.scalars(query)}


def _nightly() -> list[tuple[schedule_plan.Plan, datetime]]:
    """The schedules that sync shops and are on, with their next time."""
    plans = {name: plan for name, plan in schedule_plan.plans().items() if plan.task == schedule_plan.NIGHTLY}
    query = select(Schedule.name, Schedule.next_due_at).where(Schedule.name.in_(plans), Schedule.active)
    return [(plans[name], due) for name, due in db.session.execute(query)]


def _next_run(
    shop: PrestaShopShop, nightly: Sequence[tuple[schedule_plan.Plan, datetime]]
) -> datetime | None:
    due = [at for plan, at in nightly if not plan.shops or shop.name in plan.shops]
    return min(due) if due and shop.active else None


_UNENDED: Final = tuple(state for state in BatchState if not state.ended)


def _running() -> Sequence[JobBatch]:
    shop = joinedload(JobBatch.shop).options(load_only(PrestaShopShop.name))
    query = select(JobBatch).where(JobBatch.state.in_(_UNENDED)).options(shop)
    return db.session.scalars(query.order_by(JobBatch.created_at.desc()).limit(BATCHES + 1)).all()


def _how_many_run() -> int:
    query = select(func.count()).select_from(JobBatch).where(JobBatch.state.in_(_UNENDED))
    return db.session.scalar(query) or 0


def _recent_causes() -> list[tuple[FailureCause, str]]:
    """What failed in the last 24 hours, the commonest cause first, with the name of its shop."""
    query = (
        select(FailureCause, PrestaShopShop.name)
        .join(PrestaShopShop, PrestaShopShop.id == FailureCause.shop_id)
        .where(FailureCause.count > 0, FailureCause.last_seen_at >= now() - RECENT)
        .order_by(FailureCause.count.desc(), FailureCause.id)
        .limit(CAUSES)
    )
    return [(cause, name) for cause, name in db.session.execute(query)]
