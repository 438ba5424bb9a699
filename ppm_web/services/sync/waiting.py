"""Waiting for what was requested, for commands with ``--wait``."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from ppm_web import queue
from ppm_web.extensions import db, reading
from ppm_web.models import MappingKind, ProductSyncStatus, now
from ppm_web.services.errors import SyncFailedError
from ppm_web.services.ledger import tickets
from ppm_web.services.ledger.claims import Status, StatusModel, status_row
from ppm_web.services.shops import remote_ids

POLL_SECONDS = 0.1
NO_WORKER_SECONDS = 3.0


@dataclass(frozen=True, slots=True)
class Outcome:
    """Where a requested row stands, as commands print it.

    ``requests`` are those to the shop since it was asked.
    """

    thing: str
    shop: str
    state: str
    outcome: str
    external_id: int | None
    message: str
    requests: int

    @property
    def succeeded(self) -> bool:
        """Whether it is in the shop as it is here."""
        return self.outcome in {"created", "updated", "unchanged"}

    def as_json(self) -> dict[str, Any]:
        """The document that ``flask sync product --json`` prints (interface)."""
        return {
            "sku": self.thing,
            "shop": self.shop,
            "state": self.state,
            "outcome": self.outcome,
            "external_id": self.external_id,
            "message": self.message,
            "requests": self.requests,
        }


def outcome_of(status: Status) -> Outcome:
    """Where the row stands now. Leaves no transaction open."""
    if isinstance(status, ProductSyncStatus):
        thing, external_id = status.product.sku, status.external_id
    else:
        thing = status.category.name
        external_id = remote_ids.known_id(status.shop_id, MappingKind.CATEGORY, str(status.category_id))
    shop_name = status.shop.name
    db.session.commit()
    return Outcome(
        thing=thing,
        shop=shop_name,
        state=status.state.value,
        outcome=status.outcome,
        external_id=external_id,
        message=status.message,
        requests=status.last_requests,
    )


def wait_for(status: Status, tell: Callable[[str], None]) -> Outcome:
    """Wait until the row's present request is settled.

    A paused shop ends the waiting: the row stays as it is. ``tell`` gets what the person should
    know meanwhile (no worker runs, a retry is due later). Raises QueueUnavailableError.
    """
    model: StatusModel = type(status)
    wanted, told, began = status.requested_revision, "", time.monotonic()
    while True:
        with reading():
            status = status_row(model, status.id)
            db.session.refresh(status.shop)
            shop_paused, pause_reason = status.shop.paused_at is not None, status.shop.pause_reason
        if status.settled_revision >= wanted:
            return outcome_of(status)
        if shop_paused:
            tell(f"shop paused: {pause_reason or 'by hand'}")
            return outcome_of(status)
        if queue.runs_at_once():
            _run_when_due(model, status)
        elif not told and time.monotonic() - began > NO_WORKER_SECONDS and queue.worker_count() == 0:
            told = "No worker is running: start one with `flask queue work`"
            tell(told)
        if status.message and status.not_before is not None and status.message != told:
            told = status.message
            tell(told)
        time.sleep(POLL_SECONDS)


def _run_when_due(model: StatusModel, status: Status) -> None:
    """In sync mode there is no worker to hand the next try to: it is run here when it is due."""
    if status.not_before is None or status.not_before <= now():
        try:
            tickets.hand_out(model, status.id)
        except SyncFailedError:
            return  # recorded in the row, which is read again
