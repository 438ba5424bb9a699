"""What of a group of products differs from the shop: read first, decided by three values, then sent (R26).

Fields go in one request and stock in another. Nothing is sent of a product that was not seen, in this run,
to be the one that PPM knows.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from ppm_web.prestashop.diff import changed_fields, clean_reference
from ppm_web.prestashop.errors import NotFound
from ppm_web.prestashop.three_way import decide, to_read
from ppm_web.prestashop.transformers import complete_texts
from ppm_web.prestashop.values import RemoteProduct
from ppm_web.services.errors import ConflictError
from ppm_web.services.publishing.group import Group, Task
from ppm_web.services.shops import link_checks


@dataclass(frozen=True, slots=True)
class ProductUpdates:
    """Reads the products of a group that the shop has, and sends what changed of their fields."""

    group: Group

    def read(self, tasks: Sequence[Task]) -> list[Task]:
        """Read what is needed of the products, 100 a request; returns those that are gone from the shop.

        One whose reference is another by now is a conflict. The newest linked product is looked at, too:
        if it is not what it was, this is not the shop that PPM knew, and nothing is sent.
        """
        wanted = {task.claim.status_id: self._needed(task) for task in tasks}
        needing = [task for task in tasks if wanted[task.claim.status_id]]
        if not needing:
            return []
        newest = link_checks.newest_link(self.group.shop.id)
        ids = [task.state.known_id for task in needing]
        looked_at = [*ids, newest.external_id] if newest is not None else ids
        fields = set().union(*(wanted[task.claim.status_id] for task in needing))
        found = self.group.ask(
            needing, lambda: self.group.client.read_fields(dict.fromkeys(looked_at), fields)
        )
        if found is None:
            return []
        if newest is not None and not bears(found.get(newest.external_id), {newest.reference}):
            self.group.doubt(f"the product {newest.external_id} is not {newest.reference} any more")
            return []
        for task in needing:
            task.present = found.get(task.state.known_id)
            if task.present is not None and not bears(task.present, self._references(task)):
                task.came = self._another(task, task.present)
        return [task for task in needing if task.open and task.present is None]

    def send(self, tasks: Sequence[Task]) -> None:
        """Decide what differs of the products that were read, and send it."""
        for task in tasks:
            self._decide(task)
        changed = [task for task in tasks if task.open and task.changes]
        for some in _chunks(changed, self.group.size):
            still = [task for task in some if task.open]
            self.group.under_way(still, lambda task: task.changes)
            self.group.send(still, self._patch, self._first_unpatched)
            for task in still:
                self._after(task)

    def deleted(self, task: Task) -> ConflictError:
        """What is told of a product that someone deleted in the shop."""
        return ConflictError(no_longer_there(task.sku, task.state.known_id, self.group.shop.name))

    def _needed(self, task: Task) -> set[str]:
        """The fields to be read: all with force, else those that moved here or whose answer got lost."""
        fields = task.fields
        if task.claim.force:
            return {"reference", *fields}
        if task.state.made_now:
            return set()
        sending = {name: value for name, value in task.state.sending.items() if name in fields}
        return to_read(task.state.base, fields, sending)

    def _references(self, task: Task) -> set[str]:
        known = {task.sku, str(task.state.base.get("reference", task.sku))}
        if "reference" in task.state.sending:
            known.add(str(task.state.sending["reference"]))
        return known

    def _decide(self, task: Task) -> None:
        if not task.open or task.present is None:
            return
        state, fields, present = task.state, task.fields, task.present.fields
        decision = decide(
            state.base,
            fields,
            {name: present[name] for name in self._needed(task) if name in present},
            sending=state.sending,
            overwrite=fields if task.claim.force else (),
        )
        languages = [language.id for language in self.group.profile.languages]
        task.changes = complete_texts(decision.send, present, languages)
        task.after, task.conflicts = decision.after, [*task.conflicts, *decision.conflicts]
        task.know(decision.base, settled=fields)

    def _patch(self, tasks: Sequence[Task]) -> None:
        self.group.client.update_products([(task.state.known_id, task.changes) for task in tasks])

    def _first_unpatched(self, tasks: Sequence[Task]) -> Task | None:
        """The first product that is gone, or does not have what was sent."""
        fields = {name for task in tasks for name in task.changes}
        found = self.group.client.read_fields((task.state.known_id for task in tasks), fields)
        for task in tasks:
            present = found.get(task.state.known_id)
            if present is None or changed_fields(present.fields, task.changes):
                return task
        return None

    def _after(self, task: Task) -> None:
        """What the failure of a change means, or that something was sent."""
        if isinstance(task.came, NotFound):
            task.came = self.deleted(task)
        if task.open:
            task.know(task.after, settled=task.changes)
            task.changed = True
            if len(self.group.tasks) > 1:
                task.run.sent |= task.changes
        elif not getattr(task.came, "unanswered", False):
            task.know({}, settled=task.changes)  # refused, or not carried out

    def _another(self, task: Task, present: RemoteProduct) -> ConflictError:
        return ConflictError(
            f"The product {present.id} of shop '{self.group.shop.name}' is not {task.sku} any more: its "
            f"reference there is {present.fields.get('reference') or 'empty'}. Nothing was sent: give it its "
            "own reference again there"
        )


def no_longer_there(sku: str, external_id: int, shop_name: str) -> str:
    """What is told of a product that someone deleted in the shop."""
    return (
        f"{sku} (id {external_id}) is no longer in shop '{shop_name}': someone deleted it there. "
        f"To make it again: flask sync product {sku} --shop '{shop_name}' --force"
    )


def bears(present: RemoteProduct | None, references: set[str]) -> bool:
    """Whether a product bears one of the references, however people write them."""
    if present is None:
        return False
    reference = clean_reference(str(present.fields.get("reference", ""))).casefold()
    return reference in {clean_reference(each).casefold() for each in references}


def _chunks(tasks: Sequence[Task], size: int) -> Iterator[Sequence[Task]]:
    for start in range(0, len(tasks), size):
        yield tasks[start : start + size]
