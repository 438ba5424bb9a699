"""How a product gets into a shop (R11): look before create, adopt, send only what changed.

Everything that a run learns for good (an external id, a stock row) is committed the moment it is
known, so that a worker that dies right after loses nothing.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from ppm_web.extensions import db
from ppm_web.models import MappingKind, PrestaShopShop
from ppm_web.prestashop.client import PrestaShopClient
from ppm_web.prestashop.diff import changed_fields, payload_hash
from ppm_web.prestashop.errors import NotFound
from ppm_web.prestashop.transformers import (
    complete_texts,
    merge_categories,
    product_payload,
)
from ppm_web.prestashop.validation import check_product
from ppm_web.prestashop.values import Payload, RemoteIds, RemoteProduct, ShopProfile
from ppm_web.services import claims, mappings, remote_ids
from ppm_web.services.category_strategy import CategoryStrategy, leaves_out_languages
from ppm_web.services.claims import Claim
from ppm_web.services.product_links import ProductLink, RemoteState
from ppm_web.services.remote_ids import RemoteThing
from ppm_web.services.runs import UNCHANGED, SyncResult
from ppm_web.services.snapshots import ProductData
from ppm_web.services.sync_errors import ConflictError

STOCK = "quantity"  # kept in the payload, sent to stock_availables


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
        link = ProductLink(self.shop, self.client, self.profile)
        if claim.force and state.external_id is not None:
            link.forget_if_deleted(claim, state)
        created = state.created
        if state.external_id is None:
            created = link.find_or_create(claim, product, ids, wanted, state)
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

    def _update(
        self, claim: Claim, product: ProductData, state: RemoteState, wanted: Payload, created: bool
    ) -> bool:
        """Send what differs from what was last pushed, or from what the shop has; True when anything did."""
        present: RemoteProduct | None = None

        def read() -> RemoteProduct:
            nonlocal present
            present = present or self._read(product, state)
            return present

        base = read().fields if state.unsure or claim.force else state.pushed or {}
        changes = changed_fields(base, wanted)
        stock_changed = changes.pop(STOCK, None) is not None
        stock_changed = stock_changed or created or claim.force or state.unsure
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
        if changes or stock_changed:
            claims.mark_unsure(claim)
        if changes:
            self._send(product, state, lambda: self.client.update_products([(state.known_id, changes)]))
        stock_sent = stock_changed and self._set_stock(claim, product, state, fresh=created)
        return bool(changes) or stock_sent

    def _read(self, product: ProductData, state: RemoteState) -> RemoteProduct:
        found = self.client.read_products([state.known_id]).get(state.known_id)
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
        if state.stock_id is None or state.unsure or claim.force or fresh:
            row = self.client.stock_rows([state.known_id]).get(state.known_id)
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
        self._send(product, state, lambda: self.client.update_stock({stock_id: quantity}))
        return True
