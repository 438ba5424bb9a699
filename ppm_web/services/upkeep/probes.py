"""Probes: one small request that asks whether a shop that the breaker paused is well again."""

from __future__ import annotations

import logging
from typing import Final

from flask import current_app

from ppm_web import queue
from ppm_web.extensions import db, reading
from ppm_web.models import PrestaShopShop, now
from ppm_web.prestashop.errors import PrestaShopError
from ppm_web.services.addresses import AddressError
from ppm_web.services.batches import tickets as batch_tickets
from ppm_web.services.errors import KeyUnreadableError
from ppm_web.services.pace import breaker
from ppm_web.services.shops.client import client_for

logger = logging.getLogger("ppm.breaker")

PROBE_ANSWER_SECONDS: Final = 5.0
"""A probe waits no longer for a byte: a shop that hangs must not hold a worker."""


def hand_out_probes() -> int:
    """Hand out a ticket for each probe that is due. Raises QueueUnavailableError.

    Not on the background queue: a long batch would keep them waiting, and the shop paused.
    """
    due = breaker.due_probes()
    for shop_id in due:
        queue.enqueue(
            "probe_shop",
            shop_id,
            ticket_id=f"probe-shop-{shop_id}-{int(now().timestamp())}",
            queue=queue.NORMAL,
            at=None,
            timeout=current_app.config["REQUEST_TIMEOUT_SECONDS"],
        )
    return len(due)


def probe(shop_id: int) -> bool:
    """Ask the shop whether it is well: then it goes on with the pace that it had, and True is returned.

    Otherwise it stays paused, with the newest reason. A shop that a person has paused or resumed
    in the meantime is left as it is.
    """
    with reading():
        shop = db.session.get(PrestaShopShop, shop_id, populate_existing=True)
    if shop is None or shop.probe_at is None:
        return False
    try:
        with client_for(shop, answer_seconds=PROBE_ANSWER_SECONDS) as client:
            client.ping()
    except (PrestaShopError, KeyUnreadableError, AddressError) as error:
        breaker.keep_paused(shop_id, str(error))
        return False
    reopened = breaker.reopen(shop_id)
    if reopened:
        logger.info("breaker shop=%r goes on", shop.name)
        batch_tickets.serve_shop(shop_id)
    return reopened
