"""Retrying and deleting failures: chosen ones, and all of a filter in the background."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from flask import Flask

from ppm_web import queue
from ppm_web.extensions import db
from ppm_web.models import FailedJob, JobBatch, PrestaShopShop, ProductSyncStatus, SyncState
from ppm_web.practice_shop import PracticeShop
from ppm_web.services.failures import actions as failure_actions
from ppm_web.services.failures import lists as failure_lists
from ppm_web.services.failures.actions import Action
from ppm_web.services.failures.lists import PERMANENT, TEMPORARY, FailureFilter
from ppm_web.services.ledger import failures
from tests.factories import make_category, make_product
from tests.services.failed_jobs import fail, fail_many, failing_product, failure_of, left
from tests.views.rows import make_shop

ALL = FailureFilter()
Work = Callable[[], None]


@pytest.fixture
def quiet_shop(app: Flask) -> PrestaShopShop:
    """A shop that nobody asks anything."""
    return make_shop("Shop Q")


def ids(wanted: FailureFilter) -> list[int]:
    return [target.id for target in failure_lists.targets(wanted, 0, 1000)]


def test_each_part_of_the_filter_narrows_what_is_meant(quiet_shop: PrestaShopShop) -> None:
    other = make_shop("Shop R")
    mug, plate = make_product("MUG-1"), make_product("PLATE-1")
    first = fail(mug, quiet_shop, "The shop is busy", temporary=True)
    second = fail(plate, quiet_shop, "The tax rate is not known")
    third = fail(mug, other, "The tax rate is not known")
    assert ids(ALL) == [first, second, third]
    assert ids(FailureFilter(shop_id=other.id)) == [third]
    assert ids(FailureFilter(kind=TEMPORARY)) == [first]
    assert ids(FailureFilter(kind=PERMANENT)) == [second, third]
    assert ids(FailureFilter(newest=second)) == [first, second]
    cause = db.session.get_one(FailedJob, second).fingerprint
    assert ids(FailureFilter(cause=cause)) == [second, third], "a cause is the same in every shop"


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("mug", ["MUG-1"]),
        ("TAX", ["PLATE-1"]),
        ("rate plate", ["PLATE-1"]),
        ("rate mug", []),
        ("100%", []),
        ("żółty", ["PLATE-1"]),
        ("ŻÓŁTY", ["PLATE-1"]),
    ],
)
def test_a_search_finds_each_word_in_sku_or_message(
    quiet_shop: PrestaShopShop, text: str, found: list[str]
) -> None:
    fail(make_product("MUG-1"), quiet_shop, "100 requests were too many")
    fail(make_product("PLATE-1"), quiet_shop, "The tax rate of Żółty is not known, żółty")
    assert [target.sku for target in failure_lists.targets(FailureFilter(text=text), 0, 9)] == found


def test_causes_are_found_by_message_by_sku_and_by_kind(quiet_shop: PrestaShopShop) -> None:
    fail(make_product("MUG-1"), quiet_shop, "The shop is busy", temporary=True)
    fail(make_product("PLATE-1"), quiet_shop, "The tax rate is not known")

    def messages(**fields: str) -> list[str]:
        page = failure_lists.cause_page(FailureFilter(**fields), "")  # type: ignore[arg-type]
        return [row.cause.message for row in page.causes]

    assert messages(text="TAX") == ["The tax rate is not known"]
    assert messages(text="mug-1") == ["The shop is busy"]
    assert messages(kind=TEMPORARY) == ["The shop is busy"]
    assert messages(kind=PERMANENT) == ["The tax rate is not known"]
    assert messages(text="nothing") == []


def test_causes_come_page_by_page_each_once_the_biggest_first(quiet_shop: PrestaShopShop) -> None:
    product, things = make_product(), []
    for number in range(failure_lists.PAGE + 5):
        message = "Cause " + chr(65 + number % 26) * (1 + number // 26)
        things.append(failure_of(make_product(f"S-{number}"), quiet_shop, message))
    things.append(failure_of(product, quiet_shop, "Cause C"))
    failures.change(quiet_shop.id, failed=things)
    db.session.commit()
    first = failure_lists.cause_page(ALL, "")
    second = failure_lists.cause_page(ALL, first.after or "")
    seen = [row.cause.id for row in (*first.causes, *second.causes)]
    assert first.causes[0].cause.count == 2
    assert len(seen) == len(set(seen)) == failure_lists.PAGE + 5
    assert second.after is None


def test_deleting_keeps_the_counts_of_the_causes_right(quiet_shop: PrestaShopShop) -> None:
    other = make_shop("Shop R")
    mine = [*fail_many(3, quiet_shop), *fail_many(2, other, prefix="OTHER"), fail(make_product(), other)]
    assert failure_actions.delete_chosen([mine[0], mine[3], mine[4], mine[5]]) == 4
    assert left() == 2
    assert failure_actions.delete_chosen(mine) == 2
    assert left() == 0
    assert failure_actions.delete_chosen(mine) == 0


def test_chosen_failures_are_requested_again_and_leave_the_list(
    shop: PrestaShopShop, work: Work, practice_82: PracticeShop
) -> None:
    chosen = [failing_product(shop, "MUG-1"), failing_product(shop, "MUG-2")]
    failing_product(shop, "MUG-3")
    result = failure_actions.retry_chosen([*chosen, 999_999], "somebody@example.com")
    assert (result.retried, result.skipped) == (2, 1)
    assert left() == 1
    work()
    states = {status.state for status in db.session.query(ProductSyncStatus)}
    assert states == {SyncState.SYNCED}
    assert {status.requested_by for status in db.session.query(ProductSyncStatus)} == {"somebody@example.com"}


def test_few_are_told_by_id_and_many_are_not(quiet_shop: PrestaShopShop) -> None:
    found = fail_many(failure_actions.AT_ONCE, quiet_shop)
    assert failure_actions.few(ALL) == list(found)
    fail(make_product(), quiet_shop)
    assert failure_actions.few(ALL) is None


def test_many_are_retried_in_the_background_as_one_batch_and_progress_tells_how_far(
    shop: PrestaShopShop, work: Work, practice_82: PracticeShop
) -> None:
    fail_many(60, shop)
    wanted = failure_lists.until_now(FailureFilter(shop_id=shop.id))
    assert failure_actions.request(Action.RETRY, wanted, "somebody@example.com") == 60
    before = failure_actions.progress(Action.RETRY, wanted, 60)
    assert (before.left, before.running, before.ended) == (60, True, False)
    work()
    after = failure_actions.progress(Action.RETRY, wanted, 60)
    assert (after.left, after.ended) == (0, True)
    batch = db.session.query(JobBatch).one()
    assert (batch.name, batch.total, batch.requested_by) == (
        "Retry of 60 failures",
        60,
        "somebody@example.com",
    )
    assert batch.processed == 60


def test_what_fails_again_is_back_on_the_list_and_is_not_retried_for_ever(
    shop: PrestaShopShop, work: Work, practice_82: PracticeShop
) -> None:
    practice_82.set_faults({"key-refused": 1})
    fail_many(60, shop)
    wanted = failure_lists.until_now(ALL)
    failure_actions.request(Action.RETRY, wanted, "test")
    work()
    assert failure_actions.progress(Action.RETRY, wanted, 60).left == 0
    again = left()
    assert again >= 1, "the shop refused the key"
    failure_actions.run_delete(wanted)
    assert left() == again, "though SQLite gave them ids that deleted ones had"
    assert db.session.query(JobBatch).count() == 1


def test_what_belongs_to_a_shop_that_is_not_active_stays_and_the_others_go_on(
    shop: PrestaShopShop, quiet_shop: PrestaShopShop
) -> None:
    fail_many(3, quiet_shop, prefix="QUIET")
    fail_many(2, shop)
    quiet_shop.active = False
    db.session.commit()
    wanted = failure_lists.until_now(ALL)
    failure_actions.run_retry(wanted, "test")
    assert [batch.total for batch in db.session.query(JobBatch)] == [2]
    assert left() == 3
    progress = failure_actions.progress(Action.RETRY, wanted, 5)
    assert (progress.left, progress.ended) == (3, True)


def test_a_category_is_retried_by_a_request_of_its_own(shop: PrestaShopShop, work: Work) -> None:
    category = make_category("Mugs")
    failure = failure_of(make_product(), shop, "The shop is busy")
    of_category = {"job": "sync_category", "product_id": None, "category_id": category.id}
    values = {name: getattr(failure, name) for name in failure.__slots__}
    failures.change(shop.id, failed=[failures.Failure(**{**values, **of_category})])
    db.session.commit()
    failure_actions.run_retry(FailureFilter(text="mugs"), "test")
    assert left() == 0
    assert db.session.query(JobBatch).count() == 0
    work()
    assert db.session.query(FailedJob).count() == 0


def test_deleting_in_the_background_spares_what_does_not_match_and_what_failed_later(
    quiet_shop: PrestaShopShop, work: Work
) -> None:
    other = make_shop("Shop R")
    fail_many(failure_actions.CHUNK + 7, quiet_shop)
    fail_many(4, other, prefix="OTHER")
    wanted = failure_lists.until_now(FailureFilter(shop_id=quiet_shop.id))
    assert failure_actions.request(Action.DELETE, wanted, "test") == failure_actions.CHUNK + 7
    later = fail(make_product("LATER"), quiet_shop)
    work()
    assert left() == 5
    assert ids(FailureFilter(shop_id=quiet_shop.id)) == [later]
    failure_actions.run_delete(wanted)
    assert left() == 5, "it is safe to repeat"


def test_a_ticket_carries_the_filter_as_plain_values(quiet_shop: PrestaShopShop) -> None:
    wanted = FailureFilter(quiet_shop.id, "a" * 64, "żółty '%", TEMPORARY, 7, 8)
    failure_actions.request(Action.DELETE, wanted, "test")
    (ticket_id,) = queue.tickets_out("delete-failures-").ready
    ticket = queue.Ticket.fetch(ticket_id, connection=queue.connection(), serializer="json")
    assert tuple(ticket.args) == ("test", quiet_shop.id, "a" * 64, "żółty '%", TEMPORARY, 7, 8)


def test_without_the_broker_nothing_is_done_and_progress_does_not_break(
    app: Flask, quiet_shop: PrestaShopShop
) -> None:
    fail_many(3, quiet_shop)
    app.config["REDIS_URL"] = "redis://127.0.0.1:1/0"
    app.extensions["ppm_queue"].clear()
    with pytest.raises(queue.QueueUnavailableError):
        failure_actions.request(Action.DELETE, ALL, "test")
    assert left() == 3
    progress = failure_actions.progress(Action.DELETE, ALL, 3)
    assert (progress.left, progress.running, progress.ended) == (3, None, False)
