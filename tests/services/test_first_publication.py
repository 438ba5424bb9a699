"""Before many products are published for the first time, and where something has to be said of a shop."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal

import pytest
import time_machine
from flask.testing import FlaskCliRunner

from ppm_web.extensions import db
from ppm_web.models import JobBatch, PrestaShopShop, ProductText, now
from ppm_web.practice_shop import PracticeShop, serve
from ppm_web.services.batches import control as batch_control
from ppm_web.services.batches.first_publication import UnconfirmedError
from ppm_web.services.catalog.selections import Selection
from ppm_web.services.errors import SyncRefusedError
from tests.factories import make_product, make_shop

TO_SHOP = ("sync", "products", "--shop", "Shop A")


def fill(practice: PracticeShop, count: int, price: str = "99") -> None:
    """Products of the shop's people."""
    for number in range(count):
        names = {"1": f"Old {number}", "2": f"Stary {number}"}
        practice.create(
            "products",
            {"reference": f"P-{number:02}", "price": price, "name": names, "state": "1", "active": "1"},
        )


def catalogue(count: int) -> None:
    """The same products here, with the price and the English name alone."""
    for number in range(count):
        make_product(
            f"P-{number:02}",
            price_net=Decimal(5),
            ean13=None,
            quantity=None,
            weight=None,
            texts=[ProductText(language="en", name=f"Old {number}")],
        )


def test_where_many_linked_products_would_change_nothing_is_sent_before_a_person_says_so(
    cli: FlaskCliRunner, practice_82: PracticeShop, shop_url: str, work: Callable[[], None]
) -> None:
    fill(practice_82, 25)
    shop = make_shop(shop_url)
    catalogue(25)
    with pytest.raises(UnconfirmedError):
        batch_control.bulk_sync(shop.id, Selection("all"), by="test")
    done = cli.invoke(args=[*TO_SHOP, "--all"])
    assert done.exit_code == 1
    assert "25 products that shop 'Shop A' has already would change there (" in done.stderr
    assert "price 25" in done.stderr
    dry = json.loads(cli.invoke(args=[*TO_SHOP, "--all", "--dry-run", "--json"]).stdout)["operations"]
    assert (dry["link"], dry["link_changed"], dry["create"]) == (25, 25, 0)
    assert dry["samples"][0]["operation"] == "link"
    assert {row["price"] for row in practice_82.products()} == {"99.000000"}
    assert db.session.query(JobBatch).count() == 0
    assert cli.invoke(args=[*TO_SHOP, "--all", "--yes"]).exit_code == 0
    work()
    assert {row["price"] for row in practice_82.products()} == {"5.000000"}
    assert len(practice_82.products()) == 25
    db.session.expire_all()
    assert shop.published_at is not None
    assert cli.invoke(args=[*TO_SHOP, "--all"]).exit_code == 0, "asked once, at the first publication"


def test_where_few_would_change_the_publication_goes_on_by_itself(
    cli: FlaskCliRunner, practice_82: PracticeShop, shop_url: str, work: Callable[[], None]
) -> None:
    fill(practice_82, 25, price="5")
    make_shop(shop_url)
    catalogue(25)
    for row in practice_82.rows("products"):
        practice_82.change("products", row["id"], {"id_tax_rules_group": "1"})
    done = cli.invoke(args=[*TO_SHOP, "--all"])
    assert done.exit_code == 0, done.output
    work()
    assert len(practice_82.products()) == 25


def test_a_shop_that_was_empty_is_looked_at_when_its_people_may_have_filled_it_since(
    shop: PrestaShopShop,
) -> None:
    catalogue(25)
    with time_machine.travel(now() + timedelta(days=2)), pytest.raises(UnconfirmedError):
        batch_control.bulk_sync(shop.id, Selection("all"), by="test")
    few = Selection("skus", skus=["P-00"])
    with time_machine.travel(now() + timedelta(days=2)):
        assert batch_control.bulk_sync(shop.id, few, by="test") is not None
    db.session.expire_all()
    assert shop.published_at is None, "a batch of few tells nothing of all"
    assert batch_control.bulk_sync(shop.id, Selection("all"), by="test") is not None


def test_a_batch_to_a_shop_in_another_currency_is_refused_as_a_whole(shop: PrestaShopShop) -> None:
    with serve(PracticeShop(version="8.2", currency="EUR")) as served:
        euro = make_shop(served.url, "Euro")
    make_product()
    with pytest.raises(SyncRefusedError, match="EUR"):
        batch_control.bulk_sync(euro.id, Selection("all"), by="test")
