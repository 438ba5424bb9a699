"""What becomes of links to products that are not there any more: unlinked, or a conflict, and counted.

Counts come from guarded UPDATEs, so that a check that broke off, or is done twice, counts each link once.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import ColumnElement, case, delete, func, or_, select, update

from ppm_web.extensions import db
from ppm_web.models import (
    ROOT_CATEGORY_ID,
    CategorySyncStatus,
    MappingKind,
    PrestaShopShop,
    ProductSyncStatus,
    RemoteImage,
    ShopMapping,
    SyncState,
    now,
)
from ppm_web.prestashop.diff import clean_reference

SAMPLES: Final = 20
"""Products that a report names."""
UNLINKED: Final = "unlinked"
"""The error code of a row that was synced and is not linked any more."""

_NOTHING: Final[dict[str, Any]] = {"why": "", "unlinked": 0, "gone": 0, "conflicts": 0, "samples": []}
_QUIET: Final = {"synchronize_session": False}


def same_reference(one: str, other: str) -> bool:
    """Whether two references are one to a shop: case and what nobody sees make no difference."""
    return clean_reference(one).casefold() == clean_reference(other).casefold()


@dataclass(frozen=True, slots=True)
class Linked:
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


Lost = tuple[Linked, str | None]
"""A link that does not fit, and the reference that its id bears in the shop; None for no product."""


def unlink(shop_id: int, lost: Sequence[Lost]) -> None:
    """Forget the links, and count them in the report, in one commit; each is counted once."""
    done = [(link, theirs) for link, theirs in lost if _forget_link(link, link.lost_to(theirs))]
    gone = sum(theirs is None for _, theirs in done)
    _count(shop_id, {"gone": gone, "unlinked": len(done) - gone}, done)


def set_conflicts(shop_id: int, shop_name: str, lost: Sequence[Lost]) -> None:
    """Say of each row that its product is not what it was, and count them, in one commit."""
    done = [(link, theirs) for link, theirs in lost if _set_conflict(shop_name, link, theirs)]
    _count(shop_id, {"conflicts": len(done)}, done)


def _count(shop_id: int, counts: dict[str, int], done: Sequence[Lost]) -> None:
    shop = _locked(shop_id)
    report = {**_NOTHING, **(shop.links_report or {})}
    samples = [*report["samples"], *(link.lost_to(theirs) for link, theirs in done)]
    added = {name: report[name] + count for name, count in counts.items()}
    shop.links_report = {**report, **added, "samples": samples[:SAMPLES]}
    db.session.commit()


def _set_conflict(shop_name: str, link: Linked, theirs: str | None) -> bool:
    """Whether the row was linked so, and not in conflict yet. No run takes it for the newest any more."""
    row = ProductSyncStatus
    what = f"is '{theirs}' now" if theirs is not None else "is not there any more"
    return _write(
        row,
        (row.id == link.status_id, row.external_id == link.external_id, row.conflicts.is_(None)),
        conflicts={"reference": {"base": None, "ours": None, "theirs": theirs}},
        payload_hash=None,
        state=case((row.state == SyncState.SYNCING, row.state), else_=SyncState.CONFLICT),
        message=f"The product {link.external_id} of shop '{shop_name}' {what}: nothing was sent",
    )


def _forget_link(link: Linked, why: str) -> bool:
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


def finish(shop_id: int, mappings: list[str], *, forget_names: bool) -> None:
    """Forget what PPM found by name in another shop, count what fits, and lift the doubt, in one commit."""
    if forget_names:
        _forget_names(shop_id)
    shop = _locked(shop_id)
    row = ProductSyncStatus
    fits = (row.shop_id == shop_id, row.external_id.is_not(None), row.conflicts.is_(None))
    kept = db.session.scalar(select(func.count()).where(*fits))
    report = {**_NOTHING, **(shop.links_report or {})}
    shop.links_report = {**report, "at": now().isoformat(), "kept": kept, "mappings": mappings}
    shop.check_links = False
    db.session.commit()


def _forget_names(shop_id: int) -> None:
    """Categories and manufacturers that PPM found are found again, and what categories hold is not known."""
    db.session.execute(
        update(ShopMapping)
        .where(
            *(
                ShopMapping.shop_id == shop_id,
                ShopMapping.kind.in_([MappingKind.CATEGORY, MappingKind.MANUFACTURER]),
            ),
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
