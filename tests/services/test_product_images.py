"""A product's pictures in a shop: each sent once, in order, with its cover, whatever goes wrong."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from flask import Flask

from ppm_web.extensions import db
from ppm_web.models import PrestaShopShop, Product, ProductImage, ProductSyncStatus, RemoteImage
from ppm_web.practice_shop import PracticeShop
from ppm_web.prestashop.client import PrestaShopClient
from ppm_web.prestashop.errors import PrestaShopError
from ppm_web.services.errors import ImageProblemError
from ppm_web.services.images import store as image_store
from ppm_web.services.ledger import claims
from ppm_web.services.ownership.snapshots import product_data
from ppm_web.services.publishing import image_links
from ppm_web.services.publishing.image_plans import COVER_LEFT, ORDER_LEFT
from ppm_web.services.publishing.images import ProductImages, check_complete, wanted
from ppm_web.services.shops import client as shop_client
from ppm_web.services.sync import requests as sync_requests
from tests.factories import make_product
from tests.services.pictures import picture

COLOURS = {"a": "red", "b": "green", "c": "blue", "d": "yellow", "e": "black"}


@dataclass
class Bringing:
    """One product in a shop, and its pictures by letters: "ab" is two of them, the first the cover."""

    practice: PracticeShop
    shop: PrestaShopShop
    product: Product
    claim: claims.Claim
    external_id: int
    pushed: str = ""
    notes: Sequence[str] = ()

    def __call__(self, letters: str, *, check: bool = False) -> bool:
        changed = self.with_hashes([self.hash_of(letter) for letter in letters], check=check)
        self.pushed = letters
        return changed

    def with_hashes(self, hashes: list[str], *, check: bool = False) -> bool:
        pushed = [self.hash_of(letter) for letter in self.pushed]
        db.session.commit()
        with shop_client.client_for(self.shop, before_request=lambda: claims.renew([self.claim])) as client:
            images = ProductImages(self.shop, client)
            brought = images.bring(self.claim, self.external_id, hashes, pushed=pushed, check=check)
        self.notes = brought.notes
        return brought.changed

    def hash_of(self, letter: str) -> str:
        return image_store.keep(picture(COLOURS[letter], size=(8, 8))).content_hash

    def in_shop(self) -> str:
        """The letters in the shop's order, the cover in upper case; ? is none of ours."""
        letters = {picture(colour, size=(8, 8)): letter for letter, colour in COLOURS.items()}
        found = ""
        for image in self.practice.images(self.external_id):
            letter = letters.get(image["content"], "?")
            found += letter.upper() if image["cover"] == "1" else letter
        return found

    def requests(self) -> dict[str, dict[str, int]]:
        counts = self.practice.counts
        self.practice.reset_stats()
        return counts


@pytest.fixture
def bring(app: Flask, practice_82: PracticeShop, shop: PrestaShopShop, tmp_path: Path) -> Bringing:
    app.config["IMAGE_FOLDER"] = str(tmp_path / "images")
    product = make_product()
    taken = sync_requests.request_product_sync(product.id, shop.id, by="test")
    assert isinstance(taken.status, ProductSyncStatus)
    (claim,) = claims.claim(ProductSyncStatus, [taken.status.id])
    external_id = practice_82.create("products", {"reference": "MUG-1", "price": "1", "name": {"1": "Mug"}})
    practice_82.reset_stats()
    return Bringing(practice_82, shop, product, claim, external_id)


def test_a_product_without_pictures_costs_no_request(bring: Bringing) -> None:
    assert not bring("")
    assert not bring("", check=True)
    assert bring.requests() == {}


def test_new_pictures_are_sent_in_order_and_the_first_is_the_cover(bring: Bringing) -> None:
    assert bring("abc")
    assert bring.in_shop() == "Abc"
    assert bring.requests() == {"GET": {"images": 1}, "POST": {"images": 3}}


def test_what_the_shop_has_is_not_sent_again(bring: Bringing) -> None:
    bring("abc")
    bring.requests()
    assert not bring("abc", check=True)
    assert "POST" not in bring.requests()
    assert bring("abcd")
    assert bring.in_shop() == "Abcd"
    assert bring.requests()["POST"] == {"images": 1}


@pytest.mark.parametrize(
    ("before", "after", "in_shop", "sent", "deleted"),
    [
        ("abc", "ab", "Ab", 0, 1),
        ("abc", "bc", "Bc", 0, 1),
        ("abc", "", "", 0, 3),
        ("abc", "bac", "aBc", 0, 0),
        ("abc", "cab", "abC", 0, 0),
        ("abc", "dabc", "abcD", 1, 0),
        ("abcd", "abde", "Abde", 1, 1),
        ("ab", "cd", "Cd", 2, 2),
    ],
)
def test_the_order_and_the_cover_follow_ours(
    bring: Bringing, before: str, after: str, in_shop: str, sent: int, deleted: int
) -> None:
    bring(before)
    bring.requests()
    assert bring(after)
    assert bring.in_shop() == in_shop
    counts = bring.requests()
    assert counts.get("POST", {}).get("images", 0) == sent
    assert counts.get("DELETE", {}).get("images", 0) == deleted


@pytest.mark.parametrize(
    ("before", "after", "in_shop", "sent", "deleted"),
    [("abc", "acb", "Abc", 0, 0), ("abcd", "aebd", "Abde", 1, 1), ("abcd", "dcba", "abcD", 0, 0)],
)
def test_a_new_order_deletes_no_picture_and_is_told(
    bring: Bringing, before: str, after: str, in_shop: str, sent: int, deleted: int
) -> None:
    bring(before)
    bring.requests()
    bring(after)
    assert bring.in_shop() == in_shop
    counts = bring.requests()
    assert counts.get("POST", {}).get("images", 0) == sent
    assert counts.get("DELETE", {}).get("images", 0) == deleted
    assert bring.notes == [ORDER_LEFT]


def test_a_picture_keeps_its_alt_text_and_its_combination_in_another_order(bring: Bringing) -> None:
    people = bring.practice.back_office
    bring("ab")
    second = bring.practice.images(bring.external_id)[1]["id"]
    people.set_legend(second, "A mug from behind")
    colours = people.add_option("Colour", ["red"])
    combination = people.add_combination(bring.external_id, [colours["red"]], images=[second])
    bring("acb")
    images = bring.practice.images(bring.external_id)
    assert bring.in_shop() == "Abc"
    assert images[1]["id"] == second
    assert set(images[1]["legend"].values()) == {"A mug from behind"}
    row = bring.practice.row("combinations", combination)
    assert row is not None
    assert row["associations"]["images"] == [{"id": str(second)}]


def test_pictures_that_people_added_in_the_shop_stay(bring: Bringing) -> None:
    with client_of(bring.shop) as client:
        foreign = client.images.upload(bring.external_id, picture("white"), "image/png", "own.png")
    bring("ab")
    assert bring.in_shop() == "?Ab"
    bring("")
    assert [image["id"] for image in bring.practice.images(bring.external_id)] == [foreign]


def test_a_check_sends_again_what_someone_deleted_and_sets_the_cover_right(bring: Bringing) -> None:
    bring("abc")
    ids = [image["id"] for image in bring.practice.images(bring.external_id)]
    with client_of(bring.shop) as client:
        client.images.delete(bring.external_id, ids[0])
    assert bring("abc", check=True)
    assert bring.in_shop() == "bcA"


def test_a_cover_that_people_chose_in_the_shop_stays_until_ours_changes(bring: Bringing) -> None:
    bring("abc")
    ids = [image["id"] for image in bring.practice.images(bring.external_id)]
    bring.practice.back_office.set_cover(ids[2])
    assert not bring("abc", check=True)
    assert bring("abcd")
    assert bring.in_shop() == "abCd"
    assert bring.notes == []


def test_a_cover_that_was_changed_here_and_there_stays_and_is_told_unless_it_is_forced(
    bring: Bringing,
) -> None:
    bring("abc")
    ids = [image["id"] for image in bring.practice.images(bring.external_id)]
    bring.practice.back_office.set_cover(ids[2])
    bring("bac")
    assert bring.in_shop() == "abC"
    assert bring.notes == [COVER_LEFT]
    bring.claim = replace(bring.claim, force=True)
    assert bring("bac", check=True)
    assert bring.in_shop() == "aBc"


def test_the_cover_moves_before_its_picture_is_deleted_also_to_one_that_is_not_ours(
    bring: Bringing,
) -> None:
    bring("a")
    bring.practice.back_office.add_image(bring.external_id, picture("white"))
    bring("")
    assert bring.in_shop() == "?"
    assert bring("b")  # the shop takes pictures still
    assert bring.in_shop() == "?B"


def test_a_product_whose_cover_got_lost_takes_pictures_again(bring: Bringing) -> None:
    bring("ab")
    with client_of(bring.shop) as client:
        ids = client.images.ids(bring.external_id)
        client.images.set_cover(bring.external_id, ids[1])
        client.images.delete(bring.external_id, ids[1])
        client.images.set_cover(bring.external_id, ids[1])
    assert bring("abc", check=True)
    assert sorted(bring.in_shop().lower()) == ["a", "b", "c"]


@pytest.mark.parametrize("fault", ["close-after-save", "500-after-save"])
def test_a_picture_that_was_saved_without_an_answer_is_found_and_not_sent_again(
    bring: Bringing, fault: str
) -> None:
    bring.practice.strike_next(fault, method="POST", resource="images")
    assert bring("ab")
    assert bring.in_shop() == "Ab"
    assert bring.requests()["POST"] == {"images": 2}


def test_a_picture_that_was_not_saved_waits_for_the_settle_time_before_it_is_sent_again(
    app: Flask, bring: Bringing
) -> None:
    bring.practice.strike_next("close-before-save", method="POST", resource="images")
    with pytest.raises(PrestaShopError) as caught:
        bring("ab")
    assert caught.value.temporary
    assert caught.value.retry_after == app.config["CREATE_SETTLE_SECONDS"]
    assert bring("ab")
    assert bring.in_shop() == "Ab"


def test_a_picture_that_is_saved_late_is_found_by_the_next_try(bring: Bringing) -> None:
    bring.practice.strike_next("close-before-save", method="POST", resource="images")
    with pytest.raises(PrestaShopError):
        bring("ab")
    with client_of(bring.shop) as client:  # what PHP does after the client has gone
        client.images.upload(bring.external_id, picture(COLOURS["a"], size=(8, 8)), "image/png", "a.png")
    assert bring("ab")
    assert bring.in_shop() == "Ab"


def test_a_worker_that_dies_after_a_picture_was_sent_leaves_nothing_doubled(bring: Bringing) -> None:
    bring("a")
    (image,) = bring.practice.images(bring.external_id)
    image_links.note_sending(bring.claim.status_id, bring.hash_of("b"), image["id"])
    with client_of(bring.shop) as client:
        client.images.upload(bring.external_id, picture(COLOURS["b"], size=(8, 8)), "image/png", "b.png")
    assert bring("abc")
    assert bring.in_shop() == "Abc"


def test_a_failure_in_the_middle_keeps_what_was_sent(bring: Bringing) -> None:
    send_and_then(bring, "503")
    with pytest.raises(PrestaShopError):
        bring("abc")
    assert bring.in_shop() == "Ab"
    bring.requests()
    assert bring("abc")
    assert bring.requests()["POST"] == {"images": 1}
    assert bring.in_shop() == "Abc"


def test_before_a_change_the_row_forgets_what_the_shop_holds(bring: Bringing) -> None:
    for letters in ("ab", "ba", "b"):
        claims.write([bring.claim], payload_hash="known")
        assert bring(letters)
        assert row_of(bring).payload_hash is None
    claims.write([bring.claim], payload_hash="known")
    assert not bring("b", check=True)
    assert row_of(bring).payload_hash == "known"


def test_a_picture_that_the_shop_refuses_is_told_by_its_name(bring: Bringing) -> None:
    content_hash = bring.hash_of("a")
    db.session.add(
        ProductImage(product_id=bring.product.id, position=0, source="mug.png", content_hash=content_hash)
    )
    db.session.commit()
    image_store.original_path(content_hash).write_bytes(b"hello")
    with pytest.raises(ImageProblemError, match=r"MUG-1: image 1 \(mug.png\) was refused by shop 'Shop A'"):
        bring.with_hashes([content_hash])
    assert db.session.query(RemoteImage).count() == 0
    assert bring.practice.images(bring.external_id) == []  # not even the one without a picture


def test_what_came_beside_a_refused_picture_stays(bring: Bringing) -> None:
    bring("b")
    content_hash = bring.hash_of("a")
    image_store.original_path(content_hash).write_bytes(b"hello")
    handle: Callable[..., object] = bring.practice.handle

    def adding(request: object) -> object:
        answer = handle(request)
        if request.method == "POST":  # type: ignore[attr-defined]
            bring.practice.back_office.add_image(bring.external_id, picture("white"))
        return answer

    bring.practice.handle = adding  # type: ignore[method-assign,assignment]
    with pytest.raises(ImageProblemError):
        bring.with_hashes([bring.hash_of("b"), content_hash])
    assert bring.in_shop() == "B?"


def test_a_picture_that_is_lost_here_is_told_by_its_name(bring: Bringing) -> None:
    content_hash = bring.hash_of("a")
    image_store.original_path(content_hash).unlink()
    with pytest.raises(ImageProblemError, match="is lost from the storage folder"):
        bring.with_hashes([content_hash])
    assert "POST" not in bring.requests()


def test_the_same_content_is_wanted_once_and_what_is_not_here_not_at_all(bring: Bringing) -> None:
    one, two = bring.hash_of("a"), bring.hash_of("b")
    product = make_product(
        "MUG-2",
        images=[
            ProductImage(position=0, source="1.png", content_hash=two),
            ProductImage(position=1, source="2.png", problem="is not there: no such file"),
            ProductImage(position=2, source="3.png", content_hash=one),
            ProductImage(position=3, source="4.png", content_hash=two),
        ],
    )
    data = product_data([product.id])[product.id]
    assert wanted(data.images) == [two, one]
    with pytest.raises(ImageProblemError, match=r"MUG-2: image 2 \(2.png\) is not there") as caught:
        check_complete(data)
    assert not caught.value.temporary


def test_a_product_with_all_its_pictures_is_complete(bring: Bringing) -> None:
    check_complete(product_data([bring.product.id])[bring.product.id])


def client_of(shop: PrestaShopShop) -> PrestaShopClient:
    return PrestaShopClient(shop.url, "PRACTICESHOPKEY00000000000000001")


def row_of(bring: Bringing) -> ProductSyncStatus:
    db.session.expire_all()
    found = db.session.get_one(ProductSyncStatus, bring.claim.status_id)
    db.session.commit()
    return found


def send_and_then(bring: Bringing, fault: str) -> None:
    """Let the shop take two pictures, and then fail once."""
    handle: Callable[..., object] = bring.practice.handle
    posted = 0

    def counting(request: object) -> object:
        nonlocal posted
        if (request.method, request.resource) == ("POST", "images"):  # type: ignore[attr-defined]
            posted += 1
            if posted == 3:
                bring.practice.strike_next(fault)
        return handle(request)

    bring.practice.handle = counting  # type: ignore[method-assign,assignment]
