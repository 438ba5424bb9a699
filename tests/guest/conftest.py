"""A person with the flask command."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from flask.testing import FlaskCliRunner

from tests.guest.steps import Desk


@pytest.fixture
def desk(cli: FlaskCliRunner, tmp_path: Path, work: Callable[[], None]) -> Desk:
    """Where the catalogue is imported and published from."""
    return Desk(cli, tmp_path, work)
