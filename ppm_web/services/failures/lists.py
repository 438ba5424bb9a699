"""What failed, as the panel lists it: by cause, and one by one. Reads only (R20).

Fast at 200,000 rows: the ids are found first, from the indexes alone where these hold what is asked
for, as the rows with their traces are long.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import astuple, dataclass, replace
from datetime import UTC, datetime
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, and_, func, or_, select, tuple_
from sqlalchemy.orm import joinedload, load_only

from ppm_web.extensions import db
from ppm_web.models import Category, FailedJob, FailureCause, PrestaShopShop, Product, now

PAGE = 50
COUNTED = 1001
"""A list's total is told exactly below this one."""
MAX_WORDS = 10

TEMPORARY, PERMANENT = "temporary", "permanent"


@dataclass(frozen=True, slots=True)
class FailureFilter:
    """Which failures are meant; what is empty or 0 makes no difference.

    ``cause`` is a fingerprint, ``kind`` TEMPORARY or PERMANENT. Each word of ``text`` is found in the SKU,
    the category's name or the message. What fails later than ``until`` (milliseconds since 1970) is not
    meant; ``newest``, the highest id at that time, spares a look at most of that. It is not enough alone:
    SQLite gives the ids of deleted rows again.
    """

    shop_id: int = 0
    cause: str = ""
    text: str = ""
    kind: str = ""
    newest: int = 0
    until: int = 0

    @property
    def arguments(self) -> tuple[int | str, ...]:
        """The fields in their order, as a ticket carries them."""
        return astuple(self)

    @classmethod
    def of(cls, arguments: Sequence[Any]) -> FailureFilter:
        """The filter that a ticket carries."""
        return cls(*arguments)


@dataclass(frozen=True, slots=True)
class FailurePage:
    """A page of the list, newest first; ``older`` is the id before which the next page begins."""

    failures: Sequence[FailedJob]
    older: int | None


@dataclass(frozen=True, slots=True)
class ListedCause:
    """A cause and the name of its shop."""

    cause: FailureCause
    shop_name: str


@dataclass(frozen=True, slots=True)
class CausePage:
    """A page of causes, those with most failures first; ``after`` is what the next page begins after."""

    causes: Sequence[ListedCause]
    after: str | None


class Target(NamedTuple):
    """A failure as bulk work needs it; ``sku`` is None for a category's."""

    id: int
    shop_id: int
    sku: str | None


def failure_page(wanted: FailureFilter, before: int | None) -> FailurePage:
    """The failures that are meant, without trace and answer, from before the id ``before`` on."""
    ids = select(FailedJob.id).where(*_criteria(wanted))
    if before is not None:
        ids = ids.where(FailedJob.id < before)
    ids = ids.order_by(FailedJob.id.desc()).limit(PAGE + 1)
    query = _without_texts().where(FailedJob.id.in_(ids)).order_by(FailedJob.id.desc())
    found = db.session.scalars(query).all()
    return FailurePage(found[:PAGE], older=found[PAGE - 1].id if len(found) > PAGE else None)


def failure(failure_id: int) -> FailedJob | None:
    """One failure with all that is known of it; None when it is off the list."""
    names = (joinedload(FailedJob.shop), joinedload(FailedJob.product), joinedload(FailedJob.category))
    query = select(FailedJob).where(FailedJob.id == failure_id).options(*names)
    return db.session.scalars(query.execution_options(populate_existing=True)).one_or_none()


def count(wanted: FailureFilter, limit: int | None = None) -> int:
    """How many failures are meant; no further than ``limit``.

    ``until`` makes no difference here, as each row would have to be read for it.
    """
    return _count(replace(wanted, until=0), limit)


def count_exactly(wanted: FailureFilter) -> int:
    """How many failures are meant, those left out that failed later: slow where there are very many."""
    return _count(wanted, None)


def until_now(wanted: FailureFilter) -> FailureFilter:
    """The same failures without those that fail from now on."""
    newest = db.session.scalar(select(func.max(FailedJob.id))) or 0
    return replace(wanted, newest=newest, until=int(now().timestamp() * 1000) + 1)


def targets(wanted: FailureFilter, after: int, limit: int) -> list[Target]:
    """The next failures that are meant, by id, beginning after the id ``after``."""
    ids = select(FailedJob.id).where(*_criteria(wanted), FailedJob.id > after)
    query = (
        select(FailedJob.id, FailedJob.shop_id, Product.sku)
        .join(Product, isouter=True)
        .where(FailedJob.id.in_(ids.order_by(FailedJob.id).limit(limit)))
        .order_by(FailedJob.id)
    )
    return [Target(*row) for row in db.session.execute(query)]


def cause_page(wanted: FailureFilter, after: str) -> CausePage:
    """The causes of what is meant, from ``after`` on, a count and an id as the page before told them."""
    query = (
        select(FailureCause, PrestaShopShop.name)
        .join(PrestaShopShop, PrestaShopShop.id == FailureCause.shop_id)
        .where(FailureCause.count > 0, *_cause_criteria(wanted))
        .order_by(FailureCause.count.desc(), FailureCause.id.desc())
        .limit(PAGE + 1)
    )
    number, _, cause_id = after.partition("-")
    if number.isdecimal() and cause_id.isdecimal() and len(after) < 20:
        query = query.where(tuple_(FailureCause.count, FailureCause.id) < (int(number), int(cause_id)))
    found = [ListedCause(cause, name) for cause, name in db.session.execute(query)]
    last = found[PAGE - 1].cause if len(found) > PAGE else None
    return CausePage(found[:PAGE], after=f"{last.count}-{last.id}" if last else None)


def cause_message(fingerprint: str) -> str:
    """The message of a cause in any shop; "" when nothing fails for it any more."""
    query = select(FailureCause.message).where(FailureCause.fingerprint == fingerprint).limit(1)
    return db.session.scalar(query) or ""


def _count(wanted: FailureFilter, limit: int | None) -> int:
    found = select(FailedJob.id).where(*_criteria(wanted)).limit(limit).subquery()
    return db.session.execute(select(func.count()).select_from(found)).scalar_one()


def _without_texts() -> Any:
    """A query for failures without their long texts, with the names of what they are about."""
    row = FailedJob
    return select(row).options(
        load_only(
            *(row.job, row.shop_id, row.product_id, row.category_id, row.temporary),
            *(row.message, row.attempts, row.failed_at, row.code),
        ),
        joinedload(row.shop).load_only(PrestaShopShop.name, PrestaShopShop.active),
        joinedload(row.product).load_only(Product.sku).raiseload("*"),
        joinedload(row.category).load_only(Category.name).raiseload("*"),
    )


def _criteria(wanted: FailureFilter) -> list[ColumnElement[bool]]:
    found: list[ColumnElement[bool]] = []
    if wanted.shop_id:
        found.append(FailedJob.shop_id == wanted.shop_id)
    if wanted.cause:
        found.append(FailedJob.fingerprint == wanted.cause)
    if wanted.kind:
        found.append(FailedJob.temporary.is_(wanted.kind == TEMPORARY))
    if wanted.newest:
        found.append(FailedJob.id <= wanted.newest)
    if wanted.until:
        found.append(FailedJob.failed_at <= datetime.fromtimestamp(wanted.until / 1000, UTC))
    for word in wanted.text.split()[:MAX_WORDS]:
        named = _of_product(word), FailedJob.category_id.in_(_categories(word))
        found.append(or_(_contains(FailedJob.message, word), *named))
    return found


def _cause_criteria(wanted: FailureFilter) -> list[ColumnElement[bool]]:
    cause, found = FailureCause, []
    if wanted.shop_id:
        found.append(cause.shop_id == wanted.shop_id)
    if wanted.cause:
        found.append(cause.fingerprint == wanted.cause)
    if wanted.kind:
        # Failures of one cause are of one kind, so that one of them tells.
        kind = select(FailedJob.temporary).where(FailedJob.fingerprint == cause.fingerprint).limit(1)
        found.append(kind.scalar_subquery().is_(wanted.kind == TEMPORARY))
    for word in wanted.text.split()[:MAX_WORDS]:
        about = _about(word)
        found.append(or_(_contains(cause.message, word), cause.fingerprint.in_(about)))
    return found


def _about(word: str) -> Any:
    """The fingerprints of what failed with products or categories of that name, found by their indexes."""
    row, shop_ids = FailedJob, select(PrestaShopShop.id)
    of_products = and_(row.job == "sync_product", row.shop_id.in_(shop_ids), _of_product(word))
    of_categories = and_(
        row.job == "sync_category", row.shop_id.in_(shop_ids), row.category_id.in_(_categories(word))
    )
    return select(row.fingerprint).where(of_products).union_all(select(row.fingerprint).where(of_categories))


def _of_product(word: str) -> ColumnElement[bool]:
    return FailedJob.product_id.in_(select(Product.id).where(Product.sku.icontains(word, autoescape=True)))


def _categories(word: str) -> Any:
    return select(Category.id).where(_contains(Category.name, word))


def _contains(column: Any, word: str) -> ColumnElement[bool]:
    # SQLite knows upper and lower case of ASCII letters only, hence the four spellings
    spellings = {word, word.lower(), word.upper(), word.capitalize()}
    if word.isascii():
        spellings = {word}
    return or_(*(column.icontains(spelling, autoescape=True) for spelling in sorted(spellings)))
