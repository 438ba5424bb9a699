"""Names as people write them: which ways to write one are the same name, said in one place.

A shop's database does not tell upper and lower case apart (README "Reading"), and people do not see how many
spaces stand between two words, nor of which code points an "é" is made.
"""

from __future__ import annotations

import unicodedata


def clean_name(name: str) -> str:
    """A name as PPM keeps it: composed (NFC), each run of white space one space, none outside."""
    return " ".join(unicodedata.normalize("NFC", name).split())


def fold_name(name: str) -> str:
    """What is equal for two names that are the same: as clean_name, and without regard to case.

    >>> fold_name("  HOME\\u00a0 appliances ") == fold_name("Home Appliances")
    True
    """
    return unicodedata.normalize("NFC", clean_name(name).casefold())
