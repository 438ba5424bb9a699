"""flask sync settle: say whose value holds where PPM and a shop have both changed a field."""

from __future__ import annotations

import click
from flask.cli import with_appcontext

from ppm_web.cli.output import fail, json_option, print_json
from ppm_web.services.catalog.finding import product_by_sku
from ppm_web.services.errors import SyncFailedError, SyncRefusedError
from ppm_web.services.shops import register as shop_register
from ppm_web.services.shops.entries import ShopError
from ppm_web.services.sync import conflicts


@click.command("settle")
@click.argument("sku")
@click.option("--shop", "shop_name", required=True, help="The shop's name.")
@click.option("--ours", is_flag=True, help="PPM's value goes to the shop.")
@click.option("--theirs", is_flag=True, help="The shop's value becomes that of the catalogue.")
@click.option("--field", help="Only this field, as the message names it: price, name or name:en.")
@json_option
@with_appcontext
def settle(sku: str, shop_name: str, ours: bool, theirs: bool, field: str | None, as_json: bool) -> None:
    """Settle the conflicts of the product SKU in a shop, and sync it."""
    if ours is theirs:
        fail("Say whose value holds: --ours or --theirs", status=2)
    try:
        shop = shop_register.shop_by_name(shop_name)
    except ShopError as error:
        fail(str(error))
    product = product_by_sku(sku) or fail(f"There is no product {sku!r} in the catalogue")
    side: conflicts.Side = "ours" if ours else "theirs"
    try:
        settled, requested = conflicts.settle(product.id, shop.id, side, by="command line", field=field)
    except SyncRefusedError as error:
        fail(error.message)
    except SyncFailedError as error:
        fail(error.message)
    if as_json:
        print_json({"sku": sku, "shop": shop.name, "settled": settled, "side": side})
        return
    whose = f"PPM's goes to shop '{shop.name}'" if ours else "PPM's catalogue has what the shop has"
    click.echo(f"Settled {', '.join(settled)}: {whose}. {requested.message}")
