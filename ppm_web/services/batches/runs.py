"""Working on a batch for a while: the next products by position, a group at a time (rule 3)."""

from __future__ import annotations

import time

from ppm_web import queue
from ppm_web.extensions import db, reading
from ppm_web.models import JobBatch, PrestaShopShop
from ppm_web.services.batches import claims, tickets
from ppm_web.services.pace import rate as pace_rate
from ppm_web.services.pace.memory import Lane
from ppm_web.services.sync.runs import sync_products

LONGEST_SECONDS = 60.0
"""After this long a ticket ends and another goes on, so that no process grows old."""


def run_group(batch_id: str, band: int, ticket_id: str = "") -> None:
    """Sync groups of the batch's band until none is left, the shop's pace is used up, or others wait.

    A ticket that waits in the band's queue or a higher one is let through after each group. What is
    left gets its next tickets at the end. A batch that is gone, paused or at its end is left quietly.
    """
    began = time.monotonic()
    while (shop := _shop(batch_id)) is not None and pace_rate.wait_for(shop, Lane.BULK) == 0:
        if not sync_products(claims.claim_next(batch_id, band, pace_rate.group_size(shop)), ticket_id):
            break
        if not queue.runs_at_once() and _makes_way(band, time.monotonic() - began):
            break
    tickets.serve(batch_id, me=ticket_id)


def _shop(batch_id: str) -> PrestaShopShop | None:
    with reading():
        batch = db.session.get(JobBatch, batch_id, populate_existing=True)
        if batch is None:
            return None
        return db.session.get(PrestaShopShop, batch.shop_id, populate_existing=True)


def _makes_way(band: int, seconds: float) -> bool:
    return seconds > LONGEST_SECONDS or queue.another_waits(queue.QUEUES[band])
