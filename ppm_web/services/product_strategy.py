"""How a product gets into a shop (R11): look before create, adopt, send only what changed.

Everything that a run learns for good (an external id, a stock row) is committed the moment it is
known, so that a worker that dies right after loses nothing.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from flask import current_app
from sqlalchemy.exc import IntegrityError

from ppm_web.extensions import db
from ppm_web.models import MappingKind, PrestaShopShop, ProductSyncStatus, now
from ppm_web.prestashop.client import PrestaShopClient
from ppm_web.prestashop.diff import changed_fields, payload_hash
from ppm_web.prestashop.errors import NotFound, PrestaShopError
from ppm_web.prestashop.transformers import (
    complete_texts,
    creation_payload,
    merge_categories,
    product_payload,
)
from ppm_web.prestashop.validation import check_product
from ppm_web.prestashop.values import Payload, RemoteIds, RemoteProduct, ShopProfile
from ppm_web.services import claims, mappings, remote_ids
from ppm_web.services.category_strategy import CategoryStrategy, leaves_out_languages
from ppm_web.services.claims import Claim
from ppm_web.services.outcomes import UNCHANGED, SyncResult
from ppm_web.services.remote_ids import RemoteThing
from ppm_web.services.snapshots import ProductData
from ppm_web.services.sync_errors import ConflictError, NotYetError

STOCK = "quantity"  # kept in the payload, sent to stock_availables
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
            created=status.outcome == CREATED and status.payload_hash is None,
        )


@dataclass(frozen=True, slots=True)
class ProductStrategy:
    """Puts products into one shop, over one client."""

    shop: PrestaShopShop
    client: PrestaShopClient
    profile: ShopProfile

    def sync(self, claim: Claim, product: ProductData, state: RemoteState) -> SyncResult:
        """Make the product in the shop what it is here.

        Raises SyncError and PrestaShopError (nothing more helps now), NotYetError (wait), and
        ClaimLostError.
        """
        languages = mappings.languages(self.shop.id, self.profile)
        check_product(product.snapshot, self.profile.version, languages)
        ids = self._remote_ids(product, languages)
        wanted = product_payload(product.snapshot, ids)
        checksum = payload_hash(wanted)
        if state.external_id is not None and state.payload_hash == checksum and not claim.force:
            return SyncResult(state.external_id, UNCHANGED, "none", checksum, wanted, product.revision)
        if claim.force and state.external_id is not None:
            self._forget_if_deleted(claim, state)
        created = state.created
        if state.external_id is None:
            created = self._find_or_create(claim, product, ids, wanted, state)
        changed = self._update(claim, product, state, wanted, created)
        operation = "create" if created else "update" if changed else "none"
        message = {
            "create": "Product created successfully",
            "update": "Product updated successfully",
            "none": UNCHANGED,
        }[operation]
        return SyncResult(state.external_id, message, operation, checksum, wanted, product.revision)

    def _remote_ids(self, product: ProductData, languages: dict[str, int]) -> RemoteIds:
        categories = CategoryStrategy(self.shop, self.client, self.profile)
        return RemoteIds(
            languages=languages,
            tax_rules_group=mappings.tax_group(self.shop, self.client, self.profile, product.tax_rate),
            manufacturer=self._manufacturer(product),
            categories=[categories.ensure(category_id) for category_id in product.category_ids],
        )

    def _manufacturer(self, product: ProductData) -> int:
        if product.manufacturer is None:
            return 0
        manufacturer_id, name = product.manufacturer
        remote_id, _ = remote_ids.ensure_id(
            RemoteThing(
                shop_id=self.shop.id,
                shop_name=self.shop.name,
                kind=MappingKind.MANUFACTURER,
                ours=str(manufacturer_id),
                label=f"the manufacturer '{name}'",
                find=lambda: self.client.find_manufacturers(name),
                create=lambda: self.client.create_manufacturer(name),
            )
        )
        return remote_id

    def _find_or_create(
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
        state.pushed = payload
        return True

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

    def _forget_if_deleted(self, claim: Claim, state: RemoteState) -> None:
        """Forget the id of a product that someone deleted in the shop: a person said that it is wanted."""
        if _id(state) not in self.client.read_products([_id(state)]):
            claims.write(claim, external_id=None, stock_id=None, create_sent_at=None)
            db.session.commit()
            state.external_id = state.stock_id = state.pushed = None

    def _update(
        self, claim: Claim, product: ProductData, state: RemoteState, wanted: Payload, created: bool
    ) -> bool:
        """Send what differs from what was last pushed, or from what the shop has; True when anything did."""
        present: RemoteProduct | None = None

        def read() -> RemoteProduct:
            nonlocal present
            present = present or self._read(product, state)
            return present

        base = read().fields if state.pushed is None or claim.force else state.pushed
        changes = changed_fields(base, wanted)
        stock_changed = changes.pop(STOCK, None) is not None
        stock_changed = stock_changed or created or claim.force or state.pushed is None
        if "categories" in changes:
            merged = merge_categories(
                wanted["categories"], (state.pushed or {}).get("categories", []), read().fields["categories"]
            )
            changes["categories"] = merged
            if merged == sorted(read().fields["categories"]):
                del changes["categories"]
        if leaves_out_languages(changes, self.profile):
            shop_languages = [language.id for language in self.profile.languages]
            changes = complete_texts(changes, read().fields, shop_languages)
        if changes:
            self._send(product, state, lambda: self.client.update_products([(_id(state), changes)]))
        stock_sent = stock_changed and self._set_stock(claim, product, state, fresh=created)
        return bool(changes) or stock_sent

    def _read(self, product: ProductData, state: RemoteState) -> RemoteProduct:
        found = self.client.read_products([_id(state)]).get(_id(state))
        if found is None:
            raise self._deleted(product, state)
        return found

    def _send(self, product: ProductData, state: RemoteState, send: Callable[[], None]) -> None:
        try:
            send()
        except NotFound as error:
            raise self._deleted(product, state) from error

    def _deleted(self, product: ProductData, state: RemoteState) -> ConflictError:
        sku = product.snapshot.sku
        return ConflictError(
            f"{sku} (id {state.external_id}) is no longer in shop '{self.shop.name}': someone deleted it "
            f"there. To make it again: flask sync product {sku} --shop '{self.shop.name}' --force"
        )

    def _set_stock(self, claim: Claim, product: ProductData, state: RemoteState, *, fresh: bool) -> bool:
        """Set the stock row's quantity where it differs; False when it does not.

        The row appears with the product, with a quantity of 0 (contract).
        """
        quantity = product.snapshot.quantity
        if fresh and quantity == 0:
            return False
        present: int | None = None
        if state.stock_id is None or state.pushed is None or claim.force or fresh:
            row = self.client.stock_rows([_id(state)]).get(_id(state))
            if row is None:
                raise ConflictError(
                    f"{product.snapshot.sku} has no stock row in shop '{self.shop.name}': "
                    "save it once in the shop's back office, on the tab Quantities"
                )
            present, state.stock_id = row.quantity, row.id
            claims.write(claim, stock_id=row.id)
            db.session.commit()
        if present == quantity:
            return False
        stock_id = state.stock_id
        self._send(product, state, lambda: self.client.update_stock({_known(stock_id): quantity}))
        return True


def _id(state: RemoteState) -> int:
    return _known(state.external_id)


def _known(number: int | None) -> int:
    if number is None:
        raise RuntimeError("an id in the shop is needed before it is known")
    return number
