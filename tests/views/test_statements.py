"""Every page is cheap: fewer than 20 SQL statements each, whatever is added later."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

import pytest
from flask import Flask

from ppm_web.models import Role
from tests.views.conftest import Browser
from tests.views.pages import addresses, fill
from tests.views.rows import make_user

MOST: Final = 20
LEADS_ON: Final = {"auth.new", "product_actions.new"}
"""Somebody who is signed in, or who chose nothing, is sent on from here."""


@pytest.fixture
def admin(client: Browser) -> Browser:
    """The browser of somebody who sees every page."""
    client.sign_in(make_user(Role.ADMIN).email)
    return client


@pytest.mark.parametrize("headers", [{}, {"HX-Request": "true"}], ids=["page", "fragment"])
def test_every_page_takes_fewer_than_twenty_statements(
    app: Flask, admin: Browser, statements: Callable[[], Any], headers: dict[str, str]
) -> None:
    found = {}
    for endpoint, address in addresses(app, fill()):
        with statements() as seen:
            response = admin.get(address, headers=headers)
        assert response.status_code == 200 or endpoint in LEADS_ON, address
        found[address] = len(seen)
    assert len(found) > 20
    assert {address: count for address, count in found.items() if count >= MOST} == {}


def test_the_rows_are_really_on_the_pages(admin: Browser) -> None:
    rows = fill()
    assert "P-0021" in admin.get(f"/batches/{rows['batch_id']}").text
    assert "SKU-00058" in admin.get("/failures?view=list").text
