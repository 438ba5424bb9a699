"""A PPM with its shop, its workers and somebody who watches, and the blows that it gets."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sqlalchemy import Engine

from tests.faults.crew import Crew
from tests.faults.house import LATE_SECONDS, HurtHouse, products
from tests.faults.shop import ShopProcess, every_fault
from tests.faults.verdict import in_flight, judge, unfinished
from tests.faults.watch import Watch, engine_of, look
from tests.scenario.conftest import until

BATCH_SECONDS = 300
"""The longest that a batch may take here, with all that it suffers, on a machine that is busy besides."""
SHOP_COSTS = ("--request-ms", "5", "--entity-ms", "4")
"""What makes a shop slow enough to be met in the middle."""


@dataclass
class Stage:
    """What stands and runs while a batch is hurt: ``count`` products, in an edition ``revision``."""

    house: HurtHouse
    shop: ShopProcess
    crew: Crew
    watch: Watch
    engine: Engine
    dice: random.Random
    count: int
    revision: int = 1
    batches: list[str] = field(default_factory=list)

    def deal(self, blows: Sequence[Callable[[], object]]) -> None:
        """Sync everything to a shop that fails, deal the blows at random moments, wait for the end.

        Where a batch ends before all blows were dealt, every product is edited and the next one begins.
        """
        self.shop.set_faults(every_fault())
        self.batches.append(self.house.start_batch())
        for blow in blows:
            time.sleep(self.dice.uniform(0.2, 1.8))
            self.crew.keep()
            if self.ended():
                self.edit(range(self.count))
                self.batches.append(self.house.start_batch())
            blow()
        self.wait()

    def edit(self, numbers: Iterable[int]) -> None:
        """Bring the next edition of these products into the catalogue."""
        self.house.import_products(self.next_edition(numbers))

    def next_edition(self, numbers: Iterable[int]) -> list[dict[str, Any]]:
        """These products with other prices, texts and quantities than ever before."""
        self.revision += 1
        return products(numbers, self.revision)

    def wait(self, seconds: float = BATCH_SECONDS) -> None:
        """Wait until all batches have ended and no product is on its way, replacing workers that die."""

        def over() -> bool:
            self.crew.keep()
            return self.ended() and not in_flight(self.engine)

        until(over, seconds)

    def ended(self) -> bool:
        """Whether every batch has ended."""
        return all(seen.state.ended for seen in look(self.engine))

    def be_quiet(self) -> None:
        """Take the faults from the shop, and wait until nothing is saved late any more."""
        self.shop.set_faults({})
        time.sleep(LATE_SECONDS)

    def check(self) -> None:
        """Nothing is lost, doubled or stuck; and what failed gets into the shop once that is well again."""
        self.be_quiet()
        assert judge(self.engine, self.shop).faults == []
        for batch in self.batches:
            shown = self.house.batch(batch)
            ended = {"created", "updated", "unchanged", "failed"}
            assert sum(shown["outcomes"][name] for name in ended) == shown["total"] == self.count, shown
            assert shown["state"] == "finished"
            if shown["outcomes"]["failed"]:
                self.house.flask("batch", "retry-failed", batch)
        self.wait()
        assert unfinished(self.engine) == []
        assert judge(self.engine, self.shop).faults == []
        assert len(self.shop.products()) == self.count
        assert self.watch.polls > 0
        assert self.watch.faults == []


@contextmanager
def set_up(
    folder: Path, seed: int, *, count: int, workers: int, database_url: str = "", costs: Sequence[str] = ()
) -> Iterator[Stage]:
    """A stage with ``count`` products in the catalogue, and ``workers`` workers.

    ``costs`` are options of the practice shop; ``seed`` decides which blow comes when.
    """
    house = HurtHouse.build(folder, database_url)
    dice = random.Random(seed)
    print(f"seed {seed}")
    with ExitStack() as stack:
        stack.callback(house.end_broker)
        shop = ShopProcess(house.environment, folder / "shop.log", "--seed", str(seed), *costs)
        stack.callback(shop.end)
        house.add_shop(shop)
        house.import_products(products(range(count)))
        engine = engine_of(house.database_url)
        stack.callback(engine.dispose)
        watch = Watch(engine_of(house.database_url))
        stack.callback(watch.end)
        crew = Crew(house.environment, house.log, workers, dice)
        stack.callback(crew.end)
        yield Stage(house, shop, crew, watch, engine, dice, count)
