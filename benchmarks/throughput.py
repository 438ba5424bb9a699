"""Throughput to one shop with a real shop's costs, beside bare loops and beside Celery."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from contextlib import ExitStack
from statistics import median

from benchmarks import batch_runs, beside_celery, catalog, shops, wire
from benchmarks.figures import Result, Side, ratio
from benchmarks.house import House, open_house
from benchmarks.shops import Goods

NAMES = ("throughput_vs_wire", "throughput_vs_single", "throughput_vs_celery")
PRODUCTS = 1000
ROUNDS = 3
WORKERS = 2
SMALLER = {"throughput_vs_wire": 500, "throughput_vs_single": 200, "throughput_vs_celery": 300}
"""How many of the products a yardstick sends: enough to last five seconds or so."""

WHAT = {
    "throughput_vs_wire": f"a bare loop with {wire.TOGETHER} products a PATCH",
    "throughput_vs_single": "a bare loop with one PATCH a product",
    "throughput_vs_celery": f"Celery with one task a product, {beside_celery.PROCESSES} processes",
}


def measure(wanted: Collection[str]) -> Iterator[Result]:
    """Change the price of every product, and send that by PPM and by each yardstick in turn.

    The yardsticks send to a twin of the shop: PPM would find what they have changed, and leave it.
    """
    names = [name for name in NAMES if name in wanted]
    with open_house() as house, ExitStack() as running:
        catalog.fill_catalog(PRODUCTS)
        goods = shops.make_goods(house.folder / "shop.db", range(1, PRODUCTS + 1))
        twin = goods.copy(house.folder / "twin.db")
        url, twin_url = running.enter_context(
            house.shops(*((*shops.COSTS, "--data", str(each.path)) for each in (goods, twin)))
        )
        shop_id = shops.add_shop(house, "Shop A", url, goods)
        shops.mark_synced(shop_id, goods, PRODUCTS)
        running.enter_context(house.workers(WORKERS))
        yardsticks = _yardsticks(names, house, goods, shop_id, twin_url, running)
        ours, theirs = _rounds(house, shop_id, yardsticks)
    what = f"PPM with {WORKERS} workers, {PRODUCTS} new prices, median of {ROUNDS}"
    for name in names:
        numerator = Side(median(ours), "products/s", what)
        denominator = Side(median(theirs[name]), "products/s", f"{WHAT[name]}, median of {ROUNDS}")
        yield ratio(name, numerator, denominator)


def _rounds(
    house: House, shop_id: int, yardsticks: dict[str, Callable[[], float]]
) -> tuple[list[float], dict[str, list[float]]]:
    ours: list[float] = []
    theirs: dict[str, list[float]] = {name: [] for name in yardsticks}
    for _ in range(ROUNDS):
        catalog.raise_prices()
        for name, rate in yardsticks.items():
            theirs[name].append(rate())
        run = batch_runs.run(house, [shop_id]).expect(updated=PRODUCTS)
        ours.append(PRODUCTS / run.seconds)
    return ours, theirs


def _yardsticks(
    names: list[str], house: House, goods: Goods, shop_id: int, url: str, running: ExitStack
) -> dict[str, Callable[[], float]]:
    """Name → a function that sends some of the changes and tells the rate in products a second."""

    def numbers(name: str) -> range:
        return range(1, SMALLER[name] + 1)

    def together() -> float:
        return wire.rate_together(url, wire.changes_of(shop_id, goods, numbers("throughput_vs_wire")))

    def one_by_one() -> float:
        return wire.rate_one_by_one(url, wire.changes_of(shop_id, goods, numbers("throughput_vs_single")))

    made: dict[str, Callable[[], float]] = {
        "throughput_vs_wire": together,
        "throughput_vs_single": one_by_one,
    }
    if "throughput_vs_celery" in names:
        celery = running.enter_context(beside_celery.celery_workers(house, goods))
        made["throughput_vs_celery"] = lambda: celery.rate(shop_id, url, numbers("throughput_vs_celery"))
    return {name: made[name] for name in names}
