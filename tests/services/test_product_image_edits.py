"""Edits of a product's pictures by several people at once."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from flask import Flask

from ppm_web.extensions import db
from ppm_web.models import Product
from ppm_web.services.catalog import writing as catalog_writing
from ppm_web.services.catalog.errors import CatalogError
from ppm_web.services.catalog.image_edits import add_images, make_cover, move_image, remove_image
from tests.factories import make_product
from tests.services.pictures import picture

COLOURS = ("red", "green", "blue", "yellow", "white", "black")


@pytest.fixture
def product(app: Flask, tmp_path: Path) -> Product:
    app.config["IMAGE_FOLDER"] = str(tmp_path / "images")
    product = make_product()
    add_images(product.id, [(f"{colour}.png", picture(colour)) for colour in COLOURS[:4]])
    return product


def test_edits_at_once_come_one_after_the_other(app: Flask, product: Product) -> None:
    product_id, revision = product.id, product.revision
    ids = {image.source: image.id for image in product.images}
    db.session.commit()
    edits: list[Callable[[], object]] = [
        lambda: move_image(product_id, ids["yellow.png"], "yellow.png", -1),
        lambda: move_image(product_id, ids["red.png"], "red.png", 1),
        lambda: make_cover(product_id, ids["yellow.png"], "yellow.png"),
        lambda: remove_image(product_id, ids["green.png"], "green.png"),
        lambda: add_images(product_id, [("white.png", picture("white"))]),
        lambda: add_images(product_id, [("black.png", picture("black"))]),
    ]

    def run(edit: Callable[[], object]) -> None:
        with app.app_context():
            edit()

    with ThreadPoolExecutor(len(edits)) as pool:
        for done in [pool.submit(run, edit) for edit in edits]:
            done.result()

    db.session.expire_all()
    assert [image.position for image in product.images] == list(range(5))
    assert {image.source.removesuffix(".png") for image in product.images} == set(COLOURS) - {"green"}
    assert len(edits) - 2 <= product.revision - revision <= len(edits), "two of them may find nothing to do"


def test_an_import_after_an_edit_finds_the_positions_without_a_gap(product: Product) -> None:
    image = product.images[1]
    remove_image(product.id, image.id, image.source)
    catalog_writing.update_product(
        product.id, {"images": ["red.png", "new.png", "blue.png", "yellow.png", "5.png"]}
    )

    db.session.expire_all()
    found = [(image.position, image.source, bool(image.content_hash)) for image in product.images]
    assert found == [
        (0, "red.png", True),
        (1, "new.png", False),
        (2, "blue.png", True),
        (3, "yellow.png", True),
        (4, "5.png", False),
    ]


def test_a_product_that_is_gone_is_told(product: Product) -> None:
    image_id, product_id = product.images[0].id, product.id
    db.session.delete(product)
    db.session.commit()
    for edit in (
        lambda: add_images(product_id, [("a.png", picture())]),
        lambda: remove_image(product_id, image_id, "red.png"),
    ):
        with pytest.raises(CatalogError, match="not in the catalogue any more"):
            edit()
