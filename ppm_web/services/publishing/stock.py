"""The stock of a group of products: sent when PPM's own quantity moved, and for no other reason (R36).

Before a row is written it is read. What moved in the shop meanwhile (a sale) is a conflict that a person
settles, never put back. The sum row of a product with combinations is never written (WHOLE.md, trap 4).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from ppm_web.prestashop.client import STOCK_AT_ONCE
from ppm_web.prestashop.diff import same_value
from ppm_web.prestashop.three_way import decide, to_read
from ppm_web.prestashop.values import StockRow
from ppm_web.services.errors import ConflictError
from ppm_web.services.publishing.group import STOCK, Group, Task

COMBINED = "its stock was not sent: the product has combinations in the shop, each with a stock of its own"


@dataclass(frozen=True, slots=True)
class ProductStock:
    """Sends the stock of the products of a group that is to be sent."""

    group: Group

    def send(self, tasks: Sequence[Task]) -> None:
        """Read the stock rows, decide by three values, and send what moved here alone."""
        moved = [task for task in tasks if task.open and self._moved(task)]
        rows = self._rows([task for task in moved if not self._is_known(task)])
        differing = [task for task in moved if task.open and self._differs(task, rows)]
        for start in range(0, len(differing), STOCK_AT_ONCE):
            some = [task for task in differing[start : start + STOCK_AT_ONCE] if task.open]
            self.group.under_way(some, lambda task: {STOCK: task.wanted[STOCK]})
            self.group.send(some, self._patch, self._first_unwritten)
            for task in some:
                self._after(task)

    def _moved(self, task: Task) -> bool:
        if STOCK not in task.wanted:
            return False
        sending = {name: value for name, value in task.state.sending.items() if name == STOCK}
        ours = {STOCK: task.wanted[STOCK]}
        return task.claim.force_stock or bool(to_read(task.state.base, ours, sending))

    def _is_known(self, task: Task) -> bool:
        """Of a product that the shop has just made: its row holds 0, and the answer told its id."""
        one_store = self.group.shop.store_id is None
        return task.state.made_now and task.state.stock_id is not None and one_store

    def _rows(self, tasks: Sequence[Task]) -> Mapping[int, StockRow]:
        """The stock rows as they are in the shop, and their ids kept. The row appears with the product."""
        if not tasks:
            return {}
        rows = self.group.ask(
            tasks, lambda: self.group.client.stock_rows(task.state.known_id for task in tasks)
        )
        if rows is None:
            return {}
        for task in tasks:
            row = rows.get(task.state.known_id)
            if not task.open:
                continue
            if row is None:
                task.came = ConflictError(
                    f"{task.sku} has no stock row in shop '{self.group.shop.name}': "
                    "save it once in the shop's back office, on the tab Quantities"
                )
            elif row.id != task.state.stock_id:
                task.state.stock_id = row.id
                task.run.keep["stock_id"] = row.id
        return rows

    def _differs(self, task: Task, rows: Mapping[int, StockRow]) -> bool:
        row = rows.get(task.state.known_id)
        if row is not None and row.has_combinations:
            task.notes.append(COMBINED)
            return False
        theirs = {STOCK: str(row.quantity) if row is not None else "0"}
        decision = decide(
            task.state.base,
            {STOCK: task.wanted[STOCK]},
            theirs,
            sending=task.state.sending,
            overwrite={STOCK} if task.claim.force_stock else (),
        )
        task.conflicts += decision.conflicts
        task.know(decision.base, settled=[STOCK])
        return bool(decision.send)

    def _patch(self, tasks: Sequence[Task]) -> None:
        self.group.client.update_stock(
            {row: int(task.wanted[STOCK]) for task in tasks if (row := task.state.stock_id) is not None}
        )

    def _first_unwritten(self, tasks: Sequence[Task]) -> Task | None:
        rows = self.group.client.stock_rows(task.state.known_id for task in tasks)
        for task in tasks:
            row = rows.get(task.state.known_id)
            if row is None or not same_value(STOCK, str(row.quantity), task.wanted[STOCK]):
                return task
        return None

    def _after(self, task: Task) -> None:
        if task.open:
            task.know({STOCK: task.wanted[STOCK]})
            task.changed = True
            if len(self.group.tasks) > 1:
                task.run.sent |= {STOCK: task.wanted[STOCK]}
        elif not getattr(task.came, "unanswered", False):
            task.know({}, settled=[STOCK])
