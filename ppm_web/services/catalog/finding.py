"""Finding in the catalogue: categories by path, products by SKU, and search."""

from __future__ import annotations

from sqlalchemy import Select, or_, select

from ppm_web.extensions import db
from ppm_web.models import ROOT_CATEGORY_ID, Category, Product, ProductText
from ppm_web.services.catalog.names import NOT_MADE, CatalogNames, committed, split_path
from ppm_web.services.errors import CategoryCycleError

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


def path_to(category_id: int) -> list[Category]:
    """The category and its ancestors below the root, read anew, the topmost first.

    Raises CategoryCycleError when the category is its own ancestor (R6).
    """
    path: list[Category] = []
    current: int | None = category_id
    while current is not None and current != ROOT_CATEGORY_ID:
        row = db.session.get_one(Category, current, populate_existing=True)
        if any(row.id == step.id for step in path):
            names = " > ".join([row.name, *(step.name for step in path)])
            raise CategoryCycleError(
                f"The category '{row.name}' is its own ancestor ({names}): give one of them another parent"
            )
        path.insert(0, row)
        current = row.parent_id
    return path


def product_by_sku(sku: str) -> Product | None:
    """The product with exactly that SKU."""
    return db.session.scalar(select(Product).where(Product.sku == sku))


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
