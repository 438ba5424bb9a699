"""What syncs of products would do in a shop (R25), found by reading the shop alone: nothing is written.

It asks what a run would ask and decides as a run decides (``prestashop/three_way.py``), so a preview, a dry
run and a publication cannot disagree. A product that the shop has already would be linked, never created.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from sqlalchemy import select

from ppm_web.extensions import db, reading
from ppm_web.models import ROOT_CATEGORY_ID, MappingKind, PrestaShopShop, ProductSyncStatus, SyncState
from ppm_web.prestashop.client import PrestaShopClient
from ppm_web.prestashop.conflict_words import conflict_sentence
from ppm_web.prestashop.diff import Change, payload_hash
from ppm_web.prestashop.errors import PrestaShopError
from ppm_web.prestashop.three_way import decide, to_read
from ppm_web.prestashop.validation import check_product
from ppm_web.prestashop.values import Found, Payload, RemoteIds, RemoteProduct, ShopProfile, StockRow
from ppm_web.services.errors import SyncError
from ppm_web.services.ownership.snapshots import ProductData
from ppm_web.services.publishing import image_links
from ppm_web.services.publishing.effective import owned_payload, whole_payload
from ppm_web.services.publishing.group import IMAGES, STOCK
from ppm_web.services.publishing.image_plans import ORDER_LEFT, image_outlook
from ppm_web.services.publishing.images import wanted as wanted_images
from ppm_web.services.publishing.links import in_other_store, trouble_of
from ppm_web.services.publishing.outlooks import Outlook, Preview
from ppm_web.services.publishing.stock import COMBINED
from ppm_web.services.publishing.updates import bears, no_longer_there
from ppm_web.services.publishing.words import Names, changes_in_words, image_changes
from ppm_web.services.shops import mappings, remote_ids


def look(
    shop: PrestaShopShop, client: PrestaShopClient, profile: ShopProfile, products: Sequence[ProductData]
) -> dict[int, Preview]:
    """What a sync of products would do, by their ids: as few GETs as a run needs.

    Raises PrestaShopError when the shop cannot be asked.
    """
    with reading():
        rows = {
            row.product_id: row
            for row in db.session.scalars(
                select(ProductSyncStatus).where(
                    ProductSyncStatus.shop_id == shop.id,
                    ProductSyncStatus.product_id.in_([product.product_id for product in products]),
                )
            )
        }
    return _Look(shop, client, profile, rows).at(products)


COMPARED = (
    "Its pictures are compared with those of the shop: the ones that it has already are not sent again, and "
    "none is taken away"
)


@dataclass(slots=True)
class _Thing:
    """A product that is looked at: what is wanted of it, and what was found."""

    product: ProductData
    row: ProductSyncStatus | None
    wanted: Payload
    external_id: int | None
    linked: bool = False
    present: RemoteProduct | None = None
    problems: list[str] = field(default_factory=list)
    outlook: Outlook | None = None

    @property
    def base(self) -> Payload:
        return (self.row.pushed if self.row and not self.linked else None) or {}

    @property
    def sending(self) -> Payload:
        return (self.row.sending if self.row else None) or {}

    @property
    def fields(self) -> Payload:
        return {name: value for name, value in self.wanted.items() if name not in (STOCK, IMAGES)}

    @property
    def force(self) -> bool:
        return bool(self.row and self.row.force)


@dataclass(frozen=True, slots=True)
class _Look:
    shop: PrestaShopShop
    client: PrestaShopClient
    profile: ShopProfile
    rows: Mapping[int, ProductSyncStatus]

    def at(self, products: Sequence[ProductData]) -> dict[int, Preview]:
        """A Preview of each product."""
        languages = mappings.languages(self.shop.id, self.profile)
        found: dict[int, Preview] = {}
        things: list[_Thing] = []
        for product in products:
            try:
                things.append(self._thing(product, languages))
            except (PrestaShopError, SyncError) as error:
                found[product.product_id] = Preview(Outlook.REFUSED, problems=[str(error)])
        self._link([thing for thing in things if thing.external_id is None])
        self._read([thing for thing in things if thing.external_id is not None and thing.outlook is None])
        stock = self._stock([thing for thing in things if thing.external_id is not None])
        names = Names(self.shop.id, self.profile)
        for thing in things:
            found[thing.product.product_id] = self._told(thing, stock, languages, names)
        return found

    def _thing(self, product: ProductData, languages: Mapping[str, int]) -> _Thing:
        row = self.rows.get(product.product_id)
        if row is not None and row.state is SyncState.DISABLED:
            raise SyncError(f"{product.snapshot.sku} is disabled in shop '{self.shop.name}'")
        check_product(product.snapshot, self.profile.version, languages)
        ids = _expected_ids(self.shop, self.profile, product, languages)
        whole = whole_payload(self.shop, product.snapshot, ids)
        wanted = owned_payload(self.shop, whole)
        if hashes := wanted_images(product.images):
            wanted[IMAGES] = hashes
        thing = _Thing(product, row, wanted, row.external_id if row else None)
        same = row is not None and row.payload_hash == payload_hash(wanted) and not row.sending
        if thing.external_id is not None and same and not thing.force:
            thing.outlook = Outlook.NONE
        return thing

    def _link(self, things: Sequence[_Thing]) -> None:
        if not things:
            return
        combinations = "GET" in self.profile.rights.get("combinations", frozenset())
        references = [thing.product.snapshot.sku for thing in things]
        found = self.client.find_products(references, combinations=combinations)
        for thing in things:
            sku = thing.product.snapshot.sku
            matches: Found = found[sku]
            if (trouble := trouble_of(sku, matches, self.shop.name)) is not None:
                thing.outlook, thing.problems = Outlook.CONFLICT, [trouble]
            elif matches.ids:
                thing.external_id, thing.linked = matches.ids[0], True
            else:
                thing.outlook = Outlook.CREATE
        self._look_in_other_stores([thing for thing in things if thing.outlook is Outlook.CREATE])

    def _look_in_other_stores(self, things: Sequence[_Thing]) -> None:
        stores = [store.id for store in self.profile.stores]
        if not things or self.shop.store_id is None:
            return
        skus = [thing.product.snapshot.sku for thing in things]
        found = self.client.find_in_other_stores(skus, stores)
        for thing, sku in zip(things, skus, strict=True):
            for store, ids in found.get(sku, {}).items():
                thing.outlook = Outlook.CONFLICT
                thing.problems = [in_other_store(sku, self.shop.name, store, ids[0])]

    def _read(self, things: Sequence[_Thing]) -> None:
        needed = {thing.external_id: self._needed(thing) for thing in things}
        ids = [number for number, fields in needed.items() if number is not None and fields]
        if not ids:
            return
        read = self.client.read_fields(ids, set().union(*needed.values()))
        for thing in things:
            if not needed[thing.external_id] or thing.external_id is None:
                continue
            sku, present = thing.product.snapshot.sku, read.get(thing.external_id)
            thing.present = present
            if present is None:
                thing.outlook = Outlook.CONFLICT
                thing.problems.append(no_longer_there(sku, thing.external_id, self.shop.name))
            elif not bears(present, {sku, str(thing.base.get("reference", sku))}):
                thing.outlook = Outlook.CONFLICT
                reference = present.fields.get("reference") or "empty"
                thing.problems.append(f"The product {present.id} is not {sku} any more: it is {reference}")

    def _needed(self, thing: _Thing) -> set[str]:
        if thing.force:
            return {"reference", *thing.fields}
        sending = {name: value for name, value in thing.sending.items() if name in thing.fields}
        return to_read(thing.base, thing.fields, sending)

    def _stock(self, things: Sequence[_Thing]) -> Mapping[int, StockRow]:
        moved = [thing.external_id for thing in things if thing.external_id and self._stock_moved(thing)]
        return self.client.stock_rows(moved) if moved else {}

    def _stock_moved(self, thing: _Thing) -> bool:
        if STOCK not in thing.wanted or thing.outlook is not None:
            return False
        sending = {name: value for name, value in thing.sending.items() if name == STOCK}
        return bool(to_read(thing.base, {STOCK: thing.wanted[STOCK]}, sending))

    def _told(
        self,
        thing: _Thing,
        stock: Mapping[int, StockRow],
        languages: Mapping[str, int],
        names: Names,
    ) -> Preview:
        to_fetch = sum(image.content_hash is None for image in thing.product.images)
        if thing.outlook in (Outlook.NONE, Outlook.CONFLICT):
            outlook = Outlook.UPDATE if thing.outlook is Outlook.NONE and to_fetch else thing.outlook
            return Preview(outlook, problems=thing.problems, to_fetch=to_fetch)
        if thing.outlook is Outlook.CREATE:
            wanted = {IMAGES: [], **thing.wanted}
            return Preview(
                Outlook.CREATE, changes_in_words({}, wanted, languages, names), thing.problems, to_fetch
            )
        before, send, conflicts = self._decided(thing, stock)
        changes = [*changes_in_words(before, send, languages, names), *self._pictures(thing)]
        if conflicts:
            thing.problems.append(conflict_sentence(conflicts, languages))
            return Preview(Outlook.CONFLICT, changes, thing.problems, to_fetch)
        if thing.linked:
            return Preview(Outlook.LINK, changes, thing.problems, to_fetch)
        outlook = Outlook.UPDATE if changes or to_fetch else Outlook.NONE
        return Preview(outlook, changes, thing.problems, to_fetch)

    def _pictures(self, thing: _Thing) -> list[Change]:
        """Which pictures would be added or taken out; what stays as it is in the shop is a problem told."""
        wanted, pushed = thing.wanted.get(IMAGES, []), thing.base.get(IMAGES, [])
        if thing.linked or thing.row is None:
            if wanted:
                thing.problems.append(COMPARED)
            return []
        known = {each: number for each, number in image_links.known(thing.row.id).items() if number > 0}
        if wanted == pushed and set(wanted) == set(known):
            return []
        outlook = image_outlook(wanted, known, pushed)
        if outlook.order_left:
            thing.problems.append(ORDER_LEFT)
        return image_changes(pushed, wanted)

    def _decided(self, thing: _Thing, stock: Mapping[int, StockRow]) -> tuple[Payload, Payload, list[Any]]:
        """What the shop has of what would be sent, what would be sent, and what two have changed."""
        theirs = dict(thing.present.fields) if thing.present is not None else {}
        ours = dict(thing.fields)
        row = stock.get(thing.external_id or 0)
        if row is not None and row.has_combinations:
            thing.problems.append(COMBINED)
        elif row is not None:
            ours[STOCK], theirs[STOCK] = thing.wanted[STOCK], str(row.quantity)
        needed = self._needed(thing) | {STOCK}
        decision = decide(
            thing.base,
            ours,
            {name: value for name, value in theirs.items() if name in needed},
            sending=thing.sending,
            overwrite=thing.fields if thing.force else (),
        )
        return {name: theirs[name] for name in decision.send}, decision.send, decision.conflicts


def _expected_ids(
    shop: PrestaShopShop, profile: ShopProfile, product: ProductData, languages: Mapping[str, int]
) -> RemoteIds:
    """The shop's ids as far as they are known; what is not there yet bears ours below 0 until it is made."""
    category_ids = product.category_ids
    known = remote_ids.known_ids(shop.id, MappingKind.CATEGORY, [str(each) for each in category_ids or ()])
    home = {str(ROOT_CATEGORY_ID): profile.home_category}
    manufacturer = 0 if product.manufacturer_held else None
    if product.manufacturer is not None:
        ours = product.manufacturer[0]
        manufacturer = remote_ids.known_id(shop.id, MappingKind.MANUFACTURER, str(ours)) or -ours
    return RemoteIds(
        languages=languages,
        tax_rules_group=mappings.expected_tax_group(shop, profile, Decimal(product.tax_rate)),
        manufacturer=manufacturer,
        categories=None
        if category_ids is None
        else [(home | known).get(str(each), -each) for each in category_ids],
        home=profile.home_category,
    )
