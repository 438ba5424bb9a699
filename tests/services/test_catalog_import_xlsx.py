"""Excel workbooks: the same rules as for CSV, and what only Excel can do wrong."""

from __future__ import annotations

import io
import random
import zipfile
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from ppm_web.services.catalog.errors import ImportFileError
from ppm_web.services.imports.run import import_catalog
from tests.services.import_files import bad, counts, figures, names, product, run, skus

pytestmark = pytest.mark.usefixtures("app")

HEADER = ["sku", "ean13", "price_net", "tax_rate", "quantity", "active", "name:en"]


def workbook(*rows: list[Any], header: list[str] | None = None) -> bytes:
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    for row in [header or HEADER, *rows]:
        sheet.append(row)
    file = io.BytesIO()
    book.save(file)
    return file.getvalue()


def rewritten(content: bytes, member: str, old: bytes, new: bytes) -> bytes:
    """The workbook with ``old`` replaced in one of its members."""
    file = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(content)) as source,
        zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as copy,
    ):
        for name in source.namelist():
            data = source.read(name)
            assert name != member or old in data
            copy.writestr(name, data.replace(old, new) if name == member else data)
    return file.getvalue()


def test_a_workbook_is_imported_like_a_csv_file(tmp_path: Path) -> None:
    content = workbook(
        ["MUG-1", 5901234123457, 12.1, 23, 7, True, "Żółty kubek 🌈"],
        [],
        [1002, "0012", "12,50", 5.5, -3, "nie", "Mug"],
    )

    assert figures(run(tmp_path, content)) == (2, 0, 0, 0)
    assert figures(run(tmp_path, content)) == (0, 0, 2, 0)

    mug = product("MUG-1")
    assert (mug.ean13, mug.price_net, mug.quantity, mug.active) == ("5901234123457", Decimal("12.1"), 7, True)
    other = product("1002")
    assert (other.ean13, other.price_net, other.quantity) == ("0012", Decimal("12.5"), -3)
    assert (other.tax_rate, other.active) == (Decimal("5.5"), False)


@pytest.mark.parametrize(
    ("value", "price"),
    [(12.1, "12.1"), (0.1 + 0.2, "0.3"), (1e9, "1000000000"), (1e-6, "0.000001"), (3, "3"), (99.99, "99.99")],
)
def test_numbers_are_taken_as_excel_shows_them(tmp_path: Path, value: float, price: str) -> None:
    run(tmp_path, workbook(["A", "", value, 23, 1, 1, "Mug"]))

    assert product("A").price_net == Decimal(price)


@pytest.mark.parametrize(
    ("column", "value", "words"),
    [
        ("price_net", date(2026, 5, 12), "date"),
        ("price_net", 12.3456789, "6 decimal"),
        ("price_net", -1, "below 0"),
        ("price_net", "=1+1", "without its result"),
        ("name:en", "=1+1", "without its result"),
        ("quantity", 1.5, "whole"),
        ("tax_rate", "#N/A", "error"),
    ],
)
def test_bad_cells_are_told_with_row_and_column(tmp_path: Path, column: str, value: Any, words: str) -> None:
    cells: list[Any] = ["A", "", 1, 23, 1, 1, "Mug"]
    cells[HEADER.index(column)] = value

    result = run(
        tmp_path, workbook(["OK-1", "", 1, 23, 1, 1, "Mug"], cells, ["OK-2", "", 1, 23, 1, 1, "Mug"])
    )

    assert bad(result) == [(3, column)]
    assert words in result.bad[0].reason
    assert skus() == ["OK-1", "OK-2"]


def test_a_formula_counts_with_the_result_that_excel_saved(tmp_path: Path) -> None:
    content = workbook(["A", "", "=1+1", 23, 1, 1, "Mug"])
    saved = rewritten(content, "xl/worksheets/sheet1.xml", b"<f>1+1</f><v />", b"<f>1+1</f><v>2</v>")

    assert figures(run(tmp_path, saved)) == (1, 0, 0, 0)
    assert product("A").price_net == 2


def test_a_percentage_is_told_instead_of_taken_for_a_hundredth(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.append(["sku", "price_net", "tax_rate", "name:en"])
    sheet.append(["A", 1, 0.23, "Mug"])
    sheet["C2"].number_format = "0%"
    book.save(tmp_path / "catalogue.xlsx")

    result = import_catalog(tmp_path / "catalogue.xlsx")

    assert bad(result) == [(2, "tax_rate")]
    assert "23 %" in result.bad[0].reason


def test_a_cell_beyond_the_columns_is_told(tmp_path: Path) -> None:
    result = run(tmp_path, workbook(["A", "", 1, 23, 1, 1, "Mug", "stray"], ["B", "", 1, 23, 1, 1, "Mug"]))

    assert bad(result) == [(2, "")]
    assert skus() == ["B"]


def test_only_the_first_sheet_is_read(tmp_path: Path) -> None:
    book = openpyxl.load_workbook(io.BytesIO(workbook(["A", "", 1, 23, 1, 1, "Mug"])))
    book.create_sheet("Notes").append(["buy milk"])
    book.save(tmp_path / "catalogue.xlsx")

    assert figures(import_catalog(tmp_path / "catalogue.xlsx")) == (1, 0, 0, 0)
    assert names("A") == {"en": "Mug"}


def test_a_sheet_that_lies_about_its_size_is_read_to_its_end(tmp_path: Path) -> None:
    content = workbook(["A", "", 1, 23, 1, 1, "Mug"], ["B", "", 1, 23, 1, 1, "Mug"])
    for claim in (b"A1:A1", b"A1:XFD1048576"):
        run(tmp_path, rewritten(content, "xl/worksheets/sheet1.xml", b'ref="A1:G3"', b'ref="' + claim + b'"'))

    assert skus() == ["A", "B"]


def test_a_row_number_beyond_excel_does_not_count_for_ever(tmp_path: Path) -> None:
    content = workbook(["A", "", 1, 23, 1, 1, "Mug"], ["B", "", 1, 23, 1, 1, "Mug"])
    sheet = "xl/worksheets/sheet1.xml"
    content = rewritten(content, sheet, b'<row r="3"', b'<row r="999999999999"')

    assert run(tmp_path, content).added == 1


def test_an_xml_bomb_is_refused(tmp_path: Path) -> None:
    levels = b"".join(b'<!ENTITY e%d "%s">' % (n, b"&e%d;" % (n - 1) * 10) for n in range(1, 9))
    bomb = b'<!DOCTYPE x [<!ENTITY e0 "lol">' + levels + b"]><worksheet"
    content = rewritten(workbook(["A"]), "xl/worksheets/sheet1.xml", b"<worksheet", bomb)

    with pytest.raises(ImportFileError):
        run(tmp_path, content)


def test_an_archive_that_unpacks_to_too_much_is_refused(tmp_path: Path) -> None:
    sheet = "xl/worksheets/sheet1.xml"
    content = rewritten(workbook(["A"]), sheet, b"<worksheet", b" " * 30_000_000 + b"<worksheet")

    with pytest.raises(ImportFileError, match="unpack"):
        run(tmp_path, content)


def test_an_archive_that_is_no_workbook_is_refused(tmp_path: Path) -> None:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("readme.txt", "hello")

    with pytest.raises(ImportFileError, match="no Excel workbook"):
        run(tmp_path, file.getvalue())


@pytest.mark.parametrize("header", [["sku", "prize_net"], ["name:en"], ["sku", None, "price_net"]])
def test_a_bad_header_is_refused_as_in_csv(tmp_path: Path, header: list[str]) -> None:
    with pytest.raises(ImportFileError):
        run(tmp_path, workbook(["A"], header=header))


def test_an_empty_sheet_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ImportFileError, match="empty"):
        run(tmp_path, workbook(header=[" "]))


def test_a_damaged_workbook_ends_in_told_lines_or_a_refusal(tmp_path: Path) -> None:
    whole = workbook(*([f"SKU-{n}", "", n, 23, 1, 1, f"Mug {n}"] for n in range(40)))
    dice = random.Random(11)
    for _ in range(60):
        damaged = bytearray(whole)
        for _ in range(dice.randint(1, 12)):
            damaged[dice.randrange(4, len(damaged))] = dice.randrange(256)
        try:
            result = run(tmp_path, bytes(damaged))
        except ImportFileError:
            continue
        assert result.total <= 41
    with pytest.raises(ImportFileError):
        run(tmp_path, whole[: len(whole) // 2])
    assert counts()[0] <= 40


def test_a_text_with_a_dot_before_three_digits_is_told_and_a_number_is_taken(tmp_path: Path) -> None:
    content = workbook(
        ["A", "", 1.234, 23, 1, 1, "Mug"],
        ["B", "", "1.234", 23, 1, 1, "Mug"],
        ["C", "", "12,50", 23, "1.000", 1, "Mug"],
        ["D", "", "12,50", 23, "10,00", "PRAWDA", "Mug"],
    )

    result = run(tmp_path, content)

    assert bad(result) == [(3, "price_net"), (4, "quantity")]
    assert product("A").price_net == Decimal("1.234")
    assert (product("D").quantity, product("D").active) == (10, True)
