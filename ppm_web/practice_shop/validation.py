"""The rules of the fields: what the shop refuses, and with which words; and what it stores of the rest."""

from __future__ import annotations

import re
from decimal import ROUND_HALF_UP, Decimal

from .clean_html import clean_html, is_clean_html, strip_tags
from .dialect import Dialect
from .errors import WebserviceError
from .fields import Field, Resource, TextValue, Value

SHORT_DESCRIPTION = 800
_LARGEST_ID = 4294967295
_LARGEST_INT = 2147483647
_PATTERNS = {
    "isPrice": r"[0-9]{1,10}(\.[0-9]{1,9})?",
    "isNegativePrice": r"-?[0-9]{1,10}(\.[0-9]{1,9})?",
    "isUnsignedFloat": r"[0-9]{1,14}(\.[0-9]+)?",
    "isFloat": r"-?[0-9]{1,14}(\.[0-9]+)?",
    "isBool": r"[01]",
    "isInt": r"-?[0-9]{1,10}",
    "isPositiveInt": r"[0-9]{1,10}",
    "isUnsignedInt": r"[0-9]{1,10}",
    "isUnsignedId": r"[0-9]{1,10}",
    "isReference": r"[^<>;={}]*",
    "isGenericName": r"[^<>={}]*",
    "IsGenericName": r"[^<>={}]*",
    "isIsbn": r"[0-9-]{0,32}",
    "isUpc": r"[0-9]{0,12}",
    "isLinkRewrite": r"[_a-zA-Z0-9-]+",
    "isColor": r"#[0-9a-fA-F]{6}|[a-zA-Z0-9-]*",
    "isDate": r"[0-9]{4}-[0-9]{2}-[0-9]{2}( [0-9]{2}:[0-9]{2}:[0-9]{2})?",
    "isDateFormat": r"[0-9]{4}-[0-9]{2}-[0-9]{2}( [0-9]{2}:[0-9]{2}:[0-9]{2})?",
}
_RULES = {name: re.compile(pattern) for name, pattern in _PATTERNS.items()}


def validate(dialect: Dialect, resource: Resource, raw: dict[str, Value], default_language: str) -> None:
    """Raises WebserviceError for the first bad field of raw: 400, code 85, or 84 for texts in languages.

    Plain fields are looked at first. Source: recordings prod_post_bad_*, prod_post_name_*.
    """
    checker = _Checker(dialect, resource)
    for field in resource.fields:
        value = raw.get(field.name)
        if not field.i18n and not field.computed and not isinstance(value, dict):
            checker.check_plain(field, value)
    for field in resource.fields:
        value = raw.get(field.name)
        if field.i18n and isinstance(value, dict):
            checker.check_texts(field, value, default_language)


def stored_value(field: Field, value: Value, languages: list[str]) -> Value:
    """What the shop keeps: 6 decimals, whole numbers, cleaned HTML; for empty values Field.missing."""
    if field.i18n:
        return _stored_texts(field, value if isinstance(value, dict) else {}, languages)
    if not isinstance(value, str) or value == "":
        return field.missing
    if field.is_decimal:
        return _rounded(value, field.scale)
    if field.is_integer or field.is_bool:
        # Fields without a rule take any text; the database makes a number of it.
        return str(int(value)) if re.fullmatch(r"-?[0-9]{1,18}", value) else "0"
    return value


class _Checker:
    def __init__(self, dialect: Dialect, resource: Resource) -> None:
        self._dialect = dialect
        self._resource = resource

    def check_plain(self, field: Field, value: str | None) -> None:
        if field.required and value == "":
            raise self._refusal(85, field, "is empty.")
        if field.values and value is not None and value not in field.values:
            allowed = ", ".join(field.values)
            raise self._refusal(85, field, f"has a bad value (allowed values are: {allowed}).")
        if not value:
            return
        self._check_size(85, field, value, self._size(field))
        if not self._is_valid(field, value):
            raise self._refusal(85, field, "is not valid")
        if field.is_integer:
            self._check_range(field, value)

    def check_texts(self, field: Field, texts: TextValue, default_language: str) -> None:
        if field.required and not texts.get(default_language):
            raise self._refusal(84, field, "is empty.")
        for text in texts.values():
            if field.name == "description_short" and self._resource.name == "products":
                self._check_size(84, field, strip_tags(text), SHORT_DESCRIPTION)
            self._check_size(84, field, text, field.size)
            if text and not self._is_valid(field, text):
                raise self._refusal(84, field, "is not valid")

    def _size(self, field: Field) -> int:
        return self._dialect.ean_digits if field.format == "isEan13" else field.size

    def _check_size(self, code: int, field: Field, text: str, size: int) -> None:
        if size and len(text) > size:
            length = f"is currently {len(text)} chars. It must be between 0 and {size} chars."
            message = f"The length of property {self._name(field)} {length}"
            raise WebserviceError(400, (code, f'Validation error: "{message}"'))

    def _check_range(self, field: Field, value: str) -> None:
        is_id = field.format in {"isUnsignedId", "isUnsignedInt"}
        low, high = (0, _LARGEST_ID) if is_id else (-_LARGEST_INT - 1, _LARGEST_INT)
        if re.fullmatch(r"-?[0-9]{1,18}", value) and not low <= int(value) <= high:
            raise self._refusal(85, field, "is not valid")

    def _is_valid(self, field: Field, text: str) -> bool:
        match field.format:
            case "isCleanHtml":
                return is_clean_html(text)
            case "isCatalogName":
                return not any(letter in self._dialect.refused_in_names for letter in text)
            case "isEan13":
                return text.isascii() and text.isdecimal()
        rule = _RULES.get(field.format)
        return rule is None or rule.fullmatch(text) is not None

    def _refusal(self, code: int, field: Field, words: str) -> WebserviceError:
        return WebserviceError(400, (code, f'Validation error: "Property {self._name(field)} {words}"'))

    def _name(self, field: Field) -> str:
        return f"{self._resource.object_name}{self._dialect.arrow}{field.name}"


def _stored_texts(field: Field, texts: TextValue, languages: list[str]) -> TextValue:
    # A required text that is empty in a language is stored as the default language's.
    spare = texts.get(languages[0], "") if field.required else ""
    stored = {language: texts.get(language, "") or spare for language in languages}
    if field.format == "isCleanHtml":
        return {language: clean_html(text) for language, text in stored.items()}
    return stored


def _rounded(value: str, scale: int) -> str:
    step = Decimal(1).scaleb(-scale)
    return (
        str(Decimal(value).quantize(step, ROUND_HALF_UP))
        if _RULES["isFloat"].fullmatch(value)
        else f"{0:.{scale}f}"
    )
