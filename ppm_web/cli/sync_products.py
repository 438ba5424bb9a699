"""flask sync products: many products to one shop, as a batch."""

from __future__ import annotations

import sys
import time
from pathlib import Path
from typing import Any

import click
from flask.cli import with_appcontext

from ppm_web.cli.durations import Duration
from ppm_web.cli.output import fail, json_option, print_json
from ppm_web.models import JobBatch, PrestaShopShop, now
from ppm_web.services.batches import control as batch_control
from ppm_web.services.batches import first_publication
from ppm_web.services.batches import reports as batch_reports
from ppm_web.services.batches.first_publication import Findings, UnconfirmedError
from ppm_web.services.catalog import selections
from ppm_web.services.catalog.errors import CatalogError
from ppm_web.services.catalog.finding import category_by_path
from ppm_web.services.catalog.selections import Selection
from ppm_web.services.errors import ShopInactiveError, SyncRefusedError
from ppm_web.services.ledger import hooks as batch_hooks
from ppm_web.services.shops import register as shop_register
from ppm_web.services.shops.entries import ShopError


@click.command("products")
@click.option("--shop", "shop_name", required=True, help="The shop's name.")
@click.option("--all", "everything", is_flag=True, help="All products.")
@click.option("--category", "path", help="Those in this category and below it, as in 'Home > Clothes'.")
@click.option("--modified-since", "since", type=Duration(), help="Those edited in this time, as in 24h.")
@click.option(
    "--sku-file",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Those whose SKUs this file holds, one a line.",
)
@click.option("--errors", is_flag=True, help="Those in error or conflict in the shop.")
@click.option("--new", is_flag=True, help="Those that were never sent to the shop.")
@click.option("--name", default="", help="How the batch is called.")
@click.option("--dry-run", is_flag=True, help="Read the shop, say what would be done, and write nothing.")
@click.option("--yes", is_flag=True, help="Publish also where many products of the shop would change.")
@click.option("--wait", is_flag=True, help="Follow the batch to its end.")
@json_option
@with_appcontext
def products(
    shop_name: str, name: str, dry_run: bool, yes: bool, wait: bool, as_json: bool, **which: Any
) -> None:
    """Publish many products to a shop, as a batch.

    Exit status 0 when the batch was started, or there was nothing to do; with --wait only when
    every product is in the shop as it is here.
    """
    said = [option for option, value in which.items() if value not in (None, False)]
    if len(said) != 1:
        options = "--all, --category, --modified-since, --sku-file, --errors or --new"
        fail(f"Say which products: exactly one of {options}", status=2)
    try:
        shop = shop_register.shop_by_name(shop_name)
    except ShopError as error:
        fail(str(error))
    selection = _selection(said[0], which[said[0]])
    if dry_run:
        _dry_run(shop, selection, as_json=as_json)
        return
    batch = _start(shop, selection, name, yes=yes, as_json=as_json)
    if wait:
        from ppm_web.cli.batch_progress import show_progress  # its library is of no use to workers

        batch = show_progress(batch.id, quiet=as_json)
        click.echo(batch_hooks.in_words(batch), err=as_json)
        if batch.error:
            click.echo(f"First failure: {batch.error}. All of them: flask queue failed", err=True)
    if as_json:
        print_json({"batch": batch.id, "total": batch.total})
    sys.exit(0 if not wait or batch_reports.succeeded(batch) else 1)


def _selection(option: str, value: Any) -> Selection:
    if option == "path":
        return Selection("category", category_id=_category_id(value))
    if option == "since":
        return Selection("modified", since=now() - value)
    if option == "sku_file":
        return Selection("skus", skus=_skus(value))
    return Selection("errors" if option == "errors" else "new" if option == "new" else "all")


def _category_id(path: str) -> int:
    try:
        category = category_by_path(path)
    except CatalogError as error:
        fail(str(error))
    if category is None:
        fail(f"There is no category {path!r} in the catalogue")
    return category.id


def _skus(sku_file: Path) -> list[str]:
    """The SKUs of a file. Those that no product has are told, and left out."""
    try:
        text = sku_file.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError:
        text = "\0"
    if "\0" in text:  # UTF-16 without a mark reads as UTF-8, with a zero after each letter
        fail(f"{sku_file} is no text in UTF-8: write one SKU a line", status=2)
    skus = list(dict.fromkeys(line.strip() for line in text.splitlines() if line.strip()))
    unknown = selections.unknown_skus(skus)
    if unknown:
        shown = ", ".join(unknown[:10]) + (" …" if len(unknown) > 10 else "")
        click.echo(f"{len(unknown):,} of {len(skus):,} SKUs are not in the catalogue: {shown}", err=True)
    return skus


def _dry_run(shop: PrestaShopShop, selection: Selection, *, as_json: bool) -> None:
    """What a batch would do, found by reading the shop."""
    if not shop.active:
        fail(ShopInactiveError(shop.name).message)
    estimate = batch_reports.estimate(shop.id, selection)
    found = _look(shop, selection, quiet=as_json) if estimate.total else Findings()
    if as_json:
        cost = {"requests": estimate.requests, "minutes": round(estimate.minutes, 1)}
        counts = {"total": estimate.total, "unchanged": estimate.unchanged, "new": estimate.new}
        print_json(counts | cost | {"operations": found.as_json()})
        return
    click.echo(f"{estimate.words}. Nothing was started.")
    if estimate.total:
        click.echo(f"{found.words}.")
    for sample in found.samples:
        _say_sample(sample)
    if found.field_words:
        click.echo(f"Of the linked ones would change: {found.field_words}.")


def _say_sample(sample: dict[str, Any]) -> None:
    click.echo(f"{sample['sku']}: {sample['operation']}")
    for change in sample["changes"]:
        language = f" ({change['language']})" if change["language"] else ""
        before, after = change["before"] or "nothing", change["after"] or "nothing"
        click.echo(f"  {change['field']}{language}: {before} → {after}")
    for problem in sample["problems"]:
        click.echo(f"  {problem}")


def _look(shop: PrestaShopShop, selection: Selection, *, quiet: bool) -> Findings:
    """Look at all products that are meant; how far that is goes to standard error."""
    total, found = first_publication.count(shop.id, selection), Findings()
    try:
        for findings, done, wait in first_publication.look_at_all(shop, selection):
            found = findings
            if not quiet and total > first_publication.AT_ONCE:
                click.echo(f"Looked at {done:,} of {total:,} products in shop '{shop.name}'", err=True)
            time.sleep(wait)
    except SyncRefusedError as error:
        fail(error.message)
    return found


def _start(shop: PrestaShopShop, selection: Selection, name: str, *, yes: bool, as_json: bool) -> JobBatch:
    try:
        batch = _bulk_sync(shop, selection, name, yes=yes, quiet=as_json)
    except SyncRefusedError as error:
        fail(error.message)
    if batch is None:
        click.echo("Nothing to do: no product is meant", err=True)
        if as_json:
            print_json({"batch": None, "total": 0})
        raise SystemExit(0)
    if not as_json:
        click.echo(f"Batch {batch.id}: {batch_hooks.in_words(batch)}")
    return batch


def _bulk_sync(
    shop: PrestaShopShop, selection: Selection, name: str, *, yes: bool, quiet: bool
) -> JobBatch | None:
    """Start the batch. Before a first publication the shop is looked at, and much change needs a word."""

    def start(*, confirmed: bool) -> JobBatch | None:
        return batch_control.bulk_sync(shop.id, selection, by="command line", name=name, confirmed=confirmed)

    try:
        return start(confirmed=yes)
    except UnconfirmedError:
        found = _look(shop, selection, quiet=quiet)
        if found.needs_confirmation:
            fail(
                f"{first_publication.refusal(shop.name, found)}. See them with --dry-run; publish with --yes"
            )
        return start(confirmed=True)
