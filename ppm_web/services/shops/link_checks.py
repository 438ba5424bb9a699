"""Is it still the shop that PPM knew? (R26): a staging copy, a restored backup, another shop at the address.

While ``check_links`` of a shop is set, all its links are looked at by reference, in bulk, before anything is
sent. What fits stays. At another address, or where nothing fits, it is another shop: the rest is unlinked,
and looked up anew when it is sent the next time. Else somebody deleted or replaced products there: a conflict
each.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, Literal, NamedTuple

from sqlalchemy import select, update

from ppm_web.extensions import db, reading
from ppm_web.models import (
    Category,
    Manufacturer,
    MappingKind,
    PrestaShopShop,
    Product,
    ProductSyncStatus,
    ShopMapping,
)
from ppm_web.prestashop.client import PrestaShopClient
from ppm_web.services.shops import link_changes
from ppm_web.services.shops.link_changes import Linked, Lost

CHUNK: Final = 500
"""Links that one request asks for, and one commit settles."""

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


class Link(NamedTuple):
    """A linked product: its id in the shop, and the reference that it had there."""

    external_id: int
    reference: str


def newest_link(shop_id: int) -> Link | None:
    """The linked product that the shop made last; None where nothing is linked.

    In a backup that was restored it is the first one to be missing. One whose row is in conflict is known not
    to be what it was, and tells nothing.
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
    return Link(found.external_id, str((found.pushed or {}).get("reference") or found.sku))


def ensure_known(shop: PrestaShopShop, client: PrestaShopClient, keep_leases: Callable[[], None]) -> bool:
    """Check all links of a shop that is in doubt, 500 a request; nothing is written to the shop.

    Returns whether it was in doubt: then rows that were read before have to be read again. ``keep_leases`` is
    called before each request. What was found stands in ``links_report``, and ``check_links`` is cleared with
    the last commit. Safe to repeat, and to be done by two workers at once. Raises PrestaShopError.
    """
    with reading():
        row = db.session.get_one(PrestaShopShop, shop.id, populate_existing=True)
        if not row.check_links:
            return False
        shop_id, name, moved = row.id, row.name, bool((row.links_report or {}).get("moved"))
    kept, lost = _look(shop_id, client, keep_leases)
    is_other = moved or not (kept or len(lost) == 1)
    for start in range(0, len(lost), CHUNK):
        some = lost[start : start + CHUNK]
        if is_other:
            link_changes.unlink(shop_id, some)
        else:
            link_changes.set_conflicts(shop_id, name, some)
    keep_leases()
    link_changes.finish(shop_id, _gone_mappings(shop_id, client), forget_names=is_other)
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
        f"unlinked, as they are not there: {report['gone']:,}; in conflict: {report['conflicts']:,}."
    ]
    found += [str(sample) for sample in report["samples"]]
    return found + [str(mapping) for mapping in report["mappings"]]


def _look(shop_id: int, client: PrestaShopClient, keep_leases: Callable[[], None]) -> tuple[int, list[Lost]]:
    """How many links fit, and those that do not."""
    kept, last = 0, 0
    lost: list[Lost] = []
    while links := _links(shop_id, after=last):
        keep_leases()
        present = client.lookups.references(link.external_id for link in links)
        missed = [(link, present.get(link.external_id)) for link in links if not link.is_in(present)]
        kept, last = kept + len(links) - len(missed), links[-1].status_id
        lost += missed
    return kept, lost


def _links(shop_id: int, after: int) -> list[Linked]:
    row = ProductSyncStatus
    with reading():
        rows = db.session.execute(
            select(row.id, row.external_id, row.pushed, Product.sku)
            .join(Product, Product.id == row.product_id)
            .where(row.shop_id == shop_id, row.external_id.is_not(None), row.id > after)
            .order_by(row.id)
            .limit(CHUNK)
        ).all()
    return [
        Linked(each.id, each.external_id, each.sku, str((each.pushed or {}).get("reference") or each.sku))
        for each in rows
        if each.external_id is not None
    ]


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
