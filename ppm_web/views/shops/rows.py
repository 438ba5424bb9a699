"""What the pages of shops read, in as many statements for 10 products as for 100,000."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from sqlalchemy import func, select
from sqlalchemy.orm import defer, raiseload

from ppm_web.extensions import db
from ppm_web.models import (
    FailureCause,
    JobBatch,
    PrestaShopShop,
    ProductSyncStatus,
    ShopSurvey,
    SyncLog,
    SyncState,
)
from ppm_web.services.batches import surveys
from ppm_web.services.reports import statistics
from ppm_web.services.reports.statistics import ShopStatistics
from ppm_web.services.shops import checks as shop_checks
from ppm_web.services.shops.checks import ShopCheck

BATCHES: Final = 5
CAUSES: Final = 5
LOG_LINES: Final = 10


@dataclass(frozen=True, slots=True)
class ShopPage:
    """All that a shop's page shows; the newest batches and lines of the log, the commonest causes."""

    check: ShopCheck | None
    statistics: ShopStatistics
    survey: ShopSurvey | None
    batches: Sequence[JobBatch]
    log: Sequence[SyncLog]
    causes: Sequence[FailureCause]


def page_of(shop: PrestaShopShop) -> ShopPage:
    """The page of a shop."""
    return ShopPage(
        check=shop_checks.last_check(shop),
        statistics=statistics.statistics_of(shop),
        survey=surveys.latest(shop.id),
        batches=db.session.scalars(
            select(JobBatch)
            .where(JobBatch.shop_id == shop.id)
            .options(raiseload(JobBatch.shop))
            .order_by(JobBatch.created_at.desc(), JobBatch.id.desc())
            .limit(BATCHES)
        ).all(),
        log=db.session.scalars(
            select(SyncLog)
            .where(SyncLog.shop_id == shop.id)
            .options(defer(SyncLog.details), raiseload(SyncLog.shop))
            .order_by(SyncLog.id.desc())
            .limit(LOG_LINES)
        ).all(),
        causes=db.session.scalars(
            select(FailureCause)
            .where(FailureCause.shop_id == shop.id, FailureCause.count > 0)
            .order_by(FailureCause.count.desc(), FailureCause.id)
            .limit(CAUSES)
        ).all(),
    )


def counts() -> dict[int, dict[SyncState, int]]:
    """For each shop, how many products are in each state."""
    found: dict[int, dict[SyncState, int]] = {}
    row = ProductSyncStatus
    grouped = select(row.shop_id, row.state, func.count()).group_by(row.shop_id, row.state)
    for shop_id, state, count in db.session.execute(grouped):
        found.setdefault(shop_id, {})[state] = count
    return found
