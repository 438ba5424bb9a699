"""The settings of a shop on their page."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from ppm_web.extensions import db
from ppm_web.models import MappingKind, PrestaShopShop, ShopMapping
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


def test_name_address_and_key_are_changed(admin: Browser, shop: PrestaShopShop) -> None:
    old = shop.encrypted_key
    admin.send(f"/shops/{shop.id}/settings", fields(shop, name="Kubki", key="B" * 32))
    db.session.refresh(shop)
    assert (shop.name, shop.encrypted_key == old) == ("Kubki", False)
