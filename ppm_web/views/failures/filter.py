"""The filter of the failed jobs as addresses and forms carry it, and in words."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

from flask_babel import gettext, lazy_gettext

from ppm_web.extensions import db
from ppm_web.models import PrestaShopShop
from ppm_web.services.failures import lists as failure_lists
from ppm_web.services.failures.lists import PERMANENT, TEMPORARY, FailureFilter
from ppm_web.views.web import display
from ppm_web.views.web.addresses import HIGHEST_ID, LONGEST_TEXT
from ppm_web.views.web.said import said

KINDS: Final = {
    TEMPORARY: lazy_gettext("Temporary: trying again may help"),
    PERMANENT: lazy_gettext("Permanent: something has to be mended"),
}

LATEST: Final = 10**13 - 1
"""Milliseconds since 1970, in the year 2286."""

_FINGERPRINT: Final = re.compile(r"[0-9a-f]{64}")


def read(values: Mapping[str, str]) -> FailureFilter:
    """The filter of an address or a form; what cannot be one makes no difference."""
    cause, kind = values.get("cause", ""), values.get("kind", "")
    return FailureFilter(
        shop_id=number(values, "shop"),
        cause=cause if _FINGERPRINT.fullmatch(cause) else "",
        text=values.get("q", "").replace("\0", "").strip()[:LONGEST_TEXT],
        kind=kind if kind in KINDS else "",
        newest=number(values, "newest"),
        until=number(values, "until", LATEST),
    )


def number(values: Mapping[str, str], name: str, highest: int = HIGHEST_ID) -> int:
    """A row id or a count, not above ``highest``; 0 for anything else."""
    text = values.get(name, "")
    found = int(text) if re.fullmatch(r"[0-9]{1,13}", text) else 0
    return found if found <= highest else 0


def address(wanted: FailureFilter) -> dict[str, Any]:
    """The filter as ``read`` reads it, without what makes no difference."""
    fields = {
        "shop": wanted.shop_id,
        "cause": wanted.cause,
        "q": wanted.text,
        "kind": wanted.kind,
        "newest": wanted.newest,
        "until": wanted.until,
    }
    return {name: value for name, value in fields.items() if value}


def in_words(wanted: FailureFilter) -> list[str]:
    """What the filter says, a sentence for each part; none when all failures are meant."""
    told = []
    if wanted.shop_id:
        shop = db.session.get(PrestaShopShop, wanted.shop_id)
        told.append(gettext("Shop: %(shop)s", shop=shop.name if shop else gettext("one that is gone")))
    if wanted.cause:
        cause = said(failure_lists.cause_message(wanted.cause)) or gettext("one that is gone")
        told.append(gettext("Cause: %(cause)s", cause=cause))
    if wanted.text:
        told.append(gettext("Found in SKU, category or message: %(text)s", text=wanted.text))
    if wanted.kind:
        told.append(str(KINDS[wanted.kind]))
    return told


def counted(count: int) -> str:
    """A list's total in words: exact up to 1,000."""
    return (
        display.number(count)
        if count < failure_lists.COUNTED
        else f"{display.number(failure_lists.COUNTED - 1)}+"
    )
