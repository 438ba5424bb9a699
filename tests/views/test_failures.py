"""The failed jobs: by cause, one by one, searched; retried and deleted one, some and all."""

from __future__ import annotations

import html
import json
import re
from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask

from ppm_web import queue
from ppm_web.extensions import db
from ppm_web.models import FailedJob, PrestaShopShop, SyncState
from ppm_web.services.failures import lists as failure_lists
from tests.services.failed_jobs import fail, fail_many, left
from tests.views.conftest import Browser
from tests.views.rows import make_product, make_shop, status_of

HTMX = {"HX-Request": "true"}
BUSY, TAX = "The shop is busy", "The shop does not know the tax rate '23'"


@pytest.fixture
def shop(app: Flask) -> PrestaShopShop:
    return make_shop("Shop A")


def rows(page: str) -> list[str]:
    """The rows of the table, without markup."""
    body = page.partition('<tbody role="rowgroup">')[2].partition("</tbody>")[0]
    texts = [re.sub(r"<[^>]+>", " ", row) for row in body.split("</tr>")[:-1]]
    return [" ".join(html.unescape(text).split()) for text in texts]


def told(response: Any) -> dict[str, str]:
    message: dict[str, str] = json.loads(response.headers["HX-Trigger-After-Swap"])["ppm:tell"]
    return message


def hidden(page: str) -> dict[str, str]:
    """The hidden fields of the form that asks for a confirmation."""
    form = page.partition("<main")[2]
    return dict(re.findall(r'type="hidden" name="(?!csrf)(\w+)" value="([^"]*)"', form))


def test_failures_stand_by_cause_with_shop_count_and_times(viewer: Browser, shop: PrestaShopShop) -> None:
    other = make_shop("Shop B")
    fail_many(3, shop, TAX)
    fail(make_product("MUG-1"), other, TAX)
    found = rows(viewer.get("/failures").text)
    assert len(found) == 2
    assert found[0].startswith(f"{TAX} Shop A 3 ")
    assert found[1].startswith(f"{TAX} Shop B 1 ")
    assert len(re.findall(r"\d+ [A-Z][a-z]{2} \d{4}, \d\d:\d\d CE", found[0])) == 2, "first and last seen"


def test_a_cause_leads_to_its_failures(viewer: Browser, shop: PrestaShopShop) -> None:
    fail_many(2, shop, TAX)
    fail(make_product("MUG-1"), shop, BUSY)
    page = viewer.get("/failures").text
    address = html.unescape(re.findall(r'rowheader"[^>]*><a href="([^"]+)"', page)[0])
    listed = viewer.get(address).text
    assert [row.partition(" ")[0] for row in rows(listed)] == ["SKU-00001", "SKU-00000"]
    assert "All causes" in listed


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("", ["MUG-1", "PLATE-1", "CUP-1"]),
        ("&q=cup", ["CUP-1"]),
        ("&q=TAX", ["PLATE-1"]),
        ("&kind=temporary", ["CUP-1"]),
        ("&kind=permanent", ["MUG-1", "PLATE-1"]),
        ("&shop=2", ["MUG-1"]),
        ("&shop=1&kind=permanent", ["PLATE-1"]),
        ("&q=nothing", []),
        ("&shop=no&kind=none&cause='&before=x", ["MUG-1", "PLATE-1", "CUP-1"]),
    ],
)
def test_the_filter_stands_in_the_address(
    viewer: Browser, shop: PrestaShopShop, query: str, found: list[str]
) -> None:
    fail(make_product("CUP-1"), shop, BUSY, temporary=True)
    fail(make_product("PLATE-1"), shop, TAX)
    fail(make_product("MUG-1"), make_shop("Shop B"), "Something else")
    page = viewer.get(f"/failures?view=list{query}").text
    assert [row.partition(" ")[0] for row in rows(page)] == found


def test_the_list_goes_page_by_page(viewer: Browser, shop: PrestaShopShop) -> None:
    fail_many(failure_lists.PAGE + 3, shop)
    first = viewer.get("/failures?view=list&q=sku").text
    older = html.unescape(re.findall(r'rel="next" href="([^"]+)"', first)[0])
    second = viewer.get(older).text
    assert "q=sku" in older
    assert len({*rows(first), *rows(second)}) == failure_lists.PAGE + 3
    assert len(rows(second)) == 3
    assert 'rel="next"' not in second


def test_more_than_a_thousand_are_said_to_be_so(manager: Browser, shop: PrestaShopShop) -> None:
    fail_many(1005, shop)
    assert "Retry all 1,000+" in manager.get("/failures").text
    answer = manager.send("/failures/retry")
    assert "Retry 1,005 failed jobs?" in answer.text


@pytest.mark.parametrize("view", ["", "&view=list"])
def test_the_pages_take_the_same_few_statements_for_two_pages_and_for_twenty(
    viewer: Browser, shop: PrestaShopShop, statements: Callable[[], Any], view: str
) -> None:
    counts = []
    for count, prefix in ((failure_lists.PAGE + 1, "FEW"), (1000, "MANY")):
        fail_many(count, shop, prefix=prefix)
        with statements() as seen:
            viewer.get(f"/failures?q=tax{view}")
        counts.append(len(seen))
    assert counts[0] == counts[1] < 20


def test_trace_and_answer_are_one_click_away_and_escaped(viewer: Browser, shop: PrestaShopShop) -> None:
    failure_id = fail(make_product("MUG-1"), shop)
    page = viewer.get("/failures?view=list").text
    assert f'hx-get="/failures/{failure_id}"' in page
    assert "ShopRefusedError" not in page
    for headers in ({}, HTMX):
        shown = viewer.get(f"/failures/{failure_id}", headers=headers).text
        assert "ShopRefusedError: &lt;b&gt;no&lt;/b&gt;" in shown
        assert "&lt;error&gt;the shop&#39;s answer&lt;/error&gt;" in shown
        assert ("<html" in shown) is (headers == {})


def test_a_failure_that_is_gone_leads_to_the_list_with_a_message(viewer: Browser) -> None:
    answer = viewer.get("/failures/7")
    assert (answer.status_code, answer.location) == (302, "/failures")
    assert "not on the list any more" in viewer.get("/failures").text
    assert "not on the list any more" in viewer.get("/failures/7", headers=HTMX).text


def test_one_is_retried_and_its_row_says_so(manager: Browser, shop: PrestaShopShop) -> None:
    product = make_product("MUG-1")
    failure_id = fail(product, shop)
    manager.get("/failures?view=list")
    answer = manager.send(f"/failures/{failure_id}/retry", headers=HTMX)
    assert answer.status_code == 200
    assert answer.text.lstrip().startswith("<tr")
    assert told(answer)["message"] == "Requested again: MUG-1 → Shop A. It waits: no worker runs."
    assert "<button" not in answer.text
    assert left() == 0
    status = status_of(product, shop)
    assert (status.state, status.requested_by) == (SyncState.PENDING, "manager@example.com")
    assert "not on the list" in manager.send(f"/failures/{failure_id}/retry", headers=HTMX).text


def test_a_refused_retry_keeps_its_row_and_says_why(manager: Browser, shop: PrestaShopShop) -> None:
    failure_id = fail(make_product("MUG-1"), shop)
    shop.active = False
    db.session.commit()
    answer = manager.send(f"/failures/{failure_id}/retry", headers=HTMX)
    assert answer.status_code == 409
    assert told(answer) == {"message": "Shop 'Shop A' is not active", "kind": "error"}
    assert "Retry MUG-1 in Shop A" in answer.text
    assert left() == 1


def test_without_javascript_one_is_deleted_and_the_way_leads_back(
    manager: Browser, shop: PrestaShopShop
) -> None:
    failure_id = fail(make_product("MUG-1"), shop)
    here = {"Referer": "http://localhost/failures?view=list&q=mug"}
    answer = manager.send(f"/failures/{failure_id}/delete", headers=here)
    assert (answer.status_code, answer.location) == (303, "/failures?view=list&q=mug")
    assert "Deleted from this list" in manager.get("/failures").text
    assert left() == 0


def test_from_its_own_page_that_is_gone_then_the_way_leads_to_the_list(
    manager: Browser, shop: PrestaShopShop
) -> None:
    failure_id = fail(make_product("MUG-1"), shop)
    here = {"Referer": f"http://localhost/failures/{failure_id}"}
    answer = manager.send(f"/failures/{failure_id}/retry", headers=here)
    assert (answer.status_code, answer.location) == (303, "/failures?view=list")


@pytest.mark.parametrize("action", ["retry", "delete"])
def test_the_chosen_ones_are_counted_first_and_done_when_confirmed(
    manager: Browser, shop: PrestaShopShop, action: str
) -> None:
    chosen = [str(number) for number in fail_many(3, shop)][:2]
    asked = manager.send(f"/failures/{action}", {"id": chosen, "chosen": "1"})  # type: ignore[dict-item]
    assert f"{action.capitalize()} 2 failed jobs?" in asked.text
    assert left() == 3, "nothing was done yet"
    done = manager.send(f"/failures/{action}", {"id": chosen, "confirmed": "1"})  # type: ignore[dict-item]
    assert done.status_code == 303
    assert left() == 1


def test_no_choice_is_told_and_never_taken_for_all(manager: Browser, shop: PrestaShopShop) -> None:
    fail_many(3, shop)
    answer = manager.send("/failures/delete", {"chosen": "1", "confirmed": "1"})
    assert answer.status_code == 303
    assert "Choose failures first" in manager.get("/failures").text
    assert left() == 3


def test_all_that_match_are_deleted_and_nothing_else(manager: Browser, shop: PrestaShopShop) -> None:
    fail_many(3, shop, TAX)
    spared = fail(make_product("MUG-1"), shop, BUSY)
    asked = manager.send("/failures/delete", {"q": "tax rate", "shop": str(shop.id)}).text
    assert "Delete 3 failed jobs?" in asked
    assert "Found in SKU, category or message: tax rate" in asked
    later = fail(make_product("LATER"), shop, TAX)
    manager.send("/failures/delete", hidden(asked))
    assert {row.id for row in db.session.query(FailedJob)} == {spared, later}
    assert "Deleted from this list: 3" in manager.get("/failures").text


def test_many_go_on_in_the_background_with_a_count_that_polls_until_the_end(
    manager: Browser, shop: PrestaShopShop, work: Callable[[], None]
) -> None:
    fail_many(120, shop)
    asked = manager.send("/failures/delete", {"shop": str(shop.id)}).text
    begun = manager.send("/failures/delete", hidden(asked))
    assert begun.status_code == 303
    page = manager.get(begun.location).text
    assert "0 of 120" in page
    assert "It waits: no worker runs." in page
    poll = html.unescape(re.findall(r'data-poll hx-get="([^"]+)"', page)[0])
    work()
    ended = manager.get(poll, headers=HTMX).text
    assert ended.lstrip().startswith("<section")
    assert "120 of 120" in ended
    assert "hx-trigger" not in ended
    assert left() == 0


def test_work_that_was_interrupted_says_what_is_left_and_can_go_on(
    manager: Browser, shop: PrestaShopShop
) -> None:
    fail_many(60, shop)
    asked = manager.send("/failures/retry").text
    begun = manager.send("/failures/retry", hidden(asked))
    queue.rq_queue(queue.BACKGROUND).delete(delete_jobs=True)
    page = manager.get(begun.location).text
    assert "60 stayed on the list" in page
    assert "Go on" in page
    assert "hx-trigger" not in page


def test_the_work_page_of_nothing_is_calm(viewer: Browser) -> None:
    for address in ("/failures/work", "/failures/work?action=x&total=-1&newest=99999999999999"):
        page = viewer.get(address)
        assert page.status_code == 200
        assert "0 of 0" in page.text


def test_a_broker_that_is_away_breaks_nothing(app: Flask, manager: Browser, shop: PrestaShopShop) -> None:
    failure_id = fail_many(60, shop)[0]
    asked = manager.send("/failures/retry").text
    app.config["REDIS_URL"] = "redis://127.0.0.1:1/0"
    app.extensions["ppm_queue"].clear()
    assert manager.send("/failures/retry", hidden(asked)).status_code == 303
    assert "Nothing was done: the queue cannot be reached now" in manager.get("/failures").text
    assert left() == 60
    one = manager.send(f"/failures/{failure_id}/retry", headers=HTMX)
    assert told(one)["message"].endswith("It waits: the queue cannot be reached now.")
    assert manager.get("/failures/work?total=60").status_code == 200


def test_a_viewer_sees_no_buttons_and_may_change_nothing(viewer: Browser, shop: PrestaShopShop) -> None:
    failure_id = fail(make_product("MUG-1"), shop)
    for address in ("/failures", "/failures?view=list", f"/failures/{failure_id}"):
        main = viewer.get(address).text.partition("<main")[2]
        assert 'method="post"' not in main
        assert "checkbox" not in main
    for path in ("retry", "delete", f"{failure_id}/retry", f"{failure_id}/delete"):
        assert viewer.send(f"/failures/{path}", {"confirmed": "1"}).status_code == 403
    assert left() == 1


def test_without_a_token_nothing_is_done(manager: Browser, shop: PrestaShopShop) -> None:
    failure_id = fail(make_product("MUG-1"), shop)
    for path in ("retry", "delete", f"{failure_id}/retry", f"{failure_id}/delete"):
        assert manager.post(f"/failures/{path}", data={"confirmed": "1"}).status_code == 400
    assert left() == 1


def test_empty_lists_say_what_they_are(viewer: Browser, shop: PrestaShopShop) -> None:
    assert "Nothing has failed" in viewer.get("/failures").text
    assert "Nothing has failed" in viewer.get("/failures?view=list").text
    fail(make_product("MUG-1"), shop)
    assert "No failure matches" in viewer.get("/failures?q=nothing").text


def test_texts_of_shops_are_escaped_and_no_script_is_inline(viewer: Browser) -> None:
    script = "<script>alert(1)</script>"
    shop = make_shop(script)
    failure_id = fail(make_product(script), shop, script)
    for address in ("/failures", f"/failures?view=list&q={script}", f"/failures/{failure_id}"):
        page = viewer.get(address).text
        assert script not in page
        assert "alert(1)" in page
        assert not re.search(r"<script(?![^>]*\bsrc=)|<style|\sstyle=|\son[a-z]+=", page)
