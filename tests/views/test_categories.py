"""The tree of categories, a category's page, and the sync of one and of a branch."""

from __future__ import annotations

from typing import Any

import pytest
from flask import Flask

from ppm_web.extensions import db
from ppm_web.models import Category, CategorySyncStatus, PrestaShopShop, SyncState
from tests.factories import make_category
from tests.factories import make_product as make_product_in
from tests.views.conftest import Browser
from tests.views.rows import make_shop

HTMX = {"HX-Request": "true"}


@pytest.fixture
def men(app: Flask) -> Category:
    return make_category("Clothes", "Men")


def status(category: Category, shop: PrestaShopShop, state: SyncState, **values: Any) -> None:
    db.session.add(CategorySyncStatus(category_id=category.id, shop_id=shop.id, state=state, **values))
    db.session.commit()


def test_without_categories_the_page_says_where_they_come_from(viewer: Browser) -> None:
    assert "There are no categories yet" in viewer.get("/categories").text


def test_the_tree_shows_the_first_level_with_its_states_and_opens_by_the_address(
    viewer: Browser, men: Category
) -> None:
    shop, clothes = make_shop(), men.parent
    assert clothes is not None
    make_product_in("A", (clothes,))
    status(clothes, shop, SyncState.ERROR, message="The parent is gone")
    page = viewer.get("/categories").text
    for words in ("Clothes", "1 product", "1 category in it", "Error", "The parent is gone", "Shop A"):
        assert words in page
    assert ">Men</a>" not in page
    assert ">Men</a>" in viewer.get(f"/categories?open={clothes.id}").text
    level = viewer.get(f"/categories/{clothes.id}/children", headers=HTMX).text
    assert ">Men</a>" in level
    assert "<html" not in level


def test_a_search_finds_names_in_any_language_and_shows_paths(viewer: Browser, men: Category) -> None:
    assert "Home &gt; Clothes &gt; Men" in viewer.get("/categories?q=MEN").text
    assert "No category is called" in viewer.get("/categories?q=socks").text


def test_a_big_level_pages_and_costs_as_many_statements_as_a_small_one(
    app: Flask, viewer: Browser, statements: Any
) -> None:
    app.config["PAGE_SIZE"] = 5
    make_category("Clothes 00")
    shops = [make_shop(f"Shop {letter}") for letter in "ABCDE"]
    with statements() as few:
        viewer.get("/categories")
    for number in range(12):
        status(make_category(f"Clothes {number:02}"), shops[number % 5], SyncState.SYNCED)
    with statements() as many:
        page = viewer.get("/categories").text
    assert len(many) == len(few) < 12
    assert "Clothes 04" in page
    assert "Clothes 05" not in page
    last = db.session.query(Category).filter_by(name="Clothes 04").one().id
    assert f"after={last}" in page
    following = viewer.get(f"/categories/1/children?after={last}").text
    assert "Clothes 05" in following
    assert "Clothes 04" not in following


def test_rubbish_in_the_address_does_no_harm(manager: Browser, men: Category) -> None:
    for path in (
        "/categories?open=x&open=-1&open=99999999999999",
        "/categories?q=%00&after=abc",
        "/categories?q=%25_&after=99999",
        "/categories/1/children?after=0",
        f"/categories/{men.id}/branch?shop=zzz",
    ):
        assert manager.get(path).status_code == 200, path
    for path in ("/categories/99999/edit", "/categories/99999/children", "/categories/99999/branch"):
        assert manager.get(path).status_code == 404, path
    assert manager.send(f"/categories/{men.id}/branch", {"shop": "x"}).status_code == 303


def test_a_viewer_sees_states_and_may_change_nothing(viewer: Browser, men: Category) -> None:
    shop = make_shop()
    page = viewer.get(f"/categories/{men.id}/edit").text
    assert "Never sent" in page
    assert "Working name" not in page
    assert "sync-button" not in page
    for path in ("edit", f"shops/{shop.id}/sync", "branch"):
        assert viewer.send(f"/categories/{men.id}/{path}").status_code == 403
    assert viewer.get(f"/categories/{men.id}/branch").status_code == 403


def test_a_category_is_asked_for_with_and_without_htmx(manager: Browser, men: Category) -> None:
    shop = make_shop()
    path = f"/categories/{men.id}/shops/{shop.id}/sync"
    answer = manager.send(path, headers=HTMX)
    assert "data-poll" in answer.text
    assert "ppm:tell" in answer.headers["HX-Trigger-After-Swap"]
    assert manager.send(path).status_code == 303
    assert 'data-state="pending"' in manager.get(path).text
    status_row = db.session.query(CategorySyncStatus).one()
    assert status_row.requested_revision == 2
    db.session.execute(db.update(PrestaShopShop).values(active=False))
    assert manager.send(path, headers=HTMX).status_code == 409


def test_a_branch_says_its_size_first_and_then_asks_for_it(manager: Browser, men: Category) -> None:
    shop, other = make_shop("Shop A"), make_shop("Shop B")
    make_product_in("A", (men,))
    page = manager.get(f"/categories/{men.parent_id}/branch").text
    for words in (
        "Sync 2 categories?",
        "about 4 requests",
        "1 product is in them",
        "/batches/new?which=category",
    ):
        assert words in page
    assert not db.session.query(CategorySyncStatus).count()
    manager.send(f"/categories/{men.parent_id}/branch", {"shop": str(shop.id)})
    assert "2 categories are being synced." in manager.get("/categories").text
    asked = db.session.query(CategorySyncStatus).all()
    assert {row.shop_id for row in asked} == {shop.id} != {other.id}


def test_an_edit_is_saved_and_a_mistake_is_told_at_its_field(manager: Browser, men: Category) -> None:
    path, fields = f"/categories/{men.id}/edit", {"name": "Gents", "parent": "Home > Clothes", "active": "on"}
    assert manager.send(path, fields | {"name-pl": "Panowie"}).status_code == 303
    page = manager.get(path).text
    assert "Saved." in page
    assert 'value="Panowie"' in page
    answer = manager.send(path, fields | {"parent": "Nowhere", "name-pl": "a<b"})
    assert answer.status_code == 422
    assert 'id="parent-fault"' in answer.text
    assert 'id="name-pl-fault"' in answer.text
    assert 'value="a&lt;b"' in answer.text


@pytest.mark.parametrize(("choice", "active"), [("on", True), ("off", False), ("shop", None)])
def test_a_category_is_shown_hidden_or_left_as_the_shop_has_it(
    manager: Browser, men: Category, choice: str, active: bool | None
) -> None:
    path = f"/categories/{men.id}/edit"
    assert 'value="shop" checked' in manager.get(path).text
    fields = {"name": "Men", "parent": "Home > Clothes", "active": choice}
    assert manager.send(path, fields).status_code == 303
    db.session.expire_all()
    assert db.session.get_one(Category, men.id).active is active
    assert f'value="{choice}" checked' in manager.get(path).text
    assert f'value="{choice}" checked' in manager.send(path, fields | {"parent": "Nowhere"}).text


def test_a_form_without_the_choice_leaves_it_as_it_is(manager: Browser, men: Category) -> None:
    men.active = False
    db.session.commit()
    manager.send(f"/categories/{men.id}/edit", {"name": "Men", "parent": "Home > Clothes"})
    db.session.expire_all()
    assert db.session.get_one(Category, men.id).active is False


def test_a_name_that_was_never_filled_says_that_it_is_as_the_shop_has_it(
    manager: Browser, men: Category
) -> None:
    path, fields = f"/categories/{men.id}/edit", {"name": "Men", "parent": "Home > Clothes"}
    assert manager.get(path).text.count('placeholder="as the shop has it"') == 2
    manager.send(path, fields | {"name-pl": "Panowie"})
    manager.send(path, fields | {"name-pl": ""})
    page = manager.get(path).text
    assert page.count('placeholder="as the shop has it"') == 1
    assert 'placeholder="Men"' in page


def test_only_a_category_that_is_hidden_here_is_marked_so(viewer: Browser, men: Category) -> None:
    assert "not active" not in viewer.get("/categories").text
    assert men.parent is not None
    men.parent.active = False
    db.session.commit()
    assert "not active" in viewer.get("/categories").text
