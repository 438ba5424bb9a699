"""A product that was changed here and in a shop, on a phone and on a desk, and the press that settles it."""

from __future__ import annotations

from typing import Any

import pytest
from flask import Flask
from playwright.sync_api import BrowserContext, Page, expect

from ppm_web.models import Product, Role, SyncState
from tests.browser.conftest import NARROW, WIDE, sign_in
from tests.browser.test_every_page import faults
from tests.views.rows import make_product, make_shop, make_status, make_user

pytestmark = pytest.mark.browser

LONG = "A mug of stoneware, glazed by hand in Bolesławiec, with a handle for large hands: 0.4 l"


def in_conflict() -> Product:
    product = make_product("MUG-CONFLICT")
    values = {
        "price": {"base": "11.000000", "ours": "12.000000", "theirs": "13.500000"},
        "name.1": {"base": "Mug", "ours": LONG, "theirs": LONG.upper()},
        "active": {"base": "1", "ours": "1", "theirs": "0"},
    }
    message = "MUG-CONFLICT: conflict in price: PPM 12.00, shop 13.50, last known 11.00"
    make_status(product, make_shop(), SyncState.CONFLICT, conflicts=values, message=message, external_id=7)
    lost = {"reference": {"base": None, "ours": None, "theirs": "RING-1"}}
    make_status(product, make_shop("Shop B"), SyncState.CONFLICT, conflicts=lost, external_id=7)
    return product


@pytest.mark.parametrize("language", ["en", "pl"])
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", [NARROW, WIDE], ids=["390", "1280"])
def test_a_product_in_conflict_has_no_fault_for_axe_and_does_not_scroll_sideways(
    app: Flask, page: Page, context: BrowserContext, base: str, size: Any, scheme: Any, language: str
) -> None:
    page.set_viewport_size(size)
    page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
    sign_in(page, make_user(Role.ADMIN).email)
    context.add_cookies([{"name": "language", "value": language, "url": base}])
    assert list(faults(page, f"/products/{in_conflict().id}", size["width"])) == []


def test_a_press_settles_a_field_and_says_so(app: Flask, page: Page) -> None:
    sign_in(page, make_user(Role.MANAGER).email)
    page.goto(f"/products/{in_conflict().id}")
    page.get_by_role("button", name="Keep PPM's: price").click()
    expect(page.get_by_text("goes to Shop A").first).to_be_visible()
    expect(page.get_by_role("button", name="Keep PPM's: price")).to_have_count(0)
    expect(page.get_by_role("button", name="Keep PPM's: name")).to_have_count(1)
