"""The pages of batches: the list, a batch with its bar and products, starting one, and its buttons."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine
from flask import Flask
from sqlalchemy import select

from ppm_web.extensions import db
from ppm_web.models import (
    BatchItem,
    BatchState,
    JobBatch,
    PrestaShopShop,
    now,
)
from tests.factories import make_category
from tests.views.batch_rows import make_batch
from tests.views.conftest import Browser
from tests.views.rows import make_shop
from tests.views.test_sync import told

HTMX = {"HX-Request": "true"}
VERBS = ("pause", "resume", "cancel", "retry")
NOON = datetime(2026, 1, 5, 11, 0, tzinfo=UTC)


@pytest.fixture
def shop(app: Flask) -> PrestaShopShop:
    return make_shop("Shop A")


def again(batch: JobBatch) -> JobBatch:
    """The batch as it is in the database now."""
    query = select(JobBatch).where(JobBatch.id == batch.id)
    return db.session.scalars(query.execution_options(populate_existing=True)).one()


def bar_of(page: str) -> str:
    """The bar within a page."""
    found = re.search(r'<section class="card" id="batch-bar".*?</section>', page, re.DOTALL)
    assert found is not None
    return found[0]


def skus(page: str) -> list[str]:
    """The SKUs of the products in a page, in their order."""
    return re.findall(r">(P-\d+)</a>", page)


# The list


def test_without_batches_the_list_says_where_to_start_one(manager: Browser) -> None:
    page = manager.get("/batches").text
    assert "There is no batch yet" in page
    assert 'href="/shops"' in page


def test_the_list_shows_how_far_each_batch_is(manager: Browser, shop: PrestaShopShop) -> None:
    batch = make_batch(shop, created_at=NOON, waiting=2, updated=3, failed=1)
    db.session.execute(db.update(JobBatch).values(total=JobBatch.total + 12_000, created=12_000))
    page = manager.get("/batches").text
    for words in (f"/batches/{batch.id}", "Shop A", "Running", "12,004 of 12,006", "5 Jan 2026, 12:00 CET"):
        assert words in page
    assert re.search(r'class="batch-failed">1<', page)


def test_the_list_is_filtered_by_shop_and_state(manager: Browser, shop: PrestaShopShop) -> None:
    other = make_shop("Shop B")
    make_batch(shop, BatchState.FINISHED, name="First", updated=1)
    make_batch(shop, BatchState.PAUSED, name="Second", waiting=1)
    make_batch(other, BatchState.PAUSED, name="Third", waiting=1)
    for query, names in (
        ("", {"First", "Second", "Third"}),
        (f"?shop={shop.id}", {"First", "Second"}),
        ("?state=paused", {"Second", "Third"}),
        (f"?shop={shop.id}&state=paused", {"Second"}),
        ("?state=nonsense&shop=x", {"First", "Second", "Third"}),
        ("?state=cancelled", set()),
    ):
        page = manager.get(f"/batches{query}").text
        assert {name for name in ("First", "Second", "Third") if f">{name}<" in page} == names, query
    assert "No batch is like that" in page


def test_older_batches_are_on_further_pages(app: Flask, manager: Browser, shop: PrestaShopShop) -> None:
    app.config["PAGE_SIZE"] = 2
    for number in range(5):  # two of them begun in the same moment
        begun = NOON + timedelta(minutes=number // 2)
        make_batch(shop, BatchState.FINISHED, name=f"Batch {number}", created_at=begun, updated=1)
    seen, path = [], "/batches"
    while path:
        page = manager.get(path).text
        seen += re.findall(r">(Batch \d)<", page)
        older = re.search(r'rel="next" href="([^"]+)"', page)
        path = older[1].replace("&amp;", "&") if older else ""
    assert seen == ["Batch 4", "Batch 3", "Batch 2", "Batch 1", "Batch 0"]


def test_the_list_asks_again_only_while_something_is_under_way(
    manager: Browser, shop: PrestaShopShop
) -> None:
    make_batch(shop, BatchState.FINISHED, updated=1)
    assert 'hx-trigger="every' not in manager.get("/batches").text
    make_batch(shop, BatchState.RUNNING, waiting=1)
    assert "data-poll" in manager.get("/batches").text


# The bar


@pytest.mark.parametrize("state", list(BatchState))
def test_the_bar_asks_again_until_the_batch_has_ended(
    manager: Browser, shop: PrestaShopShop, state: BatchState
) -> None:
    counts: dict[str, Any] = {"updated": 1} if state.ended else {"waiting": 1}
    batch = make_batch(shop, state, **counts)
    response = manager.get(f"/batches/{batch.id}/progress?polled=1", headers=HTMX)
    assert ("hx-trigger" in response.text) is not state.ended
    assert ("data-poll" in response.text) is not state.ended
    assert bool(told(response)) is state.ended
    assert ("ppm:settled" in response.headers.get("HX-Trigger-After-Swap", "")) is state.ended


def test_a_cancelled_batch_whose_last_products_still_run_is_followed_to_its_end(
    manager: Browser, shop: PrestaShopShop
) -> None:
    batch = make_batch(shop, BatchState.CANCELLED, finally_run=0, running=1, cancelled=2)
    assert "hx-trigger" in manager.get(f"/batches/{batch.id}/progress?polled=1").text


def test_the_page_the_press_and_the_poll_give_the_same_bar(manager: Browser, shop: PrestaShopShop) -> None:
    batch = make_batch(shop, BatchState.RUNNING, waiting=3, updated=2)
    with time_machine.travel(now(), tick=False):
        pressed = manager.send(f"/batches/{batch.id}/pause", headers=HTMX).text
        polled = manager.get(f"/batches/{batch.id}/progress?polled=1", headers=HTMX).text
        page = manager.get(f"/batches/{batch.id}").text
    assert pressed == polled
    assert bar_of(polled) == bar_of(page)


def test_the_bar_tells_rate_and_time_left_of_what_is_going_on(
    app: Flask, manager: Browser, shop: PrestaShopShop
) -> None:
    app.config["QUEUE_MODE"] = "sync"  # no worker is missed
    begun = now() + timedelta(hours=1)
    batch = make_batch(shop, started_at=begun, waiting=6, created=2, updated=1, unchanged=4)
    address = f"/batches/{batch.id}/progress"
    with time_machine.travel(begun + timedelta(minutes=1), tick=False):
        first = manager.get(address).text
        seen = int((begun + timedelta(seconds=40)).timestamp())
        later = manager.get(f"{address}?seen=5-{seen}").text
        too_soon = manager.get(f"{address}?seen=5-{seen + 15}").text
        nonsense = manager.get(f"{address}?seen=5-9999999999").text
    assert "3 a minute" in first  # three since it began; four were unchanged before that
    assert "2 minutes left" in first
    assert "6 a minute" in later  # two in twenty seconds
    assert "1 minute left" in later
    assert "3 a minute" in too_soon
    assert "3 a minute" in nonsense


def test_a_later_run_tells_no_rate_before_it_was_seen_to_go_on(
    app: Flask, manager: Browser, shop: PrestaShopShop
) -> None:
    app.config["QUEUE_MODE"] = "sync"
    begun = now() + timedelta(hours=1)
    batch = make_batch(shop, run=2, started_at=begun, waiting=6, updated=90)
    with time_machine.travel(begun + timedelta(minutes=1), tick=False):
        page = manager.get(f"/batches/{batch.id}/progress").text
    assert "90 of 96" in page
    assert "a minute" not in page


def test_what_holds_the_batch_up_is_told(app: Flask, manager: Browser, shop: PrestaShopShop) -> None:
    batch = make_batch(shop, BatchState.RUNNING, waiting=3)
    address = f"/batches/{batch.id}"
    assert "No worker is running" in manager.get(address).text
    shop.paused_at, shop.pause_reason = now(), "the shop refuses the key"
    db.session.commit()
    assert "Shop paused: the shop refuses the key" in manager.get(address).text
    shop.paused_at = None
    db.session.commit()
    app.config["REDIS_URL"] = "redis://127.0.0.1:1/0"
    app.extensions["ppm_queue"].clear()
    assert "The queue cannot be reached" in manager.get(address).text


def test_the_first_failure_and_each_outcome_are_told(manager: Browser, shop: PrestaShopShop) -> None:
    batch = make_batch(
        shop, BatchState.FINISHED, created=2, failed=1, error="The name of MUG-1 holds '<'", finished_at=NOON
    )
    page = bar_of(manager.get(f"/batches/{batch.id}").text)
    for words in ("2 created", "1 failed", "3 of 3", "100 %", "First failure: The name of MUG-1 holds"):
        assert words in page
    assert f"/batches/{batch.id}?outcome=failed#items" in page


@pytest.mark.parametrize("path", ["", "?outcome=waiting", "/progress"])
def test_a_page_costs_no_more_statements_for_a_thousand_products_than_for_ten(
    manager: Browser, shop: PrestaShopShop, statements: Callable[[], Any], path: str
) -> None:
    counted = []
    for size in (10, 1000):
        batch = make_batch(shop, BatchState.RUNNING, waiting=size - 2, failed=1, updated=1)
        with statements() as seen:
            assert manager.get(f"/batches/{batch.id}{path}").status_code == 200
        counted.append(len(seen))
    assert counted[1] <= counted[0] < (5 if path == "/progress" else 12)


def test_the_list_costs_as_many_statements_for_two_batches_as_for_thirty(
    manager: Browser, shop: PrestaShopShop, statements: Callable[[], Any]
) -> None:
    counted = []
    for size in (2, 28):
        for _ in range(size):
            make_batch(shop, waiting=1)
        with statements() as seen:
            manager.get("/batches")
        counted.append(len(seen))
    assert counted[0] == counted[1] < 8


# The products of a batch


def test_products_are_listed_with_what_asks_for_attention_first(
    manager: Browser, shop: PrestaShopShop
) -> None:
    batch = make_batch(shop, unchanged=1, updated=1, waiting=1, running=1, conflict=1, failed=1)
    page = manager.get(f"/batches/{batch.id}").text
    assert skus(page) == ["P-0006", "P-0005", "P-0004", "P-0003", "P-0002", "P-0001"]
    assert "The name holds &#39;&lt;&#39;" in page
    assert "Blue mug" in page


def test_products_are_filtered_by_outcome_and_sku(manager: Browser, shop: PrestaShopShop) -> None:
    batch = make_batch(shop, failed=2, updated=12)
    address = f"/batches/{batch.id}"
    assert skus(manager.get(f"{address}?outcome=failed").text) == ["P-0001", "P-0002"]
    assert skus(manager.get(f"{address}?q=p-001").text) == [f"P-{number:04}" for number in range(10, 15)]
    assert skus(manager.get(f"{address}?q=p-0001&outcome=failed").text) == ["P-0001"]
    assert len(skus(manager.get(f"{address}?outcome=nonsense").text)) == 14
    nothing = manager.get(f"{address}?q=%25&outcome=conflict").text
    assert "No product of the batch is like that" in nothing


def test_the_pages_of_products_hold_each_of_them_once(
    app: Flask, manager: Browser, shop: PrestaShopShop
) -> None:
    app.config["PAGE_SIZE"] = 3
    batch = make_batch(shop, failed=4, updated=6)
    seen: list[str] = []
    path = f"/batches/{batch.id}"
    while path:
        page = manager.get(path).text
        assert len(skus(page)) <= 3
        seen += skus(page)
        after = re.search(r'rel="next" href="([^"#]+)', page)
        path = after[1].replace("&amp;", "&") if after else ""
    assert seen == [f"P-{number:04}" for number in range(1, 11)]


def test_a_deleted_product_and_one_that_waits_for_its_next_try_say_so(
    manager: Browser, shop: PrestaShopShop
) -> None:
    batch = make_batch(shop, skipped=1, waiting=1)
    gone, waits = db.session.scalars(select(BatchItem).order_by(BatchItem.position)).all()
    gone.status_id = None
    assert waits.status is not None
    waits.status.not_before, waits.status.message = now() + timedelta(minutes=5), "The shop did not answer"
    page = manager.get(f"/batches/{batch.id}").text
    assert "deleted product" in page
    assert "Retry at " in page
    assert "The shop did not answer" in page


# The buttons


def test_pause_and_resume_and_cancel_and_retry(manager: Browser, shop: PrestaShopShop) -> None:
    batch = make_batch(shop, BatchState.RUNNING, started_at=NOON, waiting=1200, failed=2)
    address = f"/batches/{batch.id}"
    told_by = {verb: told(manager.send(f"{address}/{verb}", headers=HTMX)) for verb in VERBS}
    assert told_by == {
        "pause": {"message": "Paused: what runs now is finished, the rest waits", "kind": "success"},
        "resume": {"message": "Goes on: 1,200 products wait", "kind": "success"},
        "cancel": {"message": "Cancelled: 1,200 products that waited are not sent", "kind": "success"},
        "retry": {"message": "2 products are tried again", "kind": "success"},
    }
    batch = again(batch)
    assert (batch.state, batch.run, batch.waiting, batch.cancelled) == (BatchState.WAITING, 2, 2, 1200)
    assert batch.requested_by == "manager@example.com"


@pytest.mark.parametrize(
    ("state", "verb", "words"),
    [
        (BatchState.FINISHED, "pause", "The batch is finished and cannot be paused"),
        (BatchState.RUNNING, "resume", "The batch is running, not paused"),
        (BatchState.CANCELLED, "cancel", "The batch has ended already: it is cancelled"),
        (BatchState.RUNNING, "retry", "The batch is still running"),
        (BatchState.FINISHED, "retry", "Nothing of the batch failed"),
    ],
)
def test_a_state_that_does_not_allow_it_is_told(
    manager: Browser, shop: PrestaShopShop, state: BatchState, verb: str, words: str
) -> None:
    counts: dict[str, Any] = {"updated": 1} if state.ended else {"waiting": 1}
    batch = make_batch(shop, state, **counts)
    response = manager.send(f"/batches/{batch.id}/{verb}", headers=HTMX)
    assert response.status_code == 409
    assert told(response)["kind"] == "error"
    assert told(response)["message"].startswith(words)
    assert 'id="batch-bar"' in response.text
    assert again(batch).state is state
    assert manager.send(f"/batches/{batch.id}/{verb}").status_code == 303
    assert words in manager.get("/batches").text


def test_without_javascript_a_button_leads_back_to_the_batch_with_a_message(
    manager: Browser, shop: PrestaShopShop
) -> None:
    batch = make_batch(shop, waiting=3)
    response = manager.send(f"/batches/{batch.id}/pause")
    assert (response.status_code, response.headers["Location"]) == (303, f"/batches/{batch.id}")
    page = manager.get(f"/batches/{batch.id}").text
    assert "Paused: what runs now is finished, the rest waits" in page


@pytest.mark.parametrize(
    ("state", "counts", "shown"),
    [
        (BatchState.WAITING, {"waiting": 1}, {"pause", "cancel"}),
        (BatchState.RUNNING, {"waiting": 1, "failed": 1}, {"pause", "cancel"}),
        (BatchState.PAUSED, {"waiting": 1}, {"resume", "cancel"}),
        (BatchState.FINISHED, {"updated": 1}, set()),
        (BatchState.FINISHED, {"failed": 1, "conflict": 1}, {"retry"}),
        (BatchState.CANCELLED, {"cancelled": 1}, set()),
    ],
)
def test_only_buttons_that_do_something_are_shown(
    manager: Browser, shop: PrestaShopShop, state: BatchState, counts: dict[str, Any], shown: set[str]
) -> None:
    page = manager.get(f"/batches/{make_batch(shop, state, **counts).id}").text
    assert {verb for verb in VERBS if f'id="batch-{verb}"' in page} == shown
    assert ("Retry 2 failed" in page) is ("retry" in shown)


def test_a_viewer_may_look_and_change_nothing(viewer: Browser, shop: PrestaShopShop) -> None:
    batch = make_batch(shop, waiting=1)
    for path in ("/batches", f"/batches/{batch.id}", f"/batches/{batch.id}/progress"):
        assert viewer.get(path).status_code == 200
    page = viewer.get(f"/batches/{batch.id}").text
    assert not [verb for verb in VERBS if f'id="batch-{verb}"' in page]
    for verb in VERBS:
        assert viewer.send(f"/batches/{batch.id}/{verb}").status_code == 403
    assert viewer.get(f"/shops/{shop.id}/batches/new").status_code == 200
    assert "Sync 1 product<" not in viewer.get(f"/shops/{shop.id}/batches/new").text
    assert "Sync products" not in viewer.get("/shops").text
    assert viewer.send(f"/shops/{shop.id}/batches", {"which": "all"}).status_code == 403
    assert again(batch).state is BatchState.RUNNING


def test_a_press_without_a_token_changes_nothing(manager: Browser, shop: PrestaShopShop) -> None:
    batch = make_batch(shop, waiting=1)
    for path in [*(f"/batches/{batch.id}/{verb}" for verb in VERBS), f"/shops/{shop.id}/batches"]:
        assert manager.post(path, data={"which": "all"}).status_code == 400
    assert again(batch).state is BatchState.RUNNING
    assert len(db.session.scalars(select(JobBatch.id)).all()) == 1


@pytest.mark.parametrize("batch_id", ["nothing", "00000000-0000-4000-8000-999999999999", "%00", "x" * 300])
def test_a_batch_that_is_not_there_is_not_found(manager: Browser, batch_id: str) -> None:
    for path in ("", "/progress"):
        response = manager.get(f"/batches/{batch_id}{path}")
        assert response.status_code == 404
        assert "There is nothing here" in response.text
    for verb in VERBS:
        assert manager.send(f"/batches/{batch_id}/{verb}").status_code == 404


def test_texts_are_escaped_and_nothing_stands_inline(manager: Browser) -> None:
    script = "<script>alert(1)</script>"
    shop = make_shop(script, pause_reason=script, paused_at=now())
    make_category(script)
    batch = make_batch(shop, BatchState.FINISHED, name=script, error=script, failed=1)
    db.session.scalars(select(BatchItem)).one().message = script
    waits = make_batch(shop, BatchState.PAUSED, name=script, waiting=1)
    paths = ("/batches", f"/batches/{batch.id}", f"/batches/{waits.id}", f"/shops/{shop.id}/batches/new")
    for path in (*paths, f"/batches/{batch.id}?q={script}"):
        page = manager.get(path).text
        assert "alert(1)" in page
        assert script not in page
        assert not re.search(r"<style|\sstyle=|\son[a-z]+=|javascript:|hx-on", page)


def test_the_end_is_told_quietly(manager: Browser, shop: PrestaShopShop) -> None:
    batch = make_batch(shop, BatchState.FINISHED, updated=2)
    response = manager.get(f"/batches/{batch.id}/progress?polled=1", headers=HTMX)
    assert told(response) == {"message": "Nightly: finished, 2 products: 2 updated", "kind": "quiet"}
    assert "HX-Trigger-After-Swap" not in manager.get(f"/batches/{batch.id}/progress").headers
    assert json.loads(response.headers["HX-Trigger-After-Swap"])["ppm:settled"] == {}
