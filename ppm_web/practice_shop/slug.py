"""Friendly URLs, as the shop makes them from names."""

from __future__ import annotations

import re
import unicodedata

_VALID = re.compile(r"[_a-zA-Z0-9-]+")
_NO_ACCENT = str.maketrans(
    {"ł": "l", "Ł": "L", "ø": "o", "Ø": "O", "đ": "d", "Đ": "D", "ß": "ss", "æ": "ae", "Æ": "AE", "œ": "oe"}
)


def is_slug(text: str) -> bool:
    """Whether the shop takes a link_rewrite as it is (recording prod_post_linkrewrite_upper)."""
    return _VALID.fullmatch(text) is not None


def slugify(text: str) -> str:
    """A link_rewrite: no accents, lower case, hyphens for the rest (recording prod_post_linkrewrite_bad)."""
    decomposed = unicodedata.normalize("NFD", text.translate(_NO_ACCENT))
    plain = "".join(letter for letter in decomposed if not unicodedata.combining(letter))
    return re.sub(r"[^a-z0-9]+", "-", plain.lower()).strip("-")
