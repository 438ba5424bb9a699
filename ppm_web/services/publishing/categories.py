"""How a category gets into a shop (R6, R11): parents first, adopted where it is there, made where not."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from flask import current_app

from ppm_web.models import ROOT_CATEGORY_ID, MappingKind, PrestaShopShop
from ppm_web.prestashop.client import PrestaShopClient
from ppm_web.prestashop.diff import changed_fields, payload_hash
from ppm_web.prestashop.errors import InvalidProduct, NotFound
from ppm_web.prestashop.transformers import category_creation_payload, category_payload, complete_texts
from ppm_web.prestashop.validation import check_category
from ppm_web.prestashop.values import Payload, ShopProfile
from ppm_web.services.errors import CategoryCycleError, ConflictError, MappingError
from ppm_web.services.ledger import claims
from ppm_web.services.ledger.claims import Claim
from ppm_web.services.ledger.tries import UNCHANGED, SyncResult
from ppm_web.services.ownership.snapshots import CategoryData, category_path
from ppm_web.services.shops import mappings, remote_ids
from ppm_web.services.shops.remote_ids import Made, Making, RemoteThing


@dataclass(frozen=True, slots=True)
class _Child:
    """A category and the shop's id of its parent."""

    category: CategoryData
    parent_id: int

    @property
    def names(self) -> list[str]:
        """The names that it may have in the shop, in any language."""
        snapshot = self.category.snapshot
        names = [snapshot.name, *(text.name for text in snapshot.texts.values())]
        return [name for name in dict.fromkeys(names) if name]


@dataclass(frozen=True, slots=True)
class CategoryStrategy:
    """Puts categories into one shop, over one client."""

    shop: PrestaShopShop
    client: PrestaShopClient
    profile: ShopProfile

    def ensure_all(self, category_ids: Sequence[int]) -> dict[int, Made]:
        """The shop's ids of categories, made with their parents where it lacks them; nothing is updated.

        Missing ones are made a level at a time, each level in one request: the shop rebuilds its tree
        once a request. Of one that cannot be had ``Made.error`` says why, also where that is a parent.
        """
        ours = [number for number in category_ids if number != ROOT_CATEGORY_ID]
        known = remote_ids.known_ids(self.shop.id, MappingKind.CATEGORY, list(map(str, ours)))
        made = {number: Made(known[str(number)]) for number in ours if str(number) in known}
        if len(ours) < len(category_ids):
            made[ROOT_CATEGORY_ID] = self._home_or_error()
        paths: dict[int, list[CategoryData]] = {}
        for number in ours:
            if number not in made:
                try:
                    paths[number] = category_path(number)
                except CategoryCycleError as error:
                    made[number] = Made(error=error)
        return made | self._ensure_paths(paths)

    def sync(
        self, claim: Claim, category_id: int, pushed: Payload | None, pushed_hash: str | None
    ) -> SyncResult:
        """Make the category in the shop what it is here.

        ``pushed`` is what it was last, ``pushed_hash`` None where only the shop can tell what it
        holds. Raises as ``ensure``, and ClaimLostError.
        """
        path = category_path(category_id)
        if not path:
            return SyncResult(self._home(), UNCHANGED, "none", "", {}, 1)
        made = self._ensure_paths({category_id: path})
        parent_id = made[path[-2].category_id].known()[0] if len(path) > 1 else self._home()
        category = path[-1]
        remote_id, created = made[category_id].known()
        wanted = category_payload(category.snapshot, self._languages(), parent_id)
        checksum = payload_hash(wanted)
        if created:
            message, operation = "Category created successfully", "create"
        elif pushed_hash == checksum and not claim.force:
            message, operation = UNCHANGED, "none"
        else:
            base = None if claim.force or pushed_hash is None else pushed
            changed = self._update(claim, category, remote_id, base, wanted)
            message = "Category updated successfully" if changed else UNCHANGED
            operation = "update" if changed else "none"
        return SyncResult(remote_id, message, operation, checksum, wanted, category.revision)

    def _home(self) -> int:
        if (mapped := self._known(ROOT_CATEGORY_ID)) is not None:
            return mapped
        if not self.profile.home_category:
            raise MappingError(
                f"Shop '{self.shop.name}' does not say which category is its home. "
                f"Say it in the shop's settings, or with: flask shop map '{self.shop.name}' category Home=ID"
            )
        return self.profile.home_category

    def _home_or_error(self) -> Made:
        try:
            return Made(self._home())
        except MappingError as error:
            return Made(error=error)

    def _known(self, category_id: int) -> int | None:
        return remote_ids.known_id(self.shop.id, MappingKind.CATEGORY, str(category_id))

    def _languages(self) -> dict[str, int]:
        return mappings.languages(self.shop.id, self.profile)

    def _ensure_paths(self, paths: Mapping[int, Sequence[CategoryData]]) -> dict[int, Made]:
        """All categories of the paths, the topmost level first."""
        made: dict[int, Made] = {}
        home = self._home_or_error() if paths else Made()
        for depth in range(max(map(len, paths.values()), default=0)):
            level: dict[int, _Child] = {}
            for path in paths.values():
                if depth < len(path):
                    parent = made[path[depth - 1].category_id] if depth else home
                    category = path[depth]
                    if parent.error is not None:
                        made[category.category_id] = Made(error=parent.error)
                    else:
                        level[category.category_id] = _Child(category, parent.remote_id)
            made |= self._ensure_level(level)
        return made

    def _ensure_level(self, level: Mapping[int, _Child]) -> dict[int, Made]:
        """The categories of one level below parents that the shop has."""

        def find(things: Sequence[RemoteThing]) -> dict[str, list[int]]:
            children = {thing.ours: level[int(thing.ours)] for thing in things}
            found = self.client.find_categories(
                [(name, child.parent_id) for child in children.values() for name in child.names]
            )
            return {
                ours: sorted({number for name in child.names for number in found[name, child.parent_id]})
                for ours, child in children.items()
            }

        def create(things: Sequence[RemoteThing]) -> list[int]:
            return self.client.create_categories([self._new(level[int(thing.ours)]) for thing in things])

        made: dict[int, Made] = {}
        languages = self._languages()
        things: list[RemoteThing] = []
        known = remote_ids.known_ids(self.shop.id, MappingKind.CATEGORY, list(map(str, level)))
        for number, child in level.items():
            snapshot = child.category.snapshot
            try:
                if str(number) not in known:
                    check_category(snapshot, self.profile.version, languages)
                things.append(RemoteThing(str(number), snapshot.name, f"the category '{snapshot.name}'"))
            except InvalidProduct as error:
                made[number] = Made(error=error)
        making = Making(self.shop.id, self.shop.name, MappingKind.CATEGORY, find, create)
        ensured = remote_ids.ensure(making, things)
        return made | {int(ours): result for ours, result in ensured.items()}

    def _new(self, child: _Child) -> Payload:
        return category_creation_payload(
            child.category.snapshot,
            self._languages(),
            child.parent_id,
            [language.id for language in self.profile.languages],
            current_app.config["LANGUAGES"][0],
        )

    def _update(
        self, claim: Claim, category: CategoryData, remote_id: int, base: Payload | None, wanted: Payload
    ) -> bool:
        """Send what differs; False when nothing does."""
        check_category(category.snapshot, self.profile.version, self._languages())
        try:
            base = base or self.client.read_category(remote_id)
            changes = changed_fields(base, wanted)
            if changes:
                remote = (
                    self.client.read_category(remote_id)
                    if leaves_out_languages(changes, self.profile)
                    else {}
                )
                shop_languages = [language.id for language in self.profile.languages]
                claims.mark_unsure([claim])
                self.client.update_category(remote_id, complete_texts(changes, remote, shop_languages))
        except NotFound as error:
            raise ConflictError(
                f"The category '{category.snapshot.name}' (id {remote_id}) is no longer in shop "
                f"'{self.shop.name}': someone deleted it there. Say which one to use with: "
                f"flask shop map '{self.shop.name}' category {category.category_id}=ID"
            ) from error
        return bool(changes)


def leaves_out_languages(changes: Payload, profile: ShopProfile) -> bool:
    """Whether a changed text is not ours in all of the shop's languages: the shop's own must be read."""
    everywhere = {str(language.id) for language in profile.languages}
    return any(isinstance(texts, dict) and everywhere - texts.keys() for texts in changes.values())
