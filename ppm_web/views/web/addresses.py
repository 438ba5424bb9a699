"""What may stand in an address: row ids that a database can hold, and texts that it can compare."""

from __future__ import annotations

from typing import Any, Final

from flask import Flask, request
from werkzeug.routing import IntegerConverter, Map

HIGHEST_ID: Final = 2**31 - 1
LONGEST_TEXT: Final = 200


class RowId(IntegerConverter):
    """``<row:product_id>``: a greater number than a database can hold is no address of ours (404)."""

    def __init__(self, map: Map, *args: Any, **kwargs: Any) -> None:
        super().__init__(map, *args, **{"max": HIGHEST_ID, **kwargs})


def init_app(app: Flask) -> None:
    """Let routes say ``<row:…>``."""
    app.url_map.converters["row"] = RowId


def text_argument(name: str) -> str:
    """A text of the query string, without what PostgreSQL cannot hold; empty when it is not there."""
    return request.args.get(name, "").replace("\0", "").strip()[:LONGEST_TEXT]


def id_argument(name: str) -> int | None:
    """A row id of the query string; None when it is not there, or none."""
    number = request.args.get(name, type=int)
    return number if number is not None and 0 < number <= HIGHEST_ID else None
