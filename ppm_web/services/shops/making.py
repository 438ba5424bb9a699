"""Things that are made in a shop by name (categories, manufacturers), once, whoever comes first.

The row in ShopMapping is claimed before anything is created; the loser waits. The lease is renewed before
each request, and whoever has lost it sends nothing more. A create whose answer never came is only looked up
until the settle time has passed (rules 6 and 7).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select

from ppm_web.extensions import db, reading
from ppm_web.models import MappingKind, ShopMapping, now
from ppm_web.prestashop.errors import PrestaShopError
from ppm_web.services.errors import ConflictError, MappingError, NotYetError, SyncError
from ppm_web.services.ledger.claims import ClaimLostError, lease_end, settling_seconds
from ppm_web.services.shops import remote_ids

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


def ensure(making: Making, things: Sequence[RemoteThing]) -> dict[str, Made]:
    """The shop's ids of things by their keys: looked up first, the missing ones made in one.

    Of a thing that cannot be had, ``Made.error`` says why: NotYetError while another worker makes it
    or a create may still settle, ConflictError when the shop has several of that name, PrestaShopError.
    """
    known = remote_ids.known_ids(making.shop_id, making.kind, [thing.ours for thing in things])
    made = {ours: Made(remote_id) for ours, remote_id in known.items()}
    missing = [thing for thing in things if thing.ours not in made]
    if missing:
        made |= _make(making, missing)
    return made


def gone_by_hand(kind: MappingKind, shop_name: str, thing: RemoteThing, remote_id: int) -> MappingError:
    """What is told of an id that a person had set, and that the shop does not have any more."""
    return MappingError(
        f"Someone deleted {thing.label} in shop '{shop_name}', which was set by hand to {remote_id} there. "
        f"Say which one is meant with: flask shop map '{shop_name}' {kind} {thing.ours}=ID"
    )


def _make(making: Making, things: Sequence[RemoteThing]) -> dict[str, Made]:
    rows = remote_ids.row_ids(making.shop_id, making.kind, [thing.ours for thing in things])
    ours, token = remote_ids.claim(list(rows.values()))
    claimed = [thing for thing in things if rows[thing.ours] in ours]
    made: dict[str, Made] = {}
    try:
        if claimed:
            made = _Maker(making, rows, token).make(claimed)
    except ClaimLostError:
        pass  # whoever has them now makes them
    finally:
        db.session.rollback()
        kept = {thing.ours for thing in claimed if _give_back(rows[thing.ours], token, made.get(thing.ours))}
    others = [thing for thing in things if thing.ours not in kept or thing.ours not in made]
    made |= _made_by_others(making, others)
    return {thing.ours: made[thing.ours] for thing in things}


def _give_back(row_id: int, token: str, result: Made | None) -> bool:
    """Give the claim back, with what came of it; False where another has the row by now."""
    found = {}
    if result is not None and result.error is None:
        found = {"remote_id": result.remote_id, "create_sent_at": None, "seen_at": now()}
    return remote_ids.write([row_id], token, claim_token=None, lease_until=None, **found)


def _made_by_others(making: Making, things: Sequence[RemoteThing]) -> dict[str, Made]:
    known = remote_ids.known_ids(making.shop_id, making.kind, [thing.ours for thing in things])
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
        self._renew(things)
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
        if things:
            self._renew(things, create_sent_at=moment)

    def _renew(self, things: Sequence[RemoteThing], **values: datetime | None) -> None:
        """Give the leases their full length again, before each request; raises ClaimLostError."""
        ids = [self.rows[thing.ours] for thing in things]
        if not remote_ids.write(ids, self.token, lease_until=lease_end(now()), **values):
            raise ClaimLostError(f"shop_mapping {ids}: the lease ran out")
