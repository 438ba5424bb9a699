"""SKUs as shops compare them: what people write in two ways is one product there (issue 1)."""

from __future__ import annotations

import unicodedata

_UNSEEN = frozenset("\u034f\u115f\u1160\u180e\u3164\uffa0")
"""Characters that are letters or marks by their kind, and nothing to the eye."""


def cleaned_sku(text: str) -> str:
    """A SKU as it is kept: one sign for each letter (NFC), nothing unseen and no white space around it."""
    if text.isascii():
        return text.strip()
    whole = unicodedata.normalize("NFC", text)
    start, end = 0, len(whole)
    while start < end and _is_outer(whole[start]):
        start += 1
    while end > start and _is_outer(whole[end - 1]):
        end -= 1
    return whole[start:end]


def sku_key(sku: str) -> str:
    """Equal for SKUs that a shop's database does not tell apart: capitals and accents make no difference.

    That is MySQL's utf8mb4_general_ci (é is e; ł is not l). What stands unseen around it counts as little.
    """
    clean = cleaned_sku(sku)
    if clean.isascii():
        return clean.lower()
    apart = unicodedata.normalize("NFD", clean.casefold())
    return "".join(letter for letter in apart if not unicodedata.combining(letter))


def unseen_in(sku: str) -> list[str]:
    """The characters of a cleaned SKU that nobody sees, or takes for a plain space: U+200B."""
    if sku.isascii():
        return []
    return [f"U+{ord(letter):04X}" for letter in dict.fromkeys(sku) if _is_unseen(letter)]


def _is_outer(letter: str) -> bool:
    return letter.isspace() or _is_unseen(letter)


def _is_unseen(letter: str) -> bool:
    if letter.isascii():
        return False  # a control character is told as such
    kind = unicodedata.category(letter)
    return kind in {"Cf", "Zs", "Zl", "Zp"} or letter in _UNSEEN or "\ufe00" <= letter <= "\ufe0f"
