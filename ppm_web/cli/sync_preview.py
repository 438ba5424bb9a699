"""flask sync preview: what a sync would do now; the shop is read, and nothing is written."""

from __future__ import annotations

import click
from flask.cli import with_appcontext

from ppm_web.cli.output import fail, json_option, print_json, print_table
from ppm_web.services.catalog import finding
from ppm_web.services.publishing import previews
from ppm_web.services.shops import register as shop_register
from ppm_web.services.shops.entries import ShopError


@click.command("preview")
@click.argument("sku")
@click.option("--shop", "shop_name", required=True, help="The shop's name.")
@json_option
@with_appcontext
def preview(sku: str, shop_name: str, as_json: bool) -> None:
    """Say what a sync of the product SKU would do in the shop now; nothing is written."""
    try:
        shop = shop_register.shop_by_name(shop_name)
    except ShopError as error:
        fail(str(error))
    product = finding.product_by_sku(sku) or fail(f"There is no product {sku!r} in the catalogue")
    found = previews.preview(product.id, shop.id)
    if as_json:
        print_json(found.as_json())
        return
    click.echo(found.outlook.value)
    for problem in found.problems:
        click.echo(problem)
    rows = [(change.field, change.before, change.after) for change in found.changes]
    print_table(("Field", "Before", "After"), rows, "Nothing differs.")
