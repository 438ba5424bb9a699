"""Excel workbooks (.xlsx): the first sheet, as the same rows of text that a CSV file has.

openpyxl keeps the workbook's table of texts in memory, so memory is flat in the number of rows only
where texts repeat: very large catalogues are better given as CSV.
"""

from __future__ import annotations

import math
import warnings
import zipfile
import zlib
from collections.abc import Iterator, Sequence
from datetime import date, time, timedelta
from decimal import Decimal
from typing import Any, BinaryIO
from xml.etree.ElementTree import ParseError

import openpyxl
from openpyxl.utils.exceptions import InvalidFileException

from ppm_web.services.catalog.columns import Column
from ppm_web.services.catalog.errors import ImportFileError
from ppm_web.services.imports.rows import CellFault, Row

MAX_UNPACKED = 300 * 1024 * 1024  # bytes
MAX_RATIO = 100  # unpacked to packed; sheets of shops have 5 to 30
_SMALL = 20 * 1024 * 1024  # bytes: up to here any ratio is harmless
_MAX_ROWS = 1_048_576  # of Excel; a crafted row number beyond it would have us count for ever
_BROKEN = (
    ArithmeticError,
    AttributeError,
    EOFError,
    LookupError,
    NotImplementedError,
    OSError,
    ParseError,
    RuntimeError,
    TypeError,
    ValueError,
    zipfile.BadZipFile,
    zlib.error,
)
"""What openpyxl and the XML parser raise on a damaged or crafted workbook (defusedxml: a ValueError)."""
warnings.filterwarnings("ignore", category=UserWarning, module=r"openpyxl\.")  # of styles we do not read


class XlsxSource:
    """An open workbook; ``done`` and ``total`` are rows.

    Values are the ones that Excel saved; a formula that was saved without its result is a fault.
    Raises ImportFileError for what is no workbook, or unpacks to too much (a bomb).
    """

    def __init__(self, file: BinaryIO) -> None:
        _check_archive(file)
        self._done = 0
        try:
            self._values = _first_sheet(file, data_only=True)
            self._formulas = _first_sheet(file, data_only=False)
            self._total = self._values.max_row or 0
            for sheet in (self._values, self._formulas):
                sheet.reset_dimensions()  # what the file says of its size may be wrong
            self._rows = self._read()
            header = next(self._rows, None)
        except ImportFileError:
            raise
        except (*_BROKEN, InvalidFileException) as error:
            raise ImportFileError(
                "This is no Excel workbook that can be read: save it anew, or as CSV"
            ) from error
        if header is None:
            raise ImportFileError("The first sheet is empty: its first row must name the columns")
        self.header = list(header.cells)

    @property
    def done(self) -> int:
        """Rows that were read."""
        return self._done

    @property
    def total(self) -> int:
        """Rows that the sheet says it has, 0 when it does not say."""
        return self._total

    def rows(self, columns: Sequence[Column | None]) -> Iterator[Row]:
        """The rows that are not empty."""
        width = len(columns)
        try:
            for row in self._rows:
                cells = [*row.cells[:width], *[""] * (width - len(row.cells))]
                faults = [fault for fault in row.faults if fault.index is None or fault.index < width]
                if any(cell.strip() for cell in row.cells[width:]):
                    faults.append(CellFault(None, f"there are cells beyond the {width} columns"))
                yield Row(row.line, cells, faults, row.doubtful)
        except _BROKEN as error:
            raise ImportFileError(
                f"The workbook is damaged after row {self._done}; the rows before it were taken"
            ) from error

    def _read(self) -> Iterator[Row]:
        """The rows that are not empty, as wide as they are. Read twice, to know formulas from empty cells."""
        values = self._values.iter_rows(max_row=_MAX_ROWS)
        formulas = self._formulas.iter_rows(max_row=_MAX_ROWS)
        for number, (row, formula_row) in enumerate(zip(values, formulas, strict=True), start=1):
            self._done = number
            cells, faults, texts = [], [], set()
            for index, (cell, formula) in enumerate(zip(row, formula_row, strict=True)):
                text, reason = _text(cell, is_formula=formula.data_type == "f")
                cells.append(text)
                if isinstance(cell.value, str):
                    texts.add(index)
                if reason:
                    faults.append(CellFault(index, reason))
            if faults or any(cell.strip() for cell in cells):
                yield Row(number, cells, faults, texts)


def _check_archive(file: BinaryIO) -> None:
    try:
        with zipfile.ZipFile(file) as archive:
            members = archive.infolist()
    except _BROKEN as error:
        raise ImportFileError(
            "The file is damaged: it begins as an Excel workbook does, but is none"
        ) from error
    if "[Content_Types].xml" not in {member.filename for member in members}:
        raise ImportFileError("The file is an archive, but no Excel workbook")
    unpacked = sum(member.file_size for member in members)
    packed = sum(member.compress_size for member in members)
    if unpacked > MAX_UNPACKED or (unpacked > _SMALL and unpacked > MAX_RATIO * packed):
        raise ImportFileError(
            f"The workbook would unpack to {unpacked // 1024**2} MB, which is not read: save it as CSV"
        )


def _first_sheet(file: BinaryIO, *, data_only: bool) -> Any:
    workbook = openpyxl.load_workbook(file, read_only=True, data_only=data_only, keep_links=False)
    if not workbook.worksheets:
        raise ImportFileError("The workbook has no sheet")
    return workbook.worksheets[0]


def _text(cell: Any, *, is_formula: bool) -> tuple[str, str]:
    """A cell as text, and what is wrong with it."""
    value = cell.value
    if value is None:
        return "", "holds a formula without its result: put the value in its place" if is_formula else ""
    if isinstance(value, bool):
        return str(int(value)), ""
    if isinstance(value, int | float):
        return _number(value, str(cell.number_format))
    if isinstance(value, date | time | timedelta):
        return "", f"holds a date or time ({value}): format the cell as text and write it anew"
    return ("", f"holds Excel's error {value}") if cell.data_type == "e" else (str(value), "")


def _number(value: float, number_format: str) -> tuple[str, str]:
    """Excel keeps 15 digits; the rest is noise of binary numbers: 0.1 + 0.2 is 0.3 there."""
    if "%" in number_format:
        return "", f"is formatted as a percentage ({value * 100:g} %): write the plain number"
    if not math.isfinite(value):
        return "", f"holds {value}, which is no number"
    return format(Decimal(format(value, ".15g")), "f"), ""
