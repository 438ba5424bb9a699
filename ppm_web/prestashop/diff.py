"""What differs between two payloads, and their hash. Pure.

Both sides are normalised first, because the shop does not give back what it was sent (README: read back
before comparing): decimals by value, "" and "0" of a number alike, HTML as the shop stores it.
"""

from __future__ import annotations

import json
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from hashlib import sha256
from typing import Any

from ppm_web.prestashop.markup import normalise_html
from ppm_web.prestashop.payloads import DECIMAL_FIELDS, HTML_FIELDS
from ppm_web.prestashop.plain_words import field_word
from ppm_web.prestashop.values import Payload

_FLAGS = frozenset({"active"})
# Compared by value. All else is text, where "1.0" and "1" are two different things (a reference, an EAN).
_NUMBERS = DECIMAL_FIELDS | _FLAGS | {"quantity"}


@dataclass(frozen=True, slots=True)
class Change:
    """One change in plain words: field "name (en)", before and after as a person reads them, "" = nothing.

    ``name`` and ``language`` say the two parts of the field: "name", "en"; "" for a field without languages.
    """

    field: str
    before: str
    after: str
    language: str = ""

    @property
    def name(self) -> str:
        """The field without its language."""
        return self.field.removesuffix(f" ({self.language})") if self.language else self.field


def clean_reference(text: str) -> str:
    """A reference without outer white space and without characters that nobody sees: two that differ by no
    more are one."""
    return "".join(c for c in text if unicodedata.category(c) != "Cf").strip()


def payload_hash(payload: Payload) -> str:
    """SHA-256 (hex) of the payload's canonical JSON: the same content gives the same."""
    canonical = json.dumps(payload, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return sha256(canonical.encode("utf-8", "surrogatepass")).hexdigest()


def changed_fields(base: Payload, wanted: Payload) -> Payload:
    """The fields of `wanted` that differ from `base`, each whole: a text comes in all languages of `wanted`.

    Fields that only `base` has, and languages that only it has, belong to the shop and are no difference.
    """
    return {field: value for field, value in wanted.items() if not _same(field, base.get(field), value)}


def describe_changes(
    base: Payload, wanted: Payload, languages: Mapping[str, int] | None = None
) -> list[Change]:
    """The differences for a preview or a log; `languages` (code → id_lang) names them, else "language 1"."""
    codes = {str(number): code for code, number in (languages or {}).items()}
    changes: list[Change] = []
    for field, after in changed_fields(base, wanted).items():
        before = base.get(field)
        if not isinstance(after, Mapping):
            changes.append(Change(field_word(field), _shown(field, before), _shown(field, after)))
            continue
        for number, text in after.items():
            old = _text_of(before, number)
            if not _same(field, old, text):
                language = codes.get(number, f"language {number}")
                changes.append(Change(f"{field_word(field)} ({language})", old or "", text, language))
    return [change for change in changes if change.before != change.after]


def same_value(field: str, before: Any, after: Any) -> bool:
    """Whether two values of a field, or of a text in one language, are the same to the shop."""
    return bool(before == after or _normal(field, before) == _normal(field, after))


def _same(field: str, before: Any, after: Any) -> bool:
    if before is None or before == after:  # most are, and HTML is slow to read
        return before is not None
    if isinstance(after, Mapping):
        return all(_same(field, _text_of(before, number), text) for number, text in after.items())
    return bool(_normal(field, before) == _normal(field, after))


def _text_of(texts: Any, number: str) -> str | None:
    """Of a shop with one language a text may be a plain string."""
    if isinstance(texts, Mapping):
        found = texts.get(number)
        return None if found is None else str(found)
    return None if texts is None else str(texts)


def _normal(field: str, value: Any) -> Any:
    if field == "categories":
        return sorted({int(number) for number in value})
    text = str(value).replace("\r\n", "\n")
    if field == "reference":
        return clean_reference(text)
    if field in HTML_FIELDS:
        return normalise_html(text)
    return _number(text) if field in _NUMBERS or field.startswith("id_") else text


def _number(text: str) -> Decimal | str:
    try:
        return Decimal(text or "0")
    except InvalidOperation:
        return text


def _shown(field: str, value: Any) -> str:
    if value is None:
        return ""
    if field == "categories":
        return ", ".join(str(number) for number in value)
    if field in _FLAGS:
        return "yes" if str(value) == "1" else "no"
    if field in DECIMAL_FIELDS and isinstance(number := _number(str(value)), Decimal) and number.is_finite():
        return format(number.normalize() + 0, "f")
    return str(value)
