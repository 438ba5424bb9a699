"""Whether a shop is still the one that PPM knew (R26)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field

from sqlalchemy import case, delete, select, update

from ppm_web.extensions import db, reading
from ppm_web.models import PrestaShopShop, Product, ProductSyncStatus, RemoteImage, SyncState, now
from ppm_web.prestashop.client import PrestaShopClient
from ppm_web.prestashop.diff import clean_reference

AT_ONCE = 200
SAMPLES = 20


@dataclass(frozen=True, slots=True)
class Link:
    """A linked product: its id in the shop, and the reference that it had there."""

    external_id: int
    reference: str


def newest_link(shop_id: int) -> Link | None:
    """The newest product that is linked in the shop."""
    with reading():
        row = db.session.execute(
            select(ProductSyncStatus.external_id, ProductSyncStatus.pushed, Product.sku)
            .join(Product, Product.id == ProductSyncStatus.product_id)
            .where(
                ProductSyncStatus.shop_id == shop_id,
                ProductSyncStatus.external_id.is_not(None),
                ProductSyncStatus.conflicts.is_(None),
            )
            .order_by(ProductSyncStatus.external_id.desc())
            .limit(1)
        ).first()
    if row is None or row.external_id is None:
        return None
    return Link(row.external_id, str((row.pushed or {}).get("reference") or row.sku))


def doubt(shop_id: int, why: str) -> None:
    """Let all links of the shop be checked before anything is sent, and commit."""
    db.session.execute(
        update(PrestaShopShop)
        .where(PrestaShopShop.id == shop_id)
        .values(check_links=True, links_report={"doubt": why})
        .execution_options(synchronize_session=False)
    )
    db.session.commit()


@dataclass(slots=True)
class LinksReport:
    """What a check of all links found: links that fit, and of the others how many and which."""

    kept: int = 0
    unlinked: int = 0
    gone: int = 0
    samples: list[str] = field(default_factory=list)


def ensure_known(shop: PrestaShopShop, client: PrestaShopClient, keep_leases: Callable[[], None]) -> bool:
    """Check all links of a shop that is in doubt, by reference and in bulk; True if there was a doubt.

    A link whose product has the reference that it had stays. Where the address changed, or nothing fits, it
    is another shop: the others are unlinked, and looked up anew when they are synced. Else a product that is
    gone, or that has become another one, is a conflict of its row. Nothing is written to the shop.
    """
    with reading():
        doubtful = db.session.get_one(PrestaShopShop, shop.id, populate_existing=True)
        if not doubtful.check_links:
            return False
        same_address = "doubt" in (doubtful.links_report or {})
        rows = db.session.execute(
            select(ProductSyncStatus.id, ProductSyncStatus.external_id, ProductSyncStatus.pushed, Product.sku)
            .join(Product, Product.id == ProductSyncStatus.product_id)
            .where(ProductSyncStatus.shop_id == shop.id, ProductSyncStatus.external_id.is_not(None))
            .order_by(ProductSyncStatus.id)
        ).all()
    found: dict[int, str | None] = {}
    for start in range(0, len(rows), AT_ONCE):
        keep_leases()
        some = client.read_fields((row.external_id for row in rows[start : start + AT_ONCE]), ())
        found |= {number: str(product.fields.get("reference", "")) for number, product in some.items()}
    report, unlinked, changed = LinksReport(), [], []
    for row in rows:
        known = {row.sku, str((row.pushed or {}).get("reference", row.sku))}
        there = found.get(row.external_id)
        if there is not None and _folded(there) in {_folded(reference) for reference in known}:
            report.kept += 1
            continue
        report.gone += there is None
        if len(report.samples) < SAMPLES:
            report.samples.append(f"{row.sku}: {row.external_id} is {there or 'gone'}")
        changed.append((row.id, row.external_id, there))
    if not (same_address and (report.kept or len(rows) == 1)):
        unlinked = [row_id for row_id, _, _ in changed]
        changed = []
    report.unlinked = len(unlinked)
    _unlink(unlinked)
    for row_id, number, there in changed:
        _set_conflict(row_id, shop.name, number, there)
    _end(shop.id, report)
    return True


def _unlink(row_ids: Sequence[int]) -> None:
    for start in range(0, len(row_ids), AT_ONCE):
        some = row_ids[start : start + AT_ONCE]
        db.session.execute(delete(RemoteImage).where(RemoteImage.status_id.in_(some)))
        db.session.execute(
            update(ProductSyncStatus)
            .where(ProductSyncStatus.id.in_(some))
            .values(
                external_id=None,
                stock_id=None,
                create_sent_at=None,
                payload_hash=None,
                pushed=None,
                sending=None,
                conflicts=None,
            )
            .execution_options(synchronize_session=False)
        )


def _set_conflict(row_id: int, shop_name: str, number: int, there: str | None) -> None:
    """The row of a product that is not what it was: its badge says so, and no run takes it for the newest."""
    told = f"is {there} now" if there is not None else "is not there any more"
    runs = ProductSyncStatus.state == SyncState.SYNCING
    db.session.execute(
        update(ProductSyncStatus)
        .where(ProductSyncStatus.id == row_id)
        .values(
            conflicts={"reference": {"base": None, "ours": None, "theirs": there}},
            payload_hash=None,
            state=case((runs, ProductSyncStatus.state), else_=SyncState.CONFLICT),
            message=f"The product {number} of shop '{shop_name}' {told}: nothing was sent",
        )
        .execution_options(synchronize_session=False)
    )


def _end(shop_id: int, report: LinksReport) -> None:
    values = {"check_links": False, "links_report": asdict(report) | {"at": now().isoformat()}}
    db.session.execute(
        update(PrestaShopShop)
        .where(PrestaShopShop.id == shop_id)
        .values(**values)
        .execution_options(synchronize_session=False)
    )
    db.session.commit()


def _folded(reference: str) -> str:
    return clean_reference(reference).casefold()
