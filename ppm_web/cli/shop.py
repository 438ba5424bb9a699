"""flask shop: add, list, check and set up shops."""

from __future__ import annotations

import sys
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import click
from flask import current_app
from flask.cli import AppGroup
from sqlalchemy import select

from ppm_web.cli.output import fail, json_option, print_json, print_table, products
from ppm_web.cli.shop_stats import stats
from ppm_web.extensions import db
from ppm_web.models import MappingKind, PrestaShopShop
from ppm_web.services.errors import MappingError
from ppm_web.services.failures import tax_choices
from ppm_web.services.pace import rate as pace_rate
from ppm_web.services.shops import changes as shop_changes
from ppm_web.services.shops import checks as shop_checks
from ppm_web.services.shops import mappings
from ppm_web.services.shops import register as shop_register
from ppm_web.services.shops.documents import document_of
from ppm_web.services.shops.entries import ShopError
from ppm_web.services.upkeep import shop_switches

shop_commands = AppGroup("shop", help="Shops that products are published to.")
shop_commands.add_command(stats)

store_option = click.option(
    "--store", type=int, metavar="ID", help="Which store it is, where the PrestaShop has several."
)


@shop_commands.command("add")
@click.argument("name")
@click.argument("url")
@click.option("--key", required=True, help="The Webservice key, or - to read it from standard input.")
@store_option
@json_option
def add(name: str, url: str, key: str, store: int | None, as_json: bool) -> None:
    """Add the shop NAME at URL, and check its connection; kept, with status 1, when it does not answer."""
    try:
        shop = shop_register.add_shop(name, url, _key(key), store)
    except ShopError as error:
        fail(str(error))
    if as_json:
        fields = ("id", "name", "version", "problems")
        print_json({field: document_of(shop)[field] for field in fields})
    else:
        click.echo(f"Added shop '{shop.name}'" + (f", PrestaShop {shop.version}" if shop.version else ""))
    for problem in shop.problems:
        click.echo(problem, err=True)
    if shop.profile is None:
        fail(f"The shop is kept, but could not be checked. Once that is put right: flask shop check '{name}'")


@shop_commands.command("list")
@json_option
def list_shops(as_json: bool) -> None:
    """List the shops."""
    found = [
        document_of(shop) for shop in db.session.scalars(select(PrestaShopShop).order_by(PrestaShopShop.name))
    ]
    if as_json:
        print_json(found)
        return
    print_table(
        ("Name", "Address", "Version", "State", "Problems"),
        [(s["name"], s["url"], s["version"] or "?", _state(s), len(s["problems"]) or "") for s in found],
        empty="No shops yet. Add one with: flask shop add NAME URL --key -",
    )
    for shop in found:
        click.echo(f"{shop['name']}: {_pace(shop)}")
        if shop["paused"]:
            click.echo(f"{shop['name']} is paused: {shop['pause_reason']}")


@shop_commands.command("check")
@click.argument("name")
@json_option
def check(name: str, as_json: bool) -> None:
    """Check the connection to a shop: version, rights, languages, tax groups, in words."""
    shop = _shop(name)
    result = shop_checks.check_shop(shop.id)
    if as_json:
        profile = result.profile.to_json() if result.profile else None
        print_json({**document_of(shop), "ok": result.ok, "facts": result.facts, "profile": profile})
    else:
        for fact in (*result.facts, f"Pace: {_pace(document_of(shop))}"):
            click.echo(fact)
        if shop.paused_at is not None:
            click.echo(f"Paused: {shop.pause_reason}", err=True)
        for problem in result.problems:
            click.echo(problem, err=True)
        if result.ok:
            click.echo("All well: PPM can publish to this shop.")
    sys.exit(0 if result.ok else 1)


@shop_commands.command("set")
@click.argument("name")
@click.option("--url", help="The shop's address.")
@click.option("--key", help="The Webservice key, or - to read it from standard input.")
@click.option("--pace-min", metavar="N", help="Never fewer requests a minute; 0 or default: as the settings.")
@click.option("--pace-max", metavar="N", help="Never more requests a minute; 0 or default: as the settings.")
@click.option(
    "--home-category", metavar="ID", help="The shop's home category; 0: the one that the shop tells."
)
@store_option
@click.option(
    "--currency-factor",
    metavar="F",
    help="Prices are multiplied by it, for a shop in another currency; 1: the same numbers; none: not said.",
)
@click.option(
    "--own-shared", is_flag=True, help="Of PPM's shops in one PrestaShop, this writes what all share."
)
def set_shop(name: str, **given: Any) -> None:
    """Change a shop's address (with its key), key, pace, home category, store, or currency factor."""
    if not any(value not in {None, False} for value in given.values()):
        options = ", ".join(f"--{option.replace('_', '-')}" for option in given)
        fail(f"Nothing to set: give one of {options}", status=2)
    shop = _shop(name)
    pace_min, pace_max, home_category = (given[name] for name in ("pace_min", "pace_max", "home_category"))
    url, key = given["url"], given["key"]
    try:
        if pace_min is not None or pace_max is not None:
            lowest = shop.pace_min if pace_min is None else pace_rate.read_limit(pace_min)
            highest = shop.pace_max if pace_max is None else pace_rate.read_limit(pace_max)
            pace_rate.set_limits(shop, lowest, highest)
        if home_category is not None:
            mappings.set_home(shop, mappings.read_id(home_category))
        shop_changes.set_shop(shop, url=url, key=None if key is None else _key(key), store=given["store"])
        if given["currency_factor"] is not None:
            shop_changes.set_currency_factor(shop, shop_changes.read_factor(given["currency_factor"]))
        if given["own_shared"]:
            shop_changes.own_shared(shop)
    except (pace_rate.LimitsError, MappingError) as error:
        fail(str(error), status=2)
    except ShopError as error:
        fail(str(error))
    click.echo(f"Set. Check it with: flask shop check '{shop.name}'")


@shop_commands.command("map")
@click.argument("name")
@click.argument("kind", type=click.Choice([kind.value for kind in MappingKind]))
@click.argument("pair", metavar="OURS=ID")
def map_ours(name: str, kind: str, pair: str) -> None:
    """Say that the shop's ID stands for OURS: tax 23=1, language pl=2, category 'Home > Sale=14'.

    tax 0=0: what has 0 % gets no tax group. What failed for want of a tax group is sent again.
    """
    ours, separator, remote_id = pair.rpartition("=")
    if not separator or not ours or not remote_id.strip().isdigit():
        fail(f"{pair!r} is not OURS=ID, as in 23=1", status=2)
    shop = _shop(name)
    try:
        told = mappings.map_by_hand(shop, MappingKind(kind), ours, int(remote_id))
        sent = 0
        if kind == MappingKind.TAX.value:
            sent = tax_choices.request_waiting(shop, ours, by="command line")
    except MappingError as error:
        fail(error.message)
    click.echo(told)
    if sent:
        click.echo(f"Sent now, as they waited for it: {products(sent)}")


@shop_commands.command("pause")
@click.argument("name")
@click.option("--reason", default="by hand", show_default=True)
def pause(name: str, reason: str) -> None:
    """Let a shop's products wait until it is resumed; nothing is sent, no tries are used up."""
    shop_switches.pause_shop(_shop(name), reason)
    click.echo(f"Shop '{name}' is paused")


@shop_commands.command("resume")
@click.argument("name")
def resume(name: str) -> None:
    """Let a paused shop go on."""
    shop_switches.resume_shop(_shop(name))
    click.echo(f"Shop '{name}' goes on")


@shop_commands.command("activate")
@click.argument("name")
def activate(name: str) -> None:
    """Take requests for a shop again."""
    shop_switches.set_active(_shop(name), True)
    click.echo(f"Shop '{name}' is active")


@shop_commands.command("deactivate")
@click.argument("name")
def deactivate(name: str) -> None:
    """Refuse requests for a shop."""
    shop_switches.set_active(_shop(name), False)
    click.echo(f"Shop '{name}' is not active")


@shop_commands.command("rotate-keys")
def rotate_keys() -> None:
    """Encrypt all shops' API keys anew with the newest of PPM_ENCRYPTION_KEYS."""
    rotated, unreadable = shop_changes.rotate_keys()
    click.echo(f"{rotated} keys encrypted anew")
    if unreadable:
        fail(
            "These cannot be read, enter them again with flask shop set NAME --key -: "
            + ", ".join(unreadable)
        )


def _key(text: str) -> str:
    return sys.stdin.readline().strip() if text == "-" else text


def _pace(shop: dict[str, Any]) -> str:
    """The pace in words, the time in the company's zone: "60 requests a minute since 21:03: it starts so"."""
    zone = ZoneInfo(current_app.config["TIMEZONE"])
    since = datetime.fromisoformat(shop["pace"]["since"]).astimezone(zone)
    shown = "%H:%M" if since.date() == datetime.now(zone).date() else "%Y-%m-%d %H:%M"
    return f"{shop['pace']['rate']} requests a minute since {since.strftime(shown)}: {shop['pace']['reason']}"


def _shop(name: str) -> PrestaShopShop:
    try:
        return shop_register.shop_by_name(name)
    except ShopError as error:
        fail(str(error))


def _state(shop: dict[str, Any]) -> str:
    if not shop["active"]:
        return "not active"
    return "paused" if shop["paused"] else "active"
