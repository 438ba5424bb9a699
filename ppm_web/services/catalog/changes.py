"""What may be changed in a product, and what the catalogue refuses to hold.

What PrestaShop refuses is said in ``prestashop.validation``; here are the catalogue's own limits.
No version is known here, so only what every version refuses is refused (a name may hold ``;``).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from decimal import Decimal
from functools import partial
from typing import TypedDict, cast
from urllib.parse import urlsplit

from ppm_web.models import unseen_in
from ppm_web.prestashop import validation
from ppm_web.services.catalog.errors import CatalogError, Fault, quoted
from ppm_web.services.catalog.names import split_path

TEXT_FIELDS = ("name", "short_description", "description", "slug", "meta_title", "meta_description")
HTML_FIELDS = frozenset({"short_description", "description"})
MEASURES = ("weight", "width", "height", "depth")
MAX_TEXT = 100_000  # characters: well below what csv reads in one cell (131,072)
MAX_LIST = 100  # categories or images of one product
MAX_SOURCE = 2_048
MAX_MANUFACTURER = 64
EAN_DIGITS = 13  # 14 are taken from PrestaShop 9 on only
_LANGUAGE = re.compile(r"[a-z]{2}(-[A-Z]{2})?")
_CONTROL = re.compile("[^\t\n\r\u0020-\u007e\u00a0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_BREAK = re.compile(r"[\t\n\r]")
_SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.-]+):")  # two letters or more: C:\ is a folder


class ProductChanges(TypedDict, total=False):
    """What to change in a product; what is not named stays as it is (in a new one: not held, R25).

    price_net: in the shops' default currency; tax_rate: per cent; weight: kg; width, height,
    depth: cm. quantity, active: None = not held any more. manufacturer: "" = none. categories: paths,
    the primary one first, none = the root. images: paths or URLs, the cover first. texts: language →
    field (TEXT_FIELDS) → text, "" = none; a language whose name becomes empty is not held any more.
    """

    ean13: str
    price_net: Decimal
    tax_rate: Decimal
    quantity: int | None
    manufacturer: str
    weight: Decimal
    width: Decimal
    height: Decimal
    depth: Decimal
    active: bool | None
    categories: Sequence[str]
    images: Sequence[str]
    texts: Mapping[str, Mapping[str, str]]


def sku_faults(sku: str) -> list[Fault]:
    """What is wrong with a SKU. One without what stands unseen around it: ``models.cleaned_sku``."""
    problems = validation.problems_of_reference(sku)
    if unseen := ", ".join(unseen_in(sku)[:3]):
        problems.append(f"holds a character that nobody sees ({unseen}): type it anew")
    return [Fault("sku", reason) for reason in _told(sku, problems, one_line=True)]


def change_faults(changes: ProductChanges) -> list[Fault]:
    """All that is wrong with the values, looked at by themselves."""
    return [*_number_faults(changes), *_plain_text_faults(changes), *_text_faults(changes.get("texts", {}))]


def missing_name_faults(texts: Mapping[str, Mapping[str, str | None]], touched: Sequence[str]) -> list[Fault]:
    """What is wrong with a product whose texts are ``texts``, of which the languages ``touched`` changed.

    That is: other texts in a language without a name, or no name at all.
    """
    faults = [
        Fault(f"name:{language}", f"the name is empty, but the product has other texts in {language!r}")
        for language in touched
        if not texts[language].get("name") and any(texts[language].values())
    ]
    if not faults and not any(text.get("name") for text in texts.values()):
        column = f"name:{touched[0]}" if touched else "name:en"
        faults.append(Fault(column, "a product needs a name in at least one language"))
    return faults


def _number_faults(changes: ProductChanges) -> Iterator[Fault]:
    if "price_net" in changes:
        for problem in validation.problems_of_price(changes["price_net"]):
            yield Fault("price_net", f"{changes['price_net']} {problem}")
    if "tax_rate" in changes:
        rate = changes["tax_rate"]
        if not rate.is_finite() or not 0 <= rate <= 100:
            yield Fault("tax_rate", f"{rate} is no tax rate: it goes from 0 to 100 per cent")
        elif rate != round(rate, 3):
            yield Fault("tax_rate", f"{rate} has more than 3 decimal places")
    if (pieces := changes.get("quantity")) is not None:
        for problem in validation.problems_of_quantity(pieces):
            yield Fault("quantity", f"{pieces} {problem}")
    measures = cast("Mapping[str, Decimal]", changes)
    for column in MEASURES:
        if column in measures:
            for problem in validation.problems_of_price(measures[column]):  # same limits, 6 places kept
                yield Fault(column, f"{measures[column]} {problem}")


def _plain_text_faults(changes: ProductChanges) -> Iterator[Fault]:
    if "ean13" in changes:
        for reason in _told(changes["ean13"], _ean_problems(changes["ean13"])):
            yield Fault("ean13", reason)
    if "manufacturer" in changes:
        name = changes["manufacturer"]
        problems = _too_long(name, MAX_MANUFACTURER) or (validation.problems_of_name(name) if name else [])
        for reason in _told(name, problems, one_line=True):
            yield Fault("manufacturer", reason)
    yield from _category_faults(changes.get("categories", ()))
    yield from _image_faults(changes.get("images", ()))


def _ean_problems(ean: str) -> list[str]:
    problems = validation.problems_of_ean(ean)
    if not problems and len(ean) > EAN_DIGITS:
        problems = [f"has {len(ean)} digits: an EAN has {EAN_DIGITS} at most"]
    return problems


def _category_faults(paths: Sequence[str]) -> Iterator[Fault]:
    if len(paths) > MAX_LIST:
        yield Fault("categories", f"{len(paths)} categories: {MAX_LIST} at most")
        return
    for path in paths:
        try:
            split_path(path)
        except CatalogError as error:
            yield Fault("categories", str(error))


def _image_faults(sources: Sequence[str]) -> Iterator[Fault]:
    if len(sources) > MAX_LIST:
        yield Fault("images", f"{len(sources)} images: {MAX_LIST} at most")
        return
    if len(set(sources)) < len(sources):
        yield Fault("images", "an image is named twice")
    for source in sources:
        for reason in _told(source, _image_problems(source), one_line=True):
            yield Fault("images", reason)


def _image_problems(source: str) -> list[str]:
    if not source:
        return ["an image between two | is empty"]
    if len(source) > MAX_SOURCE:
        return [f"has {len(source)} characters: a path or URL has {MAX_SOURCE} at most"]
    if scheme := _SCHEME.match(source):
        try:
            url = urlsplit(source)
            host = url.hostname
        except ValueError:
            return ["is no URL"]
        if scheme[1].lower() not in {"http", "https"}:
            return ["is neither a path nor an http or https URL"]
        if not host or url.username or url.password:
            return ["is a URL without a host" if not host else "is a URL with a password in it"]
    return []


def _text_faults(texts: Mapping[str, Mapping[str, str]]) -> Iterator[Fault]:
    for language, fields in texts.items():
        if not _LANGUAGE.fullmatch(language):
            yield Fault("", f"{quoted(language)} is no language code such as 'en' or 'pt-BR'")
            continue
        for field, text in fields.items():
            reasons = _told(
                text, _text_problems(field, text) if text else [], one_line=field not in HTML_FIELDS
            )
            for reason in reasons:
                yield Fault(f"{field}:{language}", reason)


def _text_problems(field: str, text: str) -> list[str]:
    if field not in _TEXT_CHECKS:
        return [f"cannot be kept: there is no text {field!r}"]
    return _too_long(text, MAX_TEXT, taken_by="the catalogue takes ") or _TEXT_CHECKS[field](text)


def _too_long(text: str, longest: int, taken_by: str = "PrestaShop takes ") -> list[str]:
    return [f"has {len(text)} characters, and {taken_by}{longest} at most"] if len(text) > longest else []


def _told(text: str, problems: Sequence[str], *, one_line: bool = False) -> list[str]:
    """The problems as reasons that show the text, with those of control characters."""
    found = list(problems)
    if _CONTROL.search(text) and not any("control character" in problem for problem in found):
        found.append("holds a control character, which cannot be sent: type it anew instead of pasting it")
    if one_line and _BREAK.search(text):
        found.append("holds a line break or a tab")
    return [f"{quoted(text)} {problem}" if text else problem for problem in found]


_TEXT_CHECKS: dict[str, Callable[[str], list[str]]] = {
    "name": validation.problems_of_name,
    "short_description": validation.problems_of_short_description,
    "description": validation.problems_of_html,
    "slug": validation.problems_of_slug,
    "meta_title": partial(_too_long, longest=validation.META_TITLE_LENGTH),
    "meta_description": partial(_too_long, longest=validation.META_DESCRIPTION_LENGTH),
}
