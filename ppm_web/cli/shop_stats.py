"""flask shop stats: where the products stand in the shops, and how quickly they got there (R21)."""

from __future__ import annotations

from dataclasses import asdict

import click
from flask.cli import with_appcontext

from ppm_web.cli.output import fail, json_option, print_json, print_table
from ppm_web.services.reports import statistics
from ppm_web.services.reports.statistics import Period, ShopStatistics
from ppm_web.services.shops import register as shop_register
from ppm_web.services.shops.entries import ShopError

MOST_HOURS = 24 * 366


@click.command("stats")
@click.argument("name", required=False)
@click.option("--hours", type=click.IntRange(1, MOST_HOURS), default=24, show_default=True)
@json_option
@with_appcontext
def stats(name: str | None, hours: int, as_json: bool) -> None:
    """Show where the products stand in the shop NAME, or in every shop, and what was done hour by hour.

    The success rate is that of the tries of the last 24 hours.
    """
    shop_id = _shop_id(name)
    standing = [shop for shop in statistics.shop_statistics() if shop_id in (None, shop.shop_id)]
    periods = statistics.throughput(hours, shop_id)
    if as_json:
        print_json({"shops": [*map(asdict, standing)], "hours": [_period_json(period) for period in periods]})
        return
    print_table(
        (
            *("Shop", "Products", "Synced", "Pending", "Syncing", "Errors"),
            *("Conflicts", "Disabled", "Never sent", "Success rate"),
        ),
        [_standing_row(shop) for shop in standing],
        empty="No shops yet. Add one with: flask shop add NAME URL --key -",
    )
    print_table(
        ("Hour (UTC)", "Done", "Failed tries", "Half within", "95 % within"),
        [_period_row(period) for period in periods if period.done or period.failed],
        empty=f"Nothing was done in the last {hours} hours." if hours > 1 else "Nothing was done this hour.",
    )


def _shop_id(name: str | None) -> int | None:
    if name is None:
        return None
    try:
        return shop_register.shop_by_name(name).id
    except ShopError as error:
        fail(str(error))


def _standing_row(shop: ShopStatistics) -> tuple[str, ...]:
    counts = (shop.total, shop.synced, shop.pending, shop.syncing, shop.errors)
    rest = (shop.conflicts, shop.disabled, shop.never_sent)
    rate = "no tries" if shop.success_rate is None else f"{shop.success_rate} %"
    return (shop.name, *(f"{count:,}" for count in (*counts, *rest)), rate)


def _period_row(period: Period) -> tuple[str, ...]:
    durations = ("" if ms is None else f"{ms:,} ms" for ms in (period.p50_ms, period.p95_ms))
    return (f"{period.start:%Y-%m-%d %H:%M}", f"{period.done:,}", f"{period.failed:,}", *durations)


def _period_json(period: Period) -> dict[str, object]:
    return asdict(period) | {"start": period.start.isoformat()}
