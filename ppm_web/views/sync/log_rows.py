"""What the page and the file of the log read: always by an index, however long the log is."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo

from flask import current_app
from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import defer, joinedload

from ppm_web.extensions import db
from ppm_web.models import PrestaShopShop, Product, SyncLog
from ppm_web.views.web.addresses import id_argument, text_argument

STATUSES: Final = ("success", "error", "retry")
LOOKED: Final = 50_000
"""Lines that one page looks through at most when a filter has no index of its own."""
MOST_PRODUCTS: Final = 200
CHUNK: Final = 1000
SLACK: Final = 1000
"""Lines written at the same time by several workers may have ids in another order than their times."""


@dataclass(frozen=True, slots=True)
class LogFilter:
    """What the address asks for; days are those of PPM_TIMEZONE, both included."""

    shop_id: int | None
    status: str
    operation: str
    search: str
    batch: str
    since: date | None
    until: date | None

    @classmethod
    def read(cls) -> LogFilter:
        """The filter of the request; what cannot be used is left out."""
        status = text_argument("status")
        return cls(
            shop_id=id_argument("shop"),
            status=status if status in STATUSES else "",
            operation=text_argument("operation"),
            search=text_argument("q"),
            batch=text_argument("batch"),
            since=_day("from"),
            until=_day("to"),
        )

    @property
    def address(self) -> dict[str, Any]:
        """The arguments that ask for the same again; those that are empty are None."""
        days = {"from": self.since, "to": self.until}
        words = {"q": self.search, "status": self.status, "operation": self.operation, "batch": self.batch}
        return (
            {"shop": self.shop_id}
            | {name: day.isoformat() if day else None for name, day in days.items()}
            | {name: word or None for name, word in words.items()}
        )

    @property
    def without_batch(self) -> dict[str, Any]:
        """The arguments that ask for the same of all batches."""
        return self.address | {"batch": None}


@dataclass(frozen=True, slots=True)
class FoundLog:
    """A page, newest first; ``cut`` when it ended because enough lines were looked through."""

    entries: Sequence[SyncLog]
    skus: dict[int, str]
    older: int | None
    cut: bool


def found_page(wanted: LogFilter, before: int | None) -> FoundLog:
    """The lines that ``wanted`` finds, from the line ``before`` on."""
    size: int = current_app.config["PAGE_SIZE"]
    top = before or (db.session.scalar(select(func.max(SyncLog.id))) or 0) + 1
    bottom = max(0, top - LOOKED) if (wanted.status or wanted.operation) and not wanted.batch else 0
    shop = joinedload(SyncLog.shop).options(
        defer(PrestaShopShop.profile), defer(PrestaShopShop.encrypted_key)
    )
    query = select(SyncLog).options(shop).where(*_conditions(wanted), SyncLog.id < top, SyncLog.id >= bottom)
    found = db.session.scalars(query.order_by(SyncLog.id.desc()).limit(size + 1)).all()
    entries, cut = found[:size], len(found) <= size and bottom > 1
    older = entries[-1].id if len(found) > size else bottom if cut else None
    return FoundLog(entries, _skus(entries), older, cut)


def found_rows(wanted: LogFilter) -> Iterator[tuple[SyncLog, str, str]]:
    """Every line that ``wanted`` finds with its shop's name and SKU, newest first.

    Read a thousand at a time; no transaction stays open between them.
    """
    before: int | None = None
    columns = (SyncLog, PrestaShopShop.name, func.coalesce(Product.sku, ""))
    query = (
        select(*columns)
        .join(PrestaShopShop, PrestaShopShop.id == SyncLog.shop_id)
        .outerjoin(Product, Product.id == SyncLog.product_id)
        .options(defer(SyncLog.details))
        .where(*_conditions(wanted))
        .order_by(SyncLog.id.desc())
        .limit(CHUNK)
    )
    while True:
        page = query if before is None else query.where(SyncLog.id < before)
        rows = db.session.execute(page).all()
        db.session.expunge_all()
        db.session.rollback()
        yield from ((entry, shop, sku) for entry, shop, sku in rows)
        if len(rows) < CHUNK:
            return
        before = rows[-1][0].id


def _conditions(wanted: LogFilter) -> list[ColumnElement[bool]]:
    found: list[ColumnElement[bool]] = []
    if wanted.shop_id is not None:
        found.append(SyncLog.shop_id == wanted.shop_id)
    for column, value in (
        *((SyncLog.status, wanted.status), (SyncLog.operation, wanted.operation)),
        (SyncLog.batch_id, wanted.batch),
    ):
        if value:
            found.append(column == value)
    if wanted.search:
        skus = select(Product.id).where(Product.sku.istartswith(wanted.search, autoescape=True))
        found.append(SyncLog.product_id.in_(db.session.scalars(skus.limit(MOST_PRODUCTS)).all()))
    return found + _days(wanted)


def _days(wanted: LogFilter) -> list[ColumnElement[bool]]:
    """The days as times, and as ids too: the index of times finds where they begin and end."""
    found: list[ColumnElement[bool]] = []
    if wanted.since is not None:
        begin = _midnight(wanted.since)
        first = _first_id(begin)
        found += [SyncLog.created_at >= begin, SyncLog.id >= (first - SLACK if first is not None else 0)]
    if wanted.until is not None:
        end = _midnight(wanted.until + timedelta(days=1))
        first = _first_id(end)
        found += [SyncLog.created_at < end] + ([SyncLog.id < first + SLACK] if first is not None else [])
    return found


def _first_id(moment: datetime) -> int | None:
    query = select(SyncLog.id).where(SyncLog.created_at >= moment).order_by(SyncLog.created_at).limit(1)
    return db.session.scalar(query)


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), ZoneInfo(current_app.config["TIMEZONE"]))


def _day(name: str) -> date | None:
    try:
        day = date.fromisoformat(text_argument(name))
    except ValueError:
        return None
    return day if 1970 < day.year < 9000 else None


def _skus(entries: Sequence[SyncLog]) -> dict[int, str]:
    ids = {entry.product_id for entry in entries if entry.product_id is not None}
    rows = db.session.execute(select(Product.id, Product.sku).where(Product.id.in_(ids)))
    return {row.id: row.sku for row in rows}
