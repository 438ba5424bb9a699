"""What the cells of an import file say, and what is wrong with them: no file, no database."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from ppm_web.services.catalog.columns import ParsedRow, parse_row, read_columns
from tests.services.import_files import BAD_CELLS, GOOD


def parse(**cells: str) -> ParsedRow:
    return parse_row(2, read_columns(list(cells)), list(cells.values()))


def value(column: str, text: str) -> Any:
    row = parse(sku="MUG-1", **{column: text})
    assert row.faults == []
    return dict(row.changes)[column]


@pytest.mark.parametrize(("column", "text", "words"), BAD_CELLS)
def test_a_bad_cell_is_told_in_plain_words(column: str, text: str, words: str) -> None:
    faults = parse(**(GOOD | {column: text})).faults

    assert {fault.column for fault in faults} == {column}
    assert words in " ".join(fault.reason for fault in faults)
    assert all(fault.reason.isprintable() and len(fault.reason) < 250 for fault in faults)


def test_all_faults_of_a_line_are_told_at_once() -> None:
    faults = parse(**(GOOD | {"sku": "MUG<1", "price_net": "x", "tax_rate": "200", "name:en": "a<b"})).faults

    assert {fault.column for fault in faults} == {"sku", "price_net", "tax_rate", "name:en"}


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("12.50", "12.5"),
        ("12,50", "12.5"),
        ("0", "0"),
        ("0,125", "0.125"),
        (" 7 ", "7"),
        ("1.123456", "1.123456"),
        ("1234,500", "1234.5"),
        ("12.500000000", "12.5"),
        ("007", "7"),
        ("9999999999.999999", "9999999999.999999"),
    ],
)
def test_prices_are_read_with_a_dot_or_one_comma(text: str, number: str) -> None:
    assert value("price_net", text) == Decimal(number)


@pytest.mark.parametrize(
    ("text", "active"),
    [
        ("1", True),
        ("TRUE", True),
        ("yes", True),
        ("Tak", True),
        ("0", False),
        ("false", False),
        ("NO", False),
        ("nie", False),
        ("T", True),
        ("N", False),
        ("PRAWDA", True),
        ("FAŁSZ", False),
        ("Fałsz", False),
        ("y", True),
        ("F", False),
        ("on", True),
        ("OFF", False),
    ],
)
def test_active_is_read_in_english_and_polish(text: str, active: bool) -> None:
    assert value("active", text) is active


@pytest.mark.parametrize(
    ("text", "pieces"),
    [("7", 7), ("-3", -3), ("+5", 5), ("2147483647", 2**31 - 1), ("10,00", 10), ("10.0", 10), ("0,000", 0)],
)
def test_stock_is_a_whole_number_that_may_be_below_nought(text: str, pieces: int) -> None:
    assert value("quantity", text) == pieces


@pytest.mark.parametrize(
    "name", ["Rock & Roll; 50% #1 = best", "🌈🦄", "-5% Sale", "+48 22 123", "日本", '15" tray']
)
def test_names_that_only_some_shops_refuse_or_none_are_taken(name: str) -> None:
    assert parse(sku="A", **{"name:en": name}).faults == []


@pytest.mark.parametrize(
    "text",
    [
        "x" * 100_000,
        "<p>a</p>\n\t<ul>\r\n<li>b</li></ul>",
        "- soft\n- warm",
        "<p>on = off; 2 > 1</p>",
        "<a href='/form'>",
    ],
)
def test_long_and_ordinary_descriptions_are_taken(text: str) -> None:
    row = parse(sku="A", **{"description:en": text})

    assert row.faults == []
    assert row.changes["texts"] == {"en": {"description": text}}


def test_letters_made_of_two_signs_are_kept_as_one() -> None:
    assert parse(sku="A", **{"name:en": "Cafe\u0301"}).changes["texts"] == {"en": {"name": "Café"}}


@pytest.mark.parametrize(
    ("text", "images"),
    [
        ("", []),
        ("images/a.jpg", ["images/a.jpg"]),
        (" a.jpg | https://example.com/b.png?x=1 ", ["a.jpg", "https://example.com/b.png?x=1"]),
        (r"C:\pictures\a.jpg", [r"C:\pictures\a.jpg"]),
        ("/srv/a.jpg", ["/srv/a.jpg"]),
    ],
)
def test_images_are_paths_or_web_addresses_in_their_order(text: str, images: list[str]) -> None:
    assert value("images", text) == images


@pytest.mark.parametrize("column", ["price_net", "weight", "depth", "tax_rate"])
@pytest.mark.parametrize("text", ["1.234", "2.500", "12.000", "1,234"])
def test_a_cell_that_can_be_read_in_two_ways_is_told(column: str, text: str) -> None:
    columns = read_columns(["sku", column])

    [fault] = parse_row(2, columns, ["A", text], doubtful=[1]).faults

    assert fault.column == column
    assert "two ways" in fault.reason


@pytest.mark.parametrize("text", ["0.125", "1234.500", "1.2340", "1.23", "12.5000"])
def test_a_dot_that_can_only_begin_decimal_places_is_read_so(text: str) -> None:
    row = parse_row(2, read_columns(["sku", "price_net"]), ["A", text], doubtful=[1])

    assert row.changes == {"price_net": Decimal(text)}
    assert row.faults == []


@pytest.mark.parametrize("text", ["1,000", "1.000", "-5.000"])
def test_a_quantity_of_one_or_a_thousand_is_told(text: str) -> None:
    [fault] = parse(sku="A", quantity=text).faults

    assert "two ways" in fault.reason


@pytest.mark.parametrize("letter", ["\u200b", "\u200d", "\ufeff", "\u00ad", "\u2060", "\u00a0", "\u3164"])
def test_a_sku_with_a_letter_that_nobody_sees_in_it_is_told(letter: str) -> None:
    [fault] = parse(sku=f"MUG{letter}1").faults

    assert fault.column == "sku"
    assert f"nobody sees (U+{ord(letter):04X})" in fault.reason


def test_a_formula_behind_an_unseen_letter_is_one() -> None:
    [fault] = parse(sku="\ufeff-MUG").faults

    assert "formula" in fault.reason


def test_a_sku_of_unseen_letters_alone_is_empty() -> None:
    assert [fault.column for fault in parse(sku="\ufeff\u200b").faults] == ["sku"]


def test_an_address_with_once_in_it_is_no_event() -> None:
    text = '<p><a href="https://example.com/promo/once=1">Once</a></p>'

    assert parse(sku="A", **{"description:en": text}).faults == []
