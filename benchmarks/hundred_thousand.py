"""A catalogue of 100,000 products, for the figures that need one."""

from __future__ import annotations

from collections.abc import Collection, Iterator

from benchmarks import catalog, shops, starting, working
from benchmarks.figures import Result
from benchmarks.house import open_house

NAMES = (*starting.NAMES, *working.NAMES)
PRODUCTS = 100_000
IN_SHOP = 20_000
"""The first products are really in the shop: more than the batches get to before they are cancelled."""

PRESSED = range(PRODUCTS - 13, PRODUCTS + 1)
"""The last products, which the batches do not get to; they are in the shop, too."""


def measure(wanted: Collection[str]) -> Iterator[Result]:
    """Fill the house once, and measure all that needs it."""
    with open_house() as house:
        catalog.fill_catalog(PRODUCTS)
        goods = shops.make_goods(house.folder / "shop.db", [*range(1, IN_SHOP + 1), *PRESSED])
        with house.shops(("--request-ms", shops.COSTS[1], "--data", str(goods.path))) as (url,):
            shop_id = shops.add_shop(house, "Shop A", url, goods)
            small_id = shops.add_shop(house, "Small shop", shops.another_address(url), goods)
            shops.mark_synced(shop_id, goods, PRODUCTS)
            shops.mark_synced(small_id, goods, starting.FEW)
            yield from starting.measure(wanted, house, shop_id, small_id, url, PRODUCTS)
            yield from working.measure(wanted, house, shop_id, url, PRESSED)
