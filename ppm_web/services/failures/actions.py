"""Trying again and deleting what failed: chosen failures at once, many in the background (R20).

Many products are tried again as batches, in groups, as a request for each would cost the shop some
thirty times as many calls.
"""

from __future__ import annotations

import hashlib
import logging
from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from enum import StrEnum

from ppm_web import queue
from ppm_web.extensions import reading
from ppm_web.services.batches import control as batch_control
from ppm_web.services.catalog import selections
from ppm_web.services.errors import SyncRefusedError
from ppm_web.services.failures import lists, retries
from ppm_web.services.failures.lists import FailureFilter, Target
from ppm_web.services.failures.retries import Retried
from ppm_web.services.ledger import failures

AT_ONCE = 50
"""So many are done while the person waits; more in the background."""
CHUNK = 100
"""Failures that one transaction takes off the list."""
BATCH = 10_000
"""Failures that are read at once, and products of a batch of retries: no more are in memory."""
TIMEOUT = 3600
"""Seconds that the work on one request may take."""

logger = logging.getLogger("ppm.failures")


class Action(StrEnum):
    """What becomes of failures."""

    RETRY = "retry"
    DELETE = "delete"


@dataclass(frozen=True, slots=True)
class Progress:
    """How far background work is. ``left`` of ``total`` are still on the list.

    ``running`` is None when the queue cannot be asked. Work that does not run any more and has left
    something was stopped, or met shops that are not active.
    """

    total: int
    left: int
    running: bool | None

    @property
    def ended(self) -> bool:
        """Whether nothing more comes of it."""
        return self.left == 0 or self.running is False


def retry_chosen(failure_ids: Collection[int], by: str) -> Retried:
    """Request each of these failures again, here and now; skipped are those that are gone or refused."""
    told = Retried()
    for failure_id in failure_ids:
        result = retries.retry(failure_id, by)
        told.retried += result.retried
        told.skipped += result.skipped
        told.reasons += [reason for reason in result.reasons if reason not in told.reasons]
    return told


def delete_chosen(failure_ids: Collection[int]) -> int:
    """Take these failures off the list; the products stay in error. Returns how many were there."""
    return failures.forget(failure_ids)


def few(wanted: FailureFilter) -> list[int] | None:
    """The ids of what is meant, if they are so few that they are done at once; else None."""
    with reading():
        found = lists.targets(wanted, 0, AT_ONCE + 1)
    return [target.id for target in found] if len(found) <= AT_ONCE else None


def request(action: Action, wanted: FailureFilter, by: str) -> int:
    """Let a worker retry or delete all that is meant; returns how many failures that is.

    Raises QueueUnavailableError: then nothing is done.
    """
    with reading():
        total = lists.count(wanted)
    queue.enqueue(
        f"{action}_failures",
        by,
        *wanted.arguments,
        ticket_id=_ticket_id(action, wanted),
        queue=queue.BACKGROUND,
        at=None,
        timeout=TIMEOUT,
    )
    return total


def progress(action: Action, wanted: FailureFilter, total: int) -> Progress:
    """How far the work on such a request is; ``total`` is what was meant when it was made."""
    running: bool | None = None
    try:
        running = queue.ticket_waits(_ticket_id(action, wanted))
    except queue.QueueUnavailableError:
        logger.warning("the queue cannot be asked how far the work on failures is")
    left = lists.count(wanted)
    if left and running is False:
        left = lists.count_exactly(wanted)
    return Progress(total, min(total, left), running)


def run_retry(wanted: FailureFilter, by: str) -> None:
    """Request all that is meant again: products as batches of their shop, categories one by one.

    Safe to repeat: what was requested is off the list. What belongs to shops that are not active stays.
    """
    last = 0
    while found := _next(wanted, last):
        for shop_id, of_shop in _by_shop(found).items():
            try:
                _retry_products(shop_id, [target for target in of_shop if target.sku is not None], by)
            except SyncRefusedError as error:
                logger.info("failures are not retried: %s", error.message)
                continue
            retry_chosen([target.id for target in of_shop if target.sku is None], by)
        last = found[-1].id


def run_delete(wanted: FailureFilter) -> None:
    """Take all that is meant off the list, a chunk and a commit at a time. Safe to repeat."""
    last = 0
    while found := _next(wanted, last):
        _forget(found)
        last = found[-1].id


def _next(wanted: FailureFilter, after: int) -> list[Target]:
    with reading():
        return lists.targets(wanted, after, BATCH)


def _forget(found: Sequence[Target]) -> None:
    for start in range(0, len(found), CHUNK):
        failures.forget([target.id for target in found[start : start + CHUNK]])


def _by_shop(found: Sequence[Target]) -> dict[int, list[Target]]:
    shops: dict[int, list[Target]] = defaultdict(list)
    for target in found:
        shops[target.shop_id].append(target)
    return shops


def _retry_products(shop_id: int, found: Sequence[Target], by: str) -> None:
    """The batch is there before the failures go: when this is stopped in between, none is forgotten."""
    if not found:
        return
    selection = selections.Selection(kind="skus", skus=[target.sku or "" for target in found])
    batch_control.bulk_sync(
        shop_id, selection, by=by, name=f"Retry of {len(found):,} failures", confirmed=True
    )
    _forget(found)


def _ticket_id(action: Action, wanted: FailureFilter) -> str:
    """The same for the same request, so that a page finds it again."""
    mark = hashlib.sha256(repr(wanted.arguments).encode()).hexdigest()[:16]
    return f"{action}-failures-{mark}"
