"""How many requests 100 products cost, by the shop's own count, with 50 products a request."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator

from benchmarks import batch_runs, catalog, shops
from benchmarks.batch_runs import Run
from benchmarks.figures import Figure, Result, Side
from benchmarks.house import House, open_house

NAMES = ("requests_created_100", "requests_price_100", "requests_stock_100", "requests_unchanged_100")
PRODUCTS = 100


def measure(wanted: Collection[str]) -> Iterator[Result]:
    """Create 100 products in an empty shop, change their prices, their stock, and nothing."""
    with open_house() as house:
        catalog.fill_catalog(PRODUCTS)
        goods = shops.make_goods(house.folder / "shop.db", [])
        with house.shops(("--data", str(goods.path))) as (url,), house.workers(2):
            shop_id = shops.add_shop(house, "Shop A", url, goods)
            for name, act in zip(NAMES, _acts(house, shop_id), strict=True):
                shops.forget_requests(url)
                act()
                if name in wanted:
                    yield _figure(name, shops.requests_of(url))


def _acts(house: House, shop_id: int) -> list[Callable[[], object]]:
    def run() -> Run:
        return batch_runs.run(house, [shop_id])

    def change_prices() -> None:
        catalog.raise_prices()
        run().expect(updated=PRODUCTS)

    def change_stock() -> None:
        catalog.raise_stock()
        run().expect(updated=PRODUCTS)

    def change_nothing() -> None:
        run().expect(unchanged=PRODUCTS)
        catalog.touch()
        run().expect(unchanged=PRODUCTS)

    return [lambda: run().expect(created=PRODUCTS), change_prices, change_stock, change_nothing]


def _figure(name: str, requests: int) -> Figure:
    what = {
        "requests_created_100": "created",
        "requests_price_100": "with another price",
        "requests_stock_100": "with another stock",
        "requests_unchanged_100": "unchanged, and once more saved without a change",
    }[name]
    return Figure(
        name,
        requests,
        Side(requests, "requests", "as the shop counted them"),
        Side(PRODUCTS, "products", what),
    )
