"""One store of many (R28): asked for, spoken to alone, and one of PPM's shops owns what all stores share."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
import requests
from flask import Flask

from ppm_web.extensions import db
from ppm_web.models import PrestaShopShop, SyncState
from ppm_web.practice_shop import DEFAULT_KEY, PracticeShop, serve
from ppm_web.prestashop.xml import parse
from ppm_web.services.shops import changes as shop_changes
from ppm_web.services.shops import checks as shop_checks
from ppm_web.services.shops import client as shop_client
from ppm_web.services.shops import register as shop_register
from ppm_web.services.shops import stores as shop_stores
from ppm_web.services.shops import trials as shop_trials
from ppm_web.services.shops.entries import ShopError
from ppm_web.services.sync import requests as sync_requests
from tests.factories import make_product, status_of
from tests.support import WatchedShop

Work = Callable[[], None]
STORE_KEY = "S" * 32


@pytest.fixture(params=["8.2", "9.1"])
def practice(request: pytest.FixtureRequest) -> WatchedShop:
    return WatchedShop(version=request.param, stores=True, store_key=STORE_KEY)


@pytest.fixture
def url(app: Flask, practice: PracticeShop) -> Iterator[str]:
    with serve(practice) as served:
        yield served.url


def revision(shop: PrestaShopShop) -> int:
    db.session.commit()
    db.session.refresh(shop)
    return shop.settings_revision


def stocks(practice: PracticeShop) -> dict[str, str]:
    """(Store or group) → quantity of MUG-1."""
    product = practice.find_product("MUG-1")
    assert product is not None
    return {
        f"{row['id_shop']}/{row['id_shop_group']}": str(row["quantity"])
        for row in practice.rows("stock_availables")
        if str(row["id_product"]) == str(product["id"])
    }


def test_several_stores_are_told_and_nothing_is_published_before_one_is_chosen(
    practice: PracticeShop, url: str, work: Work
) -> None:
    shop = shop_register.add_shop("Shop A", url, DEFAULT_KEY)
    [problem] = shop.problems
    assert "has 4 stores" in problem
    assert "--store ID" in problem
    product = make_product()
    sync_requests.request_product_sync(product.id, shop.id, by="test")
    work()
    status = status_of(product, shop)
    assert (status.state, status.error_code) == (SyncState.ERROR, "store")
    assert practice.find_product("MUG-1") is None
    shop_changes.set_shop(shop, store=2)
    assert shop.problems == []
    assert shop_checks.check_shop(shop.id).ok


def made_in(url: str, store: str, reference: str) -> int:
    """A product of one store, or of all: its id."""
    body = f"<prestashop><product><reference>{reference}</reference><price>1</price>"
    body += "<name><language id='1'>X</language></name><state>1</state></product></prestashop>"
    address, login = f"{url}/api/products?id_shop={store}", (DEFAULT_KEY, "")
    answer = requests.post(address, data=body, auth=login, timeout=10)
    [made] = parse(answer.content, "product")
    return int(made["id"])


@pytest.mark.parametrize(
    ("store", "after"),
    [
        (1, {"1/0": "7", "2/0": "20", "0/2": "30"}),
        (2, {"1/0": "10", "2/0": "7", "0/2": "30"}),
        (4, {"1/0": "10", "2/0": "20", "0/2": "7"}),
    ],
)
def test_stock_is_written_to_the_row_of_the_store_and_to_no_other(
    practice: PracticeShop, url: str, store: int, after: dict[str, str]
) -> None:
    product = made_in(url, "all", "MUG-1")
    for number, pieces in ((1, 10), (2, 20), (3, 30)):
        practice.back_office.in_store(number).set_stock(product, pieces)
    shop = shop_register.add_shop("Shop A", url, DEFAULT_KEY, store)
    with shop_client.client_for(shop) as client:
        row = client.stock_rows([product])[product]
        client.update_stock({row.id: 7})
    assert stocks(practice) == after


def test_a_product_that_only_another_store_has_is_found_there(url: str) -> None:
    made = made_in(url, "1", "Cup-1")
    shop = shop_register.add_shop("Two", url, DEFAULT_KEY, 2)
    with shop_client.client_for(shop) as client:
        assert client.find_in_other_stores(["CUP-1", "B"], [1, 2, 3, 4]) == {"CUP-1": {1: [made]}}
        assert client.request_count == 3


@pytest.mark.parametrize(("store", "row"), [(2, "2/0"), (3, "0/2")])
def test_a_product_and_its_stock_go_to_the_chosen_store_alone(
    practice: PracticeShop, url: str, work: Work, store: int, row: str
) -> None:
    shop = shop_register.add_shop("Shop A", url, DEFAULT_KEY, store)
    assert shop.problems == []
    product = make_product()
    sync_requests.request_product_sync(product.id, shop.id, by="test")
    work()
    assert status_of(product, shop).state is SyncState.SYNCED
    product.quantity, product.revision = 9, product.revision + 1
    db.session.commit()
    sync_requests.request_product_sync(product.id, shop.id, by="test")
    work()
    assert stocks(practice) == {row: "9"}
    assert all(
        f"id_shop={store}" in request.path or (request.method == "GET" and "reference%5D" in request.path)
        for request in practice.requests
    ), "only the look for the product asks other stores, too"


def test_a_store_that_is_not_there_is_told(url: str) -> None:
    shop = shop_register.add_shop("Shop A", url, DEFAULT_KEY, 77)
    assert [problem[:25] for problem in shop.problems] == ["The shop has no store 77:"]


def test_a_key_of_one_store_is_tried_out_and_asked_about(url: str) -> None:
    shop = shop_register.add_shop("Shop A", url, STORE_KEY)
    assert shop.profile is None
    assert "Tried out, it opens: 2." in shop.problems[0]
    shop_changes.set_shop(shop, store=2)
    checked = shop_checks.check_shop(shop.id)
    assert checked.ok, checked.problems
    assert "Store: 2." in checked.facts


def test_a_trial_offers_the_stores(url: str) -> None:
    trial = shop_trials.try_shop("Shop A", url, DEFAULT_KEY)
    assert (trial.field, [option.id for option in trial.stores]) == ("store", [1, 2, 3, 4])
    trial = shop_trials.try_shop("Shop A", url, STORE_KEY)
    assert (trial.field, [option.id for option in trial.stores]) == ("store", [2])
    assert shop_trials.try_shop("Shop A", url, DEFAULT_KEY, 3).fault == ""


def test_two_stores_of_one_address_are_two_shops_and_the_first_owns_what_is_shared(url: str) -> None:
    first, second = (
        shop_register.add_shop("One", url, DEFAULT_KEY, 1),
        shop_register.add_shop("Two", url, DEFAULT_KEY, 2),
    )
    assert (first.owns_shared, second.owns_shared) == (True, False)
    assert shop_stores.shared_fields(first) == frozenset()
    assert shop_stores.shared_fields(second) == {
        *("reference", "ean13", "weight", "width", "height", "depth", "categories")
    }
    assert shop_stores.shared_category_fields(second) == {"active", "id_parent"}
    assert any(
        "is written from here, and not by 'Two'" in fact for fact in shop_checks.check_shop(first.id).facts
    )
    assert any("is written by the shop 'One'" in fact for fact in shop_checks.check_shop(second.id).facts)


def test_the_ownership_moves_and_what_was_sent_counts_as_changed(url: str) -> None:
    first, second = (
        shop_register.add_shop("One", url, DEFAULT_KEY, 1),
        shop_register.add_shop("Two", url, DEFAULT_KEY, 2),
    )
    before = revision(first), revision(second)
    shop_changes.own_shared(second)
    assert (first.owns_shared, second.owns_shared) == (False, True)
    assert (revision(first), revision(second)) == (before[0] + 1, before[1] + 1)
    shop_changes.own_shared(second)
    assert revision(second) == before[1] + 1


@pytest.mark.parametrize(
    ("store", "words"), [(1, "is store 1 at this address"), (None, "say of both which one")]
)
def test_the_same_store_twice_or_one_that_is_not_said_is_refused(
    url: str, store: int | None, words: str
) -> None:
    shop_register.add_shop("One", url, DEFAULT_KEY, 1)
    with pytest.raises(ShopError, match=words):
        shop_register.add_shop("Two", url, DEFAULT_KEY, store)


def test_a_shop_that_leaves_the_address_leaves_the_ownership_behind(url: str, shop_url: str) -> None:
    first, second = (
        shop_register.add_shop("One", url, DEFAULT_KEY, 1),
        shop_register.add_shop("Two", url, DEFAULT_KEY, 2),
    )
    shop_changes.set_shop(first, url=shop_url, key=DEFAULT_KEY)
    db.session.refresh(second)
    assert (first.owns_shared, second.owns_shared) == (True, True)


def test_another_store_puts_all_links_in_doubt(url: str) -> None:
    shop = shop_register.add_shop("One", url, DEFAULT_KEY, 1)
    before = revision(shop)
    shop_changes.set_shop(shop, store=2)
    assert shop.check_links
    assert revision(shop) > before


def test_a_shop_with_one_store_is_not_asked_about(practice_82: PracticeShop, shop: PrestaShopShop) -> None:
    assert shop.problems == []
    assert shop_stores.shared_fields(shop) == frozenset()
    checked = shop_checks.check_shop(shop.id)
    assert not any("Store" in fact for fact in checked.facts)
