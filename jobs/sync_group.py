"""The job that syncs the next products of a batch, a group at a time (R7)."""

from __future__ import annotations

from ppm_web.queue import current_ticket_id
from ppm_web.services.batches.runs import run_group


def sync_group(batch_id: str, band: int) -> None:
    """Work on the batch for a while. Failures are recorded on their rows, never raised."""
    run_group(batch_id, band, current_ticket_id())
