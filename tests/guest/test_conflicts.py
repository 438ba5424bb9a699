"""What was changed here and in the shop waits for a person, field by field; the rest goes."""

from __future__ import annotations

from decimal import Decimal

from ppm_web.models import PrestaShopShop, SyncState
from ppm_web.practice_shop import PracticeShop
from ppm_web.services.catalog import writing as catalog_writing
from tests.guest.steps import Desk


def test_a_field_that_was_changed_on_both_sides_is_a_conflict_in_words_and_the_others_go(
    practice_82: PracticeShop, shop: PrestaShopShop, desk: Desk
) -> None:
    desk.load("sku,price_net,tax_rate,name:en,name:pl\nA,11,23,Iron,Żelazko\n")
    status = desk.sync("A")
    assert status.external_id is not None
    practice_82.back_office.edit("products", status.external_id, {"price": "13.5"})
    catalog_writing.update_product(
        status.product_id, {"price_net": Decimal(12), "texts": {"pl": {"name": "Nowe"}}}
    )

    status = desk.sync("A")

    assert "conflict in price: PPM 12.00, shop 13.50, last known 11.00" in status.message
    assert status.state is SyncState.CONFLICT
    found = practice_82.find_product("A")
    assert found is not None
    assert (found["price"], found["name"]) == ("13.500000", {"1": "Iron", "2": "Nowe"})
