"""Which test runs in which target of the Makefile: the default suite stays quick, and nothing is left out."""

from __future__ import annotations

import ast
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conftest import OWN_TARGETS

ROOT = Path(__file__).parents[1]
TESTS = sorted(ROOT.glob("tests/**/*.py"))
OF_PROCESSES = {
    *("subprocess", "multiprocessing", "pty", "os:fork", "os:system", "os:posix_spawn"),
    "ppm_web.cli.processes:Processes",
}
OF_SERVICES = {
    *("sqlalchemy:create_engine", "redis:Redis", "psycopg", "ppm_web.broker", "ppm_web:broker"),
    *("tests.databases", "tests:databases"),
}
"""What reaches a database or a broker past the fixtures, by which the mark ``services`` is given."""

SETTING_UP = {"tests/conftest.py", "tests/databases.py"}
NONE_OF_OURS = {
    "tests/test_layers.py": "git, for the list of files",
    "tests/practice_shop/run_contract.py": "a command of CI, and no test",
}
"""Modules that start a process all the same, and which one."""


def names_used(tree: ast.AST) -> Iterator[str]:
    """What a module imports or takes from a module, as ``package.module`` and ``package.module:name``."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module
            yield from (f"{node.module}:{alias.name}" for alias in node.names)
        elif isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
            yield f"{node.value.id}:{node.attr}"


def marks_of(path: Path) -> set[str]:
    """The marks that a whole module has by ``pytestmark``."""
    for node in ast.parse(path.read_text()).body:
        if isinstance(node, ast.Assign) and "pytestmark" in ast.unparse(node.targets[0]):
            return set(re.findall(r"pytest\.mark\.(\w+)", ast.unparse(node.value)))
    return set()


def default_modules() -> list[Path]:
    """Every module of the tests that can run in the default suite: tests, fixtures and what they share."""
    own = {path.parent for path in TESTS if marks_of(path) & OWN_TARGETS and path.parent.name in FOLDERS}
    return [path for path in TESTS if path.parent not in own and not marks_of(path) & OWN_TARGETS]


FOLDERS = {"scenario", "browser", "faults"}
"""All tests in them have a target of their own."""


@pytest.mark.parametrize("path", TESTS, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_the_tests_of_a_folder_with_a_target_of_its_own_are_all_marked(path: Path) -> None:
    folder = path.parent.name
    if path.name.startswith("test_") and folder in FOLDERS:
        assert folder in marks_of(path)
    else:
        assert not marks_of(path) & FOLDERS, "its target looks into its folder alone"


@pytest.mark.parametrize("path", default_modules(), ids=lambda path: path.relative_to(ROOT).as_posix())
def test_the_default_suite_starts_no_process_and_takes_services_from_fixtures_alone(path: Path) -> None:
    name = path.relative_to(ROOT).as_posix()
    used = {*names_used(ast.parse(path.read_text()))}
    roots = used | {each.partition(":")[0] for each in used}
    assert name in NONE_OF_OURS or not roots & OF_PROCESSES
    assert name in SETTING_UP or not roots & OF_SERVICES


def test_what_has_a_database_or_a_broker_runs_on_the_services_too(request: pytest.FixtureRequest) -> None:
    for item in request.session.items:
        has_one = {"database_url", "broker_url"} & set(getattr(item, "fixturenames", ()))
        marks = {mark.name for mark in item.iter_markers()}
        assert bool(has_one) == ("services" in marks) or marks & OWN_TARGETS, item.nodeid


def test_every_mark_has_a_target_that_ci_runs() -> None:
    makefile, ci = (ROOT / "Makefile").read_text(), (ROOT / ".ci" / "run").read_text()
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["pytest"]["ini_options"]
    assert {mark.partition(":")[0] for mark in settings["markers"]} == {*OWN_TARGETS, "services"}
    assert {*re.findall(r"not (\w+)", settings["addopts"][-1])} == OWN_TARGETS
    for mark in (*OWN_TARGETS, "services"):
        assert re.search(rf"^test-{mark}:.*\n(?:\t.*\n)*\t.*-m {mark}\b", makefile, re.MULTILINE), mark
        assert f"make test-{mark}" in ci, mark
