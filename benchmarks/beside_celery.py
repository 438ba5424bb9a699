"""Celery's workers beside PPM's: started with a house's settings, and timed."""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass

from sqlalchemy import select

from benchmarks import celery_tasks
from benchmarks.house import START_SECONDS, House
from benchmarks.shops import Goods, entities_of
from ppm_web.cli.processes import Program
from ppm_web.extensions import db, reading
from ppm_web.models import ProductSyncStatus

PROCESSES = 2
SECONDS = 120
"""How long a round may take at most."""


@dataclass(frozen=True, slots=True)
class CeleryWorkers:
    """Two prefork processes of Celery that listen on the house's broker."""

    house: House

    def rate(self, shop_id: int, url: str, numbers: Sequence[int]) -> float:
        """Products a second, from the first task handed out to the last product that the shop has saved."""
        query = select(ProductSyncStatus.id).where(
            ProductSyncStatus.shop_id == shop_id, ProductSyncStatus.product_id.in_(numbers)
        )
        with reading():
            status_ids = db.session.scalars(query).all()
        wanted = entities_of(url) + len(status_ids)
        began = time.perf_counter()
        for status_id in status_ids:
            celery_tasks.send_product.delay(status_id, url)
        self.house.until(lambda: entities_of(url) >= wanted, SECONDS, "Celery")
        return len(status_ids) / (time.perf_counter() - began)


@contextmanager
def celery_workers(house: House, goods: Goods) -> Iterator[CeleryWorkers]:
    """Celery's workers, ready to work."""
    broker = house.broker_url.replace("unix://", "redis+socket://", 1)
    prefix = f"{os.environ['RQ_KEY_PREFIX']}:celery:"
    environment = {
        celery_tasks.BROKER: broker,
        celery_tasks.PREFIX: prefix,
        celery_tasks.REMOTE_IDS: json.dumps(asdict(goods.ids)),
    }
    celery_tasks.celery.conf.update(broker_url=broker, broker_transport_options={"global_keyprefix": prefix})
    log = house.folder / "celery.log"
    command = [sys.executable, "-m", "celery", "--app", "benchmarks.celery_tasks", "worker"]
    options = ["--pool", "prefork", "--concurrency", str(PROCESSES), "--loglevel", "INFO"]
    program = Program("celery", [*command, *options], log)
    with house.started(program, extra=environment):
        house.until(lambda: " ready." in log.read_text(errors="replace"), START_SECONDS, "Celery")
        yield CeleryWorkers(house)
