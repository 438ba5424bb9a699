"""Conflicts in plain words, and as a row keeps them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal, InvalidOperation
from typing import Any, Final

from ppm_web.prestashop.payloads import DECIMAL_FIELDS
from ppm_web.prestashop.plain_words import field_word
from ppm_web.prestashop.three_way import FieldConflict

LONGEST = 60
"""Characters of a value that a sentence shows."""

VALUE_WORDS: Final = {"": "nothing", "0": "off", "1": "on"}
"""Values that are told in words, in the language of the page."""


def conflict_sentence(conflicts: Sequence[FieldConflict], languages: Mapping[str, int]) -> str:
    """ "conflict in price: PPM 12.00, shop 13.50, last known 11.00; conflict in name (en): …".

    ``languages`` (code → id_lang) names the languages.
    """
    codes = {str(number): code for code, number in languages.items()}
    return "; ".join(_sentence(conflict, codes) for conflict in conflicts)


def conflicts_kept(conflicts: Sequence[FieldConflict]) -> dict[str, Any]:
    """Field, or field.id_lang → its three values, as JSON."""
    return {
        conflict.key: {"base": conflict.base, "ours": conflict.ours, "theirs": conflict.theirs}
        for conflict in conflicts
    }


def shown_value(field: str, value: Any) -> str:
    """A value as a person reads it: decimals with two places at least, long texts cut."""
    if value is None or value == "":
        return VALUE_WORDS[""]
    if field == "active":
        return VALUE_WORDS["1" if str(value) == "1" else "0"]
    if isinstance(value, list):
        return ", ".join(map(str, value))
    text = str(value)
    if field in DECIMAL_FIELDS:
        try:
            number = Decimal(text).normalize()
        except InvalidOperation:
            return text
        return format(number.quantize(Decimal("0.01")) if _places(number) < 2 else number, "f")
    return text if len(text) <= LONGEST else f"{text[: LONGEST - 1]}…"


def _sentence(conflict: FieldConflict, codes: Mapping[str, str]) -> str:
    field = field_word(conflict.field)
    ours, theirs, base = (
        shown_value(conflict.field, value) for value in (conflict.ours, conflict.theirs, conflict.base)
    )
    if conflict.language is None:
        return f"conflict in {field}: PPM {ours}, shop {theirs}, last known {base}"
    language = codes.get(conflict.language, f"language {conflict.language}")
    return f"conflict in {field} ({language}): PPM {ours}, shop {theirs}, last known {base}"


def _places(number: Decimal) -> int:
    exponent = number.as_tuple().exponent
    return -exponent if isinstance(exponent, int) else 0
