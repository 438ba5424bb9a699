"""The language of the pages: what the browser asks for, and what the person chose."""

from __future__ import annotations

import pytest

from tests.views.conftest import Browser
from tests.views.rows import make_user


def test_the_language_changes_and_the_page_stays(client: Browser) -> None:
    client.sign_in(make_user().email)
    client.get("/products?q=mug")
    answer = client.send(
        "/language", {"language": "pl"}, headers={"Referer": "http://localhost/products?q=mug"}
    )
    assert (answer.status_code, answer.location) == (303, "/products?q=mug")
    cookie = answer.headers["Set-Cookie"]
    assert "language=pl" in cookie
    assert {"HttpOnly", "SameSite=Lax", "Max-Age=31536000"} <= set(cookie.split("; "))
    assert '<html lang="pl"' in client.get("/products?q=mug").text


@pytest.mark.parametrize("wanted", ["", "xx", "PL", "pl; Secure", "../en"])
def test_a_language_that_there_is_not_is_not_kept(client: Browser, wanted: str) -> None:
    client.get("/login")
    answer = client.send("/language", {"language": wanted})
    assert answer.status_code == 303
    assert "language=" not in answer.headers.get("Set-Cookie", "")
    assert '<html lang="en"' in client.get("/login").text


def test_the_way_back_from_a_change_stays_on_this_site(client: Browser) -> None:
    client.get("/login")
    answer = client.send("/language", {"language": "pl"}, headers={"Referer": "https://evil.example/x"})
    assert answer.location is not None
    assert "evil" not in answer.location


@pytest.mark.parametrize(
    ("asked", "cookie", "language"),
    [
        ("", "", "en"),
        ("de, fr;q=0.8", "", "en"),
        ("pl-PL, pl;q=0.9, en;q=0.8", "", "pl"),
        ("en, pl;q=0.5", "", "en"),
        ("en", "pl", "pl"),
        ("pl", "en", "en"),
        ("pl", "rubbish", "pl"),
    ],
)
def test_the_cookie_chooses_before_the_browser_does(
    client: Browser, asked: str, cookie: str, language: str
) -> None:
    if cookie:
        client.set_cookie("language", cookie)
    assert f'<html lang="{language}"' in client.get("/login", headers={"Accept-Language": asked}).text
