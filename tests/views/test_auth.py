"""Signing in and out, and that everything else asks for it."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from flask import Flask

from ppm_web.extensions import db
from ppm_web.models import Role
from ppm_web.views.web.access import OPEN_TO_ALL
from tests.views.batch_rows import make_batch
from tests.views.conftest import Browser
from tests.views.rows import PASSWORD, make_product, make_shop, make_user

HTMX = {"HX-Request": "true", "HX-Current-URL": "http://localhost/products?q=mug"}

OWN = {"auth.destroy", "product_images.thumbnail", "product_images.show"}
"""Endpoints that have tests of their own: one ends the session, two have content hashes in their address."""

FOR_EVERYBODY = {"account.update"}
"""Changes that every person may make: of the own account."""

FOR_MANAGERS = {
    "GET categories.confirm_branch",
    "GET product_actions.new",
    *("GET product_edit.edit", "GET product_edit.new"),
}
"""Pages that viewers may not see, as they lead to nothing but a change."""

FOR_ADMINS = {
    "GET people.audit_log",
    "GET people.index",
    "GET shop_settings.edit",
    "GET shops.new",
    "POST people.create",
    "POST people.set_password",
    "POST people.set_role",
    "POST people.switch_off",
    "POST people.switch_on",
    "POST shop_settings.update",
    "POST shops.activate",
    "POST shops.create",
    "POST shops.deactivate",
}
"""What only admins may see or do."""


def routes(app: Flask) -> list[tuple[str, str, str]]:
    """Each route as method, path (for rows 1) and endpoint."""
    found = []
    with app.test_request_context():
        for rule in app.url_map.iter_rules():
            values: dict[str, Any] = {name: "ppm.css" if name == "filename" else 1 for name in rule.arguments}
            path = app.url_for(rule.endpoint, **values)
            found += [(method, path, rule.endpoint) for method in sorted(rule.methods or ())]
    return found


def test_everything_but_the_sign_in_page_asks_for_a_sign_in(app: Flask, client: Browser) -> None:
    make_shop(), make_product()
    closed = 0
    for method, path, endpoint in routes(app):
        if endpoint in OPEN_TO_ALL:
            continue
        response = client.open(path, method=method)
        assert response.status_code == 303, (method, path)
        assert urlsplit(response.headers["Location"]).path == "/login", (method, path)
        closed += 1
    assert closed > 10


def test_only_five_endpoints_are_open() -> None:
    assert {"auth.new", "auth.create", "health.show", "languages.update", "static"} == OPEN_TO_ALL


def test_an_address_that_does_not_exist_asks_for_a_sign_in_too(client: Browser) -> None:
    assert client.get("/nothing-here").status_code == 303


def refused(app: Flask, browser: Browser) -> set[str]:
    """The endpoints that answer 403, of all routes, each with rows 1; the others may answer anything else."""
    make_product(), make_batch(make_shop(), id="1", waiting=1)
    found = set()
    for method, path, endpoint in routes(app):
        if endpoint in OPEN_TO_ALL | OWN or method in {"HEAD", "OPTIONS"}:
            continue
        response = browser.get(path) if method == "GET" else browser.send(path)
        if response.status_code == 403:
            found.add(f"{method} {endpoint}")
        else:
            assert response.status_code < 500, (method, path)
    return found


def changes(app: Flask) -> set[str]:
    """Every way to change something but one's own session, language and password."""
    closed = {f"{method} {endpoint}" for method, _, endpoint in routes(app)}
    closed -= {f"POST {endpoint}" for endpoint in OPEN_TO_ALL | OWN | FOR_EVERYBODY}
    return {route for route in closed if not route.startswith(("GET", "HEAD", "OPTIONS"))}


def test_a_viewer_may_look_at_everything_and_change_nothing(app: Flask, viewer: Browser) -> None:
    assert refused(app, viewer) == changes(app) | FOR_ADMINS | FOR_MANAGERS


def test_a_manager_may_do_all_that_is_not_for_admins(app: Flask, manager: Browser) -> None:
    assert refused(app, manager) == FOR_ADMINS


def test_an_admin_may_do_everything(app: Flask, client: Browser) -> None:
    client.sign_in(make_user(Role.ADMIN).email)
    assert refused(app, client) == set()


def test_a_request_of_htmx_without_a_session_leads_the_whole_page_to_the_sign_in(client: Browser) -> None:
    response = client.get("/products/1/shops/1/sync?polled=1", headers=HTMX)
    assert response.status_code == 401
    assert response.headers["HX-Redirect"] == "/login?next=/products?q%3Dmug"


def test_a_press_after_the_session_ended_asks_for_a_sign_in_not_for_a_fresh_page(client: Browser) -> None:
    response = client.post("/products/1/shops/1/sync", headers=HTMX)
    assert response.status_code == 401


def test_sign_in_leads_to_the_page_that_was_asked_for(client: Browser) -> None:
    user = make_user()
    asked = client.get("/products?q=mug&after=A")
    after = parse_qs(urlsplit(asked.headers["Location"]).query)["next"][0]
    assert after == "/products?q=mug&after=A"
    assert client.sign_in(user.email, next=after).headers["Location"] == after


@pytest.mark.parametrize(
    "elsewhere",
    [
        "https://evil.example/",
        "//evil.example/",
        "/\\evil.example",
        "\\\\evil.example",
        "/\t/evil.example",
        "javascript:alert(1)",
        "evil.example",
        " /products",
        "",
    ],
)
def test_sign_in_never_leads_out_of_the_site(client: Browser, elsewhere: str) -> None:
    user = make_user()
    page = client.get("/login", query_string={"next": elsewhere}).get_data(as_text=True)
    assert 'name="next"' not in page
    assert client.sign_in(user.email, next=elsewhere).headers["Location"] == "/"


def test_a_wrong_password_and_an_unknown_address_get_the_same_answer(client: Browser) -> None:
    user = make_user()
    wrong = client.sign_in(user.email, "not the password")
    unknown = client.sign_in("nobody@example.com", "not the password")
    assert wrong.status_code == unknown.status_code == 422
    pages = [
        re.sub(r'[\w.-]{80,}|value="[^"]+@example.com"', "", answer.get_data(as_text=True))
        for answer in (wrong, unknown)
    ]
    assert pages[0] == pages[1]
    assert "go together" in pages[0]


def test_too_many_wrong_passwords_are_refused_even_with_the_right_one(client: Browser) -> None:
    user = make_user()
    for _ in range(10):
        assert client.sign_in(user.email, "not the password").status_code == 422
    refused = client.sign_in(user.email)
    assert refused.status_code == 429
    assert 0 < int(refused.headers["Retry-After"]) <= 900
    assert "Too many tries" in refused.get_data(as_text=True)


def test_the_session_is_a_new_one_after_sign_in(client: Browser) -> None:
    user = make_user()
    client.get("/login")
    before, kept = client.token, client.get_cookie("session")
    assert kept is not None
    assert client.send("/login", {"email": user.email, "password": PASSWORD}).status_code == 303
    renewed = client.get_cookie("session")
    assert renewed is not None
    assert renewed.value != kept.value
    assert renewed.http_only
    assert renewed.same_site == "Lax"
    stale = client.post("/logout", data={"csrf_token": before})
    assert stale.status_code == 400  # the token of before belongs to nobody now


def test_a_person_who_is_switched_off_is_out_at_the_next_click(manager: Browser) -> None:
    assert manager.get("/products").status_code == 200
    user = make_user(Role.ADMIN)
    manager.send("/logout")
    manager.sign_in(user.email)
    assert manager.get("/products").status_code == 200
    user.active = False
    db.session.commit()
    assert manager.get("/products").status_code == 303
    assert manager.sign_in(user.email).status_code == 422


def test_sign_out_ends_the_session(manager: Browser) -> None:
    assert manager.send("/logout").headers["Location"] == "/login"
    assert manager.get("/products").status_code == 303


def test_sign_out_is_no_link(manager: Browser) -> None:
    assert manager.get("/logout").status_code == 405


def test_who_is_signed_in_needs_no_sign_in_page(manager: Browser) -> None:
    assert manager.get("/login?next=/shops").headers["Location"] == "/shops"


def test_a_session_cookie_made_up_or_for_a_person_who_is_gone_opens_nothing(
    app: Flask, client: Browser
) -> None:
    for forged in ("1", "-1", "x", "999999"):
        with client.session_transaction() as session:
            session["_user_id"] = forged
        assert client.get("/products").status_code == 303
