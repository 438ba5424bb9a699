"""The breaker of each shop: its own trouble pauses it, and its products wait instead of burning their tries.

A key that is refused, or PPM_BREAKER_FAILURES products in a row that failed for a temporary cause, pause the
shop. Every PPM_PROBE_SECONDS one small request asks whether it is well again; then it goes on by itself. A
shop that a person paused stays paused. With PPM_QUEUE_MODE=sync nobody would ask again, so nothing is paused.
"""

from __future__ import annotations

import logging
from datetime import timedelta
from typing import Any, Final

from flask import current_app
from sqlalchemy import ColumnElement, select, update

from ppm_web import queue
from ppm_web.extensions import db, reading
from ppm_web.models import PrestaShopShop, now
from ppm_web.prestashop.errors import KeyRefused, PrestaShopError, RateLimited
from ppm_web.services.errors import KeyUnreadableError
from ppm_web.services.pace import memory

logger = logging.getLogger("ppm.breaker")

RESUMED: Final = {"paused_at": None, "pause_reason": "", "probe_at": None, "failure_streak": 0}
"""What a shop's row says once it goes on, by hand or by the breaker's probe."""

RESOURCE_NOT_ALLOWED: Final = 26
"""PrestaShop's code in a 401 for a key that is well but may not use one resource (README)."""

LONGEST_REASON: Final = 255


def note(shop_id: int, error: Exception | None, thing: str = "") -> None:
    """Note how a product, or a request with a group of them, came out, and commit.

    To be called with no transaction open, for runs that asked the shop something: None for a good
    end. ``thing`` names what was synced: failures of one thing count once in a row.
    """
    if queue.runs_at_once():
        return
    if _is_the_shops(error):
        _pause(shop_id, str(error))
    elif _counts(error):
        _count(shop_id, str(error), thing)
    elif _was_answered(error):
        _forget_failures(shop_id)


def due_probes() -> list[int]:
    """Claim the shops whose probe is due, and commit: however many ask, each is claimed once."""
    moment, row = now(), PrestaShopShop
    with reading():
        due = db.session.scalars(select(row.id).where(row.probe_at <= moment, row.active).order_by(row.id))
        found = list(due)
    return [
        shop_id
        for shop_id in found
        if _change(row.id == shop_id, row.probe_at <= moment, probe_at=moment + _period())
    ]


def keep_paused(shop_id: int, message: str) -> None:
    """Say anew why the shop is paused, unless a person has paused or resumed it in the meantime; commits."""
    _change(*_probed(shop_id), pause_reason=_reason(message))


def reopen(shop_id: int) -> bool:
    """Let a shop that was probed go on, and commit; False where a person has changed it in the meantime."""
    reopened = _change(*_probed(shop_id), **RESUMED)
    if reopened:
        memory.forget_failures(shop_id)
    return reopened


def _is_the_shops(error: Exception | None) -> bool:
    """Whether the next product would fail for the same reason, for good."""
    if isinstance(error, KeyRefused):
        return error.status == 401 and RESOURCE_NOT_ALLOWED not in error.shop_codes
    return isinstance(error, KeyUnreadableError) or getattr(error, "code", "") == "certificate"


def _counts(error: Exception | None) -> bool:
    """Whether it may be the shop's trouble: temporary, or a 403 of a firewall. The pace answers a 429."""
    if not isinstance(error, PrestaShopError) or isinstance(error, RateLimited):
        return False
    return error.temporary or error.status == 403


def _was_answered(error: Exception | None) -> bool:
    """Whether the shop is well: it did what was asked, or said of one product what is wrong with it."""
    return error is None or (isinstance(error, PrestaShopError) and error.status in {400, 401, 404, 405})


def _count(shop_id: int, message: str, thing: str) -> None:
    if thing and not memory.is_new_failure(shop_id, thing):
        return
    row, limit = PrestaShopShop, current_app.config["BREAKER_FAILURES"]
    _change(row.id == shop_id, failure_streak=row.failure_streak + 1)
    _pause(
        shop_id, f"{limit} products in a row failed, the last one so: {message}", row.failure_streak >= limit
    )


def _pause(shop_id: int, message: str, *conditions: Any) -> None:
    """Pause the shop, if it is not paused yet, until a probe finds it well."""
    moment, row = now(), PrestaShopShop
    if _change(
        *(row.id == shop_id, row.paused_at.is_(None), *conditions),
        paused_at=moment,
        pause_reason=_reason(message),
        probe_at=moment + _period(),
    ):
        logger.warning("breaker shop=%d is paused: %s", shop_id, message)


def _reason(message: str) -> str:
    """What happened, and what PPM does now."""
    seconds = current_app.config["PROBE_SECONDS"]
    does = f". PPM tries again every {'minute' if seconds == 60 else f'{seconds} seconds'}"
    told, room = message.rstrip("."), LONGEST_REASON - len(does)
    return (told if len(told) <= room else told[: room - 1] + "…") + does


def _forget_failures(shop_id: int) -> None:
    """One read, and a write only where something failed before."""
    row = PrestaShopShop
    with reading():
        streak = db.session.scalar(select(row.failure_streak).where(row.id == shop_id))
    if streak and _change(row.id == shop_id, row.failure_streak > 0, failure_streak=0):
        memory.forget_failures(shop_id)


def _probed(shop_id: int) -> tuple[ColumnElement[bool], ...]:
    return PrestaShopShop.id == shop_id, PrestaShopShop.probe_at.is_not(None)


def _period() -> timedelta:
    return timedelta(seconds=current_app.config["PROBE_SECONDS"])


def _change(*conditions: Any, **values: Any) -> bool:
    """One guarded UPDATE of a shop, committed; whether there was such a shop."""
    result = db.session.execute(
        update(PrestaShopShop)
        .where(*conditions)
        .values(**values)
        .execution_options(synchronize_session=False)
    )
    db.session.commit()
    return bool(result.rowcount)  # type: ignore[attr-defined]  # a CursorResult, for an UPDATE
