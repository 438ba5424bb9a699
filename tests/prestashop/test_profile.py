from __future__ import annotations

import json
from dataclasses import replace
from decimal import Decimal

import pytest
import responses

from ppm_web.prestashop.errors import HeaderStripped, KeyRefused, ShopUnreachable
from ppm_web.prestashop.shop_check import problems
from ppm_web.prestashop.values import Currency, RemoteLanguage, ShopProfile, Store, TaxGroup
from tests.prestashop.wire import add, add_recording, asked, calls, client, errors, recording, xml

RULE = (
    "<tax_rule><id>{}</id><id_tax_rules_group>{}</id_tax_rules_group><id_state>{}</id_state><id_tax>{}</id_tax>"
    "</tax_rule>"
)
SETTINGS = {
    "PS_LANG_DEFAULT": 1,
    "PS_COUNTRY_DEFAULT": 14,
    "PS_CURRENCY_DEFAULT": 1,
    "PS_HOME_CATEGORY": 2,
    "PS_ROOT_CATEGORY": 1,
}


def settings(values: dict[str, int]) -> bytes:
    rows = "".join(
        f"<configuration><id>{n}</id><value>{value}</value><name>{name}</name><id_shop></id_shop></configuration>"
        for n, (name, value) in enumerate(values.items(), 1)
    )
    return xml(f"<configurations>{rows}</configurations>")


def rules(*rows: tuple[int, int, int]) -> bytes:
    return xml("<l>" + "".join(RULE.format(n, *row) for n, row in enumerate(rows, 1)) + "</l>")


def ordinary_shop(root: str = "auth_root_basic_xml", configuration: bytes | None = None) -> None:
    add_recording("GET", "/", root)
    add_recording("GET", "/languages", "list_languages_full_xml")
    add("GET", "/configurations", body=settings(SETTINGS) if configuration is None else configuration)
    add("GET", "/tax_rules", body=rules((1, 9, 2), (1, 0, 1), (2, 0, 2), (5, 0, 999), (9, 0, 1)))
    add_recording("GET", "/taxes", "list_taxes_full_xml")
    add_recording("GET", "/tax_rule_groups", "list_tax_rule_groups_full_xml")
    add_recording("GET", "/shops", "list_shops_full_xml")
    add_recording("GET", "/currencies", "list_currencies_full_xml")
    add("GET", "/products", body=xml("<products/>"))


@pytest.fixture(scope="module")
def profile() -> ShopProfile:
    with responses.mock:
        ordinary_shop()
        found = client().describe()
        responses.reset()
    return found


def test_a_shop_tells_what_it_is_like(profile: ShopProfile) -> None:
    assert (profile.version, profile.shop_name) == ("8.2.0", "TestShop")
    assert profile.languages == (
        RemoteLanguage(1, "en", "English (English)", True, "en-us"),
        RemoteLanguage(2, "pl", "Polski (Polish)", True, "pl-pl"),
    )
    assert (profile.default_language, profile.default_country) == (1, 14)
    assert (profile.home_category, profile.root_category) == (2, 1)
    assert profile.currency == Currency(1, "PLN")
    assert profile.stores == (Store(1, "TestShop", True, 1, "", False, 2),)
    assert profile.can_patch
    assert profile.rights["stock_availables"] >= {"GET", "PATCH"}


def test_tax_groups_have_the_rate_of_the_default_country_the_rule_for_all_of_it_first(
    profile: ShopProfile,
) -> None:
    assert profile.tax_groups == (
        TaxGroup(1, "PL Standard Rate (23%)", Decimal("23.000")),
        TaxGroup(2, "PL Reduced Rate (8%)", Decimal("8.000")),
    )


@responses.activate
def test_deleted_taxes_and_groups_and_inactive_groups_are_left_out() -> None:
    ordinary_shop()
    for resource in ("taxes", "tax_rules", "tax_rule_groups"):
        responses.remove("GET", f"https://shop.example/api/{resource}")
    tax = "<tax><id>{}</id><rate>23.000</rate><deleted>{}</deleted></tax>"
    group = "<tax_rule_group><id>{0}</id><name>G{0}</name><active>{1}</active><deleted>{2}</deleted>"
    group += "</tax_rule_group>"
    add("GET", "/taxes", body=xml(f"<l>{tax.format(1, 0)}{tax.format(2, 1)}</l>"))
    add("GET", "/tax_rules", body=rules((1, 0, 1), (2, 0, 2), (3, 0, 1), (4, 0, 1)))
    groups = (group.format(1, 1, 0), group.format(2, 1, 0), group.format(3, 0, 0), group.format(4, 1, 1))
    add("GET", "/tax_rule_groups", body=xml(f"<l>{''.join(groups)}</l>"))
    assert client().describe().tax_groups == (TaxGroup(1, "G1", Decimal("23.000")),)


def test_a_profile_survives_json(profile: ShopProfile) -> None:
    assert ShopProfile.from_json(json.loads(json.dumps(profile.to_json()))) == profile


def test_an_ordinary_shop_has_no_problems(profile: ShopProfile) -> None:
    assert problems(profile) == []


@responses.activate
def test_a_whole_description_takes_nine_requests_and_a_look_whether_it_still_holds_three() -> None:
    ordinary_shop()
    shop = client()
    found = shop.describe()
    assert shop.request_count == 9
    assert shop.read_mark(found) == found.mark
    assert shop.request_count == 12
    assert "output_format" not in str(calls()[0].url)


@responses.activate
def test_a_key_that_may_read_little_gives_empty_parts() -> None:
    add_recording("GET", "/", "perm_products_only_root")
    add("GET", "/categories", body=xml("<categories/>"))
    add("GET", "/products", body=xml("<products/>"))
    found = client().describe()
    assert found.languages == ()
    assert found.tax_groups == ()
    assert (found.default_language, found.default_country, found.home_category) == (0, 0, 0)
    assert not found.can_patch
    assert found.rights == {"categories": frozenset({"GET"}), "products": frozenset({"GET", "PUT"})}


@responses.activate
def test_a_part_that_is_refused_after_all_is_empty() -> None:
    ordinary_shop()
    responses.remove("GET", "https://shop.example/api/taxes")
    add("GET", "/taxes", status=401, body=errors(26))
    assert client().describe().tax_groups == ()


@responses.activate
def test_a_part_that_fails_for_a_while_fails_the_whole() -> None:
    ordinary_shop()
    responses.remove("GET", "https://shop.example/api/taxes")
    add("GET", "/taxes", status=503)
    with pytest.raises(ShopUnreachable):
        client().describe()


@responses.activate
@pytest.mark.parametrize(("name", "kind"), [("auth_bad_key_32", KeyRefused), ("auth_no_key", HeaderStripped)])
def test_a_refused_root_is_an_error(name: str, kind: type[Exception]) -> None:
    add_recording("GET", "/", name)
    with pytest.raises(kind):
        client().describe()


@responses.activate
def test_an_answer_to_something_else_is_no_root() -> None:
    add("GET", "/", body=recording("list_empty_xml")[2])
    with pytest.raises(ShopUnreachable, match="does not list its resources"):
        client().describe()


MARKED = xml(
    "<l><category><id>1</id><id_parent>0</id_parent></category>"
    "<category><id>2</id><id_parent>1</id_parent></category></l>"
)


@responses.activate
def test_the_home_category_is_asked_of_the_shops_where_the_settings_lack_it() -> None:
    ordinary_shop(configuration=settings({"PS_COUNTRY_DEFAULT": 14}))
    add("GET", "/categories", body=MARKED)
    found = client().describe()
    assert (found.home_category, found.root_category) == (2, 1)
    assert found.default_language == 1
    assert found.currency == Currency(1, "PLN")  # the only one that is in use


@responses.activate
def test_the_home_category_is_the_marked_one_at_last() -> None:
    ordinary_shop(configuration=settings({}))
    responses.remove("GET", "https://shop.example/api/shops")
    add("GET", "/shops", body=xml("<shops/>"))
    add("GET", "/categories", body=MARKED)
    found = client().describe()
    assert (found.home_category, found.root_category) == (2, 1)


@responses.activate
@pytest.mark.parametrize(
    ("resource", "body"),
    [
        ("languages", xml("<l><language><id>3</id><iso_code>de</iso_code></language></l>")),
        ("tax_rule_groups", xml("<l><tax_rule_group><id>9</id><name>VAT</name></tax_rule_group></l>")),
        ("configurations", settings({**SETTINGS, "PS_CURRENCY_DEFAULT": 2})),
    ],
)
def test_a_language_a_tax_group_or_a_default_that_moved_is_seen(resource: str, body: bytes) -> None:
    ordinary_shop()
    shop = client()
    found = shop.describe()
    responses.remove("GET", f"https://shop.example/api/{resource}")
    add("GET", f"/{resource}", body=body)
    assert shop.read_mark(found) != found.mark


@responses.activate
def test_of_tax_groups_of_one_rate_it_is_counted_which_the_products_have() -> None:
    ordinary_shop()
    responses.remove("GET", "https://shop.example/api/tax_rules")
    add("GET", "/tax_rules", body=rules((1, 0, 1), (2, 0, 2), (5, 0, 1)))
    row = "<product><id>{}</id><id_tax_rules_group>{}</id_tax_rules_group></product>"
    responses.remove("GET", "https://shop.example/api/products")
    add("GET", "/products", body=xml("<l>" + row.format(1, 5) + row.format(2, 5) + row.format(3, 1) + "</l>"))
    found = client().describe()
    assert [(group.id, group.products) for group in found.tax_groups] == [(1, 1), (2, 0), (5, 2)]
    assert "display=[id,id_tax_rules_group]&sort=[id_DESC]&limit=2000" in asked(7)


# --- problems ------------------------------------------------------------------------------------------
def test_missing_rights_say_where_to_tick_them(profile: ShopProfile) -> None:
    rights = {**profile.rights, "products": frozenset({"GET", "PUT", "PATCH"}), "images": frozenset[str]()}
    assert problems(replace(profile, rights=rights)) == [
        "The key may not use Add (POST) of 'products', so products cannot be published: "
        "tick it under Advanced Parameters > Webservice",
        "The key may not use View (GET) and Add (POST) and Delete (DELETE) "
        "of 'images', so pictures cannot be published: "
        "tick it under Advanced Parameters > Webservice",
    ]


@pytest.mark.parametrize(
    "resource",
    ["products", "categories", "stock_availables", "manufacturers", "images", "languages", "configurations",
     "tax_rules", "taxes", "tax_rule_groups"],
)  # fmt: skip
def test_every_resource_that_ppm_uses_is_looked_at(profile: ShopProfile, resource: str) -> None:
    rights = {name: methods for name, methods in profile.rights.items() if name != resource}
    assert any(f"'{resource}'" in problem for problem in problems(replace(profile, rights=rights)))


def test_without_patch_the_slower_way_is_told(profile: ShopProfile) -> None:
    rights = {name: methods - {"PATCH"} for name, methods in profile.rights.items()}
    found = problems(replace(profile, rights=rights))
    assert len(found) == 3
    assert all("a slower way is used" in problem for problem in found)


def test_with_neither_patch_nor_put_nothing_can_be_changed(profile: ShopProfile) -> None:
    rights = {**profile.rights, "products": frozenset({"GET", "POST"})}
    [problem] = problems(replace(profile, rights=rights))
    assert "cannot be changed" in problem


@pytest.mark.parametrize(
    ("version", "good"), [("1.6.1.24", False), ("1.7.0.0", True), ("8", True), ("", False)]
)
def test_versions_before_1_7_are_not_supported(profile: ShopProfile, version: str, good: bool) -> None:
    assert (
        any("not supported" in problem for problem in problems(replace(profile, version=version))) is not good
    )


def test_one_language_is_fine_and_no_tax_group_is_not(profile: ShopProfile) -> None:
    assert problems(replace(profile, languages=profile.languages[:1])) == []
    assert "No tax groups" in problems(replace(profile, tax_groups=()))[0]
    assert "no languages" in problems(replace(profile, languages=()))[0]
    assert "home category" in problems(replace(profile, home_category=0))[0]
