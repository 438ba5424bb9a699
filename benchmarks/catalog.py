"""A catalogue of any size, made quickly: products with texts in two languages, as a shop sells them."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import Any, Final

from sqlalchemy import insert, literal, select, update

from ppm_web.extensions import db
from ppm_web.models import (
    ROOT_CATEGORY_ID,
    Category,
    Manufacturer,
    Product,
    ProductCategory,
    ProductText,
    now,
)
from ppm_web.models.types import ExactDecimal
from ppm_web.prestashop.values import ProductSnapshot
from ppm_web.prestashop.values import ProductText as TextSnapshot

TAX_RATE: Final = Decimal(23)
QUANTITY: Final = 7
CATEGORY: Final = "Mugs"
MANUFACTURER: Final = "ACME"
CHUNK: Final = 5_000
"""Rows in one statement."""

_DESCRIPTIONS: Final = {
    "en": "<p>" + "A mug of stoneware, glazed by hand, for the dishwasher and the oven. " * 5 + "</p>",
    "pl": "<p>" + "Kubek kamionkowy, ręcznie szkliwiony, do zmywarki i piekarnika. " * 5 + "</p>",
}
_NAMES: Final = {"en": "Mug number", "pl": "Kubek numer"}


def fill_catalog(count: int) -> None:
    """Put in that many products, of one category and one manufacturer, and commit."""
    moment = now()
    stamps = {"created_at": moment, "updated_at": moment}
    category = Category(parent_id=ROOT_CATEGORY_ID, name=CATEGORY)
    manufacturer = Manufacturer(name=MANUFACTURER)
    db.session.add_all([category, manufacturer])
    db.session.flush()
    for numbers in chunks(count):
        db.session.execute(
            insert(Product.__table__),  # type: ignore[arg-type]  # it is typed as a FromClause
            [_product(number) | stamps | {"manufacturer_id": manufacturer.id} for number in numbers],
        )
        db.session.execute(
            insert(ProductText.__table__),  # type: ignore[arg-type]
            [_text(number, language) for number in numbers for language in _NAMES],
        )
        db.session.execute(
            insert(ProductCategory.__table__),  # type: ignore[arg-type]
            [{"product_id": number, "category_id": category.id, "position": 0} for number in numbers],
        )
    db.session.commit()


def chunks(count: int) -> Iterator[range]:
    """The product ids 1 to ``count``, in ranges of CHUNK."""
    for start in range(1, count + 1, CHUNK):
        yield range(start, min(start + CHUNK, count + 1))


def snapshot(number: int) -> ProductSnapshot:
    """Product ``number`` as it was put in, as the transformers take it."""
    fields = _product(number)
    texts = {language: _text(number, language) for language in _NAMES}
    return ProductSnapshot(
        **{name: fields[name] for name in ("sku", "ean13", "price_net", "active", "quantity")},
        **{name: fields[name] for name in ("weight", "width", "height", "depth")},
        texts={
            language: TextSnapshot(**{field: text[field] for field in TextSnapshot.__slots__})
            for language, text in texts.items()
        },
    )


def raise_prices() -> None:
    """Make every product dearer by 1.00, as an import of new prices does, and commit."""
    dearer = Product.price_net.op("+")(literal(Decimal(1), ExactDecimal))  # a plain + joins them as texts
    _edit(price_net=dearer, fields_revision=Product.revision + 1)


def raise_stock() -> None:
    """Put one more piece of every product on stock, and commit."""
    _edit(quantity=Product.quantity + 1)


def touch() -> None:
    """Save every product without a change: its revision moves and its content does not. Commits."""
    _edit(fields_revision=Product.revision + 1)


def category_and_manufacturer() -> tuple[int, int]:
    """Our ids of the products' category and manufacturer."""
    category_id = db.session.execute(select(Category.id).where(Category.name == CATEGORY)).scalar_one()
    manufacturer_id = db.session.execute(select(Manufacturer.id)).scalar_one()
    db.session.commit()
    return category_id, manufacturer_id


def _edit(**values: Any) -> None:
    db.session.execute(update(Product).values(revision=Product.revision + 1, updated_at=now(), **values))
    db.session.commit()


def _product(number: int) -> dict[str, Any]:
    return {
        "id": number,
        "sku": f"MUG-{number:06d}",
        "ean13": "5901234123457",
        "price_net": Decimal(10) + Decimal(number % 1000) / 10,
        "tax_rate": TAX_RATE,
        "quantity": QUANTITY,
        "weight": Decimal("0.3"),
        "width": Decimal(12),
        "height": Decimal(10),
        "depth": Decimal(9),
        "active": True,
        "revision": 1,
    }


def _text(number: int, language: str) -> dict[str, Any]:
    name = f"{_NAMES[language]} {number}"
    return {
        "product_id": number,
        "language": language,
        "name": name,
        "short_description": f"<p>{name}</p>",
        "description": _DESCRIPTIONS[language],
        "slug": "",
        "meta_title": name,
        "meta_description": "",
    }
