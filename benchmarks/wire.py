"""The bare wire: a loop that sends the same changes over one kept connection, and does nothing else."""

from __future__ import annotations

import time
from collections.abc import Sequence

import requests
from sqlalchemy import select

from benchmarks.shops import Goods
from ppm_web.extensions import db, reading
from ppm_web.models import ProductSyncStatus
from ppm_web.practice_shop import DEFAULT_KEY
from ppm_web.prestashop.diff import changed_fields
from ppm_web.prestashop.payloads import Entity, to_entity
from ppm_web.prestashop.transformers import product_payload
from ppm_web.prestashop.xml import build
from ppm_web.services.ownership.snapshots import product_data

TOGETHER = 50
"""Products in one request, as PPM sends them (PPM_GROUP_SIZE)."""

HEADERS = {"Content-Type": "text/xml; charset=utf-8"}
TIMEOUT = 60  # seconds


def changes_of(shop_id: int, goods: Goods, numbers: Sequence[int]) -> list[Entity]:
    """What PPM would send of these products now: the fields that differ from what was last pushed."""
    products = product_data(numbers)
    rows = select(ProductSyncStatus.product_id, ProductSyncStatus.pushed).where(
        ProductSyncStatus.shop_id == shop_id, ProductSyncStatus.product_id.in_(numbers)
    )
    with reading():
        pushed = {row.product_id: row.pushed or {} for row in db.session.execute(rows)}
    return [
        to_entity(
            changed_fields(pushed[number], product_payload(products[number].snapshot, goods.ids)),
            goods.products[number][0],
        )
        for number in numbers
    ]


def rate_together(url: str, changes: Sequence[Entity]) -> float:
    """Products a second, TOGETHER of them in a PATCH, read before as PPM reads them."""
    groups = [changes[start : start + TOGETHER] for start in range(0, len(changes), TOGETHER)]
    return _rate(url, [("", build("product", group), _look(group)) for group in groups], len(changes))


def rate_one_by_one(url: str, changes: Sequence[Entity]) -> float:
    """Products a second, one PATCH for each."""
    calls = [(f"/{change['id']}", build("product", [change]), "") for change in changes]
    return _rate(url, calls, len(changes))


def _look(group: Sequence[Entity]) -> str:
    """The query that reads what the changes will change."""
    fields = sorted({name for change in group for name in change} - {"id"})
    ids = "|".join(change["id"] for change in group)
    return f"?filter[id]=[{ids}]&display=[{','.join(['id', 'reference', *fields])}]"


def _rate(url: str, calls: Sequence[tuple[str, bytes, str]], products: int) -> float:
    with requests.Session() as session:
        session.auth = (DEFAULT_KEY, "")
        session.headers.update(HEADERS)
        began = time.perf_counter()
        for path, body, look in calls:
            if look:
                session.get(f"{url}/api/products{look}", timeout=TIMEOUT).raise_for_status()
            session.patch(f"{url}/api/products{path}", data=body, timeout=TIMEOUT).raise_for_status()
        return products / (time.perf_counter() - began)
