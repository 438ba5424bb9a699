"""Categories go to a shop parents first, once, and are adopted where they are there (R6)."""

from __future__ import annotations

from collections.abc import Callable

from ppm_web.extensions import db
from ppm_web.models import (
    Category,
    CategorySyncStatus,
    CategoryText,
    MappingKind,
    PrestaShopShop,
    SyncLog,
    SyncState,
)
from ppm_web.practice_shop import PracticeShop
from ppm_web.services.shops import mappings
from ppm_web.services.sync import requests as sync_requests
from tests.factories import make_category, make_product, status_of

Work = Callable[[], None]


def request(category: Category, shop: PrestaShopShop, *, force: bool = False) -> None:
    sync_requests.request_category_sync(category.id, shop.id, by="test", force=force)


def row(category: Category) -> CategorySyncStatus:
    return db.session.query(CategorySyncStatus).filter_by(category_id=category.id).one()


def names(practice: PracticeShop) -> dict[str, dict[str, object]]:
    return {found["name"]["1"]: found for found in practice.categories()}


def test_the_whole_path_is_made_parents_first(
    practice_82: PracticeShop, shop: PrestaShopShop, work: Work
) -> None:
    men = make_category("Clothes", "Men", "Shirts")
    request(men, shop)
    work()
    found = names(practice_82)
    assert found["Clothes"]["id_parent"] == "2"
    assert found["Men"]["id_parent"] == str(found["Clothes"]["id"])
    assert found["Shirts"]["id_parent"] == str(found["Men"]["id"])
    assert (row(men).state, row(men).message) == (SyncState.SYNCED, "Category created successfully")


def test_texts_of_every_language_are_sent(
    practice_82: PracticeShop, shop: PrestaShopShop, work: Work
) -> None:
    clothes = make_category("Clothes")
    clothes.texts = [
        CategoryText(language="en", name="Clothes", description="<p>All</p>"),
        CategoryText(language="pl", name="Odzież", slug="odziez-damska"),
    ]
    db.session.commit()
    request(clothes, shop)
    work()
    found = names(practice_82)["Clothes"]
    assert found["name"] == {"1": "Clothes", "2": "Odzież"}
    assert found["link_rewrite"] == {"1": "clothes", "2": "odziez-damska"}


def test_an_unchanged_category_costs_no_request(
    practice_82: PracticeShop, shop: PrestaShopShop, work: Work
) -> None:
    clothes = make_category("Clothes")
    request(clothes, shop)
    work()
    practice_82.reset_stats()
    request(clothes, shop)
    work()
    assert practice_82.stats()["total"] == 0
    assert row(clothes).message == "No changes - sync skipped"


def test_a_changed_category_is_patched(practice_82: PracticeShop, shop: PrestaShopShop, work: Work) -> None:
    clothes = make_category("Clothes")
    clothes.texts = [CategoryText(language="en", name="Clothes")]
    db.session.commit()
    request(clothes, shop)
    work()
    practice_82.reset_stats()
    text = db.session.get_one(CategoryText, (clothes.id, "en"))
    text.name = "Fashion"
    db.session.commit()
    request(clothes, shop)
    work()
    assert practice_82.counts["PATCH"] == {"categories": 1}
    assert names(practice_82)["Fashion"]["name"] == {"1": "Fashion", "2": "Clothes"}
    assert row(clothes).message == "Category updated successfully"


def test_a_category_of_that_name_below_that_parent_is_adopted(
    practice_82: PracticeShop, shop: PrestaShopShop, work: Work
) -> None:
    there = practice_82.create(
        "categories",
        {
            "active": "1",
            "id_parent": "2",
            "name": {"1": "Clothes", "2": "Odzież"},
            "link_rewrite": {"1": "c", "2": "o"},
        },
    )
    clothes = make_category("Clothes")
    request(clothes, shop)
    work()
    assert names(practice_82)["Clothes"]["id"] == there
    assert "POST" not in practice_82.counts
    assert row(clothes).state is SyncState.SYNCED


def test_two_categories_of_that_name_are_a_conflict_until_one_is_chosen(
    practice_82: PracticeShop, shop: PrestaShopShop, work: Work
) -> None:
    ids = [
        practice_82.create(
            "categories",
            {
                "active": "1",
                "id_parent": "2",
                "name": {"1": "Clothes", "2": "x"},
                "link_rewrite": {"1": "c", "2": "o"},
            },
        )
        for _ in range(2)
    ]
    clothes = make_category("Clothes")
    request(clothes, shop)
    work()
    status = row(clothes)
    assert status.state is SyncState.CONFLICT
    assert f"ids {ids[0]}, {ids[1]}" in status.message
    assert f"flask shop map 'Shop A' category {clothes.id}=ID" in status.message

    mappings.map_by_hand(shop, MappingKind.CATEGORY, "Home > Clothes", ids[1])
    request(clothes, shop)
    work()
    assert row(clothes).state is SyncState.SYNCED


def test_a_category_that_is_its_own_ancestor_is_told(
    practice_82: PracticeShop, shop: PrestaShopShop, work: Work
) -> None:
    first = make_category("First")
    second = make_category("First", "Second")
    first.parent_id = second.id
    db.session.commit()
    request(second, shop)
    product = make_product(categories=(first,))
    sync_requests.request_product_sync(product.id, shop.id, by="test")
    work()
    assert "its own ancestor" in row(second).message
    assert row(second).state is SyncState.ERROR
    assert "its own ancestor" in status_of(product, shop).message
    assert practice_82.counts.get("POST") is None


def test_the_home_category_is_the_shops_own_and_never_written(
    practice_82: PracticeShop, shop: PrestaShopShop, work: Work
) -> None:
    product = make_product()
    sync_requests.request_product_sync(product.id, shop.id, by="test")
    work()
    found = practice_82.find_product("MUG-1")
    assert found is not None
    assert found["id_category_default"] == "2"
    assert "categories" not in practice_82.counts["POST"]


def test_a_category_created_without_an_answer_is_found_and_not_made_twice(
    practice_82: PracticeShop, shop: PrestaShopShop, work: Work
) -> None:
    practice_82.strike_next("close-after-save", 1, method="POST", resource="categories")
    clothes = make_category("Clothes")
    request(clothes, shop)
    work()
    assert [found["name"]["1"] for found in practice_82.categories()].count("Clothes") == 1
    assert practice_82.counts["POST"]["categories"] == 1
    assert [line.status for line in db.session.query(SyncLog)] == ["success"]


def test_an_edit_taken_back_after_an_unanswered_change_is_sent_back_too(
    practice_82: PracticeShop, shop: PrestaShopShop, work: Work
) -> None:
    clothes = make_category("Clothes")
    request(clothes, shop)
    work()
    practice_82.strike_next("close-after-save", 1, method="PATCH", resource="categories")
    for active in (False, True):
        db.session.get_one(Category, clothes.id).active = active
        db.session.commit()
        request(clothes, shop)
        work()
    assert names(practice_82)["Clothes"]["active"] == "1"
    assert row(clothes).state is SyncState.SYNCED
