"""A few bad products among many good ones: only they fail, and the others do not pay for them."""

from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from tests.faults.crew import Crew
from tests.faults.house import HurtHouse, products
from tests.faults.shop import ShopProcess
from tests.faults.watch import engine_of, look
from tests.scenario.conftest import until

pytestmark = pytest.mark.faults

PRODUCTS = 1000
BAD = {
    97: ("description:en", "<p>Film: <embed src='film.swf'></p>", "refused the product's description"),
    333: ("meta_title:en", "Sizes {S, M, L}", "refused the product's meta title"),
    501: ("short_description:en", "<p><object data='a.pdf'></object></p>", "product's short description"),
    502: ("name:en", "Thing 502; black", "The name (en) of SKU-502 holds ';'"),
    888: ("meta_description:en", "Bore = 12 mm", "refused the product's meta description"),
}
"""Number → column, what it holds, and what its message says. Only the name is found before it is sent."""


def test_five_bad_products_among_a_thousand_fail_alone_and_cost_few_requests(tmp_path: Path) -> None:
    house = HurtHouse.build(tmp_path)
    del house.environment["PPM_GROUP_SIZE"]
    with ExitStack() as stack:
        stack.callback(house.end_broker)
        crew = Crew(house.environment, house.log, 2)
        stack.callback(crew.end)
        house.import_products(products(range(PRODUCTS)))
        clean_cost = _sync(house, stack, "Clean", created=PRODUCTS)
        house.import_products(_bad_rows())
        cost = _sync(house, stack, "Shop B", created=PRODUCTS - len(BAD), failed=len(BAD))
        failures = {failure["sku"]: failure["message"] for failure in house.json("queue", "failed")}
    assert failures.keys() == {f"SKU-{number}" for number in BAD}
    for number, (_, _, words) in BAD.items():
        assert words in failures[f"SKU-{number}"]
    print(f"{clean_cost} requests without bad products, {cost} with them")
    assert cost < 3 * clean_cost


def _bad_rows() -> list[dict[str, Any]]:
    """The bad products as rows of one import file, which has a column for each fault."""
    columns = {column: "" for column, _, _ in BAD.values()}
    return [columns | row | {BAD[n][0]: BAD[n][1]} for n, row in zip(BAD, products(BAD), strict=True)]


def _sync(house: HurtHouse, stack: ExitStack, name: str, **outcomes: int) -> int:
    """Sync everything to a shop of that name, which is empty and well; returns what it was asked."""
    shop = ShopProcess(house.environment, house.folder / "shop.log")
    stack.callback(shop.end)
    house.add_shop(shop, name)
    before = shop.requests()
    batch = house.start_batch(name)
    engine = engine_of(house.database_url)
    until(lambda: all(seen.state.ended for seen in look(engine)))
    engine.dispose()
    shown = {outcome: count for outcome, count in house.batch(batch)["outcomes"].items() if count}
    assert shown == outcomes
    held = [product.reference for product in shop.products()]
    bad = {f"SKU-{number}" for number in BAD} if "failed" in outcomes else set()
    assert sorted(held) == sorted({f"SKU-{number}" for number in range(PRODUCTS)} - bad)
    return shop.requests() - before
