"""Editing a product's pictures by hand: upload, remove, another order, another cover (position 0).

Every edit holds the product's row, so that two at once come one after the other, and moves its revision by
one. A picture is named by its row and its source: on a page that was loaded before an import the row may be
another picture by now, and nobody wants to remove that one.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from sqlalchemy import case, delete, update

from ppm_web.extensions import db
from ppm_web.models import Product, ProductImage
from ppm_web.services.catalog.changes import MAX_LIST
from ppm_web.services.catalog.errors import CatalogError
from ppm_web.services.catalog.names import committed
from ppm_web.services.images import store as image_store
from ppm_web.services.images.formats import ImageError

LONGEST_NAME = 200
_UNFIT = re.compile(r'[\x00-\x1f\x7f-\x9f|:*?"<>\ud800-\udfff]+')


class ImagesChangedError(CatalogError):
    """The pictures are not those that the person saw any more; nothing was changed."""

    def __init__(self) -> None:
        super().__init__("The images have changed since you loaded the page: look again, and do it once more")


@dataclass(slots=True)
class Uploaded:
    """How many pictures were added, and of each other one its name with what is wrong."""

    added: int = 0
    refused: list[str] = field(default_factory=list)


def add_images(product_id: int, files: Sequence[tuple[str, bytes]]) -> Uploaded:
    """Add uploaded pictures (name, content) behind the others, and commit; the bad ones are told.

    Raises CatalogError when the product is gone.
    """
    db.session.commit()  # unpacking pictures takes a while: nobody must wait for this transaction
    uploaded = Uploaded()
    kept: list[tuple[str, str]] = []
    for file_name, data in files:
        name = _clean(file_name)
        try:
            kept.append((name, image_store.keep(data).content_hash))
        except ImageError as error:
            uploaded.refused.append(f"{name} {error}")
    told, uploaded.added = _committed(lambda: _added(_locked(product_id), kept))
    uploaded.refused += told
    return uploaded


def remove_image(product_id: int, image_id: int, source: str) -> None:
    """Take a picture away from the product, and commit; the next one becomes the cover if it was.

    Raises ImagesChangedError, and CatalogError when the product is gone.
    """
    _reorder(product_id, image_id, source, lambda _place: None)


def move_image(product_id: int, image_id: int, source: str, by: int) -> None:
    """Move a picture by so many places (-1: one up), as far as there are, and commit. Errors as above."""
    _reorder(product_id, image_id, source, lambda place: max(0, place + by))


def make_cover(product_id: int, image_id: int, source: str) -> None:
    """Make a picture the first one, and commit; the others keep their order. Errors as above."""
    _reorder(product_id, image_id, source, lambda _place: 0)


def _committed(work: Callable[[], tuple[list[str], int]]) -> tuple[list[str], int]:
    return committed(work, before_retry=lambda: None)


def _locked(product_id: int) -> Product:
    product = db.session.get(Product, product_id, with_for_update=True, populate_existing=True)
    if product is None:
        db.session.rollback()
        raise CatalogError("This product is not in the catalogue any more")
    return product


def _added(product: Product, kept: Sequence[tuple[str, str]]) -> tuple[list[str], int]:
    """What was not added and why, and how many were."""
    refused = []
    before = len(product.images)
    for name, content_hash in kept:
        places = {image.content_hash: number for number, image in enumerate(product.images, 1)}
        if content_hash in places:
            refused.append(f"{name} is there already: it is image {places[content_hash]}")
        elif len(product.images) >= MAX_LIST:
            refused.append(f"{name} is one too many: a product has {MAX_LIST} images at most")
        else:
            source = _free_name(name, {image.source for image in product.images})
            product.images.append(
                ProductImage(position=len(product.images), source=source, content_hash=content_hash)
            )
    return refused, len(product.images) - before


def _reorder(product_id: int, image_id: int, source: str, new_place: Callable[[int], int | None]) -> None:
    def work() -> tuple[list[str], int]:
        product = _locked(product_id)
        before = [(image.id, image.source) for image in product.images]
        if (image_id, source) not in before:
            db.session.rollback()
            raise ImagesChangedError
        order = [number for number, _ in before]
        place = order.index(image_id)
        order.remove(image_id)
        if (to := new_place(place)) is not None:
            order.insert(to, image_id)
        if order != [number for number, _ in before]:
            _write_order(product, order)
        return [], 0

    _committed(work)


def _write_order(product: Product, order: Sequence[int]) -> None:
    """Not through the rows of the session: a flush writes them in an order in which two share a position.

    First all go below nought, where no two meet either, then to their places.
    """
    mine = ProductImage.product_id == product.id
    statements = [
        delete(ProductImage).where(mine, ProductImage.id.not_in(order)),
        update(ProductImage).where(mine).values(position=-1 - ProductImage.position),
    ]
    if order:
        places = case({image_id: place for place, image_id in enumerate(order)}, value=ProductImage.id)
        statements.append(update(ProductImage).where(mine).values(position=places))
    for statement in statements:
        db.session.execute(statement, execution_options={"synchronize_session": False})
    for image in list(product.images):
        db.session.expunge(image)
    db.session.expire(product, ["images"])
    product.revision = Product.revision + 1  # the flush moves fields_revision along


def _clean(file_name: str) -> str:
    """The name without folders and without what an import's list of images could not hold."""
    name = _UNFIT.sub("-", file_name.replace("\\", "/").rpartition("/")[2]).strip(" .-")
    stem, dot, ending = name.rpartition(".")
    return f"{stem[: LONGEST_NAME - 20]}{dot}{ending[:20]}" if dot else name[:LONGEST_NAME] or "image"


def _free_name(name: str, taken: set[str]) -> str:
    """The name, or with a number where the product has such a source: sources tell pictures apart."""
    stem, dot, ending = name.rpartition(".") if "." in name else (name, "", "")
    free, number = name, 1
    while free in taken:
        number += 1
        free = f"{stem}-{number}{dot}{ending}"
    return free
