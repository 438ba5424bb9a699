"""What the tests of faults share: a seed that is told, a cluster, and folders with short paths."""

from __future__ import annotations

import os
import random
from collections.abc import Iterator

import pytest

from tests.faults.cluster import Cluster, ClusterError


@pytest.fixture
def seed() -> int:
    """FAULTS_SEED, or any; a test that fails prints it."""
    return int(os.environ.get("FAULTS_SEED") or random.randrange(1_000_000))


@pytest.fixture
def cluster() -> Iterator[Cluster]:
    """A PostgreSQL cluster of the test's own."""
    try:
        cluster = Cluster()
    except ClusterError as error:
        pytest.fail(str(error))
    yield cluster
    cluster.end()
