"""What differs between PrestaShop 1.7, 8 and 9, as data (R13; README "8.2 → 9.1")."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

OLDEST_SUPPORTED = (1, 7)


@dataclass(frozen=True, slots=True)
class Dialect:
    """How one line of PrestaShop versions differs from the others.

    name_forbidden: characters that a name may not hold (recordings prod_post_name_char_*).
    ean_digits: the longest ean13 (recording prod_post_ean_too_long).
    not_put: resource → fields that its GET gives and its PUT refuses (recordings prod_put_verbatim_get_body,
    prod_put_stripped_2_fields, cat_put_with_level_depth).
    """

    name_forbidden: str
    ean_digits: int
    not_put: Mapping[str, frozenset[str]]


# position_in_category: 8 refuses it in every PUT, 9 takes it until the product's place has moved (500 then).
_COMPUTED = {
    "products": frozenset({"manufacturer_name", "quantity", "position_in_category"}),
    "categories": frozenset({"level_depth", "nb_products_recursive"}),
}
_UP_TO_8 = Dialect("<>;=#{}", 13, _COMPUTED)
_FROM_9 = Dialect("<>{}", 14, _COMPUTED)
# What no version takes: for checks made before a shop is known, so that they never refuse too much.
_COMMON = Dialect("<>{}", 14, _COMPUTED)


def version_numbers(version: str) -> tuple[int, ...]:
    """ "8.2.0" → (8, 2, 0); () for what is no version ("0" comes with a refused key: (0,))."""
    return tuple(int(part) for part in re.findall(r"\d+", version)[:4])


def is_supported(version: str) -> bool:
    """Whether PPM works with it: 1.7 and all later ones."""
    return version_numbers(version) >= OLDEST_SUPPORTED


def dialect_of(version: str | None) -> Dialect:
    """The differences of a version; None = only what all versions have in common."""
    if version is None:
        return _COMMON
    return _FROM_9 if version_numbers(version) >= (9,) else _UP_TO_8
