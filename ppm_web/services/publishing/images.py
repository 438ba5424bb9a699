"""Bringing a product's pictures to a shop: each content sent once, in order, with its cover (ADR 0010)."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass

from flask import current_app
from sqlalchemy import select

from ppm_web.extensions import db, reading
from ppm_web.models import PrestaShopShop, Product, ProductImage, ProductSyncStatus
from ppm_web.prestashop.client import PrestaShopClient
from ppm_web.prestashop.errors import PrestaShopError, Rejected
from ppm_web.services.errors import ImageProblemError
from ppm_web.services.images import store as image_store
from ppm_web.services.images.formats import ImageError
from ppm_web.services.images.sources import ImageData
from ppm_web.services.ledger import claims
from ppm_web.services.ledger.claims import Claim
from ppm_web.services.ownership.snapshots import ProductData
from ppm_web.services.publishing import image_links
from ppm_web.services.publishing.image_plans import plan_of


def wanted(images: Sequence[ImageData]) -> list[str]:
    """The content hashes of the pictures that are here, in order, the cover first, each once."""
    return list(dict.fromkeys(image.content_hash for image in images if image.content_hash))


def check_complete(product: ProductData) -> None:
    """Raise ImageProblemError when one of the product's pictures is not here.

    To be called when all the rest of the product is in the shop: it is not synced without saying so. A
    retry helps where every missing one could only not be fetched now.
    """
    missing = [(number, image) for number, image in enumerate(product.images, 1) if not image.content_hash]
    if missing:
        told = "; ".join(
            f"image {number} ({image.source}) {image.problem or 'was not fetched'}"
            for number, image in missing
        )
        raise ImageProblemError(
            f"{product.snapshot.sku}: {told}. All the rest is in the shop. Replace or remove it on the "
            "product's page under Images, or import another source, and sync again",
            temporary=all(image.temporary for _, image in missing),
        )


@dataclass(frozen=True, slots=True)
class ProductImages:
    """Brings pictures to one shop's products, over one client."""

    shop: PrestaShopShop
    client: PrestaShopClient

    def bring(
        self, claim: Claim, status_id: int, external_id: int, hashes: Sequence[str], *, check: bool
    ) -> bool:
        """Make the product's pictures in the shop those of ``hashes`` (see wanted); True if any changed.

        To be called when they differ from what was pushed, or with ``check``, which first asks the shop
        which of them it still has. A product without pictures, now and before, costs no request. Pictures
        that people added in the shop stay. Raises PrestaShopError, ImageProblemError and ClaimLostError;
        what was done by then is kept, and the next run goes on from there.
        """
        noted = image_links.known(status_id)
        if not noted and not hashes:
            return False
        present: Sequence[int] | None = None
        if check or plan_of(hashes, noted).sent or any(image_id <= 0 for image_id in noted.values()):
            present = self.client.images.ids(external_id)
            noted = image_links.checked(status_id, noted, present)
        plan = plan_of(hashes, noted)
        if plan.sent or plan.removed:
            claims.mark_unsure([claim])
        for content_hash in plan.sent:
            if content_hash in plan.moved:
                self._delete(status_id, external_id, content_hash, noted)
            noted[content_hash] = self._send(status_id, external_id, content_hash, noted, present or [])
        covered = not present and bool(plan.sent) and plan.sent[0] == hashes[0]
        cover_set = bool(hashes) and not covered and self._set_cover(claim, external_id, noted[hashes[0]])
        for content_hash in plan.removed:
            self._delete(status_id, external_id, content_hash, noted)
        return bool(plan.sent or plan.removed) or cover_set

    def _send(
        self,
        status_id: int,
        external_id: int,
        content_hash: str,
        noted: dict[str, int],
        present: Sequence[int],
    ) -> int:
        """Send a picture → its id. One whose answer never came is looked for among the product's images;
        where it is not there it may yet come, and the next try waits for the settle time (ADR 0006)."""
        try:
            data, media_type = image_store.read(content_hash), image_store.media_type(content_hash)
        except ImageError as error:
            raise self._problem(status_id, content_hash, str(error)) from error
        highest = max([0, *present, *noted.values()])
        image_links.note_sending(status_id, content_hash, highest)
        name = f"{content_hash[:16]}.{media_type.partition('/')[2]}"
        try:
            image_id = self.client.images.upload(external_id, data, media_type, name)
        except PrestaShopError as error:
            if not error.unanswered:
                image_links.forget(status_id, [content_hash])
                if isinstance(error, Rejected):
                    raise self._problem(
                        status_id, content_hash, f"was refused by shop '{self.shop.name}': {error}"
                    ) from error
                raise
            found = self._look_for_new(external_id, highest, noted)
            if found is None:
                error.retry_after = max(error.retry_after or 0, current_app.config["CREATE_SETTLE_SECONDS"])
                raise
            image_id = found
        image_links.note_sent(status_id, content_hash, image_id)
        return image_id

    def _look_for_new(self, external_id: int, highest: int, noted: dict[str, int]) -> int | None:
        with suppress(PrestaShopError):
            return image_links.new_image(self.client.images.ids(external_id), highest, noted)
        return None

    def _set_cover(self, claim: Claim, external_id: int, image_id: int) -> bool:
        """Make the image the cover, where it is not: a new one in an empty product is by itself."""
        if self.client.images.cover(external_id) == image_id:
            return False
        claims.mark_unsure([claim])
        self.client.images.set_cover(external_id, image_id)
        return True

    def _delete(self, status_id: int, external_id: int, content_hash: str, noted: dict[str, int]) -> None:
        """In the shop first: a worker that dies in between leaves a row, which the next run sets right."""
        self.client.images.delete(external_id, noted.pop(content_hash))
        image_links.forget(status_id, [content_hash])

    def _problem(self, status_id: int, content_hash: str, problem: str) -> ImageProblemError:
        with reading():
            row = db.session.execute(
                select(Product.sku, ProductImage.position, ProductImage.source)
                .join(ProductImage, ProductImage.product_id == Product.id)
                .join(ProductSyncStatus, ProductSyncStatus.product_id == Product.id)
                .where(ProductSyncStatus.id == status_id, ProductImage.content_hash == content_hash)
                .order_by(ProductImage.position)
                .limit(1)
            ).one_or_none()
        which = f"{row.sku}: image {row.position + 1} ({row.source})" if row else "An image"
        return ImageProblemError(
            f"{which} {problem}. Replace it on the product's page under Images, and sync again"
        )
