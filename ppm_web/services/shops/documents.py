"""A shop as commands print it: never with its key."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from ppm_web.models import PrestaShopShop
from ppm_web.services.pace import rate as pace_rate


def document_of(shop: PrestaShopShop) -> dict[str, Any]:
    """A shop's JSON document; times in UTC, paces in requests a minute."""
    pace = pace_rate.pace_of(shop)
    return {
        "id": shop.id,
        "name": shop.name,
        "url": shop.url,
        "version": shop.version,
        "active": shop.active,
        "paused": shop.paused_at is not None,
        "pause_reason": shop.pause_reason,
        "probe_at": shop.probe_at.isoformat() if shop.probe_at else None,
        "pace": {**asdict(pace), "since": pace.since.isoformat()},
        "checked_at": shop.checked_at.isoformat() if shop.checked_at else None,
        "problems": shop.problems,
        "store": shop.store_id,
        "owns_shared": shop.owns_shared,
        "currency_factor": f"{shop.currency_factor:f}" if shop.currency_factor is not None else None,
        "check_links": shop.check_links,
        "links_report": shop.links_report,
    }
