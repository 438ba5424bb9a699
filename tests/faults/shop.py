"""A practice shop as a process of its own, and what is in it, asked for over its Webservice."""

from __future__ import annotations

import subprocess
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

import requests

from ppm_web.practice_shop import DEFAULT_KEY
from ppm_web.practice_shop.faults import NAMES, SAVE_FAULTS
from tests.scenario.conftest import FLASK, ROOT

STRUCK_SHARE = 0.1
"""How many of its answers a shop with every fault spoils; of those to writes more, as some fit only them."""


def every_fault() -> dict[str, float]:
    """Every way in which a practice shop can fail, with one rate that spoils STRUCK_SHARE of the reads."""
    fit_reads = len(NAMES - SAVE_FAULTS)
    return dict.fromkeys(sorted(NAMES), round(1 - (1 - STRUCK_SHARE) ** (1 / fit_reads), 4))


@dataclass(frozen=True, slots=True)
class ShopProduct:
    """A product as the shop holds it."""

    id: int
    reference: str
    price: Decimal
    name: str
    quantity: int


class ShopProcess:
    """``flask practice-shop`` on a free port; ``arguments`` are its options."""

    def __init__(self, environment: Mapping[str, str], log: Path, *arguments: str) -> None:
        with log.open("ab") as errors:
            self._process = subprocess.Popen(
                [*FLASK, "practice-shop", "--port", "0", *arguments],
                env=environment,
                cwd=ROOT,
                stdout=subprocess.PIPE,
                stderr=errors,
                text=True,
            )
        assert self._process.stdout is not None
        told = self._process.stdout.readline()
        assert "listens at" in told, log.read_text()
        self.url = told.split()[-1].rstrip("/")

    def end(self) -> None:
        """End the shop, and forget what it held."""
        self._process.terminate()
        self._process.wait(30)
        assert self._process.stdout is not None
        self._process.stdout.close()

    def set_faults(self, rates: Mapping[str, object]) -> None:
        """Let it fail in these ways from now on, instead of those before."""
        requests.post(f"{self.url}/__practice/faults", json=rates, timeout=10).raise_for_status()

    def stats(self) -> dict[str, Any]:
        """What the shop counted: requests, total, entities, faults."""
        stats: dict[str, Any] = requests.get(f"{self.url}/__practice/stats", timeout=10).json()
        return stats

    def requests(self) -> int:
        """How many requests it got so far."""
        return int(self.stats()["total"])

    def products(self) -> list[ShopProduct]:
        """All products. To be asked when the shop has no faults."""
        stock = {
            row["id_product"]: int(row["quantity"])
            for row in self._rows("stock_availables", "id_product,quantity")
        }
        return [
            ShopProduct(
                id=int(row["id"]),
                reference=row["reference"],
                price=Decimal(row["price"]),
                name=row["name"],
                quantity=stock[str(row["id"])],
            )
            for row in self._rows("products", "id,reference,price,name")
        ]

    def doubled(self) -> list[str]:
        """References, and names of manufacturers and of categories of one parent, that it has twice."""
        found = Counter(f"product {product.reference}" for product in self.products())
        found += Counter(f"manufacturer {row['name']}" for row in self._rows("manufacturers", "id,name"))
        found += Counter(
            f"category {row['name']} in {row['id_parent']}"
            for row in self._rows("categories", "id,name,id_parent")
        )
        return sorted(thing for thing, times in found.items() if times > 1)

    def _rows(self, resource: str, fields: str) -> list[dict[str, str]]:
        answer = requests.get(
            f"{self.url}/api/{resource}?display=[{fields}]&language=1&output_format=JSON",
            auth=(DEFAULT_KEY, ""),
            timeout=60,
        )
        answer.raise_for_status()
        found = answer.json()
        return found[resource] if found else []
