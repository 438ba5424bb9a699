"""What the pages are measured on: a catalogue in five shops, a batch, and failures by cause."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import String, case, cast, func, insert, literal, select, text, update

from benchmarks import catalog
from ppm_web.extensions import db
from ppm_web.models import (
    BatchItem,
    BatchState,
    FailedJob,
    FailureCause,
    ItemOutcome,
    JobBatch,
    PrestaShopShop,
    ProductSyncStatus,
    Role,
    SyncState,
    now,
)
from ppm_web.models import Product as Products
from ppm_web.services.accounts import users
from ppm_web.services.shops import secrets

SHOPS: Final = 5
BATCH_ID: Final = "00000000-0000-4000-8000-000000000001"
REFUSED: Final = "The shop does not know the tax rate number "
TRACE: Final = "Traceback (most recent call last):\n" + "  File somewhere, line 1, in something\n" * 20


@dataclass(frozen=True, slots=True)
class Amounts:
    """How much there is: ``products`` in each of five shops and in the batch, failures, and their causes.

    The first ``failures`` rows, shop by shop, are in error; ``sparse`` of those in the last shop are in
    conflict, evenly among the others.
    """

    products: int
    failures: int
    causes: int
    sparse: int


FEW: Final = Amounts(products=100, failures=100, causes=100, sparse=100)
MANY: Final = Amounts(products=100_000, failures=200_000, causes=2_000, sparse=100)


def fill(amounts: Amounts) -> str:
    """Put it all into the empty database of this app, and commit; gives what a session keeps of a manager."""
    catalog.fill_catalog(amounts.products)
    shops = [
        PrestaShopShop(
            name=f"Shop {number}",
            url=f"https://shop-{number}.example",
            encrypted_key=secrets.encrypt("K" * 32),
            problems=[],
        )
        for number in range(1, SHOPS + 1)
    ]
    db.session.add_all(shops)
    db.session.flush()
    for shop in shops:
        _put_into(shop.id)
    _fail(amounts)
    _disturb(shops[-1].id, amounts)
    _batch(shops[-2].id, amounts.products)
    manager = users.add_user("manager@example.com", "correct horse battery", Role.MANAGER)
    db.session.commit()
    _look_at_it()
    return manager.get_id()


def _put_into(shop_id: int) -> None:
    """All products are in the shop, with what was pushed."""
    kind = ProductSyncStatus
    values: dict[str, Any] = {
        "product_id": Products.id,
        "shop_id": literal(shop_id),
        "state": literal(SyncState.SYNCED, kind.state.type),
        "external_id": Products.id,
        "pushed": literal({"price": "10.0", "name": {"1": "Mug"}}, kind.pushed.type),
        "pushed_revision": Products.revision,
        "last_success_at": literal(now(), kind.last_success_at.type),
    }
    db.session.execute(insert(kind).from_select(list(values), select(*values.values()).order_by(Products.id)))


def _fail(amounts: Amounts) -> None:
    row, failed = ProductSyncStatus, FailedJob
    number = cast(row.product_id % amounts.causes, String)
    values: dict[str, Any] = {
        "job": literal("sync_product"),
        "arguments": literal([1], failed.arguments.type),
        "shop_id": row.shop_id,
        "product_id": row.product_id,
        "error_class": literal("ShopRefusedError"),
        "code": literal("refused"),
        "message": literal(REFUSED) + number,
        "trace": literal(TRACE),
        "fingerprint": literal("f") + number,
        "attempts": literal(3),
        "failed_at": literal(now(), failed.failed_at.type),
    }
    wanted = select(*values.values()).where(row.id <= amounts.failures).order_by(row.id)
    db.session.execute(insert(failed).from_select(list(values), wanted))
    db.session.execute(
        update(row)
        .where(row.id <= amounts.failures)
        .values(state=SyncState.ERROR, message=REFUSED, error_code="refused")
    )
    counted: dict[str, Any] = {
        "shop_id": failed.shop_id,
        "fingerprint": failed.fingerprint,
        "code": failed.code,
        "message": func.min(failed.message),
        "count": func.count(),
        "first_seen_at": func.min(failed.failed_at),
        "last_seen_at": func.max(failed.failed_at),
    }
    causes = select(*counted.values()).group_by(failed.shop_id, failed.fingerprint, failed.code)
    db.session.execute(insert(FailureCause).from_select(list(counted), causes))


def _disturb(shop_id: int, amounts: Amounts) -> None:
    row = ProductSyncStatus
    rare = row.product_id % (amounts.products // amounts.sparse) == 0
    db.session.execute(update(row).where(row.shop_id == shop_id, rare).values(state=SyncState.CONFLICT))


def _batch(shop_id: int, count: int) -> None:
    """A batch that is under way: half of it waits, four tenths are updated, one tenth failed."""
    tenth = count // 10
    batch = JobBatch(
        id=BATCH_ID,
        name="All products",
        shop_id=shop_id,
        state=BatchState.RUNNING,
        total=count,
        waiting=5 * tenth,
        updated=4 * tenth,
        failed=tenth,
        started_at=now(),
    )
    db.session.add(batch)
    db.session.flush()
    row, outcome = ProductSyncStatus, BatchItem.outcome
    place = row.product_id % 10
    values: dict[str, Any] = {
        "batch_id": literal(BATCH_ID),
        "status_id": row.id,
        "position": row.product_id,
        "band": literal(1),
        "requested_revision": literal(1),
        "outcome": case(
            (place < 5, literal(ItemOutcome.WAITING, outcome.type)),
            (place < 9, literal(ItemOutcome.UPDATED, outcome.type)),
            else_=literal(ItemOutcome.FAILED, outcome.type),
        ),
        "message": case((place == 9, REFUSED), else_=""),
    }
    items = select(*values.values()).where(row.shop_id == shop_id).order_by(row.id)
    db.session.execute(insert(BatchItem).from_select(list(values), items))


def _look_at_it() -> None:
    if db.engine.dialect.name == "postgresql":  # as its autovacuum does, in time
        with db.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.execute(text("VACUUM ANALYZE"))
