"""Importing a catalogue from a CSV or Excel file (issue 1, item 7; the rules: docs/import.md)."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import BinaryIO

from sqlalchemy import func, select

from ppm_web.extensions import db, reading
from ppm_web.models import Product, sku_key
from ppm_web.services.catalog.changes import missing_name_faults
from ppm_web.services.catalog.columns import NEEDED, Column, ParsedRow, parse_row, read_columns
from ppm_web.services.catalog.errors import Fault, ImportFileError, quoted
from ppm_web.services.catalog.names import CatalogNames, committed
from ppm_web.services.catalog.skus import in_two_spellings, products_by_key
from ppm_web.services.catalog.writing import Edit, apply_edit, edit_of, insert_products, merged_texts
from ppm_web.services.imports.csv import CsvSource
from ppm_web.services.imports.rows import Row, Source

CHUNK = 500  # rows in one transaction
_LOCK = 0x50504D01  # of PostgreSQL's advisory locks: "PPM" and a number
_OLD_EXCEL = b"\xd0\xcf\x11\xe0"  # .xls, and .xlsx with a password
_ZIP = b"PK\x03\x04"


@dataclass(frozen=True, slots=True)
class BadCell:
    """What is wrong (or, as a warning, odd) in a line; ``column`` is "" when it is the line as a whole."""

    line: int
    column: str
    reason: str


@dataclass(slots=True)
class ImportResult:
    """How many lines added, updated or left a product as it was, and everything that is wrong.

    ``warnings``: what was taken, and is hardly what was meant.
    """

    added: int = 0
    updated: int = 0
    unchanged: int = 0
    bad: list[BadCell] = field(default_factory=list)
    warnings: list[BadCell] = field(default_factory=list)

    @property
    def bad_lines(self) -> int:
        """How many lines were refused; one line may have several faults."""
        return len({cell.line for cell in self.bad})

    @property
    def total(self) -> int:
        """How many lines there were, without the header and the empty ones."""
        return self.added + self.updated + self.unchanged + self.bad_lines

    def _add(self, other: ImportResult) -> None:
        self.added += other.added
        self.updated += other.updated
        self.unchanged += other.unchanged
        self.bad += other.bad
        self.warnings += other.warnings


def import_catalog(
    path: Path, *, dry_run: bool = False, progress: Callable[[int, int], None] | None = None
) -> ImportResult:
    """Add and update products by SKU from a file; every bad line is told, the good ones go in.

    A column that is not in the file leaves its field alone, and what a new product gets in no column
    is not held (R25); an empty cell empties texts, ean13, manufacturer, images, measures (0) and
    categories (the root), and is a fault in sku, price_net, tax_rate, quantity and active. Lines that
    change nothing write nothing. Each chunk of 500 lines is a transaction of its own, so after a crash
    the same file can be imported again; the session is emptied after each. A dry run finds the same
    figures and writes nothing.

    ``progress`` gets how far the file was read, and its length: bytes of CSV, rows of Excel (0 when
    unknown). Raises ImportFileError for a file that cannot be used, or not any further.
    """
    result = ImportResult()
    writer = _Writer(dry_run=dry_run)
    with _opened(path) as source:
        columns = read_columns(source.header)
        rows = source.rows(columns)
        first_lines: dict[str, tuple[int, str]] = {}
        while chunk := list(islice(rows, CHUNK)):
            parsed = [_parsed(row, columns, first_lines) for row in chunk]
            result._add(writer.write(parsed))
            if progress:
                progress(source.done, source.total)
    return result


@contextmanager
def _opened(path: Path) -> Iterator[Source]:
    """The file as a source of rows, by what it holds, not by its name."""
    shown = quoted(str(path), 200)
    try:
        if path.exists() and not path.is_file():
            raise ImportFileError(f"{shown} is no file")
        file = path.open("rb")
    except OSError as error:
        raise ImportFileError(f"{shown} cannot be read: {(error.strerror or '').lower()}") from error
    with file:
        yield _source(file, shown)


def _source(file: BinaryIO, shown: str) -> Source:
    start = file.read(8)
    file.seek(0)
    if start.startswith(_OLD_EXCEL):
        raise ImportFileError(
            f"{shown} is an old Excel file (.xls) or has a password: save it as .xlsx without one, or as CSV"
        )
    if not start.startswith(_ZIP):
        return CsvSource(file)
    from ppm_web.services.imports.xlsx import XlsxSource  # its library is big, and rarely needed

    return XlsxSource(file)


def _parsed(row: Row, columns: Sequence[Column | None], first_lines: dict[str, tuple[int, str]]) -> ParsedRow:
    """The row as the catalogue takes it; a SKU that an earlier line had, in whatever spelling, is a fault."""
    if row.faults:
        faults = [Fault(_name(columns, fault.index), fault.reason) for fault in row.faults]
        return ParsedRow(row.line, faults=faults)
    parsed = parse_row(row.line, columns, row.cells, row.doubtful)
    if parsed.sku:
        first, spelling = first_lines.setdefault(sku_key(parsed.sku), (row.line, parsed.sku))
        if first != row.line:
            parsed.faults.append(Fault("sku", _twice(parsed.sku, first, spelling)))
    return parsed


def _twice(sku: str, line: int, spelling: str) -> str:
    if sku == spelling:
        return f"{quoted(sku)} is in line {line} already"
    return f"{quoted(sku)} is in line {line} already, written {quoted(spelling)}"


def _name(columns: Sequence[Column | None], index: int | None) -> str:
    column = columns[index] if index is not None and index < len(columns) else None
    return column.name if column else ""


class _Writer:
    """Writes chunks of rows, or only finds out what it would write."""

    def __init__(self, *, dry_run: bool) -> None:
        self._dry_run = dry_run
        self._names = CatalogNames(make=not dry_run)

    def write(self, rows: Sequence[ParsedRow]) -> ImportResult:
        """A chunk in one transaction. Leaves the session empty."""
        try:
            if self._dry_run:
                with reading():
                    return self._written(rows)
            return committed(lambda: self._written(rows), before_retry=self._names.forget)
        finally:
            db.session.expunge_all()

    def _written(self, rows: Sequence[ParsedRow]) -> ImportResult:
        result = ImportResult()
        new: dict[str, Edit] = {}
        if not self._dry_run:
            _wait_for_other_imports()
        with db.session.no_autoflush:
            found = products_by_key([row.sku for row in rows if not row.faults], lock=not self._dry_run)
            for row in rows:
                alike = found.get(sku_key(row.sku), {})
                product = alike.get(row.sku)
                if faults := row.faults or _faults_of_whole(row, product, alike):
                    result.bad += [BadCell(row.line, fault.column, fault.reason) for fault in faults]
                    continue
                result.warnings += _warnings(row, product)
                edit = edit_of(product, row.changes, self._names)
                if product is None:
                    new[row.sku] = edit
                elif not edit:
                    result.unchanged += 1
                else:
                    result.updated += 1
                    if not self._dry_run:
                        apply_edit(product, edit)
            result.added = len(new)
            if not self._dry_run:
                insert_products(new)
        return result


def _wait_for_other_imports() -> None:
    """One chunk at a time, until the commit: two imports of the same products would wait for each other.

    SQLite has one writer at a time in any case (extensions.py).
    """
    if db.engine.dialect.name == "postgresql":
        db.session.execute(select(func.pg_advisory_xact_lock(_LOCK)))


def _faults_of_whole(row: ParsedRow, product: Product | None, alike: Mapping[str, Product]) -> list[Fault]:
    """What is wrong with the product that the row would make, beyond single cells."""
    faults = []
    if product is None:
        if alike:
            return [in_two_spellings(row.sku, next(iter(alike)))]
        faults = [
            Fault(column, "a new product needs it, and the file has no such column")
            for column in NEEDED
            if column not in row.changes
        ]
    return faults + missing_name_faults(
        merged_texts(product, row.changes), list(row.changes.get("texts", {}))
    )


def _warnings(row: ParsedRow, product: Product | None) -> Iterator[BadCell]:
    """A price of 0 is taken, for products that are not sold; one that is on sale is told."""
    changes = row.changes
    price = changes["price_net"] if "price_net" in changes or product is None else product.price_net
    active = changes.get("active", product.active if product else None)
    if price == 0 and active is not False and ("price_net" in changes or "active" in changes):
        reason = "the price is 0 and the product is not switched off: shops give it away"
        yield BadCell(row.line, "price_net", reason)
