"""Switching a shop off and on, and letting it wait: what waits for it is handed out again at once."""

from __future__ import annotations

from typing import Any

from sqlalchemy import update

from ppm_web.extensions import db
from ppm_web.models import PrestaShopShop, now
from ppm_web.services.batches import tickets as batch_tickets
from ppm_web.services.pace import memory as pace_memory
from ppm_web.services.pace.breaker import RESUMED


def pause_shop(shop: PrestaShopShop, reason: str) -> None:
    """Let the shop's rows wait, unspent, until a person resumes it, also where the breaker had paused it."""
    _change(shop, {"paused_at": now(), "pause_reason": reason, "probe_at": None})


def resume_shop(shop: PrestaShopShop) -> None:
    """Let the shop go on: its batches at once, single rows with the next sweep."""
    _change(shop, RESUMED)
    pace_memory.forget_failures(shop.id)
    batch_tickets.serve_shop(shop.id)


def set_active(shop: PrestaShopShop, active: bool) -> None:
    """Switch a shop on or off; requests to an inactive shop are refused (R5)."""
    shop.active = active
    db.session.commit()
    batch_tickets.serve_shop(shop.id)


def _change(shop: PrestaShopShop, values: dict[str, Any]) -> None:
    """One UPDATE that writes all of ``values``, whatever the object in hand says, and commit."""
    db.session.execute(update(PrestaShopShop).where(PrestaShopShop.id == shop.id).values(**values))
    db.session.refresh(shop)
    db.session.commit()
