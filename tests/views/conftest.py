"""A browser without JavaScript: each request in a context of its own, as a server does it."""

from __future__ import annotations

import html
import re
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from ppm_web.extensions import db
from ppm_web.models import Role
from tests.views.rows import PASSWORD, make_user

TOKEN = re.compile(r'name="csrf-token" content="([^"]+)"')


class Browser(FlaskClient):
    """Keeps cookies, fills in the CSRF token of the page that it read last, and follows nothing."""

    token = ""

    def open(self, *args: Any, **kwargs: Any) -> TestResponse:
        db.session.commit()  # the test's own transaction must not hold the database
        kwargs.setdefault("buffered", True)
        with self.application.app_context():
            response = super().open(*args, **kwargs)
        db.session.expire_all()
        if response.mimetype == "text/html" and (found := TOKEN.search(response.text)):
            self.token = html.unescape(found[1])
        return response

    def send(self, path: str, data: dict[str, str] | None = None, **kwargs: Any) -> TestResponse:
        """A POST of a form of the page that was read last."""
        return self.post(path, data={"csrf_token": self.token, **(data or {})}, **kwargs)

    def sign_in(self, email: str, password: str = PASSWORD, **fields: str) -> TestResponse:
        """Read the form, fill it in, send it, and read the page that it leads to."""
        self.get("/login")
        answer = self.send("/login", {"email": email, "password": password, **fields})
        if answer.status_code == 303:
            self.get("/shops")
        return answer


@pytest.fixture
def client(app: Flask) -> Browser:
    """A browser, not signed in."""
    app.test_client_class = Browser
    client = app.test_client()
    assert isinstance(client, Browser)
    return client


@pytest.fixture
def viewer(client: Browser) -> Browser:
    """A viewer's browser."""
    client.sign_in(make_user(Role.VIEWER).email)
    return client


@pytest.fixture
def manager(client: Browser) -> Browser:
    """A manager's browser."""
    client.sign_in(make_user(Role.MANAGER).email)
    return client


@pytest.fixture
def admin(client: Browser) -> Browser:
    """An administrator's browser."""
    client.sign_in(make_user(Role.ADMIN).email)
    return client
