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
from tests.practice_shop.api import JPEG, product
from tests.practice_shop.conftest import Served

ROOT = Path(__file__).resolve().parents[2]
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


def test_what_is_in_the_file_is_there_again(served: Served, tmp_path: Path) -> None:
    api = served(data_file=tmp_path / "shop.db")
    associations = "<associations><categories><category><id>2</id></category></categories></associations>"
    kept, gone = api.make_product("MUG-1", associations), api.make_product("MUG-2")
    api.call("POST", f"/images/products/{kept}", image=JPEG)
    api.call("DELETE", f"/products/{gone}")
    before = api.shop.products()
    api.shop.close()
    again = served(data_file=tmp_path / "shop.db")
    assert again.shop.products() == before
    assert again.shop.images(kept)[0]["content"] == JPEG
    assert again.get("/categories/2").findtext("nb_products_recursive") == "1"
    assert again.make_product("MUG-3") == gone + 1, "ids are not given twice"


def test_a_file_that_is_in_use_is_refused(tmp_path: Path) -> None:
    first = PracticeShop(data_file=tmp_path / "shop.db")
    with pytest.raises(Exception, match="locked"):
        PracticeShop(data_file=tmp_path / "shop.db")
    first.close()


def test_whole_products_survive_a_sigkill(tmp_path: Path) -> None:
    data = tmp_path / "shop.db"
    body = f"<prestashop>{''.join(product(f'MUG-{n}') for n in range(200))}</prestashop>"
    with command("--data", str(data), "--entity-ms", "10") as (process, url):
        with pytest.raises(requests.Timeout):
            requests.post(f"{url}/api/products", data=body, auth=(DEFAULT_KEY, ""), timeout=0.1)
        while not requests.get(f"{url}/__practice/stats", timeout=5).json()["entities"]:
            time.sleep(0.01)
        process.send_signal(signal.SIGKILL)
        process.wait(5)
    shop = PracticeShop(data_file=data)
    products = shop.products()
    shop.close()
    assert 0 < len(products) < 200
    assert all(len(row["associations"]["stock_availables"]) == 1 for row in products)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_the_command_ends_cleanly(number: signal.Signals) -> None:
    with command("--version", "9.1") as (process, url):
        answer = requests.get(f"{url}/api/", auth=(DEFAULT_KEY, ""), timeout=5)
        assert answer.headers["PSWS-Version"] == "9.1.4"
        os.kill(process.pid, number)
        started = time.monotonic()
        assert process.wait(5) == 0
        assert time.monotonic() - started < 3
        assert process.stderr is not None
        assert process.stderr.read() == ""


def test_the_command_serves_several_stores_in_another_currency() -> None:
    key = "PRACTICESHOPKEY00000000000000003"
    with command("--stores", "--store-key", key, "--currency", "EUR") as (_, url):
        refused = requests.get(f"{url}/api/products", auth=(key, ""), timeout=5)
        assert refused.status_code == 403
        answer = requests.get(f"{url}/api/currencies?display=full&id_shop=2", auth=(key, ""), timeout=5)
        assert "<iso_code><![CDATA[EUR]]></iso_code>" in answer.text
