"""Every page, on a phone and on a desk, light and dark, in both languages: nothing about it is broken.

The pages come from the app's own map of addresses, so that one that is added later is walked, too. That
there is no console error and no request to elsewhere, the fixture ``page`` sees.
"""

from __future__ import annotations

from typing import Any, Final

import pytest
from flask import Flask
from playwright.sync_api import BrowserContext, Page

from ppm_web.models import Role
from tests.browser.conftest import NARROW, WIDE, sign_in
from tests.browser.test_pages import serious_faults
from tests.views.pages import addresses, fill
from tests.views.rows import make_user

pytestmark = pytest.mark.browser

NOT_WALKED: Final = {
    "badges.index",
    "batches.progress",
    "categories.show_sync",
    "surveys.progress",
    "sync.show",
    "sync_log.export",
}
"""Parts of a page, which have no title of their own and are walked with their page; and a download."""


@pytest.mark.parametrize("language", ["en", "pl"])
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", [NARROW, WIDE], ids=["390", "1280"])
def test_no_page_has_a_fault_for_axe_or_scrolls_sideways(
    app: Flask, page: Page, context: BrowserContext, base: str, size: Any, scheme: Any, language: str
) -> None:
    page.set_viewport_size(size)
    page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
    sign_in(page, make_user(Role.ADMIN).email)
    context.add_cookies([{"name": "language", "value": language, "url": base}])
    walked = [address for endpoint, address in addresses(app, fill()) if endpoint not in NOT_WALKED]
    assert [fault for address in walked for fault in faults(page, address, size["width"])] == []
    assert page.locator("html").get_attribute("lang") == language


@pytest.mark.parametrize("size", [NARROW, WIDE], ids=["390", "1280"])
def test_no_list_that_is_empty_has_a_fault(app: Flask, page: Page, size: Any) -> None:
    page.set_viewport_size(size)
    sign_in(page, make_user(Role.ADMIN).email)
    lists = [
        address
        for endpoint, address in addresses(app, {})
        if endpoint.endswith(".index") and endpoint not in NOT_WALKED
    ]
    assert [fault for address in lists for fault in faults(page, address, size["width"])] == []


def faults(page: Page, address: str, width: int) -> list[str]:
    """What axe calls serious or critical, and how much too wide it is, each with the address."""
    page.goto(address)
    found = [f"{address}: {fault}" for fault in serious_faults(page)]
    wide = page.evaluate("document.documentElement.scrollWidth")
    return [*found, f"{address}: {wide} pixels wide"] if wide > width else found
