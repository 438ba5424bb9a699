"""Statistics (R21): where the products stand in each shop, and how quickly they got there."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, String, and_, case, cast, func, or_, select

from ppm_web.extensions import db, reading
from ppm_web.models import (
    BatchItem,
    JobBatch,
    PrestaShopShop,
    Product,
    ProductSyncStatus,
    SyncLog,
    SyncState,
    now,
)
from ppm_web.services.ledger import items as batch_items

RATE_HOURS = 24
"""How far back the success rate of a shop looks."""

SUCCESS, TRIES = "success", ("success", "error", "retry")
NEVER_SENT = "never sent"
HOUR = timedelta(hours=1)
HOUR_FORMAT = "%Y-%m-%d %H"


@dataclass(frozen=True, slots=True)
class ShopStatistics:
    """Where the products of the catalogue stand in a shop: each counts once, so that all add up to ``total``.

    ``pending`` are those that were requested and do not run, also those that an unfinished batch
    wants, whatever their own state. ``never_sent`` are those that nobody asked to be sent.
    """

    shop_id: int
    name: str
    total: int
    synced: int
    pending: int
    syncing: int
    errors: int
    conflicts: int
    disabled: int
    never_sent: int
    success_rate: float | None
    """Per cent of the tries of the last 24 hours that went well, rounded down to a tenth; None without."""


@dataclass(frozen=True, slots=True)
class Period:
    """What was done in one hour, which begins at ``start`` (UTC)."""

    start: datetime
    done: int
    """Tries after which a product was in the shop as it is here: created, updated, or found unchanged."""
    failed: int
    """Tries that failed, also those that were tried again."""
    p50_ms: int | None
    """Half of the products were done in so many milliseconds; None when nothing was done."""
    p95_ms: int | None


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


def shop_statistics() -> list[ShopStatistics]:
    """The statistics of every shop, by name, in four statements.

    They read every row of every shop and the log of the last 24 hours: nothing for a page that polls.
    """
    with reading():
        names = db.session.execute(
            select(PrestaShopShop.id, PrestaShopShop.name).order_by(PrestaShopShop.name)
        ).all()
        products = db.session.scalar(select(func.count()).select_from(Product)) or 0
        standing = _standing()
        rates = _success_rates()
    return [
        _statistics(row.id, row.name, products, standing.get(row.id, {}), rates.get(row.id)) for row in names
    ]


def statistics_of(shop: PrestaShopShop) -> ShopStatistics:
    """The statistics of one shop, in three statements; they read every row of the shop."""
    with reading():
        products = db.session.scalar(select(func.count()).select_from(Product)) or 0
        standing = _standing(shop.id)
        rates = _success_rates(shop.id)
    return _statistics(shop.id, shop.name, products, standing.get(shop.id, {}), rates.get(shop.id))


def throughput(hours: int, shop_id: int | None = None) -> list[Period]:
    """What was done in each of the last ``hours`` (1 or more), the present one last: also those with nothing.

    Of all shops, or of one. A product that went with a group took as long as its group. What a
    batch found unchanged has no line in the log and does not count. Two statements, whatever the
    hours; they read each log line of the period once, by the index of ``created_at``, and sort the
    durations: about 3 s for 1,000,000 lines on SQLite.
    """
    last = now().replace(minute=0, second=0, microsecond=0)
    starts = [last - number * HOUR for number in reversed(range(hours))]
    lines = [_is_try(), SyncLog.created_at >= starts[0]]
    if shop_id is not None:
        lines.append(_shop() == shop_id)
    with reading():
        done = _done_by_hour(lines)
        failed = _failed_by_hour(lines)
    keys = [(start, start.strftime(HOUR_FORMAT)) for start in starts]
    return [
        Period(start, count, failed.get(key, 0), p50, p95)
        for start, key in keys
        for count, p50, p95 in [done.get(key, (0, None, None))]
    ]


def _statistics(
    shop_id: int, name: str, products: int, counts: dict[str, int], rate: float | None
) -> ShopStatistics:
    return ShopStatistics(
        shop_id=shop_id,
        name=name,
        total=products,
        synced=counts.get(SyncState.SYNCED, 0),
        pending=counts.get(SyncState.PENDING, 0),
        syncing=counts.get(SyncState.SYNCING, 0),
        errors=counts.get(SyncState.ERROR, 0),
        conflicts=counts.get(SyncState.CONFLICT, 0),
        disabled=counts.get(SyncState.DISABLED, 0),
        never_sent=products - sum(counts.values()) + counts.get(NEVER_SENT, 0),
        success_rate=rate,
    )


def _standing(only: int | None = None) -> dict[int, dict[str, int]]:
    """Shop id → where its rows stand → how many. Products without a row are not there."""
    row = ProductSyncStatus
    unfinished = select(JobBatch.id).where(or_(JobBatch.waiting > 0, JobBatch.running > 0))
    wanted = select(BatchItem.status_id).where(
        BatchItem.batch_id.in_(unfinished),
        BatchItem.outcome.in_(batch_items.OPEN),
        BatchItem.status_id.is_not(None),
    )
    unasked = and_(
        row.state == SyncState.PENDING,
        row.requested_revision <= row.settled_revision,
        row.external_id.is_(None),
        row.last_success_at.is_(None),
    )
    stands = case(
        (row.state.in_([SyncState.SYNCING, SyncState.DISABLED]), cast(row.state, String)),
        (row.id.in_(wanted), SyncState.PENDING.value),
        (unasked, NEVER_SENT),
        else_=cast(row.state, String),
    ).label("stands")
    found: dict[int, dict[str, int]] = {}
    query = select(row.shop_id, stands, func.count()).group_by(row.shop_id, stands)
    if only is not None:
        query = query.where(row.shop_id == only)
    for shop_id, where, count in db.session.execute(query):
        found.setdefault(shop_id, {})[where] = count
    return found


def _success_rates(only: int | None = None) -> dict[int, float]:
    """Shop id → the success rate of the shops that were tried."""
    shop = _shop().label("shop")
    well = func.count(case((SyncLog.status == SUCCESS, 1)))
    query = (
        select(shop, well, func.count())
        .where(_is_try(), SyncLog.created_at >= now() - RATE_HOURS * HOUR)
        .group_by(shop)
    )
    if only is not None:
        query = query.where(_shop() == only)
    rows = db.session.execute(query).all()
    return {shop_id: successes * 1000 // tries / 10 for shop_id, successes, tries in rows}


def _is_try() -> ColumnElement[bool]:
    """Whether a line tells of a try at a product: categories and summaries of batches do not."""
    return and_(SyncLog.product_id.is_not(None), SyncLog.status.in_(TRIES))


def _done_by_hour(
    lines: Sequence[ColumnElement[bool]],
) -> dict[str, tuple[int, int | None, int | None]]:
    """Hour → how many tries went well, and the durations that half and 95 % of them needed at most."""
    hour = _hour()
    ranked = (
        select(
            hour.label("hour"),
            SyncLog.duration_ms,
            func.cume_dist().over(partition_by=hour, order_by=SyncLog.duration_ms).label("part"),
        )
        .where(*lines, SyncLog.status == SUCCESS)
        .subquery()
    )

    def percentile(part: float) -> ColumnElement[int]:
        return func.min(case((ranked.c.part >= part, ranked.c.duration_ms)))

    rows = db.session.execute(
        select(ranked.c.hour, func.count(), percentile(0.5), percentile(0.95)).group_by(ranked.c.hour)
    ).all()
    return {row[0]: (row[1], row[2], row[3]) for row in rows}


def _failed_by_hour(lines: Sequence[ColumnElement[bool]]) -> dict[str, int]:
    hour = _hour().label("hour")
    rows = db.session.execute(
        select(hour, func.count()).where(*lines, SyncLog.status != SUCCESS).group_by(hour)
    ).all()
    return {row[0]: row[1] for row in rows}


def _shop() -> ColumnElement[int]:
    """The shop of a log line. SQLite would use an index on the bare column, and read the log of all times."""
    return SyncLog.shop_id + 0


def _hour() -> ColumnElement[str]:
    """The hour of a log line in UTC, as HOUR_FORMAT: SQLite keeps times as texts that begin so."""
    if db.engine.dialect.name == "sqlite":
        return func.substr(SyncLog.created_at, 1, 13, type_=String)
    return func.to_char(func.timezone("UTC", SyncLog.created_at), "YYYY-MM-DD HH24", type_=String)
