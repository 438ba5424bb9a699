"""A shop's category is somebody's: what PPM does not hold, or has not changed, stays as the shop has it."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from ppm_web.extensions import db
from ppm_web.models import (
    Category,
    CategorySyncStatus,
    CategoryText,
    MappingKind,
    PrestaShopShop,
    SyncState,
)
from ppm_web.practice_shop import PracticeShop
from ppm_web.services.shops import mappings, remote_ids
from ppm_web.services.sync import requests as sync_requests
from tests.factories import make_category

Work = Callable[[], None]
Text = str | dict[str, str]


@pytest.fixture
def cups(practice_82: PracticeShop) -> int:
    """A category of the shop, hidden, with texts in both of its languages."""
    return there(
        practice_82, {"1": "Cups", "2": "Kubki"}, active="0", description={"1": "Nice", "2": "Ładne"}
    )


def there(practice: PracticeShop, name: Text, parent: int = 2, **fields: Text) -> int:
    names: Text = name if isinstance(name, dict) else dict.fromkeys(("1", "2"), name)
    values: dict[str, Text] = {"active": "1", "id_parent": str(parent), "name": names}
    return practice.create("categories", {**values, "link_rewrite": {"1": "a", "2": "b"}, **fields})


def sync_now(
    category: Category, shop: PrestaShopShop, work: Work, *, force: bool = False
) -> CategorySyncStatus:
    sync_requests.request_category_sync(category.id, shop.id, by="test", force=force)
    work()
    return db.session.query(CategorySyncStatus).filter_by(category_id=category.id).one()


def in_shop(practice: PracticeShop, number: int) -> dict[str, object]:
    return next(found for found in practice.categories() if found["id"] == number)


def write_text(category: Category, language: str = "en", **values: str) -> None:
    row = db.session.get(CategoryText, (category.id, language)) or CategoryText(language=language)
    row.category_id = category.id
    for name, value in values.items():
        setattr(row, name, value)
    db.session.add(row)
    db.session.commit()


def id_of(category: Category, shop: PrestaShopShop) -> int | None:
    return remote_ids.known_id(shop.id, MappingKind.CATEGORY, str(category.id))


def test_a_category_that_is_found_is_linked_and_left_as_the_shop_has_it(
    practice_82: PracticeShop, shop: PrestaShopShop, work: Work, cups: int
) -> None:
    before = in_shop(practice_82, cups)
    row = sync_now(make_category("Cups"), shop, work)
    assert (row.state, row.outcome) == (SyncState.SYNCED, "unchanged")
    assert row.message == "Category linked to the one that the shop has; nothing had to be sent"
    assert in_shop(practice_82, cups) == before
    assert practice_82.counts.keys() == {"GET"}


def test_what_is_held_of_a_linked_category_is_sent_and_nothing_else(
    practice_82: PracticeShop, shop: PrestaShopShop, work: Work, cups: int
) -> None:
    before = in_shop(practice_82, cups)
    ours = make_category("Cups")
    write_text(ours, description="<p>Ours</p>")
    row = sync_now(ours, shop, work)
    assert row.message == "Category linked to the one that the shop has, and updated successfully"
    after = in_shop(practice_82, cups)
    assert after["description"] == {"1": "<p>Ours</p>", "2": "Ładne"}
    changed = {name for name in before if before[name] != after[name]}
    assert changed == {"description", "date_upd"} & changed


@pytest.mark.parametrize(
    ("in_the_shop", "ours"),
    [
        ("Home Appliances", "home appliances"),
        ("Home  appliances ", "Home Appliances"),
        ("Cafe\u0301", "CAFÉ"),
        ({"1": "Mugs", "2": "Żółte Kubki"}, "żółte kubki"),
    ],
)
def test_a_name_that_is_written_in_another_way_is_the_same_category(
    practice_82: PracticeShop, shop: PrestaShopShop, work: Work, in_the_shop: Text, ours: str
) -> None:
    number = there(practice_82, in_the_shop)
    category = make_category(ours)
    sync_now(category, shop, work)
    assert id_of(category, shop) == number
    assert "POST" not in practice_82.counts


def test_a_category_that_the_shop_hides_or_moves_stays_so(
    practice_82: PracticeShop, shop: PrestaShopShop, work: Work
) -> None:
    category = make_category("Cups")
    write_text(category, name="Cups")
    sync_now(category, shop, work)
    number, other = id_of(category, shop), there(practice_82, "Sale")
    assert number is not None
    practice_82.back_office.edit("categories", number, {"active": "0"})
    practice_82.back_office.move_category(number, other)
    write_text(category, name="Mugs")
    row = sync_now(category, shop, work)
    after = in_shop(practice_82, number)
    assert (row.state, row.message) == (SyncState.SYNCED, "Category updated successfully")
    assert (after["active"], after["id_parent"]) == ("0", str(other))
    assert after["name"] == {"1": "Mugs", "2": "Cups"}


def test_a_category_that_is_moved_here_is_moved_there(
    practice_82: PracticeShop, shop: PrestaShopShop, work: Work
) -> None:
    category, sale = make_category("Cups"), make_category("Sale")
    sync_now(category, shop, work)
    db.session.get_one(Category, category.id).parent_id = sale.id
    db.session.commit()
    row = sync_now(category, shop, work)
    number, above = id_of(category, shop), id_of(sale, shop)
    assert number is not None
    assert row.message == "Category updated successfully"
    assert in_shop(practice_82, number)["id_parent"] == str(above)


def test_a_category_that_is_moved_here_and_there_is_a_conflict_told_by_paths(
    practice_82: PracticeShop, shop: PrestaShopShop, work: Work
) -> None:
    category, sale = make_category("Cups"), make_category("Sale")
    sync_now(category, shop, work)
    number, other = id_of(category, shop), there(practice_82, "Outlet")
    assert number is not None
    practice_82.back_office.move_category(number, other)
    db.session.get_one(Category, category.id).parent_id = sale.id
    db.session.commit()
    row = sync_now(category, shop, work)
    assert row.state is SyncState.CONFLICT
    assert f"conflict in parent category: PPM Home > Sale, shop no. {other}, last known no. 2" in row.message
    assert in_shop(practice_82, number)["id_parent"] == str(other)


def test_a_text_that_was_changed_here_and_there_is_a_conflict_and_the_rest_is_sent(
    practice_82: PracticeShop, shop: PrestaShopShop, work: Work
) -> None:
    category = make_category("Mug")
    write_text(category, name="Mug")
    sync_now(category, shop, work)
    number = id_of(category, shop)
    assert number is not None
    practice_82.back_office.edit("categories", number, {"name": {"1": "Mugs"}})
    write_text(category, name="Cups", description="<p>All</p>")
    row = sync_now(category, shop, work)
    assert row.state is SyncState.CONFLICT
    assert "conflict in name (en): PPM Cups, shop Mugs, last known Mug" in row.message
    assert row.conflicts == {"name.1": {"base": "Mug", "ours": "Cups", "theirs": "Mugs"}}
    assert in_shop(practice_82, number)["name"] == {"1": "Mugs", "2": "Mug"}
    assert in_shop(practice_82, number)["description"] == {"1": "<p>All</p>", "2": ""}

    assert sync_now(category, shop, work, force=True).state is SyncState.SYNCED
    assert in_shop(practice_82, number)["name"] == {"1": "Cups", "2": "Mug"}


def test_the_same_change_here_and_there_is_no_conflict(
    practice_82: PracticeShop, shop: PrestaShopShop, work: Work
) -> None:
    category = make_category("Mug")
    write_text(category, name="Mug")
    sync_now(category, shop, work)
    number = id_of(category, shop)
    assert number is not None
    practice_82.back_office.edit("categories", number, {"name": {"1": "Cups"}})
    write_text(category, name="Cups")
    practice_82.reset_stats()
    row = sync_now(category, shop, work)
    assert (row.state, row.message) == (SyncState.SYNCED, "No changes - sync skipped")
    assert practice_82.counts == {"GET": {"categories": 1}}


@pytest.mark.parametrize("fault", ["close-after-save", "close-before-save"])
def test_after_a_lost_answer_only_what_was_under_way_is_looked_at(
    practice_82: PracticeShop, shop: PrestaShopShop, work: Work, fault: str
) -> None:
    category = make_category("Mug")
    write_text(category, name="Mug", description="<p>1</p>")
    sync_now(category, shop, work)
    number = id_of(category, shop)
    assert number is not None
    practice_82.strike_next(fault, 1, method="PATCH", resource="categories")
    write_text(category, name="Cups")
    row = sync_now(category, shop, work)
    assert row.sending == {"name": {"1": "Cups"}}
    practice_82.back_office.edit("categories", number, {"description": {"1": "<p>theirs</p>"}})
    write_text(category, name="Mug")  # taken back
    row = sync_now(category, shop, work)
    assert (row.state, row.sending) == (SyncState.SYNCED, None)
    assert in_shop(practice_82, number)["name"] == {"1": "Mug", "2": "Mug"}
    assert in_shop(practice_82, number)["description"] == {"1": "<p>theirs</p>", "2": "<p>1</p>"}


def test_a_refused_change_is_not_under_way_any_more(
    practice_82: PracticeShop, shop: PrestaShopShop, work: Work
) -> None:
    category = make_category("Mug")
    sync_now(category, shop, work)
    practice_82.strike_next("429", 1, method="PATCH", resource="categories")
    write_text(category, name="Cups")
    row = sync_now(category, shop, work)
    assert (row.state, row.sending) == (SyncState.PENDING, None)


def test_a_category_that_was_deleted_there_is_told_and_made_again_by_force(
    practice_82: PracticeShop, shop: PrestaShopShop, work: Work
) -> None:
    category = make_category("Clothes", "Men")
    sync_now(category, shop, work)
    number = id_of(category, shop)
    assert number is not None
    practice_82.back_office.delete_category(number)
    write_text(category, name="Gents")
    row = sync_now(category, shop, work)
    assert row.state is SyncState.CONFLICT
    assert "someone deleted it there" in row.message
    assert "flask sync category 'Home > Clothes > Men' --shop 'Shop A' --force" in row.message
    row = sync_now(category, shop, work, force=True)
    assert (row.state, row.message) == (SyncState.SYNCED, "Category created successfully")
    assert in_shop(practice_82, id_of(category, shop) or 0)["name"] == {"1": "Gents", "2": "Gents"}


def test_a_category_that_was_set_by_hand_is_not_moved_and_not_switched_on(
    practice_82: PracticeShop, shop: PrestaShopShop, work: Work, cups: int
) -> None:
    category = make_category("Clothes", "Men")
    mappings.map_by_hand(shop, MappingKind.CATEGORY, "Home > Clothes > Men", cups)
    before = in_shop(practice_82, cups)
    assert sync_now(category, shop, work).state is SyncState.SYNCED
    assert in_shop(practice_82, cups) == before
