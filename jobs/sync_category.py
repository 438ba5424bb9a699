"""The job that syncs one category to one shop, parents first (R6)."""

from __future__ import annotations

from ppm_web.queue import current_ticket_id
from ppm_web.services.sync.runs import run_category_sync


def sync_category(status_id: int) -> None:
    """Work on the CategorySyncStatus row. Raises SyncFailedError, recorded already."""
    run_category_sync(status_id, current_ticket_id())
