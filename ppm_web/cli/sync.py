"""flask sync: ask that something be published, and wait for it where wanted."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, TypeVar

import click
from flask.cli import AppGroup
from sqlalchemy import select

from ppm_web import queue
from ppm_web.cli.durations import Duration
from ppm_web.cli.output import fail, json_option, print_json
from ppm_web.extensions import db
from ppm_web.models import CategorySyncStatus, PrestaShopShop, Product, ProductSyncStatus
from ppm_web.services.catalog.errors import CatalogError
from ppm_web.services.catalog.finding import category_by_path
from ppm_web.services.errors import SyncFailedError, SyncRefusedError
from ppm_web.services.ledger.claims import Status, status_row
from ppm_web.services.shops import register as shop_register
from ppm_web.services.shops.entries import ShopError
from ppm_web.services.sync import requests as sync_requests
from ppm_web.services.sync import waiting

sync_commands = AppGroup("sync", help="Publish products and categories to shops.")
Command = TypeVar("Command", bound=Callable[..., None])


@dataclass(frozen=True, slots=True)
class RequestOptions:
    """The options that every request has, as click hands them over."""

    queue_name: str
    delay: timedelta | None
    wait: bool
    force: bool
    as_json: bool
    stock: bool = False

    @property
    def queue(self) -> str:
        """The queue that is forced, "" for none. Wrong use for one that there is not."""
        try:
            return queue.queue_name(self.queue_name) if self.queue_name else ""
        except ValueError as error:
            fail(str(error), status=2)


def request_options(command: Command) -> Command:
    """The options that every request has."""
    for option in (
        json_option,
        click.option(
            "--force",
            is_flag=True,
            help="Compare all fields with the shop, and send what differs there; not the stock.",
        ),
        click.option("--wait", is_flag=True, help="Wait until it is done."),
        click.option("--in", "delay", type=Duration(), help="Not before this time has passed, as in 5m."),
        click.option("--queue", "queue_name", default="", help="high, normal or background."),
    ):
        command = option(command)
    return command


@sync_commands.command("product")
@click.argument("sku")
@click.option("--shop", "shop_name", help="The shop's name.")
@click.option("--all-shops", is_flag=True, help="All active shops.")
@click.option("--stock", is_flag=True, help="With --force: the stock, too, whatever was sold in the shop.")
@request_options
def product(sku: str, shop_name: str | None, all_shops: bool, **options: Any) -> None:
    """Publish the product SKU to a shop."""
    if options["stock"] and not options["force"]:
        fail("--stock goes with --force: otherwise the stock is sent when it has changed here", status=2)
    targets = _shops(shop_name, all_shops)
    found = db.session.execute(select(Product.id).where(Product.sku == sku)).scalar_one_or_none()
    if found is None:
        fail(f"There is no product {sku!r} in the catalogue")
    _sync(sync_requests.request_product_sync, found, targets, RequestOptions(**options), single=not all_shops)


@sync_commands.command("category")
@click.argument("path")
@click.option("--shop", "shop_name", required=True, help="The shop's name.")
@request_options
def category(path: str, shop_name: str, **options: Any) -> None:
    """Publish the category PATH, such as 'Home > Clothes', with its parents, to a shop."""
    targets = _shops(shop_name, False)
    try:
        found = category_by_path(path)
    except CatalogError as error:
        fail(str(error))
    if found is None:
        fail(f"There is no category {path!r} in the catalogue")
    _sync(sync_requests.request_category_sync, found.id, targets, RequestOptions(**options), single=True)


@sync_commands.command("reset")
@click.option("--shop", "shop_name", required=True, help="The shop's name.")
@click.option("--sku", help="Only this product.")
def reset(shop_name: str, sku: str | None) -> None:
    """Put rows back to pending: error and hash are forgotten, the ids in the shop are kept."""
    (shop,) = _shops(shop_name, False)
    product_id = None
    if sku is not None:
        product_id = db.session.execute(select(Product.id).where(Product.sku == sku)).scalar_one_or_none()
        if product_id is None:
            fail(f"There is no product {sku!r} in the catalogue")
    count = sync_requests.reset(shop.id, product_id)
    click.echo(f"{count} reset in shop '{shop.name}'")


def _sync(
    request: Callable[..., sync_requests.SyncRequested],
    ours: int,
    targets: Sequence[PrestaShopShop],
    options: RequestOptions,
    *,
    single: bool,
) -> None:
    requested, done = [], True
    for shop in targets:
        try:
            requested.append(_request(request, ours, shop, options))
        except SyncRefusedError as error:
            click.echo(error.message, err=True)
            done = False
    documents = []
    for status, message, failed in requested:
        outcome = _wait_for(status) if options.wait else waiting.outcome_of(status)
        documents.append(outcome.as_json())
        done = done and (outcome.succeeded if options.wait else not failed)
        if not options.as_json:
            _say(outcome, message, settled=options.wait or failed)
    if options.as_json and (documents or not single):
        print_json(documents[0] if single else documents)
    sys.exit(0 if done else 1)


def _request(
    request: Callable[..., sync_requests.SyncRequested],
    ours: int,
    shop: PrestaShopShop,
    options: RequestOptions,
) -> tuple[Status, str, bool]:
    """The row, what to say, and whether it failed already (only in sync mode, which runs it here)."""
    try:
        taken = request(
            *(ours, shop.id),
            by="command line",
            queue=options.queue,
            delay=options.delay,
            force=options.force,
            force_stock=options.stock,
        )
    except SyncFailedError as error:
        model = ProductSyncStatus if request is sync_requests.request_product_sync else CategorySyncStatus
        return status_row(model, error.status_id), error.message, True
    return taken.status, taken.message, False


def _wait_for(status: Status) -> waiting.Outcome:
    try:
        return waiting.wait_for(status, tell=lambda text: click.echo(text, err=True))
    except queue.QueueUnavailableError as error:
        fail(f"{error}. The request is kept, and done when the queue is back.")
    except KeyboardInterrupt:
        fail("Not waiting any longer; the request goes on in the background.")


def _say(outcome: waiting.Outcome, message: str, *, settled: bool) -> None:
    if not settled:
        click.echo(message)
    elif not outcome.succeeded:
        click.echo(outcome.message or "not done", err=True)
    else:
        click.echo(outcome.message if outcome.outcome == "unchanged" else outcome.outcome)


def _shops(name: str | None, all_shops: bool) -> Sequence[PrestaShopShop]:
    if (name is None) is not all_shops:
        fail("Say which shop: --shop NAME or --all-shops", status=2)
    if all_shops:
        active = select(PrestaShopShop).where(PrestaShopShop.active).order_by(PrestaShopShop.name)
        return db.session.scalars(active).all() or fail("There is no active shop")
    try:
        return [shop_register.shop_by_name(name or "")]
    except ShopError as error:
        fail(str(error))
