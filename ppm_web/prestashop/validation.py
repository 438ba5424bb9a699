"""What PrestaShop would refuse, found before anything is sent: one bad product would stop a whole request
(README "Several entities in one request"), and the shop's own words are hard to read.

Only what was seen refused on real shops is refused here; the shop has the last word on the rest. The
functions problems_of_… give predicates ("holds '<', which PrestaShop refuses"), for forms and imports to put
a subject to.
With version None they find only what every version refuses.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass, fields
from decimal import Decimal

from ppm_web.prestashop.errors import InvalidProduct
from ppm_web.prestashop.tags import attribute_names, text_without_tags
from ppm_web.prestashop.values import CategorySnapshot, CategoryText, ProductSnapshot, ProductText
from ppm_web.prestashop.versions import dialect_of
from ppm_web.prestashop.xml import ILLEGAL

NAME_LENGTH = 128
REFERENCE_LENGTH = 64
SLUG_LENGTH = 128
META_TITLE_LENGTH = 255
META_DESCRIPTION_LENGTH = 512
SHORT_DESCRIPTION_LENGTH = 800  # characters without tags
PRICE_LIMIT = Decimal(10) ** 10
STOCK_LIMIT = 2**31  # recording stock_patch_text: "between -2147483648 and 2147483647"
_REFERENCE_FORBIDDEN = "<>;={}"
_SLUG = re.compile(r"[A-Za-z0-9_-]*")
_CONTROL = re.compile(r"[\x7f-\x9f]")
# Recordings prod_post_desc_script, _onclick (see _EVENT), _iframe, _javascript_href, _form. Texts come from
# anywhere, so nothing here goes back over what it has read.
_FORBIDDEN_HTML = (
    (re.compile(r"<\s*script", re.I), "a <script>"),
    (re.compile(r"(java|vb)script\s*:", re.I), "a javascript: link"),
    (re.compile(r"<\s*iframe", re.I), "an <iframe>"),
    (re.compile(r"<\s*form", re.I), "a <form>"),
)
_EVENT = re.compile(r"on[a-z]+", re.I)
_LABELS = {
    "sku": "SKU",
    "ean13": "EAN code",
    "price_net": "price",
    "quantity": "stock",
    "name": "name",
    "short_description": "short description",
    "description": "description",
    "slug": "friendly URL",
    "meta_title": "meta title",
    "meta_description": "meta description",
}


@dataclass(frozen=True, slots=True)
class Problem:
    """field: an attribute of the snapshot ("price_net"), or of a text with its language ("name.en");
    message: a whole sentence without a full stop."""

    field: str
    message: str


def check_product(
    product: ProductSnapshot, version: str | None, languages: Collection[str] | None = None
) -> None:
    """Raises InvalidProduct with all problems; `version` of the shop, `languages` that are sent."""
    if found := product_problems(product, version, languages):
        raise InvalidProduct([problem.message for problem in found])


def check_category(
    category: CategorySnapshot, version: str | None, languages: Collection[str] | None = None
) -> None:
    """Raises InvalidProduct with all problems of a category, as check_product."""
    if found := category_problems(category, version, languages):
        raise InvalidProduct([problem.message for problem in found])


def product_problems(
    product: ProductSnapshot, version: str | None = None, languages: Collection[str] | None = None
) -> list[Problem]:
    """All that the shop would refuse in a product; languages None: every language that has a text."""
    owner = product.sku or "the product"
    found = [("sku", fault) for fault in problems_of_reference(product.sku)]
    found += [("ean13", fault) for fault in problems_of_ean(product.ean13 or "", version)]
    found += [("price_net", fault) for fault in problems_of_price(product.price_net)]
    found += [("quantity", fault) for fault in problems_of_quantity(product.quantity or 0)]
    for measure in ("weight", "width", "height", "depth"):
        value = getattr(product, measure)
        found += [(measure, fault) for fault in problems_of_measure(Decimal(0) if value is None else value)]
    texts = {code: text for code, text in product.texts.items() if _said(text)}
    if not texts:
        found.append(("name", "is empty in every language, and PrestaShop needs one"))
    for code, text in texts.items():
        if languages is None or code in languages or not set(languages) & set(texts):
            found += [(f"{field}.{code}", fault) for field, fault in _problems_of_text(text, version)]
    return [Problem(field, _sentence(field, owner, fault, "product")) for field, fault in found]


def category_problems(
    category: CategorySnapshot, version: str | None = None, languages: Collection[str] | None = None
) -> list[Problem]:
    """All that the shop would refuse in a category. A text without a name takes the working name."""
    owner = f"category {category.name}".strip()
    texts = {code: text for code, text in category.texts.items() if _said(text)}
    found: list[tuple[str, str]] = []
    if not texts or not all(text.name for text in texts.values()):
        found += [("name", fault) for fault in problems_of_name(category.name, version)]
    for code, text in texts.items():
        if languages is None or code in languages or not set(languages) & set(texts):
            faults = _problems_of_text(text, version)
            found += [(f"{field}.{code}", fault) for field, fault in faults if field != "name" or text.name]
    return [Problem(field, _sentence(field, owner, fault, "category")) for field, fault in found]


def problems_of_name(text: str, version: str | None = None) -> list[str]:
    """Of a product's or category's name: at most 128 characters; up to 8.2 without <>;=#{}, from 9 <>{}."""
    if not text.strip():
        return ["is empty, and PrestaShop needs one"]
    return [*_too_long(text, NAME_LENGTH), *_holds(text, dialect_of(version).name_forbidden), *_control(text)]


def problems_of_reference(text: str) -> list[str]:
    """Of a SKU: at most 64 characters without <>;={} (recording prod_post_bad_reference_chars)."""
    if not text.strip():
        return ["is empty, and PPM finds the product in the shop by it"]
    faults = [*_too_long(text, REFERENCE_LENGTH), *_holds(text, _REFERENCE_FORBIDDEN), *_control(text)]
    if text != text.strip():
        faults.append("begins or ends with a space, by which no shop tells references apart")
    return faults


def problems_of_ean(text: str, version: str | None = None) -> list[str]:
    """Digits only, up to 13 (from 9: 14), or none. A wrong check digit is no problem for the shop."""
    longest = dialect_of(version).ean_digits
    if text and not (text.isascii() and text.isdecimal()):
        return ["holds something else than digits"]
    return [f"has {len(text)} digits, and PrestaShop takes {longest} at most"] if len(text) > longest else []


def problems_of_price(price: Decimal) -> list[str]:
    """Net: from 0 to under 10^10, at most 6 places (recordings prod_post_price_huge, _bad_price_negative)."""
    if faults := problems_of_measure(price):
        return faults
    exponent = price.normalize().as_tuple().exponent
    too_fine = isinstance(exponent, int) and exponent < -6
    return ["has more than 6 decimal places, and PrestaShop keeps 6"] if too_fine else []


def problems_of_measure(value: Decimal) -> list[str]:
    """Of a weight or a length: from 0 to under 10^10 (recording prod_post_bad_weight_negative)."""
    if not value.is_finite():
        return ["is no number"]
    if value < 0:
        return ["is below 0, which PrestaShop refuses"]
    return ["is too big for PrestaShop"] if value >= PRICE_LIMIT else []


def problems_of_quantity(pieces: int) -> list[str]:
    """Of the stock: a 32-bit number; below 0 is fine (recording stock_patch_negative)."""
    return [] if -STOCK_LIMIT <= pieces < STOCK_LIMIT else ["is too big for PrestaShop"]


def problems_of_html(text: str) -> list[str]:
    """Of a description: the HTML for which the shop refuses the whole product."""
    held = [what for pattern, what in _FORBIDDEN_HTML if pattern.search(text)]
    if any(_EVENT.fullmatch(name) for name in attribute_names(text)):
        held.append("an event attribute (onclick= or another on…=)")
    return [*(f"holds {what}, which PrestaShop refuses" for what in held), *_control(text)]


def problems_of_short_description(text: str) -> list[str]:
    """HTML as problems_of_html, and at most 800 characters without tags (prod_post_short_desc_900)."""
    return [
        *_too_long(text_without_tags(text), SHORT_DESCRIPTION_LENGTH, " without tags"),
        *problems_of_html(text),
    ]


def problems_of_slug(text: str) -> list[str]:
    """Of a friendly URL: at most 128 letters, digits, hyphens and underscores, or none."""
    faults = _too_long(text, SLUG_LENGTH)
    if not _SLUG.fullmatch(text):
        faults.append("holds something else than letters a–z, digits, hyphens and underscores")
    return faults


def _problems_of_text(text: ProductText | CategoryText, version: str | None) -> Iterator[tuple[str, str]]:
    title, summary = text.meta_title or "", text.meta_description or ""
    checks = {
        "description": problems_of_html(text.description or ""),
        "slug": problems_of_slug(text.slug or ""),
        "meta_title": [*_too_long(title, META_TITLE_LENGTH), *_control(title)],
        "meta_description": [*_too_long(summary, META_DESCRIPTION_LENGTH), *_control(summary)],
    }
    if text.name is not None:
        checks["name"] = problems_of_name(text.name, version)
    if isinstance(text, ProductText):
        checks["short_description"] = problems_of_short_description(text.short_description or "")
    return ((field, fault) for field, faults in checks.items() for fault in faults)


def _sentence(field: str, owner: str, fault: str, kind: str) -> str:
    name, _, language = field.partition(".")
    label = _LABELS.get(name, name) + (f" ({language})" if language else "")
    return f"The {label} of {ILLEGAL.sub('?', owner)} {fault}: mend it in the {kind}"


def _too_long(text: str, most: int, counted: str = "") -> list[str]:
    if len(text) <= most:
        return []
    return [f"has {len(text)} characters{counted}, and PrestaShop takes {most} at most"]


def _holds(text: str, forbidden: str) -> list[str]:
    return [f"holds '{character}', which PrestaShop refuses" for character in forbidden if character in text]


def _control(text: str) -> list[str]:
    if ILLEGAL.search(text) or _CONTROL.search(text):
        return ["holds a control character, which cannot be sent: type it anew instead of pasting it"]
    return []


def _said(text: ProductText | CategoryText) -> bool:
    return any(getattr(text, field.name) for field in fields(text))
