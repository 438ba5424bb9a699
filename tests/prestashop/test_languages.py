from __future__ import annotations

import pytest

from ppm_web.prestashop.languages import code_of, match
from ppm_web.prestashop.values import RemoteLanguage


def language(number: int, iso_code: str, tag: str = "", active: bool = True) -> RemoteLanguage:
    return RemoteLanguage(number, iso_code, iso_code, active, tag)


SHOP = [
    language(1, "gb", "en-gb"),
    language(2, "br", "pt-br"),
    language(3, "pl", "pl-pl"),
    language(4, "mx", "es-mx"),
    language(5, "ag", "es-ar"),
]


@pytest.mark.parametrize(
    ("code", "number"),
    [("en", 1), ("en-gb", 1), ("pt-br", 2), ("pt", 2), ("PT_BR", 2), ("pl", 3), ("es-mx", 4)],
)
def test_a_language_is_known_by_its_tag_whatever_prestashop_calls_it(code: str, number: int) -> None:
    found = match(code, SHOP)
    assert found is not None
    assert found.id == number


@pytest.mark.parametrize("code", ["de", "es", "pt-pt", "br", "mx", ""])
def test_what_is_not_there_or_could_be_several_is_not_guessed(code: str) -> None:
    assert match(code, SHOP) is None


def test_the_plain_language_comes_before_its_variants() -> None:
    shop = [language(1, "en", "en-us"), language(2, "gb", "en-gb")]
    assert match("en", shop) == shop[0]
    assert match("en-gb", shop) == shop[1]


def test_of_two_variants_the_one_that_is_in_use() -> None:
    shop = [language(1, "gb", "en-gb", active=False), language(2, "us", "en-us")]
    assert match("en", shop) == shop[1]


@pytest.mark.parametrize(("iso_code", "code"), [("gb", "en"), ("br", "pt"), ("pl", "pl")])
def test_a_shop_that_tells_no_tags_is_read_as_prestashop_means_it(iso_code: str, code: str) -> None:
    assert match(code, [language(7, iso_code)]) == language(7, iso_code)


def test_a_language_bears_the_code_of_the_catalogue_else_its_own() -> None:
    assert code_of(SHOP[0], ["pl", "en"]) == "en"
    assert code_of(SHOP[0], ["pl"]) == "gb"
