"""A group of products on its way into one shop: what is known of each, and calls that count for each."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import TypeVar

from flask import current_app

from ppm_web.models import ItemOutcome, PrestaShopShop, ProductSyncStatus
from ppm_web.prestashop.client import PrestaShopClient
from ppm_web.prestashop.errors import (
    KeyRefused,
    NotFound,
    PrestaShopError,
    RateLimited,
    Rejected,
    ShopUnreachable,
)
from ppm_web.prestashop.three_way import FieldConflict
from ppm_web.prestashop.values import Payload, RemoteIds, RemoteProduct, ShopProfile
from ppm_web.services.errors import InDoubtError, NotYetError
from ppm_web.services.ledger import claims
from ppm_web.services.ledger.claims import Claim
from ppm_web.services.ledger.tries import Run, SyncResult
from ppm_web.services.ownership.snapshots import ProductData
from ppm_web.services.pace import breaker
from ppm_web.services.shops import link_checks

T = TypeVar("T")

CREATED = ItemOutcome.CREATED.value
STOCK, IMAGES, STORE = "quantity", "images", "store"
"""Kept in the payload for its hash, and sent to resources of their own; of a conflict, and of what is under
way: a product that another store has and that is taken into this one."""


@dataclass(slots=True)
class RemoteState:
    """What PPM knows of a product in a shop: the columns of its ProductSyncStatus.

    ``base``: the fields that PPM holds, as it last knew the shop to hold them (design, idea 7).
    ``sending``: the fields that are under way, or were when an answer got lost.
    """

    external_id: int | None
    stock_id: int | None
    base: Payload
    payload_hash: str | None
    sending: Payload
    create_sent_at: datetime | None
    created: bool
    """Whether this try, or an earlier one of this request that failed at the rest, created it."""
    linked: bool = False
    """Whether it was found in the shop, and taken as ours, in this run."""
    made_now: bool = False
    """Whether the shop's answer to its creation came in this run: then it holds just what was sent."""

    @classmethod
    def of(cls, status: ProductSyncStatus) -> RemoteState:
        """The present state of a row."""
        return cls(
            external_id=status.external_id,
            stock_id=status.stock_id,
            base=status.pushed or {},
            payload_hash=status.payload_hash,
            sending=status.sending or {},
            create_sent_at=status.create_sent_at,
            created=status.outcome == CREATED and status.last_success_at is None,
        )

    @property
    def is_taken_in(self) -> bool:
        """Whether a person said that a product of another store is taken into this one."""
        return STORE in self.sending

    @property
    def unsure(self) -> bool:
        """Whether the last run did not end well: its pictures are looked at again."""
        return self.payload_hash is None

    @property
    def known_id(self) -> int:
        """The external id, where it must be known by now."""
        if self.external_id is None:
            raise RuntimeError("the product's id in the shop is needed before it is known")
        return self.external_id


@dataclass(slots=True)
class Task:
    """One product of a group: its run, what it is to become in the shop, and what came of it."""

    run: Run
    product: ProductData
    state: RemoteState
    ids: RemoteIds | None = None
    wanted: Payload = field(default_factory=dict)
    whole: Payload = field(default_factory=dict)
    """``wanted`` with what another of PPM's shops owns: what the product is made with."""
    checksum: str = ""
    present: RemoteProduct | None = None
    """Its fields as they were read in this run, those that were needed."""
    changes: Payload = field(default_factory=dict)
    """What is to be sent of its fields, texts in all of the shop's languages."""
    after: Payload = field(default_factory=dict)
    """The base once ``changes`` are in the shop."""
    conflicts: list[FieldConflict] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    """What was left as it is, and why, for its message."""
    changed: bool = False
    """Whether anything was sent for it."""
    came: SyncResult | Exception | None = None

    @property
    def claim(self) -> Claim:
        """The claim of its row."""
        return self.run.claim

    @property
    def sku(self) -> str:
        """Its reference."""
        return self.product.snapshot.sku

    @property
    def open(self) -> bool:
        """Whether nothing has come of it yet."""
        return self.came is None

    @property
    def remote_ids(self) -> RemoteIds:
        """The shop's ids, where they must be known by now."""
        if self.ids is None:
            raise RuntimeError("the shop's ids are needed before they are known")
        return self.ids

    @property
    def fields(self) -> Payload:
        """What is wanted of the product itself: stock and pictures are resources of their own."""
        return {name: value for name, value in self.wanted.items() if name not in (STOCK, IMAGES)}

    def begin_again(self, status: ProductSyncStatus) -> None:
        """As if nothing had been tried in this run: what is known of it is that of its row."""
        self.state, self.present, self.came = RemoteState.of(status), None, None
        self.changes, self.after, self.conflicts, self.notes = {}, {}, [], []
        self.run.keep.clear()

    def know(self, base: Payload, *, settled: Iterable[str] = ()) -> None:
        """Learn what the shop holds of some fields; the fields ``settled`` are not under way any more.

        The end of the run keeps it, however it ends (``outcomes``).
        """
        known = set(base) | set(settled)
        sending = {name: value for name, value in self.state.sending.items() if name not in known}
        self._keep({**self.state.base, **base}, sending)

    def send_off(self, fields: Payload) -> None:
        """Note that the fields are under way."""
        self._keep(self.state.base, {**self.state.sending, **fields})

    def _keep(self, base: Payload, sending: Payload) -> None:
        self.state.base, self.state.sending = base, sending
        self.run.keep |= {"pushed": base, "sending": sending or None}


@dataclass(frozen=True, slots=True)
class Group:
    """The products of one chunk and the shop that they go to, over one client."""

    shop: PrestaShopShop
    client: PrestaShopClient
    profile: ShopProfile
    tasks: list[Task]
    keep_leases: Callable[[], None]
    """To be called before anything else than the shop is waited for."""
    size: int
    """Products that one request may change, as the shop's pace has it."""

    def open(self) -> list[Task]:
        """The products that nothing has come of yet."""
        return [task for task in self.tasks if task.open]

    def together(self, tasks: Sequence[Task], call: Callable[[], T]) -> T:
        """Call the shop for some of the products: the requests count for each."""
        before = self.client.request_count
        try:
            return call()
        finally:
            for task in tasks:
                task.run.requests += self.client.request_count - before
            if len(self.tasks) == 1:
                self.tasks[0].run.exchanges = [asdict(exchange) for exchange in self.client.exchanges]

    def send(
        self,
        tasks: Sequence[Task],
        call: Callable[[Sequence[Task]], None],
        first_undone: Callable[[Sequence[Task]], Task | None],
    ) -> None:
        """Change something for all of ``tasks`` in one request; one that is refused fails alone.

        A request of several stops at the first bad one: those before it are written, those after it
        are not (README "Several entities in one request"). ``first_undone`` looks which one that
        was; it is sent by itself, and those after it together again.
        """
        rest = list(tasks)
        while rest and (error := self._try(rest, call)) is not None:
            if len(rest) == 1 or not is_refusal(error):
                self.fail(rest, error)
                return
            suspect = self._find(rest, first_undone)
            if not rest[0].open:
                return  # the shop could not be asked
            position = rest.index(suspect) if suspect is not None else 0
            self.send([rest[position]], call, first_undone)
            rest = [task for task in rest[position + 1 :] if task.open]

    def ask(self, tasks: Sequence[Task], call: Callable[[], T]) -> T | None:
        """Read something for ``tasks``; when that fails they fail, and None is returned."""
        try:
            return self.together(tasks, call)
        except PrestaShopError as error:
            self.fail(tasks, error)
            return None

    def fail(self, tasks: Iterable[Task], error: Exception) -> None:
        """Let the products fail with ``error``; the breaker hears of it.

        When it is the shop's trouble rather than theirs, only the first of them does; and the other
        products of the chunk wait, with their tries unspent, instead of running into the same.
        """
        concerned = [task for task in tasks if task.open]
        if concerned and isinstance(error, PrestaShopError):
            breaker.note(self.shop.id, error, concerned[0].sku)
        if is_shops_trouble(error):
            concerned = concerned[:1]
        for task in concerned:
            task.came = error
        if concerned and stops_the_chunk(error):
            asked = error.retry_after if isinstance(error, RateLimited) else None
            wait = asked or current_app.config["SYNC_BACKOFF"][0]
            for task in self.open():
                task.came = NotYetError(f"waits, as the shop has trouble: {error}", wait)

    def doubt(self, why: str) -> None:
        """The shop may not be the one that PPM knew: all links are checked before anything is sent."""
        link_checks.doubt(self.shop.id, why)
        for task in self.open():
            task.came = InDoubtError(f"all links to shop '{self.shop.name}' are checked first: {why}", 1)

    def under_way(self, tasks: Sequence[Task], fields: Callable[[Task], Payload]) -> None:
        """Keep, in a commit, what is about to be sent: after a lost answer just that is looked at (R26)."""
        for task in tasks:
            task.send_off(fields(task))
        claims.write_each(
            {
                task.claim: {
                    "pushed": task.state.base,
                    "sending": task.state.sending,
                    "payload_hash": None,
                }
                for task in tasks
            }
        )

    def _try(self, tasks: Sequence[Task], call: Callable[[Sequence[Task]], None]) -> PrestaShopError | None:
        try:
            self.together(tasks, lambda: call(tasks))
        except PrestaShopError as error:
            return error
        return None

    def _find(self, tasks: Sequence[Task], find: Callable[[Sequence[Task]], Task | None]) -> Task | None:
        return self.ask(tasks, lambda: find(tasks))


def is_refusal(error: PrestaShopError) -> bool:
    """Whether the shop looked at the data and refused some of them: the others may be fine."""
    return isinstance(error, NotFound) or (
        isinstance(error, Rejected) and error.status is not None and error.status >= 400
    )


def is_shops_trouble(error: Exception) -> bool:
    """Whether nothing was carried out for a reason that has nothing to do with the products."""
    return isinstance(error, KeyRefused | RateLimited) or (
        isinstance(error, ShopUnreachable) and not error.unanswered
    )


def stops_the_chunk(error: Exception) -> bool:
    """Whether the next request would most likely meet the same."""
    return is_shops_trouble(error) or (
        isinstance(error, ShopUnreachable) and error.code in {"timeout", "connection"}
    )
