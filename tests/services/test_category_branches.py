"""A branch of the catalogue, asked for at once."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from ppm_web.extensions import db
from ppm_web.models import ROOT_CATEGORY_ID, CategorySyncStatus, PrestaShopShop, SyncState
from ppm_web.services.errors import SyncRefusedError
from ppm_web.services.sync import branches as category_branches
from ppm_web.services.upkeep import shop_switches
from tests.factories import make_category, make_product


def rows(shop: PrestaShopShop) -> dict[int, CategorySyncStatus]:
    db.session.rollback()
    db.session.expire_all()
    return {row.category_id: row for row in db.session.query(CategorySyncStatus).filter_by(shop_id=shop.id)}


def test_a_branch_counts_its_categories_and_each_product_once(shop: PrestaShopShop) -> None:
    men, women = make_category("Clothes", "Men"), make_category("Clothes", "Women")
    make_product("A", (men, women))
    make_product("B", (make_category("Mugs"),))
    clothes = make_category("Clothes")
    found = category_branches.size_of(clothes.id)
    assert (found.categories, found.products, found.requests) == (3, 1, 6)
    assert category_branches.size_of(ROOT_CATEGORY_ID).categories == 4


def test_a_branch_gets_into_the_shop_with_all_below_it(
    shop: PrestaShopShop, work: Callable[[], None]
) -> None:
    men, mugs = make_category("Clothes", "Men"), make_category("Mugs")
    clothes = make_category("Clothes")
    assert category_branches.request_branch_sync(clothes.id, shop.id, by="a@example.com") == 2
    work()
    found = rows(shop)
    assert {found[clothes.id].state, found[men.id].state} == {SyncState.SYNCED}
    assert mugs.id not in found


def test_a_second_request_raises_each_row_and_leaves_disabled_ones(shop: PrestaShopShop) -> None:
    men, clothes = make_category("Clothes", "Men"), make_category("Clothes")
    category_branches.request_branch_sync(clothes.id, shop.id, by="a")
    db.session.execute(
        db.update(CategorySyncStatus).filter_by(category_id=men.id).values(state=SyncState.DISABLED)
    )
    db.session.commit()
    assert category_branches.request_branch_sync(clothes.id, shop.id, by="b") == 1
    found = rows(shop)
    assert (found[clothes.id].requested_revision, found[clothes.id].requested_by) == (2, "b")
    assert found[men.id].requested_revision == 1


def test_a_big_branch_hands_out_few_tickets_and_the_sweep_finds_the_rest(
    shop: PrestaShopShop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(category_branches, "TICKETS", 2)
    for number in range(5):
        make_category("Clothes", f"Size {number}")
    category_branches.request_branch_sync(make_category("Clothes").id, shop.id, by="a")
    assert sum(row.ticketed_at is not None for row in rows(shop).values()) == 2


def test_an_inactive_shop_is_refused(shop: PrestaShopShop) -> None:
    clothes = make_category("Clothes")
    shop_switches.set_active(shop, False)
    with pytest.raises(SyncRefusedError):
        category_branches.request_branch_sync(clothes.id, shop.id, by="a")
    assert not rows(shop)
