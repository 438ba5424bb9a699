"""One question for all badges of a page that are under way."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any

import pytest

from ppm_web.extensions import db
from ppm_web.models import SyncState
from tests.views.conftest import Browser
from tests.views.rows import make_catalogue, make_product, make_shop, make_status


def swapped(page: str) -> list[str]:
    """The places that an answer swaps something into."""
    return re.findall(r'id="sync-(\d+-\d+)"[^>]* hx-swap-oob="true"', page)


def events(response: Any) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(response.headers.get("HX-Trigger-After-Swap", "{}"))
    return found


def test_all_badges_that_are_asked_for_come_in_one_answer(manager: Browser) -> None:
    products, shops = [make_product(f"P-{number}") for number in range(3)], [make_shop("A"), make_shop("B")]
    for product in products:
        make_status(product, shops[0], SyncState.PENDING)
    pairs = [f"{product.id}-{shop.id}" for product in products for shop in shops]
    response = manager.get(f"/products/badges?on={','.join(pairs)}")
    assert swapped(response.text) == pairs
    assert response.text.count("data-seconds") == 3
    assert events(response) == {}


def test_what_has_ended_is_told_quietly_once_and_lets_the_page_catch_up(manager: Browser) -> None:
    product, shop = make_product("MUG-1"), make_shop("Shop A")
    make_status(product, shop, SyncState.SYNCED)
    response = manager.get(f"/products/badges?on={product.id}-{shop.id}")
    assert events(response) == {
        "ppm:tell": {"message": "MUG-1 → Shop A: synced", "kind": "quiet"},
        "ppm:settled": {},
    }
    assert "data-seconds" not in response.text


def test_many_endings_are_told_shortly(manager: Browser) -> None:
    shop, pairs = make_shop("A"), []
    for number in range(5):
        make_status(product := make_product(f"P-{number}"), shop, SyncState.SYNCED)
        pairs.append(f"{product.id}-{shop.id}")
    message = events(manager.get(f"/products/badges?on={','.join(pairs)}"))["ppm:tell"]["message"]
    assert message.endswith("P-2 → A: synced; and 2 more")


def test_what_is_gone_says_so_and_is_asked_for_no_more(manager: Browser) -> None:
    page = manager.get("/products/badges?on=7-3").text
    assert swapped(page) == ["7-3"]
    assert "Not here any more" in page
    assert "data-seconds" not in page


@pytest.mark.parametrize(
    "on", ["", "x", "1", "1-", "-1-2", "0-0", "1-2-3", "99999999999-1", "4294967296-1", ",,", "1-%00"]
)
def test_rubbish_is_asked_for_in_vain(manager: Browser, on: str) -> None:
    response = manager.get(f"/products/badges?on={on}")
    assert response.status_code == 200
    assert swapped(response.text) == []


def test_an_answer_is_bounded_and_takes_a_fixed_number_of_statements(
    manager: Browser, statements: Callable[[], Any]
) -> None:
    make_catalogue(products=60, shops=2)
    db.session.remove()
    counts = []
    for wanted in (2, 120):
        pairs = [f"{number // 2 + 1}-{number % 2 + 1}" for number in range(wanted)]
        with statements() as seen:
            page = manager.get(f"/products/badges?on={','.join(pairs)}").text
        counts.append(len(seen))
    assert len(swapped(page)) == 100
    assert counts[0] == counts[1] <= 5
