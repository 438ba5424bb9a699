"""How a category gets into a shop (R6, R11): parents first, adopted where it is there, made where not."""

from __future__ import annotations

from dataclasses import dataclass

from flask import current_app

from ppm_web.models import ROOT_CATEGORY_ID, MappingKind, PrestaShopShop
from ppm_web.prestashop.client import PrestaShopClient
from ppm_web.prestashop.diff import changed_fields, payload_hash
from ppm_web.prestashop.errors import NotFound
from ppm_web.prestashop.transformers import category_creation_payload, category_payload, complete_texts
from ppm_web.prestashop.validation import check_category
from ppm_web.prestashop.values import Payload, ShopProfile
from ppm_web.services import claims, mappings, remote_ids
from ppm_web.services.claims import Claim
from ppm_web.services.remote_ids import RemoteThing
from ppm_web.services.runs import UNCHANGED, SyncResult
from ppm_web.services.snapshots import CategoryData, category_path
from ppm_web.services.sync_errors import ConflictError, MappingError


@dataclass(frozen=True, slots=True)
class CategoryStrategy:
    """Puts categories into one shop, over one client."""

    shop: PrestaShopShop
    client: PrestaShopClient
    profile: ShopProfile

    def ensure(self, category_id: int) -> int:
        """The shop's id of a category, made with its parents where the shop lacks them; nothing is updated.

        Raises CategoryCycleError, MappingError, ConflictError, NotYetError and PrestaShopError.
        """
        if category_id == ROOT_CATEGORY_ID:
            return self._home()
        if (known := self._known(category_id)) is not None:
            return known
        parent_id = self._home()
        for category in category_path(category_id):
            parent_id, _ = self._ensure_under(category, parent_id)
        return parent_id

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
        parent_id = self._home()
        for ancestor in path[:-1]:
            parent_id, _ = self._ensure_under(ancestor, parent_id)
        category = path[-1]
        remote_id, created = self._ensure_under(category, parent_id)
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
                f"Say it with: flask shop map '{self.shop.name}' category Home=ID"
            )
        return self.profile.home_category

    def _known(self, category_id: int) -> int | None:
        return remote_ids.known_id(self.shop.id, MappingKind.CATEGORY, str(category_id))

    def _languages(self) -> dict[str, int]:
        return mappings.languages(self.shop.id, self.profile)

    def _ensure_under(self, category: CategoryData, parent_id: int) -> tuple[int, bool]:
        """The category's id below a parent of the shop, and whether it was created now."""
        snapshot = category.snapshot

        def find() -> list[int]:
            names = dict.fromkeys([snapshot.name, *(text.name for text in snapshot.texts.values())])
            found: set[int] = set()
            for name in names:
                if name:
                    found.update(self.client.find_categories(name, parent_id))
            return sorted(found)

        def create() -> int:
            check_category(snapshot, self.profile.version, self._languages())
            payload = category_creation_payload(
                snapshot,
                self._languages(),
                parent_id,
                [language.id for language in self.profile.languages],
                current_app.config["LANGUAGES"][0],
            )
            return self.client.create_category(payload)

        return remote_ids.ensure_id(
            RemoteThing(
                shop_id=self.shop.id,
                shop_name=self.shop.name,
                kind=MappingKind.CATEGORY,
                ours=str(category.category_id),
                label=f"the category '{snapshot.name}'",
                find=find,
                create=create,
            )
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
                claims.mark_unsure(claim)
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
