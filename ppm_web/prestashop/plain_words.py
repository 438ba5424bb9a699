"""The shop's refusals in words that a shop manager understands. Matched on codes: the texts differ by version
(8.2 writes `Product-&gt;price`, 9.1 `Product->price`)."""

from __future__ import annotations

import re
from collections.abc import Sequence
from html import unescape

FIELD_WORDS = {
    "reference": "reference (SKU)",
    "ean13": "EAN code",
    "price": "price",
    "active": "active switch",
    "weight": "weight",
    "width": "width",
    "height": "height",
    "depth": "depth",
    "quantity": "quantity",
    "id_tax_rules_group": "tax group",
    "id_manufacturer": "manufacturer",
    "id_category_default": "main category",
    "id_parent": "parent category",
    "categories": "categories",
    "name": "name",
    "description_short": "short description",
    "description": "description",
    "meta_title": "meta title",
    "meta_description": "meta description",
    "link_rewrite": "friendly URL",
}
RESOURCE_WORDS = {
    "products": "product",
    "categories": "category",
    "stock_availables": "stock",
    "manufacturers": "manufacturer",
}
_PROPERTY = re.compile(r"property (\w+)->(\w+)", re.IGNORECASE)
_PARAMETER = re.compile(r'parameter "(\w+)"')
_OWNERS = {
    "Product": "product",
    "Category": "category",
    "StockAvailable": "stock",
    "Manufacturer": "manufacturer",
}
_KEY_WORDS = {
    17: "the key arrived empty",
    18: "a key has exactly 32 characters, and this one does not",
    20: "no active key of the shop is like it",
    21: "the key has no permission at all",
}


def field_word(field: str) -> str:
    """PrestaShop's field name → what a shop manager calls it."""
    return FIELD_WORDS.get(field, field)


def refusal(errors: Sequence[tuple[int, str]]) -> str:
    """Codes and messages of a 4xx (xml.parse_errors) → one sentence; the first that says something leads."""
    if not errors:
        return "The shop refused the request and did not say why"
    return "; ".join(dict.fromkeys(_one(code, clean(message)) for code, message in errors))


def key_refusal(codes: Sequence[int], resource: str) -> str:
    """Of a 401 with the Webservice's codes 17, 18, 20, 21, 26 (recordings auth_*, perm_*)."""
    if 26 in codes:
        return f"The shop's key may not use '{resource}': tick it under Advanced Parameters > Webservice"
    why = next((_KEY_WORDS[code] for code in codes if code in _KEY_WORDS), "it did not say why")
    return f"The shop refused the key ({why}): compare it with Advanced Parameters > Webservice in the shop"


def clean(message: str) -> str:
    """The shop's message without its wrapping: `Validation error: "Property Product->price is not valid"`."""
    return unescape(message).removeprefix("Validation error: ").strip().strip('"').rstrip(".")


def _one(code: int, message: str) -> str:
    if code in {84, 85} and (found := _PROPERTY.search(message)):
        owner, field = _OWNERS.get(found[1], found[1]), found[2]
        return f"The shop refused the {owner}'s {field_word(field)} (code {code}): {message}"
    if code in {41, 93} and (found := _PARAMETER.search(message)):
        fault = "needs the field" if code == 41 else "does not let others write the field"
        return f"The shop {fault} '{found[1]}' (code {code}): {message}"
    if code in {87, 92, 131}:
        return f"It is not in the shop any more (code {code}): {message}"
    return f"The shop refused the request (code {code}): {message}"
