"""Writing changes into products, so that only what differs is written and the revision tells the truth."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import delete, insert

from ppm_web.extensions import db
from ppm_web.models import ROOT_CATEGORY_ID, Product, ProductCategory, ProductImage, ProductText
from ppm_web.services.catalog.changes import TEXT_FIELDS, ProductChanges, change_faults, missing_name_faults
from ppm_web.services.catalog.errors import CatalogError, InvalidEditError
from ppm_web.services.catalog.names import CatalogNames, committed, split_path

COLUMNS = frozenset(
    {"ean13", "price_net", "tax_rate", "quantity", "weight", "width", "height", "depth", "active"}
)

Texts = Mapping[str, Mapping[str, str | None]]
"""Language → field → text; None = not held, "" = emptied (R25)."""


@dataclass(slots=True)
class Edit:
    """Changes with ids in place of names. None: not to be changed; ``texts`` has whole languages."""

    columns: dict[str, Any]
    texts: Texts
    category_ids: list[int] | None
    images: list[str] | None

    def __bool__(self) -> bool:
        """Whether there is anything to write."""
        return bool(self.columns or self.texts) or self.category_ids is not None or self.images is not None


def texts_of(product: Product | None) -> dict[str, dict[str, str | None]]:
    """The texts of a product; none for no product."""
    if product is None:
        return {}
    return {text.language: {field: getattr(text, field) for field in TEXT_FIELDS} for text in product.texts}


def merged_texts(product: Product | None, changes: ProductChanges) -> dict[str, dict[str, str | None]]:
    """The product's texts as they would be after the changes; a language without any text goes."""
    texts = texts_of(product)
    for language, fields in changes.get("texts", {}).items():
        texts[language] = {**texts.get(language, {}), **fields}
    return texts


def edit_of(product: Product | None, changes: ProductChanges, names: CatalogNames) -> Edit:
    """What of ``changes`` differs from ``product`` as it is (from nothing: all of it)."""
    columns: dict[str, Any] = {column: value for column, value in changes.items() if column in COLUMNS}
    if "manufacturer" in changes:
        columns["manufacturer_id"] = names.manufacturer_id(changes["manufacturer"])
        columns["manufacturer_emptied"] = not changes["manufacturer"]
    categories = _category_ids(changes, names)
    images = list(changes["images"]) if "images" in changes else None
    merged = merged_texts(product, changes)
    touched = {language: merged[language] for language in changes.get("texts", {})}
    if categories is not None:
        columns["categories_emptied"] = not categories
    if product is None:
        return Edit(columns, touched, categories, images)
    before = texts_of(product)
    present = [link.category_id for link in product.category_links]
    if categories == [] and present == [ROOT_CATEGORY_ID]:  # the same, said in two ways
        categories = None
        del columns["categories_emptied"]
    if categories == present:
        categories = None
    if images == [image.source for image in product.images]:
        images = None
    return Edit(
        {column: value for column, value in columns.items() if getattr(product, column) != value},
        {language: text for language, text in touched.items() if _differ(text, before.get(language))},
        categories,
        images,
    )


def insert_products(edits: Mapping[str, Edit]) -> None:
    """New products by SKU, in a few statements for all of them, in the open transaction."""
    if not edits:
        return
    rows = [{"sku": sku, **edit.columns} for sku, edit in edits.items()]
    returning = insert(Product).returning(Product.sku, Product.id)
    ids = {row.sku: row.id for row in db.session.execute(returning, rows)}
    texts = [
        {"product_id": ids[sku], "language": language} | {field: text.get(field) for field in TEXT_FIELDS}
        for sku, edit in edits.items()
        for language, text in edit.texts.items()
        if text.get("name")
    ]
    links = [link for sku, edit in edits.items() for link in _links(ids[sku], edit.category_ids or ())]
    images = [
        {"product_id": ids[sku], "position": position, "source": source}
        for sku, edit in edits.items()
        for position, source in enumerate(edit.images or ())
    ]
    for model, children in ((ProductText, texts), (ProductCategory, links), (ProductImage, images)):
        if children:
            db.session.execute(insert(model), children)


def apply_edit(product: Product, edit: Edit) -> None:
    """Write an edit into a product of the session; the flush raises its revision by one."""
    with db.session.no_autoflush:
        if edit.category_ids is not None:
            _replace_categories(product, edit.category_ids)
        for column, value in edit.columns.items():
            setattr(product, column, value)
        _write_texts(product, edit.texts)
        if edit.images is not None:
            _write_images(product, edit.images)


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


def _category_ids(changes: ProductChanges, names: CatalogNames) -> list[int] | None:
    if "categories" not in changes:
        return None
    return list(dict.fromkeys(names.category_id(split_path(path)) for path in changes["categories"]))


def _differ(after: Mapping[str, str | None], before: Mapping[str, str | None] | None) -> bool:
    if before is None or not after.get("name"):  # a language comes, or goes
        return before is not None or bool(after.get("name"))
    return any(after.get(field) != before[field] for field in TEXT_FIELDS)


def _links(product_id: int, category_ids: Sequence[int]) -> list[dict[str, int]]:
    return [
        {"product_id": product_id, "category_id": category_id, "position": position}
        for position, category_id in enumerate(category_ids)
    ]


def _write_texts(product: Product, texts: Texts) -> None:
    rows = {row.language: row for row in product.texts}
    for language, text in texts.items():
        row = rows.get(language)
        if not text.get("name"):
            if row is not None:
                product.texts.remove(row)
        elif row is None:
            product.texts.append(ProductText(language=language, **text))
        else:
            for field, value in text.items():
                setattr(row, field, value)


def _write_images(product: Product, sources: Sequence[str]) -> None:
    """Rows keep their positions and change their sources: no two ever have one position.

    A source that stays takes the picture that was fetched from it along; a new one has yet to be fetched.
    """
    fetched = {row.source: (row.content_hash, row.problem) for row in product.images}
    for position, row in enumerate(product.images[: len(sources)]):
        row.source = sources[position]
        row.content_hash, row.problem = fetched.get(row.source, (None, ""))
    for position in range(len(product.images), len(sources)):
        content_hash, problem = fetched.get(sources[position], (None, ""))
        product.images.append(
            ProductImage(
                position=position, source=sources[position], content_hash=content_hash, problem=problem
            )
        )
    del product.images[len(sources) :]


def _replace_categories(product: Product, category_ids: Sequence[int]) -> None:
    """Not through the rows of the session: a flush writes them in an order in which two share a position."""
    db.session.execute(
        delete(ProductCategory).where(ProductCategory.product_id == product.id),
        execution_options={"synchronize_session": False},
    )
    if category_ids:
        db.session.execute(insert(ProductCategory), _links(product.id, category_ids))
    for link in list(product.category_links):
        db.session.expunge(link)
    db.session.expire(product, ["category_links"])
    product.revision = Product.revision + 1  # the flush moves fields_revision along
