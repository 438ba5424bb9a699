"""Pictures that a shop has already are taken as ours, and not sent again (idea 6)."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from flask import Flask

from ppm_web.extensions import db
from ppm_web.models import PrestaShopShop, ProductImage, RemoteImage, SyncState
from ppm_web.practice_shop import PracticeShop
from ppm_web.services.images import store as image_store
from ppm_web.services.publishing import taken_images
from ppm_web.services.sync import requests as sync_requests
from tests.factories import make_product, status_of
from tests.services.pictures import noise, opened, picture, saved

Work = Callable[[], None]


@pytest.fixture
def pictures() -> dict[str, bytes]:
    """Some pictures that look different."""
    return {letter: noise("PNG", size=(240, 180)) for letter in "abcd"}


@pytest.fixture
def there(app: Flask, practice_82: PracticeShop, tmp_path: Path) -> int:
    """A product of the shop that PPM has not linked yet."""
    app.config["IMAGE_FOLDER"] = str(tmp_path / "images")
    return practice_82.create("products", {"reference": "MUG-1", "price": "1", "name": {"1": "Mug"}})


def as_jpeg(data: bytes) -> bytes:
    return saved(opened(data), "JPEG", quality=90)


def publish(shop: PrestaShopShop, work: Work, *contents: bytes) -> None:
    """Link the product MUG-1 with these pictures to the shop's, or publish them anew."""
    images = [
        ProductImage(position=place, source=f"{place}.png", content_hash=image_store.keep(data).content_hash)
        for place, data in enumerate(contents)
    ]
    product = make_product(images=images)
    sync_requests.request_product_sync(product.id, shop.id, by="test")
    work()
    row = status_of(product, shop)
    assert row.state is SyncState.SYNCED, row.message


@pytest.mark.parametrize("kept", ["as they were sent", "written anew"])
def test_the_pictures_of_a_linked_product_are_not_sent_again_and_its_cover_stays(
    practice_82: PracticeShop,
    shop: PrestaShopShop,
    work: Work,
    there: int,
    pictures: dict[str, bytes],
    kept: str,
) -> None:
    for letter in "ab":
        data = pictures[letter] if kept == "as they were sent" else as_jpeg(pictures[letter])
        practice_82.back_office.add_image(there, data)
    before = practice_82.images(there)
    publish(shop, work, pictures["a"], pictures["b"])
    assert practice_82.images(there) == before
    assert db.session.query(RemoteImage).count() == 2
    assert "images" not in practice_82.counts.get("POST", {})


def test_only_what_the_shop_lacks_is_sent_and_what_is_its_own_stays(
    practice_82: PracticeShop, shop: PrestaShopShop, work: Work, there: int, pictures: dict[str, bytes]
) -> None:
    ids = [practice_82.back_office.add_image(there, pictures[letter]) for letter in "dab"]
    publish(shop, work, pictures["a"], pictures["b"], pictures["c"])
    after = practice_82.images(there)
    assert [image["id"] for image in after[:3]] == ids
    assert [image["content"] for image in after[3:]] == [pictures["c"]]
    assert [image["id"] for image in after if image["cover"] == "1"] == [ids[1]]


def test_two_of_ours_are_never_the_same_picture_of_the_shop(
    practice_82: PracticeShop, shop: PrestaShopShop, work: Work, there: int, pictures: dict[str, bytes]
) -> None:
    practice_82.back_office.add_image(there, pictures["a"])
    publish(shop, work, pictures["a"], as_jpeg(pictures["a"]))
    assert len(practice_82.images(there)) == 2
    ids = [row.remote_id for row in db.session.query(RemoteImage)]
    assert sorted(ids) == [image["id"] for image in practice_82.images(there)]


def test_an_image_without_a_picture_behind_it_is_passed_over(
    practice_82: PracticeShop, shop: PrestaShopShop, work: Work, there: int, pictures: dict[str, bytes]
) -> None:
    practice_82.back_office.add_image(there, b"")
    practice_82.back_office.add_image(there, pictures["a"])
    publish(shop, work, pictures["a"])
    assert len(practice_82.images(there)) == 2


def test_no_more_than_so_many_pictures_are_fetched(
    practice_82: PracticeShop, shop: PrestaShopShop, work: Work, there: int
) -> None:
    for number in range(taken_images.MOST + 2):
        practice_82.back_office.add_image(there, picture(f"rgb({number}, 200, 90)"))
    publish(shop, work, picture("red"))
    assert len(practice_82.images(there)) == taken_images.MOST + 3
    assert practice_82.counts["GET"]["images"] == taken_images.MOST + 1


def test_where_a_picture_cannot_be_had_now_nothing_is_sent_in_its_place(
    practice_82: PracticeShop, shop: PrestaShopShop, work: Work, there: int, pictures: dict[str, bytes]
) -> None:
    practice_82.back_office.add_image(there, pictures["a"])
    handle: Callable[..., object] = practice_82.handle

    def failing(request: object) -> object:
        if request.path.count("/") == 5:  # type: ignore[attr-defined]
            practice_82.strike_next("503")
        return handle(request)

    practice_82.handle = failing  # type: ignore[method-assign,assignment]
    product = make_product(
        images=[
            ProductImage(
                position=0, source="a.png", content_hash=image_store.keep(pictures["a"]).content_hash
            )
        ]
    )
    sync_requests.request_product_sync(product.id, shop.id, by="test")
    work()
    assert status_of(product, shop).state is SyncState.PENDING
    assert len(practice_82.images(there)) == 1
