"""Batches: chosen and counted in SQL, synced in groups, exact at every moment (R7, R8, R9)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal

import pytest
import time_machine

from ppm_web.extensions import db, reading
from ppm_web.models import (
    BatchItem,
    BatchState,
    CategoryText,
    FailedJob,
    JobBatch,
    PrestaShopShop,
    Product,
    ProductSyncStatus,
    SyncLog,
    SyncState,
    now,
)
from ppm_web.practice_shop import PracticeShop
from ppm_web.services.batches import control as batch_control
from ppm_web.services.batches.control import BatchError
from ppm_web.services.catalog import image_edits, selections
from ppm_web.services.catalog import writing as catalog_writing
from ppm_web.services.catalog.selections import Selection
from ppm_web.services.errors import SyncRefusedError
from ppm_web.services.ledger import hooks as batch_hooks
from ppm_web.services.sync import requests as sync_requests
from ppm_web.services.upkeep import probes, shop_switches
from tests.factories import make_category, make_product, status_of
from tests.services.pictures import picture

Work = Callable[[], None]
ALL = Selection("all")


def products(count: int) -> list[Product]:
    """That many products, P-000 and on."""
    return [make_product(f"P-{number:03}") for number in range(count)]


def start(shop: PrestaShopShop, selection: Selection = ALL) -> JobBatch:
    """A batch that was started."""
    batch = batch_control.bulk_sync(shop.id, selection, by="test")
    assert batch is not None
    return batch


def ended(batch: JobBatch) -> JobBatch:
    """The batch as it is now, whose counters must add up."""
    found = batch_control.get(batch.id)
    assert sum(found.outcomes.values()) == found.total
    return found


def test_all_products_go_in_groups_with_eight_requests_for_a_hundred(
    practice_82: PracticeShop, shop: PrestaShopShop, work: Work
) -> None:
    products(100)
    batch = start(shop)
    assert (batch.state, batch.total, batch.waiting, batch.name) == (
        "waiting",
        100,
        100,
        "Bulk Sync to Shop A",
    )
    work()
    batch = ended(batch)
    assert (batch.state, batch.created, batch.progress) == (BatchState.FINISHED, 100, 100)
    assert sum(sum(by.values()) for by in practice_82.counts.values()) <= 8
    assert all(len(practice_82.products(f"P-{number:03}")) == 1 for number in range(100))
    assert db.session.query(ProductSyncStatus).filter_by(state=SyncState.SYNCED).count() == 100


def test_changed_prices_cost_one_request_a_group_and_unchanged_products_none(
    practice_82: PracticeShop, shop: PrestaShopShop, work: Work
) -> None:
    made = products(60)
    start(shop)
    work()
    practice_82.reset_stats()
    for product in made[:55]:
        catalog_writing.update_product(product.id, {"price_net": Decimal("99.5")})
    batch = start(shop)
    assert (batch.unchanged, batch.waiting) == (5, 55)
    work()
    batch = ended(batch)
    assert (batch.updated, batch.unchanged) == (55, 5)
    assert practice_82.counts == {"GET": {"products": 2}, "PATCH": {"products": 2}}, "read before write"
    practice_82.reset_stats()
    again = start(shop)
    assert (again.state, again.unchanged) == (BatchState.FINISHED, 60)
    work()
    assert practice_82.counts == {}
    assert practice_82.products("P-000")[0]["price"] == "99.500000"


def test_changed_stock_costs_two_requests_however_many_groups_it_would_be(
    practice_82: PracticeShop, shop: PrestaShopShop, work: Work
) -> None:
    made = products(120)
    start(shop)
    work()
    practice_82.reset_stats()
    for product in made:
        catalog_writing.update_product(product.id, {"quantity": 3})
    batch = start(shop)
    work()
    assert ended(batch).updated == 120
    assert practice_82.counts == {"GET": {"stock_availables": 1}, "PATCH": {"stock_availables": 1}}


def test_priorities_decide_the_order_and_the_queue(shop: PrestaShopShop) -> None:
    made = products(4)
    for product, priority in zip(made, (9, 5, 1, 6), strict=True):
        sync_requests.request_product_sync(product.id, shop.id, by="test", priority=priority)
    batch = start(shop)
    with reading():
        items = db.session.query(BatchItem).filter_by(batch_id=batch.id).order_by(BatchItem.position).all()
        assert [(item.status.product.sku, item.band) for item in items if item.status] == [
            ("P-002", 0),
            ("P-001", 1),
            ("P-003", 1),
            ("P-000", 2),
        ]


def test_only_what_is_selected_is_in_the_batch(shop: PrestaShopShop, work: Work) -> None:
    clothes, men = make_category("Clothes"), make_category("Clothes", "Men")
    products(2)
    make_product("C-1", categories=(clothes,))
    make_product("C-2", categories=(men,))
    assert start(shop, Selection("category", category_id=clothes.id)).total == 2
    assert start(shop, Selection("category", category_id=men.id)).total == 1
    assert start(shop, Selection("category", category_id=1)).total == 4
    assert start(shop, Selection("skus", skus=["P-001", "C-2", "nobody"])).total == 2
    assert selections.unknown_skus(["P-001", "nobody"]) == ["nobody"]
    work()
    moment = now()
    assert batch_control.bulk_sync(shop.id, Selection("modified", since=moment), by="test") is None
    assert batch_control.bulk_sync(shop.id, Selection("errors"), by="test") is None
    assert batch_control.bulk_sync(shop.id, Selection("new"), by="test") is None
    make_product("P-9", price_net=Decimal(-1))
    assert start(shop, Selection("modified", since=moment)).total == 1
    work()
    assert start(shop, Selection("errors")).total == 1
    assert start(shop, Selection("new")).total == 1


def test_nothing_to_do_makes_no_batch(shop: PrestaShopShop) -> None:
    assert batch_control.bulk_sync(shop.id, ALL, by="test") is None
    assert db.session.query(JobBatch).count() == 0


def test_an_inactive_shop_is_refused(shop: PrestaShopShop) -> None:
    make_product()
    shop_switches.set_active(shop, False)
    with pytest.raises(SyncRefusedError, match="Shop 'Shop A' is not active"):
        batch_control.bulk_sync(shop.id, ALL, by="test")


def test_disabled_products_are_skipped(shop: PrestaShopShop, work: Work) -> None:
    first, _ = products(2)
    sync_requests.request_product_sync(first.id, shop.id, by="test")
    db.session.query(ProductSyncStatus).update({"state": SyncState.DISABLED})
    db.session.commit()
    batch = start(shop)
    work()
    assert (ended(batch).skipped, ended(batch).created) == (1, 1)


def test_a_failure_is_told_and_does_not_stop_the_others(
    practice_82: PracticeShop, shop: PrestaShopShop, work: Work
) -> None:
    products(5)
    make_product("BAD", price_net=Decimal(-1))
    batch = start(shop)
    work()
    batch = ended(batch)
    assert (batch.state, batch.created, batch.failed) == (BatchState.FINISHED, 5, 1)
    assert batch.error.startswith("BAD: Job failed after 1 attempt")
    (failure,) = db.session.query(FailedJob).all()
    assert failure.batch_id == batch.id
    (item,) = db.session.query(BatchItem).filter_by(outcome="failed").all()
    assert "BAD" in item.message


def test_the_hooks_of_a_run_fire_once_each(shop: PrestaShopShop, work: Work) -> None:
    products(3)
    bad = make_product("BAD", price_net=Decimal(-1))
    batch = start(shop)
    work()
    batch = ended(batch)
    assert (batch.then_run, batch.catch_run, batch.finally_run) == (0, 1, 1)
    catalog_writing.update_product(bad.id, {"price_net": Decimal(1)})
    assert batch_control.retry_failed(batch.id, by="test") == 1
    assert (ended(batch).run, ended(batch).waiting, ended(batch).failed) == (2, 1, 0)
    work()
    batch = ended(batch)
    assert (batch.state, batch.created, batch.failed) == (BatchState.FINISHED, 4, 0)
    assert (batch.then_run, batch.catch_run, batch.finally_run) == (2, 1, 2)
    assert db.session.query(FailedJob).count() == 0
    logged = [row.message for row in db.session.query(SyncLog).filter_by(operation="batch").order_by("id")]
    assert len(logged) == 4, logged
    with pytest.raises(BatchError, match="Nothing of the batch failed"):
        batch_control.retry_failed(batch.id, by="test")


def test_two_batches_that_want_the_same_products_sync_them_once(
    practice_82: PracticeShop, shop: PrestaShopShop, work: Work
) -> None:
    products(10)
    first, second = start(shop), start(shop)
    work()
    assert (ended(first).created, ended(second).created) == (10, 10)
    assert practice_82.counts["POST"] == {"products": 1}


def test_a_button_and_a_batch_that_want_the_same_product_sync_it_once(
    practice_82: PracticeShop, shop: PrestaShopShop, work: Work
) -> None:
    (product,) = products(1)
    batch = start(shop)
    sync_requests.request_product_sync(product.id, shop.id, by="test", priority=1)
    work()
    assert ended(batch).created == 1
    assert practice_82.counts["POST"] == {"products": 1}
    assert status_of(product, shop).state is SyncState.SYNCED


def test_a_paused_batch_waits_and_goes_on(
    practice_82: PracticeShop, shop: PrestaShopShop, work: Work
) -> None:
    products(3)
    batch = start(shop)
    batch_control.pause(batch.id)
    work()
    assert (ended(batch).state, ended(batch).waiting, practice_82.counts) == (BatchState.PAUSED, 3, {})
    with pytest.raises(BatchError, match="is paused and cannot be paused"):
        batch_control.pause(batch.id)
    batch_control.resume(batch.id)
    work()
    assert ended(batch).created == 3
    with pytest.raises(BatchError, match="is finished, not paused"):
        batch_control.resume(batch.id)


def test_a_cancelled_batch_sends_nothing_more_and_leaves_no_row_waiting(
    practice_82: PracticeShop, shop: PrestaShopShop, work: Work
) -> None:
    made = products(3)
    batch = start(shop)
    assert batch_control.cancel(batch.id) == 3
    work()
    batch = ended(batch)
    assert (batch.state, batch.cancelled, batch.finally_run, practice_82.counts) == (
        BatchState.CANCELLED,
        3,
        1,
        {},
    )
    assert status_of(made[0], shop).outcome == ""
    with pytest.raises(BatchError, match="has ended already"):
        batch_control.cancel(batch.id)


def test_a_paused_shop_keeps_its_items_waiting_and_burns_no_tries(
    practice_82: PracticeShop, shop: PrestaShopShop, work: Work
) -> None:
    made = products(2)
    shop_switches.pause_shop(shop, "stocktaking")
    batch = start(shop)
    work()
    assert (ended(batch).waiting, practice_82.counts) == (2, {})
    assert status_of(made[0], shop).attempts == 0
    shop_switches.resume_shop(shop)
    work()
    assert ended(batch).created == 2


def test_a_product_that_is_deleted_meanwhile_is_skipped(shop: PrestaShopShop, work: Work) -> None:
    made = products(2)
    batch = start(shop)
    db.session.delete(made[0])
    db.session.commit()
    work()
    assert (ended(batch).skipped, ended(batch).created, ended(batch).state) == (1, 1, BatchState.FINISHED)


def test_pictures_go_with_a_batch_and_a_missing_one_is_told(
    practice_82: PracticeShop, shop: PrestaShopShop, work: Work
) -> None:
    good, bad = products(2)
    image_edits.add_images(good.id, [("front.png", picture("red")), ("back.png", picture("blue"))])
    catalog_writing.update_product(bad.id, {"images": ["nowhere/picture.jpg"]})
    batch = start(shop)
    work()
    batch = ended(batch)
    assert (batch.created, batch.failed) == (1, 1)
    assert "nowhere/picture.jpg" in batch.error
    assert "All the rest is in the shop" in batch.error
    external_id = status_of(good, shop).external_id
    assert external_id is not None
    assert len(practice_82.images(external_id)) == 2
    practice_82.reset_stats()
    assert start(shop).unchanged == 1
    work()
    assert practice_82.counts.get("POST", {}) == {}


def spoil(product: Product) -> None:
    """Give the product a text that only the shop refuses."""
    catalog_writing.update_product(product.id, {"texts": {"en": {"meta_title": "Sizes {S, M}"}}})


def requests_to(practice: PracticeShop) -> int:
    """How many requests the shop counted."""
    return sum(sum(by.values()) for by in practice.counts.values())


def test_one_bad_product_among_many_is_found_with_few_requests(
    practice_82: PracticeShop, shop: PrestaShopShop, work: Work
) -> None:
    made = products(40)
    spoil(made[17])
    batch = start(shop)
    work()
    batch = ended(batch)
    assert (batch.created, batch.failed) == (39, 1)
    assert batch.error.startswith("P-017: ")
    assert requests_to(practice_82) <= 9
    for product in made:
        catalog_writing.update_product(product.id, {"price_net": Decimal(3)})
    spoil(made[5])
    practice_82.reset_stats()
    batch = start(shop)
    work()
    assert (ended(batch).updated, ended(batch).failed) == (38, 2)
    assert {row["price"] for row in practice_82.products()} == {"3.000000", "12.500000"}
    assert requests_to(practice_82) <= 9


def test_a_new_products_stock_that_was_saved_unanswered_and_then_edited_to_none_is_corrected(
    practice_82: PracticeShop, shop: PrestaShopShop, work: Work
) -> None:
    (product,) = products(1)
    practice_82.strike_next("close-after-save", 1, method="PATCH", resource="stock_availables")
    with time_machine.travel(now(), tick=True) as clock:
        batch = start(shop)
        work()
        (found,) = practice_82.products("P-000")
        assert practice_82.stock_of(found["id"]) == 7
        catalog_writing.update_product(product.id, {"quantity": 0})
        clock.shift(31)
        work()
    assert practice_82.stock_of(found["id"]) == 0
    assert ended(batch).created == 1


def test_an_outage_in_a_group_fails_its_products_for_now_and_they_are_tried_again_together(
    practice_82: PracticeShop, shop: PrestaShopShop, work: Work
) -> None:
    products(10)
    start(shop)
    work()
    for product in db.session.query(Product).all():
        catalog_writing.update_product(product.id, {"price_net": Decimal(4)})
    practice_82.reset_stats()
    practice_82.strike_next("503", 1, method="PATCH")
    with time_machine.travel(now(), tick=True) as clock:
        batch = start(shop)
        work()
        assert (ended(batch).waiting, ended(batch).failed) == (10, 0)
        clock.shift(31)
        work()
    assert ended(batch).updated == 10
    assert practice_82.counts["PATCH"] == {"products": 2}


def test_a_refused_key_fails_one_product_and_the_others_keep_their_tries(
    practice_82: PracticeShop, shop: PrestaShopShop, work: Work
) -> None:
    products(5)
    practice_82.set_faults({"key-refused": 1})
    batch = start(shop)
    work()
    assert (ended(batch).failed, ended(batch).waiting) == (1, 4)
    rows = db.session.query(ProductSyncStatus).filter_by(state=SyncState.PENDING).all()
    assert [row.attempts for row in rows] == [0, 0, 0, 0]
    assert "refused the key" in db.session.get_one(PrestaShopShop, shop.id).pause_reason
    practice_82.set_faults({})
    with time_machine.travel(now() + timedelta(seconds=61), tick=True):
        assert probes.hand_out_probes() == 1
        work()
    assert (ended(batch).created, ended(batch).failed) == (4, 1)


def test_categories_that_several_products_need_are_made_a_level_at_a_time(
    practice_82: PracticeShop, shop: PrestaShopShop, work: Work
) -> None:
    for top in ("A", "B"):
        for leaf in ("1", "2"):
            make_product(f"P-{top}{leaf}", categories=(make_category(top, f"{top}{leaf}"),))
    batch = start(shop)
    work()
    assert ended(batch).created == 4
    assert practice_82.counts["POST"] == {"categories": 2, "products": 1}
    assert sorted(row["name"]["1"] for row in practice_82.categories() if row["id"] > 2) == [
        "A",
        "A1",
        "A2",
        "B",
        "B1",
        "B2",
    ]


def test_a_category_that_the_shop_refuses_fails_its_products_alone(
    practice_82: PracticeShop, shop: PrestaShopShop, work: Work
) -> None:
    bad = make_category("Bad")
    bad.texts = [CategoryText(language="en", name="Bad", meta_title="a {b} c")]
    db.session.commit()
    make_product("P-1", categories=(make_category("Good"),))
    make_product("P-2", categories=(bad,))
    make_product("P-3", categories=(make_category("Fine"),))
    batch = start(shop)
    work()
    assert (ended(batch).created, ended(batch).failed) == (2, 1)
    assert ended(batch).error.startswith("P-2: ")


def test_what_a_hook_writes_is_there_once_and_one_that_fails_harms_nothing(
    shop: PrestaShopShop, work: Work
) -> None:
    heard: list[str] = []

    def well(batch: JobBatch) -> None:
        heard.append(batch.id)

    def badly(batch: JobBatch) -> None:
        db.session.add(SyncLog(shop_id=batch.shop_id, operation="x", status="x", message="from the hook"))
        db.session.flush()
        raise RuntimeError("this receiver is broken")

    products(2)
    with batch_hooks.batch_ended.connected_to(well), batch_hooks.batch_ended.connected_to(badly):
        batch = start(shop)
        work()
    assert heard == [batch.id]
    assert ended(batch).state is BatchState.FINISHED
    assert db.session.query(SyncLog).filter_by(message="from the hook").count() == 0
