"""The pace of each shop (R10): how many requests a minute it gets, learnt from how it takes them.

The rate stands on the shop's row; ``pace_memory`` holds the buckets. It begins at PPM_PACE_START, grows by a
tenth while it is used up, and halves when the shop answers 429 or 503, does not answer in time, or takes
several times as long as usual: real shops block whoever asks too fast, one at about 300 requests a minute.
With PPM_QUEUE_MODE=sync there is no broker, and no pace is kept.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from flask import current_app
from sqlalchemy import or_, update

from ppm_web import queue
from ppm_web.extensions import db, reading
from ppm_web.models import PrestaShopShop, now
from ppm_web.prestashop.answers import Exchange
from ppm_web.services.pace import memory, signs
from ppm_web.services.pace.memory import Lane

logger = logging.getLogger("ppm.pace")

UNLIMITED: Final = 6000
"""From this rate on (100 requests a second) nothing is counted: no shop is asked faster than that."""

MOST: Final = 1_000_000
"""The highest limit of a pace, in requests a minute."""

STEP: Final = timedelta(seconds=10)
"""The rate is changed once in this time, however many workers see a reason."""

LONGEST_HOLD: Final = 300.0
"""Seconds; a longer Retry-After holds up the product that got it, not the shop."""

REQUEST_SECONDS: Final = 2.0
"""How long a request with a group of products should take at most."""

SMALLEST_GROUP: Final = 5

STARTED: Final = "it starts so"
GROWN: Final = "the shop keeps up"
LIMITED: Final = "its limits were set"


class LimitsError(ValueError):
    """Limits of a pace that contradict each other; the message says how."""


@dataclass(frozen=True, slots=True)
class Pace:
    """A shop's pace, as pages and commands show it: requests a minute, why, and since when (UTC)."""

    rate: int
    lowest: int
    highest: int
    reason: str
    since: datetime

    @property
    def unlimited(self) -> bool:
        """Whether nothing is counted: the shop is asked as fast as it answers."""
        return self.rate >= UNLIMITED


def wait_for(shop: PrestaShopShop, lane: Lane) -> float:
    """Seconds until a run may start; 0.0 when it may now. Nothing is taken, and nobody sleeps here."""
    if queue.runs_at_once() or rate(shop) >= UNLIMITED:
        return 0.0
    return memory.wait_seconds(shop.id, rate(shop), lane)


def spend(shop: PrestaShopShop, lane: Lane, requests: int) -> None:
    """Take that many requests, made or about to be, out of the shop's bucket.

    It may go below zero: a run is not broken off in its middle, and what follows waits.
    """
    if requests > 0 and not queue.runs_at_once() and rate(shop) < UNLIMITED:
        memory.take(shop.id, rate(shop), lane, requests)


def learn(shop_id: int, exchanges: Sequence[Exchange], entities: int, error: Exception | None) -> None:
    """Adapt the shop's rate to what a run met, and commit. To be called with no transaction open.

    exchanges   the run's own, each told once
    entities    how many products or categories the run worked on
    error       what it ended with, None for a good end
    """
    if queue.runs_at_once() or not exchanges:
        return
    with reading():
        shop = db.session.get(PrestaShopShop, shop_id, populate_existing=True)
    if shop is None:
        return
    trouble = signs.trouble(exchanges, error)
    if rate(shop) < UNLIMITED or entities > 1:  # a single product at full speed costs no call here
        slowed = _slowed(shop_id, exchanges, max(1, entities))
        trouble = trouble or slowed
    if trouble:
        _halve(shop, trouble, getattr(error, "retry_after", None) or 0.0)
    else:
        _grow(shop)


def limits(shop: PrestaShopShop) -> tuple[int, int]:
    """The shop's lowest and highest rate, in requests a minute: its own, else the settings'.

    Where a later change of the settings puts the lowest above the highest, the highest holds: it
    is the safe side.
    """
    highest: int = shop.pace_max or current_app.config["PACE_MAX"]
    return min(shop.pace_min or current_app.config["PACE_MIN"], highest), highest


def rate(shop: PrestaShopShop) -> int:
    """The shop's rate now, in requests a minute."""
    lowest, highest = limits(shop)
    return min(max(shop.pace_rate or current_app.config["PACE_START"], lowest), highest)


def pace_of(shop: PrestaShopShop) -> Pace:
    """The shop's pace with its reason."""
    lowest, highest = limits(shop)
    return Pace(
        rate=rate(shop),
        lowest=lowest,
        highest=highest,
        reason=shop.pace_reason or STARTED,
        since=shop.pace_since or shop.created_at,
    )


def read_limit(text: str) -> int | None:
    """A limit as a person writes it; None (the settings') for "", 0 and default. Raises LimitsError."""
    text = text.strip().lower()
    if text in {"", "0", "default"}:
        return None
    if not text.isascii() or not text.isdigit() or len(text) > 7 or not 1 <= int(text) <= MOST:
        raise LimitsError(f"A pace is 1 to {MOST} requests a minute, or default: not {text[:20]!r}")
    return int(text)


def set_limits(shop: PrestaShopShop, pace_min: int | None, pace_max: int | None) -> None:
    """Set the shop's own limits (None: the settings'), bring its rate between them, and commit.

    Raises LimitsError when the lowest is above the highest.
    """
    config = current_app.config
    lowest, highest = pace_min or config["PACE_MIN"], pace_max or config["PACE_MAX"]
    if lowest > highest:
        raise LimitsError(f"The lowest pace, {lowest} requests a minute, is above the highest, {highest}")
    before = rate(shop)
    values: dict[str, Any] = {"pace_min": pace_min, "pace_max": pace_max}
    after = min(max(before, lowest), highest)
    if after != before:
        values |= {"pace_rate": after, "pace_reason": LIMITED, "pace_since": now()}
    db.session.execute(update(PrestaShopShop).where(PrestaShopShop.id == shop.id).values(**values))
    db.session.refresh(shop)
    db.session.commit()


def group_size(shop: PrestaShopShop) -> int:
    """Products a request: PPM_GROUP_SIZE, fewer where that would take the shop more than 2 s; at least 5."""
    most: int = current_app.config["GROUP_SIZE"]
    if most <= SMALLEST_GROUP or queue.runs_at_once():
        return most
    each = memory.seconds_a_product(shop.id)
    return min(most, max(SMALLEST_GROUP, int(REQUEST_SECONDS / each))) if each else most


def _slowed(shop_id: int, exchanges: Sequence[Exchange], entities: int) -> str:
    """Learn how long the shop took; why it is to be slowed down for, "" for no reason."""
    times = signs.times_by_kind(exchanges, entities)
    each = signs.seconds_a_product(exchanges, entities)
    if not times and each is None:
        return ""
    return signs.slowed(times, *memory.note_times(shop_id, times, each))


def _halve(shop: PrestaShopShop, reason: str, retry_after: float) -> None:
    """Half the rate, unless that was done within STEP; what was saved up is gone, and Retry-After holds."""
    moment, before = now(), rate(shop)
    after = max(before // 2, limits(shop)[0])
    asked = f"; it asked to wait {retry_after:.0f} s" if retry_after else ""
    due = or_(_unchanged_since(moment - STEP), PrestaShopShop.pace_reason.in_(("", GROWN, LIMITED)))
    if after < before and _write(shop, after, reason + asked, moment, due):
        logger.warning("pace shop=%r rate=%d (was %d): %s%s", shop.name, after, before, reason, asked)
    if before < UNLIMITED:
        memory.hold(shop.id, after, min(retry_after, LONGEST_HOLD))


def _grow(shop: PrestaShopShop) -> None:
    """A tenth more, once in STEP, while requests are really made near the rate."""
    moment, before = now(), rate(shop)
    after = min(before + max(1, before // 10), limits(shop)[1])
    recent = shop.pace_since is not None and shop.pace_since > moment - STEP
    if after == before or recent or not memory.is_busy(shop.id, before):
        return
    if _write(shop, after, GROWN, moment, _unchanged_since(moment - STEP)):
        logger.info("pace shop=%r rate=%d (was %d): %s", shop.name, after, before, GROWN)


def _unchanged_since(moment: datetime) -> Any:
    return or_(PrestaShopShop.pace_since.is_(None), PrestaShopShop.pace_since <= moment)


def _write(shop: PrestaShopShop, after: int, reason: str, moment: datetime, due: Any) -> bool:
    """Change the rate that we saw, if nobody else did, and commit; whether it was changed."""
    result = db.session.execute(
        update(PrestaShopShop)
        .where(
            PrestaShopShop.id == shop.id, PrestaShopShop.pace_rate.is_not_distinct_from(shop.pace_rate), due
        )
        .values(pace_rate=after, pace_reason=reason, pace_since=moment)
        .execution_options(synchronize_session=False)
    )
    db.session.commit()
    return bool(result.rowcount)  # type: ignore[attr-defined]  # a CursorResult, for an UPDATE
