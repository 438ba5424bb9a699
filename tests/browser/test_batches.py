"""Batches as people follow them: the bar goes to its end by itself, and every button is told."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from ppm_web.models import BatchState, PrestaShopShop
from tests.browser.conftest import NARROW, WIDE, Watched
from tests.browser.test_pages import serious_faults
from tests.views.batch_rows import make_batch
from tests.views.rows import make_product, make_shop

pytestmark = pytest.mark.browser


def test_a_batch_is_started_and_its_bar_goes_to_the_end_without_a_reload(
    manager: Page, watched: Watched, shop: PrestaShopShop, work: Callable[[], None]
) -> None:
    for number in range(30):
        make_product(f"MUG-{number}")
    manager.goto(f"/shops/{shop.id}")
    manager.get_by_role("button", name="Sync products to Shop A").click()
    expect(manager.locator("#estimate")).to_contain_text("30 products, 0 unchanged, 30 new")
    manager.get_by_label("In error or conflict").check()
    expect(manager.locator("#estimate")).to_contain_text("Nothing to do: no product is meant")
    manager.get_by_label("Changed since, in").fill("2026-01-05T12:00")
    expect(manager.get_by_label("Changed since", exact=True)).to_be_checked()
    expect(manager.locator("#estimate")).to_contain_text("30 products")
    manager.get_by_label("All products").check()
    manager.wait_for_url("**/batches/new?which=all&**")
    manager.get_by_role("button", name="Sync 30 products").click()
    bar = manager.locator("#batch-bar")
    expect(bar).to_contain_text("0 of 30")
    expect(bar).to_contain_text("No worker is running")
    loads = len(watched.loads)
    work()
    expect(bar).to_have_attribute("data-state", "finished")
    expect(bar).to_contain_text("30 of 30")
    expect(manager.locator("#announcer")).to_contain_text("finished, 30 products: 30 created")
    expect(manager.locator("#items tbody tr").first).to_contain_text("Created")
    polls = len(watched.polls)
    manager.wait_for_timeout(6000)
    assert len(watched.polls) == polls, "polling must end with the batch"
    assert len(watched.loads) == loads, "nothing may reload the page"


def test_the_buttons_change_the_batch_in_place_and_cancel_asks_first(manager: Page, watched: Watched) -> None:
    batch = make_batch(make_shop(), BatchState.RUNNING, waiting=3, failed=1)
    manager.goto(f"/batches/{batch.id}")
    loads = len(watched.loads)
    bar = manager.locator("#batch-bar")
    manager.get_by_role("button", name="Pause").click()
    expect(bar).to_have_attribute("data-state", "paused")
    expect(manager.locator("#toasts")).to_contain_text("Paused: what runs now is finished")
    manager.get_by_role("button", name="Resume").click()
    expect(bar).to_have_attribute("data-state", "waiting")
    manager.once("dialog", lambda dialog: dialog.dismiss())
    manager.get_by_role("button", name="Cancel").click()
    expect(bar).to_have_attribute("data-state", "waiting")
    manager.once("dialog", lambda dialog: dialog.accept())
    manager.get_by_role("button", name="Cancel").click()
    expect(bar).to_have_attribute("data-state", "cancelled")
    manager.get_by_role("button", name="Retry 1 failed").click()
    expect(bar).to_have_attribute("data-state", "waiting")
    assert len(watched.loads) == loads


def test_filters_change_the_address(manager: Page) -> None:
    batch = make_batch(make_shop(), BatchState.FINISHED, failed=2, updated=4)
    manager.goto(f"/batches/{batch.id}")
    expect(manager.locator("#items tbody tr")).to_have_count(6)
    manager.get_by_label("Outcome").select_option("failed")
    expect(manager.locator("#items tbody tr")).to_have_count(2)
    manager.wait_for_url("**?outcome=failed&q=")
    manager.get_by_role("searchbox").fill("P-0002")
    manager.keyboard.press("Enter")
    expect(manager.locator("#items tbody tr")).to_have_count(1)
    manager.goto("/batches")
    manager.get_by_label("State").select_option("paused")
    expect(manager.get_by_text("No batch is like that")).to_be_visible()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", [NARROW, WIDE], ids=["390", "1280"])
def test_axe_finds_no_serious_fault_and_nothing_scrolls_sideways(
    manager: Page, scheme: Any, size: dict[str, int]
) -> None:
    manager.set_viewport_size(size)  # type: ignore[arg-type]
    manager.emulate_media(color_scheme=scheme, reduced_motion="reduce")
    shop = make_shop("Shop with a long name " * 2)
    batch = make_batch(
        shop,
        BatchState.PAUSED,
        name="A long name of a batch " * 4,
        error="A long message. " * 20,
        **dict.fromkeys(("waiting", "running", "created", "unchanged", "failed", "conflict", "cancelled"), 1),
    )
    paths = ("/batches", "/batches?state=finished", f"/batches/{batch.id}", f"/batches/{batch.id}?q=none")
    for path in (*paths, f"/shops/{shop.id}/batches/new", "/shops"):
        manager.goto(path)
        assert serious_faults(manager) == [], path
        assert manager.evaluate("document.documentElement.scrollWidth") <= size["width"], path
