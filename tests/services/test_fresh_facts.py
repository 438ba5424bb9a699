"""What PPM knows of a shop is fresh when it is used, at a request or a few a run (R27)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
import time_machine
from flask import Flask

from ppm_web.extensions import db
from ppm_web.models import MappingKind, PrestaShopShop, SyncState
from ppm_web.practice_shop import PracticeShop, serve
from ppm_web.prestashop.values import ShopProfile
from ppm_web.services.errors import MappingError, NotPublishableError
from ppm_web.services.shops import changes as shop_changes
from ppm_web.services.shops import checks as shop_checks
from ppm_web.services.shops import client as shop_client
from ppm_web.services.shops import mappings, remote_ids
from ppm_web.services.shops import problems as shop_problems
from ppm_web.services.sync import requests as sync_requests
from tests.factories import make_product, make_shop, status_of
from tests.support import WatchedShop

Work = Callable[[], None]
RATE = Decimal(23)


@contextmanager
def after(**passed: float) -> Iterator[None]:
    with time_machine.travel(datetime.now(UTC) + timedelta(**passed), tick=False):
        yield


def fresh(shop: PrestaShopShop) -> ShopProfile:
    with shop_client.client_for(shop) as client:
        return mappings.fresh_profile(shop, client)


def group_of(shop: PrestaShopShop, rate: Decimal = RATE) -> int:
    with shop_client.client_for(shop) as client:
        return mappings.tax_group(shop, client, mappings.fresh_profile(shop, client), rate)


def revision(shop: PrestaShopShop) -> int:
    db.session.commit()
    db.session.refresh(shop)
    return shop.settings_revision


def asked(practice: PracticeShop) -> int:
    return len(practice.requests)


def test_facts_are_not_asked_for_again_while_they_are_young(
    practice_82: PracticeShop, shop: PrestaShopShop
) -> None:
    with after(seconds=299):
        fresh(shop)
    assert asked(practice_82) == 0


def test_later_three_requests_see_that_nothing_moved_and_keep_that(
    practice_82: PracticeShop, shop: PrestaShopShop
) -> None:
    before = revision(shop)
    with after(seconds=301):
        fresh(shop)
        assert asked(practice_82) == 3
        fresh(shop)
    assert asked(practice_82) == 3
    assert revision(shop) == before


def test_once_an_hour_all_of_them_are_read(practice_82: PracticeShop, shop: PrestaShopShop) -> None:
    with after(hours=1, seconds=1):
        fresh(shop)
    assert asked(practice_82) == 9


def test_no_age_is_young_enough_where_the_setting_says_so(
    app: Flask, practice_82: PracticeShop, shop: PrestaShopShop
) -> None:
    app.config["FACTS_SECONDS"] = 0
    fresh(shop)
    assert asked(practice_82) == 3


def test_a_language_that_the_shop_gained_is_known_at_the_next_run(
    practice_82: PracticeShop, shop: PrestaShopShop
) -> None:
    before = revision(shop)
    german = practice_82.back_office.add_language("de", "Deutsch")
    with after(seconds=301):
        found = fresh(shop)
    assert german in {language.id for language in found.languages}
    assert mappings.languages(shop.id, found)["de"] == german
    assert revision(shop) > before


def test_a_language_that_is_gone_is_not_used_and_found_again_when_it_comes_back(
    practice_82: PracticeShop, shop: PrestaShopShop
) -> None:
    practice_82.back_office.remove_language(2)
    with after(seconds=301):
        assert "pl" not in mappings.languages(shop.id, fresh(shop))
    polish = practice_82.back_office.add_language("pl", "Polski")
    with after(seconds=602):
        assert mappings.languages(shop.id, fresh(shop))["pl"] == polish


def test_a_tax_group_that_the_shop_copied_is_found_again_by_its_rate(
    practice_82: PracticeShop, shop: PrestaShopShop
) -> None:
    assert group_of(shop) == 1
    before = revision(shop)
    copy = practice_82.back_office.edit_tax_group(1, name="VAT 23")
    with after(seconds=301):
        assert group_of(shop) == copy
    assert revision(shop) > before


def test_a_new_product_is_made_with_the_copy_of_its_tax_group(
    practice_82: PracticeShop, shop: PrestaShopShop, work: Work
) -> None:
    assert group_of(shop) == 1
    copy = practice_82.back_office.edit_tax_group(1)
    product = make_product()
    with after(seconds=301):
        sync_requests.request_product_sync(product.id, shop.id, by="test")
        work()
    made = practice_82.find_product("MUG-1")
    assert made is not None
    assert made["id_tax_rules_group"] == str(copy)


def test_a_group_that_was_mapped_by_hand_and_is_gone_is_told_with_what_there_is(
    practice_82: PracticeShop, shop: PrestaShopShop
) -> None:
    mappings.map_by_hand(shop, MappingKind.TAX, "23", 1)
    copy = practice_82.back_office.edit_tax_group(1, name="VAT 23")
    with after(seconds=301), pytest.raises(MappingError) as caught:
        group_of(shop)
    assert (
        "Tax group 1 of shop 'Shop A', which 23 % is mapped to, is not there any more" in caught.value.message
    )
    assert f"{copy} VAT 23" in caught.value.message
    assert f"tax 23={copy}" in caught.value.message
    assert any("Tax 23 is mapped by hand to 1" in problem for problem in shop.problems)


def test_a_group_without_a_rate_in_the_country_may_be_meant(
    practice_82: PracticeShop, shop: PrestaShopShop
) -> None:
    mappings.map_by_hand(shop, MappingKind.TAX, "23", 5)
    assert group_of(shop) == 5
    assert shop_checks.check_shop(shop.id).problems == []


def test_what_was_found_for_a_rate_is_let_go_when_two_groups_have_it(
    practice_82: PracticeShop, shop: PrestaShopShop
) -> None:
    assert group_of(shop) == 1
    practice_82.create("tax_rules", {"id_tax_rules_group": "5", "id_country": "14", "id_tax": "1"})
    practice_82.back_office.edit_tax_group(1)
    with after(seconds=301), pytest.raises(MappingError, match="Several tax groups"):
        group_of(shop)


# --- currency ------------------------------------------------------------------------------------------
@pytest.fixture
def euro_shop(app: Flask) -> Iterator[tuple[PracticeShop, PrestaShopShop]]:
    practice = WatchedShop(version="8.2", currency="EUR")
    with serve(practice) as served:
        yield practice, make_shop(served.url, "Euro")


def test_a_shop_in_another_currency_is_not_published_to_before_somebody_said_how(
    euro_shop: tuple[PracticeShop, PrestaShopShop], work: Work
) -> None:
    practice, shop = euro_shop
    assert any("The currency of 'Euro' is EUR" in problem for problem in shop.problems)
    product = make_product()
    sync_requests.request_product_sync(product.id, shop.id, by="test")
    work()
    status = status_of(product, shop)
    assert (status.state, status.error_code) == (SyncState.ERROR, "currency")
    assert "--currency-factor" in status.message
    assert practice.find_product("MUG-1") is None


def test_once_it_is_said_it_is_published_to(
    euro_shop: tuple[PracticeShop, PrestaShopShop], work: Work
) -> None:
    practice, shop = euro_shop
    before = revision(shop)
    shop_changes.set_currency_factor(shop, Decimal(1))
    assert revision(shop) == before + 1
    assert shop.problems == []
    product = make_product()
    sync_requests.request_product_sync(product.id, shop.id, by="test")
    work()
    assert practice.find_product("MUG-1") is not None


def test_a_factor_is_for_one_currency(practice_82: PracticeShop, shop: PrestaShopShop) -> None:
    shop_changes.set_currency_factor(shop, Decimal("1.5"))
    practice_82.back_office.set_default_currency("CZK")
    with after(seconds=301):
        found = fresh(shop)
        with pytest.raises(NotPublishableError, match="is CZK"):
            shop_problems.check_publishable(shop, found)
    db.session.refresh(shop)
    assert shop.currency_factor is None


@pytest.mark.parametrize(("text", "factor"), [("0,25", "0.25"), (" 4.3 ", "4.3"), ("none", None), ("", None)])
def test_a_factor_is_read_as_people_write_it(text: str, factor: str | None) -> None:
    assert shop_changes.read_factor(text) == (Decimal(factor) if factor else None)


@pytest.mark.parametrize("text", ["0", "-1", "x", "1.1234567", "1e5", "9" * 12, "NaN", "1,2,3", "٣"])
def test_what_is_no_factor_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="is no factor"):
        shop_changes.read_factor(text)


# --- languages -----------------------------------------------------------------------------------------
def test_languages_are_known_by_their_tag_and_a_shop_without_any_of_ours_is_told(
    app: Flask, practice_82: PracticeShop, shop_url: str, work: Work
) -> None:
    office = practice_82.back_office
    office.edit("languages", 1, {"iso_code": "gb", "locale": "en-GB", "language_code": "en-gb"})
    office.edit("languages", 2, {"iso_code": "br", "locale": "pt-BR", "language_code": "pt-br"})
    app.config["LANGUAGES"] = ["en", "pt-br"]
    shop = make_shop(shop_url)
    profile = shop_client.profile_of(shop)
    assert profile is not None
    assert mappings.languages(shop.id, profile) == {"en": 1, "pt-br": 2}
    app.config["LANGUAGES"] = ["uk"]
    assert any(
        "None of the languages of 'Shop A' (1 gb, 2 br)" in told
        for told in shop_checks.check_shop(shop.id).problems
    )
    product = make_product()
    sync_requests.request_product_sync(product.id, shop.id, by="test")
    work()
    assert status_of(product, shop).error_code == "languages"
    mappings.map_by_hand(shop, MappingKind.LANGUAGE, "uk", 1)
    assert shop_checks.check_shop(shop.id).ok


# --- tax: several groups, none, and what waited ---------------------------------------------------------
def test_of_several_groups_of_a_rate_the_one_in_use_is_proposed(
    practice_82: PracticeShop, shop: PrestaShopShop
) -> None:
    practice_82.create("tax_rules", {"id_tax_rules_group": "5", "id_country": "14", "id_tax": "1"})
    for number in range(2):
        fields = {"reference": f"X{number}", "price": "1", "id_tax_rules_group": "5"}
        texts = {key: {"1": f"x{number}", "2": f"x{number}"} for key in ("name", "link_rewrite")}
        practice_82.create("products", {**fields, **texts})
    [problem] = shop_checks.check_shop(shop.id).problems
    assert "5 EU VAT For Virtual Products (its products: 2), 1 PL Standard Rate (23%)" in problem
    assert "tax 23=5" in problem


def test_no_tax_can_be_said_of_nought_per_cent_and_of_no_other(
    practice_82: PracticeShop, shop: PrestaShopShop, work: Work
) -> None:
    practice_82.back_office.delete("tax_rule_groups", 4)
    product = make_product(tax_rate=Decimal(0))
    shop_checks.check_shop(shop.id)
    sync_requests.request_product_sync(product.id, shop.id, by="test")
    work()
    message = status_of(product, shop).message
    assert "No tax group of shop 'Shop A' has the rate 0 %" in message
    assert "tax 0=0" in message
    with pytest.raises(MappingError, match="only 0 %"):
        mappings.map_by_hand(shop, MappingKind.TAX, "23", 0)
    assert "without a tax group" in mappings.map_by_hand(shop, MappingKind.TAX, "0", 0)
    sync_requests.request_product_sync(product.id, shop.id, by="test")
    work()
    made = practice_82.find_product("MUG-1")
    assert made is not None
    assert made["id_tax_rules_group"] == "0"


def test_the_hint_names_no_group_of_another_rate(shop: PrestaShopShop) -> None:
    profile = shop_client.profile_of(shop)
    assert profile is not None
    with pytest.raises(MappingError) as caught:
        mappings.expected_tax_group(shop, profile, Decimal("7.5"))
    assert caught.value.message.endswith("tax 7.5=ID")


# --- what a server prints around its answers -------------------------------------------------------------
def test_a_notice_around_answers_is_told_on_the_shop_until_it_is_gone(
    practice_82: PracticeShop, shop: PrestaShopShop, work: Work
) -> None:
    practice_82.set_faults({"notice": 1})
    product = make_product()
    sync_requests.request_product_sync(product.id, shop.id, by="test")
    work()
    assert status_of(product, shop).state is SyncState.SYNCED
    db.session.refresh(shop)
    assert [problem[:39] for problem in shop.problems] == ["The shop prints text around its answers"]
    practice_82.set_faults({})
    assert shop_checks.check_shop(shop.id).problems == []


def test_a_remembered_shop_of_before_is_asked_anew(practice_82: PracticeShop, shop: PrestaShopShop) -> None:
    old = dict(shop.profile or {})
    for name in ("currency", "stores", "mark", "live_groups", "printed", "facts_at", "whole_at"):
        old.pop(name, None)
    before = revision(shop)
    shop.profile = old
    db.session.commit()
    assert fresh(shop).currency is not None
    assert asked(practice_82) == 9
    assert revision(shop) == before
    assert remote_ids.known_id(shop.id, MappingKind.LANGUAGE, "pl") == 2
