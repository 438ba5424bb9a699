"""How a group of products gets into a shop (R11, R25, R26): look before create, link, read before write, send
only what PPM holds and what moved.

Each step is one request for all products of the group that need it; one product is a group of one.
What a step cannot do for a product ends that product alone.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, TypeVar

from ppm_web.prestashop.conflict_words import conflict_sentence, conflicts_kept
from ppm_web.prestashop.diff import payload_hash
from ppm_web.prestashop.errors import PrestaShopError
from ppm_web.prestashop.three_way import to_read
from ppm_web.prestashop.validation import check_product
from ppm_web.prestashop.values import RemoteIds
from ppm_web.services.errors import FieldConflictError, NotYetError, SyncError
from ppm_web.services.images import sources as image_sources
from ppm_web.services.ledger.tries import UNCHANGED, SyncResult
from ppm_web.services.publishing.categories import CategoryStrategy
from ppm_web.services.publishing.effective import owned_payload, whole_payload
from ppm_web.services.publishing.group import IMAGES, Group, Task
from ppm_web.services.publishing.images import ProductImages, check_complete
from ppm_web.services.publishing.images import wanted as wanted_images
from ppm_web.services.publishing.links import ProductLinks
from ppm_web.services.publishing.manufacturers import ManufacturerStrategy
from ppm_web.services.publishing.stock import ProductStock
from ppm_web.services.publishing.updates import ProductUpdates
from ppm_web.services.shops import mappings
from ppm_web.services.shops.making import Made

T = TypeVar("T")

IDS = ("categories", "id_category_default", "id_manufacturer")
"""Fields that hold ids which the shop's people may have deleted."""
MESSAGES = {
    "create": "Product created successfully",
    "update": "Product updated successfully",
    "none": UNCHANGED,
}
LINKED = {
    "update": "Product linked to the one that the shop has, and updated successfully",
    "none": "Product linked to the one that the shop has; nothing had to be sent",
}


@dataclass(frozen=True, slots=True)
class ProductStrategy:
    """Makes the products of a group in the shop what PPM holds of them."""

    group: Group

    def sync(self) -> None:
        """Let something come of each product: a SyncResult, or what it failed with or waits for.

        Raises only what concerns the whole group: ClaimLostError, and errors of PPM's own.
        """
        self._prepare(self.group.tasks, look=False)
        for task in self.group.open():
            if self._is_unchanged(task):
                self._finish(task)
        self._prepare([task for task in self.group.open() if self._sends_ids(task)], look=True)
        self._link_and_read()
        ProductUpdates(self.group).send(self.group.open())
        ProductStock(self.group).send(self.group.open())
        for task in self.group.open():
            self._for([task], self._bring_images)
        for task in self.group.open():
            self._finish(task)

    def _is_unchanged(self, task: Task) -> bool:
        state, forced = task.state, task.claim.force or task.claim.force_stock
        same = state.external_id is not None and state.payload_hash == task.checksum
        return same and not state.sending and not forced

    def _sends_ids(self, task: Task) -> bool:
        """Whether ids of the shop's categories or makers may be sent: these are looked at again (R27)."""
        state, fields = task.state, task.fields
        if state.external_id is None or state.sending or task.claim.force:
            return True
        return bool(to_read(state.base, {name: fields[name] for name in IDS if name in fields}))

    def _link_and_read(self) -> None:
        """Read the products that are linked, and find or make the others. One that someone deleted in the
        shop is told, and made again where a person asked for that (force)."""
        links, updates = ProductLinks(self.group), ProductUpdates(self.group)
        links.take_in([task for task in self.group.open() if task.state.is_taken_in])
        gone = updates.read([task for task in self.group.open() if task.state.external_id is not None])
        self._tell_deleted([task for task in gone if not task.claim.force])
        if wanted := [task for task in gone if task.open]:
            links.forget(wanted)
        new = [task for task in self.group.open() if task.state.external_id is None]
        if new:
            links.find_or_create(new)
            found = [task for task in new if task.open and not task.state.made_now]
            self._tell_deleted(updates.read(found))

    def _tell_deleted(self, tasks: Sequence[Task]) -> None:
        for task in tasks:
            task.came = ProductUpdates(self.group).deleted(task)

    def _bring_images(self, tasks: Sequence[Task]) -> None:
        """Pictures go one by one (design), and only where they are not what was pushed."""
        (task,) = tasks
        state, hashes = task.state, task.wanted.get(IMAGES, [])
        pushed = state.base.get(IMAGES, [])
        check = state.created or state.linked or state.unsure or task.claim.force
        if hashes != pushed or (hashes and check):
            images = ProductImages(self.group.shop, self.group.client)
            brought = self.group.together(
                tasks,
                lambda: images.bring(task.claim, state.known_id, hashes, pushed=pushed, check=check),
            )
            task.changed = task.changed or brought.changed
            task.notes += brought.notes
            task.know({IMAGES: hashes})

    def _finish(self, task: Task) -> None:
        self._for([task], lambda tasks: check_complete(tasks[0].product))
        if not task.open:
            return
        if task.conflicts:
            task.came = self._conflict(task)
            return
        operation = "create" if task.state.created else "update" if task.changed else "none"
        messages = LINKED if task.state.linked else MESSAGES
        task.came = SyncResult(
            task.state.external_id,
            "; ".join([messages[operation], *task.notes]),
            operation,
            task.checksum,
            {name: value for name, value in task.state.base.items() if name in task.wanted},
            task.product.revision,
            self.group.shop.settings_revision,
            linked=task.state.linked,
        )

    def _conflict(self, task: Task) -> FieldConflictError:
        """Fields that two have changed: the others were sent, and these wait for a person's word."""
        languages = task.remote_ids.languages
        told = f"{task.sku}: {conflict_sentence(task.conflicts, languages)}"
        return FieldConflictError("; ".join([told, *task.notes]), conflicts_kept(task.conflicts))

    def _prepare(self, tasks: Sequence[Task], *, look: bool) -> None:
        """Say of each product what it is to become: checked here, in the shop's ids, with its hash.

        ``look``: ids that were not seen for a while are looked at again, which may bring others.
        """
        languages = mappings.languages(self.group.shop.id, self.group.profile)
        for task in tasks:
            self._for([task], self._check, languages)
        taxes = self._each(_open(tasks), lambda task: task.product.tax_rate, self._tax_group)
        makers = self._manufacturers(_open(tasks), look=look)
        categories = self._categories(_open(tasks), look=look)
        for task in _open(tasks):
            task.ids = RemoteIds(
                languages=languages,
                tax_rules_group=taxes[task.product.tax_rate],
                manufacturer=self._maker_of(task, makers),
                categories=None
                if task.product.category_ids is None
                else [categories[category_id] for category_id in (task.product.category_ids or ())],
                home=self.group.profile.home_category,
            )
            self._for([task], self._want)

    def _maker_of(self, task: Task, makers: Mapping[int, int]) -> int | None:
        if not task.product.manufacturer_held:
            return None
        return makers[task.product.manufacturer[0]] if task.product.manufacturer else 0

    def _check(self, tasks: Sequence[Task], languages: Mapping[str, int]) -> None:
        check_product(tasks[0].product.snapshot, self.group.profile.version, languages)

    def _want(self, tasks: Sequence[Task]) -> None:
        task = tasks[0]
        if any(image.content_hash is None for image in task.product.images):
            fetched = image_sources.ensure_fetched(task.product.product_id, self.group.keep_leases)
            task.product = replace(task.product, images=fetched)
        task.whole = whole_payload(self.group.shop, task.product.snapshot, task.remote_ids)
        task.wanted = owned_payload(self.group.shop, task.whole)
        if hashes := wanted_images(task.product.images):
            task.wanted[IMAGES] = hashes
        task.checksum = payload_hash(task.wanted)

    def _each(
        self, tasks_open: Sequence[Task], key: Callable[[Task], T], find: Callable[[Task], int]
    ) -> dict[T, int]:
        """The shop's id for each different key of the open products, found once."""
        wanted: dict[T, list[Task]] = {}
        for task in tasks_open:
            wanted.setdefault(key(task), []).append(task)
        found: dict[T, int] = {}
        for value, tasks in wanted.items():
            if not tasks[0].open:
                continue  # an earlier one met the shop's trouble
            remote_id = self._for(tasks, self._asked, find)
            if remote_id is not None:
                found[value] = remote_id
        return found

    def _asked(self, tasks: Sequence[Task], find: Callable[[Task], int]) -> int:
        return self.group.together(tasks, lambda: find(tasks[0]))

    def _for(self, tasks: Sequence[Task], call: Callable[..., T], *args: Any) -> T | None:
        """What ``call`` returns for the products; None when they failed at it or have to wait."""
        try:
            return call(tasks, *args)
        except (PrestaShopError, SyncError) as error:
            self.group.fail(tasks, error)
        except NotYetError as wait:
            for task in tasks:
                task.came = wait
        return None

    def _tax_group(self, task: Task) -> int:
        return mappings.tax_group(
            self.group.shop, self.group.client, self.group.profile, task.product.tax_rate
        )

    def _manufacturers(self, tasks: Sequence[Task], *, look: bool) -> dict[int, int]:
        """The shop's ids of all makers of the products."""
        names = dict(task.product.manufacturer for task in tasks if task.product.manufacturer)
        strategy = ManufacturerStrategy(self.group.shop, self.group.client)
        return self._made(
            tasks,
            lambda: strategy.ensure_all(names, look=look),
            lambda task: [task.product.manufacturer[0]] if task.product.manufacturer else [],
        )

    def _categories(self, tasks: Sequence[Task], *, look: bool) -> dict[int, int]:
        """The shop's ids of all categories that the products are in, made a level at a time."""
        wanted = list(dict.fromkeys(number for task in tasks for number in task.product.category_ids or ()))
        strategy = CategoryStrategy(self.group.shop, self.group.client, self.group.profile)
        return self._made(
            tasks,
            lambda: strategy.ensure_all(wanted, look=look),
            lambda task: task.product.category_ids or (),
        )

    def _made(
        self,
        tasks: Sequence[Task],
        ensure: Callable[[], Mapping[int, Made]],
        ids_of: Callable[[Task], Sequence[int]],
    ) -> dict[int, int]:
        """The shop's ids by ours; products of what could not be had fail with the reason."""
        made = self._for(tasks, lambda tasks: self.group.together(tasks, ensure)) if tasks else None
        known: dict[int, int] = {}
        for number, result in (made or {}).items():
            concerned = [task for task in tasks if task.open and number in ids_of(task)]
            remote_id = self._for(concerned, lambda _, made: made.known()[0], result)
            if remote_id is not None:
                known[number] = remote_id
        return known


def _open(tasks: Sequence[Task]) -> list[Task]:
    return [task for task in tasks if task.open]
