"""The practice shop as a process: it ends cleanly, and what it saved is there after a SIGKILL."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import requests

from ppm_web.practice_shop import DEFAULT_KEY, PracticeShop
from tests.practice_shop.api import product
from tests.scenario.conftest import HOPELESS_SECONDS, ROOT

pytestmark = pytest.mark.scenario

COMMAND = "from ppm_web.cli.practice_shop import practice_shop; practice_shop()"


@contextmanager
def command(*options: str) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """The command in a process of its own, and its address."""
    process = subprocess.Popen(
        [sys.executable, "-c", COMMAND, "--port", "0", *options],
        cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    with process:
        try:
            assert process.stdout is not None
            yield process, process.stdout.readline().split()[-1].rstrip("/")
        finally:
            process.kill()


def test_whole_products_survive_a_sigkill(tmp_path: Path) -> None:
    data = tmp_path / "shop.db"
    body = f"<prestashop>{''.join(product(f'MUG-{n}') for n in range(200))}</prestashop>"
    with command("--data", str(data), "--entity-ms", "10") as (process, url):
        with pytest.raises(requests.Timeout):
            requests.post(f"{url}/api/products", data=body, auth=(DEFAULT_KEY, ""), timeout=0.1)
        while not requests.get(f"{url}/__practice/stats", timeout=HOPELESS_SECONDS).json()["entities"]:
            time.sleep(0.01)
        process.send_signal(signal.SIGKILL)
        process.wait(HOPELESS_SECONDS)
    shop = PracticeShop(data_file=data)
    products = shop.products()
    shop.close()
    assert 0 < len(products) < 200
    assert all(len(row["associations"]["stock_availables"]) == 1 for row in products)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_the_command_ends_cleanly(number: signal.Signals) -> None:
    with command("--version", "9.1") as (process, url):
        answer = requests.get(f"{url}/api/", auth=(DEFAULT_KEY, ""), timeout=HOPELESS_SECONDS)
        assert answer.headers["PSWS-Version"] == "9.1.4"
        os.kill(process.pid, number)
        assert process.wait(HOPELESS_SECONDS) == 0
        assert process.stderr is not None
        assert process.stderr.read() == ""


def test_the_command_serves_several_stores_in_another_currency() -> None:
    key = "PRACTICESHOPKEY00000000000000003"
    with command("--stores", "--store-key", key, "--currency", "EUR") as (_, url):
        refused = requests.get(f"{url}/api/products", auth=(key, ""), timeout=HOPELESS_SECONDS)
        assert refused.status_code == 403
        address = f"{url}/api/currencies?display=full&id_shop=2"
        answer = requests.get(address, auth=(key, ""), timeout=HOPELESS_SECONDS)
        assert "<iso_code><![CDATA[EUR]]></iso_code>" in answer.text
