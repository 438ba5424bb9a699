"""flask schedule."""

from __future__ import annotations

import json
from typing import Any

import pytest
from flask.testing import FlaskCliRunner

from ppm_web.extensions import db


def listed(cli: FlaskCliRunner, name: str) -> dict[str, Any]:
    result = cli.invoke(args=["schedule", "list", "--json"])
    assert result.exit_code == 0, result.output
    (found,) = [schedule for schedule in json.loads(result.stdout) if schedule["name"] == name]
    return dict(found)


def test_the_list_tells_when_each_runs_in_words_and_what_came_of_it(cli: FlaskCliRunner) -> None:
    result = cli.invoke(args=["schedule", "list"])
    assert result.exit_code == 0, result.output
    for words in ("nightly", "every day at 02:00", "never", "Time zone: Europe/Warsaw"):
        assert words in result.output

    nightly = listed(cli, "nightly")
    assert nightly["next_due_at"].endswith("+00:00")
    del nightly["next_due_at"]
    assert nightly == {
        "name": "nightly",
        "cron": "0 2 * * *",
        "words": "every day at 02:00",
        "timezone": "Europe/Warsaw",
        "active": True,
        "catch_up": True,
        "last_run": None,
    }


def test_the_list_has_all_four(cli: FlaskCliRunner) -> None:
    result = cli.invoke(args=["schedule", "list", "--json"])
    assert [schedule["name"] for schedule in json.loads(result.stdout)] == [
        "nightly",
        "retry",
        "sweep",
        "retention",
    ]


def test_one_can_be_run_now(cli: FlaskCliRunner) -> None:
    result = cli.invoke(args=["schedule", "run", "nightly"])
    assert (result.exit_code, result.stdout) == (0, "nightly: there is no active shop\n")
    last = listed(cli, "nightly")["last_run"]
    assert (last["state"], last["requested_by"]) == ("finished", "command line")
    assert last["message"] == "there is no active shop"
    assert last["due_at"] <= last["started_at"] <= last["ended_at"]


def test_a_task_that_fails_has_status_1(cli: FlaskCliRunner) -> None:
    with db.engine.begin() as connection:
        connection.exec_driver_sql("ALTER TABLE failed_job RENAME TO failed_job_elsewhere")
    result = cli.invoke(args=["schedule", "run", "retry"])
    assert result.exit_code == 1
    assert result.stderr.startswith("retry: NotMigratedError")
    assert listed(cli, "retry")["last_run"]["state"] == "failed"


def test_one_can_be_switched_off_and_on(cli: FlaskCliRunner) -> None:
    result = cli.invoke(args=["schedule", "off", "sweep"])
    assert (result.exit_code, result.output) == (0, "sweep is off\n")
    assert listed(cli, "sweep")["active"] is False
    result = cli.invoke(args=["schedule", "on", "sweep"])
    assert result.exit_code == 0
    assert result.output.startswith("sweep is on; next at ")
    assert listed(cli, "sweep")["active"] is True


@pytest.mark.parametrize("command", ["run", "on", "off"])
def test_a_name_that_there_is_not_is_wrong_use(cli: FlaskCliRunner, command: str) -> None:
    result = cli.invoke(args=["schedule", command, "weekly"])
    assert result.exit_code == 2
    assert "There is no schedule 'weekly'. There are: nightly, retry, sweep, retention" in result.stderr
