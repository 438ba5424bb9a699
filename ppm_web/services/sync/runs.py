"""Running what was claimed: sync, settle. The heart takes a group of products of one shop.

One product is a group of one.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from dataclasses import asdict
from datetime import timedelta

from flask import current_app
from sqlalchemy import select

from ppm_web.extensions import db, reading
from ppm_web.models import CategorySyncStatus, PrestaShopShop, ProductSyncStatus, now
from ppm_web.prestashop.client import PrestaShopClient
from ppm_web.prestashop.errors import PrestaShopError
from ppm_web.prestashop.values import ShopProfile
from ppm_web.services.errors import InDoubtError, NotYetError, ShopInactiveError
from ppm_web.services.ledger import claims, settling, tickets
from ppm_web.services.ledger import items as batch_items
from ppm_web.services.ledger.claims import Claim, ClaimLostError, StatusModel
from ppm_web.services.ledger.endings import Ending
from ppm_web.services.ledger.tries import Run, SyncResult, log_start
from ppm_web.services.ownership.snapshots import product_data
from ppm_web.services.pace import breaker
from ppm_web.services.pace import rate as pace_rate
from ppm_web.services.pace.memory import Lane
from ppm_web.services.publishing.categories import CategoryStrategy
from ppm_web.services.publishing.category_sync import CategoryState, CategorySync
from ppm_web.services.publishing.group import Group, RemoteState, Task
from ppm_web.services.publishing.products import ProductStrategy
from ppm_web.services.shops import client as shop_client
from ppm_web.services.shops import link_checks, mappings
from ppm_web.services.shops import problems as shop_problems

Work = Callable[[PrestaShopClient, ShopProfile], Exception | None]
"""Works on the shop; returns the trouble with it that it met, for the pace."""


def run_product_sync(status_id: int, job_id: str = "") -> None:
    """Sync the product row if it waits and is due; leave quietly if it does not, or is gone (R1).

    Raises SyncFailedError when it failed; the failure is recorded then, and a retry handed out.
    """
    if _waits_for_pace(ProductSyncStatus, status_id):
        return
    _raise_failure(sync_products(claims.claim(ProductSyncStatus, [status_id]), job_id))


def run_category_sync(status_id: int, job_id: str = "") -> None:
    """Sync the category row if it waits and is due, parents first (R6). Raises SyncFailedError."""
    if _waits_for_pace(CategorySyncStatus, status_id):
        return
    for claimed in claims.claim(CategorySyncStatus, [status_id]):
        _raise_failure([_sync_category(claimed, job_id)])


def sync_products(claimed: Sequence[Claim], job_id: str = "") -> list[Ending]:
    """Sync claimed product rows of one shop, all in as few requests as there can be, and settle them.

    Returns how they ended, those that were still ours. What fails is recorded, never raised.
    """
    if not claimed:
        return []
    shop, tasks = _tasks(claimed, job_id)
    if shop is None or not tasks:
        return []
    for task in tasks:
        log_start(task.run)

    def keep_leases() -> None:
        claims.renew([task.claim for task in tasks])

    def work(client: PrestaShopClient, profile: ShopProfile) -> Exception | None:
        if link_checks.ensure_known(shop, client, keep_leases):
            _begin_again(tasks)
        sync_all(client, profile, tasks)
        in_doubt = [task for task in tasks if isinstance(task.came, InDoubtError)]
        if in_doubt and link_checks.ensure_known(shop, client, keep_leases):
            _begin_again(in_doubt)
            sync_all(client, profile, in_doubt)
        return next((task.came for task in tasks if isinstance(task.came, PrestaShopError)), None)

    def sync_all(client: PrestaShopClient, profile: ShopProfile, tasks: Sequence[Task]) -> None:
        # On its last try each product goes alone, so that it cannot fail for another's sake.
        tries = max(2, current_app.config["SYNC_TRIES"])
        size = pace_rate.group_size(shop)
        last = [task for task in tasks if task.claim.attempt >= tries]
        for part in ([task for task in tasks if task not in last], *([task] for task in last)):
            if part:
                ProductStrategy(Group(shop, client, profile, part, keep_leases, size)).sync()

    lane = Lane.BULK if claimed[0].batch_id else Lane.SINGLE
    trouble = _with_client(shop, [task.claim for task in tasks], lane, work)
    for task in tasks:
        if task.came is None:
            task.came = trouble or RuntimeError("nothing came of the product")
    return _settle([Ending(task.run, task.came) for task in tasks if task.came is not None])


def _begin_again(tasks: Sequence[Task]) -> None:
    """Let products go on with what is known of them since all links were checked."""
    with reading():
        rows = {
            row.id: row
            for row in db.session.scalars(
                select(ProductSyncStatus)
                .where(ProductSyncStatus.id.in_([task.claim.status_id for task in tasks]))
                .execution_options(populate_existing=True)
            )
        }
    for task in tasks:
        if (row := rows.get(task.claim.status_id)) is not None:
            task.begin_again(row)


def _waits_for_pace(model: StatusModel, status_id: int) -> bool:
    """Whether the shop's pace is used up: then the ticket goes back with a delay, and no try is burnt.

    Tickets that meet this at once come back at different times.
    """
    with reading():
        shop = db.session.scalar(
            select(PrestaShopShop).where(
                PrestaShopShop.id.in_(select(model.shop_id).where(model.id == status_id))
            )
        )
    if shop is None or not (seconds := pace_rate.wait_for(shop, Lane.SINGLE)):
        return False
    delay = seconds * (1 + random.random())  # noqa: S311  (spreads tickets, guards nothing)
    tickets.hand_out(model, status_id, at=now() + timedelta(seconds=delay))
    return True


def _sync_category(claimed: Claim, job_id: str) -> Ending:
    with reading():
        status = db.session.get_one(CategorySyncStatus, claimed.status_id, populate_existing=True)
        shop = db.session.get_one(PrestaShopShop, status.shop_id, populate_existing=True)
        category_id, state, name = status.category_id, CategoryState.of(status), status.category.name
    run = Run(
        claim=claimed,
        shop_id=shop.id,
        shop_name=shop.name,
        thing=name,
        category_id=category_id,
        job_id=job_id,
    )
    log_start(run)
    ending = Ending(run, RuntimeError("nothing came of the category"))

    def work(client: PrestaShopClient, profile: ShopProfile) -> Exception | None:
        try:
            strategy = CategoryStrategy(shop, client, profile)
            ending.came = CategorySync(strategy, claimed).sync(category_id, state)
        finally:
            run.requests = client.request_count
            run.exchanges = [asdict(exchange) for exchange in client.exchanges]
        return None

    if (trouble := _with_client(shop, [claimed], Lane.SINGLE, work)) is not None:
        ending.came = trouble
        breaker.note(shop.id, trouble)
    _settle([ending])
    return ending


def _tasks(claimed: Sequence[Claim], job_id: str) -> tuple[PrestaShopShop | None, list[Task]]:
    """The shop, and what is known of each claimed product, in a handful of queries."""
    with reading():
        rows = {
            row.id: row
            for row in db.session.scalars(
                select(ProductSyncStatus)
                .where(ProductSyncStatus.id.in_([claim.status_id for claim in claimed]))
                .execution_options(populate_existing=True)
            )
        }
        if not rows:
            return None, []
        shop_id = next(iter(rows.values())).shop_id
        shop = db.session.get_one(PrestaShopShop, shop_id, populate_existing=True)
    products = product_data([row.product_id for row in rows.values()])
    tasks = []
    for claim in claimed:
        row = rows.get(claim.status_id)
        product = products.get(row.product_id) if row is not None else None
        if row is None or product is None:
            continue  # deleted since it was claimed
        run = Run(
            claim=claim,
            shop_id=shop.id,
            shop_name=shop.name,
            thing=product.snapshot.sku,
            product_id=product.product_id,
            job_id=job_id,
        )
        tasks.append(Task(run, product, RemoteState.of(row)))
    return shop, tasks


def _with_client(shop: PrestaShopShop, claimed: Sequence[Claim], lane: Lane, work: Work) -> Exception | None:
    """Do ``work`` over a client that keeps the leases and the shop's pace; returns what broke it off."""

    def before_request() -> None:
        claims.renew(claimed)
        pace_rate.spend(shop, lane, 1)

    try:
        if not shop.active:
            raise ShopInactiveError(shop.name)
        with shop_client.client_for(shop, before_request=before_request) as client:
            error: Exception | None = None
            try:
                profile = mappings.fresh_profile(shop, client)
                shop_problems.check_publishable(shop, profile)
                error = work(client, profile)
            except PrestaShopError as failure:
                error = failure
                raise
            finally:
                db.session.rollback()
                pace_rate.learn(shop.id, list(client.exchanges), len(claimed), error)
            if error is None and client.request_count:
                breaker.note(shop.id, None)
    except ClaimLostError:
        db.session.rollback()
        return NotYetError("another product of the group was lost to another worker", 1)
    except Exception as failure:  # noqa: BLE001  (recorded by settle, and raised again by the job)
        db.session.rollback()
        return failure
    return None


def _settle(endings: Sequence[Ending]) -> list[Ending]:
    """End the runs, and hand out tickets for what follows.

    What a batch still wants is tried again by its own tickets, together with what else waits there.
    """
    ours = settling.settle(endings)
    again = [ending for ending in ours if ending.due is not None]
    with reading():
        in_batches = batch_items.with_open_items(
            [ending.run.claim.status_id for ending in again if ending.run.claim.batch_id]
        )
    for ending in again:
        claim = ending.run.claim
        if claim.status_id not in in_batches or isinstance(ending.came, SyncResult):
            at = ending.due if ending.due and ending.due > now() else None
            tickets.hand_out(claim.model, claim.status_id, at=at)
    return ours


def _raise_failure(endings: Sequence[Ending]) -> None:
    for ending in endings:
        if (failure := settling.as_failure(ending)) is not None:
            raise failure
