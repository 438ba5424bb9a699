"""Texts as the shop's database compares them (utf8mb4_general_ci, see WHOLE, "Reading a shop back")."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable


def fold(text: str) -> str:
    """A text without what the database does not tell apart: capitals and accents (é is e; ł is not l)."""
    if text.isascii():
        return text.lower()
    apart = unicodedata.normalize("NFD", text.casefold())
    return "".join(letter for letter in apart if not unicodedata.combining(letter))


def equal_key(text: str) -> str:
    """Equal for texts that the database takes for equal, and in its order; spaces at the end do not count."""
    return fold(text).rstrip(" ")


def like(pattern: str) -> Callable[[str], bool]:
    """LIKE: % is any text, _ one letter; spaces at the end count here. Tells whether a folded text fits."""
    parts = {"%": ".*", "_": "."}
    text = "".join(parts.get(letter) or re.escape(letter) for letter in fold(pattern))
    fits = re.compile(text, re.DOTALL).fullmatch
    return lambda folded: fits(folded) is not None
