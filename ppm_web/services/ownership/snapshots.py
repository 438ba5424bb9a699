"""Rows of the catalogue as the plain values that the transformers take."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from sqlalchemy import select
from sqlalchemy.orm import joinedload

from ppm_web.extensions import db, reading
from ppm_web.models import ROOT_CATEGORY_ID, Category, Product
from ppm_web.prestashop.values import CategorySnapshot, CategoryText, ProductSnapshot, ProductText
from ppm_web.services.catalog.finding import path_to
from ppm_web.services.images.sources import ImageData


@dataclass(frozen=True, slots=True)
class ProductData:
    """A product as it is now, with what it refers to by our own ids."""

    product_id: int
    revision: int
    snapshot: ProductSnapshot
    tax_rate: Decimal
    manufacturer: tuple[int, str] | None
    manufacturer_held: bool
    """Whether PPM holds the manufacturer: ``manufacturer`` None is then "none"."""
    category_ids: Sequence[int] | None
    """The primary category first; the root alone where they were emptied; None where they are not held."""
    fields_revision: int = 1
    """The revision of the last edit of anything but the quantity."""
    images: Sequence[ImageData] = ()
    """The cover first."""


@dataclass(frozen=True, slots=True)
class CategoryData:
    """A category as it is now."""

    category_id: int
    revision: int
    snapshot: CategorySnapshot


def product_data(product_ids: Sequence[int]) -> dict[int, ProductData]:
    """The products by their ids, in a handful of queries. Leaves no transaction open."""
    with reading():
        rows = db.session.scalars(
            select(Product)
            .where(Product.id.in_(product_ids))
            .options(joinedload(Product.manufacturer))
            .execution_options(populate_existing=True)
        ).all()
        return {row.id: _product(row) for row in rows}


def category_path(category_id: int) -> list[CategoryData]:
    """The category and its ancestors below the root, the topmost first. Leaves no transaction open.

    Raises CategoryCycleError when the category is its own ancestor (R6).
    """
    with reading():
        return [CategoryData(row.id, row.revision, _category(row)) for row in path_to(category_id)]


def _product(row: Product) -> ProductData:
    return ProductData(
        product_id=row.id,
        revision=row.revision,
        snapshot=ProductSnapshot(
            sku=row.sku,
            ean13=row.ean13,
            price_net=row.price_net,
            active=row.active,
            quantity=row.quantity,
            weight=row.weight,
            width=row.width,
            height=row.height,
            depth=row.depth,
            texts={
                text.language: ProductText(
                    name=text.name,
                    short_description=text.short_description,
                    description=text.description,
                    slug=text.slug,
                    meta_title=text.meta_title,
                    meta_description=text.meta_description,
                )
                for text in row.texts
            },
        ),
        tax_rate=row.tax_rate,
        manufacturer=(row.manufacturer.id, row.manufacturer.name) if row.manufacturer else None,
        manufacturer_held=row.manufacturer is not None or row.manufacturer_emptied,
        category_ids=_category_ids(row),
        fields_revision=row.fields_revision,
        images=[ImageData(image.id, image.source, image.content_hash, image.problem) for image in row.images],
    )


def _category_ids(row: Product) -> list[int] | None:
    found = [link.category_id for link in row.category_links]
    return found or ([ROOT_CATEGORY_ID] if row.categories_emptied else None)


def _category(row: Category) -> CategorySnapshot:
    return CategorySnapshot(
        name=row.name,
        active=row.active,
        texts={
            text.language: CategoryText(
                name=text.name,
                description=text.description,
                slug=text.slug,
                meta_title=text.meta_title,
                meta_description=text.meta_description,
            )
            for text in row.texts
        },
    )
