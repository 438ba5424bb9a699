"""Which products a survey is about, as its row keeps it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from ppm_web.services.catalog.filters import ProductFilter
from ppm_web.services.catalog.selections import Selection


def document(selection: Selection) -> dict[str, Any]:
    """The choice as JSON."""
    wanted = selection.wanted
    return {
        "kind": selection.kind,
        "category_id": selection.category_id,
        "since": _text(selection.since),
        "skus": list(selection.skus),
        "ids": list(selection.ids),
        "wanted": {
            "text": wanted.text,
            "shop_id": wanted.shop_id,
            "state": wanted.state,
            "category_id": wanted.category_id,
            "since": _text(wanted.since),
            "active": wanted.active,
        },
    }


def selection(kept: Mapping[str, Any]) -> Selection:
    """The choice that ``document`` gave."""
    wanted = kept["wanted"] | {"since": _moment(kept["wanted"]["since"])}
    skus: Sequence[str] = kept["skus"]
    return Selection(
        kind=kept["kind"],
        category_id=kept["category_id"],
        since=_moment(kept["since"]),
        skus=skus,
        ids=kept["ids"],
        wanted=ProductFilter(**wanted),
    )


def _text(moment: datetime | None) -> str | None:
    return moment.isoformat() if moment else None


def _moment(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None
