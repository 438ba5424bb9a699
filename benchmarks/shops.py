"""Shops with contents: practice shops' data files, and what PPM knows of them as if it had synced them."""

from __future__ import annotations

import shutil
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import requests
from sqlalchemy import insert

from benchmarks import catalog
from benchmarks.house import House
from ppm_web.extensions import db
from ppm_web.models import MappingKind, PrestaShopShop, ProductSyncStatus, SyncState, now
from ppm_web.practice_shop import DEFAULT_KEY, PracticeShop
from ppm_web.prestashop.diff import payload_hash
from ppm_web.prestashop.payloads import to_entity
from ppm_web.prestashop.prices import tax_key
from ppm_web.prestashop.transformers import creation_payload, product_payload
from ppm_web.prestashop.values import RemoteIds
from ppm_web.services.shops import register as shop_register
from ppm_web.services.shops import remote_ids

COSTS: Final = ("--request-ms", "18", "--entity-ms", "9")
"""What a request and an entity cost a real PrestaShop 8.2 (measured: PATCH of a price, 27 ms for one and
9 ms each for 50)."""

FULL_SPEED: Final = "6000"
"""A pace from which on PPM counts no requests any more, in requests a minute."""

LANGUAGES: Final = {"en": 1, "pl": 2}
TAX_GROUP: Final = 1
"""Of a practice shop: 23 %."""


@dataclass(frozen=True, slots=True)
class Goods:
    """What is in a practice shop's data file."""

    path: Path
    ids: RemoteIds
    products: Mapping[int, tuple[int, int]]
    """Product → its id in the shop, and its stock row's."""

    def copy(self, path: Path) -> Goods:
        """The same for another shop."""
        shutil.copyfile(self.path, path)
        return Goods(path, self.ids, self.products)


def make_goods(path: Path, numbers: Iterable[int]) -> Goods:
    """Fill a practice shop's data file with those products, and with their category and manufacturer."""
    shop = PracticeShop(data_file=path)
    both = {"1": catalog.CATEGORY, "2": catalog.CATEGORY}
    fields: dict[str, str | dict[str, str]] = {
        "id_parent": "2",
        "active": "1",
        "name": both,
        "link_rewrite": {"1": "mugs", "2": "mugs"},
    }
    category = shop.create("categories", fields)
    manufacturer = shop.create("manufacturers", {"name": catalog.MANUFACTURER, "active": "1"})
    ids = RemoteIds(LANGUAGES, TAX_GROUP, manufacturer, [category])
    made = {number: _create(shop, number, ids) for number in numbers}
    stock = {int(row["id_product"]): int(row["id"]) for row in shop.rows("stock_availables")}
    for row_id in stock.values():
        shop.change("stock_availables", row_id, {"quantity": str(catalog.QUANTITY)})
    shop.close()
    return Goods(path, ids, {number: (found, stock[found]) for number, found in made.items()})


def add_shop(house: House, name: str, url: str, goods: Goods) -> int:
    """Add a shop with what stands for what in it, its pace limits lifted; its id."""
    shop = shop_register.add_shop(name, url, DEFAULT_KEY)
    category_id, manufacturer_id = catalog.category_and_manufacturer()
    for kind, ours, theirs in (
        (MappingKind.TAX, tax_key(catalog.TAX_RATE), TAX_GROUP),
        (MappingKind.CATEGORY, str(category_id), (goods.ids.categories or [0])[0]),
        (MappingKind.MANUFACTURER, str(manufacturer_id), goods.ids.manufacturer or 0),
    ):
        remote_ids.set_id(shop.id, kind, ours, theirs, manual=False)
    house.command("shop", "set", name, "--pace-min", FULL_SPEED, "--pace-max", FULL_SPEED)
    return shop.id


def another_address(url: str) -> str:
    """Where the practice shop at ``url`` is found, too: PPM has no two shops at one address."""
    return url.replace("127.0.0.1", "localhost")


def mark_synced(shop_id: int, goods: Goods, count: int) -> None:
    """Let the products 1 to ``count`` stand in the shop as they were put in, and commit.

    Those that the shop does not really hold get ids that it does not have.
    """
    shop = db.session.get_one(PrestaShopShop, shop_id, populate_existing=True)
    settings, moment = shop.settings_revision, now()
    db.session.commit()
    for numbers in catalog.chunks(count):
        rows = [_status(number, goods) for number in numbers]
        common: dict[str, Any] = {"shop_id": shop_id, "pushed_settings": settings}
        common |= dict.fromkeys(("requested_at", "last_attempt_at", "last_success_at"), moment)
        db.session.execute(
            insert(ProductSyncStatus.__table__),  # type: ignore[arg-type]
            [row | common for row in rows],
        )
    db.session.commit()


def requests_of(url: str) -> int:
    """How many requests a practice shop counted since the last time that it forgot them."""
    return int(_practice(requests.get, url, "stats")["total"])


def entities_of(url: str, method: str = "PATCH", resource: str = "products") -> int:
    """How many entities a practice shop has written since then, by that method."""
    return int(_practice(requests.get, url, "stats")["entities"].get(method, {}).get(resource, 0))


def forget_requests(url: str) -> None:
    """Let a practice shop count from zero."""
    _practice(requests.post, url, "reset-stats")


def _practice(call: Any, url: str, name: str) -> dict[str, Any]:
    answer = call(f"{url}/__practice/{name}", timeout=30)
    answer.raise_for_status()
    told: dict[str, Any] = answer.json()
    return told


def _create(shop: PracticeShop, number: int, ids: RemoteIds) -> int:
    product = catalog.snapshot(number)
    whole = creation_payload(product_payload(product, ids), product, ids, sorted(LANGUAGES.values()), "en")
    entity = to_entity(whole)
    associations = entity.pop("associations")
    return shop.create("products", entity, associations)


def _status(number: int, goods: Goods) -> dict[str, Any]:
    pushed = product_payload(catalog.snapshot(number), goods.ids)
    external_id, stock_id = goods.products.get(number, (10_000_000 + number, 10_000_000 + number))
    return {
        "product_id": number,
        "state": SyncState.SYNCED,
        "requested_revision": 1,
        "claimed_revision": 1,
        "settled_revision": 1,
        "requested_by": "benchmark",
        "payload_hash": payload_hash(pushed),
        "pushed": pushed,
        "pushed_revision": 1,
        "outcome": "created",
        "message": "Product created successfully",
        "external_id": external_id,
        "stock_id": stock_id,
    }
