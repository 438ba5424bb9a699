"""Bringing a product's pictures to a shop: each content sent once, with its cover, and nothing harmed that
hangs on a picture there (ADR 0010)."""

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
from ppm_web.prestashop.images import NOT_A_PICTURE, ImageRequests
from ppm_web.services.errors import ImageProblemError
from ppm_web.services.images import store as image_store
from ppm_web.services.images.formats import ImageError
from ppm_web.services.images.sources import ImageData
from ppm_web.services.ledger import claims
from ppm_web.services.ledger.claims import Claim
from ppm_web.services.ownership.snapshots import ProductData
from ppm_web.services.publishing import image_links, taken_images
from ppm_web.services.publishing.image_plans import COVER_LEFT, ORDER_LEFT, ImageOutlook, image_outlook


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
class Brought:
    """What came of a product's pictures: whether anything was changed in the shop, and what was left as it is
    there, in sentences."""

    changed: bool = False
    notes: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class ProductImages:
    """Brings pictures to one shop's products, over one client."""

    shop: PrestaShopShop
    client: PrestaShopClient

    def bring(
        self,
        claim: Claim,
        external_id: int,
        hashes: Sequence[str],
        *,
        pushed: Sequence[str] = (),
        check: bool,
    ) -> Brought:
        """Make the product's pictures in the shop those of ``hashes`` (see wanted), as far as nothing is
        harmed by that (image_plans).

        To be called when they differ from ``pushed``, what they were when all was last done, or with
        ``check``, which first asks the shop which of them it still has. A product without pictures, now and
        before, costs no request. A picture that the shop has already is taken as ours and not sent again;
        others that people added there stay. With force (of the claim) the cover is ours whoever moved it.
        Raises PrestaShopError, ImageProblemError and ClaimLostError; what was done by then is kept, and the
        next run goes on from there.
        """
        noted = image_links.known(claim.status_id)
        if not noted and not hashes:
            return Brought()
        present: list[int] | None = None
        notes: list[str] = []
        new = any(each not in noted for each in hashes)
        if check or new or any(image_id <= 0 for image_id in noted.values()):
            present = self.client.images.ids(external_id)
            noted = image_links.checked(claim.status_id, noted, present)
            notes += taken_images.take(
                self.client.images, claim.status_id, external_id, hashes, noted, present
            )
        bringing = _Bringing(self, claim, external_id, hashes, pushed, noted, present)
        return Brought(bringing.bring(check=check, notes=notes), notes)


@dataclass(slots=True)
class _Bringing:
    """One product: ``noted`` are our pictures that the shop has, ``present`` all of its image ids, None where
    nobody asked."""

    images: ProductImages
    claim: Claim
    external_id: int
    hashes: Sequence[str]
    pushed: Sequence[str]
    noted: dict[str, int]
    present: list[int] | None

    @property
    def requests(self) -> ImageRequests:
        """The shop's pictures."""
        return self.images.client.images

    def bring(self, *, check: bool, notes: list[str]) -> bool:
        """Do what the plan says; whether anything was changed."""
        plan = image_outlook(self.hashes, self.noted, self.pushed)
        if plan.sent or plan.removed:
            claims.mark_unsure([self.claim])
        if plan.order_left:
            notes.append(ORDER_LEFT)
        empty = self.present is not None and not self.present
        asked = not empty and bool(check or self.claim.force or plan.sent or plan.removed or plan.cover)
        cover = self.requests.cover(self.external_id) if asked else None
        repaired = bool(asked and plan.sent) and self._repair_cover(cover)
        for content_hash in plan.sent:
            self.noted[content_hash] = self._send(content_hash)
        moved = asked and self._move_cover(cover, plan, notes)
        for content_hash in plan.removed:
            self._delete(content_hash)
        return bool(plan.sent or plan.removed) or moved or repaired

    def _repair_cover(self, cover: int | None) -> bool:
        """A product whose cover is lost takes no picture (WHOLE, trap 6): give it one that it has."""
        present = self.present or []
        if not present or cover in present:
            return False
        ours = [self.noted[each] for each in self.hashes if each in self.noted]
        self._set_cover((ours or present)[0])
        return True

    def _move_cover(self, cover: int | None, plan: ImageOutlook, notes: list[str]) -> bool:
        """Make our first picture the cover, unless the shop's people chose another one. It moves before the
        present cover is deleted, and never to nothing (WHOLE, trap 6)."""
        leaving = {self.noted[each] for each in plan.removed}
        if not self.hashes:
            if cover not in leaving:
                return False
            present = self.requests.ids(self.external_id) if self.present is None else self.present
            staying = [number for number in present if number not in leaving]
            if staying:
                self._set_cover(staying[0])
            return bool(staying)
        ours, base = self.noted[self.hashes[0]], self.noted.get(next(iter(self.pushed), ""))
        stands = bool(cover) and cover not in leaving and (self.present is None or cover in self.present)
        if cover == ours:
            return False
        if stands and not self.claim.force and base is not None and cover != base:
            if base != ours:
                notes.append(COVER_LEFT)
            return False
        self._set_cover(ours)
        return True

    def _set_cover(self, image_id: int) -> None:
        claims.mark_unsure([self.claim])
        self.requests.set_cover(self.external_id, image_id)

    def _send(self, content_hash: str) -> int:
        """Send a picture → its id. One whose answer never came is looked for among the product's images;
        where it is not there it may yet come, and the next try waits for the settle time (ADR 0006)."""
        try:
            data, media_type = image_store.read(content_hash), image_store.media_type(content_hash)
        except ImageError as error:
            raise self._problem(content_hash, str(error)) from error
        highest = max([0, *(self.present or []), *self.noted.values()])
        image_links.note_sending(self.claim.status_id, content_hash, highest)
        name = f"{content_hash[:16]}.{media_type.partition('/')[2]}"
        try:
            image_id = self.requests.upload(self.external_id, data, media_type, name)
        except PrestaShopError as error:
            if not error.unanswered:
                self._after_refusal(content_hash, highest, error)
                raise
            found = self._look_for_new(highest)
            if found is None:
                error.retry_after = max(error.retry_after or 0, current_app.config["CREATE_SETTLE_SECONDS"])
                raise
            image_id = found
        image_links.note_sent(self.claim.status_id, content_hash, image_id)
        return image_id

    def _after_refusal(self, content_hash: str, highest: int, error: PrestaShopError) -> None:
        image_links.forget(self.claim.status_id, [content_hash])
        if not isinstance(error, Rejected):
            return
        if NOT_A_PICTURE in error.shop_codes:
            self._clear_up(highest)
        raise self._problem(
            content_hash, f"was refused by shop '{self.images.shop.name}': {error}"
        ) from error

    def _clear_up(self, highest: int) -> None:
        """Delete the image without a picture that a refusal left behind (WHOLE, trap 5); nothing else that
        has come meanwhile."""
        with suppress(PrestaShopError):
            for number in self.requests.ids(self.external_id):
                if number > highest and self.requests.content(self.external_id, number) is None:
                    self.requests.delete(self.external_id, number)

    def _look_for_new(self, highest: int) -> int | None:
        with suppress(PrestaShopError):
            return image_links.new_image(self.requests.ids(self.external_id), highest, self.noted)
        return None

    def _delete(self, content_hash: str) -> None:
        """In the shop first: a worker that dies in between leaves a row, which the next run sets right."""
        self.requests.delete(self.external_id, self.noted.pop(content_hash))
        image_links.forget(self.claim.status_id, [content_hash])

    def _problem(self, content_hash: str, problem: str) -> ImageProblemError:
        with reading():
            row = db.session.execute(
                select(Product.sku, ProductImage.position, ProductImage.source)
                .join(ProductImage, ProductImage.product_id == Product.id)
                .join(ProductSyncStatus, ProductSyncStatus.product_id == Product.id)
                .where(
                    ProductSyncStatus.id == self.claim.status_id, ProductImage.content_hash == content_hash
                )
                .order_by(ProductImage.position)
                .limit(1)
            ).one_or_none()
        which = f"{row.sku}: image {row.position + 1} ({row.source})" if row else "An image"
        return ImageProblemError(
            f"{which} {problem}. Replace it on the product's page under Images, and sync again"
        )
