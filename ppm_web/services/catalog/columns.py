"""The columns of an import file, and what their cells say: text → values.

Which columns there are is issue 1, item 7; the rules stand in ``docs/import.md`` for the people
who write such files.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from difflib import get_close_matches
from typing import Any, cast

from ppm_web.models import cleaned_sku
from ppm_web.services.catalog.changes import MAX_TEXT, TEXT_FIELDS, ProductChanges, change_faults, sku_faults
from ppm_web.services.catalog.errors import Fault, ImportFileError, quoted

DECIMALS = ("price_net", "tax_rate", "weight", "width", "height", "depth")
NEEDED = ("price_net", "tax_rate")
"""What an empty cell cannot clear, and a new product cannot be without (besides a name)."""
PLAIN = ("sku", "ean13", "quantity", "manufacturer", "active", "categories", "images", *DECIMALS)
_LANGUAGE = re.compile(r"([a-z]{2})(?:-([a-z]{2}))?")
_DECIMAL = re.compile(r"[0-9]+(?:[.,][0-9]+)?")
_THOUSANDS = re.compile(r"[+-]?[1-9][0-9]{0,2}[.,][0-9]{3}")
_WHOLE = re.compile(r"([+-]?[0-9]{1,12})(?:[.,]0{1,12})?")
_BOOLEANS = {
    **dict.fromkeys(("1", "true", "t", "yes", "y", "on", "tak", "prawda"), True),
    **dict.fromkeys(("0", "false", "f", "no", "n", "off", "nie", "fałsz", "falsz"), False),
}
_FORMULA = re.compile(r"[=@\t\r]|[+-](?!\s?[0-9][^|!()=*+]*$)")
_HTML_FORMULA = re.compile(r"\s*[=@]")  # a description may begin with a dash


@dataclass(frozen=True, slots=True)
class Column:
    """A column: its name, and for a text its field and language (else "")."""

    name: str
    text_field: str = ""
    language: str = ""

    @property
    def may_hold_lines(self) -> bool:
        """Whether a cell may go over several lines."""
        return self.text_field in {"short_description", "description"}


@dataclass(slots=True)
class ParsedRow:
    """A row as the catalogue takes it; not to be used when it has faults."""

    line: int
    sku: str = ""
    changes: ProductChanges = field(default_factory=ProductChanges)
    faults: list[Fault] = field(default_factory=list)


def read_columns(header: Sequence[str]) -> list[Column | None]:
    """The columns that a header names; None for nameless ones at its end (spreadsheets add them).

    Upper and lower case and spaces around a name make no difference. Raises ImportFileError:
    an unknown column (with the nearest known one), one that is there twice, no ``sku``.
    """
    names = [name.strip() for name in header]
    while names and not names[-1]:
        names.pop()
    if "sku" not in (name.casefold() for name in names):
        raise ImportFileError(
            "The first line must name the columns, and 'sku' must be one of them; "
            f"it reads {', '.join(quoted(name, 20) for name in names[:6])}"
        )
    columns = [_column(name, number) for number, name in enumerate(names, start=1)]
    known = [column.name for column in columns]
    if twice := next((name for name in known if known.count(name) > 1), None):
        raise ImportFileError(f"The column {twice!r} is there twice")
    return [*columns, *[None] * (len(header) - len(columns))]


def parse_row(
    line: int, columns: Sequence[Column | None], cells: Sequence[str], doubtful: Collection[int] = ()
) -> ParsedRow:
    """What a row says, with all that is wrong in it; ``cells`` are as many as ``columns``.

    ``doubtful``: the cells in which a dot may as well part thousands, as it does in Polish.
    """
    row = ParsedRow(line)
    texts: dict[str, dict[str, str]] = {}
    values: dict[str, Any] = {}
    for index, (column, raw) in enumerate(zip(columns, cells, strict=True)):
        if column is None:
            if raw.strip():
                row.faults.append(Fault("", f"{quoted(raw)} stands in a column that has no name"))
            continue
        try:
            value = _value(column, raw, dots=index in doubtful)
        except ValueError as error:
            row.faults.append(Fault(column.name, str(error)))
            continue
        if column.language:
            texts.setdefault(column.language, {})[column.text_field] = value
        elif column.name == "sku":
            row.sku = value
            row.faults += sku_faults(value)
        else:
            values[column.name] = value
    if texts:
        values["texts"] = texts
    row.changes = cast("ProductChanges", values)
    row.faults += change_faults(row.changes)
    return row


def _column(name: str, number: int) -> Column:
    if not name:
        raise ImportFileError(f"Column {number} has no name")
    plain = name.casefold()
    if plain in PLAIN:
        return Column(plain)
    text_field, colon, code = plain.partition(":")
    if text_field in TEXT_FIELDS and (match := _LANGUAGE.fullmatch(code)):
        language = match[1] + (f"-{match[2].upper()}" if match[2] else "")
        return Column(f"{text_field}:{language}", text_field, language)
    if text_field in TEXT_FIELDS and colon:
        raise ImportFileError(
            f"The column {quoted(name)} does not end in a language code such as ':en' or ':pt-BR'"
        )
    raise ImportFileError(f"The column {quoted(name)} is unknown{_nearest(plain)}")


def _nearest(name: str) -> str:
    _, colon, code = name.partition(":")
    language = code if colon and _LANGUAGE.fullmatch(code) else "en"
    candidates = [*PLAIN, *(f"{text}:{language}" for text in TEXT_FIELDS)]
    if name in TEXT_FIELDS:
        return f": did you mean '{name}:en'?"
    if found := get_close_matches(name, candidates, n=1):
        return f": did you mean {found[0]!r}?"
    return (
        f". Known are {', '.join(PLAIN)} and, for each language, {', '.join(f'{t}:en' for t in TEXT_FIELDS)}"
    )


def _value(column: Column, raw: str, *, dots: bool) -> Any:
    """What a cell says. Raises ValueError with the reason, in plain words."""
    if len(raw) > MAX_TEXT:
        raise ValueError(f"the cell has {len(raw)} characters: {MAX_TEXT} at most")
    text = raw.strip() if raw.isascii() else unicodedata.normalize("NFC", raw).strip()
    if column.name in DECIMALS:
        return _decimal(column.name, text, dots=dots)
    if column.name == "quantity":
        return _whole(text)
    if column.name == "active":
        return _boolean(text)
    if column.name == "sku":
        text = cleaned_sku(text)
    # Looked at before it is stripped: a spreadsheet passes over a tab or CR before a formula.
    formula = _HTML_FORMULA if column.may_hold_lines else _FORMULA
    if formula.match(raw.strip(" ")) or (column.name == "sku" and formula.match(text)):
        raise ValueError(f"{quoted(raw)} looks like a spreadsheet formula: write the text itself")
    if column.name in {"categories", "images"}:
        return [part.strip() for part in text.split("|")] if text else []
    return text


def _decimal(name: str, text: str, *, dots: bool) -> Decimal:
    if not text:
        if name in NEEDED:
            raise ValueError("the cell is empty: write a number such as 12.50")
        return Decimal(0)
    if not _DECIMAL.fullmatch(text):
        raise ValueError(f"{quoted(text)} {_why_no_decimal(text)}")
    if _THOUSANDS.fullmatch(text) and (dots or "," in text):
        raise ValueError(_two_ways(text))
    whole, _, places = text.replace(",", ".").partition(".")
    if len(whole.lstrip("0")) > 12:
        raise ValueError(f"{quoted(text)} is too big")
    if len(places.rstrip("0")) > 6:
        raise ValueError(f"{quoted(text)} has more than 6 decimal places: round it")
    return Decimal(f"{whole}.{places}" if places else whole)


def _why_no_decimal(text: str) -> str:
    if re.fullmatch(r"[-−][0-9.,]+", text):
        return "is below 0"
    if re.fullmatch(r"[0-9.,]+[eE][+-]?[0-9]+", text):
        return "is written with an exponent: write the number in full"
    if re.fullmatch(r"[0-9]+(?:[.,' \u00a0\u2009\u202f][0-9]+)+", text):
        return "has more than a decimal sign in it: write it without thousands separators, such as 1234.50"
    return "is no number: write it with a dot and without a currency, such as 12.50"


def _two_ways(text: str) -> str:
    """Both readings of 1.234 or 1,234, each so that it can be read in one way."""
    whole, places = text.replace(",", ".").split(".")
    short = places.rstrip("0")
    exact = f"{whole}.{short}{'0' if len(short) == len(places) else ''}" if short else whole
    thousands = whole + places
    return f"{quoted(text)} can be read in two ways: write {thousands} or {exact}"


def _whole(text: str) -> int:
    if not text:
        raise ValueError("the cell is empty: write 0 for no stock")
    if not (match := _WHOLE.fullmatch(text)):
        raise ValueError(f"{quoted(text)} is no whole number such as 12")
    if _THOUSANDS.fullmatch(text):
        raise ValueError(_two_ways(text))
    return int(match[1])


def _boolean(text: str) -> bool:
    if (value := _BOOLEANS.get(text.casefold())) is None:
        raise ValueError(f"{quoted(text)} is neither yes nor no: write 1 or 0")
    return value
