"""Things that are made in a shop by name (categories, manufacturers), once, whoever comes first.

The row in ShopMapping is claimed before anything is created; the loser waits. A create whose
answer never came is only looked up until the settle time has passed (rules 6 and 7).
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import exists, or_, select, update

from ppm_web.extensions import db, reading
from ppm_web.models import MappingKind, PrestaShopShop, ShopMapping, now
from ppm_web.prestashop.errors import PrestaShopError
from ppm_web.services.errors import ConflictError, NotYetError, SyncError
from ppm_web.services.ledger.claims import lease_end, settling_seconds
from ppm_web.services.upserts import upsert

WAIT_FOR_OTHER_SECONDS = 1.0


@dataclass(frozen=True, slots=True)
class RemoteThing:
    """A thing of ours that a shop shall have: its key here, its name, and how people call it."""

    ours: str
    name: str
    label: str


@dataclass(frozen=True, slots=True)
class Making:
    """How things of a kind are found and made in one shop.

    ``find`` returns the shop's ids for each thing's key, ``create`` one id for each thing, in order;
    a refused ``create`` has made those before the first bad one (README "Several entities …").
    """

    shop_id: int
    shop_name: str
    kind: MappingKind
    find: Callable[[Sequence[RemoteThing]], Mapping[str, Sequence[int]]]
    create: Callable[[Sequence[RemoteThing]], Sequence[int]]


@dataclass(frozen=True, slots=True)
class Made:
    """What came of a thing: its id in the shop and whether it was created now, or why there is none."""

    remote_id: int = 0
    created: bool = False
    error: Exception | None = None

    def known(self) -> tuple[int, bool]:
        """The id, and whether it was created now. Raises what it failed with."""
        if self.error is not None:
            raise self.error
        return self.remote_id, self.created


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
            select(ShopMapping.ours, ShopMapping.remote_id).where(
                *(ShopMapping.shop_id == shop_id, ShopMapping.kind == kind),
                *(ShopMapping.ours.in_(list(ours)), ShopMapping.remote_id.is_not(None)),
            )
        ).all()
    return {row.ours: row.remote_id for row in rows}


def set_id(shop_id: int, kind: MappingKind, ours: str, remote_id: int, *, manual: bool) -> None:
    """Say that the shop's ``remote_id`` stands for ``ours``, and commit.

    What was pushed with another id, or without a language, is not up to date any more.
    """
    (mapping_id,) = _rows(shop_id, kind, [ours]).values()
    before = ShopMapping.remote_id
    matters = before != remote_id
    if manual or kind is MappingKind.LANGUAGE:
        matters = or_(before.is_(None), matters)
    db.session.execute(
        update(PrestaShopShop)
        .where(
            PrestaShopShop.id == shop_id,
            exists().where(ShopMapping.id == mapping_id, matters),
        )
        .values(settings_revision=PrestaShopShop.settings_revision + 1)
        .execution_options(synchronize_session=False)
    )
    _write(
        [mapping_id],
        remote_id=remote_id,
        manual=manual,
        claim_token=None,
        lease_until=None,
        create_sent_at=None,
    )


def ensure(making: Making, things: Sequence[RemoteThing]) -> dict[str, Made]:
    """The shop's ids of things by their keys: looked up first, the missing ones made in one.

    Of a thing that cannot be had, ``Made.error`` says why: NotYetError while another worker makes it
    or a create may still settle, ConflictError when the shop has several of that name, PrestaShopError.
    """
    known = known_ids(making.shop_id, making.kind, [thing.ours for thing in things])
    made = {ours: Made(remote_id) for ours, remote_id in known.items()}
    missing = [thing for thing in things if thing.ours not in made]
    if missing:
        made |= _make(making, missing)
    return made


def _make(making: Making, things: Sequence[RemoteThing]) -> dict[str, Made]:
    rows = _rows(making.shop_id, making.kind, [thing.ours for thing in things])
    ours, token = _claim(list(rows.values()))
    claimed = [thing for thing in things if rows[thing.ours] in ours]
    made: dict[str, Made] = {}
    try:
        if claimed:
            made = _Maker(making, rows, token).make(claimed)
    finally:
        db.session.rollback()
        for thing in claimed:
            result = made.get(thing.ours)
            found = (
                {}
                if result is None or result.error
                else {"remote_id": result.remote_id, "create_sent_at": None}
            )
            _write([rows[thing.ours]], token, claim_token=None, lease_until=None, **found)
    return made | _made_by_others(making, [thing for thing in things if rows[thing.ours] not in ours])


def _made_by_others(making: Making, things: Sequence[RemoteThing]) -> dict[str, Made]:
    known = known_ids(making.shop_id, making.kind, [thing.ours for thing in things])
    return {
        thing.ours: Made(known[thing.ours])
        if thing.ours in known
        else Made(
            error=NotYetError(f"another worker is making {thing.label} in the shop", WAIT_FOR_OTHER_SECONDS)
        )
        for thing in things
    }


@dataclass(frozen=True, slots=True)
class _Maker:
    """Finds and makes things whose rows are claimed."""

    making: Making
    rows: Mapping[str, int]
    token: str

    def make(self, things: Sequence[RemoteThing]) -> dict[str, Made]:
        found = self._find(things, created=False)
        missing = [thing for thing in things if thing.ours not in found]
        waiting = self._settling(missing)
        return found | waiting | self._create([thing for thing in missing if thing.ours not in waiting])

    def _find(self, things: Sequence[RemoteThing], *, created: bool) -> dict[str, Made]:
        """Those that the shop has, once or several times; all with the error if it cannot be asked."""
        try:
            found = self.making.find(things)
        except PrestaShopError as error:
            return {thing.ours: Made(error=error) for thing in things}
        results: dict[str, Made] = {}
        for thing in things:
            ids = found.get(thing.ours, [])
            if len(ids) == 1:
                results[thing.ours] = Made(ids[0], created)
            elif ids:
                results[thing.ours] = Made(error=self._several(thing, ids))
        return results

    def _several(self, thing: RemoteThing, ids: Sequence[int]) -> ConflictError:
        return ConflictError(
            f"The shop has {len(ids)} of {thing.label} (ids {', '.join(map(str, ids))}), and PPM does not "
            f"guess. Say which one is meant with: "
            f"flask shop map '{self.making.shop_name}' {self.making.kind} {thing.ours}=ID"
        )

    def _settling(self, things: Sequence[RemoteThing]) -> dict[str, Made]:
        """Those whose create was sent and not answered: only looked up until they had time to settle."""
        ids = [self.rows[thing.ours] for thing in things]
        with reading():
            found = db.session.execute(
                select(ShopMapping.ours, ShopMapping.create_sent_at).where(ShopMapping.id.in_(ids))
            ).all()
        sent = {row.ours: row.create_sent_at for row in found}
        waits = {thing.ours: (thing, settling_seconds(sent[thing.ours])) for thing in things}
        return {
            ours: Made(
                error=NotYetError(
                    f"the shop gave no answer when {thing.label} was created; looking whether it is there",
                    seconds,
                )
            )
            for ours, (thing, seconds) in waits.items()
            if seconds is not None
        }

    def _create(self, things: Sequence[RemoteThing]) -> dict[str, Made]:
        if not things:
            return {}
        self._mark_sent(things, now())
        try:
            ids = self.making.create(things)
        except PrestaShopError as error:
            return self._after_failed_create(things, error)
        except SyncError as error:  # refused before anything was sent
            self._mark_sent(things, None)
            return {thing.ours: Made(error=error) for thing in things}
        return {thing.ours: Made(number, True) for thing, number in zip(things, ids, strict=True)}

    def _after_failed_create(self, things: Sequence[RemoteThing], error: PrestaShopError) -> dict[str, Made]:
        """See what the shop has made nevertheless; the first that it has not is the bad one."""
        found = self._find(things, created=True) if error.unanswered or len(things) > 1 else {}
        missing = [thing for thing in things if thing.ours not in found]
        if error.unanswered:
            return found | {thing.ours: Made(error=error) for thing in missing}
        self._mark_sent(missing, None)
        if len(things) == 1 or error.temporary:
            return found | {thing.ours: Made(error=error) for thing in missing}
        return found | self._create(missing[:1]) | self._create(missing[1:])

    def _mark_sent(self, things: Sequence[RemoteThing], moment: datetime | None) -> None:
        ids = [self.rows[thing.ours] for thing in things]
        _write(ids, self.token, create_sent_at=moment, lease_until=lease_end(now()))


def _rows(shop_id: int, kind: MappingKind, ours: Sequence[str]) -> dict[str, int]:
    """The ids of the mappings' rows by key, made where there is none. Commits."""
    for key in sorted(ours):
        values = {"shop_id": shop_id, "kind": kind, "ours": key, "manual": False}
        upsert(ShopMapping, values, ["shop_id", "kind", "ours"])
    found = db.session.execute(
        select(ShopMapping.ours, ShopMapping.id).where(
            ShopMapping.shop_id == shop_id, ShopMapping.kind == kind, ShopMapping.ours.in_(list(ours))
        )
    ).all()
    rows = {row.ours: row.id for row in found}
    db.session.commit()
    return rows


def _claim(mapping_ids: Sequence[int]) -> tuple[set[int], str]:
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


def _write(mapping_ids: Sequence[int], token: str | None = None, **values: Any) -> None:
    """Write to rows, where a token is given to those that bear it, and commit."""
    query = update(ShopMapping).where(ShopMapping.id.in_(mapping_ids))
    if token is not None:
        query = query.where(ShopMapping.claim_token == token)
    db.session.execute(query.values(**values).execution_options(synchronize_session=False))
    db.session.commit()
