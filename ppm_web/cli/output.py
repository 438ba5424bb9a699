"""How every command speaks: plain words on standard error, results on standard output."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from typing import Any, NoReturn

import click

json_option = click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")

WIDE = 400
"""Columns of a table that no terminal shows."""


def print_json(document: Any) -> None:
    """One JSON document on standard output; decimals and times as strings."""
    click.echo(json.dumps(document, ensure_ascii=False, default=str, indent=2))


def print_table(columns: Sequence[str], rows: Iterable[Sequence[object]], empty: str) -> None:
    """Rows under headings; ``empty`` says in words that there are none."""
    from rich.console import Console  # big, and of no use to workers and the web
    from rich.table import Table
    from rich.text import Text

    table = Table(*columns, box=None, pad_edge=False, header_style="bold")
    for row in rows:
        table.add_row(*(Text(str(cell)) for cell in row))
    if not table.row_count:
        click.echo(empty)
        return
    console = Console(soft_wrap=True)
    if not console.is_terminal:
        console.width = WIDE  # a pipe has no edge at which lines would have to be folded
    console.print(table)


def products(count: int) -> str:
    """A number of products in words."""
    return "1 product" if count == 1 else f"{count:,} products"


def fail(message: str, status: int = 1) -> NoReturn:
    """End the command with ``message`` on standard error: 1 not done, 2 wrong use."""
    click.echo(message, err=True)
    raise SystemExit(status)
