"""The catalogue by itself: category paths, edits, revisions, search."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal

import pytest
from sqlalchemy import select, text

from ppm_web.extensions import db
from ppm_web.models import (
    ROOT_CATEGORY_ID,
    Category,
    CategoryText,
    Manufacturer,
    Product,
    ProductCategory,
    ProductImage,
    ProductText,
)
from ppm_web.services.catalog.changes import ProductChanges, change_faults
from ppm_web.services.catalog.errors import CatalogError, InvalidEditError
from ppm_web.services.catalog.finding import (
    category_by_path,
    category_path,
    ensure_category,
    matching_products,
    product_by_sku,
)
from ppm_web.services.catalog.writing import update_product
from tests.support import Statements


def make_product(sku: str = "MUG-1", **fields: object) -> Product:
    values: dict[str, object] = {
        "price_net": Decimal("10"),
        "tax_rate": Decimal("23"),
        "texts": [ProductText(language="en", name="Mug"), ProductText(language="pl", name="Kubek")],
        "category_links": [ProductCategory(category_id=ROOT_CATEGORY_ID, position=0)],
        "images": [
            ProductImage(source="a.jpg", position=0),
            ProductImage(source="b.jpg", position=1),
        ],
    }
    product = Product(sku=sku, **(values | fields))
    db.session.add(product)
    db.session.commit()
    return product


def revision_of(product: Product | Category) -> int:
    kind = type(product)
    return db.session.scalars(select(kind.revision).where(kind.id == product.id)).one()


@pytest.mark.usefixtures("app")
def test_a_category_is_made_with_everything_above_it() -> None:
    made = ensure_category("Home > Clothes > Men")

    assert category_path(made) == "Home > Clothes > Men"
    assert made.parent is not None
    assert made.parent.parent_id == ROOT_CATEGORY_ID


@pytest.mark.usefixtures("app")
def test_a_path_finds_its_category_whatever_its_case_and_spaces() -> None:
    made = ensure_category("Home > Clothes > Men")

    for path in ("Clothes > Men", "  home>CLOTHES >  men ", "Home > Clothes > Men"):
        assert category_by_path(path) == made
        assert ensure_category(path).id == made.id
    assert db.session.query(Category).count() == 3


@pytest.mark.usefixtures("app")
def test_the_root_alone_is_a_path() -> None:
    root = category_by_path("Home")

    assert root is not None
    assert root.id == ROOT_CATEGORY_ID
    assert category_path(root) == "Home"


@pytest.mark.usefixtures("app")
def test_a_category_that_is_not_there_is_not_made_by_asking() -> None:
    assert category_by_path("Home > Nothing > Here") is None
    assert db.session.query(Category).count() == 1


@pytest.mark.usefixtures("app")
def test_categories_of_one_name_under_two_parents_are_two() -> None:
    assert ensure_category("Clothes > Sale").id != ensure_category("Gifts > Sale").id


@pytest.mark.parametrize(
    ("path", "words"),
    [
        ("", "empty name"),
        ("Home > > Men", "empty name"),
        ("Home > Clothes >", "empty name"),
        ("Home > " + "x" * 129, "128"),
        ("Home > a<b", "'<'"),
        ("Home > {a}", "'{'"),
        ("Home > a\x07b", "control character"),
        (" > ".join(["Home", *"abcdefghijklmnopqrstu"]), "20 levels"),
    ],
)
def test_a_path_that_no_shop_would_take_is_refused(path: str, words: str) -> None:
    with pytest.raises(CatalogError, match=words):
        ensure_category(path)


@pytest.mark.usefixtures("app")
def test_twenty_levels_are_taken() -> None:
    assert ensure_category(" > ".join("abcdefghijklmnopqrst")).name == "t"


@pytest.mark.usefixtures("app")
def test_a_cycle_in_the_data_does_not_hang_the_path() -> None:
    upper = ensure_category("Home > A")
    lower = ensure_category("Home > A > B")
    upper.parent_id = lower.id
    db.session.commit()
    db.session.expire_all()

    assert category_path(lower) == "… > A > B"


@pytest.mark.usefixtures("app")
def test_an_edit_writes_what_differs_and_moves_the_revision_once() -> None:
    product = make_product()

    update_product(
        product.id,
        {
            "price_net": Decimal("12.5"),
            "manufacturer": "Kiln & Sons",
            "categories": ["Home > Mugs", "Home > Sale"],
            "images": ["b.jpg", "a.jpg", "c.jpg"],
            "texts": {"en": {"name": "Big mug"}, "de": {"name": "Tasse"}},
        },
    )

    db.session.expire_all()
    assert product.price_net == Decimal("12.5")
    assert product.manufacturer is not None
    assert product.manufacturer.name == "Kiln & Sons"
    assert [category_path(link.category) for link in product.category_links] == ["Home > Mugs", "Home > Sale"]
    assert [image.source for image in product.images] == ["b.jpg", "a.jpg", "c.jpg"]
    assert {row.language: row.name for row in product.texts} == {
        "en": "Big mug",
        "pl": "Kubek",
        "de": "Tasse",
    }
    assert product.revision == 2


@pytest.mark.parametrize(
    "changes",
    [
        {"price_net": Decimal("11")},
        {"categories": ["Home > Mugs"]},
        {"images": ["b.jpg", "a.jpg"]},
        {"images": ["a.jpg"]},
        {"images": []},
        {"texts": {"en": {"description": "<p>Round</p>"}}},
        {"texts": {"pl": {"name": ""}}},
        {"manufacturer": "Kiln"},
        {"active": False},
    ],
)
@pytest.mark.usefixtures("app")
def test_every_kind_of_edit_moves_the_revision_by_one(changes: ProductChanges) -> None:
    product = make_product()

    update_product(product.id, changes)
    assert revision_of(product) == 2

    update_product(product.id, changes)
    assert revision_of(product) == 2


def test_the_same_values_again_write_nothing(statements: Statements) -> None:
    texts = [ProductText(language="en", name="Mug", slug=""), ProductText(language="pl", name="Kubek")]
    product = make_product(ean13="", texts=texts)

    with statements() as seen:
        update_product(
            product.id,
            {
                "price_net": Decimal("10.00"),
                "ean13": "",
                "categories": ["Home"],
                "images": ["a.jpg", "b.jpg"],
                "texts": {"en": {"name": "Mug", "slug": ""}, "de": {"name": ""}},
            },
        )

        assert revision_of(product) == 1
    assert not [statement for statement in seen if statement.startswith(("UPDATE", "INSERT", "DELETE"))]


@pytest.mark.usefixtures("app")
def test_what_is_not_held_is_emptied_by_an_empty_value_once() -> None:
    product = make_product()

    for _ in range(2):
        update_product(
            product.id,
            {"ean13": "", "weight": Decimal(0), "manufacturer": "", "texts": {"en": {"slug": ""}}},
        )

    assert (product.ean13, product.weight, product.manufacturer_emptied) == ("", Decimal(0), True)
    assert {text.language: text.slug for text in product.texts} == {"en": "", "pl": None}
    assert revision_of(product) == 2


@pytest.mark.usefixtures("app")
def test_quantity_and_activity_can_be_let_go_again() -> None:
    product = make_product(quantity=7, active=True)

    update_product(product.id, {"quantity": None, "active": None})

    db.session.expire_all()
    assert (product.quantity, product.active, product.revision) == (None, None, 2)


@pytest.mark.usefixtures("app")
def test_categories_can_change_places() -> None:
    product = make_product()
    update_product(product.id, {"categories": ["A", "B", "C"]})
    update_product(product.id, {"categories": ["C", "a", "B", "A"]})

    db.session.expire_all()
    assert [link.category.name for link in product.category_links] == ["C", "A", "B"]
    assert [link.position for link in product.category_links] == [0, 1, 2]
    assert product.revision == 3


@pytest.mark.parametrize(
    "edit",
    [
        lambda product: product.texts.pop(),
        lambda product: product.images.pop(),
        lambda product: product.category_links.clear(),
        lambda product: setattr(product.texts[0], "name", "Other"),
        lambda product: product.texts.append(ProductText(language="de", name="Tasse")),
        lambda product: db.session.delete(product.images[0]),
    ],
    ids=["text gone", "image gone", "categories gone", "text", "new text", "image deleted"],
)
@pytest.mark.usefixtures("app")
def test_an_edit_through_the_rows_moves_the_revision_once(edit: Callable[[Product], object]) -> None:
    product = make_product()

    edit(product)
    db.session.commit()

    assert revision_of(product) == 2


@pytest.mark.usefixtures("app")
def test_setting_a_row_to_what_it_is_moves_no_revision() -> None:
    product = make_product()

    product.texts[0].name = "Mug"
    product.price_net = Decimal("10.000000")
    db.session.commit()

    assert revision_of(product) == 1


@pytest.mark.usefixtures("app")
def test_texts_of_a_category_move_its_revision_when_they_come_and_go() -> None:
    category = ensure_category("Mugs")

    category.texts.append(CategoryText(language="pl", name="Kubki"))
    db.session.commit()
    assert revision_of(category) == 2

    category.texts.clear()
    db.session.commit()
    assert revision_of(category) == 3


@pytest.mark.parametrize(
    ("changes", "column", "words"),
    [
        ({"price_net": Decimal("-1")}, "price_net", "below 0"),
        ({"price_net": Decimal("NaN")}, "price_net", "no number"),
        ({"price_net": Decimal("1e15")}, "price_net", "too big"),
        ({"tax_rate": Decimal("101")}, "tax_rate", "0 to 100"),
        ({"tax_rate": Decimal("5.0001")}, "tax_rate", "3 decimal"),
        ({"weight": Decimal("0.0000001")}, "weight", "6 decimal"),
        ({"quantity": 2**31}, "quantity", "too big"),
        ({"ean13": "12345678901234"}, "ean13", "13"),
        ({"ean13": "٣"}, "ean13", "digits"),
        ({"manufacturer": "x" * 65}, "manufacturer", "64"),
        ({"categories": ["Home > >"]}, "categories", "empty name"),
        ({"images": ["ftp://example.com/a.jpg"]}, "images", "http"),
        ({"images": ["a.jpg", "a.jpg"]}, "images", "twice"),
        ({"texts": {"en": {"name": "x" * 129}}}, "name:en", "128"),
        ({"texts": {"en": {"name": "a\nb"}}}, "name:en", "line break"),
        ({"texts": {"en": {"meta_title": "a\x00b"}}}, "meta_title:en", "control"),
        ({"texts": {"en": {"description": "<p onclick=alert(1)>"}}}, "description:en", "onclick"),
        ({"texts": {"english": {"name": "Mug"}}}, "", "language"),
        ({"texts": {"en": {"colour": "red"}}}, "colour:en", "no text"),
    ],
)
def test_what_the_catalogue_cannot_hold_is_told_in_words(
    changes: ProductChanges, column: str, words: str
) -> None:
    (fault,) = change_faults(changes)

    assert fault.column == column
    assert words in fault.reason


@pytest.mark.usefixtures("app")
@pytest.mark.parametrize(
    ("changes", "columns"),
    [
        ({"price_net": Decimal(-1), "quantity": 2**31}, ["price_net", "quantity"]),
        ({"texts": {"en": {"name": ""}, "pl": {"name": ""}}}, ["name:en"]),
        ({"texts": {"de": {"slug": "tasse"}}}, ["name:de"]),
    ],
)
def test_an_edit_with_a_fault_is_refused_as_a_whole(changes: ProductChanges, columns: list[str]) -> None:
    product = make_product()

    with pytest.raises(InvalidEditError) as caught:
        update_product(product.id, {"active": False, **changes})

    assert [fault.column for fault in caught.value.faults] == columns
    assert all(fault.reason in str(caught.value) for fault in caught.value.faults)
    assert revision_of(product) == 1


@pytest.mark.usefixtures("app")
def test_an_edit_of_a_product_that_is_gone_is_told() -> None:
    with pytest.raises(CatalogError, match="not in the catalogue"):
        update_product(4711, {"active": False})


@pytest.mark.usefixtures("app")
def test_a_manufacturer_keeps_its_first_spelling() -> None:
    product = make_product()
    update_product(product.id, {"manufacturer": "Świt"})
    update_product(product.id, {"manufacturer": "ŚWIT"})

    assert db.session.scalars(select(Manufacturer.name)).all() == ["Świt"]


@pytest.mark.usefixtures("app")
def test_search_finds_every_word_in_sku_ean_or_any_name() -> None:
    make_product("MUG-1", ean13="5901234123457", texts=[ProductText(language="pl", name="Żółty kubek")])
    make_product("MUG-2", texts=[ProductText(language="en", name="Blue mug 50%_off")])

    def found(words: str) -> list[str]:
        return list(
            db.session.scalars(matching_products(words).with_only_columns(Product.sku).order_by(Product.sku))
        )

    assert found("") == found("mug-") == ["MUG-1", "MUG-2"]
    assert found("1234123") == found("żółty") == found("ŻÓŁTY KUB") == ["MUG-1"]
    assert found("BLUE mug-2") == found("50%_") == ["MUG-2"]
    assert found("blue kubek") == found("%%") == []


@pytest.mark.usefixtures("app")
def test_a_product_is_found_by_exactly_its_sku() -> None:
    product = make_product()

    assert product_by_sku("MUG-1") == product
    assert product_by_sku("mug-1") is None
    assert db.session.execute(text("SELECT count(*) FROM product")).scalar() == 1
