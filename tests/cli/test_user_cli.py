"""flask user."""

from __future__ import annotations

import json

from flask.testing import FlaskCliRunner

from ppm_web.services.accounts.users import authenticate, users

PASSWORD = "correct horse battery"
ADD = ["user", "add", "anna@example.com", "--role", "admin"]


def test_the_password_is_asked_for_twice_and_not_shown(cli: FlaskCliRunner) -> None:
    result = cli.invoke(args=ADD, input=f"{PASSWORD}\n{PASSWORD}\n")
    assert result.exit_code == 0, result.output
    assert "anna@example.com may sign in as admin" in result.output
    assert PASSWORD not in result.output
    assert authenticate("anna@example.com", PASSWORD) is not None


def test_two_different_passwords_are_asked_for_again(cli: FlaskCliRunner) -> None:
    result = cli.invoke(args=ADD, input=f"{PASSWORD}\nanother password\n")
    assert result.exit_code != 0
    assert users() == []


def test_the_password_can_come_from_standard_input(cli: FlaskCliRunner) -> None:
    result = cli.invoke(args=[*ADD, "--password", "-"], input=f"{PASSWORD}\n")
    assert result.exit_code == 0, result.output
    assert authenticate("anna@example.com", PASSWORD) is not None


def test_a_password_on_the_command_line_is_refused(cli: FlaskCliRunner) -> None:
    result = cli.invoke(args=[*ADD, "--password", PASSWORD])
    assert result.exit_code == 2
    assert "can be read by everybody on this machine" in result.stderr
    assert PASSWORD not in result.output
    assert users() == []


def test_what_is_wrong_is_told_with_status_1(cli: FlaskCliRunner) -> None:
    result = cli.invoke(args=[*ADD, "--password", "-"], input="short\n")
    assert result.exit_code == 1
    assert "10 to 1024 characters" in result.stderr
    result = cli.invoke(args=["user", "add", "anna", "--role", "admin", "--password", "-"], input=PASSWORD)
    assert result.exit_code == 1
    assert "no e-mail address" in result.stderr


def test_an_unknown_role_is_wrong_use(cli: FlaskCliRunner) -> None:
    result = cli.invoke(args=["user", "add", "anna@example.com", "--role", "owner", "--password", "-"])
    assert result.exit_code == 2


def test_who_may_sign_in_is_listed_without_secrets(cli: FlaskCliRunner) -> None:
    assert "Nobody may sign in yet" in cli.invoke(args=["user", "list"]).output
    cli.invoke(args=[*ADD, "--password", "-"], input=PASSWORD)
    assert "anna@example.com" in cli.invoke(args=["user", "list"]).output
    listed = json.loads(cli.invoke(args=["user", "list", "--json"]).output)
    assert [(person["email"], person["role"], person["active"]) for person in listed] == [
        ("anna@example.com", "admin", True)
    ]
    assert "scrypt" not in json.dumps(listed)


def test_role_password_and_sign_in_are_changed(cli: FlaskCliRunner) -> None:
    cli.invoke(args=[*ADD, "--password", "-"], input=f"{PASSWORD}\n")
    cli.invoke(
        args=["user", "add", "ola@example.com", "--role", "viewer", "--password", "-"], input=f"{PASSWORD}\n"
    )
    assert cli.invoke(args=["user", "role", "ola@example.com", "manager"]).exit_code == 0
    other = "another long password"
    done = cli.invoke(args=["user", "password", "ola@example.com", "--password", "-"], input=f"{other}\n")
    assert done.exit_code == 0
    assert other not in done.output
    assert authenticate("ola@example.com", other) is not None
    assert cli.invoke(args=["user", "off", "ola@example.com"]).exit_code == 0
    assert authenticate("ola@example.com", other) is None
    assert cli.invoke(args=["user", "on", "ola@example.com"]).exit_code == 0
    assert [(user.email, user.role.value, user.active) for user in users()] == [
        ("anna@example.com", "admin", True),
        ("ola@example.com", "manager", True),
    ]


def test_the_last_admin_and_an_unknown_person_are_told(cli: FlaskCliRunner) -> None:
    cli.invoke(args=[*ADD, "--password", "-"], input=f"{PASSWORD}\n")
    last = cli.invoke(args=["user", "off", "anna@example.com"])
    assert last.exit_code == 1
    assert "anna@example.com is the only admin" in last.stderr
    unknown = cli.invoke(args=["user", "on", "nobody@example.com"])
    assert unknown.exit_code == 1
    assert "Nobody has the address 'nobody@example.com'" in unknown.stderr
