"""Fetching the pictures that an import named: a path below one folder, or a web address.

They are fetched by the first sync that needs them, not by the import: a catalogue of 100,000 lines goes in at
once, and what nobody publishes is never asked for.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from flask import current_app
from sqlalchemy import select, update

from ppm_web.extensions import db, reading
from ppm_web.models import ProductImage
from ppm_web.services.images import store
from ppm_web.services.images.downloads import download
from ppm_web.services.images.formats import MOST_BYTES, ImageError, megabytes


@dataclass(frozen=True, slots=True)
class ImageData:
    """A picture of a product: ``content_hash`` is None where it is not here, ``problem`` says why.

    ``temporary``: it was asked for just now, and may well be there the next time.
    """

    image_id: int
    source: str
    content_hash: str | None
    problem: str
    temporary: bool = False


def ensure_fetched(product_id: int, before_fetch: Callable[[], None] = lambda: None) -> Sequence[ImageData]:
    """Fetch the product's pictures that are not here yet, keep each or why not, and return all, in order.

    One that failed earlier is tried again. ``before_fetch`` runs before each: a run renews its lease there,
    as one picture may take half a minute. What it raises goes through; a picture's trouble is never raised.
    """
    with reading():
        rows = db.session.execute(
            select(ProductImage.id, ProductImage.source, ProductImage.content_hash, ProductImage.problem)
            .where(ProductImage.product_id == product_id)
            .order_by(ProductImage.position)
        ).all()
    images = [ImageData(row.id, row.source, row.content_hash, row.problem) for row in rows]
    return [image if image.content_hash else _ensured(image, before_fetch) for image in images]


def fetch(source: str) -> bytes:
    """What a source of an import names. Raises ImageError. No transaction may be open."""
    if source.lower().startswith(("http://", "https://")):
        return download(source)
    return _read_below_folder(source)


def _ensured(image: ImageData, before_fetch: Callable[[], None]) -> ImageData:
    before_fetch()
    try:
        content_hash = store.keep(fetch(image.source)).content_hash
    except ImageError as error:
        fetched = replace(image, problem=str(error), temporary=error.temporary)
    else:
        fetched = replace(image, content_hash=content_hash, problem="")
    if fetched.content_hash or fetched.problem != image.problem:
        _write(fetched)
    return fetched


def _write(image: ImageData) -> None:
    """Keep what came of a fetch, unless the row has another source by now, and commit.

    By a plain UPDATE, past the session: it must not move the product's revision. The product is what it
    was; only PPM knows it better now, and a sync that raised the revision would ask for the next one.
    """
    db.session.execute(
        update(ProductImage)
        .where(
            ProductImage.id == image.image_id,
            ProductImage.source == image.source,
            ProductImage.content_hash.is_(None),
        )
        .values(content_hash=image.content_hash, problem=image.problem)
        .execution_options(synchronize_session=False)
    )
    db.session.commit()


def _read_below_folder(source: str) -> bytes:
    """A file below PPM_IMAGE_SOURCE_FOLDER; links that lead out of it are not followed."""
    setting = current_app.config["IMAGE_SOURCE_FOLDER"]
    if not setting:
        raise ImageError(
            "is a path, and PPM reads no folder: set PPM_IMAGE_SOURCE_FOLDER to the one with the pictures"
        )
    base = Path(setting).resolve()
    if ".." in Path(source).parts:
        raise ImageError("is a path with '..' in it: write it from the folder of pictures on")
    try:
        path = (base / source).resolve()
        if not path.is_relative_to(base):
            raise ImageError("is outside the folder of pictures (PPM_IMAGE_SOURCE_FOLDER)")
        if not path.is_file():
            raise ImageError("is not there: no such file is in the folder of pictures")
        with path.open("rb") as file:
            data = file.read(MOST_BYTES + 1)
    except (OSError, RuntimeError, ValueError) as error:
        if isinstance(error, ImageError):
            raise
        raise ImageError("cannot be read: look at the file's rights") from error
    if len(data) > MOST_BYTES:
        raise ImageError(f"is too big: {megabytes(MOST_BYTES)} at most")
    return data
