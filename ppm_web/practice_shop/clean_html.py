"""HTML of descriptions: what the shop refuses, and what it makes of the rest."""

from __future__ import annotations

import re
from functools import lru_cache
from html import escape
from html.parser import HTMLParser

_EVENTS = (
    "abort|activate|afterprint|animation(?:end|iteration|start)|beforeprint|beforeunload|blur|change|click|"
    "contextmenu|copy|cut|dblclick|drag(?:end|enter|leave|over|start)?|drop|error|focus(?:in|out)?|hashchange|"
    "input|invalid|key(?:down|press|up)|load|message|mouse(?:down|enter|leave|move|out|over|up|wheel)|paste|"
    "pointer(?:down|up|move)|reset|resize|scroll|search|select|submit|toggle|touch(?:start|move|end)|unload|wheel"
)
_REFUSED = re.compile(
    rf"<\s*script|\bon(?:{_EVENTS})\s*=|script\s*:|<\s*(?:i?frame|form|input|embed|object)", re.IGNORECASE
)
_VOID = frozenset({"br", "hr", "img", "col"})
_BLOCKS = frozenset(
    {"p", "div", "ul", "ol", "li", "table", "h1", "h2", "h3", "h4", "h5", "h6", "blockquote", "pre", "dl"}
)
_KNOWN = (
    _VOID
    | _BLOCKS
    | {"a", "abbr", "b", "big", "caption", "cite", "code", "colgroup", "dd", "del", "dfn", "dt", "em", "font"}
    | {"i", "ins", "kbd", "q", "s", "samp", "small", "span", "strike", "strong", "sub", "sup", "tbody", "td"}
    | {"tfoot", "th", "thead", "tr", "tt", "u", "var"}
)
_ATTRIBUTES = frozenset(
    {"class", "id", "href", "src", "alt", "title", "width", "height", "target", "rel", "border", "align"}
    | {"cellpadding", "cellspacing", "colspan", "rowspan", "lang", "dir", "start", "color", "size"}
)
# The tag that ends when the next of its kind begins, and where it can begin at the latest.
_ENDED_BY_SIBLING = {
    "li": ("ul", "ol"),
    "td": ("tr",),
    "th": ("tr",),
    "tr": ("table",),
    "dt": ("dl",),
    "dd": ("dl",),
}


def is_clean_html(html: str) -> bool:
    """Whether the shop takes this text at all.

    Scripts, event attributes, javascript: links, frames and forms refuse the whole product with code 84
    (recordings prod_post_desc_script, _onclick, _iframe, _javascript_href, _form).
    """
    return _REFUSED.search(html) is None


@lru_cache(maxsize=4096)
def clean_html(html: str) -> str:
    """What the shop stores, nearly: tags closed, style and data-* dropped, entities decoded, `<br />`.

    An approximation of the shop's cleaning (README of the contract, "Descriptions"); unknown tags go and
    their text stays, comments go.
    """
    if "<" not in html and "&" not in html:
        return html
    cleaner = _Cleaner()
    cleaner.feed(html)
    cleaner.close()
    return cleaner.result()


def strip_tags(html: str) -> str:
    """The text alone: what the limit of 800 characters of a short description counts."""
    return re.sub(r"<[^>]*>", "", html)


class _Cleaner(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self._out: list[str] = []
        self._open: list[str] = []

    def result(self) -> str:
        self._close_down_to(0)
        return "".join(self._out)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in _KNOWN:
            return
        if tag in _BLOCKS and "p" in self._open:
            self._end("p")
        if tag in _ENDED_BY_SIBLING:
            self._end_sibling(tag)
        kept = "".join(
            f' {name}="{escape(value or "")}"'
            for name, value in attrs
            if name in _ATTRIBUTES and value is not None
        )
        if tag in _VOID:
            self._out.append(f"<{tag}{kept} />")
        else:
            self._out.append(f"<{tag}{kept}>")
            self._open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if tag in self._open:
            self._end(tag)

    def handle_data(self, data: str) -> None:
        self._out.append(escape(data, quote=False))

    def _end_sibling(self, tag: str) -> None:
        limits = _ENDED_BY_SIBLING[tag]
        for opened in reversed(self._open):
            if opened in limits:
                return
            if opened == tag:
                self._end(tag)
                return

    def _end(self, tag: str) -> None:
        self._close_down_to(len(self._open) - 1 - self._open[::-1].index(tag))

    def _close_down_to(self, depth: int) -> None:
        while len(self._open) > depth:
            self._out.append(f"</{self._open.pop()}>")
