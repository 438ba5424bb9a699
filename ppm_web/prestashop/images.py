"""The pictures of products in a shop: a resource of its own, with multipart bodies (README "Stock and
images")."""

from __future__ import annotations

from collections.abc import Callable

from ppm_web.prestashop.connection import Connection
from ppm_web.prestashop.errors import NotFound, PrestaShopError, Rejected
from ppm_web.prestashop.payloads import Entity, number_of
from ppm_web.prestashop.xml import entities, parse_errors

_NO_SUCH_IMAGE = 57  # recording image_delete_404
_NO_PICTURE = {_NO_SUCH_IMAGE, 61}
NOT_A_PICTURE = 76
"""The code of an upload that is refused, and yet leaves an image without a picture (WHOLE, trap 5)."""


class ImageRequests:
    """``client.images``. Every method raises PrestaShopError and nothing else.

    ``change`` changes fields of products, by PATCH or by GET and PUT.
    """

    def __init__(self, connection: Connection, change: Callable[[list[Entity]], None]) -> None:
        self._connection = connection
        self._change = change

    def ids(self, product_id: int) -> list[int]:
        """The ids of a product's images, as the shop lists them; [] for none.

        A product without images answers 404 with an empty body, as does one that is not there (recordings
        image_list_product_without_images, images_products_404).
        """
        try:
            reply = self._connection.get(f"/images/products/{product_id}")
        except NotFound as error:
            if error.answer.strip():  # a web page: there is no Webservice at this address
                raise
            return []
        return [number_of(image.attrib, "id") for image in reply.root.iter("declination")]

    def content(self, product_id: int, image_id: int) -> bytes | None:
        """A picture as the shop has it, which may have written it anew as JPEG; None where an image has no
        picture behind it, or is not there (WHOLE "Images", trap 5). UnsafeAnswer for one over 20 MB."""
        try:
            return self._connection.fetch(f"/images/products/{product_id}/{image_id}")
        except NotFound:
            return None
        except PrestaShopError as error:
            if {code for code, _ in parse_errors(error.answer.encode())} & _NO_PICTURE:
                return None
            raise

    def upload(self, product_id: int, data: bytes, media_type: str, file_name: str) -> int:
        """Add a picture behind the others → its id; the first becomes the cover (recording image_post_jpeg).

        If error.unanswered it may have been added: look at ids() before another one. Rejected with code 72
        for a picture over the shop's limit, 76 for what is none, or when the product is gone: of 76 an image
        is left behind.
        """
        path = f"/images/products/{product_id}"
        reply = self._connection.upload(path, "image", file_name, data, media_type)
        return number_of(next(iter(entities(reply.root, "image")), {}), "id")

    def delete(self, product_id: int, image_id: int) -> None:
        """Delete an image; one that is gone already is fine."""
        try:
            self._connection.delete(f"/images/products/{product_id}/{image_id}")
        except NotFound:
            return
        except Rejected as error:
            if _NO_SUCH_IMAGE not in error.shop_codes:
                raise

    def cover(self, product_id: int) -> int | None:
        """The id of a product's cover; None without images. NotFound when the product is gone."""
        product = next(iter(entities(self._connection.get(f"/products/{product_id}").root, "product")), {})
        return number_of(product, "id_default_image") if product.get("id_default_image") else None

    def set_cover(self, product_id: int, image_id: int) -> None:
        """Make one of the product's images its cover (recording prod_patch_default_image)."""
        self._change([{"id": str(product_id), "id_default_image": str(image_id)}])
