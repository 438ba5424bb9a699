"""How values look on a page: times in the company's zone, prices, and how often a badge asks again."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any, Final
from zoneinfo import ZoneInfo

from flask import Flask, current_app
from flask_babel import format_date, format_decimal, lazy_gettext
from markupsafe import Markup

from ppm_web.models import CategorySyncStatus, ProductSyncStatus, now

JUST_ASKED: Final = timedelta(minutes=1)
SHORT: Final = 60
"""Characters of a value that needs no block of its own."""
LONG_AGO: Final = timedelta(minutes=10)
OPERATIONS: Final = {
    "create": lazy_gettext("create"),
    "update": lazy_gettext("update"),
    "none": lazy_gettext("none"),
    "sync": lazy_gettext("sync"),
    "batch": lazy_gettext("batch"),
}
"""What a line of the log was about, as the log keeps it, in words."""


def init_app(app: Flask) -> None:
    """Add the filters and globals to ``app``. Raises ZoneInfoNotFoundError for an unknown zone."""
    ZoneInfo(app.config["TIMEZONE"])
    app.add_template_filter(when)
    app.add_template_filter(clock)
    app.add_template_filter(money)
    app.add_template_filter(number)
    app.add_template_filter(plain_number)
    app.add_template_filter(operation)
    app.add_template_filter(labelled)
    app.add_template_filter(poll_seconds)
    app.add_template_filter(retries_at)
    app.add_template_filter(web_address)


def when(moment: datetime) -> Markup:
    """Date, time and zone in a ``<time>`` element: 24 Nov 2026, 02:10 CET."""
    return _time_element(moment, _day_and_time(moment))


def clock(moment: datetime) -> Markup:
    """Time and zone; with the date when that is not today's."""
    local = moment.astimezone(_zone())
    today = now().astimezone(_zone()).date()
    return _time_element(moment, _time(local) if local.date() == today else _day_and_time(moment))


def money(amount: Decimal) -> str:
    """At least two decimals, and those beyond that are not zero: 12.90, 0.081301."""
    return str(format_decimal(amount, "#,##0.00####"))


def number(value: int) -> str:
    """A count with the language's thousands separators: 12,900."""
    return str(format_decimal(value))


def plain_number(amount: Decimal) -> str:
    """A decimal without the zeros at its end: 23, 5.5."""
    return str(format_decimal(amount, "#,##0.######"))


def operation(name: str) -> str:
    """What a line of the log was about, in words."""
    return str(OPERATIONS.get(name, name))


def labelled(details: Any, label: str = "") -> Iterator[tuple[str, str]]:
    """The parts of a log line's details with their names: short values in one line, long ones apart."""
    if isinstance(details, dict):
        short = {key: _as_text(value) for key, value in details.items() if _is_short(value)}
        if short:
            yield label, ", ".join(f"{key.replace('_', ' ')}: {text}" for key, text in short.items())
        for key, value in details.items():
            if key not in short:
                yield from labelled(value, f"{label} {key.replace('_', ' ')}".strip())
    elif isinstance(details, list) and any(isinstance(item, dict | list) for item in details):
        for number, item in enumerate(details, start=1):
            yield from labelled(item, f"{label} {number}".strip())
    elif details not in (None, "", [], {}):
        yield label, _as_text(details)


def retries_at(status: ProductSyncStatus | CategorySyncStatus) -> datetime | None:
    """When a row that waits is due; None when it is due now, or does not wait."""
    due = status.not_before if status.state == "pending" else None
    return due if due is not None and due > now() else None


def poll_seconds(status: ProductSyncStatus | CategorySyncStatus | None) -> int | None:
    """How often a badge asks again; None, so never, when nothing is under way.

    Each second while somebody looks on who has just asked for it, then each five, and each fifteen
    where a long queue (or no worker) lets it wait; each five where a retry is due later.
    """
    if status is None or not status.state.in_flight:
        return None
    if retries_at(status) is not None:
        return 5
    asked = max(filter(None, (status.requested_at, status.last_attempt_at)), default=None)
    waited = now() - asked if asked is not None else timedelta()
    return 1 if waited < JUST_ASKED else 5 if waited < LONG_AGO else 15


def web_address(url: str) -> str:
    """``url`` if a link may lead there (http or https), else nothing."""
    return url.rstrip("/") if url.startswith(("http://", "https://")) else ""


def _is_short(value: Any) -> bool:
    if isinstance(value, str):
        return 0 < len(value) <= SHORT and "\n" not in value
    return value is not None and not isinstance(value, dict | list)


def _as_text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _day_and_time(moment: datetime) -> str:
    local = moment.astimezone(_zone())
    return f"{format_date(local.date(), 'd MMM y')}, {_time(local)}"


def _time(local: datetime) -> str:
    return f"{local:%H:%M %Z}"


def _time_element(moment: datetime, shown: str) -> Markup:
    local = moment.astimezone(_zone())
    return Markup('<time datetime="{}" title="{}">{}</time>').format(
        moment.astimezone(UTC).isoformat(timespec="seconds"),
        local.strftime("%Y-%m-%d %H:%M:%S %Z"),
        shown,
    )


def _zone() -> ZoneInfo:
    return ZoneInfo(current_app.config["TIMEZONE"])
