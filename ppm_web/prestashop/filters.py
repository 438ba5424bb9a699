"""Lists of the Webservice: filters that mean what they say, in URLs that every web server takes.

How the shop reads `filter[field]=VALUE` (README "Reading", recordings list_filter_*): `[a|b]` is a list,
`[1,5]` a range, `[x]%` begins with, `%[x]%` contains; what has no brackets is taken whole as one value
(list_filter_ref_nobrackets). So a value that holds `|`, `,`, `%` or a bracket is asked for alone and without
brackets. One that holds `[` and, after it, `]` would still be taken for a pattern, and of a pattern that it
cannot read the shop makes no filter at all and lists everything: so such a value is asked for by its longest
piece without `[`, as `%[piece]%`.
MySQL compares without regard to case and to trailing spaces. Therefore the caller always compares the answer
with what was wanted.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from urllib.parse import quote

PATH_LIMIT = 5_500  # bytes of a path; web servers refuse URLs over about 8 KB (recording list_url_8k_limit)
_SPECIAL = re.compile(r"[|,%\[\]]")
_PATTERN = re.compile(r"\[.*\]", re.DOTALL)


def paths(start: str, values: Iterable[str], end: str, most: int = 200) -> Iterator[str]:
    """As few paths as ask for all values: start + filter + end, each with at most `most` values.

    >>> list(paths("/products?filter[reference]=", ["A", "B", "C|D"], "&display=[id]"))
    ['/products?filter[reference]=C%7CD&display=[id]', '/products?filter[reference]=[A%7CB]&display=[id]']
    """
    room = PATH_LIMIT - len(start) - len(end)
    listed: list[str] = []
    for value in values:
        if _SPECIAL.search(value):
            yield start + single(value) + end
            continue
        encoded = quote(value, safe="")
        if len(listed) >= most or sum(map(len, listed)) + 3 * len(listed) + len(encoded) + 2 > room:
            yield start + _list_of(listed) + end
            listed = []
        listed.append(encoded)
    if listed:
        yield start + _list_of(listed) + end


def single(value: str) -> str:
    """The filter that finds one value, and perhaps some others."""
    if not _SPECIAL.search(value):
        return f"[{quote(value, safe='')}]"
    if not _PATTERN.search(value):
        return quote(value, safe="")
    longest = max(value.split("["), key=len)
    return f"%25[{quote(longest, safe='')}]%25"


def _list_of(encoded: list[str]) -> str:
    return f"[{'%7C'.join(encoded)}]"
