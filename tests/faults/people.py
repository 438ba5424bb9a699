"""People at work, on the command line: they edit, they sync, they pause and they change their minds."""

from __future__ import annotations

import subprocess
import time
from collections import Counter
from collections.abc import Callable

from ppm_web.models import BatchState
from tests.faults.house import SHOP
from tests.faults.stage import Stage
from tests.faults.watch import look
from tests.scenario.conftest import FLASK, ROOT


class People:
    """Somebody who does things by chance. ``counts`` counts them by name.

    A command may fail, as the database may be away; what it had done by then must hold all the same.
    """

    def __init__(self, stage: Stage, counts: Counter[str]) -> None:
        self._stage = stage
        self._counts = counts
        self._acts: dict[Callable[[], None], int] = {
            self._edit: 4,
            self._sync_one: 4,
            self._sync_all: 3,
            self._pause_batch: 2,
            self._resume_batch: 3,
            self._cancel_batch: 1,
            self._pause_shop: 1,
            self._resume_shop: 2,
        }

    def act(self) -> None:
        """Do one thing, after a moment."""
        time.sleep(self._stage.dice.uniform(0, 1))
        (act,) = self._stage.dice.choices(list(self._acts), list(self._acts.values()))
        act()
        self._counts[act.__name__.strip("_").replace("_", " ")] += 1

    def go_home(self) -> None:
        """Let everything go on that was paused."""
        self._stage.house.flask("shop", "resume", SHOP)
        for seen in look(self._stage.engine):
            if seen.state is BatchState.PAUSED:
                self._stage.house.flask("batch", "resume", seen.id)

    def _edit(self) -> None:
        count = self._stage.count
        first = self._stage.dice.randrange(count)
        edition = self._stage.next_edition(range(first, min(first + 40, count)))
        self._try("catalog", "import", self._stage.house.write_catalogue(edition))

    def _sync_one(self) -> None:
        self._try("sync", "product", f"SKU-{self._stage.dice.randrange(self._stage.count)}", "--shop", SHOP)

    def _sync_all(self) -> None:
        self._try("sync", "products", "--shop", SHOP, "--all")

    def _pause_batch(self) -> None:
        self._with_batch("pause", BatchState.WAITING, BatchState.RUNNING)

    def _resume_batch(self) -> None:
        self._with_batch("resume", BatchState.PAUSED)

    def _cancel_batch(self) -> None:
        self._with_batch("cancel", BatchState.WAITING, BatchState.RUNNING, BatchState.PAUSED)

    def _pause_shop(self) -> None:
        self._try("shop", "pause", SHOP)

    def _resume_shop(self) -> None:
        self._try("shop", "resume", SHOP)

    def _with_batch(self, verb: str, *states: BatchState) -> None:
        found = [seen.id for seen in look(self._stage.engine) if seen.state in states]
        if found:
            self._try("batch", verb, self._stage.dice.choice(found))

    def _try(self, *arguments: str) -> None:
        house = self._stage.house
        with (house.folder / "commands.log").open("a", encoding="utf-8") as log:
            print("flask", *arguments, file=log, flush=True)
            subprocess.run(
                [*FLASK, *arguments],
                env=house.environment,
                cwd=ROOT,
                stdout=log,
                stderr=log,
                check=False,
                timeout=120,
            )
