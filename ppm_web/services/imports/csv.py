"""CSV files as people and spreadsheets write them, line by line, whatever is wrong with some of the lines.

The csv module takes the records apart. Here stand what it leaves open: bytes → text, the numbers of
the lines, and how to go on after a quote that is never closed: the line that opens it is told, and
the reading begins anew with the line after it, so that it swallows nothing.
"""

from __future__ import annotations

import codecs
import csv
import io
import os
import re
from collections import deque
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import BinaryIO

from ppm_web.services.catalog.columns import Column
from ppm_web.services.catalog.errors import ImportFileError, quoted
from ppm_web.services.imports.rows import CellFault, Row

MAX_LINE = 4 * 1024 * 1024  # bytes (UTF-16: characters): no row of ours is longer, and it fits in memory
# One for the whole process. A cell over our own limit is read to its end, so that it is told once, with its
# column; a quote that is never closed costs this much reading.
csv.field_size_limit(MAX_LINE)
_CONTROL = re.compile(r"[\x00-\x08\x0a-\x1f\x7f-\x9f]")
_MAX_RECORD_LINES = 20_000
_DELIMITERS = (",", ";", "\t")


@dataclass(frozen=True, slots=True)
class _Line:
    """A physical line with its end; undecodable bytes stand in it as surrogates."""

    number: int
    text: str
    fault: str = ""
    lost: bool = False  # nothing of it could be kept


class CsvSource:
    """An open CSV file: UTF-8 with or without a byte order mark, UTF-16 with one; , or ; or tab.

    ``done`` and ``total`` are bytes. Raises ImportFileError when there is no readable header.
    """

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self._total = os.fstat(file.fileno()).st_size
        self._lines = _numbered_lines(file)
        self._again: deque[_Line] = deque()
        self._delimiter, self.header = self._read_header()

    @property
    def done(self) -> int:
        """Bytes that were read."""
        return self._file.tell()

    @property
    def total(self) -> int:
        """Bytes in the file."""
        return self._total

    def rows(self, columns: Sequence[Column | None]) -> Iterator[Row]:
        """The rows that are not empty; a broken one has faults and no cells."""
        one_line = [not (column and column.may_hold_lines) for column in columns]
        while True:
            used: list[_Line] = []
            try:
                cells = next(csv.reader(self._feed(used), delimiter=self._delimiter, strict=True))
            except StopIteration:
                if not used:
                    return
                cells = []
            except csv.Error as error:
                self._again.extendleft(reversed(used[1:]))
                yield _row_with_fault(used[0], _csv_fault(str(error), len(used)))
                continue
            if used[0].lost:
                yield _row_with_fault(used[0], used[0].fault)
            elif len(used) > 1 and not _fits(cells, one_line):
                self._again.extendleft(reversed(used[1:]))
                yield _row_with_fault(used[0], _csv_fault("unexpected end of data", len(used)))
            elif any(cell.strip() for cell in cells):
                yield _row(used, cells, len(columns), dots=self._delimiter != ",")

    def _feed(self, used: list[_Line]) -> Iterator[str]:
        """Lines for one record, noted in ``used``; a lost line ends the record before it."""
        while (line := self._again.popleft() if self._again else next(self._lines, None)) is not None:
            if used and (line.lost or len(used) == _MAX_RECORD_LINES):
                self._again.appendleft(line)
                return
            used.append(line)
            yield line.text
            if line.lost:
                return

    def _read_header(self) -> tuple[str, list[str]]:
        line = next((line for line in self._lines if line.lost or line.text.strip()), None)
        if line is None:
            raise ImportFileError("The file is empty: the first line must name the columns")
        if line.fault or _CONTROL.search(line.text.rstrip("\r\n")):
            raise ImportFileError(
                "This is no text file in UTF-8 (or UTF-16 with a byte order mark), or its lines do not end "
                f"as lines of text do: {line.fault or quoted(line.text)}"
            )
        headers = [(delimiter, _header_cells(line.text, delimiter)) for delimiter in _DELIMITERS]
        return max(
            headers, key=lambda item: ("sku" in (name.strip().casefold() for name in item[1]), len(item[1]))
        )


def _numbered_lines(file: BinaryIO) -> Iterator[_Line]:
    start = file.read(4)
    if start in {codecs.BOM_UTF32_LE, codecs.BOM_UTF32_BE}:
        raise ImportFileError("The file is written in UTF-32: save it as UTF-8")
    if start.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        file.seek(0)
        return _utf16_lines(file)
    file.seek(len(codecs.BOM_UTF8) if start.startswith(codecs.BOM_UTF8) else 0)
    return _utf8_lines(file)


def _utf8_lines(file: BinaryIO) -> Iterator[_Line]:
    number = 0
    while raw := file.readline(MAX_LINE):
        number += 1
        if len(raw) == MAX_LINE and not raw.endswith(b"\n"):
            while (rest := file.readline(MAX_LINE)) and not rest.endswith(b"\n"):
                pass
            yield _Line(number, "\n", f"the line is longer than {MAX_LINE} bytes", lost=True)
            continue
        try:
            yield _Line(number, raw.decode())
        except UnicodeDecodeError as error:
            yield _Line(
                number,
                raw.decode(errors="surrogateescape"),
                f"byte {error.start + 1} of line {number} (0x{raw[error.start]:02X}) is not UTF-8: "
                "save the file as UTF-8",
            )


def _utf16_lines(file: BinaryIO) -> Iterator[_Line]:
    # Half a surrogate pair goes through here, and is told as a control character in its cell.
    text = io.TextIOWrapper(file, encoding="utf-16", errors="surrogatepass", newline="\n")
    number = 0
    try:
        while line := text.readline(MAX_LINE):
            number += 1
            if len(line) == MAX_LINE and not line.endswith("\n"):
                while (rest := text.readline(MAX_LINE)) and not rest.endswith("\n"):
                    pass
                yield _Line(number, "\n", f"the line is longer than {MAX_LINE} characters", lost=True)
            else:
                yield _Line(number, line)
    except UnicodeDecodeError:
        yield _Line(number + 1, "\n", "the file ends in the middle of a character (UTF-16)", lost=True)
    finally:
        with suppress(ValueError):  # closed already
            text.detach()  # or it would close the file, which is not ours


def _header_cells(line: str, delimiter: str) -> list[str]:
    try:
        return next(csv.reader([line], delimiter=delimiter, strict=True), [])
    except csv.Error:
        return []


def _fits(cells: Sequence[str], one_line: Sequence[bool]) -> bool:
    """Whether a record over several lines is one: all its cells, and breaks only where they may be."""
    return len(cells) == len(one_line) and not any(
        single and "\n" in cell.strip() for cell, single in zip(cells, one_line, strict=True)
    )


def _csv_fault(error: str, lines: int) -> str:
    if "field limit" in error:
        return f"a cell has more than {MAX_LINE} characters, or the quote that opens it is never closed"
    if "new-line" in error:
        return "a carriage return stands in the middle of the line"
    if lines > 1 or "unexpected end" in error:
        return "a quote opens a cell here and does not close it as it should"
    return 'a quote inside a quoted cell must be written twice ("")'


def _row_with_fault(line: _Line, reason: str) -> Row:
    return Row(line.number, (), (CellFault(None, line.fault or reason),))


def _row(used: Sequence[_Line], cells: Sequence[str], columns: int, *, dots: bool) -> Row:
    """``dots``: the cells are parted by something else than a comma, which may begin decimal places then."""
    faults = [CellFault(_undecodable(cells), line.fault) for line in used if line.fault]
    if len(cells) != columns:
        faults.append(CellFault(None, f"the line has {len(cells)} cells, and there are {columns} columns"))
    return Row(used[0].number, cells, faults, range(len(cells)) if dots else ())


def _undecodable(cells: Sequence[str]) -> int | None:
    bad = (
        index for index, cell in enumerate(cells) if any("\udc80" <= letter <= "\udcff" for letter in cell)
    )
    return next(bad, None)
