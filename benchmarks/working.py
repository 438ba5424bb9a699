"""While a batch of 100,000 runs: the memory of a worker, and how soon a button's sync starts."""

from __future__ import annotations

import time
from collections.abc import Collection, Iterator, Sequence
from statistics import median
from typing import Final

from sqlalchemy import select

from benchmarks import batch_runs, catalog, memory, shops
from benchmarks.figures import Figure, Result, Side
from benchmarks.house import House
from ppm_web.extensions import db, reading
from ppm_web.models import ProductSyncStatus, now
from ppm_web.services.batches import control as batch_control
from ppm_web.services.sync.requests import request_product_sync

NAMES = ("worker_memory", "button_during_batch")
ENOUGH: Final = 10_000
"""Products through the worker before its memory is told."""

PRIORITIES: Final = (3, 5, 3, 5, 3, 5, 3)
"""Of the presses: each goes to a queue of its own (R1)."""

GROUP_SIZE: Final = 5
"""Products a request, so that the batch makes many requests: with 50 it would make a few long ones."""

LEAST_RATE: Final = 10
"""Requests a second of the batch, by the shop's count, for the presses to tell anything."""

SECONDS = 180


def measure(
    wanted: Collection[str], house: House, shop_id: int, url: str, pressed: Sequence[int]
) -> Iterator[Result]:
    """Run a batch of all products with one worker, then another one with two, and press buttons."""
    if "worker_memory" in wanted:
        yield _worker(house, shop_id)
    if "button_during_batch" in wanted:
        yield _button(house, shop_id, url, pressed)


def _worker(house: House, shop_id: int) -> Figure:
    with house.workers(1) as (pid,):
        idle = memory.of_family(pid)
        catalog.raise_prices()
        batch_id = batch_runs.start(shop_id)
        used = [idle]

        def enough() -> bool:
            used.append(memory.of_family(pid))
            return batch_runs.processed(batch_id) >= ENOUGH

        house.until(enough, SECONDS, f"{ENOUGH} products", every=0.5)
        batch_control.cancel(batch_id)
    return Figure(
        "worker_memory",
        max(used),
        Side(
            max(used),
            "MB",
            f"at most, worker, scheduler and work-horse, while {ENOUGH} products went through",
        ),
        Side(idle, "MB", "the same worker before"),
    )


def _button(house: House, shop_id: int, url: str, pressed: Sequence[int]) -> Figure:
    with house.workers(2, PPM_GROUP_SIZE=str(GROUP_SIZE)):
        alone = [_press(house, shop_id, product, 3) for product in pressed[len(PRIORITIES) :]]
        catalog.raise_prices()
        batch_id = batch_runs.start(shop_id)
        house.until(lambda: batch_runs.processed(batch_id) > 0, SECONDS, "the batch")
        shops.forget_requests(url)
        began = time.perf_counter()
        waits = []
        for product, priority in zip(pressed, PRIORITIES, strict=False):
            waits.append(_press(house, shop_id, product, priority))
            time.sleep(0.5)  # not in step with the batch
        rate = shops.requests_of(url) / (time.perf_counter() - began)
        batch_control.cancel(batch_id)
    what = f"from a press to its start, median of {len(waits)}, while a batch made {rate:.0f} requests/s"
    return Figure(
        "button_during_batch",
        median(waits),
        Side(median(waits), "s", what),
        Side(median(alone), "s", f"the same without a batch, median of {len(alone)}"),
        "" if rate >= LEAST_RATE else f"the batch made only {rate:.1f} requests a second",
    )


def _press(house: House, shop_id: int, product_id: int, priority: int) -> float:
    """Seconds from a request of one product until a worker begins with it."""
    began = now()
    request_product_sync(product_id, shop_id, by="benchmark", priority=priority)
    query = select(ProductSyncStatus.last_attempt_at).where(
        ProductSyncStatus.product_id == product_id, ProductSyncStatus.shop_id == shop_id
    )
    started = began

    def begun() -> bool:
        nonlocal started
        with reading():
            started = db.session.execute(query).scalar_one() or began
        return started > began

    house.until(begun, SECONDS, "a press")
    return (started - began).total_seconds()
