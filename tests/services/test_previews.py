"""What would be sent now, found without a request and without writing."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal

import pytest

from ppm_web.extensions import db
from ppm_web.models import PrestaShopShop, ProductImage
from ppm_web.practice_shop import PracticeShop
from ppm_web.services.images import store as image_store
from ppm_web.services.publishing import previews
from ppm_web.services.publishing.outlooks import Outlook
from ppm_web.services.sync.requests import request_product_sync
from tests.factories import make_category, make_manufacturer, make_product
from tests.services.pictures import picture


def test_a_product_that_was_never_sent_would_be_created(
    practice_82: PracticeShop, shop: PrestaShopShop
) -> None:
    product = make_product(categories=(make_category("Cups"),), manufacturer=make_manufacturer())
    found = previews.preview(product.id, shop.id)
    told = {change.field: change.after for change in found.changes}
    assert found.outlook is Outlook.CREATE
    assert (told["categories"], told["manufacturer"]) == ("Home > Cups", "ACME & Sons")


def test_only_what_differs_from_the_last_push_would_be_sent(
    practice_82: PracticeShop, shop: PrestaShopShop, work: Callable[[], None]
) -> None:
    product = make_product()
    request_product_sync(product.id, shop.id, by="test")
    work()
    assert previews.preview(product.id, shop.id).outlook is Outlook.NONE
    product.price_net = Decimal("13.50")
    product.category_links = []
    db.session.commit()
    found = previews.preview(product.id, shop.id)
    assert found.outlook is Outlook.UPDATE
    assert [(each.field, each.before, each.after) for each in found.changes] == [("price", "12.5", "13.5")]


def pictures(colours: str) -> list[ProductImage]:
    """Pictures of a product by the first letters of their colours, in this order."""
    names = {"r": "red", "g": "green", "b": "blue"}
    hashes = [image_store.keep(picture(names[each])).content_hash for each in colours]
    return [
        ProductImage(position=place, source=f"{colours[place]}.png", content_hash=each)
        for place, each in enumerate(hashes)
    ]


@pytest.mark.parametrize(
    ("colours", "changes"),
    [
        ("rg", []),
        ("rgb", [("images added", "", "3")]),
        ("r", [("images removed", "2", "")]),
        ("gr", [("cover", "1", "2")]),
        ("bg", [("images added", "", "1"), ("images removed", "1", "")]),
        ("", [("images removed", "1, 2", "")]),
    ],
)
def test_pictures_are_told_by_their_numbers(
    practice_82: PracticeShop,
    shop: PrestaShopShop,
    work: Callable[[], None],
    colours: str,
    changes: list[tuple[str, str, str]],
) -> None:
    product = make_product(images=pictures("rg"))
    request_product_sync(product.id, shop.id, by="test")
    work()
    product.images = []
    db.session.commit()
    product.images = pictures(colours)
    db.session.commit()
    found = previews.preview(product.id, shop.id)
    assert [(each.field, each.before, each.after) for each in found.changes] == changes
    assert found.outlook is (Outlook.UPDATE if changes else Outlook.NONE)


def test_pictures_that_are_not_fetched_yet_are_counted_and_not_guessed(
    practice_82: PracticeShop, shop: PrestaShopShop
) -> None:
    product = make_product(images=[ProductImage(position=0, source="https://images.example/a.png")])
    found = previews.preview(product.id, shop.id)
    assert found.to_fetch == 1
    assert "images added" not in {change.field for change in found.changes}


def test_a_tax_rate_that_the_shop_does_not_have_cannot_be_sent(
    practice_82: PracticeShop, shop: PrestaShopShop
) -> None:
    found = previews.preview(make_product(tax_rate=Decimal("17.5")).id, shop.id)
    assert found.outlook is Outlook.REFUSED
    assert "No tax group" in found.problems[0]
