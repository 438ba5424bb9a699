"""Many processes on one database, and nothing else in their way: nobody is locked out."""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest

from tests.faults.cluster import Cluster
from tests.faults.stage import Stage, set_up
from tests.faults.web import Web

pytestmark = pytest.mark.faults

PRODUCTS = int(os.environ.get("FAULTS_PRODUCTS", "600"))
SECONDS = max(300, PRODUCTS // 10)
TROUBLE = re.compile(r"locked|deadlock|Traceback|OperationalError", re.IGNORECASE)


def test_four_workers_and_the_web_at_once_are_never_locked_out_of_sqlite(tmp_path: Path) -> None:
    with set_up(tmp_path, 1, count=PRODUCTS, workers=4) as stage:
        web = Web(stage.house, tmp_path / "web.log", ("/products", "/shops", "/products?page=2"))
        try:
            _sync(stage)
        finally:
            web.end()
        assert stage.watch.away == []
        assert set(web.answers) == {200}
    assert TROUBLE.findall(stage.house.log.read_text()) == []
    assert TROUBLE.findall((tmp_path / "web.log").read_text()) == []


def test_eight_workers_at_once_do_not_deadlock_on_postgresql(tmp_path: Path, cluster: Cluster) -> None:
    with set_up(tmp_path, 1, count=PRODUCTS, workers=8, database_url=cluster.url) as stage:
        _sync(stage)
        assert stage.watch.away == []
    assert TROUBLE.findall(stage.house.log.read_text()) == []
    assert TROUBLE.findall(cluster.log()) == []


def _sync(stage: Stage) -> None:
    """Create everything in the shop, then edit all of it and sync it again, by two batches at once."""
    stage.batches.append(stage.house.start_batch())
    stage.wait(SECONDS)
    stage.edit(range(stage.count))
    stage.batches += [stage.house.start_batch(), stage.house.start_batch()]
    stage.wait(SECONDS)
    stage.check()
