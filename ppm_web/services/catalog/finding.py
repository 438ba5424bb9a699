"""The catalogue: its categories by path, its products by SKU, edits and search."""

from __future__ import annotations

from collections.abc import Callable

from sqlalchemy import Select, or_, select

from ppm_web.extensions import db
from ppm_web.models import ROOT_CATEGORY_ID, Category, Product, ProductText
from ppm_web.services.catalog.changes import ProductChanges, change_faults, missing_name_faults
from ppm_web.services.catalog.errors import CatalogError, Fault, ImportFileError, InvalidEditError
from ppm_web.services.catalog.names import NOT_MADE, CatalogNames, committed, split_path
from ppm_web.services.catalog.writing import apply_edit, edit_of, merged_texts

__all__ = [
    "CatalogError",
    "Fault",
    "ImportFileError",
    "InvalidEditError",
    "ProductChanges",
    "category_by_path",
    "category_path",
    "ensure_category",
    "matching_products",
    "product_by_sku",
    "update_product",
]

MAX_WORDS = 8


def category_by_path(path: str) -> Category | None:
    """The category at ``Home > Clothes > Men`` (the root's name may be left out), if there is one.

    Upper and lower case and the amount of white space make no difference. Raises CatalogError for
    what can be no path: an empty name, a name that PrestaShop refuses, more than 20 levels.
    """
    category_id = CatalogNames(make=False).category_id(split_path(path))
    return None if category_id == NOT_MADE else db.session.get(Category, category_id)


def ensure_category(path: str) -> Category:
    """The category at a path, made with all that is missing above it; commits.

    Raises CatalogError as category_by_path.
    """
    names, segments = CatalogNames(make=True), split_path(path)
    category_id = committed(lambda: names.category_id(segments), before_retry=names.forget)
    return db.session.get_one(Category, category_id)


def category_path(category: Category) -> str:
    """The path of a category: ``Home > Clothes > Men``.

    One that does not end at the root, because a category is its own ancestor, begins with ``…``.
    """
    names: list[str] = []
    seen: set[int] = set()
    current: Category | None = category
    while current is not None and current.id not in seen:
        seen.add(current.id)
        names.insert(0, current.name)
        current = current.parent
    if ROOT_CATEGORY_ID not in seen:
        names.insert(0, "…")
    return " > ".join(names)


def product_by_sku(sku: str) -> Product | None:
    """The product with exactly that SKU."""
    return db.session.scalar(select(Product).where(Product.sku == sku))


def update_product(
    product_id: int, changes: ProductChanges, look_first: Callable[[Product], None] | None = None
) -> Product:
    """Write what ``changes`` changes, and commit. The revision moves by one, or not when nothing differs.

    ``look_first`` gets the product as it is when nobody else can change it any more, and may raise.

    Raises InvalidEditError with everything that the catalogue refuses, CatalogError when the
    product is gone; then nothing is written.
    """
    names = CatalogNames(make=True)
    if faults := change_faults(changes):
        raise InvalidEditError(faults)
    return committed(lambda: _updated(product_id, changes, names, look_first), before_retry=names.forget)


def matching_products(text: str) -> Select[Product]:
    """A query for the products in which every word of ``text`` is found; "" finds them all.

    Looked at are the SKU, the EAN and the names in all languages; case makes no difference. Order,
    pages and what is loaded with them are the caller's to add.
    """
    query = select(Product)
    for word in text.split()[:MAX_WORDS]:
        # SQLite knows upper and lower case of ASCII letters only, hence the four spellings
        spellings = {word, word.lower(), word.upper(), word.capitalize()}
        named = or_(*(ProductText.name.icontains(spelling, autoescape=True) for spelling in spellings))
        query = query.where(
            or_(
                Product.sku.icontains(word, autoescape=True),
                Product.ean13.contains(word, autoescape=True),
                Product.id.in_(select(ProductText.product_id).where(named)),
            )
        )
    return query


def _updated(
    product_id: int,
    changes: ProductChanges,
    names: CatalogNames,
    look_first: Callable[[Product], None] | None,
) -> Product:
    product = db.session.get(Product, product_id, with_for_update=True, populate_existing=True)
    if product is None:
        db.session.rollback()
        raise CatalogError("This product is not in the catalogue any more")
    if look_first is not None:
        look_first(product)
    touched = list(changes.get("texts", {}))
    if touched and (faults := missing_name_faults(merged_texts(product, changes), touched)):
        db.session.rollback()
        raise InvalidEditError(faults)
    if edit := edit_of(product, changes, names):
        apply_edit(product, edit)
    return product
