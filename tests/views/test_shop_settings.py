"""The settings of a shop on their page."""

from __future__ import annotations

from decimal import Decimal

import pytest
from flask import Flask
from sqlalchemy import select

from ppm_web.extensions import db
from ppm_web.models import MappingKind, PrestaShopShop, ProductSyncStatus, ShopMapping, SyncState
from ppm_web.practice_shop import DEFAULT_KEY, PracticeShop, serve
from ppm_web.services.shops import register as shop_register
from tests.factories import make_product
from tests.views.conftest import Browser
from tests.views.rows import make_shop


def mapped(shop: PrestaShopShop, kind: MappingKind, ours: str) -> int | None:
    db.session.expire_all()
    return db.session.scalar(select(ShopMapping.remote_id).filter_by(shop_id=shop.id, kind=kind, ours=ours))


def revision(shop: PrestaShopShop) -> int:
    db.session.refresh(shop)
    return shop.settings_revision


def fields(shop: PrestaShopShop, **values: str) -> dict[str, str]:
    return {"name": shop.name, "url": shop.url, "key": ""} | values


def test_the_form_offers_the_languages_and_tax_groups_of_the_shop(
    admin: Browser, shop: PrestaShopShop
) -> None:
    make_product()
    page = admin.get(f"/shops/{shop.id}/settings").text
    for words in ('name="language-en"', 'name="tax-23"', "(en)", "23 %"):
        assert words in page
    assert shop.encrypted_key not in page


def test_saving_what_is_there_makes_nothing_changed(admin: Browser, shop: PrestaShopShop) -> None:
    make_product()
    before = revision(shop)
    answer = admin.send(f"/shops/{shop.id}/settings", fields(shop, **{"tax-23": "", "home": ""}))
    assert (answer.status_code, answer.location) == (303, f"/shops/{shop.id}")
    assert revision(shop) == before


def test_mappings_and_home_are_set_and_given_back(admin: Browser, shop: PrestaShopShop) -> None:
    make_product()
    assert shop.profile is not None
    group, before = shop.profile["tax_groups"][0]["id"], revision(shop)
    path = f"/shops/{shop.id}/settings"
    admin.send(path, fields(shop, **{"tax-23": str(group), "home": "7"}))
    assert mapped(shop, MappingKind.TAX, "23") == group
    assert mapped(shop, MappingKind.CATEGORY, "1") == 7
    assert revision(shop) == before + 2
    admin.send(path, fields(shop, **{"tax-23": "", "home": ""}))
    assert mapped(shop, MappingKind.TAX, "23") is None
    assert mapped(shop, MappingKind.CATEGORY, "1") is None


@pytest.mark.parametrize(
    "values",
    [
        {"home": "x"},
        {"home": "9" * 30},
        {"tax-23": "999"},
        {"language-en": "\u0662"},
        {"key": "short"},
        {"name": ""},
    ],
)
def test_rubbish_is_told_and_nothing_is_written(
    admin: Browser, shop: PrestaShopShop, values: dict[str, str]
) -> None:
    make_product()
    before = revision(shop)
    answer = admin.send(f"/shops/{shop.id}/settings", fields(shop) | values)
    assert answer.status_code == 422
    assert 'role="alert"' in answer.text
    assert revision(shop) == before


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"name": "SHOP B"}, "There is a shop &#39;Shop B&#39; already"),
        ({"url": "https://B.example/"}, "The shop &#39;Shop B&#39; has this address already"),
    ],
)
def test_the_name_and_the_address_of_another_shop_are_refused(
    admin: Browser, shop: PrestaShopShop, values: dict[str, str], words: str
) -> None:
    make_shop("Shop B", url="https://b.example")
    kept = (shop.name, shop.url)
    answer = admin.send(f"/shops/{shop.id}/settings", fields(shop) | values)
    assert answer.status_code == 422
    assert words in answer.text
    db.session.refresh(shop)
    assert (shop.name, shop.url) == kept


@pytest.mark.parametrize("field", ["factor", "store"])
def test_a_factor_or_a_store_that_is_none_is_told_at_its_field(
    admin: Browser, shop: PrestaShopShop, field: str
) -> None:
    shop.store_id = 1
    db.session.commit()
    answer = admin.send(f"/shops/{shop.id}/settings", fields(shop, **{field: "-5"}))
    assert answer.status_code == 422
    assert 'role="alert"' in answer.text


def test_the_currency_is_shown_and_the_factor_set_and_taken_back(
    admin: Browser, shop: PrestaShopShop
) -> None:
    path = f"/shops/{shop.id}/settings"
    page = admin.get(path).text
    assert "The shop's currency is PLN, the catalogue's PLN." in page
    admin.send(path, fields(shop, factor="0,2345"))
    db.session.refresh(shop)
    assert str(shop.currency_factor) == "0.234500"
    assert 'value="0.2345"' in admin.get(path).text
    before = revision(shop)
    admin.send(path, fields(shop, factor="0.2345"))
    admin.send(path, fields(shop))
    assert revision(shop) == before
    admin.send(path, fields(shop, factor=""))
    db.session.refresh(shop)
    assert shop.currency_factor is None


def test_another_address_needs_the_key_again(admin: Browser, shop: PrestaShopShop) -> None:
    before = shop.url
    answer = admin.send(f"/shops/{shop.id}/settings", fields(shop, url="https://b.example"))
    assert answer.status_code == 422
    assert 'id="key-fault"' in answer.text
    db.session.refresh(shop)
    assert shop.url == before


def test_stores_are_offered_and_what_they_share_moves_here(admin: Browser, app: Flask) -> None:
    with serve(PracticeShop(stores=True)) as served:
        first = shop_register.add_shop("One", served.url, DEFAULT_KEY, 1)
        second = shop_register.add_shop("Two", served.url, DEFAULT_KEY, 2)
        path = f"/shops/{second.id}/settings"
        page = admin.get(path).text
        assert '<option value="2" selected>' in page
        assert "They are not written from here, but by another shop of PPM (One)." in page
        assert "They are written from here, and not by Two." in admin.get(f"/shops/{first.id}/settings").text
        admin.send(path, fields(second, store="3", own_shared="1"))
    db.session.expire_all()
    assert (second.store_id, second.owns_shared, first.owns_shared) == (3, True, False)
    assert second.check_links


def test_the_group_that_most_products_have_is_preselected_and_no_tax_can_be_chosen(
    admin: Browser, shop: PrestaShopShop
) -> None:
    make_product("A")
    make_product("B", tax_rate=Decimal(0))
    profile = dict(shop.profile or {})
    groups = [{"id": 1, "name": "V", "rate": "23.000", "products": 1}]
    groups += [{"id": 5, "name": "W", "rate": "23.000", "products": 2}]
    shop.profile = {**profile, "tax_groups": groups}
    db.session.commit()
    path = f"/shops/{shop.id}/settings"
    page = admin.get(path).text
    assert '<option value="5" selected>5: W (23 %)</option>' in page
    assert '<option value="0" >No tax group</option>' in page
    admin.send(path, fields(shop, **{"tax-23": "5", "tax-0": "0"}))
    assert (mapped(shop, MappingKind.TAX, "23"), mapped(shop, MappingKind.TAX, "0")) == (5, 0)
    assert '<option value="0" selected>No tax group</option>' in admin.get(path).text
    assert admin.send(path, fields(shop, **{"tax-23": "0"})).status_code == 422


def test_choosing_a_tax_group_sends_what_waited_for_it(admin: Browser, shop: PrestaShopShop) -> None:
    product = make_product(tax_rate=Decimal(8))
    row = ProductSyncStatus(product_id=product.id, shop_id=shop.id, state=SyncState.ERROR)
    row.error_code = "mapping"
    db.session.add(row)
    db.session.commit()
    answer = admin.send(f"/shops/{shop.id}/settings", fields(shop, **{"tax-8": "2"}))
    assert "1 product that waited for its tax group is sent now." in admin.get(answer.location).text
    db.session.refresh(row)
    assert (row.state, row.requested_by) == (SyncState.PENDING, "admin@example.com")


def test_name_address_and_key_are_changed(admin: Browser, shop: PrestaShopShop) -> None:
    old = shop.encrypted_key
    admin.send(f"/shops/{shop.id}/settings", fields(shop, name="Kubki", key="B" * 32))
    db.session.refresh(shop)
    assert (shop.name, shop.encrypted_key == old) == ("Kubki", False)
