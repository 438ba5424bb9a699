"""Workers, the broker and the database die in the middle of a batch: it ends, and every count is right."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.faults.cluster import Cluster
from tests.faults.stage import SHOP_COSTS, set_up

pytestmark = pytest.mark.faults

PRODUCTS = 1000
FEWER = 500
"""Where the broker or the database dies too: enough for several blows, and five minutes for all."""


def test_twenty_killed_workers_and_a_shop_that_fails_cost_a_batch_nothing(tmp_path: Path, seed: int) -> None:
    with set_up(tmp_path, seed, count=PRODUCTS, workers=4, costs=SHOP_COSTS) as stage:
        stage.deal([stage.crew.kill_one] * 20)
        stage.check()
        assert stage.crew.kills.total() == 20
        assert stage.watch.away == []
    assert "database is locked" not in stage.house.log.read_text()


def test_a_broker_that_is_killed_and_emptied_costs_a_batch_nothing(tmp_path: Path, seed: int) -> None:
    with set_up(tmp_path, seed, count=FEWER, workers=3, costs=SHOP_COSTS) as stage:
        kill = stage.crew.kill_one

        def lose_broker() -> None:
            stage.house.lose_broker(stage.dice.uniform(0, 3))

        stage.deal([kill, kill, lose_broker, kill, kill, lose_broker, kill])
        stage.check()


def test_a_postgresql_that_restarts_costs_a_batch_nothing(
    tmp_path: Path, seed: int, cluster: Cluster
) -> None:
    with set_up(tmp_path, seed, count=FEWER, workers=3, database_url=cluster.url, costs=SHOP_COSTS) as stage:
        kill = stage.crew.kill_one
        stage.deal([kill, kill, cluster.restart, kill, kill, cluster.restart, kill])
        stage.check()
