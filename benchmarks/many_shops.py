"""Several shops at once, and what a dead one among them costs the others."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from statistics import median

from benchmarks import batch_runs, catalog, shops
from benchmarks.figures import Figure, Result, Side, ratio
from benchmarks.house import House, open_house
from ppm_web.cli.processes import free_port
from ppm_web.extensions import db
from ppm_web.models import PrestaShopShop, now
from ppm_web.practice_shop import DEFAULT_KEY
from ppm_web.services.batches import control as batch_control
from ppm_web.services.shops.changes import set_shop
from ppm_web.services.upkeep.shop_switches import resume_shop

NAMES = ("two_shops", "four_shops", "dead_shop_cost")
PRODUCTS = 800
ROUNDS = 3
WORKERS = 4
"""As many as shops, and the same for every figure: two could not serve four shops better than two."""

ALIVE_BESIDE_THE_DEAD = 3


def measure(wanted: Collection[str]) -> Iterator[Result]:
    """Change the price of every product, and send that to one, two and four shops, in turn."""
    rates: dict[str, list[float]] = {}
    with open_house() as house:
        catalog.fill_catalog(PRODUCTS)
        goods = shops.make_goods(house.folder / "shop-1.db", range(1, PRODUCTS + 1))
        files = [goods.path, *(goods.copy(house.folder / f"shop-{n}.db").path for n in (2, 3, 4))]
        with house.shops(*((*shops.COSTS, "--data", str(path)) for path in files)) as urls:
            shop_ids = [
                shops.add_shop(house, f"Shop {number}", url, goods) for number, url in enumerate(urls, 1)
            ]
            dead_id = shops.add_shop(house, "Dead shop", shops.another_address(urls[0]), goods)
            for shop_id in (*shop_ids, dead_id):
                shops.mark_synced(shop_id, goods, PRODUCTS)
            _kill(dead_id)
            with house.workers(WORKERS):
                for _ in range(ROUNDS):
                    _round(house, shop_ids, dead_id, wanted, rates)
    yield from _figures(wanted, {side: median(found) for side, found in rates.items()})


def _kill(shop_id: int) -> None:
    """Let nobody listen any more where the shop is."""
    shop = db.session.get_one(PrestaShopShop, shop_id)
    set_shop(shop, url=f"http://127.0.0.1:{free_port(20_000)}", key=DEFAULT_KEY)


def _round(
    house: House,
    shop_ids: Sequence[int],
    dead_id: int,
    wanted: Collection[str],
    rates: dict[str, list[float]],
) -> None:
    sides = {"one": 1, "two": 2 * ("two_shops" in wanted), "four": 4 * ("four_shops" in wanted)}
    if not sides["two"] and not sides["four"]:
        sides = {}
    if "dead_shop_cost" in wanted:
        sides |= {"without": ALIVE_BESIDE_THE_DEAD, "with": ALIVE_BESIDE_THE_DEAD}
    for side, count in sides.items():
        if count:
            catalog.raise_prices()
            rate = _rate(house, shop_ids[:count], [dead_id] if side == "with" else [])
            rates.setdefault(side, []).append(rate)


def _rate(house: House, shop_ids: Sequence[int], dead_ids: Sequence[int]) -> float:
    """Products a second into the living shops. The dead one's batch is started first."""
    began = now()
    dead = [batch_runs.start(shop_id) for shop_id in dead_ids]
    alive = [batch_runs.start(shop_id) for shop_id in shop_ids]
    products = PRODUCTS * len(alive)
    run = batch_runs.wait(house, alive, began).expect(updated=products)
    for batch_id in dead:
        batch_control.cancel(batch_id)
    for shop_id in dead_ids:
        resume_shop(db.session.get_one(PrestaShopShop, shop_id, populate_existing=True))
    return products / run.seconds


def _figures(wanted: Collection[str], rates: dict[str, float]) -> Iterator[Result]:
    for name, side in (("two_shops", "two"), ("four_shops", "four")):
        if name in wanted:
            yield ratio(name, _side(rates[side], f"{side} shops"), _side(rates["one"], "one shop"))
    if "dead_shop_cost" in wanted:
        alive = f"{ALIVE_BESIDE_THE_DEAD} shops"
        yield Figure(
            "dead_shop_cost",
            1 - rates["with"] / rates["without"],
            _side(rates["with"], f"{alive} beside one at whose address nobody listens"),
            _side(rates["without"], f"the same {alive} alone"),
        )


def _side(rate: float, what: str) -> Side:
    return Side(rate, "products/s", f"{what}, {WORKERS} workers, median of {ROUNDS}")
