"""The log's page and file."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from ppm_web.extensions import db
from ppm_web.models import JobBatch, Role
from ppm_web.views.sync import log_rows as sync_log_rows
from tests.views.conftest import Browser
from tests.views.rows import make_log, make_product, make_shop, make_user


@pytest.fixture
def viewer(client: Browser) -> Browser:
    client.sign_in(make_user(Role.VIEWER).email)
    return client


def test_the_log_is_filtered_by_shop_outcome_and_sku(viewer: Browser) -> None:
    first, second = make_shop("Shop A"), make_shop("Shop B", url="https://b.example")
    mug, cup = make_product("MUG-1"), make_product("CUP-1")
    make_log(mug, first, message="mug went")
    make_log(cup, second, status="error", message="cup failed")
    assert "mug went" in viewer.get("/log").text
    for query in (f"shop={second.id}", "status=error", "q=cup", f"shop={second.id}&status=error"):
        page = viewer.get(f"/log?{query}").text
        assert "cup failed" in page
        assert "mug went" not in page


def test_the_log_is_filtered_by_kind_and_batch(viewer: Browser) -> None:
    product, shop = make_product(), make_shop()
    batch = JobBatch(id="b1", name="Night", shop_id=shop.id, selection="all products")
    db.session.add(batch)
    db.session.commit()
    make_log(product, shop, message="made one", operation="create")
    make_log(product, shop, message="of the night", batch_id="b1")
    page = viewer.get("/log?operation=create").text
    assert '<option value="create" selected>' in page
    assert "made one" in page
    assert "of the night" not in page
    page = viewer.get("/log?batch=b1&status=success").text
    assert "of the night" in page
    assert "made one" not in page
    assert '<a href="/batches/b1">Night</a>' in page
    assert 'href="/log?status=success">Show the log of all' in page
    assert 'href="/log?batch=b1"' in viewer.get("/batches/b1").text
    assert "Batch: one that is gone" in viewer.get("/log?batch=b2").text


def test_an_empty_log_leads_on(viewer: Browser) -> None:
    assert "Nothing was sent to a shop yet" in viewer.get("/log").text
    page = viewer.get("/log?status=error").text
    assert "There is nothing here" in page
    assert "Show the whole log" in page


@pytest.mark.parametrize(
    "query", ["shop=x", "from=9999-12-31&to=0001-01-01", "before=-1", "status=%00", "q=%25_"]
)
@pytest.mark.parametrize("path", ["/log", "/log.csv"])
def test_rubbish_in_the_address_is_left_out(viewer: Browser, path: str, query: str) -> None:
    assert viewer.get(f"{path}?{query}").status_code == 200


def test_days_are_both_included(viewer: Browser) -> None:
    entry = make_log(make_product(), make_shop(), message="today's line")
    day = entry.created_at.astimezone(ZoneInfo("Europe/Warsaw")).date()
    assert "today&#39;s line" in viewer.get(f"/log?from={day}&to={day}").text
    assert "today&#39;s line" not in viewer.get("/log?to=2001-01-01").text


def test_the_file_holds_what_is_filtered_in_chunks_and_no_formula(
    viewer: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sync_log_rows, "CHUNK", 2)
    product, shop = make_product(), make_shop()
    for number in range(5):
        make_log(product, shop, message=f"=line {number}")
    make_log(product, shop, status="error", message="left out")
    answer = viewer.get("/log.csv?status=success")
    lines = answer.text.splitlines()
    assert answer.text.startswith("\ufefftime,shop,sku")
    assert [line.split(",")[7] for line in lines[1:]] == [f"'=line {number}" for number in (4, 3, 2, 1, 0)]


def test_a_filter_that_finds_little_says_that_it_looked_through_a_part(
    viewer: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sync_log_rows, "LOOKED", 2)
    product, shop = make_product(), make_shop()
    make_log(product, shop, status="error", message="far back")
    newest = [make_log(product, shop) for _ in range(4)][-1]
    assert "looked through a part" in viewer.get("/log?status=error").text
    assert "far back" in viewer.get(f"/log?status=error&before={newest.id - 2}").text


def test_the_page_costs_as_many_statements_for_two_lines_as_for_thirty(
    viewer: Browser, statements: Callable[[], Any]
) -> None:
    product, shop = make_product(), make_shop()
    counted: list[int] = []
    for lines in (2, 28):
        for _ in range(lines):
            make_log(product, shop)
        with statements() as seen:
            viewer.get("/log")
        counted.append(len(seen))
    assert counted[0] == counted[1] < 10


def test_nobody_reads_the_log_without_signing_in(client: Browser) -> None:
    assert client.get("/log.csv").status_code in {302, 303}
