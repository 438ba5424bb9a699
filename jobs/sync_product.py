"""The job that syncs one product to one shop (R1)."""

from __future__ import annotations

from ppm_web.queue import current_ticket_id
from ppm_web.services.sync.runs import run_product_sync


def sync_product(status_id: int) -> None:
    """Work on the ProductSyncStatus row. Raises SyncFailedError, recorded already."""
    run_product_sync(status_id, current_ticket_id())
