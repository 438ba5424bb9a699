from __future__ import annotations

import json
from dataclasses import replace
from decimal import Decimal

import pytest

from ppm_web.prestashop.errors import InvalidProduct
from ppm_web.prestashop.transformers import (
    category_creation_payload,
    category_payload,
    complete_texts,
    creation_payload,
    merge_categories,
    product_payload,
    slug,
)
from ppm_web.prestashop.values import CategoryText, ProductSnapshot, ProductText, RemoteIds
from tests.prestashop.samples import EN, IDS, NO_CATEGORY_TEXT, PL, category, product


def test_a_product_becomes_the_fields_that_ppm_owns_in_canonical_form() -> None:
    assert product_payload(product(), IDS) == {
        "reference": "MUG-1",
        "ean13": "5901234123457",
        "price": "12.500000",
        "active": "1",
        "weight": "0.250000",
        "width": "8.000000",
        "height": "10.000000",
        "depth": "8.000000",
        "id_tax_rules_group": "4",
        "id_manufacturer": "0",
        "id_category_default": "9",
        "categories": [2, 9],
        "quantity": "7",
        "name": {"1": "Mug", "2": "Kubek żółty"},
        "description_short": {"1": "<p>A mug</p>", "2": ""},
        "description": {"1": "<p>A very good mug</p>", "2": "<p>Bardzo dobry</p>"},
        "meta_title": {"1": "Mug", "2": ""},
        "meta_description": {"1": "", "2": ""},
        "link_rewrite": {"2": "kubek"},
    }


def test_languages_that_are_not_mapped_or_not_held_are_left_to_the_shop() -> None:
    payload = product_payload(product(texts={"en": EN, "pl": ProductText(None), "de": PL}), IDS)
    for field in ("name", "description", "description_short", "meta_title", "meta_description"):
        assert list(payload[field]) == ["1"]
    assert "link_rewrite" not in payload


def test_a_text_that_was_emptied_is_sent_and_one_that_is_not_held_is_not() -> None:
    polish = ProductText("Kubek", short_description=None, description="", slug=None, meta_title="")
    payload = product_payload(product(texts={"en": EN, "pl": polish}), IDS)
    assert payload["description"] == {"1": "<p>A very good mug</p>", "2": ""}
    assert payload["meta_title"] == {"1": "Mug", "2": ""}
    assert payload["description_short"] == {"1": "<p>A mug</p>"}
    assert payload["meta_description"] == {"1": ""}


def test_what_is_not_held_is_in_no_payload_and_what_was_emptied_is() -> None:
    bare = ProductSnapshot(sku="MUG-1", price_net=Decimal(12), texts={"pl": ProductText("Kubek")})
    ids = RemoteIds(languages={"pl": 2}, tax_rules_group=4, manufacturer=None, categories=None, home=2)
    assert product_payload(bare, ids) == {
        "reference": "MUG-1",
        "price": "12.000000",
        "id_tax_rules_group": "4",
        "name": {"2": "Kubek"},
    }
    emptied = replace(bare, ean13="", quantity=0, active=False, weight=Decimal(0))
    payload = product_payload(emptied, replace(ids, manufacturer=0, categories=[2]))
    assert (payload["ean13"], payload["quantity"], payload["active"]) == ("", "0", "0")
    assert (payload["weight"], payload["id_manufacturer"], payload["categories"]) == ("0.000000", "0", [2])
    assert "width" not in payload


def test_a_new_product_gets_the_shops_defaults_for_what_is_not_held() -> None:
    bare = ProductSnapshot(sku="MUG-1", price_net=Decimal(12), texts={"pl": ProductText("Kubek")})
    ids = RemoteIds(languages={"pl": 2}, tax_rules_group=4, manufacturer=None, categories=None, home=2)
    new = creation_payload(product_payload(bare, ids), bare, ids, [1, 2], "en")
    assert (new["active"], new["categories"], new["id_category_default"]) == ("1", [2], "2")
    assert new["name"] == {"1": "Kubek", "2": "Kubek"}
    assert new["link_rewrite"] == {"1": "kubek", "2": "kubek"}
    assert not {"ean13", "weight", "quantity", "id_manufacturer"} & set(new)
    switched_off = replace(bare, active=False)
    assert creation_payload(product_payload(switched_off, ids), switched_off, ids, [1], "en")["active"] == "0"


def test_a_product_without_a_text_in_a_mapped_language_sends_no_texts() -> None:
    assert "name" not in product_payload(product(texts={"de": EN}), IDS)


def test_the_same_product_gives_the_same_json() -> None:
    turned = product(texts={"pl": PL, "en": EN})
    assert json.dumps(product_payload(turned, IDS)) == json.dumps(product_payload(product(), IDS))


@pytest.mark.parametrize(
    ("price", "sent"),
    [
        ("0", "0.000000"),
        ("-0", "0.000000"),
        ("1E+3", "1000.000000"),
        ("0.1", "0.100000"),
        ("16.2520325", "16.252033"),
        ("19.9900000", "19.990000"),
        ("1E-7", "0.000000"),
        ("9999999999.999999", "9999999999.999999"),
    ],
)
def test_prices_are_plain_decimals_with_six_places(price: str, sent: str) -> None:
    assert product_payload(product(price_net=Decimal(price)), IDS)["price"] == sent


@pytest.mark.parametrize("price", ["NaN", "Infinity", "1E+40"])
def test_a_price_that_is_no_number_is_refused(price: str) -> None:
    with pytest.raises(InvalidProduct):
        product_payload(product(price_net=Decimal(price)), IDS)


def test_a_new_product_is_visible_orderable_and_has_texts_in_all_languages_of_the_shop() -> None:
    payload = product_payload(product(), IDS)
    new = creation_payload(payload, product(), IDS, [1, 2, 3], "pl")
    for field, value in {
        "state": "1",
        "active": "1",
        "available_for_order": "1",
        "show_price": "1",
        "minimal_quantity": "1",
        "visibility": "both",
        "condition": "new",
        "product_type": "standard",
        "id_category_default": "9",
        "categories": [2, 9],
    }.items():
        assert new[field] == value
    assert new["name"] == {"1": "Mug", "2": "Kubek żółty", "3": "Kubek żółty"}
    assert new["link_rewrite"] == {"1": "mug", "2": "kubek", "3": "kubek"}
    assert new["description"]["3"] == "<p>Bardzo dobry</p>"
    assert "state" not in payload


def test_where_the_default_language_has_no_text_any_other_stands_in() -> None:
    only_polish = product(texts={"pl": PL})
    new = creation_payload(product_payload(only_polish, IDS), only_polish, IDS, [1, 2], "en")
    assert new["name"] == {"1": "Kubek żółty", "2": "Kubek żółty"}


def test_an_unmapped_language_may_stand_in_but_is_not_sent_as_itself() -> None:
    german = product(texts={"de": EN})
    new = creation_payload(product_payload(german, IDS), german, IDS, [1, 2], "en")
    assert new["name"] == {"1": "Mug", "2": "Mug"}


@pytest.mark.parametrize(
    ("name", "made"),
    [
        ("Zażółć gęślą / jaźń", "zazolc-gesla-jazn"),
        ("Crème brûlée №5", "creme-brulee-no5"),
        ("🎁", "mug-1"),
        ("-- --", "mug-1"),
    ],
)
def test_friendly_urls_are_made_from_names(name: str, made: str) -> None:
    assert slug(name, "MUG-1") == made


def test_friendly_urls_are_never_too_long_nor_empty() -> None:
    assert len(slug("word " * 60)) <= 128
    assert len(slug("w" * 400)) <= 128
    assert slug("🎁", "🎁") == "item"


def test_a_category_takes_its_working_name_where_a_name_was_emptied() -> None:
    texts = {"en": replace(NO_CATEGORY_TEXT, description="<p>x</p>"), "pl": CategoryText(None)}
    payload = category_payload(category(texts=texts, active=False), {"en": 1, "pl": 2}, 2)
    assert payload == {
        "active": "0",
        "id_parent": "2",
        "name": {"1": "Mugs"},
        "description": {"1": "<p>x</p>"},
        "meta_title": {"1": ""},
        "meta_description": {"1": ""},
    }


def test_a_category_whose_switch_is_not_held_leaves_it_to_the_shop() -> None:
    texts = {"en": CategoryText(None, description="<p>x</p>")}
    payload = category_payload(category(texts=texts, active=None), {"en": 1}, 2)
    assert payload == {"id_parent": "2", "description": {"1": "<p>x</p>"}}
    new = category_creation_payload(category(texts=texts, active=None), {"en": 1}, 2, [1], "en")
    assert (new["active"], new["name"]) == ("1", {"1": "Mugs"})


def test_a_new_category_has_names_and_friendly_urls_in_all_languages() -> None:
    new = category_creation_payload(category(), {"en": 1}, 2, [1, 2], "en")
    assert new["name"] == {"1": "Mugs", "2": "Mugs"}
    assert new["link_rewrite"] == {"1": "mugs", "2": "mugs"}
    assert (new["active"], new["id_parent"]) == ("1", "2")


def test_a_new_category_keeps_its_own_texts() -> None:
    texts = {"pl": replace(NO_CATEGORY_TEXT, name="Kubki", slug="kubeczki")}
    new = category_creation_payload(category(texts=texts), {"en": 1, "pl": 2}, 5, [1, 2], "en")
    assert new["name"] == {"1": "Kubki", "2": "Kubki"}
    assert new["link_rewrite"] == {"1": "kubeczki", "2": "kubeczki"}


def test_a_changed_text_is_completed_with_the_shops_own_languages() -> None:
    changes = {"name": {"1": "New"}, "price": "1.000000"}
    remote = {"name": {"1": "Old", "2": "Stary", "3": "Alt"}, "price": "2.000000"}
    assert complete_texts(changes, remote, [1, 2, 4]) == {
        "name": {"1": "New", "2": "Stary", "4": "", "3": "Alt"},
        "price": "1.000000",
    }
    assert changes["name"] == {"1": "New"}


def test_an_empty_text_of_ours_is_a_text() -> None:
    assert complete_texts({"meta_title": {"1": ""}}, {"meta_title": {"1": "x"}}, [1]) == {
        "meta_title": {"1": ""}
    }


def test_the_shops_own_categories_are_kept_and_ours_follow() -> None:
    assert merge_categories(wanted=[9, 2], pushed=[2, 5], present=[2, 5, 77]) == [2, 9, 77]
    assert merge_categories([2], [], []) == [2]
