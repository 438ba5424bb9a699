"""How a product of ours is linked to the one in a shop: looked up, adopted, created once (rule 6).

Whatever is learnt for good (an external id) is committed the moment it is known, so that a worker
that dies right after loses nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from flask import current_app
from sqlalchemy.exc import IntegrityError

from ppm_web.extensions import db
from ppm_web.models import PrestaShopShop, ProductSyncStatus, now
from ppm_web.prestashop.client import PrestaShopClient
from ppm_web.prestashop.diff import payload_hash
from ppm_web.prestashop.errors import PrestaShopError
from ppm_web.prestashop.transformers import creation_payload
from ppm_web.prestashop.values import Payload, RemoteIds, ShopProfile
from ppm_web.services import claims
from ppm_web.services.claims import Claim
from ppm_web.services.snapshots import ProductData
from ppm_web.services.sync_errors import ConflictError, NotYetError

CREATED = "created"


@dataclass(slots=True)
class RemoteState:
    """What PPM knows of a product in a shop: the columns of its ProductSyncStatus."""

    external_id: int | None
    stock_id: int | None
    pushed: Payload | None
    payload_hash: str | None
    create_sent_at: datetime | None
    created: bool
    """Whether an earlier try of this request created it, and then failed at the rest."""

    @classmethod
    def of(cls, status: ProductSyncStatus) -> RemoteState:
        """The present state of a row."""
        return cls(
            external_id=status.external_id,
            stock_id=status.stock_id,
            pushed=status.pushed,
            payload_hash=status.payload_hash,
            create_sent_at=status.create_sent_at,
            created=status.outcome == CREATED and status.pushed is None,
        )

    @property
    def unsure(self) -> bool:
        """Whether only the shop can tell what it holds: nothing was pushed, or a change got no answer."""
        return self.pushed is None or self.payload_hash is None

    @property
    def known_id(self) -> int:
        """The external id, where it must be known by now."""
        if self.external_id is None:
            raise RuntimeError("the product's id in the shop is needed before it is known")
        return self.external_id


@dataclass(frozen=True, slots=True)
class ProductLink:
    """Links products to one shop's, over one client."""

    shop: PrestaShopShop
    client: PrestaShopClient
    profile: ShopProfile

    def find_or_create(
        self, claim: Claim, product: ProductData, ids: RemoteIds, wanted: Payload, state: RemoteState
    ) -> bool:
        """Find the product by its reference or create it; True when it was created by us.

        A create whose answer never came is found by its reference (recording
        prod_post_500_php_warning_but_product_saved), and not sent again before the settle time
        has passed: PHP goes on when the client has gone.
        """
        unanswered_before = state.create_sent_at is not None
        if self._adopt(claim, product, state, created=unanswered_before):
            return unanswered_before
        if (seconds := claims.settling_seconds(state.create_sent_at)) is not None:
            raise NotYetError(
                f"the shop gave no answer when {product.snapshot.sku} was created; "
                "looking whether it is there before it is sent again",
                seconds,
            )
        payload = creation_payload(
            wanted,
            product.snapshot,
            ids,
            [language.id for language in self.profile.languages],
            current_app.config["LANGUAGES"][0],
        )
        claims.write(claim, create_sent_at=now())
        db.session.commit()
        try:
            (external_id,) = self.client.create_products([payload])
        except PrestaShopError as error:
            if not error.unanswered:
                claims.write(claim, create_sent_at=None)
                db.session.commit()
                raise
            if not self._adopt(claim, product, state, created=True):
                raise
            return True
        self._keep_external_id(claim, product, state, external_id, created=True)
        state.pushed, state.payload_hash = payload, payload_hash(payload)
        return True

    def forget_if_deleted(self, claim: Claim, state: RemoteState) -> None:
        """Forget the id of a product that someone deleted in the shop: a person said that it is wanted."""
        if state.known_id not in self.client.read_products([state.known_id]):
            claims.write(claim, external_id=None, stock_id=None, create_sent_at=None)
            db.session.commit()
            state.external_id = state.stock_id = state.pushed = None

    def _adopt(self, claim: Claim, product: ProductData, state: RemoteState, *, created: bool) -> bool:
        """Take the shop's product of our reference as ours; False when there is none."""
        sku = product.snapshot.sku
        found = self.client.find_products([sku])[sku]
        if len(found) > 1:
            raise ConflictError(
                f"Shop '{self.shop.name}' has {len(found)} products with the reference {sku} (ids "
                f"{', '.join(map(str, found))}), and PPM does not guess: delete or rename all but one there"
            )
        if found:
            self._keep_external_id(claim, product, state, found[0], created=created)
        return bool(found)

    def _keep_external_id(
        self, claim: Claim, product: ProductData, state: RemoteState, external_id: int, *, created: bool
    ) -> None:
        outcome = CREATED if created else ""
        try:
            claims.write(claim, external_id=external_id, create_sent_at=None, outcome=outcome)
            db.session.commit()
        except IntegrityError as error:
            db.session.rollback()
            raise ConflictError(
                f"The product {external_id} of shop '{self.shop.name}' is linked to another product of PPM "
                f"already; its reference there is {product.snapshot.sku}"
            ) from error
        state.external_id, state.pushed, state.create_sent_at = external_id, None, None
