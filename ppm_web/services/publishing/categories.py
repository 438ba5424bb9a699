"""How a category gets into a shop (R6, R11, R25 to R27): parents first, linked where it is there, made where
not; ids that are known are looked at again before they are used."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from flask import current_app

from ppm_web.extensions import reading
from ppm_web.models import ROOT_CATEGORY_ID, MappingKind, PrestaShopShop
from ppm_web.prestashop.client import PrestaShopClient
from ppm_web.prestashop.errors import InvalidProduct, PrestaShopError
from ppm_web.prestashop.transformers import category_creation_payload
from ppm_web.prestashop.validation import check_category
from ppm_web.prestashop.values import Payload, ShopProfile
from ppm_web.services.catalog.names import category_paths
from ppm_web.services.errors import CategoryCycleError, MappingError
from ppm_web.services.ownership.snapshots import CategoryData, category_path
from ppm_web.services.shops import making as remote_making
from ppm_web.services.shops import mappings, remote_ids
from ppm_web.services.shops.making import Made, Making, RemoteThing


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

    def ensure_all(self, category_ids: Sequence[int], *, look: bool = True) -> dict[int, Made]:
        """The shop's ids of categories, made with their parents where it lacks them; nothing is updated.

        Missing ones are made a level at a time, each level in one request: the shop rebuilds its tree
        once a request. ``look``: ids that were not seen for PPM_FACTS_SECONDS are looked at again, all in
        one request (R27); without, what is known is taken as it is. Of a category that cannot be had
        ``Made.error`` says why, also where that is a parent.
        """
        made: dict[int, Made] = self._look(category_ids) if look else {}
        ours = [number for number in category_ids if number != ROOT_CATEGORY_ID and number not in made]
        known = self._known(ours)
        made |= {number: Made(known[number]) for number in ours if number in known}
        if ROOT_CATEGORY_ID in category_ids:
            made.setdefault(ROOT_CATEGORY_ID, self._home_or_error())
        paths: dict[int, list[CategoryData]] = {}
        for number in ours:
            if number not in made:
                try:
                    paths[number] = category_path(number)
                except CategoryCycleError as error:
                    made[number] = Made(error=error)
        return made | self.ensure_paths(paths, look=look)

    def ensure_paths(
        self, paths: Mapping[int, Sequence[CategoryData]], *, look: bool = True
    ) -> dict[int, Made]:
        """As ensure_all, of whole paths (snapshots.category_path): of all their categories, the topmost
        level first."""
        if not paths:
            return {}
        above = {step.category_id for path in paths.values() for step in path}
        told = self._look([ROOT_CATEGORY_ID, *above]) if look else {}
        home = told.get(ROOT_CATEGORY_ID) or self._home_or_error()
        made: dict[int, Made] = {}
        for depth in range(max(map(len, paths.values()))):
            level: dict[int, _Child] = {}
            for path in paths.values():
                if depth < len(path):
                    category = path[depth]
                    parent = made[path[depth - 1].category_id] if depth else home
                    if (error := told.get(category.category_id, parent).error) is not None:
                        made[category.category_id] = Made(error=error)
                    else:
                        level[category.category_id] = _Child(category, parent.remote_id)
            made |= self._ensure_level(level)
        return made

    def home(self) -> int:
        """The shop's home category, where our root stands. Raises MappingError where nobody knows it."""
        if (mapped := self._known([ROOT_CATEGORY_ID]).get(ROOT_CATEGORY_ID)) is not None:
            return mapped
        if not self.profile.home_category:
            raise MappingError(
                f"Shop '{self.shop.name}' does not say which category is its home. "
                f"Say it in the shop's settings, or with: flask shop map '{self.shop.name}' category Home=ID"
            )
        return self.profile.home_category

    def languages(self) -> dict[str, int]:
        """Our language codes → the shop's language ids."""
        return mappings.languages(self.shop.id, self.profile)

    def _home_or_error(self) -> Made:
        try:
            return Made(self.home())
        except MappingError as error:
            return Made(error=error)

    def _known(self, category_ids: Collection[int]) -> dict[int, int]:
        known = remote_ids.known_ids(self.shop.id, MappingKind.CATEGORY, list(map(str, category_ids)))
        return {int(ours): remote_id for ours, remote_id in known.items()}

    def _look(self, category_ids: Collection[int]) -> dict[int, Made]:
        """Look whether the shop has the known ones of them still: what cannot be used, with the reason."""
        kind, ours = MappingKind.CATEGORY, list(map(str, category_ids))
        if not ours:
            return {}
        try:
            gone = remote_ids.still_there(self.shop.id, kind, ours, self.client.categories_there)
        except PrestaShopError as error:
            return {number: Made(error=error) for number in category_ids}
        if not gone:
            return {}
        with reading():
            paths = category_paths(list(map(int, gone)))
        told: dict[int, Made] = {}
        for key, remote_id in gone.items():
            thing = RemoteThing(key, "", f"the category '{paths.get(int(key), key)}'")
            told[int(key)] = Made(error=remote_making.gone_by_hand(kind, self.shop.name, thing, remote_id))
        return told

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
        languages = self.languages()
        things: list[RemoteThing] = []
        known = self._known(level)
        for number, child in level.items():
            snapshot = child.category.snapshot
            try:
                if number not in known:
                    check_category(snapshot, self.profile.version, languages)
                things.append(RemoteThing(str(number), snapshot.name, f"the category '{snapshot.name}'"))
            except InvalidProduct as error:
                made[number] = Made(error=error)
        making = Making(self.shop.id, self.shop.name, MappingKind.CATEGORY, find, create)
        ensured = remote_making.ensure(making, things)
        return made | {int(ours): result for ours, result in ensured.items()}

    def _new(self, child: _Child) -> Payload:
        return category_creation_payload(
            child.category.snapshot,
            self.languages(),
            child.parent_id,
            [language.id for language in self.profile.languages],
            current_app.config["LANGUAGES"][0],
        )
