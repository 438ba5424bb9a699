"""The shop's page at /: what is in it, to look at."""

from __future__ import annotations

from collections.abc import Iterable
from html import escape
from typing import TYPE_CHECKING, Any

from .messages import Answer, Request, html_answer

if TYPE_CHECKING:
    from .shop import PracticeShop

PRODUCTS_A_PAGE = 100
_COLUMNS = ("Id", "Reference", "Name", "Price", "Active", "Categories", "Stock", "Manufacturer", "Images")
_STYLE = """
:root { color-scheme: light dark; --line: #8886; --soft: #8882; }
body { font: 15px/1.5 system-ui, sans-serif; max-width: 78rem; margin: 0 auto; padding: 1.5rem; }
h1 { margin: 0 0 .25rem; } h2 { margin: 2rem 0 .5rem; font-size: 1.15rem; }
.table { overflow-x: auto; } table { border-collapse: collapse; width: 100%; }
th, td { text-align: left; vertical-align: top; padding: .35rem .6rem; }
th, td { border-bottom: 1px solid var(--line); }
th { background: var(--soft); }
.quiet { opacity: .7; } td { overflow-wrap: anywhere; } ul { margin: .2rem 0; padding-left: 1.4rem; }
form { margin: .5rem 0; } form.inline { display: inline; }
input, button { font: inherit; padding: .3rem .6rem; }
"""


def show_page(shop: PracticeShop, request: Request) -> Answer:
    """The page at /, with ?q= (part of a reference) and ?page= (from 1); anything else is 404."""
    if request.path != "/" or request.method not in {"GET", "HEAD"}:
        return html_answer(404, "Not Found", "There is a page at /, and the Webservice at /api/.")
    query = request.query.get("q", "")
    page = _page_number(request.query.get("page", ""))
    sections = (
        f"<h1>Practice shop</h1><p class=quiet>A stand-in for PrestaShop {escape(shop.version)}. "
        "The Webservice is at <code>/api/</code>.</p>",
        _products(shop, query, page),
        "<h2>Categories</h2>" + _tree(shop.category_tree(), 0),
        "<h2>Manufacturers</h2>" + _listed(f"{row['id']} {row['name']}" for row in shop.manufacturers()),
        _statistics(shop),
    )
    html = (
        '<!DOCTYPE html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1"><title>Practice shop</title>'
        f"<style>{_STYLE}</style></head><body>{''.join(sections)}</body></html>"
    )
    return Answer(200, html.encode(errors="replace"))


def _page_number(text: str) -> int:
    return max(1, int(text)) if text.isascii() and text.isdecimal() and len(text) < 10 else 1


def _products(shop: PracticeShop, query: str, page: int) -> str:
    start = (page - 1) * PRODUCTS_A_PAGE
    rows, total = shop.product_page(query, start, PRODUCTS_A_PAGE)
    head = "".join(f"<th>{column}</th>" for column in _COLUMNS)
    body = "".join(f"<tr>{_cells(shop, row)}</tr>" for row in rows)
    return (
        f"<h2>Products <span class=quiet>{total}</span></h2><form>"
        f'<input name="q" value="{escape(query)}" placeholder="Reference" aria-label="Reference"> '
        "<button>Find</button></form>"
        f"<div class=table><table><tr>{head}</tr>{body}</table></div>"
        f"<p>{_page_links(query, page, total)}</p>"
    )


def _cells(shop: PracticeShop, product: dict[str, Any]) -> str:
    stock = shop.stock_of(product["id"])
    categories = ", ".join(item["id"] for item in product["associations"]["categories"])
    cells = (
        str(product["id"]),
        product["reference"] or "",
        " / ".join(product["name"].values()),
        product["price"] or "",
        "yes" if product["active"] == "1" else "no",
        categories,
        "no row" if stock is None else str(stock),
        product["manufacturer_name"],
        str(len(product["associations"]["images"])),
    )
    return "".join(f"<td>{escape(cell)}</td>" for cell in cells)


def _page_links(query: str, page: int, total: int) -> str:
    pages = -(-total // PRODUCTS_A_PAGE)
    links = []
    for number, word in ((page - 1, "Newer"), (page + 1, "Older")):
        if 1 <= number <= pages:
            hidden = f'<input type="hidden" name="q" value="{escape(query)}">'
            button = f'<button name="page" value="{number}">{word}</button>'
            links.append(f'<form class="inline">{hidden}{button}</form>')
    return " ".join([*links, f"<span class=quiet>page {page} of {max(pages, 1)}</span>" if links else ""])


def _tree(category: dict[str, Any] | None, depth: int) -> str:
    if category is None or depth > 50:
        return ""
    children = "".join(_tree(child, depth + 1) for child in category["children"])
    state = "" if category["active"] == "1" else " <span class=quiet>inactive</span>"
    name = escape(" / ".join(category["name"].values()))
    return f"<ul><li>{name} <span class=quiet>{category['id']}</span>{state}{children}</li></ul>"


def _listed(texts: Iterable[str]) -> str:
    items = "".join(f"<li>{escape(text)}</li>" for text in texts)
    return f"<ul>{items}</ul>" if items else "<p class=quiet>None.</p>"


def _statistics(shop: PracticeShop) -> str:
    requests = [
        f"{method} {resource}: {count}"
        for method, by_resource in shop.counts.items()
        for resource, count in by_resource.items()
    ]
    settings = [
        f"{rule['name']}: " + (f"the next {rule['next']}" if rule["next"] else f"rate {rule['rate']}")
        for rule in shop.faults
    ]
    return (
        f"<h2>Requests</h2>{_listed(requests)}<h2>Faults set</h2>{_listed(settings)}"
        f"<h2>Faults struck</h2>{_listed(f'{name}: {count}' for name, count in shop.struck_faults.items())}"
    )
