"""The catalogue: what the company sells, held once (R14)."""

from __future__ import annotations

from decimal import Decimal
from typing import Any, cast

from sqlalchemy import (
    CheckConstraint,
    ForeignKey,
    Index,
    String,
    Text,
    UniqueConstraint,
    event,
    false,
    inspect,
    text,
)
from sqlalchemy.orm import InstanceState, Mapped, Session, mapped_column, relationship

from ppm_web.extensions import Model
from ppm_web.models.skus import sku_key
from ppm_web.models.types import Created, ExactDecimal, PrimaryKey, Updated

ROOT_CATEGORY_ID = 1
ROOT_CATEGORY_NAME = "Home"
"""The catalogue's one root, made by the first migration; in a shop it is that shop's own home category."""


class Manufacturer(Model):
    """A maker of products; shops are looked up by its name."""

    __tablename__ = "manufacturer"

    id: Mapped[PrimaryKey]
    name: Mapped[str] = mapped_column(String(64), unique=True)


class Category(Model):
    """A category. ``name`` is its working name: unique among its siblings, used in paths such as
    ``Home > Clothes``, and shown in a language that has no text of its own.

    ``active`` is None while nobody said it here: then each shop's own switch stands (R25)."""

    __tablename__ = "category"
    __table_args__ = (
        UniqueConstraint("parent_id", "name"),
        CheckConstraint(f"parent_id IS NOT NULL OR id = {ROOT_CATEGORY_ID}", name="one_root"),
    )

    id: Mapped[PrimaryKey]
    parent_id: Mapped[int | None] = mapped_column(ForeignKey("category.id"), index=True)
    name: Mapped[str] = mapped_column(String(128))
    active: Mapped[bool | None]
    revision: Mapped[int] = mapped_column(default=1)
    created_at: Mapped[Created]
    updated_at: Mapped[Updated]

    parent: Mapped[Category | None] = relationship(remote_side="Category.id")
    texts: Mapped[list[CategoryText]] = relationship(
        cascade="all, delete-orphan", lazy="selectin", back_populates="category"
    )


class CategoryText(Model):
    """A category's texts in one language; None is not held, "" was emptied (R25)."""

    __tablename__ = "category_text"

    category_id: Mapped[int] = mapped_column(ForeignKey("category.id", ondelete="CASCADE"), primary_key=True)
    language: Mapped[str] = mapped_column(String(8), primary_key=True)
    name: Mapped[str | None] = mapped_column(String(128))
    description: Mapped[str | None] = mapped_column(Text)
    slug: Mapped[str | None] = mapped_column(String(128))
    meta_title: Mapped[str | None] = mapped_column(String(255))
    meta_description: Mapped[str | None] = mapped_column(String(512))

    category: Mapped[Category] = relationship(back_populates="texts")


def _key_of_sku(context: Any) -> str:
    return sku_key(context.get_current_parameters()["sku"])


class Product(Model):
    """A product. ``revision`` moves on each edit of the product or of what belongs to it;
    ``fields_revision`` is the revision of the last edit of anything but the quantity.

    None means that nobody gave PPM this: it is not held, and stays as each shop has it. "", 0 or a flag
    ``…_emptied`` means that a person emptied it (R25).
    """

    __tablename__ = "product"
    __table_args__ = (
        Index("ix_product_updated_at_id", "updated_at", "id"),
        Index("ix_product_price_net_id", "price_net", "id"),
        Index("ix_product_quantity_id", "quantity", "id"),
    )

    id: Mapped[PrimaryKey]
    sku: Mapped[str] = mapped_column(String(64), unique=True)
    sku_key: Mapped[str] = mapped_column(
        String(255), index=True, default=_key_of_sku, server_default=text("''")
    )
    """What shops compare of the SKU, which never changes: see ``skus.sku_key``."""
    ean13: Mapped[str | None] = mapped_column(String(14), index=True)
    price_net: Mapped[Decimal] = mapped_column(ExactDecimal)
    tax_rate: Mapped[Decimal] = mapped_column(ExactDecimal)
    quantity: Mapped[int | None]
    manufacturer_id: Mapped[int | None] = mapped_column(ForeignKey("manufacturer.id"), index=True)
    manufacturer_emptied: Mapped[bool] = mapped_column(default=False, server_default=false())
    categories_emptied: Mapped[bool] = mapped_column(default=False, server_default=false())
    weight: Mapped[Decimal | None] = mapped_column(ExactDecimal)
    width: Mapped[Decimal | None] = mapped_column(ExactDecimal)
    height: Mapped[Decimal | None] = mapped_column(ExactDecimal)
    depth: Mapped[Decimal | None] = mapped_column(ExactDecimal)
    active: Mapped[bool | None]
    revision: Mapped[int] = mapped_column(default=1)
    fields_revision: Mapped[int] = mapped_column(default=1, server_default="1")
    created_at: Mapped[Created]
    updated_at: Mapped[Updated]

    manufacturer: Mapped[Manufacturer | None] = relationship()
    texts: Mapped[list[ProductText]] = relationship(
        cascade="all, delete-orphan", lazy="selectin", back_populates="product"
    )
    category_links: Mapped[list[ProductCategory]] = relationship(
        cascade="all, delete-orphan",
        lazy="selectin",
        order_by="ProductCategory.position",
        back_populates="product",
    )
    images: Mapped[list[ProductImage]] = relationship(
        cascade="all, delete-orphan",
        lazy="selectin",
        order_by="ProductImage.position",
        back_populates="product",
    )


class ProductText(Model):
    """A product's texts in one language (a code such as ``en``); None is not held, "" was emptied (R25)."""

    __tablename__ = "product_text"
    __table_args__ = (Index("ix_product_text_language_name", "language", "name", "product_id"),)

    product_id: Mapped[int] = mapped_column(ForeignKey("product.id", ondelete="CASCADE"), primary_key=True)
    language: Mapped[str] = mapped_column(String(8), primary_key=True)
    name: Mapped[str | None] = mapped_column(String(128))
    short_description: Mapped[str | None] = mapped_column(Text)
    description: Mapped[str | None] = mapped_column(Text)
    slug: Mapped[str | None] = mapped_column(String(128))
    meta_title: Mapped[str | None] = mapped_column(String(255))
    meta_description: Mapped[str | None] = mapped_column(String(512))

    product: Mapped[Product] = relationship(back_populates="texts")


class ProductCategory(Model):
    """A product stands in a category; position 0 is its primary category."""

    __tablename__ = "product_category"
    __table_args__ = (UniqueConstraint("product_id", "position"),)

    product_id: Mapped[int] = mapped_column(ForeignKey("product.id", ondelete="CASCADE"), primary_key=True)
    category_id: Mapped[int] = mapped_column(ForeignKey("category.id"), primary_key=True, index=True)
    position: Mapped[int]

    product: Mapped[Product] = relationship(back_populates="category_links")
    category: Mapped[Category] = relationship()


class ImageFile(Model):
    """A picture in the storage folder, kept once by its content: ``content_hash`` is its SHA-256."""

    __tablename__ = "image_file"

    content_hash: Mapped[str] = mapped_column(String(64), primary_key=True)
    media_type: Mapped[str] = mapped_column(String(32))
    size: Mapped[int]
    width: Mapped[int]
    height: Mapped[int]
    created_at: Mapped[Created]


class ProductImage(Model):
    """A picture of a product; position 0 is the cover.

    ``source`` is the path, the URL or the file's name that it came from. ``content_hash`` is None
    while it has not been fetched; ``problem`` says why it cannot be, in plain words.
    """

    __tablename__ = "product_image"
    __table_args__ = (UniqueConstraint("product_id", "position"),)

    id: Mapped[PrimaryKey]
    product_id: Mapped[int] = mapped_column(ForeignKey("product.id", ondelete="CASCADE"))
    position: Mapped[int]
    source: Mapped[str] = mapped_column(String(2048))
    content_hash: Mapped[str | None] = mapped_column(ForeignKey("image_file.content_hash"), index=True)
    problem: Mapped[str] = mapped_column(Text, default="", server_default=text("''"))

    product: Mapped[Product] = relationship(back_populates="images")
    file: Mapped[ImageFile | None] = relationship()


@event.listens_for(Session, "before_flush")
def _move_revisions(session: Session, _context: object, _instances: object) -> None:
    """Raise the revision of every product and category that this flush edits (R4).

    The new value is computed by the database, so that two edits at once both count. An edit of nothing but
    a product's quantity leaves ``fields_revision`` where it is.
    """
    edited: dict[Product | Category, bool] = {}
    for row in {*session.dirty, *session.new, *session.deleted}:
        # A row that is taken out of a collection has no owner any more: the collection tells.
        collections = isinstance(row, Product | Category)
        deleted = row in session.deleted
        if (owner := _owner(row)) is not None and (
            deleted or session.is_modified(row, include_collections=collections)
        ):
            edited[owner] = edited.get(owner, True) and _is_quantity_only(row)
    for owner, quantity_only in edited.items():
        if cast("InstanceState[Any]", inspect(owner)).persistent and owner not in session.deleted:
            owner.revision = type(owner).revision + 1
            if isinstance(owner, Product) and not quantity_only:
                owner.fields_revision = Product.revision + 1


def _is_quantity_only(row: Any) -> bool:
    """Whether a product's quantity is all that this flush changes of ``row``."""
    if not isinstance(row, Product):
        return False
    state = cast("InstanceState[Any]", inspect(row))
    return {attribute.key for attribute in state.attrs if attribute.history.has_changes()} <= {"quantity"}


def _owner(row: Any) -> Product | Category | None:
    """The product or category that an edit of ``row`` edits."""
    if isinstance(row, Product | Category):
        return row
    if isinstance(row, ProductText | ProductCategory | ProductImage):
        return row.product
    if isinstance(row, CategoryText):
        return row.category
    return None
