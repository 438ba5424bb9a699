"""What a sync would send to a shop now (R19), found without asking the shop and without writing anything."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum
from typing import Any

from sqlalchemy import select

from ppm_web.extensions import db, reading
from ppm_web.models import (
    ROOT_CATEGORY_ID,
    Manufacturer,
    MappingKind,
    PrestaShopShop,
    ProductSyncStatus,
    ShopMapping,
    SyncState,
)
from ppm_web.prestashop.diff import Change, describe_changes
from ppm_web.prestashop.errors import PrestaShopError
from ppm_web.prestashop.transformers import product_payload
from ppm_web.prestashop.validation import check_product
from ppm_web.prestashop.values import Payload, RemoteIds, ShopProfile
from ppm_web.services.catalog.names import category_paths
from ppm_web.services.errors import SyncError
from ppm_web.services.ownership import snapshots
from ppm_web.services.ownership.snapshots import ProductData
from ppm_web.services.publishing.group import IMAGES
from ppm_web.services.publishing.images import wanted as wanted_images
from ppm_web.services.shops import client as shop_client
from ppm_web.services.shops import mappings, remote_ids


class Outlook(StrEnum):
    """What a sync would come to, as far as can be told from here."""

    NOTHING = "nothing"
    CHANGES = "changes"
    CREATE = "create"
    COMPARE = "compare"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class Preview:
    """``changes`` against what was last pushed; ``reason`` says why nothing can be sent.

    ``to_fetch``: pictures that would have to be fetched first, and so are not among the changes.
    """

    outlook: Outlook
    changes: Sequence[Change] = field(default_factory=list)
    reason: str = ""
    to_fetch: int = 0


def preview(product_id: int, shop_id: int) -> Preview:
    """What a sync of the product to the shop would send now.

    Raises NoResultFound when there is no such shop, KeyError when there is no such product.
    """
    with reading():
        shop = db.session.get_one(PrestaShopShop, shop_id)
        status = db.session.scalar(
            select(ProductSyncStatus).where(
                ProductSyncStatus.product_id == product_id, ProductSyncStatus.shop_id == shop_id
            )
        )
    product = snapshots.product_data([product_id])[product_id]
    try:
        return _preview(shop, status, product)
    except (PrestaShopError, SyncError) as error:
        return Preview(Outlook.REFUSED, reason=str(error))


def _preview(shop: PrestaShopShop, status: ProductSyncStatus | None, product: ProductData) -> Preview:
    profile = shop_client.profile_of(shop)
    if profile is None:
        raise SyncError(f"Shop '{shop.name}' was not checked yet: PPM does not know its languages and taxes")
    if status is not None and status.state is SyncState.DISABLED:
        raise SyncError(f"{product.snapshot.sku} is disabled in shop '{shop.name}'")
    languages = mappings.languages(shop.id, profile)
    check_product(product.snapshot, profile.version, languages)
    names = _Names(shop.id, profile)
    wanted = product_payload(product.snapshot, _expected_ids(shop, profile, product, languages, names))
    wanted[IMAGES] = wanted_images(product.images)
    pushed: Payload = (status.pushed if status else None) or {}
    changes = _changes(pushed, wanted, languages, names)
    to_fetch = sum(image.content_hash is None for image in product.images)
    if status is None or status.external_id is None:
        outlook = Outlook.CREATE
    elif status.pushed is None or status.payload_hash is None or status.force:
        outlook = Outlook.COMPARE
    else:
        outlook = Outlook.CHANGES if changes or to_fetch else Outlook.NOTHING
    return Preview(outlook, changes, to_fetch=to_fetch)


class _Names:
    """The shop's ids in words. What has no id there yet bears ours below nought until it is made."""

    def __init__(self, shop_id: int, profile: ShopProfile) -> None:
        self._shop_id = shop_id
        self._groups = {
            group.id: f"{group.name} ({shop_client.tax_key(group.rate)} %)" for group in profile.tax_groups
        }
        self._home = profile.home_category

    def tax_group(self, number: Any) -> str:
        return "" if number is None else self._groups.get(int(number), f"no. {number}")

    def manufacturer(self, number: Any) -> str:
        if number is None or int(number) == 0:
            return ""
        ours = self._ours(MappingKind.MANUFACTURER, [int(number)])
        with reading():
            row = db.session.get(Manufacturer, ours.get(int(number), 0))
            return row.name if row else f"no. {number}"

    def categories(self, numbers: Sequence[Any]) -> dict[int, str]:
        wanted = [int(number) for number in numbers]
        ours = self._ours(MappingKind.CATEGORY, wanted)
        ours.setdefault(self._home, ROOT_CATEGORY_ID)
        with reading():
            paths = category_paths([ours[number] for number in wanted if number in ours])
        return {number: paths.get(ours.get(number, 0), f"no. {number}") for number in wanted}

    def _ours(self, kind: MappingKind, numbers: Sequence[int]) -> dict[int, int]:
        with reading():
            rows = db.session.execute(
                select(ShopMapping.remote_id, ShopMapping.ours).where(
                    ShopMapping.shop_id == self._shop_id,
                    ShopMapping.kind == kind,
                    ShopMapping.remote_id.in_(numbers),
                )
            ).all()
        known = {row.remote_id: int(row.ours) for row in rows}
        return {number: -number for number in numbers if number < 0} | known


def _expected_ids(
    shop: PrestaShopShop,
    profile: ShopProfile,
    product: ProductData,
    languages: Mapping[str, int],
    names: _Names,
) -> RemoteIds:
    known = remote_ids.known_ids(
        shop.id, MappingKind.CATEGORY, [str(each) for each in product.category_ids or ()]
    )
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
        if product.category_ids is None
        else [(home | known).get(str(each), -each) for each in product.category_ids],
        home=profile.home_category,
    )


def _changes(
    pushed: Payload, wanted: Payload, languages: Mapping[str, int], names: _Names
) -> Sequence[Change]:
    """Field by field in words; ids and pictures are told by what they stand for."""
    told = ("id_tax_rules_group", "id_manufacturer", "id_category_default", "categories", IMAGES)
    plain = [{key: value for key, value in each.items() if key not in told} for each in (pushed, wanted)]
    found = describe_changes(plain[0], plain[1], languages)
    sides = (pushed, wanted)
    tax = [names.tax_group(each.get("id_tax_rules_group")) for each in sides]
    maker = [names.manufacturer(each.get("id_manufacturer")) for each in sides]
    numbers = {
        int(n) for each in sides for n in [*each.get("categories", []), each.get("id_category_default")] if n
    }
    paths = names.categories(sorted(numbers))
    main = [paths.get(int(each.get("id_category_default") or 0), "") for each in sides]
    within = ["; ".join(sorted(paths[int(n)] for n in each.get("categories", []))) for each in sides]
    words = (("tax group", tax), ("manufacturer", maker), ("main category", main), ("categories", within))
    found += [Change(word, before, after) for word, (before, after) in words if before != after]
    return [*found, *_image_changes(pushed.get(IMAGES, []), wanted[IMAGES])]


def _image_changes(before: Sequence[str], after: Sequence[str]) -> list[Change]:
    """Which pictures would be added, removed or moved, by their numbers."""
    added = [str(number) for number, each in enumerate(after, 1) if each not in before]
    removed = [str(number) for number, each in enumerate(before, 1) if each not in after]
    changes = []
    if added:
        changes.append(Change("images added", "", ", ".join(added)))
    if removed:
        changes.append(Change("images removed", ", ".join(removed), ""))
    stay = [each for each in before if each in after]
    order = [each for each in after if each in before]
    if stay != order:
        old = ", ".join(str(before.index(each) + 1) for each in stay)
        changes.append(
            Change("order of images", old, ", ".join(str(before.index(each) + 1) for each in order))
        )
    return changes
