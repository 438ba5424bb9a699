"""How many requests the stock of 10,000 products costs, by the shop's own count (R36)."""

from __future__ import annotations

from collections.abc import Collection, Iterator

from benchmarks import batch_runs, catalog, shops
from benchmarks.figures import Figure, Result, Side
from benchmarks.house import open_house

NAMES = ("requests_stock_10k",)
PRODUCTS = 10_000


def measure(wanted: Collection[str]) -> Iterator[Result]:
    """Put one more piece of every product on stock, and send that."""
    with open_house() as house:
        catalog.fill_catalog(PRODUCTS)
        goods = shops.make_goods(house.folder / "shop.db", range(1, PRODUCTS + 1))
        with house.shops(("--data", str(goods.path))) as (url,), house.workers(2):
            shop_id = shops.add_shop(house, "Shop A", url, goods)
            shops.mark_synced(shop_id, goods, PRODUCTS)
            catalog.raise_stock()
            shops.forget_requests(url)
            batch_runs.run(house, [shop_id]).expect(updated=PRODUCTS)
            requests = shops.requests_of(url)
    numerator = Side(requests, "requests", "as the shop counted them")
    yield Figure(NAMES[0], requests, numerator, Side(PRODUCTS, "products", "with another stock"))
