"""Editing a category."""

from __future__ import annotations

import pytest
from flask import Flask

from ppm_web.extensions import db
from ppm_web.models import ROOT_CATEGORY_ID, Category, CategoryText
from ppm_web.services.catalog.category_edits import CategoryEdit, update_category
from ppm_web.services.catalog.errors import InvalidEditError
from tests.factories import make_category


def edited(
    name: str = "Clothes", parent: str = "Home", active: bool | None = True, **names: str
) -> CategoryEdit:
    return CategoryEdit(name, active, parent, names)


def fields(category: Category, edit: CategoryEdit) -> list[str]:
    with pytest.raises(InvalidEditError) as caught:
        update_category(category.id, edit)
    return [fault.column for fault in caught.value.faults]


def test_an_edit_raises_the_revision_once_and_the_same_again_not_at_all(app: Flask) -> None:
    clothes, _ = make_category("Clothes"), make_category("Sale")
    edit = edited("Garments", "Home > Sale", False, en="Garments", pl="Ubrania")
    update_category(clothes.id, edit)
    db.session.refresh(clothes)
    assert (clothes.name, clothes.active, clothes.revision) == ("Garments", False, 2)
    assert clothes.parent is not None
    assert clothes.parent.name == "Sale"
    assert {text.language: text.name for text in clothes.texts} == {"en": "Garments", "pl": "Ubrania"}
    update_category(clothes.id, edit)
    db.session.refresh(clothes)
    assert clothes.revision == 2


def test_a_category_is_not_put_below_itself(app: Flask) -> None:
    make_category("Clothes", "Men", "Socks")
    clothes = make_category("Clothes")
    for parent in ("Home > Clothes", "Home > Clothes > Men > Socks"):
        assert fields(clothes, edited(parent=parent)) == ["parent"]


def test_siblings_have_different_names_whatever_their_case(app: Flask) -> None:
    clothes, _ = make_category("Clothes"), make_category("Mugs")
    assert fields(clothes, edited("mUGS")) == ["name"]


@pytest.mark.parametrize(
    ("there", "name"), [("Żółte", "żÓŁTE"), ("Cafe\u0301", "café"), ("Big  Mugs", "big mugs")]
)
def test_siblings_have_different_names_however_they_are_written(app: Flask, there: str, name: str) -> None:
    clothes, _ = make_category("Clothes"), make_category(there)
    assert fields(clothes, edited(name)) == ["name"]


def test_a_name_is_kept_composed(app: Flask) -> None:
    category = update_category(make_category("Clothes").id, edited("Cafe\u0301", pl="Zo\u0301łw"))
    assert (category.name, category.texts[0].name) == ("Café", "Żółw".replace("Ż", "Z"))


def test_what_was_never_filled_is_not_held_and_what_was_emptied_is(app: Flask) -> None:
    clothes = make_category("Clothes")
    update_category(clothes.id, edited(active=None, en="", pl=""))
    db.session.refresh(clothes)
    assert (clothes.active, clothes.texts, clothes.revision) == (None, [], 1)
    update_category(clothes.id, edited(active=None, en="Clothes"))
    update_category(clothes.id, edited(active=None, en=""))
    db.session.refresh(clothes)
    assert ([text.name for text in clothes.texts], clothes.revision) == ([""], 3)
    update_category(clothes.id, edited(active=None, en=""))
    db.session.refresh(clothes)
    assert clothes.revision == 3


def test_a_name_that_is_not_held_beside_other_texts_stays_not_held(app: Flask) -> None:
    clothes = make_category("Clothes")
    clothes.texts = [CategoryText(language="en", name=None, description="<p>x</p>")]
    db.session.commit()
    revision = clothes.revision
    update_category(clothes.id, edited(active=None, en=""))
    db.session.refresh(clothes)
    assert (clothes.texts[0].name, clothes.revision) == (None, revision)


@pytest.mark.parametrize("name", ["", "a<b", "x" * 129, "a > b", "{}"])
def test_a_name_that_a_shop_refuses_is_refused(app: Flask, name: str) -> None:
    assert set(fields(make_category("Clothes"), edited(name))) == {"name"}


def test_all_faults_are_told_at_once_and_nothing_is_written(app: Flask) -> None:
    clothes = make_category("Clothes")
    assert fields(clothes, edited("<", "Nowhere", en="a}")) == ["name", "name:en", "parent"]
    db.session.refresh(clothes)
    assert (clothes.name, clothes.revision) == ("Clothes", 1)


def test_the_root_is_renamed_and_stays_where_it_is(app: Flask) -> None:
    make_category("Clothes")
    root = update_category(ROOT_CATEGORY_ID, edited("Start", "Home > Clothes"))
    assert (root.name, root.parent_id) == ("Start", None)
