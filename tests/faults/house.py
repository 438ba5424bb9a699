"""A PPM that is about to be hurt: its settings, its catalogue, and its batches."""

from __future__ import annotations

import csv
import os
import signal
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from fcntl import LOCK_EX, flock
from pathlib import Path
from shutil import rmtree
from typing import Any

from redis import Redis

from ppm_web import broker
from ppm_web.practice_shop import DEFAULT_KEY, PracticeShop
from tests.faults.shop import ShopProcess
from tests.scenario.conftest import House, until
from tests.support import SECRET_KEY

SHOP = "Shop A"
PACE = "60000"
"""Requests a minute: more than any shop here can answer."""
LATE_SECONDS = PracticeShop.late_seconds + 1
"""After so long nothing is saved any more that a shop was sent before (``save-late``)."""
SETTINGS = {
    "PPM_SECRET_KEY": SECRET_KEY,
    "PPM_ALLOW_PRIVATE_SHOPS": "1",
    "PPM_SYNC_BACKOFF": "[1, 1, 2]",
    "PPM_SYNC_TRIES": "8",
    "PPM_SWEEP_SECONDS": "1",
    "PPM_REQUEST_TIMEOUT_SECONDS": "5",
    "PPM_LEASE_SECONDS": "7",
    "PPM_CREATE_SETTLE_SECONDS": "9",
    "PPM_GROUP_SIZE": "20",
    "PPM_PROBE_SECONDS": "1",
    "PPM_BREAKER_FAILURES": "20",
}
"""Waits that are short enough for a test, and longer than the shop's slowest save."""


@dataclass
class HurtHouse(House):
    """A PPM with a broker of its own, one shop and a catalogue, run by commands as people run it."""

    folder: Path = Path()

    @classmethod
    def build(cls, folder: Path, database_url: str = "", **settings: str) -> HurtHouse:
        """A house with its database made and its broker started; on SQLite unless a URL is given."""
        environment = {name: value for name, value in os.environ.items() if not name.startswith("PPM_")}
        environment |= SETTINGS | settings
        environment["PPM_DATABASE_URL"] = database_url or f"sqlite:///{folder / 'ppm.sqlite3'}"
        environment["PPM_BROKER_FOLDER"] = str(folder)
        house = cls(environment, log=folder / "workers.log", folder=folder)
        house.flask("db", "upgrade")
        house.flask("queue", "stats")  # the first command that needs the broker starts it
        return house

    @property
    def database_url(self) -> str:
        """Where its database is."""
        return self.environment["PPM_DATABASE_URL"]

    def add_shop(self, shop: ShopProcess, name: str = SHOP) -> None:
        """Add the shop, with a pace that is no hindrance."""
        added = self.json("shop", "add", name, shop.url, "--key", DEFAULT_KEY)
        assert added["problems"] == [], added
        self.flask("shop", "set", name, "--pace-min", PACE, "--pace-max", PACE)

    def write_catalogue(self, rows: Iterable[Mapping[str, Any]]) -> str:
        """Write rows to an import file; returns its path."""
        listed = list(rows)
        path = self.folder / "catalogue.csv"
        with path.open("w", newline="", encoding="utf-8") as file:
            writer = csv.DictWriter(file, list(listed[0]))
            writer.writeheader()
            writer.writerows(listed)
        return str(path)

    def import_products(self, rows: Iterable[Mapping[str, Any]]) -> None:
        """Bring rows of an import file into the catalogue."""
        self.flask("catalog", "import", self.write_catalogue(rows))

    def start_batch(self, shop: str = SHOP) -> str:
        """Ask for everything to be synced to a shop; returns the batch's id."""
        return str(self.json("sync", "products", "--shop", shop, "--all")["batch"])

    def batch(self, batch_id: str) -> dict[str, Any]:
        """A batch as ``flask batch show`` tells of it, having checked that it adds up."""
        shown: dict[str, Any] = self.json("batch", "show", batch_id)
        assert sum(shown["outcomes"].values()) == shown["total"], shown
        return shown

    def lose_broker(self, seconds: float) -> None:
        """Kill the broker, empty it, leave it away for so long, and start it again.

        Its lock is held meanwhile, so that no worker starts it on data that is being removed.
        """
        with (self.folder / "broker.lock").open("w") as lock:
            flock(lock, LOCK_EX)
            with Redis.from_url(broker.broker_url(self.folder)) as connection:
                os.kill(int(connection.info("server")["process_id"]), signal.SIGKILL)
            until(lambda: not broker.is_running(broker.broker_url(self.folder)))
            rmtree(self.folder / "broker")
            time.sleep(seconds)
        self.flask("queue", "stats")

    def end_broker(self) -> None:
        """End the broker."""
        broker.stop(self.folder)


def products(numbers: Iterable[int], revision: int = 1) -> list[dict[str, Any]]:
    """Rows of an import file: a few makers and categories, a price for each revision, and little stock."""
    return [
        {
            "sku": f"SKU-{number}",
            "price_net": f"{10 + number % 50 + revision}.25",
            "tax_rate": "23",
            "quantity": (number + revision) % 5,
            "manufacturer": f"Maker {number % 7}",
            "categories": f"Home > Part {number % 3} > Shelf {number % 11}",
            "name:en": f"Thing {number}",
            "name:pl": f"Rzecz {number}",
            "description:en": f"<p>Thing {number}, edition {revision}</p>",
        }
        for number in numbers
    ]
