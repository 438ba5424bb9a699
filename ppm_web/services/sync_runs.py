"""Running what was requested: claim, sync, settle. What the jobs call.

The heart takes a list of rows of one shop: one product is a group of one.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict

from ppm_web.extensions import db, reading
from ppm_web.models import CategorySyncStatus, PrestaShopShop, ProductSyncStatus
from ppm_web.prestashop.client import PrestaShopClient
from ppm_web.prestashop.values import ShopProfile
from ppm_web.services import claims, mappings, outcomes, runs, shops, tickets
from ppm_web.services.category_strategy import CategoryStrategy
from ppm_web.services.claims import Claim, ClaimLostError
from ppm_web.services.product_links import RemoteState
from ppm_web.services.product_strategy import ProductStrategy
from ppm_web.services.runs import Run, SyncResult
from ppm_web.services.snapshots import product_data
from ppm_web.services.sync_errors import NotYetError, ShopInactiveError, SyncFailedError

Sync = Callable[[PrestaShopShop, PrestaShopClient, ShopProfile], SyncResult]


def run_product_sync(status_id: int, job_id: str = "") -> None:
    """Sync the product row if it waits and is due; leave quietly if it does not, or is gone (R1).

    Raises SyncFailedError when it failed; the failure is recorded then, and a retry handed out.
    """
    sync_products([status_id], job_id)


def sync_products(status_ids: Sequence[int], job_id: str = "") -> None:
    """Sync those of the product rows that can be claimed, one after the other.

    One that fails does not hold up the others; SyncFailedError is raised for the first at the end.
    """
    failures: list[SyncFailedError] = []
    for claimed in claims.claim(ProductSyncStatus, status_ids):
        try:
            _run_product(claimed, job_id)
        except SyncFailedError as error:
            failures.append(error)
    if failures:
        raise failures[0]


def run_category_sync(status_id: int, job_id: str = "") -> None:
    """Sync the category row if it waits and is due, parents first (R6). Raises SyncFailedError."""
    for claimed in claims.claim(CategorySyncStatus, [status_id]):
        _run_category(claimed, job_id)


def _run_category(claimed: Claim, job_id: str) -> None:
    with reading():
        status = db.session.get_one(CategorySyncStatus, claimed.status_id, populate_existing=True)
        shop = db.session.get_one(PrestaShopShop, status.shop_id, populate_existing=True)
        category_id, pushed, pushed_hash = status.category_id, status.pushed, status.payload_hash
        name = status.category.name
    run = Run(
        claim=claimed,
        shop_id=shop.id,
        shop_name=shop.name,
        thing=name,
        category_id=category_id,
        job_id=job_id,
    )
    _settle(
        run,
        shop,
        lambda shop, client, profile: CategoryStrategy(shop, client, profile).sync(
            claimed, category_id, pushed, pushed_hash
        ),
    )


def _run_product(claimed: Claim, job_id: str) -> None:
    with reading():
        status = db.session.get_one(ProductSyncStatus, claimed.status_id, populate_existing=True)
        shop = db.session.get_one(PrestaShopShop, status.shop_id, populate_existing=True)
        state, product_id = RemoteState.of(status), status.product_id
    product = product_data([product_id])[product_id]
    run = Run(
        claim=claimed,
        shop_id=shop.id,
        shop_name=shop.name,
        thing=product.snapshot.sku,
        product_id=product_id,
        job_id=job_id,
    )
    _settle(
        run,
        shop,
        lambda shop, client, profile: ProductStrategy(shop, client, profile).sync(claimed, product, state),
    )


def _settle(run: Run, shop: PrestaShopShop, sync: Sync) -> None:
    """Run ``sync`` and end the run by what came of it; hand out the ticket for what follows.

    Raises SyncFailedError. A lost claim ends quietly: someone else has the row.
    """
    runs.log_start(run)
    try:
        result = _with_client(run, shop, sync)
        follows = outcomes.settle_success(run, result)
    except ClaimLostError as error:
        runs.log_lost(run, error)
    except NotYetError as wait:
        db.session.rollback()
        due = outcomes.settle_wait(run, wait)
        tickets.hand_out(run.claim.model, run.claim.status_id, at=due)
    except Exception as error:  # noqa: BLE001  (recorded, and raised again as SyncFailedError)
        db.session.rollback()
        _fail(run, error)
    else:
        if follows:
            tickets.hand_out(run.claim.model, run.claim.status_id)


def _fail(run: Run, error: Exception) -> None:
    try:
        due = outcomes.settle_failure(run, error)
    except ClaimLostError as lost:
        runs.log_lost(run, lost)
        return
    if due is not None:
        tickets.hand_out(run.claim.model, run.claim.status_id, at=due)
    raise SyncFailedError(outcomes.message_of(error), run.claim.status_id, final=due is None) from error


def _with_client(run: Run, shop: PrestaShopShop, sync: Sync) -> SyncResult:
    if not shop.active:
        raise ShopInactiveError(shop.name)
    with shops.client_for(shop, before_request=lambda: claims.renew(run.claim)) as client:
        try:
            profile = shops.profile_of(shop) or mappings.refresh_profile(shop, client)
            return sync(shop, client, profile)
        finally:
            run.requests = client.request_count
            run.exchanges = [asdict(exchange) for exchange in client.exchanges]
