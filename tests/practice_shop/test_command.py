from __future__ import annotations

import pytest
from click.testing import CliRunner

from ppm_web.cli.practice_shop import practice_shop
from tests.practice_shop.api import Api


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--key", "short"], "32 letters and digits"),
        (["--key", "-" * 32], "32 letters and digits"),
        (["--fault", "nosuch=1"], "unknown fault"),
        (["--fault", "slow"], "NAME=RATE"),
        (["--fault", "slow=2"], "no rate from 0 to 1"),
        (["--version", "7"], "unknown version"),
        (["--entity-ms", "-1"], "not in the range"),
        (["--currency", "euro"], "no code of a currency"),
        (["--store-key", "A" * 32], "several stores"),
    ],
)
def test_wrong_use_is_status_2_in_plain_words(options: list[str], words: str) -> None:
    result = CliRunner().invoke(practice_shop, options)
    assert result.exit_code == 2
    assert words in result.output


def test_a_port_that_is_taken_is_status_1(api: Api) -> None:
    result = CliRunner().invoke(practice_shop, ["--port", api.url.rpartition(":")[2]])
    assert result.exit_code == 1
    assert "Address already in use" in result.output


def test_a_data_file_that_cannot_be_used_is_status_1() -> None:
    result = CliRunner().invoke(practice_shop, ["--data", "/nonexistent/shop.db"])
    assert result.exit_code == 1
    assert "cannot be used" in result.output
