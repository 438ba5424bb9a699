"""Things that are made in a shop by name (categories, manufacturers), once, whoever comes first.

The row in ShopMapping is claimed before anything is created; the loser waits. A create whose
answer never came is only looked up until the settle time has passed (rules 6 and 7).
"""

from __future__ import annotations

import secrets
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from sqlalchemy import or_, select, update

from ppm_web.extensions import db, reading
from ppm_web.models import MappingKind, ShopMapping, now
from ppm_web.prestashop.errors import PrestaShopError
from ppm_web.services.claims import lease_end, settling_seconds
from ppm_web.services.sync_errors import ConflictError, NotYetError
from ppm_web.services.upserts import upsert

WAIT_FOR_OTHER_SECONDS = 1.0


@dataclass(frozen=True, slots=True)
class RemoteThing:
    """A thing of ours, and how it is found and made in the shop."""

    shop_id: int
    shop_name: str
    kind: MappingKind
    ours: str
    label: str
    find: Callable[[], list[int]]
    create: Callable[[], int]


def known_id(shop_id: int, kind: MappingKind, ours: str) -> int | None:
    """The shop's id for a thing of ours, None while it is not known. Leaves no transaction open."""
    with reading():
        return db.session.execute(
            select(ShopMapping.remote_id).where(
                ShopMapping.shop_id == shop_id, ShopMapping.kind == kind, ShopMapping.ours == ours
            )
        ).scalar_one_or_none()


def set_id(shop_id: int, kind: MappingKind, ours: str, remote_id: int, *, manual: bool) -> None:
    """Say that the shop's ``remote_id`` stands for ``ours``, and commit."""
    mapping_id = _row(shop_id, kind, ours)
    db.session.execute(
        update(ShopMapping)
        .where(ShopMapping.id == mapping_id)
        .values(remote_id=remote_id, manual=manual, claim_token=None, lease_until=None, create_sent_at=None)
    )
    db.session.commit()


def forget_id(shop_id: int, kind: MappingKind, ours: str) -> None:
    """Forget what stands for ``ours`` in the shop, and commit."""
    db.session.execute(
        update(ShopMapping)
        .where(ShopMapping.shop_id == shop_id, ShopMapping.kind == kind, ShopMapping.ours == ours)
        .values(remote_id=None, manual=False, claim_token=None, lease_until=None, create_sent_at=None)
    )
    db.session.commit()


def ensure_id(thing: RemoteThing) -> tuple[int, bool]:
    """The shop's id of ``thing`` and whether it was created now: looked up first, made when missing.

    Raises NotYetError while another worker makes it or a create may still settle, ConflictError
    when the shop has several of that name, and PrestaShopError.
    """
    if (found := known_id(thing.shop_id, thing.kind, thing.ours)) is not None:
        return found, False
    mapping_id = _row(thing.shop_id, thing.kind, thing.ours)
    token = _claim(mapping_id)
    if token is None:
        if (found := known_id(thing.shop_id, thing.kind, thing.ours)) is not None:
            return found, False
        raise NotYetError(f"another worker is making {thing.label} in the shop", WAIT_FOR_OTHER_SECONDS)
    try:
        remote_id, created = _find_or_create(thing, mapping_id, token)
    except BaseException:
        db.session.rollback()
        _write(mapping_id, token, claim_token=None, lease_until=None)
        raise
    _write(mapping_id, token, remote_id=remote_id, claim_token=None, lease_until=None, create_sent_at=None)
    return remote_id, created


def _row(shop_id: int, kind: MappingKind, ours: str) -> int:
    """The id of the mapping's row, made if there is none. Commits."""
    upsert(
        ShopMapping,
        {"shop_id": shop_id, "kind": kind, "ours": ours, "manual": False},
        ["shop_id", "kind", "ours"],
    )
    found = db.session.execute(
        select(ShopMapping.id).where(
            ShopMapping.shop_id == shop_id, ShopMapping.kind == kind, ShopMapping.ours == ours
        )
    ).scalar_one()
    db.session.commit()
    return found


def _claim(mapping_id: int) -> str | None:
    moment, token = now(), secrets.token_hex(16)
    result = db.session.execute(
        update(ShopMapping)
        .where(
            ShopMapping.id == mapping_id,
            ShopMapping.remote_id.is_(None),
            or_(ShopMapping.claim_token.is_(None), ShopMapping.lease_until < moment),
        )
        .values(claim_token=token, lease_until=lease_end(moment))
    )
    db.session.commit()
    return token if result.rowcount else None  # type: ignore[attr-defined]  # a CursorResult


def _find_or_create(thing: RemoteThing, mapping_id: int, token: str) -> tuple[int, bool]:
    if (found := _only(thing, thing.find())) is not None:
        return found, False
    _wait_until_settled(thing, mapping_id)
    _write(mapping_id, token, create_sent_at=now(), lease_until=lease_end(now()))
    try:
        return thing.create(), True
    except PrestaShopError as error:
        if not error.unanswered:
            _write(mapping_id, token, create_sent_at=None)
            raise
        if (found := _only(thing, thing.find())) is not None:
            return found, True
        raise


def _only(thing: RemoteThing, found: list[int]) -> int | None:
    if len(found) > 1:
        ids = ", ".join(map(str, found))
        raise ConflictError(
            f"The shop has {len(found)} of {thing.label} (ids {ids}), and PPM does not guess. Say which one "
            f"is meant with: flask shop map '{thing.shop_name}' {thing.kind} {thing.ours}=ID"
        )
    return found[0] if found else None


def _wait_until_settled(thing: RemoteThing, mapping_id: int) -> None:
    sent = db.session.execute(
        select(ShopMapping.create_sent_at).where(ShopMapping.id == mapping_id)
    ).scalar_one()
    db.session.commit()
    if (seconds := settling_seconds(sent)) is not None:
        raise NotYetError(
            f"the shop gave no answer when {thing.label} was created; looking whether it is there", seconds
        )


def _write(mapping_id: int, token: str, **values: Any) -> None:
    db.session.execute(
        update(ShopMapping)
        .where(ShopMapping.id == mapping_id, ShopMapping.claim_token == token)
        .values(**values)
    )
    db.session.commit()
