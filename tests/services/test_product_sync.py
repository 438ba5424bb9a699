"""A product goes to a shop: created once, changed only where it changed, adopted where it is there."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from flask import Flask

from ppm_web.extensions import db
from ppm_web.models import (
    FailedJob,
    FailureCause,
    MappingKind,
    PrestaShopShop,
    Product,
    ProductSyncStatus,
    ProductText,
    SyncLog,
    SyncState,
)
from ppm_web.practice_shop import PracticeShop, serve
from ppm_web.services.catalog import writing as catalog_writing
from ppm_web.services.errors import SyncRefusedError
from ppm_web.services.shops import checks as shop_checks
from ppm_web.services.shops import mappings
from ppm_web.services.sync import requests as sync_requests
from ppm_web.services.upkeep import shop_switches
from tests.factories import make_category, make_manufacturer, make_product, make_shop, status_of
from tests.support import WatchedShop

Work = Callable[[], None]


def request(product: Product, shop: PrestaShopShop, **options: object) -> None:
    sync_requests.request_product_sync(product.id, shop.id, by="test", **options)  # type: ignore[arg-type]


def in_shop(practice: PracticeShop) -> dict[str, Any]:
    """MUG-1 as the shop has it."""
    found = practice.find_product("MUG-1")
    assert found is not None
    return found


def bodies(practice: PracticeShop, method: str, resource: str) -> list[str]:
    return [r.body.decode() for r in practice.requests if (r.method, r.resource) == (method, resource)]


def test_a_new_product_is_created_with_every_field(
    practice_82: PracticeShop, shop: PrestaShopShop, work: Work
) -> None:
    men, sale = make_category("Clothes", "Men"), make_category("Sale")
    product = make_product(
        categories=(men, sale),
        manufacturer=make_manufacturer(),
        width=Decimal(10),
        height=Decimal("2.5"),
        depth=Decimal(1),
    )
    request(product, shop)
    work()

    found = in_shop(practice_82)
    assert found["name"] == {"1": "Mug MUG-1", "2": "Kubek MUG-1 ąęł"}
    assert found["description"] == {"1": "<p>A mug</p>", "2": "<p>Kubek</p>"}
    assert found["price"] == "12.500000"
    assert (found["ean13"], found["weight"], found["height"]) == ("5901234123457", "0.300000", "2.500000")
    assert (found["state"], found["active"], found["visibility"]) == ("1", "1", "both")
    assert (found["available_for_order"], found["show_price"], found["minimal_quantity"]) == ("1", "1", "1")
    assert found["id_tax_rules_group"] == "1"
    assert found["link_rewrite"] == {"1": "mug-mug-1", "2": "kubek-mug-1-ael"}
    names = {row["id"]: row["name"]["1"] for row in practice_82.categories()}
    in_categories = {names[int(item["id"])] for item in found["associations"]["categories"]}
    assert in_categories == {"Men", "Sale"}
    assert names[int(found["id_category_default"])] == "Men"
    (maker,) = practice_82.manufacturers()
    assert (found["id_manufacturer"], maker["name"]) == (str(maker["id"]), "ACME & Sons")
    assert practice_82.stock_of(found["id"]) == 7

    status = status_of(product, shop)
    assert (status.state, status.outcome, status.external_id) == (SyncState.SYNCED, "created", found["id"])
    assert status.message == "Product created successfully"
    assert status.pushed_revision == product.revision


def test_a_product_without_changes_costs_no_request(
    practice_82: PracticeShop, shop: PrestaShopShop, work: Work
) -> None:
    product = make_product()
    request(product, shop)
    work()
    practice_82.reset_stats()
    request(product, shop)
    work()

    assert practice_82.stats()["total"] == 0
    status = status_of(product, shop)
    assert (status.outcome, status.message) == ("unchanged", "No changes - sync skipped")


def test_only_the_changed_field_is_sent(practice_82: PracticeShop, shop: PrestaShopShop, work: Work) -> None:
    product = make_product()
    request(product, shop)
    work()
    practice_82.reset_stats()
    catalog_writing.update_product(product.id, {"price_net": Decimal("13.99")})
    request(product, shop)
    work()

    assert practice_82.counts == {"GET": {"products": 1}, "PATCH": {"products": 1}}, "read before write"
    body = bodies(practice_82, "PATCH", "products")[-1]
    assert "13.990000" in body
    assert "<name>" not in body
    assert "<categories" not in body
    assert status_of(product, shop).outcome == "updated"


def test_a_changed_stock_is_read_and_written_in_two_requests(
    practice_82: PracticeShop, shop: PrestaShopShop, work: Work
) -> None:
    product = make_product()
    request(product, shop)
    work()
    practice_82.reset_stats()
    catalog_writing.update_product(product.id, {"quantity": 0})
    request(product, shop)
    work()

    assert practice_82.counts == {"GET": {"stock_availables": 1}, "PATCH": {"stock_availables": 1}}
    found = in_shop(practice_82)
    assert practice_82.stock_of(found["id"]) == 0


def test_a_changed_text_keeps_the_languages_that_ppm_has_no_text_for(
    practice_82: PracticeShop, shop: PrestaShopShop, work: Work
) -> None:
    product = make_product(texts=[ProductText(language="en", name="Mug")])
    request(product, shop)
    work()
    found = in_shop(practice_82)
    assert found["name"] == {"1": "Mug", "2": "Mug"}
    practice_82.change("products", found["id"], {"name": {"1": "Mug", "2": "Kubek, tłumaczony w sklepie"}})
    product.texts[0].name = "Big mug"
    db.session.commit()
    request(product, shop)
    work()

    found = in_shop(practice_82)
    assert found["name"] == {"1": "Big mug", "2": "Kubek, tłumaczony w sklepie"}


def test_categories_that_the_shop_added_itself_are_kept(
    practice_82: PracticeShop, shop: PrestaShopShop, work: Work
) -> None:
    clothes, sale = make_category("Clothes"), make_category("Sale")
    product = make_product(categories=(clothes,))
    request(product, shop)
    work()
    found = in_shop(practice_82)
    ours = [item["id"] for item in found["associations"]["categories"]]
    practice_82.change("products", found["id"], {}, {"categories": [{"id": ours[0]}, {"id": "2"}]})
    product = db.session.get_one(Product, product.id)
    product.category_links[0].category = sale
    db.session.commit()
    request(product, shop)
    work()

    found = in_shop(practice_82)
    names = {row["id"]: row["name"]["1"] for row in practice_82.categories()}
    assert {names[int(item["id"])] for item in found["associations"]["categories"]} == {"Home", "Sale"}


def test_a_product_that_is_in_the_shop_already_is_adopted_and_brought_up_to_date(
    practice_82: PracticeShop, shop: PrestaShopShop, work: Work
) -> None:
    identifier = practice_82.create(
        "products", {"reference": "MUG-1", "price": "1", "name": {"1": "x", "2": "y"}}
    )
    product = make_product()
    request(product, shop)
    work()

    (found,) = practice_82.products("MUG-1")
    assert (found["id"], found["name"]["1"], found["price"]) == (identifier, "Mug MUG-1", "12.500000")
    assert practice_82.stock_of(found["id"]) == 7
    status = status_of(product, shop)
    assert (status.external_id, status.outcome) == (found["id"], "updated")


def test_two_products_of_one_reference_in_the_shop_are_a_conflict_and_untouched(
    practice_82: PracticeShop, shop: PrestaShopShop, work: Work
) -> None:
    for _ in range(2):
        practice_82.create("products", {"reference": "MUG-1", "price": "1", "name": {"1": "x", "2": "y"}})
    product = make_product()
    request(product, shop)
    work()

    status = status_of(product, shop)
    assert (status.state, status.outcome) == (SyncState.CONFLICT, "conflict")
    assert "2 products with the reference MUG-1" in status.message
    assert [row["price"] for row in practice_82.products("MUG-1")] == ["1.000000", "1.000000"]


def test_a_product_that_another_row_is_linked_to_is_a_conflict(
    practice_82: PracticeShop, shop: PrestaShopShop, work: Work
) -> None:
    first = make_product("MUG-1")
    request(first, shop)
    work()
    found = in_shop(practice_82)
    practice_82.change("products", found["id"], {"reference": "MUG-2"})
    second = make_product("MUG-2")
    request(second, shop)
    work()

    status = status_of(second, shop)
    assert status.state is SyncState.CONFLICT
    assert "linked to another product" in status.message


def test_a_product_deleted_in_the_shop_is_a_conflict_and_made_again_by_force(
    practice_82: PracticeShop, shop: PrestaShopShop, work: Work
) -> None:
    product = make_product()
    request(product, shop)
    work()
    found = in_shop(practice_82)
    practice_82.delete("products", found["id"])
    catalog_writing.update_product(product.id, {"price_net": Decimal(9)})
    request(product, shop)
    work()
    status = status_of(product, shop)
    assert status.state is SyncState.CONFLICT
    assert "no longer in shop 'Shop A'" in status.message
    assert "--force" in status.message

    request(product, shop, force=True)
    work()
    assert [row["price"] for row in practice_82.products("MUG-1")] == ["9.000000"]
    assert status_of(product, shop).outcome == "created"


def test_force_sends_what_someone_changed_in_the_shop(
    practice_82: PracticeShop, shop: PrestaShopShop, work: Work
) -> None:
    product = make_product()
    request(product, shop)
    work()
    found = in_shop(practice_82)
    practice_82.change("products", found["id"], {"price": "99"})
    request(product, shop, force=True)
    work()

    found = in_shop(practice_82)
    assert found["price"] == "12.500000"
    assert status_of(product, shop).force is False


@pytest.mark.parametrize("fault", ["500-after-save", "close-after-save"])
def test_a_create_that_was_saved_without_an_answer_is_found_and_not_sent_again(
    practice_82: PracticeShop, shop: PrestaShopShop, work: Work, fault: str
) -> None:
    practice_82.strike_next(fault, 1, method="POST", resource="products")
    product = make_product()
    request(product, shop)
    work()

    assert practice_82.struck_faults == {fault: 1}
    (found,) = practice_82.products("MUG-1")
    assert practice_82.counts["POST"]["products"] == 1
    status = status_of(product, shop)
    assert (status.state, status.outcome, status.external_id) == (SyncState.SYNCED, "created", found["id"])
    assert practice_82.stock_of(found["id"]) == 7


@pytest.mark.parametrize("resource", ["products", "stock_availables"])
def test_an_edit_taken_back_after_an_unanswered_change_is_sent_back_too(
    practice_82: PracticeShop, shop: PrestaShopShop, work: Work, resource: str
) -> None:
    product = make_product()
    request(product, shop)
    work()
    practice_82.strike_next("close-after-save", 1, method="PATCH", resource=resource)
    catalog_writing.update_product(product.id, {"price_net": Decimal(99), "quantity": 3})
    request(product, shop)
    work()
    assert status_of(product, shop).state is SyncState.PENDING
    assert in_shop(practice_82)["price"] == "99.000000", "the shop saved it"

    catalog_writing.update_product(product.id, {"price_net": Decimal("12.50"), "quantity": 7})
    request(product, shop)
    work()
    found = in_shop(practice_82)
    assert (found["price"], practice_82.stock_of(found["id"])) == ("12.500000", 7)
    assert status_of(product, shop).outcome == "updated"


def test_an_inactive_shop_is_refused_and_nothing_is_sent(
    practice_82: PracticeShop, shop: PrestaShopShop, work: Work
) -> None:
    product = make_product()
    shop_switches.set_active(shop, False)
    with pytest.raises(SyncRefusedError, match="Shop 'Shop A' is not active"):
        request(product, shop)
    assert practice_82.stats()["total"] == 0
    assert db.session.query(ProductSyncStatus).count() == 0


def test_a_shop_switched_off_after_the_request_fails_in_plain_words(
    practice_82: PracticeShop, shop: PrestaShopShop, work: Work
) -> None:
    product = make_product()
    request(product, shop)
    shop_switches.set_active(shop, False)
    work()

    assert status_of(product, shop).message == "Job failed after 1 attempt: Shop 'Shop A' is not active"
    assert practice_82.stats()["total"] == 0


def test_a_paused_shop_keeps_its_rows_waiting_and_burns_no_tries(
    practice_82: PracticeShop, shop: PrestaShopShop, work: Work
) -> None:
    product = make_product()
    shop_switches.pause_shop(shop, "stocktaking")
    request(product, shop)
    work()
    status = status_of(product, shop)
    assert (status.state, status.attempts) == (SyncState.PENDING, 0)
    assert practice_82.stats()["total"] == 0


def test_a_bad_product_fails_at_once_in_words_and_is_counted_by_cause(
    practice_82: PracticeShop, shop: PrestaShopShop, work: Work
) -> None:
    for sku in ("MUG-1", "MUG-2"):
        product = make_product(sku, texts=[ProductText(language="en", name="Mug <b>")])
        request(product, shop)
    work()

    status = status_of(product, shop)
    assert (status.state, status.attempts) == (SyncState.ERROR, 1)
    assert "MUG-2" in status.message
    assert "'<'" in status.message
    assert practice_82.stats()["total"] == 0
    assert db.session.query(FailedJob).count() == 2
    (cause,) = db.session.query(FailureCause).all()
    assert (cause.count, cause.code) == (2, "invalid_product")


def test_a_success_takes_the_failure_off_the_list(
    practice_82: PracticeShop, shop: PrestaShopShop, work: Work
) -> None:
    product = make_product(texts=[ProductText(language="en", name="Mug <b>")])
    request(product, shop)
    work()
    assert db.session.query(FailedJob).count() == 1
    text = db.session.get_one(ProductText, (product.id, "en"))
    text.name = "Mug"
    db.session.commit()
    request(product, shop)
    work()
    assert db.session.query(FailedJob).count() == 0
    assert db.session.query(FailureCause).count() == 0
    assert status_of(product, shop).state is SyncState.SYNCED


def test_several_tax_groups_of_one_rate_are_told_and_mapped_by_hand(
    practice_82: PracticeShop, shop: PrestaShopShop, work: Work
) -> None:
    practice_82.create("tax_rules", {"id_tax_rules_group": "5", "id_country": "14", "id_tax": "1"})
    hints = [
        told for told in shop_checks.check_shop(shop.id).problems if "Several tax groups have 23 %" in told
    ]
    assert len(hints) == 1
    product = make_product()
    request(product, shop)
    work()
    message = status_of(product, shop).message
    assert "Several tax groups" in message
    assert "1 PL Standard Rate (23%), 5 EU VAT For Virtual Products. " in message
    assert "flask shop map 'Shop A' tax 23=ID" in message

    mappings.map_by_hand(shop, MappingKind.TAX, "23", 5)
    request(product, shop)
    work()
    found = in_shop(practice_82)
    assert found["id_tax_rules_group"] == "5"


def test_no_tax_group_of_the_rate_is_a_permanent_error_with_the_candidates(
    practice_82: PracticeShop, shop: PrestaShopShop, work: Work
) -> None:
    product = make_product(tax_rate=Decimal("7.5"))
    request(product, shop)
    work()
    status = status_of(product, shop)
    assert status.state is SyncState.ERROR
    assert "No tax group of shop 'Shop A' has the rate 7.5 %" in status.message
    assert "flask shop map 'Shop A' tax 7.5=ID" in status.message


def test_the_log_holds_the_try_with_its_exchanges_and_never_the_key(
    practice_82: PracticeShop, shop: PrestaShopShop, work: Work
) -> None:
    product = make_product()
    request(product, shop)
    work()
    (line,) = db.session.query(SyncLog).all()
    assert (line.operation, line.status, line.product_id) == ("create", "success", product.id)
    assert line.requests == practice_82.stats()["total"]
    assert line.details is not None
    assert len(line.details["exchanges"]) == line.requests
    assert practice_82.key not in str(line.details)


def test_an_edit_during_a_sync_brings_a_second_one(
    app: Flask, practice_82: WatchedShop, shop: PrestaShopShop, work: Work
) -> None:
    product = make_product()

    def edit_once() -> None:
        with app.app_context():
            catalog_writing.update_product(product.id, {"price_net": Decimal(99)})
            db.session.remove()

    practice_82.on_create = edit_once
    request(product, shop)
    work()
    found = in_shop(practice_82)
    assert found["price"] == "99.000000"
    assert status_of(product, shop).state is SyncState.SYNCED
    assert [line.operation for line in db.session.query(SyncLog).order_by(SyncLog.id)] == ["create", "update"]


def test_a_request_during_a_sync_brings_one_more_run(
    app: Flask, practice_82: WatchedShop, shop: PrestaShopShop, work: Work
) -> None:
    product = make_product()
    asked: list[str] = []

    def ask_once() -> None:
        with app.app_context():
            taken = sync_requests.request_product_sync(product.id, shop.id, by="test")
            asked.append(taken.message)
            db.session.remove()

    practice_82.on_create = ask_once
    request(product, shop)
    work()
    assert asked == ["MUG-1 is being synced to Shop A now; one more run follows"]
    outcomes = [(line.operation, line.message) for line in db.session.query(SyncLog).order_by(SyncLog.id)]
    assert outcomes == [("create", "Product created successfully"), ("none", "No changes - sync skipped")]


def test_a_delayed_request_waits(practice_82: PracticeShop, shop: PrestaShopShop, work: Work) -> None:
    product = make_product()
    request(product, shop, delay=timedelta(minutes=5))
    work()
    assert status_of(product, shop).state is SyncState.PENDING
    assert practice_82.stats()["total"] == 0


def test_an_unreadable_key_says_how_to_enter_it_again(shop: PrestaShopShop, work: Work) -> None:
    product = make_product()
    shop.encrypted_key = "gAAAA-not-a-token"
    db.session.commit()
    request(product, shop)
    work()
    message = status_of(product, shop).message
    assert "cannot be read" in message
    assert "flask shop set 'Shop A' --key -" in message


def test_a_refused_key_is_permanent_and_told(
    practice_82: PracticeShop, shop: PrestaShopShop, work: Work
) -> None:
    product = make_product()
    practice_82.set_faults({"key-refused": 1})
    request(product, shop)
    work()
    status = status_of(product, shop)
    assert (status.state, status.error_code, status.attempts) == (SyncState.ERROR, "key_refused", 1)


def test_a_page_of_html_instead_of_data_is_told_and_tried_again(
    practice_82: PracticeShop, shop: PrestaShopShop, work: Work
) -> None:
    product = make_product()
    practice_82.set_faults({"html-200": 1})
    request(product, shop)
    work()
    status = status_of(product, shop)
    assert (status.state, status.error_code) == (SyncState.PENDING, "not_xml")
    assert "Try 1 of 3 failed" in status.message


def test_a_shop_17_without_patch_gets_whole_products_and_loses_nothing(app: Flask, work: Work) -> None:
    practice = PracticeShop(version="1.7")
    with serve(practice) as served:
        shop = make_shop(served.url)
        product = make_product(categories=(make_category("Clothes"),))
        request(product, shop)
        work()
        found = in_shop(practice)
        practice.change("products", found["id"], {"wholesale_price": "5.5", "upc": "123456789012"})
        catalog_writing.update_product(product.id, {"price_net": Decimal(20), "quantity": 3})
        request(product, shop)
        work()
        after = in_shop(practice)
        assert (after["price"], after["wholesale_price"], after["upc"]) == (
            "20.000000",
            "5.500000",
            "123456789012",
        )
        assert after["name"] == found["name"]
        assert after["associations"]["categories"] == found["associations"]["categories"]
        assert practice.stock_of(found["id"]) == 3
        assert "PATCH" not in practice.counts
