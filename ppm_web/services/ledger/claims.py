"""Claims and leases: one worker at a time on a row, and nothing lost when it dies.

A claim is one guarded UPDATE that writes a random token and a lease; it is the unique lock (R4).
Every later write of the run is ``WHERE claim_token = mine``: no row means that someone else has it.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, cast

from flask import current_app
from sqlalchemy import ColumnElement, Table, bindparam, case, or_, select, update

from ppm_web.extensions import db, reading
from ppm_web.models import CategorySyncStatus, PrestaShopShop, ProductSyncStatus, SyncState, now

StatusModel = type[ProductSyncStatus] | type[CategorySyncStatus]
Status = ProductSyncStatus | CategorySyncStatus


def status_row(model: StatusModel, status_id: int) -> Status:
    """The row as it is in the database now. Raises NoResultFound."""
    if model is ProductSyncStatus:
        return db.session.get_one(ProductSyncStatus, status_id, populate_existing=True)
    return db.session.get_one(CategorySyncStatus, status_id, populate_existing=True)


class ClaimLostError(RuntimeError):
    """The lease ran out and someone else has the row: stop, and write nothing more."""


@dataclass(frozen=True, slots=True)
class Claim:
    """A row that is ours until its lease ends, and the request that this run serves."""

    model: StatusModel
    status_id: int
    token: str
    revision: int
    attempt: int
    force: bool
    """Whether all fields are compared with the shop, and PPM's values go there."""
    force_stock: bool = False
    """Whether its stock is, too."""
    batch_id: str | None = None
    """The batch whose group claimed it; a row that was claimed for itself has none."""


def claim(model: StatusModel, status_ids: Sequence[int]) -> list[Claim]:
    """Claim those of the rows that wait and are due, and commit. Rows of paused shops keep waiting.

    The try is counted here, so that a worker that dies has used one.
    """
    open_shops = select(PrestaShopShop.id).where(PrestaShopShop.paused_at.is_(None))
    claimed = take(
        model,
        status_ids,
        model.state == SyncState.PENDING,
        or_(model.not_before.is_(None), model.not_before <= now()),
        model.shop_id.in_(open_shops),
    )
    db.session.commit()
    return claimed


def take(
    model: StatusModel, status_ids: Sequence[int], *criteria: ColumnElement[bool], batch_id: str | None = None
) -> list[Claim]:
    """Claim those of the rows that meet the criteria, in the open transaction; in the order of the ids."""
    moment, token = now(), secrets.token_hex(16)
    db.session.execute(
        update(model)
        .where(model.id.in_(status_ids), *criteria)
        .values(
            state=SyncState.SYNCING,
            claim_token=token,
            lease_until=lease_end(moment),
            claimed_revision=model.requested_revision,
            attempts=model.attempts + 1,
            last_requests=case((model.attempts == 0, 0), else_=model.last_requests),
            last_attempt_at=moment,
            ticketed_at=None,
        )
        .execution_options(synchronize_session=False)
    )
    rows = db.session.execute(
        select(model.id, model.claimed_revision, model.attempts, model.force, model.force_stock).where(
            model.id.in_(status_ids), model.claim_token == token
        )
    ).all()
    place = {status_id: number for number, status_id in enumerate(status_ids)}
    return [
        Claim(model, row.id, token, row.claimed_revision, row.attempts, row.force, row.force_stock, batch_id)
        for row in sorted(rows, key=lambda row: place[row.id])
    ]


def renew(claimed: Sequence[Claim]) -> None:
    """Give the leases of a group their full length again, before each request to the shop.

    Raises ClaimLostError when one of the rows is someone else's by now.
    """
    write(claimed, lease_until=lease_end(now()))
    db.session.commit()


def write(claimed: Sequence[Claim], **values: Any) -> None:
    """Write ``values`` to the rows of a group in the open transaction, if all of them are still ours.

    Raises ClaimLostError, with the transaction rolled back, when one is not.
    """
    if not claimed:
        return
    model, token = claimed[0].model, claimed[0].token
    result = db.session.execute(
        update(model)
        .where(model.id.in_([each.status_id for each in claimed]), model.claim_token == token)
        .values(**values)
        .execution_options(synchronize_session=False)
    )
    if result.rowcount != len(claimed):  # type: ignore[attr-defined]  # a CursorResult, for an UPDATE
        db.session.rollback()
        names = ", ".join(str(each.status_id) for each in claimed)
        raise ClaimLostError(f"{model.__tablename__} {names}: the lease ran out")


def write_each(values: Mapping[Claim, Mapping[str, Any]]) -> None:
    """Write to each row of a group values of its own, all the same columns, and commit.

    Raises ClaimLostError, with nothing written, when one is someone else's by now.
    """
    if not values:
        return
    claimed = list(values)
    write(claimed, lease_until=lease_end(now()))  # locks the rows that are ours, all or none
    write_rows([(claim.model, claim.status_id, dict(values[claim])) for claim in claimed])
    db.session.commit()


def write_rows(rows: Sequence[tuple[StatusModel, int, dict[str, Any]]]) -> None:
    """Write to rows that are ours and locked: one statement for all that are written the same columns."""
    alike: dict[tuple[StatusModel, tuple[str, ...]], list[dict[str, Any]]] = {}
    for model, status_id, values in rows:
        new = {f"new_{name}": value for name, value in values.items()}
        alike.setdefault((model, tuple(values)), []).append(new | {"row_id": status_id})
    for (model, names), written in alike.items():
        table = cast("Table", model.__table__)
        statement = (
            update(table)
            .where(table.c.id == bindparam("row_id"))
            .values({name: bindparam(f"new_{name}", type_=table.c[name].type) for name in names})
        )
        db.session.connection().execute(statement, written)


def mark_unsure(claimed: Sequence[Claim]) -> None:
    """Before something is changed in the shop, forget the hash of what it holds, and commit.

    Only a run that ends well knows it again. Without this, a change that the shop saved but never
    answered would be taken for undone, and an edit that takes it back for "no changes".
    """
    write(claimed, payload_hash=None)
    db.session.commit()


@dataclass(frozen=True, slots=True)
class Held:
    """A row that is still ours: what it was asked meanwhile, and its counts so far."""

    requested_revision: int
    requested_at: datetime | None
    force: bool
    force_stock: bool
    retry_count: int
    last_requests: int


def held(claimed: Sequence[Claim]) -> dict[int, Held]:
    """Those of the rows that are still ours, by id, locked in the open transaction until it ends."""
    model = claimed[0].model
    rows = db.session.execute(
        select(
            *(model.id, model.requested_revision, model.requested_at),
            *(model.force, model.force_stock, model.retry_count, model.last_requests),
        )
        .where(model.id.in_([each.status_id for each in claimed]), model.claim_token == claimed[0].token)
        .order_by(model.id)
        .with_for_update(key_share=True)
    ).all()
    return {
        row.id: Held(
            requested_revision=row.requested_revision,
            requested_at=row.requested_at,
            force=row.force,
            force_stock=row.force_stock,
            retry_count=row.retry_count,
            last_requests=row.last_requests,
        )
        for row in rows
    }


def lapsed(model: StatusModel, limit: int) -> list[Claim]:
    """Rows whose lease ran out, as the claims that the dead worker held."""
    with reading():
        rows = db.session.execute(
            select(model.id, model.claim_token, model.claimed_revision, model.attempts, model.force)
            .where(model.state == SyncState.SYNCING, model.lease_until < now())
            .order_by(model.id)
            .limit(limit)
        ).all()
    return [
        Claim(model, row.id, row.claim_token or "", row.claimed_revision, row.attempts, row.force)
        for row in rows
    ]


def lease_end(moment: datetime) -> datetime:
    """When a lease that begins at ``moment`` ends (PPM_LEASE_SECONDS)."""
    return moment + timedelta(seconds=current_app.config["LEASE_SECONDS"])


def settling_seconds(create_sent_at: datetime | None) -> float | None:
    """How long to wait before looking again for a create whose answer never came (rule 6).

    None when nothing was sent, or the settle time (PPM_CREATE_SETTLE_SECONDS) has passed: then it
    may be sent again. Until then it is only looked up, at the pace of the first retry.
    """
    if create_sent_at is None:
        return None
    settle = timedelta(seconds=current_app.config["CREATE_SETTLE_SECONDS"])
    left = (create_sent_at + settle - now()).total_seconds()
    return min(left, current_app.config["SYNC_BACKOFF"][0]) if left > 0 else None
