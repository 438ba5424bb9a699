"""One try at one row: what is known of it, what came of it, and its lines in the log file (R2, R11)."""

from __future__ import annotations

import logging
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from ppm_web.models import now
from ppm_web.services.ledger.claims import Claim

logger = logging.getLogger("ppm.sync")

UNCHANGED = "No changes - sync skipped"


@dataclass(slots=True)
class Run:
    """One try at one row, and what is told about it: to the log file, the log table and people."""

    claim: Claim
    shop_id: int
    shop_name: str
    thing: str
    """What is synced, as people name it: a SKU, or a category's path."""
    product_id: int | None = None
    category_id: int | None = None
    job_id: str = ""
    started_at: datetime = field(default_factory=now)
    requests: int = 0
    """HTTP requests to the shop in which it took part."""
    exchanges: list[dict[str, Any]] = field(default_factory=list)
    """The requests and answers that were for it alone."""
    keep: dict[str, Any] = field(default_factory=dict)
    """Columns of the row that are written at the end of the run, however it ends."""
    sent: dict[str, Any] = field(default_factory=dict)
    """The fields that were sent for it together with other products."""

    @property
    def label(self) -> str:
        """What is synced, as the log names it: sku='MUG-1' or category='Men'."""
        return f"{'category' if self.product_id is None else 'sku'}={self.thing!r}"

    @property
    def milliseconds(self) -> int:
        """How long the run has taken."""
        return int((now() - self.started_at) / timedelta(milliseconds=1))


@dataclass(frozen=True, slots=True)
class SyncResult:
    """What a strategy did (R11). ``operation`` is create, update or none; ``checksum`` the payload's hash.

    ``linked``: the thing was found in the shop and taken as ours, and then updated or not.
    """

    external_id: int | None
    message: str
    operation: str
    checksum: str
    pushed: dict[str, Any]
    revision: int
    settings_revision: int = 0
    """The shop's settings revision that decided it, for a product."""
    linked: bool = False

    @property
    def skipped(self) -> bool:
        """Whether nothing had to be sent."""
        return self.operation == "none"

    @property
    def outcome(self) -> str:
        """The word that commands print and batches count."""
        return {"create": "created", "update": "updated", "none": "unchanged"}[self.operation]


def log_start(run: Run) -> None:
    """The log line of a run that begins (R2)."""
    logger.info(
        "sync started job=%s id=%s %s shop=%r attempt=%d",
        *(run.job_id, run.product_id or run.category_id, run.label, run.shop_name, run.claim.attempt),
    )


def log_success(run: Run, result: SyncResult) -> None:
    """The log line of a run that did what was asked (R2)."""
    logger.info(
        "sync succeeded job=%s %s shop=%r external_id=%s operation=%s skipped=%s ms=%d",
        *(run.job_id, run.label, run.shop_name, result.external_id, result.operation),
        *(result.skipped, run.milliseconds),
    )


def log_wait(run: Run, why: str) -> None:
    """The log line of a run that has to wait for something that is under way."""
    logger.info("sync waits job=%s %s shop=%r: %s", run.job_id, run.label, run.shop_name, why)


def log_failure(run: Run, message: str, *, final: bool) -> None:
    """The log line of a failed try, or of the last one (R2)."""
    logger.log(
        logging.ERROR if final else logging.WARNING,
        "%s job=%s %s shop=%r attempt=%d error=%s ms=%d",
        *("sync failed for good" if final else "sync failed", run.job_id, run.label, run.shop_name),
        *(run.claim.attempt, message, run.milliseconds),
    )


def log_lost(run: Run, error: Exception) -> None:
    """The log line of a run that lost its row to another worker."""
    logger.warning("sync given up job=%s %s shop=%r: %s", run.job_id, run.label, run.shop_name, error)
