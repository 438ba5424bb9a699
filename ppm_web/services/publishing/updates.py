"""What of a group of products differs from the shop, sent in one request for fields and one for stock."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from ppm_web.extensions import db
from ppm_web.prestashop.diff import changed_fields
from ppm_web.prestashop.errors import NotFound
from ppm_web.prestashop.transformers import complete_texts, merge_categories
from ppm_web.prestashop.values import Payload, StockRow
from ppm_web.services.errors import ConflictError
from ppm_web.services.ledger import claims
from ppm_web.services.publishing.categories import leaves_out_languages
from ppm_web.services.publishing.group import IMAGES, STOCK, Group, Task


@dataclass(frozen=True, slots=True)
class ProductUpdates:
    """Sends what changed of the products of a group that the shop has by now."""

    group: Group

    def send(self, tasks: Sequence[Task]) -> None:
        """Send what differs from what was last pushed, or from what the shop has."""
        self._read([task for task in tasks if task.state.unsure or task.claim.force])
        tasks = _open(tasks)
        for task in tasks:
            base = task.present.fields if task.present else task.state.pushed or {}
            task.changes = changed_fields(base, task.wanted)
        stock = [task for task in tasks if self._stock_may_differ(task)]
        for task in tasks:
            task.changes.pop(STOCK, None)
            task.changes.pop(IMAGES, None)
        self._complete(tasks)
        tasks = _open(tasks)
        stock = _open(stock)
        changed = [task for task in tasks if task.changes]
        claims.mark_unsure([task.claim for task in tasks if task.changes or task in stock])
        self.group.send(changed, self._patch, self._first_unpatched)
        for task in changed:
            self._after(task, task.changes)
        self._set_stock(_open(stock))

    def _stock_may_differ(self, task: Task) -> bool:
        if task.state.created and not task.state.unsure:
            return task.product.snapshot.quantity != 0  # the row appears with the product, with 0 (contract)
        return STOCK in task.changes or task.state.unsure or task.claim.force

    def _read(self, tasks: Sequence[Task]) -> None:
        """Read whole products, those that were not read yet, in one request."""
        unread = [task for task in tasks if task.present is None]
        if not unread:
            return
        found = self.group.ask(
            unread, lambda: self.group.client.read_products(task.state.known_id for task in unread)
        )
        for task in unread:
            if found is not None and task.open:
                task.present = found.get(task.state.known_id)
                if task.present is None:
                    task.came = self._deleted(task)

    def _complete(self, tasks: Sequence[Task]) -> None:
        """Add what belongs to the shop: its own categories, and texts in languages that are not ours."""
        self._read(
            [
                task
                for task in tasks
                if "categories" in task.changes or leaves_out_languages(task.changes, self.group.profile)
            ]
        )
        shop_languages = [language.id for language in self.group.profile.languages]
        for task in tasks:
            if not task.open or task.present is None:
                continue
            present = task.present.fields
            if "categories" in task.changes:
                pushed = (task.state.pushed or {}).get("categories", [])
                merged = merge_categories(task.wanted["categories"], pushed, present["categories"])
                task.changes["categories"] = merged
                if merged == sorted(present["categories"]):
                    del task.changes["categories"]
            task.changes = complete_texts(task.changes, present, shop_languages)

    def _patch(self, tasks: Sequence[Task]) -> None:
        self.group.client.update_products([(task.state.known_id, task.changes) for task in tasks])

    def _first_unpatched(self, tasks: Sequence[Task]) -> Task | None:
        """The first product that is gone, or does not have what was sent."""
        found = self.group.client.read_products(task.state.known_id for task in tasks)
        for task in tasks:
            present = found.get(task.state.known_id)
            if present is None or changed_fields(present.fields, task.changes):
                return task
        return None

    def _after(self, task: Task, sent: Payload) -> None:
        """What the failure of a change means, or that something was sent."""
        if isinstance(task.came, NotFound):
            task.came = self._deleted(task)
        elif task.open:
            task.changed = True
            if len(self.group.tasks) > 1:
                task.run.sent |= sent

    def _set_stock(self, tasks: Sequence[Task]) -> None:
        """Set the quantities of the stock rows where they differ."""
        rows = self._stock_rows(
            [
                task
                for task in tasks
                if task.state.stock_id is None
                or (task.state.created or task.state.unsure or task.claim.force)
            ]
        )
        wanted = {task.state.known_id: task.product.snapshot.quantity for task in tasks}
        differing = [
            task
            for task in _open(tasks)
            if task.state.known_id not in rows
            or rows[task.state.known_id].quantity != wanted[task.state.known_id]
        ]
        self.group.send(differing, self._patch_stock, self._first_without_stock)
        for task in differing:
            self._after(task, {STOCK: str(task.product.snapshot.quantity)})

    def _stock_rows(self, tasks: Sequence[Task]) -> Mapping[int, StockRow]:
        """The stock rows as they are in the shop, and their ids kept. The row appears with the product."""
        if not tasks:
            return {}
        rows = self.group.ask(
            tasks, lambda: self.group.client.stock_rows(task.state.known_id for task in tasks)
        )
        for task in _open(tasks):
            row = (rows or {}).get(task.state.known_id)
            if row is None:
                task.came = ConflictError(
                    f"{task.sku} has no stock row in shop '{self.group.shop.name}': "
                    "save it once in the shop's back office, on the tab Quantities"
                )
            elif row.id != task.state.stock_id:
                claims.write([task.claim], stock_id=row.id)
                task.state.stock_id = row.id
        db.session.commit()
        return rows or {}

    def _patch_stock(self, tasks: Sequence[Task]) -> None:
        quantities = {task.state.stock_id: task.product.snapshot.quantity for task in tasks}
        self.group.client.update_stock(
            {row: pieces for row, pieces in quantities.items() if row is not None and pieces is not None}
        )

    def _first_without_stock(self, tasks: Sequence[Task]) -> Task | None:
        rows = self.group.client.stock_rows(task.state.known_id for task in tasks)
        for task in tasks:
            row = rows.get(task.state.known_id)
            if row is None or row.quantity != task.product.snapshot.quantity:
                return task
        return None

    def _deleted(self, task: Task) -> ConflictError:
        return ConflictError(
            f"{task.sku} (id {task.state.external_id}) is no longer in shop '{self.group.shop.name}': "
            f"someone deleted it there. To make it again: flask sync product {task.sku} "
            f"--shop '{self.group.shop.name}' --force"
        )


def _open(tasks: Sequence[Task]) -> list[Task]:
    return [task for task in tasks if task.open]
