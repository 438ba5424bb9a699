"""What came of a run, and what that means: whether a retry can help, and the words for it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.exc import OperationalError

from ppm_web.prestashop.errors import PrestaShopError
from ppm_web.queue import JobTimeoutError
from ppm_web.services.errors import NotYetError, SyncError
from ppm_web.services.ledger.tries import Run, SyncResult


@dataclass(slots=True)
class Ending:
    """What came of a run: a result, NotYetError (wait, this was no try), or what it failed with."""

    run: Run
    came: SyncResult | Exception
    due: datetime | None = None
    """When the row is to be run again; None when this request has ended. Set by ``settle``."""
    final: bool = False
    """Whether it failed for good. Set by ``settle``."""


def is_temporary(error: Exception) -> bool:
    """Whether a retry can help. A job that ran out of time may find the shop quicker next time, and one
    whose database was restarted, or broke up a deadlock, may find it well."""
    return isinstance(error, JobTimeoutError | OperationalError) or bool(getattr(error, "temporary", False))


def message_of(error: Exception) -> str:
    """What went wrong, in plain words."""
    if isinstance(error, PrestaShopError | SyncError | NotYetError):
        return error.message
    if isinstance(error, JobTimeoutError):
        return "the job ran out of time"
    if isinstance(error, OperationalError):
        return "the database could not be used for a moment"
    return f"an error inside PPM: {type(error).__name__}: {error}"
