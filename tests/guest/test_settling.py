"""Conflicts and products of other stores: what is told, and what a person settles with the flask command."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskCliRunner

from ppm_web.models import PrestaShopShop, ProductSyncStatus
from ppm_web.practice_shop import DEFAULT_KEY, PracticeShop, serve
from ppm_web.services.shops import register as shop_register
from tests.factories import status_of
from tests.services.import_files import product

Work = Callable[[], None]


@pytest.fixture
def say(cli: FlaskCliRunner) -> Callable[..., str]:
    def run(*arguments: str, status: int = 0) -> str:
        done = cli.invoke(args=list(arguments))
        assert done.exit_code == status, done.output
        return done.output

    return run


@pytest.fixture
def publish(
    say: Callable[..., str], shop: PrestaShopShop, work: Work, tmp_path: Path
) -> Callable[[str, str], ProductSyncStatus]:
    """Import a header and a line, sync that product to Shop A, and return its row."""

    def published(header: str, line: str) -> ProductSyncStatus:
        (tmp_path / "file.csv").write_text(f"{header}\n{line}\n", encoding="utf-8")
        say("catalog", "import", str(tmp_path / "file.csv"))
        sku = line.split(",", maxsplit=1)[0]
        say("sync", "product", sku, "--shop", "Shop A")
        work()
        return status_of(product(sku), shop)

    return published


Publish = Callable[[str, str], ProductSyncStatus]
Say = Callable[..., str]


def theirs(practice: PracticeShop, reference: str, **fields: str | dict[str, str]) -> int:
    """A product of the shop's people."""
    values: dict[str, Any] = {
        "reference": reference,
        "price": "99",
        "state": "1",
        "name": {"1": "Old", "2": "Stara"},
        "link_rewrite": {"1": "old", "2": "stara"},
    }
    return practice.create("products", values | fields)


def row(practice: PracticeShop, identifier: int) -> dict[str, Any]:
    found = practice.row("products", identifier)
    assert found is not None
    return found


def test_stock_goes_to_the_row_of_the_chosen_store_and_the_other_keeps_its_own(
    say: Say, work: Work, tmp_path: Path
) -> None:
    practice = PracticeShop("8.2", stores=True)
    made = practice.in_store(1, 2).create(
        "products", {"reference": "CUP-1", "price": "5", "state": "1", "name": {"1": "Cup", "2": "Kubek"}}
    )
    for store, pieces in ((1, 10), (2, 20)):
        practice.back_office.in_store(store).set_stock(made, pieces)
    (tmp_path / "file.csv").write_text("sku,price_net,tax_rate,quantity,name:en\nCUP-1,5,23,7,Cup\n")
    say("catalog", "import", str(tmp_path / "file.csv"))
    with serve(practice) as served:
        shop_register.add_shop("Two", served.url, DEFAULT_KEY, 2)
        say("sync", "product", "CUP-1", "--shop", "Two")
        work()
    assert (practice.in_store(1).stock_of(made), practice.in_store(2).stock_of(made)) == (10, 7)


@pytest.mark.parametrize(("side", "price"), [("--ours", "12.000000"), ("--theirs", "13.500000")])
def test_a_conflict_in_price_is_told_with_three_values_and_settled(
    practice_82: PracticeShop,
    shop: PrestaShopShop,
    publish: Publish,
    say: Say,
    work: Work,
    side: str,
    price: str,
) -> None:
    header = "sku,price_net,tax_rate,name:en"
    made = publish(header, "CUP-1,11.00,23,Cup").external_id or 0
    practice_82.back_office.edit("products", made, {"price": "13.5"})
    status = publish(header, "CUP-1,12.00,23,Cup")
    assert status.state == "conflict"
    assert "conflict in price: PPM 12.00, shop 13.50, last known 11.00" in status.message
    assert row(practice_82, made)["price"] == "13.500000"
    assert "Settled price" in say("sync", "settle", "CUP-1", "--shop", "Shop A", side)
    work()
    assert row(practice_82, made)["price"] == price
    assert product("CUP-1").price_net == Decimal(price)
    assert status_of(product("CUP-1"), shop).state == "synced"


def test_a_product_that_only_another_store_has_is_told_and_taken_in_when_a_person_says_so(
    say: Say, work: Work, tmp_path: Path
) -> None:
    practice = PracticeShop("8.2", stores=True)
    made = theirs(practice, "CUP-1")
    (tmp_path / "file.csv").write_text("sku,price_net,tax_rate,name:en\nCUP-1,5,23,Cup\n")
    say("catalog", "import", str(tmp_path / "file.csv"))
    with serve(practice) as served:
        shop = shop_register.add_shop("Two", served.url, DEFAULT_KEY, 2)
        say("sync", "product", "CUP-1", "--shop", "Two")
        work()
        status = status_of(product("CUP-1"), shop)
        assert status.state == "conflict"
        assert f"Store 1 of this PrestaShop has CUP-1 (id {made})" in status.message
        say("sync", "settle", "CUP-1", "--shop", "Two", "--ours")
        work()
    assert status_of(product("CUP-1"), shop).external_id == made
    assert [each["price"] for each in practice.in_store(2).products("CUP-1")] == ["5.000000"]
    assert [each["price"] for each in practice.in_store(1).products("CUP-1")] == ["99.000000"]
