"""People and accounts: who may sign in, passwords that end sessions, and who did what."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import select

from ppm_web import create_app
from ppm_web.extensions import db
from ppm_web.models import AuditEntry, Role, User, now
from ppm_web.services.accounts import users
from ppm_web.services.upkeep.retention import delete_old_audit
from ppm_web.views.web.audit import ACTIONS, UNKEPT
from tests.support import SECRET_KEY
from tests.views.conftest import Browser
from tests.views.rows import PASSWORD, make_product, make_shop, make_user

OTHER = "another long password"


@pytest.fixture
def admin(client: Browser) -> Browser:
    client.sign_in(make_user(Role.ADMIN).email)
    return client


def another_browser(app: Flask, email: str, password: str = PASSWORD) -> Browser:
    browser = app.test_client()
    assert isinstance(browser, Browser)
    browser.sign_in(email, password)
    return browser


def entries() -> list[AuditEntry]:
    db.session.expire_all()
    return list(db.session.scalars(select(AuditEntry).order_by(AuditEntry.id)))


def test_a_person_is_added_with_a_password_that_is_shown_once(admin: Browser) -> None:
    admin.get("/people")
    page = admin.send("/people", {"email": "Ola@Example.com", "role": "manager"})
    assert page.status_code == 201
    made = re.search(r'made-password">([^<]+)<', page.text)
    assert made
    assert users.authenticate("ola@example.com", made[1]) is not None
    assert made[1] not in admin.get("/people").text
    assert "ola@example.com" in admin.get("/people").text


@pytest.mark.parametrize(
    ("form", "words"),
    [
        ({"email": "no address", "role": "viewer"}, "is no e-mail address"),
        ({"email": "admin@example.com", "role": "viewer"}, "is there already"),
        ({"email": "a@example.com", "role": "king"}, "There is no role"),
        ({"email": "a@example.com", "role": "viewer", "password": "short", "again": "short"}, "characters"),
        ({"email": "a@example.com", "role": "viewer", "password": OTHER, "again": "x"}, "differ"),
        ({}, "is no e-mail address"),
    ],
)
def test_a_person_that_cannot_be_added_is_told_why_and_nothing_is_lost(
    admin: Browser, form: dict[str, str], words: str
) -> None:
    page = admin.send("/people", form)
    assert page.status_code == 422
    assert words in page.text
    assert form.get("email", "") in page.text
    assert OTHER not in page.text
    assert len(users.users()) == 1


def test_another_role_counts_from_the_next_click_on(app: Flask, admin: Browser) -> None:
    user = make_user(Role.MANAGER)
    browser = another_browser(app, user.email)
    admin.get("/people")
    assert admin.send(f"/people/{user.id}/role", {"role": "admin"}).status_code == 303
    assert browser.get("/people").status_code == 200
    admin.send(f"/people/{user.id}/role", {"role": "rubbish"})
    assert db.session.get_one(User, user.id).role is Role.ADMIN


def test_who_is_switched_off_is_out_at_the_next_click_and_comes_back_by_signing_in(
    app: Flask, admin: Browser
) -> None:
    user = make_user(Role.MANAGER)
    browser = another_browser(app, user.email)
    assert browser.get("/products").status_code == 200
    admin.send(f"/people/{user.id}/off")
    assert browser.get("/products").status_code == 303
    admin.send(f"/people/{user.id}/on")
    assert browser.get("/products").status_code == 303, "the old session stays ended"
    assert browser.sign_in(user.email).status_code == 303


def test_the_last_admin_stays_one(admin: Browser) -> None:
    me = users.users()[0]
    admin.send(f"/people/{me.id}/role", {"role": "viewer"})
    admin.send(f"/people/{me.id}/off")
    again = db.session.get_one(User, me.id)
    assert (again.role, again.active) == (Role.ADMIN, True)
    page = admin.get("/people").text
    assert "is the only admin" in page
    assert "cannot switch yourself off" in page


def test_a_new_password_from_an_admin_ends_the_sessions(app: Flask, admin: Browser) -> None:
    user = make_user(Role.VIEWER)
    browser = another_browser(app, user.email)
    page = admin.send(f"/people/{user.id}/password")
    made = re.search(r'made-password">([^<]+)<', page.text)
    assert made
    assert browser.get("/products").status_code == 303
    assert browser.sign_in(user.email, made[1]).status_code == 303


def test_a_changed_password_ends_all_other_sessions_and_not_this_one(app: Flask, manager: Browser) -> None:
    elsewhere = another_browser(app, "manager@example.com")
    assert elsewhere.get("/products").status_code == 200
    manager.get("/account")
    form = {"present": PASSWORD, "password": OTHER, "again": OTHER}
    assert manager.send("/account/password", form).status_code == 303
    assert "The password is changed" in manager.get("/account").text
    assert elsewhere.get("/products").status_code == 303
    assert users.authenticate("manager@example.com", OTHER) is not None
    assert users.authenticate("manager@example.com", PASSWORD) is None


@pytest.mark.parametrize(
    ("present", "password", "again", "words"),
    [
        ("wrong", OTHER, OTHER, "The present password is wrong"),
        (PASSWORD, OTHER, "something else", "differ"),
        (PASSWORD, "short", "short", "characters"),
        ("", "", "", "wrong"),
    ],
)
def test_a_password_that_cannot_be_changed_is_told_why(
    manager: Browser, present: str, password: str, again: str, words: str
) -> None:
    page = manager.send("/account/password", {"present": present, "password": password, "again": again})
    assert page.status_code == 422
    assert words in page.text
    assert OTHER not in page.text
    assert manager.get("/products").status_code == 200
    assert users.authenticate("manager@example.com", PASSWORD) is not None


def test_guessing_the_present_password_is_throttled_as_signing_in_is(manager: Browser) -> None:
    form = {"present": "a guess", "password": OTHER, "again": OTHER}
    answers = [manager.send("/account/password", form).status_code for _ in range(11)]
    assert answers[:10] == [422] * 10
    assert answers[10] == 429


def test_every_change_has_words_in_the_list_of_who_did_what(app: Flask) -> None:
    changing = {
        rule.endpoint
        for rule in app.url_map.iter_rules()
        if set(rule.methods or ()) - {"GET", "HEAD", "OPTIONS"}
    }
    assert changing - UNKEPT == set(ACTIONS)


def test_who_did_what_is_kept_also_what_was_refused(app: Flask, admin: Browser) -> None:
    product, shop = make_product(), make_shop()
    viewer = another_browser(app, make_user(Role.VIEWER).email)
    viewer.send(f"/products/{product.id}/shops/{shop.id}/sync")
    admin.send("/people", {"email": "ola@example.com", "role": "viewer"})
    kept = [(entry.person, entry.role, entry.action, entry.target, entry.status) for entry in entries()]
    assert kept == [
        ("admin@example.com", "", "auth.create", "", 303),
        ("viewer@example.com", "", "auth.create", "", 303),
        ("viewer@example.com", "viewer", "sync.create", "MUG-1 → Shop A", 403),
        ("admin@example.com", "admin", "people.create", "ola@example.com", 201),
    ]
    page = admin.get("/people/audit").text
    for words in ("Asked for a sync", "MUG-1 → Shop A", "Refused", "Added a person", "127.0.0.1"):
        assert words in page


def test_a_sign_in_that_failed_is_kept_without_its_password(client: Browser) -> None:
    make_user(Role.MANAGER)
    client.sign_in("Manager@example.com", "not the password")
    (entry,) = entries()
    assert (entry.person, entry.action, entry.status) == ("manager@example.com", "auth.create", 422)
    assert "not the password" not in str(vars(entry))


def test_the_list_is_filtered_by_person_action_and_time(admin: Browser) -> None:
    make_user(Role.VIEWER)
    admin.send("/people", {"email": "ola@example.com", "role": "viewer"})
    db.session.add(
        AuditEntry(
            person="old@example.com", action="sync.create", status=200, created_at=now() - timedelta(days=8)
        )
    )
    db.session.commit()
    assert "old@example.com" in admin.get("/people/audit").text
    assert "old@example.com" not in admin.get("/people/audit?since=week").text
    assert "ola@example.com" not in admin.get("/people/audit?action=sync.create").text
    assert "Nobody did anything" in admin.get("/people/audit?person=nobody@example.com").text
    for rubbish in ("?since=x&action=%00&person=%25", "?before=abc", "?before=99999999999999"):
        assert admin.get(f"/people/audit{rubbish}").status_code == 200


def test_old_entries_go_after_their_time(app: Flask) -> None:
    app.config["AUDIT_DAYS"] = 100
    for days in (99, 101):
        db.session.add(
            AuditEntry(
                person=str(days), action="sync.create", status=200, created_at=now() - timedelta(days=days)
            )
        )
    db.session.commit()
    assert sum(delete_old_audit()) == 1
    assert [entry.person for entry in entries()] == ["99"]


def test_behind_a_proxy_the_caller_is_who_the_proxy_says(database_url: str, clean_broker: str) -> None:
    settings = {"SECRET_KEY": SECRET_KEY, "DATABASE_URL": database_url, "REDIS_URL": clean_broker}
    told = {
        "X-Forwarded-For": "203.0.113.9",
        "X-Forwarded-Proto": "https",
        "Referer": "https://localhost/login",
    }
    seen = {}
    for proxies in (0, 1):
        app = create_app(settings | {"TESTING": True, "PROXIES": proxies})
        app.test_client_class = Browser
        browser = app.test_client()
        assert isinstance(browser, Browser)
        with app.app_context():
            browser.get("/login")
            form = {"email": f"{proxies}@example.com", "password": "x"}
            browser.send("/login", form, headers=told)
            query = select(AuditEntry.origin).where(AuditEntry.person == f"{proxies}@example.com")
            seen[proxies] = db.session.scalar(query)
            db.session.remove()
            db.engine.dispose()
    assert seen == {0: "127.0.0.1", 1: "203.0.113.9"}


def test_over_tls_browsers_are_told_to_keep_to_it(app: Flask, client: Browser) -> None:
    assert "Strict-Transport-Security" not in client.get("/login").headers
    app.config["COOKIE_SECURE"] = True
    assert client.get("/login").headers["Strict-Transport-Security"] == "max-age=31536000"
