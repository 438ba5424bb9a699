"""The filter and the order of the product list, as addresses and forms carry them, and in words."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final, Literal
from zoneinfo import ZoneInfo

from flask import current_app
from flask_babel import gettext, lazy_gettext

from ppm_web.models import PrestaShopShop, now
from ppm_web.services.catalog.filters import LEFT_TO_SHOPS, STATES, ProductFilter
from ppm_web.views.web.addresses import HIGHEST_ID, LONGEST_TEXT

STATE_WORDS: Final = {
    "problem": lazy_gettext("Error or conflict"),
    "error": lazy_gettext("Error"),
    "conflict": lazy_gettext("Conflict"),
    "changed": lazy_gettext("Edited after the last sync"),
    "missing": lazy_gettext("Not in the shop"),
    "never": lazy_gettext("Never sent"),
    "pending": lazy_gettext("Pending"),
    "syncing": lazy_gettext("Syncing"),
    "synced": lazy_gettext("Synced"),
    "disabled": lazy_gettext("Disabled"),
}
"""The states that a filter knows, with their words, in the order of the choice."""

AGES: Final = {"1h": timedelta(hours=1), "24h": timedelta(hours=24), "7d": timedelta(days=7)}
AGE_WORDS: Final = {
    "1h": lazy_gettext("In the last hour"),
    "24h": lazy_gettext("In the last 24 hours"),
    "7d": lazy_gettext("In the last 7 days"),
}
ACTIVE_WORDS: Final = {
    "yes": lazy_gettext("Active"),
    "no": lazy_gettext("Not active"),
    LEFT_TO_SHOPS: lazy_gettext("Active as the shop has it"),
}
_ACTIVE: Final[Mapping[str, Literal[True, False, "shop"]]] = {
    "yes": True,
    "no": False,
    LEFT_TO_SHOPS: LEFT_TO_SHOPS,
}
SORTS: Final = ("sku", "name", "price", "stock", "changed")


@dataclass(frozen=True, slots=True)
class Asked:
    """What an address asks for; ``changed`` is as it was written: 24h, or a day such as 2026-11-20."""

    wanted: ProductFilter
    changed: str
    sort: str
    descending: bool

    @property
    def filters(self) -> dict[str, Any]:
        """The filter's arguments, without what makes no difference."""
        fields = {
            "q": self.wanted.text,
            "shop": self.wanted.shop_id,
            "state": self.wanted.state,
            "category": self.wanted.category_id,
            "changed": self.changed,
            "active": _active(self.wanted),
        }
        return {name: value for name, value in fields.items() if value}

    @property
    def address(self) -> dict[str, Any]:
        """The arguments of the filter and the order."""
        sort = f"-{self.sort}" if self.descending else self.sort
        return self.filters | ({} if sort == "sku" else {"sort": sort})

    def sorted_by(self, sort: str) -> dict[str, Any]:
        """The arguments in another order: by ``sort``, or the other way round where that is the order."""
        turned = sort == self.sort and not self.descending
        return self.filters | {"sort": f"-{sort}" if turned else sort}


def read(values: Mapping[str, str]) -> Asked:
    """What an address or a form asks for; what cannot be understood makes no difference."""
    sort = values.get("sort", "")
    changed, since = _changed(values.get("since") or values.get("changed", ""))
    state, active = values.get("state", ""), values.get("active", "")
    wanted = ProductFilter(
        text=values.get("q", "").replace("\0", "").strip()[:LONGEST_TEXT],
        shop_id=_number(values, "shop"),
        state=state if state in STATES else "",
        category_id=_number(values, "category"),
        since=since,
        active=_ACTIVE.get(active),
    )
    known = sort.removeprefix("-") in SORTS
    return Asked(wanted, changed, sort.removeprefix("-") if known else "sku", known and sort.startswith("-"))


def left_empty(values: Mapping[str, str]) -> bool:
    """Whether it is a form with more fields than were filled in: a search alone may be empty."""
    return any(values.get(name) == "" for name in ("shop", "state", "category", "changed", "since", "active"))


def in_words(
    asked: Asked, shops: Mapping[int, PrestaShopShop], categories: Mapping[int, str]
) -> list[tuple[str, str, dict[str, Any]]]:
    """Each filter that is set: its argument, its words, and the arguments of the list without it."""
    wanted, told = asked.wanted, {}
    gone = gettext("one that is gone")
    if wanted.text:
        told["q"] = gettext("Found: %(text)s", text=wanted.text)
    if wanted.shop_id:
        name = shops[wanted.shop_id].name if wanted.shop_id in shops else gone
        told["shop"] = gettext("Shop: %(shop)s", shop=name)
    if wanted.state:
        words = STATE_WORDS[wanted.state]
        told["state"] = str(words) if wanted.shop_id else gettext("%(state)s, in any shop", state=words)
    if wanted.category_id:
        told["category"] = gettext("Category: %(path)s", path=categories.get(wanted.category_id, gone))
    if asked.changed:
        age = AGE_WORDS.get(asked.changed) or gettext("since %(day)s", day=asked.changed)
        told["changed"] = gettext("Changed: %(when)s", when=age)
    if wanted.active is not None:
        told["active"] = str(ACTIVE_WORDS[_active(wanted)])
    return [
        (name, words, {key: value for key, value in asked.address.items() if key != name})
        for name, words in told.items()
    ]


def _active(wanted: ProductFilter) -> str:
    return next((name for name, value in _ACTIVE.items() if value == wanted.active), "")


def _number(values: Mapping[str, str], name: str) -> int:
    text = values.get(name, "")
    found = int(text) if re.fullmatch(r"[0-9]{1,10}", text) else 0
    return found if found <= HIGHEST_ID else 0


def _changed(text: str) -> tuple[str, datetime | None]:
    """How it was written, and the moment that is meant: the day begins in the company's zone."""
    if text in AGES:
        return text, now() - AGES[text]
    if not re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", text):
        return "", None
    try:
        day = datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(current_app.config["TIMEZONE"]))
        return text, day.astimezone(UTC)
    except (ValueError, OverflowError):
        return "", None
