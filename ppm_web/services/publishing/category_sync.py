"""One category of a shop made what PPM holds of it: read first, decided by three values, then sent (R26)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from ppm_web.extensions import db, reading
from ppm_web.models import CategorySyncStatus, MappingKind, ShopMapping
from ppm_web.prestashop.conflict_words import conflict_sentence, conflicts_kept
from ppm_web.prestashop.diff import payload_hash
from ppm_web.prestashop.errors import NotFound, PrestaShopError
from ppm_web.prestashop.three_way import Decision, FieldConflict, decide, to_read
from ppm_web.prestashop.transformers import category_payload, complete_texts
from ppm_web.prestashop.validation import check_category
from ppm_web.prestashop.values import Payload
from ppm_web.services.catalog.names import category_paths
from ppm_web.services.errors import ConflictError, FieldConflictError
from ppm_web.services.ledger import claims
from ppm_web.services.ledger.claims import Claim
from ppm_web.services.ledger.tries import UNCHANGED, SyncResult
from ppm_web.services.ownership.snapshots import CategoryData, category_path
from ppm_web.services.publishing.categories import CategoryStrategy
from ppm_web.services.shops import remote_ids
from ppm_web.services.shops.stores import shared_category_fields

PARENT = "id_parent"
MESSAGES = {
    "create": "Category created successfully",
    "update": "Category updated successfully",
    "none": UNCHANGED,
}
LINKED = {
    "update": "Category linked to the one that the shop has, and updated successfully",
    "none": "Category linked to the one that the shop has; nothing had to be sent",
}
"""Of a category that was found in the shop, and taken as ours, in this run."""


@dataclass(frozen=True, slots=True)
class CategoryState:
    """What PPM knows of a category in a shop: ``base`` as it last knew it, ``sending`` what was under way
    when an answer got lost."""

    base: Payload | None
    sending: Payload | None

    @classmethod
    def of(cls, status: CategorySyncStatus) -> CategoryState:
        """The present state of a row."""
        return cls(status.pushed, status.sending)


@dataclass(frozen=True, slots=True)
class CategorySync:
    """Syncs one category, whose row is claimed."""

    strategy: CategoryStrategy
    claim: Claim

    def sync(self, category_id: int, state: CategoryState) -> SyncResult:
        """Make of the category in the shop what PPM holds of it; what it does not hold stays as it is.

        A category of the same name below the same parent is linked rather than made again. One that was
        moved in the shop stays there, unless it was moved here as well. Raises PrestaShopError,
        MappingError, NotYetError, ClaimLostError; ConflictError when it was deleted in the shop, or, with
        its three values, where a field was changed here and there (the others are sent).
        """
        path = category_path(category_id)
        if not path:
            return SyncResult(self.strategy.home(), UNCHANGED, "none", "", {}, 1)
        category = path[-1]
        remote_id = self._known(path).get(category_id)
        if remote_id is None:
            return self._make_or_link(path)
        wanted = self._wanted(category, self._parent_id(path, state))
        check_category(category.snapshot, self.strategy.profile.version, self.strategy.languages())
        if state.base is not None and not self.claim.force and not self._to_read(state, wanted):
            return _result(category, remote_id, wanted, wanted, UNCHANGED, "none")
        try:
            sent, base = self._bring(category, remote_id, state, wanted)
        except NotFound as error:
            return self._deleted(category, remote_id, error)
        operation = "update" if sent else "none"
        return _result(category, remote_id, wanted, base, MESSAGES[operation], operation)

    def _make_or_link(self, path: Sequence[CategoryData]) -> SyncResult:
        category = path[-1]
        made = self.strategy.ensure_paths({category.category_id: path})
        remote_id, created = made[category.category_id].known()
        parent_id = made[path[-2].category_id].known()[0] if len(path) > 1 else self.strategy.home()
        wanted = self._wanted(category, parent_id)
        if created:
            return _result(category, remote_id, wanted, wanted, MESSAGES["create"], "create")
        sent, base = self._bring(category, remote_id, CategoryState(None, None), wanted)
        operation = "update" if sent else "none"
        return _result(category, remote_id, wanted, base, LINKED[operation], operation)

    def _parent_id(self, path: Sequence[CategoryData], state: CategoryState) -> int:
        """The shop's id of the parent; looked at again only where the category is to be moved there."""
        if len(path) == 1:
            return self.strategy.home()
        parent = path[-2].category_id
        known = self._known(path).get(parent)
        if known is not None and (state.base or {}).get(PARENT) == str(known):
            return known
        return self.strategy.ensure_paths({parent: path[:-1]})[parent].known()[0]

    def _known(self, path: Sequence[CategoryData]) -> Mapping[int, int]:
        keys = [str(step.category_id) for step in path]
        known = remote_ids.known_ids(self.strategy.shop.id, MappingKind.CATEGORY, keys)
        return {int(ours): remote_id for ours, remote_id in known.items()}

    def _wanted(self, category: CategoryData, parent_id: int) -> Payload:
        shared = shared_category_fields(self.strategy.shop)
        payload = category_payload(category.snapshot, self.strategy.languages(), parent_id)
        return {name: value for name, value in payload.items() if name not in shared}

    def _to_read(self, state: CategoryState, wanted: Payload) -> set[str]:
        return set(wanted) if self.claim.force else to_read(_base(state, wanted), wanted, state.sending)

    def _bring(
        self, category: CategoryData, remote_id: int, state: CategoryState, wanted: Payload
    ) -> tuple[bool, Payload]:
        """Read the category and send what moved here; whether anything was sent, and the base after it."""
        theirs = self.strategy.client.read_category(remote_id)
        needed = self._to_read(state, wanted)
        decision = decide(
            _base(state, wanted),
            wanted,
            {name: theirs[name] for name in needed if name in theirs},
            sending=state.sending,
            overwrite=wanted if self.claim.force else (),
        )
        if decision.send:
            self._send(remote_id, decision, theirs)
        else:
            self._keep(pushed=decision.after, sending=None)
        if decision.conflicts:
            raise self._conflict(category, decision.conflicts)
        return bool(decision.send), decision.after

    def _send(self, remote_id: int, decision: Decision, theirs: Payload) -> None:
        """Send the fields. They stand in the row while they are under way: after a lost answer just these
        are looked at again."""
        languages = [language.id for language in self.strategy.profile.languages]
        self._keep(pushed=decision.base, sending=decision.send)
        try:
            self.strategy.client.update_category(remote_id, complete_texts(decision.send, theirs, languages))
        except PrestaShopError as error:
            if not error.unanswered:
                self._keep(sending=None)
            raise
        self._keep(pushed=decision.after, sending=None)

    def _keep(self, **values: Payload | None) -> None:
        claims.write([self.claim], **values)
        db.session.commit()

    def _conflict(self, category: CategoryData, conflicts: Sequence[FieldConflict]) -> FieldConflictError:
        kept = conflicts_kept(conflicts)
        self._keep(conflicts=kept)
        told = conflict_sentence(
            [self._in_words(conflict) for conflict in conflicts], self.strategy.languages()
        )
        return FieldConflictError(
            f"{told}. To send what PPM has: {self._forced(category)}. "
            "To keep what the shop has, write it into the category here",
            kept,
        )

    def _forced(self, category: CategoryData) -> str:
        """The command that sends all that PPM holds of the category."""
        number = category.category_id
        with reading():
            path = category_paths([number]).get(number, category.snapshot.name)
        return f"flask sync category '{path}' --shop '{self.strategy.shop.name}' --force"

    def _in_words(self, conflict: FieldConflict) -> FieldConflict:
        """A conflict of the parent with paths in place of ids."""
        if conflict.field != PARENT:
            return conflict
        shop_id = self.strategy.shop.id
        numbers = [int(value) for value in (conflict.base, conflict.ours, conflict.theirs)]
        with reading():
            rows = db.session.execute(
                db.select(ShopMapping.remote_id, ShopMapping.ours).where(
                    ShopMapping.shop_id == shop_id,
                    ShopMapping.kind == MappingKind.CATEGORY,
                    ShopMapping.remote_id.in_(numbers),
                )
            ).all()
            ours = {row.remote_id: int(row.ours) for row in rows}
            paths = category_paths(list(ours.values()))
        base, mine, theirs = (paths.get(ours.get(number, 0), f"no. {number}") for number in numbers)
        return replace(conflict, base=base, ours=mine, theirs=theirs)

    def _deleted(self, category: CategoryData, remote_id: int, error: NotFound) -> SyncResult:
        """What comes of a category that someone deleted in the shop: with force it is made again."""
        shop, number = self.strategy.shop, category.category_id
        if self.claim.force:
            remote_ids.let_go(shop.id, MappingKind.CATEGORY, {str(number): remote_id})
            return self._make_or_link(category_path(number))
        raise ConflictError(
            f"The category '{category.snapshot.name}' (id {remote_id}) is no longer in shop "
            f"'{shop.name}': someone deleted it there. To make it again: {self._forced(category)}. "
            f"Or say which one to use with: flask shop map '{shop.name}' category {number}=ID"
        ) from error


def _base(state: CategoryState, wanted: Payload) -> Payload:
    """Where PPM never knew it, the place of a category is the shop's: it is taken for agreed upon."""
    return {PARENT: wanted[PARENT]} | (state.base or {})


def _result(
    category: CategoryData, remote_id: int, wanted: Payload, base: Payload, message: str, operation: str
) -> SyncResult:
    return SyncResult(remote_id, message, operation, payload_hash(wanted), base, category.revision)
