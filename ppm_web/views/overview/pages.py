"""How everything stands, at a glance: what is not in which shop and why, what runs, what failed (R20)."""

from __future__ import annotations

import json

from flask import Blueprint, render_template
from flask.typing import ResponseReturnValue
from flask_babel import format_datetime, get_locale
from htmx_flask import request

from ppm_web.services.reports import statistics
from ppm_web.views.overview import rows as overview_rows
from ppm_web.views.queue import rows as queue_rows

blueprint = Blueprint("overview", __name__)
blueprint.add_app_template_test(queue_rows.is_stuck, "stuck")

SPANS = (24, 168)
"""Hours that the chart shows: a day, or a week."""


@blueprint.get("/")
def index() -> ResponseReturnValue:
    """Everything; for whoever asks again only what changes by itself."""
    view, standing = queue_rows.queue_view(), overview_rows.standing()
    if request.htmx and "polled" in request.args:
        return render_template("overview/_live.html", view=view, standing=standing)
    return render_template("overview/index.html", view=view, standing=standing)


@blueprint.get("/overview/throughput")
def throughput() -> ResponseReturnValue:
    """What was done hour by hour, as a chart and as a table: a fragment of the page, or a page of its own."""
    hours = request.args.get("hours", type=int)
    span = hours if hours in SPANS else SPANS[0]
    periods = statistics.throughput(span)
    points = {
        "language": str(get_locale()),
        "times": [int(period.start.timestamp()) for period in periods],
        "labels": [format_datetime(period.start, "EEE HH:mm") for period in periods],
        "done": [period.done for period in periods],
        "failed": [period.failed for period in periods],
    }
    page = "_throughput.html" if request.htmx else "throughput.html"
    return render_template(
        f"overview/{page}", periods=periods, span=span, spans=SPANS, points=json.dumps(points)
    )
