"""Which id of a shop stands for what of ours: rows of ShopMapping, looked at again before use (R27).

An id that the shop does not have any more is never written into a product: it is forgotten, so that the
thing is found by its name or made again; or told, where a person had set it.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from datetime import timedelta
from typing import Any

from flask import current_app
from sqlalchemy import ColumnElement, exists, or_, select, update

from ppm_web.extensions import db, reading
from ppm_web.models import CategorySyncStatus, MappingKind, PrestaShopShop, ShopMapping, now
from ppm_web.services.ledger.claims import lease_end
from ppm_web.services.upserts import upsert


def known_id(shop_id: int, kind: MappingKind, ours: str) -> int | None:
    """The shop's id for a thing of ours, None while it is not known. Leaves no transaction open."""
    with reading():
        return db.session.execute(
            select(ShopMapping.remote_id).where(
                ShopMapping.shop_id == shop_id, ShopMapping.kind == kind, ShopMapping.ours == ours
            )
        ).scalar_one_or_none()


def known_ids(shop_id: int, kind: MappingKind, ours: Collection[str]) -> dict[str, int]:
    """The shop's ids for things of ours, those that are known. Leaves no transaction open."""
    with reading():
        rows = db.session.execute(
            select(ShopMapping.ours, ShopMapping.remote_id).where(*_known(shop_id, kind, ours))
        ).all()
    return {row.ours: row.remote_id for row in rows}


def still_there(
    shop_id: int,
    kind: MappingKind,
    ours: Collection[str],
    look: Callable[[Collection[int]], Collection[int]],
) -> dict[str, int]:
    """Look whether the shop has the ids that are known for ``ours`` still; those seen within
    PPM_FACTS_SECONDS are taken as they are, so that mostly nothing is asked.

    ``look`` tells which of some ids there are. An id that is gone is forgotten (``let_go``), but where a
    person had set it: those are returned, by key, and must not be used. Raises what ``look`` raises.
    """
    limit = now() - timedelta(seconds=current_app.config["FACTS_SECONDS"])
    with reading():
        rows = db.session.execute(
            select(ShopMapping.ours, ShopMapping.remote_id, ShopMapping.manual).where(
                *_known(shop_id, kind, ours),
                or_(ShopMapping.seen_at.is_(None), ShopMapping.seen_at < limit),
            )
        ).all()
    if not rows:
        return {}
    there = look({row.remote_id for row in rows})
    _note_seen(shop_id, kind, [row.ours for row in rows if row.remote_id in there])
    gone = [row for row in rows if row.remote_id not in there]
    let_go(shop_id, kind, {row.ours: row.remote_id for row in gone if not row.manual})
    return {row.ours: row.remote_id for row in gone if row.manual}


def let_go(shop_id: int, kind: MappingKind, ids: Mapping[str, int]) -> None:
    """Forget ids that the shop does not have any more, by key, those that are still the ones known; commits.

    What was pushed with them is not up to date any more, and what a category was there is not known.
    """
    if not ids:
        return
    gone = [
        ours
        for ours, remote_id in ids.items()
        if db.session.execute(
            update(ShopMapping)
            .where(*_known(shop_id, kind, [ours]), ShopMapping.remote_id == remote_id)
            .values(remote_id=None, manual=False, create_sent_at=None, seen_at=None)
            .execution_options(synchronize_session=False)
        ).rowcount  # type: ignore[attr-defined]  # a CursorResult, for an UPDATE
    ]
    if gone:
        _move_settings(shop_id)
    if gone and kind is MappingKind.CATEGORY:
        row = CategorySyncStatus
        db.session.execute(
            update(row)
            .where(row.shop_id == shop_id, row.category_id.in_(list(map(int, gone))))
            .values(pushed=None, payload_hash=None, sending=None, conflicts=None)
            .execution_options(synchronize_session=False)
        )
    db.session.commit()


def set_id(shop_id: int, kind: MappingKind, ours: str, remote_id: int, *, manual: bool) -> None:
    """Say that the shop's ``remote_id`` stands for ``ours``, and commit.

    What was pushed with another id, or without a language, is not up to date any more.
    """
    (mapping_id,) = row_ids(shop_id, kind, [ours]).values()
    before = ShopMapping.remote_id
    matters = before != remote_id
    if manual or kind is MappingKind.LANGUAGE:
        matters = or_(before.is_(None), matters)
    _move_settings(shop_id, exists().where(ShopMapping.id == mapping_id, matters))
    write(
        [mapping_id],
        remote_id=remote_id,
        manual=manual,
        claim_token=None,
        lease_until=None,
        create_sent_at=None,
        seen_at=None if manual else now(),  # what a person says may be wrong, what PPM found was just seen
    )


def row_ids(shop_id: int, kind: MappingKind, ours: Iterable[str]) -> dict[str, int]:
    """The ids of the mappings' rows by key, made where there is none. Commits."""
    keys = sorted(ours)
    for key in keys:
        values = {"shop_id": shop_id, "kind": kind, "ours": key, "manual": False}
        upsert(ShopMapping, values, ["shop_id", "kind", "ours"])
    found = db.session.execute(
        select(ShopMapping.ours, ShopMapping.id).where(
            ShopMapping.shop_id == shop_id, ShopMapping.kind == kind, ShopMapping.ours.in_(keys)
        )
    ).all()
    rows = {row.ours: row.id for row in found}
    db.session.commit()
    return rows


def claim(mapping_ids: Sequence[int]) -> tuple[set[int], str]:
    """Claim those of the rows that nobody has and whose id is not known; returns them, and the token."""
    moment, token = now(), secrets.token_hex(16)
    db.session.execute(
        update(ShopMapping)
        .where(
            ShopMapping.id.in_(mapping_ids),
            ShopMapping.remote_id.is_(None),
            or_(ShopMapping.claim_token.is_(None), ShopMapping.lease_until < moment),
        )
        .values(claim_token=token, lease_until=lease_end(moment))
        .execution_options(synchronize_session=False)
    )
    claimed = db.session.scalars(
        select(ShopMapping.id).where(ShopMapping.id.in_(mapping_ids), ShopMapping.claim_token == token)
    ).all()
    db.session.commit()
    return set(claimed), token


def write(mapping_ids: Sequence[int], token: str | None = None, **values: Any) -> bool:
    """Write to rows, where a token is given to those that bear it, and commit; False, with nothing written,
    when one of the rows is someone else's by now, or was set by hand."""
    query = update(ShopMapping).where(ShopMapping.id.in_(mapping_ids))
    if token is not None:
        query = query.where(ShopMapping.claim_token == token)
    result = db.session.execute(query.values(**values).execution_options(synchronize_session=False))
    if result.rowcount != len(set(mapping_ids)):  # type: ignore[attr-defined]  # a CursorResult, for an UPDATE
        db.session.rollback()
        return False
    db.session.commit()
    return True


def _known(shop_id: int, kind: MappingKind, ours: Collection[str]) -> tuple[ColumnElement[bool], ...]:
    row = ShopMapping
    return row.shop_id == shop_id, row.kind == kind, row.ours.in_(list(ours)), row.remote_id.is_not(None)


def _note_seen(shop_id: int, kind: MappingKind, ours: Sequence[str]) -> None:
    db.session.execute(
        update(ShopMapping)
        .where(*_known(shop_id, kind, ours))
        .values(seen_at=now())
        .execution_options(synchronize_session=False)
    )
    db.session.commit()


def _move_settings(shop_id: int, *criteria: ColumnElement[bool]) -> None:
    """What was pushed to the shop may not be up to date any more, in the open transaction."""
    db.session.execute(
        update(PrestaShopShop)
        .where(PrestaShopShop.id == shop_id, *criteria)
        .values(settings_revision=PrestaShopShop.settings_revision + 1)
        .execution_options(synchronize_session=False)
    )
