"""HTML of descriptions, compared as PrestaShop stores it.

The shop cleans HTML silently (README "Writing"): tags closed, `style` and `data-*` dropped, entities decoded,
`<br>` → `<br />`. Two texts that differ by no more than that are the same text.
"""

from __future__ import annotations

import re
from html import escape
from html.parser import HTMLParser

_VOID = frozenset({"area", "br", "col", "embed", "hr", "img", "input", "source", "track", "wbr"})
# Elements whose end tag HTML lets one leave out; the shop adds it.
_OPTIONAL_END = frozenset({"p", "li", "dt", "dd", "tr", "td", "th", "thead", "tbody", "tfoot", "option"})
_BLOCK = "p|div|ul|ol|li|dl|dt|dd|table|thead|tbody|tfoot|tr|td|th|h[1-6]|br|hr|blockquote|section|article"
_AROUND_BLOCKS = re.compile(rf" ?(</?(?:{_BLOCK})(?: [^>]*)?>) ?")


def normalise_html(html: str) -> str:
    """A form in which two texts are equal when the shop would store the same."""
    reader = _Reader()
    reader.feed(html)
    reader.close()
    joined = re.sub(r"\s+", " ", "".join(reader.pieces + [f"</{tag}>" for tag in reversed(reader.open)]))
    return _AROUND_BLOCKS.sub(r"\1", joined).strip()


class _Reader(HTMLParser):
    """Writes start tags in one manner, drops what the shop drops, and keeps the text."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.pieces: list[str] = []
        self.open: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        kept = sorted((k, v or "") for k, v in attrs if k != "style" and not k.startswith("data-"))
        self.pieces.append(f"<{tag}" + "".join(f' {k}="{escape(v)}"' for k, v in kept) + ">")
        if tag not in _VOID and tag not in _OPTIONAL_END:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if tag in self.open:
            while (inner := self.open.pop()) != tag:
                self.pieces.append(f"</{inner}>")
            self.pieces.append(f"</{tag}>")

    def handle_data(self, data: str) -> None:
        self.pieces.append(escape(data, quote=False))
