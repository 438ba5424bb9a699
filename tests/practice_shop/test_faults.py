from __future__ import annotations

import threading
import time
from collections.abc import Callable

import pytest
import requests

from ppm_web.practice_shop import FaultError
from tests.practice_shop.api import Api, codes, product
from tests.practice_shop.conftest import Served


def wait_until(holds: Callable[[], bool]) -> bool:
    end = time.monotonic() + 60
    while time.monotonic() < end:
        if holds():
            return True
        time.sleep(0.01)
    return False


def post(api: Api, reference: str = "MUG-1") -> requests.Response:
    return api.call("POST", "/products", product(reference))


@pytest.mark.parametrize(
    ("fault", "status", "is_saved"),
    [
        ("429", 429, False),
        ("429-retry-after", 429, False),
        ("503", 503, False),
        ("504", 504, False),
        ("504-after-save", 504, True),
        ("500", 500, False),
        ("500-after-save", 500, True),
        ("html-200", 200, False),
        ("key-refused", 401, False),
    ],
)
def test_a_fault_answers_otherwise_and_saves_or_not(
    api: Api, fault: str, status: int, is_saved: bool
) -> None:
    api.shop.strike_next(fault)
    answer = post(api)
    assert answer.status_code == status
    assert (api.shop.find_product("MUG-1") is not None) == is_saved
    assert api.shop.struck_faults == {fault: 1}
    assert ("Retry-After" in answer.headers) == (fault == "429-retry-after")
    assert answer.text.startswith("<!DOCTYPE html>") == (
        fault in {"429", "429-retry-after", "503", "504", "504-after-save", "html-200"}
    )
    assert post(api, "MUG-2").status_code == 201


def test_the_answers_of_faults_look_like_the_recorded_ones(api: Api) -> None:
    api.shop.set_faults({"key-refused": {"next": 1}, "500": {"next": 1}, "500-after-save": {"next": 1}})
    refused, empty, warned = (post(api) for _ in range(3))
    assert (codes(refused), refused.headers["PSWS-Version"]) == ([20, 21], "0")
    assert empty.content == b""
    assert codes(warned) == [11]


@pytest.mark.parametrize("query", ["", "?output_format=JSON"])
def test_a_notice_stands_before_the_whole_answer(any_api: Api, query: str) -> None:
    identifier = any_api.make_product()
    any_api.shop.strike_next("notice")
    struck = any_api.call("GET", f"/products/{identifier}{query}")
    plain = any_api.call("GET", f"/products/{identifier}{query}")
    assert (struck.status_code, plain.status_code) == (200, 200)
    assert struck.text.startswith("<br />\n<b>Notice</b>:  Undefined index")
    assert struck.text.endswith(plain.text)
    any_api.shop.strike_next("notice")
    assert post(any_api, "MUG-2").status_code == 201
    assert any_api.shop.find_product("MUG-2") is not None


@pytest.mark.parametrize(("fault", "is_saved"), [("close-before-save", False), ("close-after-save", True)])
def test_a_connection_breaks_before_or_after_the_save(api: Api, fault: str, is_saved: bool) -> None:
    api.shop.strike_next(fault)
    with pytest.raises(requests.ConnectionError):
        post(api)
    assert (api.shop.find_product("MUG-1") is not None) == is_saved
    assert api.shop.requests[-1].status == 0


def test_save_late_closes_at_once_and_saves_later(api: Api) -> None:
    api.shop.late_seconds = 0.3
    api.shop.strike_next("save-late")
    with pytest.raises(requests.ConnectionError):
        post(api)
    assert api.shop.find_product("MUG-1") is None
    assert wait_until(lambda: api.shop.find_product("MUG-1") is not None)


def test_slow_saves_and_answers_late(api: Api) -> None:
    api.shop.slow_seconds = 0.2
    api.shop.strike_next("slow")
    started = time.monotonic()
    assert post(api).status_code == 201
    assert time.monotonic() - started >= 0.2


def test_faults_of_saving_do_not_strike_reads(api: Api) -> None:
    api.shop.set_faults({"500-after-save": 1, "close-before-save": 1})
    assert api.call("GET", "/products").status_code == 200
    assert api.shop.struck_faults == {}
    assert post(api).status_code == 500


def test_the_next_strike_only_the_method_and_resource_that_they_are_for(api: Api) -> None:
    api.shop.strike_next("503", 2, method="POST", resource="products")
    assert api.call("GET", "/products").status_code == 200
    assert (
        api.call("POST", "/manufacturers", "<manufacturer><name>A</name></manufacturer>").status_code == 201
    )
    assert [post(api).status_code for _ in range(3)] == [503, 503, 201]


def test_rates_draw_the_same_with_the_same_seed(served: Served) -> None:
    def statuses(seed: int) -> list[int]:
        api = served(faults={"503": 0.3, "429": 0.3}, seed=seed)
        return [api.call("GET", "/products/1").status_code for _ in range(40)]

    first = statuses(7)
    assert first == statuses(7)
    assert first != statuses(8)
    assert {404, 429, 503} == set(first)


def test_faults_and_stats_over_http(api: Api) -> None:
    control = f"{api.url}/__practice"
    set_faults = requests.post(f"{control}/faults", json={"503": 1, "slow": {"next": 0}}, timeout=5)
    assert [(rule["name"], rule["rate"]) for rule in set_faults.json()["faults"]] == [("503", 1), ("slow", 0)]
    post(api)
    assert requests.post(f"{control}/faults", json={}, timeout=5).json() == {"faults": []}
    post(api)
    api.call("GET", "/nosuch")
    assert requests.get(f"{control}/stats", timeout=5).json() == {
        "requests": {"GET": {"unknown": 1}, "POST": {"products": 2}},
        "total": 3,
        "entities": {"POST": {"products": 1}},
        "faults": {"503": 1},
        "sales": 0,
    }
    empty = {"requests": {}, "total": 0, "entities": {}, "faults": {}, "sales": 0}
    assert requests.post(f"{control}/reset-stats", timeout=5).json() == empty


@pytest.mark.parametrize(
    "wanted",
    [
        {"nosuch": 1},
        {"503": 1.5},
        {"503": -1},
        {"503": "x"},
        {"503": True},
        {"503": {"next": -1}},
        {"503": {"often": 1}},
        {"503": {"next": 1, "method": 7}},
        {"503": None},
    ],
)
def test_a_bad_fault_is_refused_and_changes_nothing(api: Api, wanted: dict[str, object]) -> None:
    api.shop.set_faults({"429": 0})
    answer = requests.post(f"{api.url}/__practice/faults", json=wanted, timeout=5)
    assert answer.status_code == 400
    assert answer.json()["error"]
    with pytest.raises(FaultError):
        api.shop.set_faults(wanted)
    assert [rule["name"] for rule in api.shop.faults] == ["429"]


def test_a_body_that_is_no_object_is_400(api: Api) -> None:
    for body in (b"", b"[1]", b"{", b"[" * 100_000):
        assert requests.post(f"{api.url}/__practice/faults", data=body, timeout=5).status_code == 400
    assert requests.get(f"{api.url}/__practice/nosuch", timeout=5).status_code == 404


def test_the_last_requests_tell_what_was_sent(api: Api) -> None:
    post(api)
    api.call("GET", "/products?display=full")
    first, second = api.shop.requests
    assert (first.method, first.resource, first.status) == ("POST", "products", 201)
    assert b"MUG-1" in first.body
    assert second.path == "/api/products?display=full"


def test_with_costs_the_shop_serves_one_request_at_a_time(served: Served) -> None:
    api = served(request_ms=40, entity_ms=20)
    started = time.monotonic()
    threads = [
        threading.Thread(target=requests.get, args=(f"{api.url}/api/",), kwargs={"timeout": 5})
        for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert time.monotonic() - started >= 0.16
    started = time.monotonic()
    answer = api.call("POST", "/products", product("A") + product("B") + product("C"))
    assert time.monotonic() - started >= 0.1
    assert float(answer.headers["Execution-Time"]) >= 0.1


def test_a_save_goes_on_when_the_client_has_gone(served: Served) -> None:
    api = served(entity_ms=30)
    body = f"<prestashop>{''.join(product(f'MUG-{n}') for n in range(10))}</prestashop>"
    with pytest.raises(requests.Timeout):
        requests.post(f"{api.url}/api/products", data=body, auth=(api.shop.key, ""), timeout=0.1)
    assert wait_until(lambda: api.shop.count() == 10)
