"""PPM's products and categories → payloads of PrestaShop fields (R12). Pure: no shop is asked.

product_payload says what PPM owns of a product; creation_payload adds what a new product needs besides;
complete_texts and merge_categories keep what belongs to the shop.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import astuple, replace
from decimal import Decimal
from typing import TypeVar

from slugify import slugify

from ppm_web.prestashop.payloads import decimal_text
from ppm_web.prestashop.values import (
    CategorySnapshot,
    CategoryText,
    Payload,
    ProductSnapshot,
    ProductText,
    RemoteIds,
)

_Text = TypeVar("_Text", ProductText, CategoryText)

# PrestaShop's field → ours. link_rewrite is apart: sent only where a slug is given.
_PRODUCT_TEXTS = {
    "name": "name",
    "description_short": "short_description",
    "description": "description",
    "meta_title": "meta_title",
    "meta_description": "meta_description",
}
_CATEGORY_TEXTS = {
    "name": "name",
    "description": "description",
    "meta_title": "meta_title",
    "meta_description": "meta_description",
}
# A POST takes 0 or nothing for what it leaves out (README "Writing"): without state the product is not even
# seen in the back office.
_NEW_PRODUCT = {
    "state": "1",
    "active": "1",
    "available_for_order": "1",
    "show_price": "1",
    "minimal_quantity": "1",
    "visibility": "both",
    "condition": "new",
    "product_type": "standard",
}
_SLUG_LENGTH = 128  # recording prod_post_name_129: a longer one refuses the product


def product_payload(product: ProductSnapshot, ids: RemoteIds) -> Payload:
    """The fields that PPM holds, and no others (R25).

    Texts only in languages that are mapped, and each only where it is held: the others are the shop's.
    InvalidProduct when a number cannot be stored (see validation for all other checks).
    """
    payload: Payload = {
        "reference": product.sku,
        "ean13": product.ean13,
        "price": decimal_text(product.price_net),
        "active": _flag(product.active),
        "weight": _decimal(product.weight),
        "width": _decimal(product.width),
        "height": _decimal(product.height),
        "depth": _decimal(product.depth),
        "id_tax_rules_group": str(ids.tax_rules_group),
        "id_manufacturer": None if ids.manufacturer is None else str(ids.manufacturer),
        "id_category_default": str(ids.categories[0]) if ids.categories else None,
        "categories": sorted(set(ids.categories)) if ids.categories else None,
        "quantity": None if product.quantity is None else str(product.quantity),
    }
    held = {field: value for field, value in payload.items() if value is not None}
    return held | _texts(_mapped(product.texts, ids.languages), _PRODUCT_TEXTS)


def creation_payload(
    payload: Payload,
    product: ProductSnapshot,
    ids: RemoteIds,
    shop_languages: Sequence[int],
    default_language: str,
) -> Payload:
    """A product_payload with all that a POST needs: switches of a visible, orderable product, texts in ALL of
    the shop's languages and friendly URLs. What is not held gets PrestaShop's defaults, here and never later.

    A language without a text of ours gets that of default_language (a code), else of any language.
    """
    texts = _in_all_languages(product.texts, ids.languages, shop_languages, default_language)
    home = {"id_category_default": str(ids.home), "categories": [ids.home]} if ids.home else {}
    return _NEW_PRODUCT | home | payload | _texts(texts, _PRODUCT_TEXTS) | _slugs(texts, product.sku)


def category_payload(category: CategorySnapshot, languages: Mapping[str, int], parent_id: int) -> Payload:
    """The fields of a category that PPM holds; `languages` is code → id_lang. The working name stands in
    where a name was emptied; what is not held belongs to the shop."""
    payload: Payload = {"id_parent": str(parent_id)}
    if category.active is not None:
        payload["active"] = _flag(category.active)
    return payload | _texts(_mapped(_named(category), languages), _CATEGORY_TEXTS)


def category_creation_payload(
    category: CategorySnapshot,
    languages: Mapping[str, int],
    parent_id: int,
    shop_languages: Sequence[int],
    default_language: str,
) -> Payload:
    """A category_payload for a POST: texts in ALL of the shop's languages, and link_rewrite, which a category
    needs (recording cat_post_no_linkrewrite). Missing languages as in creation_payload."""
    named = {
        code: text if text.name else replace(text, name=category.name)
        for code, text in category.texts.items()
        if _said(text)
    }
    named = named or {default_language: CategoryText(category.name)}
    texts = _in_all_languages(named, languages, shop_languages, default_language)
    payload = {"active": "1"} | category_payload(category, languages, parent_id)
    return payload | _texts(texts, _CATEGORY_TEXTS) | _slugs(texts, category.name)


def complete_texts(changes: Payload, remote: Payload, shop_languages: Sequence[int]) -> Payload:
    """The changes, each changed text with the shop's present one in the languages that PPM does not send.

    A text sent in some languages empties the others (recording prod_patch_one_language).
    """
    completed = dict(changes)
    for field, texts in changes.items():
        if isinstance(texts, dict):
            present = remote.get(field) or {}
            languages = dict.fromkeys([str(number) for number in shop_languages] + [*present, *texts])
            completed[field] = {code: texts.get(code, present.get(code, "")) for code in languages}
    return completed


def merge_categories(wanted: Iterable[int], pushed: Iterable[int], present: Iterable[int]) -> list[int]:
    """Our categories and the shop's own: those present that PPM did not push earlier. Sorted."""
    return sorted(set(wanted) | (set(present) - set(pushed)))


def slug(name: str, otherwise: str = "") -> str:
    """A friendly URL made from a name: "Zażółć gęślą" → "zazolc-gesla"; at most 128 characters.

    From `otherwise` (a SKU) where nothing of the name can be written so, else "item".
    """
    return (
        slugify(name, max_length=_SLUG_LENGTH, word_boundary=True)
        or slugify(otherwise, max_length=_SLUG_LENGTH)
        or "item"
    )


def _mapped(texts: Mapping[str, _Text], languages: Mapping[str, int]) -> dict[int, _Text]:
    """id_lang → text, for languages that are mapped and in which anything is held, by id."""
    return dict(
        sorted((languages[code], text) for code, text in texts.items() if code in languages and _held(text))
    )


def _in_all_languages(
    texts: Mapping[str, _Text],
    languages: Mapping[str, int],
    shop_languages: Sequence[int],
    default_language: str,
) -> dict[int, _Text]:
    said = [code for code in sorted(texts) if _said(texts[code])]
    if not said:
        return {}
    stand_in = texts[default_language if default_language in said else said[0]]
    mapped: dict[int, _Text] = _mapped(texts, languages)
    found = {number: mapped.get(number, stand_in) for number in sorted({*shop_languages, *mapped})}
    return {
        number: text if text.name else replace(text, name=stand_in.name) for number, text in found.items()
    }


def _texts(texts: Mapping[int, _Text], fields: Mapping[str, str]) -> Payload:
    """{"name": {"1": …}, …, "link_rewrite": {…}}: each field in the languages in which it is held.

    An empty slug is never sent: PrestaShop would make one from the name.
    """
    payload: Payload = {
        field: {
            str(number): value for number, text in texts.items() if (value := getattr(text, ours)) is not None
        }
        for field, ours in fields.items()
    }
    payload["link_rewrite"] = {str(number): text.slug for number, text in texts.items() if text.slug}
    return {field: by_language for field, by_language in payload.items() if by_language}


def _slugs(texts: Mapping[int, _Text], otherwise: str) -> Payload:
    return {
        "link_rewrite": {
            str(number): text.slug or slug(text.name or "", otherwise) for number, text in texts.items()
        }
    }


def _named(category: CategorySnapshot) -> dict[str, CategoryText]:
    """The texts, with the working name where the name was emptied: a category cannot be without."""
    return {
        code: replace(text, name=category.name) if text.name == "" else text
        for code, text in category.texts.items()
    }


def _held(text: _Text) -> bool:
    return any(value is not None for value in astuple(text))


def _said(text: _Text) -> bool:
    """Whether any of it is held, and not only emptied."""
    return any(astuple(text))


def _flag(value: bool | None) -> str | None:
    return None if value is None else "1" if value else "0"


def _decimal(value: Decimal | None) -> str | None:
    return None if value is None else decimal_text(value)
