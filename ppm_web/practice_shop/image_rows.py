"""The images of products: their order, their cover, and the combinations that show them.

cover is "1" for the cover, "0" for an image that was the cover before it was moved, else "". While there is
an image of "0" and no cover, none can be added (WHOLE, trap 6).
"""

from __future__ import annotations

from collections.abc import Sequence

from .errors import DeedError
from .fields import Value
from .store import Entity, Store


def cover_of(store: Store, product: int) -> Entity | None:
    """The product's cover image; None without one."""
    images = store.images.where("id_product", product)
    return next((image for image in images if image.text("cover") == "1"), None)


def is_cover_lost(store: Store, product: int) -> bool:
    """Whether the shop can take no image, because the cover was moved and is gone."""
    covers = {image.text("cover") for image in store.images.where("id_product", product)}
    return "0" in covers and "1" not in covers


def add_image(store: Store, product: int, content: bytes | None) -> Entity:
    """Add an image at the end, the cover if there is none; None: without a picture behind it (trap 5)."""
    others = store.images.where("id_product", product)
    position = max((other.number("position") for other in others), default=0) + 1
    fields: dict[str, Value] = {
        "id_product": str(product),
        "position": str(position),
        "cover": "" if cover_of(store, product) else "1",
        "legend": dict.fromkeys(store.languages, ""),
    }
    image = store.save("images", Entity(0, fields))
    if content is not None:
        store.save_picture(f"products/{product}/{image.id}", content)
    return image


def drop_image(store: Store, image: Entity) -> None:
    """Delete an image and its picture, also from its combinations. No other becomes the cover."""
    product = image.number("id_product")
    store.delete("images", image)
    store.save_picture(f"products/{product}/{image.id}", None)
    for combination in store["combinations"].where("id_product", product):
        shown = combination.associations.get("images", [])
        left = [item for item in shown if item["id"] != str(image.id)]
        if left != shown:
            associations = combination.associations | {"images": left}
            store.save("combinations", Entity(combination.id, combination.fields, associations))


def set_cover(store: Store, product: int, cover: int) -> None:
    """Make one of the product's images its cover; with any other id it has none any more (trap 6)."""
    for image in store.images.where("id_product", product):
        if image.id == cover:
            store.change("images", image, cover="1")
        elif image.text("cover") == "1":
            store.change("images", image, cover="0")


def order_images(store: Store, product: int, images: Sequence[int]) -> None:
    """Raises DeedError unless these are all of the product's images."""
    rows = {image.id: image for image in store.images.where("id_product", product)}
    if sorted(rows) != sorted(images):
        raise DeedError(f"product {product} has the images {sorted(rows)}: name each of them once")
    for position, identifier in enumerate(images, 1):
        store.change("images", rows[identifier], position=str(position))


def images_of(store: Store, product: int) -> list[Entity]:
    """The product's images in the order of their positions."""
    return sorted(store.images.where("id_product", product), key=lambda image: image.number("position"))
