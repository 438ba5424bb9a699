"""Tags in HTML that anybody may have written, read in time that grows with its length and no faster."""

from __future__ import annotations

import re
from collections.abc import Iterator
from html import unescape

_TAG = re.compile(r"<\s*+(?:/\s*+)?[a-z][^\s<>\"'/=]*+", re.IGNORECASE)
_ATTRIBUTE = re.compile(r"[\s/\"'=]*+([^\s<>\"'/=]++)(?:\s*+=\s*+([\"']|[^\s\"'<>]*+))?")
_END = re.compile(r"[\s/\"'=]*+>")


def attribute_names(html: str) -> Iterator[str]:
    """The names of the attributes of all tags; a value that is quoted, or an address, is passed over."""
    for _, _, names in _tags(html):
        yield from names


def text_without_tags(html: str) -> str:
    """The text alone, with its entities decoded; comments go, and what is no whole tag stays."""
    html = _without_comments(html)
    pieces, place = [], 0
    for start, end, _ in _tags(html):
        if html[end - 1] == ">" and not html[start + 1].isspace():
            pieces.append(html[place:start])
            place = end
    return unescape("".join([*pieces, html[place:]]))


def _tags(html: str) -> Iterator[tuple[int, int, list[str]]]:
    """Where each tag begins and ends, and its attributes; the end of one that is never closed is a guess."""
    place = 0
    while tag := _TAG.search(html, place):
        names, place = [], tag.end()
        while attribute := _ATTRIBUTE.match(html, place):
            names.append(attribute[1])
            place = attribute.end()
            # A quote that is never closed begins no value, or all that follows would hide in it
            if attribute[2] in {'"', "'"} and (closing := html.find(attribute[2], place)) >= 0:
                place = closing + 1
        end = _END.match(html, place)
        place = end.end() if end else place
        yield tag.start(), place, names


def _without_comments(html: str) -> str:
    pieces, place = [], 0
    while (start := html.find("<!--", place)) >= 0 and (end := html.find("-->", start + 4)) >= 0:
        pieces.append(html[place:start])
        place = end + 3
    return "".join([*pieces, html[place:]])
