"""Making import files, and reading what came of them."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from sqlalchemy import select

from ppm_web.extensions import db
from ppm_web.models import Category, Manufacturer, Product
from ppm_web.services.catalog.finding import product_by_sku
from ppm_web.services.imports.run import ImportResult, import_catalog

HEADER = "sku,price_net,tax_rate,name:en\n"


def write(tmp_path: Path, content: str | bytes, name: str = "catalogue.csv") -> Path:
    path = tmp_path / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


def run(tmp_path: Path, content: str | bytes, *, dry_run: bool = False) -> ImportResult:
    return import_catalog(write(tmp_path, content), dry_run=dry_run)


def csv_line(cells: Mapping[str, str]) -> str:
    return ",".join('"' + cell.replace('"', '""') + '"' for cell in cells.values()) + "\n"


def bad(result: ImportResult) -> list[tuple[int, str]]:
    return [(cell.line, cell.column) for cell in result.bad]


def figures(result: ImportResult) -> tuple[int, int, int, int]:
    """Added, updated, unchanged, bad lines."""
    return result.added, result.updated, result.unchanged, result.bad_lines


def product(sku: str) -> Product:
    found = product_by_sku(sku)
    assert found is not None
    return found


def names(sku: str) -> Mapping[str, str]:
    return {text.language: text.name or "" for text in product(sku).texts}


def skus() -> list[str]:
    return sorted(db.session.scalars(select(Product.sku)))


def counts() -> tuple[int, int, int]:
    """Products, categories below the root, manufacturers."""
    return (
        db.session.query(Product).count(),
        db.session.query(Category).count() - 1,
        db.session.query(Manufacturer).count(),
    )


GOOD = {
    "sku": "MUG-1",
    "ean13": "5901234123457",
    "price_net": "1.50",
    "tax_rate": "23",
    "quantity": "1",
    "manufacturer": "Kiln",
    "weight": "1",
    "active": "1",
    "categories": "Home > Mugs",
    "images": "a.jpg",
    "name:en": "Mug",
    "slug:en": "mug",
    "meta_title:en": "Mug",
    "meta_description:en": "Buy it",
    "short_description:en": "<p>A mug</p>",
    "description:en": "<p>A good mug</p>",
}
"""A line with every column that holds something else than the others of its kind."""

BAD_CELLS = [
    ("sku", "MUG<1", "'<'"),
    ("sku", "MUG;1", "';'"),
    ("sku", "x" * 65, "64"),
    ("sku", "MUG\x001", "control character"),
    ("sku", "MUG\t1", "tab"),
    ("sku", "=1+1", "formula"),
    ("sku", "@SUM(A1)", "formula"),
    ("sku", "+cmd|' /C calc'!A0", "formula"),
    ("sku", "-MUG", "formula"),
    ("ean13", "590-123", "digits"),
    ("ean13", "12345678901234", "13"),
    ("ean13", "5.90123E+12", "digits"),
    ("price_net", "-1", "below 0"),
    ("price_net", "1e3", "exponent"),
    ("price_net", "12.50 zł", "currency"),
    ("price_net", "$5", "currency"),
    ("price_net", "1,234.50", "thousands"),
    ("price_net", "1.234,50", "thousands"),
    ("price_net", "1 234,50", "thousands"),
    ("price_net", "1\u00a0234", "thousands"),
    ("price_net", "1,234", "two ways"),
    ("price_net", "0.1234567", "6 decimal"),
    ("price_net", "9" * 400, "too big"),
    ("price_net", "99999999999", "too big"),
    ("price_net", "NaN", "no number"),
    ("price_net", "Infinity", "no number"),
    ("price_net", "٣", "no number"),
    ("price_net", ".5", "no number"),
    ("price_net", "=1+1", "no number"),
    ("tax_rate", "101", "100"),
    ("tax_rate", "23%", "no number"),
    ("tax_rate", "5.0001", "3 decimal"),
    ("quantity", "1.5", "whole"),
    ("quantity", "2147483648", "too big"),
    ("quantity", "-2147483649", "too big"),
    ("quantity", "1" * 5000, "whole"),
    ("manufacturer", "x" * 65, "64"),
    ("manufacturer", "<b>", "'<'"),
    ("manufacturer", "=HYPERLINK(1)", "formula"),
    ("weight", "-1", "below 0"),
    ("active", "maybe", "neither"),
    ("categories", "Home > > Mugs", "empty name"),
    ("categories", "Home > Mugs|", "empty name"),
    ("categories", "Home > a<b", "'<'"),
    ("categories", " > ".join("abcdefghijklmnopqrstuvw"), "20 levels"),
    ("categories", "@Home", "formula"),
    ("images", "a.jpg||b.jpg", "empty"),
    ("images", "a.jpg|a.jpg", "twice"),
    ("images", "javascript:alert(1)", "http"),
    ("images", "file:///etc/passwd", "http"),
    ("images", "https://", "host"),
    ("images", "https://me:secret@example.com/a.jpg", "password"),
    ("images", "http://[bad/a.jpg", "URL"),
    ("images", "x" * 2049, "2048"),
    ("name:en", "a<b", "'<'"),
    ("name:en", "{a}", "'{'"),
    ("name:en", "x" * 129, "128"),
    ("name:en", "a\x1bb", "control character"),
    ("name:en", "a\x85b", "control character"),
    ("name:en", "a\uffffb", "control character"),
    ("name:en", "=1+1", "formula"),
    ("name:en", "\t=1+1", "formula"),
    ("name:en", "\rMug", "formula"),
    ("name:en", "+cmd|calc", "formula"),
    ("name:en", "-2+3+cmd|' /C calc'!A0", "formula"),
    ("slug:en", "a slug", "letters"),
    ("slug:en", "x" * 129, "128"),
    ("meta_title:en", "x" * 256, "255"),
    ("meta_description:en", "x" * 513, "512"),
    ("short_description:en", "<p>" + "x" * 801 + "</p>", "800"),
    ("short_description:en", "<script>alert(1)</script>", "script"),
    ("description:en", "<p onclick='x()'>", "onclick"),
    ("description:en", "<a href='javascript:x()'>", "javascript"),
    ("description:en", "<iframe src=x>", "iframe"),
    ("description:en", "<form>", "form"),
    ("description:en", "a\x0bb", "control character"),
    ("description:en", "=1+1", "formula"),
    ("description:en", "x" * 100_001, "100000"),
]
"""Column, text of its cell, and what must be said of it."""
