"""The sweep: rows that wait without a ticket, or whose worker died, go on (rule 5).

It runs in each worker's parent, when it starts and every PPM_SWEEP_SECONDS.
"""

from __future__ import annotations

import logging
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import ColumnElement, or_, select

from ppm_web.extensions import db, reading
from ppm_web.models import (
    BatchItem,
    CategorySyncStatus,
    PrestaShopShop,
    ProductSyncStatus,
    SyncState,
    now,
)
from ppm_web.services.batches import claims as batch_claims
from ppm_web.services.batches import surveys
from ppm_web.services.batches import tickets as batch_tickets
from ppm_web.services.errors import LeaseLapsedError
from ppm_web.services.ledger import claims, settling, tickets
from ppm_web.services.ledger import items as batch_items
from ppm_web.services.ledger.claims import Claim, Status, StatusModel, status_row
from ppm_web.services.ledger.endings import Ending
from ppm_web.services.ledger.tries import Run
from ppm_web.services.upkeep import probes

logger = logging.getLogger("ppm.sweep")

LIMIT = 1000
"""Rows of a kind that one sweep looks at; the next one goes on."""


@dataclass(frozen=True, slots=True)
class Swept:
    """How many rows were taken back from dead workers, and how many got a new ticket."""

    returned: int
    ticketed: int


def sweep(min_age_seconds: float) -> Swept:
    """Take lapsed rows back, and hand out tickets for rows that wait without one.

    A ticket that was handed out less than ``min_age_seconds`` ago is trusted; an older one is
    looked up, as the broker may have lost it. Raises QueueUnavailableError.
    """
    returned = ticketed = 0
    for model in (ProductSyncStatus, CategorySyncStatus):
        returned += _take_back(claims.lapsed(model, LIMIT))
        ticketed += sum(_hand_out(model, status_id) for status_id in _unserved(model, min_age_seconds))
    ticketed += sum(batch_tickets.serve(batch_id) for batch_id in batch_claims.live_batches())
    ticketed += surveys.serve()
    probes.hand_out_probes()
    if returned or ticketed:
        logger.info("sweep returned=%d ticketed=%d", returned, ticketed)
    return Swept(returned, ticketed)


def _take_back(lapsed: Sequence[Claim]) -> int:
    """End a dead worker's runs as failed tries; returns how many had not gone on after all.

    Rows that were claimed together are settled together. Every worker sweeps: the first one wins.
    """
    groups: dict[str, list[Ending]] = defaultdict(list)
    with reading():
        for claim in lapsed:
            status = db.session.get(claim.model, claim.status_id, populate_existing=True)
            if isinstance(status, ProductSyncStatus | CategorySyncStatus):
                groups[claim.token].append(Ending(_run(claim, status), LeaseLapsedError()))
    return sum(len(settling.settle(endings, tell_lost=False)) for endings in groups.values())


def _run(claim: Claim, status: Status) -> Run:
    return Run(
        claim=claim,
        shop_id=status.shop_id,
        shop_name=status.shop.name,
        thing=status.product.sku if isinstance(status, ProductSyncStatus) else status.category.name,
        product_id=getattr(status, "product_id", None),
        category_id=getattr(status, "category_id", None),
        job_id=tickets.ticket_id_of(status),
    )


def _unserved(model: StatusModel, min_age_seconds: float) -> list[int]:
    """Rows that were requested, are due, and have no ticket or an old one.

    What a batch wants is served by the tickets of that batch.
    """
    moment = now()
    open_shops = select(PrestaShopShop.id).where(PrestaShopShop.paused_at.is_(None))
    with reading():
        rows = db.session.scalars(
            select(model.id)
            .where(
                model.state == SyncState.PENDING,
                or_(model.not_before.is_(None), model.not_before <= moment),
                or_(
                    model.ticketed_at.is_(None),
                    model.ticketed_at <= moment - timedelta(seconds=min_age_seconds),
                ),
                model.shop_id.in_(open_shops),
                model.requested_revision > model.settled_revision,
                *_wanted_by_no_batch(model),
            )
            .order_by(model.priority, model.id)
            .limit(LIMIT)
        ).all()
    return list(rows)


def _wanted_by_no_batch(model: StatusModel) -> list[ColumnElement[bool]]:
    if model is CategorySyncStatus:
        return []
    item = select(BatchItem.id).where(
        BatchItem.status_id == ProductSyncStatus.id, BatchItem.outcome.in_(batch_items.OPEN)
    )
    return [or_(~item.exists(), ProductSyncStatus.ticketed_at.is_not(None))]


def _hand_out(model: StatusModel, status_id: int) -> bool:
    with reading():
        status = status_row(model, status_id)
    if status.ticketed_at is not None and tickets.is_out(status):
        return False
    return tickets.hand_out(model, status_id)
