"""Who may sign in."""

from __future__ import annotations

import pytest
from flask import Flask

from ppm_web.extensions import db
from ppm_web.models import Role
from ppm_web.services.accounts import users
from ppm_web.services.accounts.users import (
    NOBODYS_HASH,
    SignInThrottledError,
    UserError,
    add_user,
    authenticate,
)

PASSWORD = "correct horse battery"


def test_a_person_who_was_added_is_known_by_address_and_password(app: Flask) -> None:
    add_user("Anna@Example.com", PASSWORD, Role.MANAGER)
    user = authenticate(" anna@EXAMPLE.com ", PASSWORD)
    assert user is not None
    assert (user.email, user.role) == ("anna@example.com", Role.MANAGER)


def test_a_wrong_password_an_unknown_address_and_a_switched_off_person_are_nobody(app: Flask) -> None:
    user = add_user("anna@example.com", PASSWORD, "viewer")
    assert authenticate("anna@example.com", PASSWORD + "x") is None
    assert authenticate("anna@example.com", "") is None
    assert authenticate("jan@example.com", PASSWORD) is None
    user.active = False
    db.session.commit()
    assert authenticate("anna@example.com", PASSWORD) is None


def test_a_password_is_kept_as_a_hash_of_its_own(app: Flask) -> None:
    first, second = (add_user(f"{name}@example.com", PASSWORD, "viewer") for name in ("anna", "jan"))
    assert PASSWORD not in first.password_hash
    assert first.password_hash != second.password_hash
    assert first.password_hash.split("$")[0] == NOBODYS_HASH.split("$")[0] == users.HASH_METHOD


def test_nobodys_hash_costs_as_much_and_opens_to_nothing(app: Flask) -> None:
    user = add_user("anna@example.com", PASSWORD, "viewer")
    assert [len(part) for part in NOBODYS_HASH.split("$")] == [
        len(part) for part in user.password_hash.split("$")
    ]
    assert authenticate("nobody@example.com", "") is None


@pytest.mark.parametrize(
    ("email", "password", "role", "words"),
    [
        ("anna", PASSWORD, "viewer", "no e-mail address"),
        ("anna@", PASSWORD, "viewer", "no e-mail address"),
        ("anna@example.com", "short", "viewer", "10 to 1024 characters"),
        ("anna@example.com", "x" * 1025, "viewer", "10 to 1024 characters"),
        ("anna@example.com", PASSWORD, "owner", "no role 'owner'"),
    ],
)
def test_what_cannot_be_added_is_told(app: Flask, email: str, password: str, role: str, words: str) -> None:
    with pytest.raises(UserError, match=words):
        add_user(email, password, role)
    assert users.users() == []


def test_an_address_is_taken_once_in_any_case(app: Flask) -> None:
    add_user("anna@example.com", PASSWORD, "viewer")
    with pytest.raises(UserError, match="there already"):
        add_user("ANNA@example.com", PASSWORD, "admin")
    assert [user.role for user in users.users()] == [Role.VIEWER]


def test_many_wrong_tries_are_refused_for_that_person_from_that_place_only(app: Flask) -> None:
    add_user("anna@example.com", PASSWORD, "viewer")
    for _ in range(users.TRIES_PER_ADDRESS):
        assert authenticate("anna@example.com", "wrong", origin="192.0.2.1") is None
    with pytest.raises(SignInThrottledError) as refused:
        authenticate("anna@example.com", PASSWORD, origin="192.0.2.1")
    assert 0 < refused.value.seconds <= users.TRIES_WINDOW_SECONDS
    assert authenticate("anna@example.com", PASSWORD, origin="192.0.2.2") is not None


def test_a_place_that_tries_many_addresses_is_refused(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(users, "TRIES_PER_ORIGIN", 3)
    for number in range(3):
        assert authenticate(f"p{number}@example.com", "wrong", origin="192.0.2.1") is None
    with pytest.raises(SignInThrottledError):
        authenticate("p9@example.com", "wrong", origin="192.0.2.1")


def test_a_right_password_forgets_the_wrong_ones(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(users, "TRIES_PER_ADDRESS", 3)
    add_user("anna@example.com", PASSWORD, "viewer")
    for _ in range(3):
        for _ in range(users.TRIES_PER_ADDRESS - 1):
            assert authenticate("anna@example.com", "wrong") is None
        assert authenticate("anna@example.com", PASSWORD) is not None


def test_sign_in_goes_on_while_the_broker_is_away(app: Flask) -> None:
    add_user("anna@example.com", PASSWORD, "viewer")
    app.config["REDIS_URL"] = "redis://127.0.0.1:1/0"
    app.extensions["ppm_queue"].clear()
    assert authenticate("anna@example.com", "wrong") is None
    assert authenticate("anna@example.com", PASSWORD) is not None
