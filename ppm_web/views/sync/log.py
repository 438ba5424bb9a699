"""The log of what was sent to the shops: a page, and the same as a CSV file."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from typing import Any
from zoneinfo import ZoneInfo

from flask import Blueprint, Response, current_app, render_template, stream_with_context
from flask.typing import ResponseReturnValue

from ppm_web.extensions import db
from ppm_web.models import JobBatch, now
from ppm_web.views.products import rows as product_rows
from ppm_web.views.sync import log_rows
from ppm_web.views.sync.log_rows import STATUSES, LogFilter
from ppm_web.views.web.addresses import id_argument
from ppm_web.views.web.display import OPERATIONS

blueprint = Blueprint("sync_log", __name__)

COLUMNS = (
    *("time", "shop", "sku", "category_id", "batch_id", "operation", "status", "message"),
    *("attempt", "requests", "duration_ms"),
)


@blueprint.get("/log")
def index() -> ResponseReturnValue:
    """Lines, newest first; filter and page stand in the address."""
    wanted = LogFilter.read()
    page = log_rows.found_page(wanted, id_argument("before"))
    shops = product_rows.shops()
    return render_template(
        "sync_log/index.html",
        wanted=wanted,
        page=page,
        batch=db.session.get(JobBatch, wanted.batch) if wanted.batch else None,
        shops=shops,
        statuses=STATUSES,
        operations=OPERATIONS,
    )


@blueprint.get("/log.csv")
def export() -> ResponseReturnValue:
    """All lines that the filter finds: comma-separated UTF-8 with a mark by which Excel knows it."""
    zone = ZoneInfo(current_app.config["TIMEZONE"])
    name = f"ppm-log-{now().astimezone(zone):%Y-%m-%d}.csv"
    response = Response(stream_with_context(_lines(LogFilter.read(), zone)), mimetype="text/csv")
    response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


def _lines(wanted: LogFilter, zone: ZoneInfo) -> Iterator[str]:
    yield "\ufeff" + _line(COLUMNS)
    for entry, shop, sku in log_rows.found_rows(wanted):
        when = entry.created_at.astimezone(zone).isoformat(timespec="seconds")
        what = (when, shop, sku, entry.category_id, entry.batch_id, entry.operation, entry.status)
        yield _line((*what, entry.message, entry.attempt, entry.requests, entry.duration_ms))


def _line(cells: tuple[Any, ...]) -> str:
    text = io.StringIO()
    csv.writer(text).writerow([_harmless(cell) for cell in cells])
    return text.getvalue()


def _harmless(cell: Any) -> Any:
    """A text that a spreadsheet would take for a formula gets an apostrophe in front."""
    return f"'{cell}" if isinstance(cell, str) and cell.startswith(("=", "+", "-", "@", "\t", "\r")) else cell
