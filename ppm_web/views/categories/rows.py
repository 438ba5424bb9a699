"""What the pages of categories read, in as many statements for 10 categories as for 5,000."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from flask import current_app
from sqlalchemy import ColumnElement, Select, func, or_, select, tuple_
from sqlalchemy.orm import aliased, defer, raiseload

from ppm_web.extensions import db
from ppm_web.models import (
    ROOT_CATEGORY_ID,
    Category,
    CategorySyncStatus,
    CategoryText,
    ProductCategory,
)
from ppm_web.services.catalog.names import category_paths

MOST_OPEN = 20
"""Levels that an address may open."""


@dataclass(frozen=True, slots=True)
class CategoryRow:
    """A category: how many stand directly in it, its row for each shop (by shop id); ``path`` in a search."""

    category: Category
    categories: int
    products: int
    statuses: Mapping[int, CategorySyncStatus]
    path: str = ""


@dataclass(frozen=True, slots=True)
class Level:
    """The categories directly in one, by name; ``after`` is the id after which the next page begins."""

    rows: Sequence[CategoryRow]
    after: int | None


def levels(opened: Sequence[int]) -> dict[int, Level]:
    """The first page of each opened category's level, and of the root's: four statements for all."""
    parents = [ROOT_CATEGORY_ID, *opened[:MOST_OPEN]]
    size: int = current_app.config["PAGE_SIZE"]
    place = func.row_number().over(partition_by=Category.parent_id, order_by=(Category.name, Category.id))
    ranked = select(Category.id, place.label("place")).where(Category.parent_id.in_(parents)).subquery()
    query = select(Category).join(ranked, ranked.c.id == Category.id).where(ranked.c.place <= size + 1)
    rows = _rows(query.order_by(Category.name, Category.id))
    found: dict[int, list[CategoryRow]] = {parent: [] for parent in parents}
    for row in rows:
        found[row.category.parent_id or 0].append(row)
    return {parent: _cut(row_list) for parent, row_list in found.items()}


def level(parent_id: int, after: int | None) -> Level:
    """A page of the categories directly in one, from the category ``after`` on."""
    query = select(Category).where(Category.parent_id == parent_id)
    return _page(query, after)


def found(search: str, after: int | None) -> Level:
    """Categories whose name, in any language, holds ``search``, with their paths."""
    # SQLite knows upper and lower case of ASCII letters only, hence the four spellings
    spellings = {search, search.lower(), search.upper(), search.capitalize()}

    def held(column: Any) -> ColumnElement[bool]:
        return or_(*(column.icontains(spelling, autoescape=True) for spelling in spellings))

    named = select(CategoryText.category_id).where(held(CategoryText.name))
    page = _page(select(Category).where(or_(held(Category.name), Category.id.in_(named))), after)
    paths = category_paths([row.category.id for row in page.rows])
    rows = [
        CategoryRow(row.category, row.categories, row.products, row.statuses, paths[row.category.id])
        for row in page.rows
    ]
    return Level(rows, page.after)


def status_of(category_id: int, shop_id: int) -> CategorySyncStatus | None:
    """The row of a category in a shop, read anew; None while nobody asked for a sync."""
    return db.session.scalar(
        select(CategorySyncStatus)
        .where(CategorySyncStatus.category_id == category_id, CategorySyncStatus.shop_id == shop_id)
        .execution_options(populate_existing=True)
    )


def statuses_of(category_ids: Sequence[int]) -> dict[int, dict[int, CategorySyncStatus]]:
    """The rows of the categories by category and shop, without what was pushed."""
    statuses: dict[int, dict[int, CategorySyncStatus]] = {number: {} for number in category_ids}
    row = CategorySyncStatus
    query = select(row).where(row.category_id.in_(category_ids))
    for status in db.session.scalars(query.options(defer(row.pushed), raiseload(row.shop))):
        statuses[status.category_id][status.shop_id] = status
    return statuses


def _page(query: Select[Any], after: int | None) -> Level:
    if after is not None:
        last = aliased(Category)
        name = select(last.name).where(last.id == after).scalar_subquery()
        query = query.where(tuple_(Category.name, Category.id) > tuple_(name, after))
    size: int = current_app.config["PAGE_SIZE"]
    return _cut(_rows(query.order_by(Category.name, Category.id).limit(size + 1)))


def _cut(rows: Sequence[CategoryRow]) -> Level:
    size: int = current_app.config["PAGE_SIZE"]
    return Level(rows[:size], rows[size - 1].category.id if len(rows) > size else None)


def _rows(query: Select[Any]) -> list[CategoryRow]:
    categories = db.session.scalars(query.options(raiseload(Category.texts))).all()
    ids = [category.id for category in categories]
    below = _counts(
        select(Category.parent_id, func.count()).group_by(Category.parent_id), Category.parent_id, ids
    )
    link = ProductCategory.category_id
    products = _counts(select(link, func.count()).group_by(link), link, ids)
    statuses = statuses_of(ids)
    return [
        CategoryRow(one, below.get(one.id, 0), products.get(one.id, 0), statuses[one.id])
        for one in categories
    ]


def _counts(query: Select[*tuple[Any, ...]], column: Any, ids: Sequence[int]) -> dict[int, int]:
    return {row[0]: row[1] for row in db.session.execute(query.where(column.in_(ids)))}
