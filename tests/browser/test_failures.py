"""The failed jobs and the queue in a real browser: grouped, retried together, looked into, followed."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from ppm_web.models import PrestaShopShop
from tests.browser.conftest import NARROW, WIDE, Watched
from tests.browser.test_pages import serious_faults
from tests.services.failed_jobs import fail, fail_many, failing_product, left
from tests.views.rows import make_product, make_shop

pytestmark = pytest.mark.browser

LONG = "The category 'Garden > Furniture > Chairs' is not in the shop: " + "map it, or let PPM make it. " * 5


def test_a_cause_is_retried_as_a_group_and_followed_to_its_end(
    manager: Page, watched: Watched, shop: PrestaShopShop, work: Callable[[], None]
) -> None:
    fail_many(60, shop)
    fail(make_product("MUG-1"), shop, "Something else")
    manager.goto("/failures")
    expect(manager.locator("tbody tr")).to_have_count(2)
    manager.get_by_role("button", name="Retry the 60 failures of this cause").click()
    expect(manager.get_by_role("heading", name="Retry 60 failed jobs?")).to_be_visible()
    manager.get_by_role("button", name="Retry 60").click()
    expect(manager.get_by_text("0 of 60")).to_be_visible()
    loads = len(watched.loads)
    work()
    expect(manager.get_by_text("60 of 60")).to_be_visible()
    polls = len(watched.polls)
    manager.wait_for_timeout(2500)
    assert len(watched.polls) == polls, "polling must end with the work"
    assert len(watched.loads) == loads, "nothing may reload the page"
    manager.goto("/failures")
    expect(manager.locator("tbody tr")).to_have_count(1)


def test_one_failure_is_looked_into_and_retried_in_its_row(
    manager: Page, watched: Watched, shop: PrestaShopShop
) -> None:
    failing_product(shop, "MUG-1"), failing_product(shop, "MUG-2")
    manager.goto("/failures?view=list")
    loads = len(watched.loads)
    manager.get_by_role("link", name="Trace and answer of MUG-1 in Shop A").click()
    expect(manager.get_by_text("<error>the shop's answer</error>")).to_be_visible()
    manager.get_by_role("button", name="Retry MUG-1 in Shop A").click()
    expect(manager.locator("#toasts")).to_contain_text("Requested again: MUG-1 → Shop A")
    expect(manager.locator("tbody tr").nth(1)).to_contain_text("Requested again: MUG-1 → Shop A")
    assert len(watched.loads) == loads
    assert left() == 1


def test_search_and_choice_work_together(manager: Page, shop: PrestaShopShop) -> None:
    for sku in ("MUG-1", "MUG-2", "PLATE-1"):
        failing_product(shop, sku)
    manager.goto("/failures?view=list")
    manager.get_by_role("searchbox").fill("mug")
    manager.get_by_role("button", name="Search").click()
    manager.wait_for_url("**/failures?view=list&*q=mug")
    expect(manager.locator("tbody tr")).to_have_count(2)
    manager.get_by_role("checkbox", name="Choose MUG-2").check()
    manager.get_by_role("button", name="Delete: the chosen failures").click()
    manager.get_by_role("button", name="Delete 1").click()
    expect(manager.get_by_role("status").first).to_contain_text("Deleted from this list: 1")
    assert left() == 2


def pages(page: Page) -> list[str]:
    shop = make_shop("Shop with a long name " * 2)
    number = fail(make_product("LONG-" + "X" * 50), shop, LONG, temporary=True)
    fail_many(60, make_shop("Shop B"))
    asked = ["/failures", "/failures?view=list", f"/failures/{number}", "/failures?q=nothing"]
    return [*asked, "/failures/work?total=70&newest=1", "/queue"]


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", [NARROW, WIDE], ids=["390", "1280"])
def test_axe_finds_no_serious_fault_and_nothing_scrolls_sideways(
    manager: Page, scheme: Any, size: dict[str, int]
) -> None:
    manager.set_viewport_size(size)  # type: ignore[arg-type]
    manager.emulate_media(color_scheme=scheme, reduced_motion="reduce")
    for path in pages(manager):
        manager.goto(path)
        assert serious_faults(manager) == [], path
        assert manager.evaluate("document.documentElement.scrollWidth") <= size["width"], path
    manager.goto("/failures?view=list")
    manager.get_by_role("button", name="Delete all").click()
    expect(manager.get_by_role("heading", name="Delete 61 failed jobs?")).to_be_visible()
    assert serious_faults(manager) == []
