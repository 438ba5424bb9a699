"""Choosing a tax group sends what waited for it."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal

import pytest
from sqlalchemy import select

from ppm_web.extensions import db
from ppm_web.models import JobBatch, MappingKind, PrestaShopShop, Product, ProductSyncStatus, SyncState
from ppm_web.practice_shop import PracticeShop
from ppm_web.services.errors import MappingError
from ppm_web.services.failures import tax_choices
from ppm_web.services.shops import mappings
from ppm_web.services.sync import requests as sync_requests
from ppm_web.services.upkeep import shop_switches
from tests.factories import make_product, status_of

Work = Callable[[], None]


def failed(shop: PrestaShopShop, work: Work) -> Product:
    product = make_product(tax_rate=Decimal("7.5"))
    sync_requests.request_product_sync(product.id, shop.id, by="test")
    work()
    assert status_of(product, shop).error_code == "mapping"
    return product


def test_products_that_failed_for_want_of_the_group_are_requested_again(
    practice_82: PracticeShop, shop: PrestaShopShop, work: Work
) -> None:
    product = failed(shop, work)
    make_product("OTHER", tax_rate=Decimal("7.5"))
    mappings.map_by_hand(shop, MappingKind.TAX, "7.5", 5)
    assert tax_choices.request_waiting(shop, "8", by="test") == 0
    assert tax_choices.request_waiting(shop, "7.50", by="test") == 1
    work()
    assert status_of(product, shop).state is SyncState.SYNCED
    assert tax_choices.request_waiting(shop, "7.5", by="test") == 0


def test_many_go_as_a_batch(shop: PrestaShopShop) -> None:
    for number in range(tax_choices.AT_ONCE + 1):
        product = make_product(f"P-{number}", tax_rate=Decimal("7.5"))
        db.session.add(
            ProductSyncStatus(
                product_id=product.id, shop_id=shop.id, state=SyncState.ERROR, error_code="mapping"
            )
        )
    db.session.commit()
    assert tax_choices.request_waiting(shop, "7.5", by="test") == 51
    assert [batch.total for batch in db.session.scalars(select(JobBatch))] == [51]


def test_a_shop_that_takes_no_requests_gets_none(shop: PrestaShopShop, work: Work) -> None:
    failed(shop, work)
    shop_switches.set_active(shop, False)
    assert tax_choices.request_waiting(shop, "7.5", by="test") == 0


def test_what_is_no_rate_is_told(shop: PrestaShopShop) -> None:
    with pytest.raises(MappingError, match="no tax rate"):
        tax_choices.request_waiting(shop, "many", by="test")
