"""Editing a product by a form: its cells are read by the rules of an import, and nobody's edit is lost.

A form carries a mark of each value that it was made from. What another person changed since is told and not
overwritten unseen; what a sync or the pictures move in the row makes no difference. What was left as the form
showed it is not read: so an empty field that nobody touched stays what it is, emptied or not held (R25).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Final, Literal

from ppm_web.extensions import db
from ppm_web.models import Product, sku_key
from ppm_web.services.catalog import finding, writing
from ppm_web.services.catalog.changes import MEASURES, TEXT_FIELDS, change_faults, missing_name_faults
from ppm_web.services.catalog.columns import NEEDED, Column, ParsedRow, parse_row
from ppm_web.services.catalog.errors import CatalogError, Fault, InvalidEditError, quoted
from ppm_web.services.catalog.names import NOT_MADE, CatalogNames, category_paths, committed, split_path
from ppm_web.services.catalog.skus import in_two_spellings, products_by_key
from ppm_web.services.catalog.writing import edit_of, insert_products, merged_texts, texts_of

PLAIN = ("ean13", "price_net", "tax_rate", "quantity", "manufacturer", *MEASURES, "active")
CATEGORIES = "categories"
MAY_BE_LET_GO: Final[tuple[Literal["quantity"], Literal["active"]]] = ("quantity", "active")
"""What has no empty value: a field of it that is emptied is not held any more."""
_BETWEEN = "\n"  # categories as one value: a path has no line break


class EditedMeanwhileError(CatalogError):
    """Another person changed ``fields`` since the form was made; nothing was written."""

    def __init__(self, fields: Sequence[str]) -> None:
        super().__init__("The product was changed by somebody else while you edited it")
        self.fields = tuple(fields)


@dataclass(frozen=True, slots=True)
class Saved:
    """The product, and whether anything differed."""

    product: Product
    changed: bool


def values_of(product: Product) -> dict[str, str]:
    """Each value of a product as a form shows it: ``price_net``, ``name:en``, ``categories`` (one a line).

    What is empty was emptied, or is not held: see ``held_of``.
    """
    paths = category_paths([link.category_id for link in product.category_links])
    values = {name: _shown(getattr(product, name)) for name in PLAIN if name != "manufacturer"}
    values["manufacturer"] = product.manufacturer.name if product.manufacturer else ""
    values[CATEGORIES] = _BETWEEN.join(paths[link.category_id] for link in product.category_links)
    texts = texts_of(product)
    return values | {
        f"{name}:{code}": text or "" for code, fields in texts.items() for name, text in fields.items()
    }


def held_of(product: Product) -> set[str]:
    """The names of the values that PPM holds; the others stay as each shop has them (R25)."""
    held = {name for name in PLAIN if name != "manufacturer" and getattr(product, name) is not None}
    if product.manufacturer_id is not None or product.manufacturer_emptied:
        held.add("manufacturer")
    if product.category_links or product.categories_emptied:
        held.add(CATEGORIES)
    texts = texts_of(product)
    return held | {
        f"{name}:{code}"
        for code, fields in texts.items()
        for name, text in fields.items()
        if text is not None
    }


def marks_of(values: Mapping[str, str]) -> dict[str, str]:
    """A short mark of each value that is not empty; line ends and outer white space make no difference."""
    plain = {name: text.replace("\r\n", "\n").strip() for name, text in values.items()}
    return {name: sha256(text.encode()).hexdigest()[:16] for name, text in plain.items() if text}


def read_form(values: Mapping[str, str], product: Product | None, marks: Mapping[str, str]) -> ParsedRow:
    """What a person changed in a form, with all that is wrong in it and in the product that would come of it.

    ``marks``: those of the values that the form was made from.
    """
    mine = marks_of(values)
    touched = {name: text for name, text in values.items() if mine.get(name) != marks.get(name)}
    let_go = [name for name in MAY_BE_LET_GO if name in touched and not touched[name].strip()]
    cells = {
        name: text.replace("\r\n", "\n")
        for name, text in ({"sku": "", **touched} if product is None else touched).items()
        if name != CATEGORIES and name not in let_go
    }
    row = parse_row(0, [_column(name) for name in cells], list(cells.values()))
    for name in let_go:
        row.changes[name] = None
    if CATEGORIES in touched:
        paths = [path.strip() for path in touched[CATEGORIES].splitlines() if path.strip()]
        row.changes["categories"] = paths
        row.faults += change_faults({"categories": paths}) or _unknown(paths)
    if product is None:
        read = {*row.changes, *(fault.column for fault in row.faults)}
        row.faults += [Fault(name, "a new product needs it") for name in NEEDED if name not in read]
    texts = merged_texts(product, row.changes)
    row.faults += missing_name_faults(texts, list(row.changes.get("texts", {})))
    return row


def save_product(product_id: int, values: Mapping[str, str], marks: Mapping[str, str]) -> Saved:
    """Write what differs, and commit; the revision moves by one, or not when nothing differs.

    ``marks``: those of the values that the form was made from. Raises InvalidEditError with all faults,
    EditedMeanwhileError, and CatalogError when the product is gone; then nothing is written.
    """
    product = db.session.get(Product, product_id)
    row = read_form(values, product, marks)
    if row.faults:
        db.session.rollback()
        raise InvalidEditError(row.faults)
    seen: list[int] = []

    def look_first(present: Product) -> None:
        seen.append(present.revision)
        if moved := _moved(values_of(present), values, marks):
            db.session.rollback()
            raise EditedMeanwhileError(moved)

    saved = writing.update_product(product_id, row.changes, look_first)
    return Saved(saved, saved.revision != seen[-1])


def create_product(values: Mapping[str, str]) -> Product:
    """Add a product, and commit. Raises InvalidEditError with all faults; then nothing is written."""
    row, names = read_form(values, None, {}), CatalogNames(make=True)
    if row.faults:
        db.session.rollback()
        raise InvalidEditError(row.faults)

    def work() -> Product:
        if fault := _taken(row.sku):
            db.session.rollback()
            raise InvalidEditError([fault])
        insert_products({row.sku: edit_of(None, row.changes, names)})
        product = finding.product_by_sku(row.sku)
        if product is None:
            raise CatalogError("This product is not in the catalogue any more")
        return product

    return committed(work, before_retry=names.forget)


def _taken(sku: str) -> Fault | None:
    """What is wrong with the SKU of a new product, if another has it, in whatever spelling."""
    alike = products_by_key([sku], lock=False).get(sku_key(sku), {})
    if sku in alike:
        return Fault("sku", f"{quoted(sku)} is in the catalogue already")
    return in_two_spellings(sku, next(iter(alike))) if alike else None


def _moved(present: Mapping[str, str], wanted: Mapping[str, str], marks: Mapping[str, str]) -> list[str]:
    """The fields that are neither what the form was made from nor what it wants."""
    now = marks_of(present)
    names = [name for name in wanted if now.get(name) != marks.get(name)]
    return [name for name in names if present.get(name, "") != wanted[name].replace("\r\n", "\n").strip()]


def _unknown(paths: Sequence[str]) -> list[Fault]:
    """A mistyped path must not become a category."""
    names = CatalogNames(make=False)
    missing = [path for path in paths if names.category_id(split_path(path)) == NOT_MADE]
    return [Fault(CATEGORIES, f"there is no category {quoted(path)}") for path in missing]


def _column(name: str) -> Column:
    text_field, _, language = name.partition(":")
    return Column(name, text_field, language) if text_field in TEXT_FIELDS and language else Column(name)


def _shown(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "1" if value else "0"
    if isinstance(value, int):
        return str(value)
    text = f"{value:f}" if not isinstance(value, str) else value
    return text.rstrip("0").rstrip(".") if "." in text else text
