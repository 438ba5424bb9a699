"""What the schedules do: the nightly sync, the retry, the sweep and the retention (R18).

A task is a generator that pauses after each commit, so that a scheduler that is told to stop need
not wait for the rest. Each may be done again from its start, however far it came.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Generator, Sequence
from typing import Final

from flask import current_app
from sqlalchemy import select

from ppm_web.extensions import db, reading
from ppm_web.models import BatchState, JobBatch, PrestaShopShop, SurveyState
from ppm_web.services.batches import control as batch_control
from ppm_web.services.batches import surveys
from ppm_web.services.batches.first_publication import UnconfirmedError
from ppm_web.services.catalog import selections
from ppm_web.services.errors import SyncRefusedError
from ppm_web.services.failures.retries import retry_temporary
from ppm_web.services.images import store as image_store
from ppm_web.services.schedules.plan import NIGHTLY, RETENTION, RETRY, SWEEP, Plan
from ppm_web.services.upkeep import retention
from ppm_web.services.upkeep.sweep import sweep

logger = logging.getLogger("ppm.schedule")

Steps = Generator[None, None, str]
"""A task under way. What it returns says in plain words what came of it."""


class TaskError(RuntimeError):
    """A task did what it could, and something went wrong; the message says what."""


def sync_shops(plan: Plan) -> Steps:
    """Start a batch with all products for each active shop, or for those that the plan names.

    A shop whose last batch of this schedule has not ended gets none. Raises TaskError at the end
    when a shop's batch could not be started.
    """
    told: list[str] = []
    troubles = 0
    for shop_id, shop_name in _active_shops(plan.shops):
        try:
            told.append(_sync_shop(shop_id, shop_name, plan))
        except SyncRefusedError as error:
            told.append(error.message)
        except Exception as error:  # a shop's trouble must not stop the others; it is logged and told
            db.session.rollback()
            logger.exception("schedule %s: no batch for shop %r", plan.name, shop_name)
            told.append(f"{shop_name}: no batch could be started ({type(error).__name__})")
            troubles += 1
        yield
    message = "; ".join(told) or "there is no active shop"
    if troubles:
        raise TaskError(message)
    return message


def retry_failed(plan: Plan) -> Steps:
    """Request again what failed for a temporary cause."""
    retried = 0
    for page in retry_temporary(_by(plan)):
        retried += page.retried
        yield
    return f"{retried} requested again"


def sweep_once(_plan: Plan) -> Steps:
    """One sweep, as the workers do it too: it goes on when no worker is there to hand out tickets."""
    swept = sweep(current_app.config["SWEEP_SECONDS"])
    yield
    return f"{swept.returned} taken back, {swept.ticketed} handed out"


def delete_old(_plan: Plan) -> Steps:
    """Delete the log lines, ended batches and runs of schedules that are too old, and unused pictures."""
    told = []
    for name, chunks in (
        ("log lines", retention.delete_old_logs()),
        ("batches", retention.delete_old_batches()),
        ("looks at shops", retention.delete_old_surveys()),
        ("runs of schedules", retention.delete_old_runs()),
        ("audit entries", retention.delete_old_audit()),
    ):
        gone = 0
        for count in chunks:
            gone += count
            yield
        told.append(f"{gone} {name}")
    told.append(f"{image_store.forget_unused()} pictures")
    return f"deleted: {', '.join(told)}"


TASKS: Final[dict[str, Callable[[Plan], Steps]]] = {
    NIGHTLY: sync_shops,
    RETRY: retry_failed,
    SWEEP: sweep_once,
    RETENTION: delete_old,
}


def _by(plan: Plan) -> str:
    """Who asks, as the rows of batches and requests name it."""
    return f"schedule {plan.name}"


def _active_shops(names: Sequence[str]) -> list[tuple[int, str]]:
    """Id and name of each active shop, or of those of these names."""
    shop = PrestaShopShop
    query = select(shop.id, shop.name).where(shop.active).order_by(shop.name)
    if names:
        query = query.where(shop.name.in_(names))
    with reading():
        return [(row.id, row.name) for row in db.session.execute(query)]


def _sync_shop(shop_id: int, shop_name: str, plan: Plan) -> str:
    """Start the shop's batch; says in words what came of it."""
    if (unfinished := _unfinished(shop_id, plan)) is not None:
        return f"{shop_name}: none was started, as batch {unfinished} has not ended"
    title = f"{plan.name.capitalize()} sync to {shop_name}"
    everything = selections.Selection(kind="all")
    try:
        batch = batch_control.bulk_sync(shop_id, everything, by=_by(plan), name=title)
    except UnconfirmedError:
        if not _was_looked_at(shop_id):
            surveys.request_survey(shop_id, everything, by=_by(plan), name=title, starts=True)
        return f"{shop_name}: nothing was published there yet: it is looked at what would change first"
    if batch is None:
        return f"{shop_name}: nothing to do"
    return f"{shop_name}: 1 product" if batch.total == 1 else f"{shop_name}: {batch.total:,} products"


def _was_looked_at(shop_id: int) -> bool:
    """Whether a look at the shop goes on, or waits for a person's word."""
    survey = surveys.latest(shop_id)
    return survey is not None and survey.starts and survey.state is not SurveyState.FAILED


def _unfinished(shop_id: int, plan: Plan) -> str | None:
    open_states = [state for state in BatchState if not state.ended]
    with reading():
        return db.session.scalars(
            select(JobBatch.id)
            .where(JobBatch.shop_id == shop_id, JobBatch.requested_by == _by(plan))
            .where(JobBatch.state.in_(open_states))
            .limit(1)
        ).first()
