"""Is it still the shop that PPM knew? (R26): a staging copy, a restored backup, another shop at the address.

While ``check_links`` of a shop is set, all its links are looked at by reference, in bulk, before anything is
sent. What fits stays. Where the address or the store was changed, or nothing fits, it is another shop: the
rest is unlinked, and looked up anew when it is sent the next time. Else a product that is gone, or that has
become another one, is a conflict of its row: PPM does not make it again unasked.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal

from sqlalchemy import ColumnElement, case, delete, func, or_, select, update

from ppm_web.extensions import db, reading
from ppm_web.models import (
    ROOT_CATEGORY_ID,
    Category,
    CategorySyncStatus,
    Manufacturer,
    MappingKind,
    PrestaShopShop,
    Product,
    ProductSyncStatus,
    RemoteImage,
    ShopMapping,
    SyncState,
    now,
)
from ppm_web.prestashop.client import PrestaShopClient
from ppm_web.prestashop.diff import clean_reference

CHUNK: Final = 500
"""Links that one request asks for, and one commit settles."""
SAMPLES: Final = 20
"""Products that a report names."""
UNLINKED: Final = "unlinked"
"""The error code of a row that was synced and is not linked any more."""

_QUIET: Final = {"synchronize_session": False}
_RESOURCES: Final[dict[MappingKind, Literal["categories", "manufacturers"]]] = {
    MappingKind.CATEGORY: "categories",
    MappingKind.MANUFACTURER: "manufacturers",
}


def doubt(shop_id: int, why: str) -> None:
    """Let all links of the shop be checked before anything more is sent to it, and commit.

    ``why`` in words: "the newest product there has another reference".
    """
    db.session.execute(
        update(PrestaShopShop)
        .where(PrestaShopShop.id == shop_id, PrestaShopShop.check_links.is_(False))
        .values(check_links=True, links_report={"why": why})
        .execution_options(**_QUIET)
    )
    db.session.commit()


@dataclass(frozen=True, slots=True)
class NewestLink:
    """The linked product that the shop made last: its id there, and the reference that it had."""

    external_id: int
    reference: str


def newest_link(shop_id: int) -> NewestLink | None:
    """The linked product that the shop made last, those in conflict apart; None where nothing is linked.

    In a backup that was restored it is the first one to be missing.
    """
    row = ProductSyncStatus
    with reading():
        found = db.session.execute(
            select(row.external_id, row.pushed, Product.sku)
            .join(Product, Product.id == row.product_id)
            .where(row.shop_id == shop_id, row.external_id.is_not(None), row.conflicts.is_(None))
            .order_by(row.external_id.desc())
            .limit(1)
        ).first()
    if found is None or found.external_id is None:
        return None
    return NewestLink(found.external_id, str((found.pushed or {}).get("reference") or found.sku))


def same_reference(one: str, other: str) -> bool:
    """Whether two references are one to a shop: MySQL sees neither case nor spaces at the end."""
    return clean_reference(one).casefold() == clean_reference(other).casefold()


def ensure_known(shop: PrestaShopShop, client: PrestaShopClient, keep_leases: Callable[[], None]) -> bool:
    """Check all links of a shop that is in doubt, a request for each 500 of them; nothing else is sent.

    Returns whether it was in doubt: then rows that were read before have to be read again. ``keep_leases`` is
    called before each request. What was found stands in ``links_report``, and ``check_links`` is cleared with
    the last commit. Safe to repeat, and to be done by two workers at once. Raises PrestaShopError.
    """
    with reading():
        shop = db.session.get_one(PrestaShopShop, shop.id, populate_existing=True)
        if not shop.check_links:
            return False
        shop_id = shop.id
        links, other_shop = _links(shop_id), bool((shop.links_report or {}).get("moved"))
    present: dict[int, str] = {}
    for start in range(0, len(links), CHUNK):
        keep_leases()
        present |= client.lookups.references(link.external_id for link in links[start : start + CHUNK])
    lost = [(link, present.get(link.external_id)) for link in links if not link.is_in(present)]
    same_shop = not other_shop and (len(lost) < len(links) or len(links) == 1)
    for start in range(0, len(lost), CHUNK):
        keep_leases()
        (_tell_conflicts if same_shop else _unlink)(shop_id, lost[start : start + CHUNK])
    keep_leases()
    _finish(shop_id, [] if same_shop else _gone_mappings(shop_id, client), same_shop=same_shop)
    return True


def told(shop: PrestaShopShop) -> list[str]:
    """What the last check of the links found, or that one is due and why; a sentence each."""
    report = shop.links_report or {}
    why = f": {report['why']}" if report.get("why") else ""
    if shop.check_links:
        return [f"Before anything is sent all links to its products are checked{why}."]
    if not report.get("at"):
        return []
    found = [
        f"All links to its products were checked on {str(report['at'])[:16].replace('T', ' ')} UTC{why}. "
        f"Kept: {report['kept']:,}; unlinked, as another product has the id: {report['unlinked']:,}; "
        f"unlinked, as they are not there: {report['gone']:,}; "
        f"in conflict, as they are gone or another: {report.get('conflicts', 0):,}."
    ]
    found += [str(sample) for sample in report["samples"]]
    return found + [str(mapping) for mapping in report["mappings"]]


@dataclass(frozen=True, slots=True)
class _Link:
    """A product that is linked: its row, its id there, and the references that it may bear."""

    status_id: int
    external_id: int
    sku: str
    pushed: str

    def is_in(self, present: dict[int, str]) -> bool:
        theirs = present.get(self.external_id)
        return theirs is not None and any(same_reference(theirs, ours) for ours in (self.sku, self.pushed))

    def lost_to(self, theirs: str | None) -> str:
        """How it was lost, in words."""
        if theirs is None:
            return f"{self.sku}: {self.external_id} is not in the shop any more"
        return f"{self.sku}: {self.external_id} is the product with the reference '{theirs}' there"


def _links(shop_id: int) -> list[_Link]:
    """In the open transaction."""
    row = ProductSyncStatus
    rows = db.session.execute(
        select(row.id, row.external_id, row.pushed, Product.sku)
        .join(Product, Product.id == row.product_id)
        .where(row.shop_id == shop_id, row.external_id.is_not(None))
        .order_by(row.id)
    ).all()
    return [
        _Link(each.id, each.external_id, each.sku, str((each.pushed or {}).get("reference") or each.sku))
        for each in rows
        if each.external_id is not None
    ]


def _tell_conflicts(shop_id: int, lost: Sequence[tuple[_Link, str | None]]) -> None:
    """Rows of products that are not what they were: each says so, and no run takes it for the newest."""
    row = ProductSyncStatus
    for link, theirs in lost:
        runs = row.state.in_([SyncState.SYNCING, SyncState.DISABLED])
        _write(
            row,
            (row.id == link.status_id, row.external_id == link.external_id),
            conflicts={"reference": {"base": link.pushed, "ours": link.sku, "theirs": theirs}},
            payload_hash=None,
            state=case((runs, row.state), else_=SyncState.CONFLICT.value),
            error_code=case((runs, row.error_code), else_="conflict"),
            message=case((runs, row.message), else_=f"{link.lost_to(theirs)}: nothing was sent"),
        )
    shop = _locked(shop_id)
    report = {"conflicts": 0, "samples": [], **(shop.links_report or {})}
    samples = [link.lost_to(theirs) for link, theirs in lost]
    shop.links_report = {
        **report,
        "conflicts": report["conflicts"] + len(lost),
        "samples": [*report["samples"], *samples][:SAMPLES],
    }
    db.session.commit()


def _unlink(shop_id: int, lost: Sequence[tuple[_Link, str | None]]) -> None:
    """Forget the links, and count them in the report, in one commit; each is counted once."""
    if not lost:
        return
    forgotten = [(link, theirs) for link, theirs in lost if _forget_link(link, link.lost_to(theirs))]
    shop = _locked(shop_id)
    report = {"unlinked": 0, "gone": 0, "samples": [], **(shop.links_report or {})}
    gone = sum(theirs is None for _, theirs in forgotten)
    samples = [link.lost_to(theirs) for link, theirs in forgotten]
    shop.links_report = {
        **report,
        "gone": report["gone"] + gone,
        "unlinked": report["unlinked"] + len(forgotten) - gone,
        "samples": [*report["samples"], *samples][:SAMPLES],
    }
    db.session.commit()


def _forget_link(link: _Link, why: str) -> bool:
    """Whether the row was linked so still. One that was synced says what became of it."""
    row = ProductSyncStatus
    mine = (row.id == link.status_id, row.external_id == link.external_id)
    synced = (*mine, row.state == SyncState.SYNCED)
    message = f"Not linked any more: {why}. It is looked up anew when it is sent the next time"
    _write(row, synced, state=SyncState.ERROR, error_code=UNLINKED, message=message, outcome="")
    gone = _write(
        row,
        mine,
        **dict.fromkeys(("external_id", "stock_id", "create_sent_at", "payload_hash"), None),
        **dict.fromkeys(("pushed", "sending", "conflicts"), None),
        pushed_revision=0,
        pushed_settings=0,
    )
    if gone:
        db.session.execute(delete(RemoteImage).where(RemoteImage.status_id == link.status_id))
    return gone


def _gone_mappings(shop_id: int, client: PrestaShopClient) -> list[str]:
    """Categories and manufacturers that a person mapped and the shop does not have, a sentence each."""
    found = []
    for kind, resource in _RESOURCES.items():
        with reading():
            rows = db.session.execute(
                select(ShopMapping.ours, ShopMapping.remote_id).where(
                    *(ShopMapping.shop_id == shop_id, ShopMapping.kind == kind, ShopMapping.manual),
                    ShopMapping.remote_id.is_not(None),
                )
            ).all()
        ids = {each.remote_id: each.ours for each in rows if each.remote_id is not None}
        there = client.lookups.existing(resource, ids) if ids else set()
        found += [
            f"The {kind.value} '{_name(kind, ours)}' was mapped by hand to {number}, which is not in the shop"
            for number, ours in ids.items()
            if number not in there
        ]
    return found


def _name(kind: MappingKind, ours: str) -> str:
    with reading():
        model = Category if kind is MappingKind.CATEGORY else Manufacturer
        return db.session.scalar(select(model.name).where(model.id == int(ours))) or ours


def _finish(shop_id: int, mappings: list[str], *, same_shop: bool) -> None:
    """Forget in another shop what PPM found by name, count what is left, and lift the doubt: one commit."""
    if not same_shop:
        _forget_names(shop_id)
    shop = _locked(shop_id)
    row = ProductSyncStatus
    kept = db.session.scalar(select(func.count()).where(row.shop_id == shop_id, row.external_id.is_not(None)))
    empty = {"why": "", "unlinked": 0, "gone": 0, "conflicts": 0, "samples": []}
    report = {**empty, **(shop.links_report or {}), "moved": False}
    kept = (kept or 0) - report["conflicts"]
    shop.links_report = {**report, "at": now().isoformat(), "kept": kept, "mappings": mappings}
    shop.check_links = False
    db.session.commit()


def _forget_names(shop_id: int) -> None:
    """Categories and manufacturers that PPM found are found again, and what categories hold is not known."""
    db.session.execute(
        update(ShopMapping)
        .where(
            *(ShopMapping.shop_id == shop_id, ShopMapping.kind.in_(list(_RESOURCES))),
            *(ShopMapping.manual.is_(False), ShopMapping.remote_id.is_not(None)),
            or_(ShopMapping.kind != MappingKind.CATEGORY, ShopMapping.ours != str(ROOT_CATEGORY_ID)),
        )
        .values(remote_id=None, create_sent_at=None)
        .execution_options(**_QUIET)
    )
    row = CategorySyncStatus
    empty = dict.fromkeys(("payload_hash", "pushed", "sending", "conflicts"), None)
    db.session.execute(
        update(row)
        .where(row.shop_id == shop_id)
        .values(**empty, pushed_revision=0)
        .execution_options(**_QUIET)
    )


def _locked(shop_id: int) -> PrestaShopShop:
    """The shop's row for a change of its report; on SQLite the transaction that is open writes alone."""
    return db.session.get_one(PrestaShopShop, shop_id, populate_existing=True, with_for_update=True)


def _write(model: type[ProductSyncStatus], where: Sequence[ColumnElement[bool]], **values: Any) -> bool:
    done = db.session.execute(
        update(model).where(*where).values(**values).returning(model.id).execution_options(**_QUIET)
    ).all()
    return bool(done)
