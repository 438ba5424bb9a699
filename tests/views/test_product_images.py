"""The pictures on a product's page: looked at by all who are signed in, changed by managers."""

from __future__ import annotations

import json
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from flask import Flask

from ppm_web.extensions import db
from ppm_web.models import Product, ProductImage
from ppm_web.services.catalog import image_edits
from ppm_web.services.catalog import writing as catalog_writing
from ppm_web.services.images import store as image_store
from tests.services.pictures import SVG, noise, opened, picture
from tests.views.conftest import Browser
from tests.views.rows import make_product

HTMX = {"HX-Request": "true"}


@pytest.fixture(autouse=True)
def folder(app: Flask, tmp_path: Path) -> None:
    app.config["IMAGE_FOLDER"] = str(tmp_path / "images")


@pytest.fixture
def product(app: Flask) -> Product:
    """A product with three pictures: red, green and blue."""
    product = make_product("MUG-1")
    files = [(f"{colour}.png", picture(colour)) for colour in ("red", "green", "blue")]
    image_edits.add_images(product.id, files)
    return product


def sources(product: Product) -> list[str]:
    db.session.expire_all()
    found = [image.source for image in product.images]
    assert [image.position for image in product.images] == list(range(len(found)))
    db.session.commit()
    return found


def image_of(product: Product, source: str) -> int:
    return next(image.id for image in product.images if image.source == source)


def press(browser: Browser, product: Product, source: str, action: str, **kwargs: Any) -> Any:
    address = f"/products/{product.id}/images/{image_of(product, source)}/{action}"
    return browser.send(address, {"source": source}, **kwargs)


def upload(browser: Browser, product: Product, *files: tuple[str, bytes], **kwargs: Any) -> Any:
    data: Any = {"images": [(BytesIO(content), name) for name, content in files]}
    return browser.send(f"/products/{product.id}/images", data, **kwargs)


def told(response: Any) -> dict[str, str]:
    message: dict[str, str] = json.loads(response.headers["HX-Trigger-After-Swap"])["ppm:tell"]
    return message


def test_several_pictures_are_uploaded_by_a_plain_form(manager: Browser) -> None:
    product = make_product()
    response = upload(manager, product, ("front.png", picture("red")), ("back.jpg", picture(kind="JPEG")))

    assert (response.status_code, response.headers["Location"]) == (303, f"/products/{product.id}#images")
    assert sources(product) == ["front.png", "back.jpg"]
    assert all(image.content_hash for image in product.images)
    assert product.revision == 2
    page = manager.get(f"/products/{product.id}").text
    assert "2 images added" in page
    assert f"/images/{product.images[0].content_hash}" in page
    assert page.count(">cover<") == 1


def test_htmx_gets_the_fragment_alone(manager: Browser, product: Product) -> None:
    response = upload(manager, product, ("new.png", picture("white")), headers=HTMX)
    assert response.status_code == 200
    assert response.text.lstrip().startswith('<section class="card" id="images"')
    assert "new.png" in response.text
    assert told(response)["message"].startswith("1 image added")


def test_bad_files_are_told_and_the_good_ones_are_added(manager: Browser, product: Product) -> None:
    files = [
        ("drawing.svg", SVG),
        ("text.jpg", b"hello"),
        ("half.jpg", noise()[:2000]),
        ("again.png", picture("green")),
        ("good.png", picture("white")),
    ]
    response = upload(manager, product, *files, headers=HTMX)

    assert response.status_code == 422
    message = told(response)["message"]
    for words in (
        "drawing.svg is an SVG drawing",
        "text.jpg is no picture",
        "half.jpg is damaged",
        "again.png is there already: it is image 2",
        "1 image added",
    ):
        assert words in message
    assert sources(product) == ["red.png", "green.png", "blue.png", "good.png"]


def test_no_file_is_told(manager: Browser, product: Product) -> None:
    response = manager.send(f"/products/{product.id}/images", headers=HTMX)
    assert response.status_code == 422
    assert told(response) == {"message": "Choose one or more pictures first", "kind": "error"}


def test_too_much_at_once_is_told(app: Flask, manager: Browser, product: Product) -> None:
    assert "Up to 20 MB at once" in " ".join(manager.get(f"/products/{product.id}").text.split())
    app.config["MAX_CONTENT_LENGTH"] = 100_000
    response = upload(manager, product, ("huge.png", b"\0" * 200_000))
    assert response.status_code == 413
    assert "too big" in response.text
    assert len(sources(product)) == 3


def test_names_are_cleaned_and_told_apart(manager: Browser, product: Product) -> None:
    upload(
        manager,
        product,
        ("red.png", picture("white")),
        ("pictures/a|b.png", picture("black")),
        ("../" + "x" * 300 + ".png", picture("pink")),
    )
    assert sources(product)[3:5] == ["red-2.png", "a-b.png"]
    assert len(sources(product)[5]) < 256


@pytest.mark.parametrize(
    ("source", "action", "after"),
    [
        ("red", "remove", ["green", "blue"]),
        ("green", "remove", ["red", "blue"]),
        ("blue", "cover", ["blue", "red", "green"]),
        ("blue", "up", ["red", "blue", "green"]),
        ("red", "down", ["green", "red", "blue"]),
        ("red", "up", ["red", "green", "blue"]),
        ("blue", "down", ["red", "green", "blue"]),
    ],
)
def test_every_button_works_as_a_plain_form_and_by_htmx(
    manager: Browser, product: Product, source: str, action: str, after: list[str]
) -> None:
    revision = product.revision
    response = press(manager, product, f"{source}.png", action, headers=HTMX)
    assert response.status_code == 200
    assert response.text.lstrip().startswith('<section class="card" id="images"')
    assert sources(product) == [f"{colour}.png" for colour in after]
    changed = after != ["red", "green", "blue"]
    assert product.revision == revision + changed
    if action != "remove":
        response = press(manager, product, f"{source}.png", action)
        assert (response.status_code, response.headers["Location"]) == (303, f"/products/{product.id}#images")


def test_the_last_picture_can_be_removed(manager: Browser) -> None:
    product = make_product()
    upload(manager, product, ("red.png", picture()))
    assert "No images yet" in press(manager, product, "red.png", "remove", headers=HTMX).text
    assert sources(product) == []


def test_a_picture_that_has_become_another_one_is_not_touched(manager: Browser, product: Product) -> None:
    image_id = image_of(product, "red.png")
    catalog_writing.update_product(product.id, {"images": ["blue.png", "red.png"]})
    for action in ("remove", "cover", "up", "down"):
        address = f"/products/{product.id}/images/{image_id}/{action}"
        response = manager.send(address, {"source": "red.png"}, headers=HTMX)
        assert response.status_code == 409
        assert "have changed since" in told(response)["message"]
        assert 'id="images"' in response.text
    assert sources(product) == ["blue.png", "red.png"]


def test_a_picture_of_another_product_is_not_touched(manager: Browser, product: Product) -> None:
    other = make_product("MUG-2")
    address = f"/products/{other.id}/images/{image_of(product, 'red.png')}/remove"
    assert manager.send(address, {"source": "red.png"}, headers=HTMX).status_code == 409
    assert len(sources(product)) == 3


def test_a_product_that_is_gone_is_not_found(manager: Browser) -> None:
    manager.get("/products")
    for address in ("/products/99/images", "/products/99/images/1/remove", "/products/99/images/1/up"):
        assert manager.send(address).status_code == 404


def test_a_product_has_a_hundred_pictures_at_most(manager: Browser) -> None:
    product = make_product(
        images=[ProductImage(position=place, source=f"{place}.png") for place in range(99)]
    )
    response = upload(manager, product, ("a.png", picture("red")), ("b.png", picture("green")), headers=HTMX)
    assert "b.png is one too many" in told(response)["message"]
    assert len(sources(product)) == 100


def test_a_viewer_looks_and_has_no_buttons(viewer: Browser, product: Product) -> None:
    page = viewer.get(f"/products/{product.id}").text
    content_hash = product.images[0].content_hash
    assert f"/images/{content_hash}" in page
    assert 'type="file"' not in page
    assert "/images/1/remove" not in page
    assert viewer.get(f"/images/{content_hash}").status_code == 200
    assert press(viewer, product, "red.png", "remove").status_code == 403
    assert len(sources(product)) == 3


def test_what_is_wrong_with_a_picture_stands_beside_it(manager: Browser) -> None:
    product = make_product(
        images=[
            ProductImage(
                position=0, source="https://x.example/a.png", problem="is not there <b>any more</b>"
            ),
            ProductImage(position=1, source="<script>.png"),
        ]
    )
    page = manager.get(f"/products/{product.id}").text
    assert "is not there &lt;b&gt;any more" in page
    assert "Not fetched yet" in page
    assert "<script>.png" not in page


def test_thumbnails_are_small_and_kept_by_the_browser_alone(manager: Browser, product: Product) -> None:
    kept = image_store.keep(noise(size=(900, 600)))
    response = manager.get(f"/images/{kept.content_hash}")
    assert response.content_type == "image/webp"
    assert response.headers["Cache-Control"] == "private, max-age=31536000, immutable"
    assert response.headers["X-Content-Type-Options"] == "nosniff"
    assert opened(response.data).size == (240, 160)
    etag = {"If-None-Match": response.headers["ETag"]}
    assert manager.get(f"/images/{kept.content_hash}", headers=etag).status_code == 304


def test_the_original_is_what_shops_get(manager: Browser, product: Product) -> None:
    response = manager.get(f"/images/{product.images[0].content_hash}/original")
    assert (response.content_type, response.data) == ("image/png", picture("red"))
    assert response.headers["Cache-Control"] == "private, max-age=31536000, immutable"


@pytest.mark.parametrize("name", ["0" * 64, "0" * 63, "A" * 64, "..%2f..%2fppm.sqlite3", "thumbnails"])
def test_only_pictures_are_served(manager: Browser, name: str) -> None:
    for address in (f"/images/{name}", f"/images/{name}/original"):
        response = manager.get(address)
        assert response.status_code == 404
        assert response.headers["Cache-Control"] == "no-store"


def test_pictures_are_for_those_who_are_signed_in(client: Browser, product: Product) -> None:
    content_hash = product.images[0].content_hash
    for address in (f"/images/{content_hash}", f"/images/{content_hash}/original"):
        assert client.get(address).status_code == 303


def test_the_page_of_a_product_asks_the_database_as_often_with_many_pictures(
    manager: Browser, product: Product, statements: Any
) -> None:
    plain_page, page = f"/products/{make_product('MUG-2').id}", f"/products/{product.id}"
    db.session.commit()
    with statements() as few:
        manager.get(plain_page)
    with statements() as many:
        manager.get(page)
    assert len(many) == len(few)
