"""What the documents promise is there."""

from __future__ import annotations

import re
from pathlib import Path

import click
import pytest
from flask import Flask

from ppm_web.config import DEFAULTS

ROOT = Path(__file__).parents[1]
DOCUMENTS = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")])


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_link_to_a_file_leads_somewhere(document: Path) -> None:
    links = re.findall(r"\]\((?!https?:|#)([^)#]+)", document.read_text(encoding="utf-8"))
    assert [link for link in links if not (document.parent / link).exists()] == []


def test_every_setting_is_explained() -> None:
    told = set(re.findall(r"`PPM_([A-Z_]+)`", (ROOT / "docs/settings.md").read_text(encoding="utf-8")))
    assert told == set(DEFAULTS)


def test_every_command_that_the_readme_shows_is_there(app: Flask) -> None:
    shown = re.findall(r"^flask ([a-z]+) ([a-z-]+)", (ROOT / "README.md").read_text(encoding="utf-8"), re.M)
    assert shown
    for group_name, name in shown:
        group = app.cli.commands[group_name]
        assert isinstance(group, click.Group)
        assert name in group.commands


def test_every_make_target_that_the_readme_shows_is_there() -> None:
    shown = set(re.findall(r"`?make ([a-z-]+)", (ROOT / "README.md").read_text(encoding="utf-8")))
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.M))
    assert shown - {"alone"} <= targets


def test_no_decision_is_longer_than_a_page() -> None:
    for decision in ROOT.glob("docs/adr/*.md"):
        assert len(decision.read_text(encoding="utf-8").splitlines()) < 60, decision
