"""``flask catalog import``: what it prints, and its exit status."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskCliRunner

from ppm_web.extensions import db
from ppm_web.models import Product
from ppm_web.services.catalog.finding import product_by_sku
from ppm_web.services.imports.run import import_catalog

HEADER = "sku,price_net,tax_rate,name:en\n"
SAMPLE = Path(__file__).parents[2] / "sample" / "catalogue.csv"


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "catalogue.csv"


def test_a_good_file_ends_with_status_0_and_a_summary(cli: FlaskCliRunner, file: Path) -> None:
    file.write_text(HEADER + "A,1,5,Mug\nB,1,5,Mug\n")

    result = cli.invoke(args=["catalog", "import", str(file)])

    assert result.exit_code == 0
    assert result.stdout == "2 lines: 2 added, 0 updated, 0 unchanged\n"
    assert result.stderr == ""
    assert product_by_sku("A") is not None


def test_bad_lines_are_told_on_standard_error_with_status_1(cli: FlaskCliRunner, file: Path) -> None:
    file.write_text(HEADER + "A,1,5,Mug\nB,cheap,5,Mug\nC,1\n")

    result = cli.invoke(args=["catalog", "import", str(file)])

    assert result.exit_code == 1
    assert result.stdout == "3 lines: 1 added, 0 updated, 0 unchanged, 2 bad lines left out\n"
    first, second = result.stderr.splitlines()
    assert first.startswith("line 3, column price_net: 'cheap' is no number")
    assert second == "line 4: the line has 2 cells, and there are 4 columns"
    assert product_by_sku("A") is not None


def test_json_is_one_document_with_line_column_and_reason(cli: FlaskCliRunner, file: Path) -> None:
    file.write_text(HEADER + "A,1,5,Mug\nB,1,500,Mug\n")

    result = cli.invoke(args=["catalog", "import", str(file), "--json"])

    assert result.exit_code == 1
    assert json.loads(result.stdout) == {
        "added": 1,
        "updated": 0,
        "unchanged": 0,
        "bad": [
            {
                "line": 3,
                "column": "tax_rate",
                "reason": "500 is no tax rate: it goes from 0 to 100 per cent",
            }
        ],
        "warnings": [],
    }


def test_a_warning_is_told_and_the_line_goes_in(cli: FlaskCliRunner, file: Path) -> None:
    file.write_text(HEADER + "A,0,5,Mug\n")

    told = cli.invoke(args=["catalog", "import", str(file)])
    again = cli.invoke(args=["catalog", "import", str(file), "--json"])

    assert (told.exit_code, again.exit_code) == (0, 0)
    assert told.stderr.startswith("Warning: line 2, column price_net: the price is 0")
    [warning] = json.loads(again.stdout)["warnings"]
    assert (warning["line"], warning["column"]) == (2, "price_net")
    assert "give it away" in warning["reason"]


def test_a_dry_run_says_what_would_be_done(cli: FlaskCliRunner, file: Path) -> None:
    file.write_text(HEADER + "A,1,5,Mug\n")

    result = cli.invoke(args=["catalog", "import", str(file), "--dry-run"])

    assert result.exit_code == 0
    assert result.stdout == "1 line: 1 would be added, 0 would be updated, 0 unchanged (dry run)\n"
    assert db.session.query(Product).count() == 0


@pytest.mark.parametrize("option", [[], ["--json"]])
@pytest.mark.parametrize("content", [None, b"", b"sku,colour\n", b"\x89PNG\r\n\x1a\n", b"PK\x03\x04"])
def test_a_file_that_cannot_be_used_ends_with_status_2_and_the_reason(
    cli: FlaskCliRunner, file: Path, content: bytes | None, option: list[str]
) -> None:
    if content is not None:
        file.write_bytes(content)

    result = cli.invoke(args=["catalog", "import", str(file), *option])

    assert result.exit_code == 2
    assert result.stdout == ""
    assert len(result.stderr.splitlines()) == 1


def test_no_file_named_is_wrong_use(cli: FlaskCliRunner) -> None:
    assert cli.invoke(args=["catalog", "import"]).exit_code == 2


def test_the_sample_catalogue_has_no_bad_line(app: Flask) -> None:
    result = import_catalog(SAMPLE)

    assert result.bad == []
    assert result.added >= 40
    assert import_catalog(SAMPLE).unchanged == result.added
