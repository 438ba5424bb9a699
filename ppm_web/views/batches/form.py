"""Which products a person chose for a batch, as the form and the address say it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo

from flask import current_app
from flask_babel import gettext, lazy_gettext

from ppm_web.extensions import db
from ppm_web.models import Category, now
from ppm_web.services.catalog.names import category_paths
from ppm_web.services.catalog.selections import Selection
from ppm_web.views.web.addresses import HIGHEST_ID

KINDS: Final = {
    "all": lazy_gettext("All products"),
    "errors": lazy_gettext("In error or conflict"),
    "new": lazy_gettext("Never sent"),
    "category": lazy_gettext("In a category, and those below it"),
    "modified": lazy_gettext("Changed since"),
}
"""The selections that a page offers, with their words."""


class ChoiceError(ValueError):
    """A choice that says no products; the message says what to do."""


@dataclass(frozen=True, slots=True)
class Choice:
    """What was chosen, as it was written; ``since`` is in the company's zone, as ``2026-11-23T22:10``."""

    which: str
    category: str
    since: str

    @classmethod
    def read(cls, values: Mapping[str, str]) -> Choice:
        """The choice that a form or an address holds; all products when it says nothing."""
        yesterday = (now() - timedelta(days=1)).astimezone(_zone())
        return cls(
            which=values.get("which", "all"),
            category=values.get("category", ""),
            since=values.get("since") or f"{yesterday:%Y-%m-%dT%H:%M}",
        )

    @property
    def address(self) -> dict[str, Any]:
        """What of it belongs into an address."""
        needed = {"category": {"category": self.category}, "modified": {"since": self.since}}
        return {"which": self.which, **needed.get(self.which, {})}

    @property
    def name(self) -> str:
        """How the batch is called when the person says nothing: by its category; "" for the usual name."""
        if self.which != "category":
            return ""
        category_id = _category_id(self.category)
        return category_paths([category_id])[category_id]

    def selection(self) -> Selection:
        """The products that are meant. Raises ChoiceError."""
        if self.which == "all":
            return Selection("all")
        if self.which == "errors":
            return Selection("errors")
        if self.which == "new":
            return Selection("new")
        if self.which == "category":
            return Selection("category", category_id=_category_id(self.category))
        if self.which == "modified":
            return Selection("modified", since=_moment(self.since))
        raise ChoiceError(gettext("Choose which products are meant"))


def _category_id(text: str) -> int:
    number = int(text) if text.isascii() and text.isdigit() and len(text) <= 10 else 0
    if not 0 < number <= HIGHEST_ID or db.session.get(Category, number) is None:
        raise ChoiceError(gettext("Choose a category"))
    return number


def _moment(text: str) -> datetime:
    try:
        moment = datetime.fromisoformat(text)
        return (moment if moment.tzinfo else moment.replace(tzinfo=_zone())).astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise ChoiceError(gettext("Write date and time like 2026-11-23T22:10")) from error


def _zone() -> ZoneInfo:
    return ZoneInfo(current_app.config["TIMEZONE"])
