"""A page of the product list in any order, in a fixed number of statements however many there are."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from typing import Any, Final

from flask import current_app
from sqlalchemy import ColumnElement, Select, and_, literal, select, tuple_
from sqlalchemy.orm import raiseload

from ppm_web.extensions import db
from ppm_web.models import Product, ProductSyncStatus, ProductText
from ppm_web.services.catalog import filters as product_filters
from ppm_web.views.products import rows as product_rows
from ppm_web.views.products.filter import Asked
from ppm_web.views.web.addresses import HIGHEST_ID


@dataclass(frozen=True, slots=True)
class ProductRow:
    """A product in the list: its name, and its row for each shop that has one (by shop id)."""

    product: Product
    names: Mapping[str, str]
    statuses: Mapping[int, ProductSyncStatus]

    @property
    def name(self) -> str:
        """The name in the first language that has one."""
        return product_rows.first_name(self.names)


@dataclass(frozen=True, slots=True)
class ProductPage:
    """A page of the list; ``before`` and ``after`` are the places that the pages beside it begin at.

    ``count`` is how many products there are on all pages; above COUNTED, unless it was asked for
    exactly, it only says that there are more.
    """

    rows: Sequence[ProductRow]
    before: str | None
    after: str | None
    count: int
    exact: bool


@dataclass(frozen=True, slots=True)
class _Place:
    """Where a page begins: a value of the order, None among those that have none, and a product's id."""

    value: Any
    product_id: int


_COLUMNS: Final[Mapping[str, Any]] = {
    "sku": Product.sku,
    "name": ProductText.name,
    "price": Product.price_net,
    "stock": Product.quantity,
    "changed": Product.updated_at,
}


def product_page(asked: Asked, *, before: str, after: str, exact: bool) -> ProductPage:
    """The products asked for, from the place ``after`` or up to ``before``; a wrong place is none."""
    size = current_app.config["PAGE_SIZE"]
    query = product_filters.for_page(asked.wanted)
    back = _read_place(asked.sort, before)
    place = back or _read_place(asked.sort, after)
    found = _products(query, asked, place, backwards=back is not None, limit=size + 1)
    more, products = len(found) > size, found[:size]
    if back and not more:
        place = back = None  # the first page, and full
        found = _products(query, asked, None, backwards=False, limit=size + 1)
        more, products = len(found) > size, found[:size]
    if back:
        products.reverse()
    rows = _with_names_and_statuses(products)
    whole = place is None and not more
    count = len(rows) if whole else _count(asked, exact=exact)
    return ProductPage(
        rows=rows,
        before=_write_place(asked.sort, rows[0]) if rows and place else None,
        after=_write_place(asked.sort, rows[-1]) if rows and (back or more) else None,
        count=count,
        exact=whole or exact or count <= product_filters.COUNTED,
    )


def _count(asked: Asked, *, exact: bool) -> int:
    counting = product_filters.count if exact else product_filters.bounded_count
    return counting(asked.wanted)


def _products(
    query: Select[Product], asked: Asked, place: _Place | None, *, backwards: bool, limit: int
) -> list[Product]:
    """Products beside the place in the order of the page, or backwards; those without a value come last."""
    parts = _parts(query, asked.sort)
    if backwards:
        parts.reverse()
    if place is not None and len(parts) > 1 and (place.value is None) is not backwards:
        parts = parts[1:]
    downwards = asked.descending is not backwards
    found: list[Product] = []
    for part, columns in parts:
        if len(found) == limit:
            break
        inside = place is not None and part is parts[0][0]
        narrowed = part.where(_beyond(columns, place, downwards=downwards)) if place and inside else part
        order = [column.desc() if downwards else column for column in columns]
        options = raiseload(Product.texts), raiseload(Product.category_links), raiseload(Product.images)
        ordered = narrowed.order_by(*order).limit(limit - len(found)).options(*options)
        found += db.session.scalars(ordered)
    return found


def _parts(query: Select[Product], sort: str) -> list[tuple[Select[Product], list[Any]]]:
    """The products in one or two queries, each with the columns of its order, which an index has."""
    if sort == "sku":
        return [(query, [Product.sku])]
    if sort == "stock":
        order = [Product.quantity, Product.id]
        return [
            (query.where(Product.quantity.is_not(None)), order),
            (query.where(Product.quantity.is_(None)), order),
        ]
    if sort != "name":
        return [(query, [_COLUMNS[sort], Product.id])]
    language = _first_language()
    mine = and_(ProductText.product_id == Product.id, ProductText.language == language)
    text = and_(mine, ProductText.name.is_not(None))
    named = query.join(ProductText, text)
    nameless = query.where(~select(ProductText.product_id).where(text).exists())
    return [(named, [ProductText.name, ProductText.product_id]), (nameless, [Product.id])]


def _beyond(columns: Sequence[Any], place: _Place, *, downwards: bool) -> ColumnElement[bool]:
    values = [literal(place.value, columns[0].type), literal(place.product_id)]
    if place.value is None:  # among those without a value the ids are the order
        columns, values = columns[-1:], values[1:]
    elif len(columns) == 1:
        values = values[:1]
    here, there = tuple_(*columns), tuple_(*values)
    return here < there if downwards else here > there


def _write_place(sort: str, row: ProductRow) -> str:
    product = row.product
    if sort == "sku":
        return product.sku
    name = row.names.get(_first_language())
    if (sort == "name" and name is None) or (sort == "stock" and product.quantity is None):
        return str(product.id)
    value = {
        "name": name,
        "price": format(product.price_net, "f"),
        "stock": product.quantity,
        "changed": product.updated_at.astimezone(UTC).isoformat(),
    }[sort]
    return f"{value}~{product.id}"


def _read_place(sort: str, text: str) -> _Place | None:
    """The place that ``_write_place`` wrote; None for anything else."""
    if not text or sort == "sku":
        return _Place(text, 0) if text else None
    if sort in ("name", "stock") and re.fullmatch(r"[0-9]{1,10}", text):
        return _Place(None, min(int(text), HIGHEST_ID))
    value, _, number = text.rpartition("~")
    if not re.fullmatch(r"[0-9]{1,10}", number) or int(number) > HIGHEST_ID:
        return None
    try:
        return _Place(_READERS[sort](value), int(number))
    except (ValueError, InvalidOperation, OverflowError):
        return None


def _price(text: str) -> Decimal:
    if not re.fullmatch(r"-?[0-9]{1,12}(\.[0-9]{1,6})?", text):
        raise ValueError(text)
    return Decimal(text)


def _stock(text: str) -> int:
    if abs(number := int(text)) > HIGHEST_ID:
        raise ValueError(text)
    return number


def _moment(text: str) -> datetime:
    # A plus stands for a blank in an address that was written by hand
    return datetime.fromisoformat(text.replace(" ", "+")).astimezone(UTC)


_READERS: Final[Mapping[str, Callable[[str], Any]]] = {
    "name": str,
    "price": _price,
    "stock": _stock,
    "changed": _moment,
}


def _first_language() -> str:
    return str(current_app.config["LANGUAGES"][0])


def _with_names_and_statuses(products: Sequence[Product]) -> list[ProductRow]:
    names: dict[int, dict[str, str]] = {product.id: {} for product in products}
    texts = select(ProductText.product_id, ProductText.language, ProductText.name)
    texts = texts.where(ProductText.product_id.in_(names), ProductText.name.is_not(None))
    for product_id, language, name in db.session.execute(texts):
        names[product_id][language] = str(name)
    statuses: dict[int, dict[int, ProductSyncStatus]] = {product.id: {} for product in products}
    for status in product_rows.statuses_of(products):
        statuses[status.product_id][status.shop_id] = status
    return [ProductRow(product, names[product.id], statuses[product.id]) for product in products]
