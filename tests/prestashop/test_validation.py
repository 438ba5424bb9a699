from __future__ import annotations

import time
from dataclasses import replace
from decimal import Decimal

import pytest

from ppm_web.prestashop.errors import InvalidProduct
from ppm_web.prestashop.tags import text_without_tags
from ppm_web.prestashop.validation import (
    category_problems,
    check_category,
    check_product,
    problems_of_ean,
    problems_of_html,
    problems_of_name,
    problems_of_price,
    problems_of_quantity,
    problems_of_reference,
    problems_of_short_description,
    problems_of_slug,
    product_problems,
)
from tests.prestashop.samples import EN, NO_CATEGORY_TEXT, PL, category, named, product


@pytest.mark.parametrize("version", ["1.7.8.11", "8.2.0", "9.1.4", None])
def test_a_good_product_and_a_good_category_pass(version: str | None) -> None:
    check_product(product(), version)
    check_category(category(), version)


def test_the_shop_manager_reads_what_is_wrong_and_where_to_mend_it() -> None:
    with pytest.raises(InvalidProduct) as caught:
        check_product(named("a<b"), "8.2.0")
    assert caught.value.problems == [
        "The name (en) of MUG-1 holds '<', which PrestaShop refuses: mend it in the product"
    ]
    assert (caught.value.code, caught.value.temporary, caught.value.unanswered) == (
        "invalid_product",
        False,
        False,
    )


def test_all_problems_are_told_at_once() -> None:
    bad = product(
        sku="", ean13="x", price_net=Decimal(-1), weight=Decimal(-1), texts={"en": replace(EN, name="")}
    )
    with pytest.raises(InvalidProduct) as caught:
        check_product(bad, "8.2.0")
    assert len(caught.value.problems) == 5
    assert caught.value.message == "; ".join(caught.value.problems)
    assert caught.value.describe()["problems"] == caught.value.problems


@pytest.mark.parametrize("character", "<>;=#{}")
def test_names_in_8_may_not_hold(character: str) -> None:
    for version in ("1.7.8.11", "8.2.0"):
        assert problems_of_name(f"a{character}b", version) == [
            f"holds '{character}', which PrestaShop refuses"
        ]


def test_names_in_9_may_hold_more() -> None:
    assert problems_of_name("a;=#b", "9.1.4") == []
    assert problems_of_name("a;=#b", None) == []
    for character in "<>{}":
        assert problems_of_name(character, "9.1.4")
        assert problems_of_name(character, None)


def test_names_have_128_characters_at_most() -> None:
    assert problems_of_name("ż" * 128, "8.2.0") == []
    assert problems_of_name("ż" * 129, "8.2.0") == ["has 129 characters, and PrestaShop takes 128 at most"]
    assert problems_of_name("  ") == ["is empty, and PrestaShop needs one"]


@pytest.mark.parametrize("character", "<>;={}")
def test_references_may_not_hold(character: str) -> None:
    assert problems_of_reference(f"A{character}") == [f"holds '{character}', which PrestaShop refuses"]


def test_references_have_64_characters_at_most() -> None:
    assert problems_of_reference("R" * 64) == []
    assert problems_of_reference("R" * 65)
    assert problems_of_reference("A#B|C[D],50%") == []
    assert problems_of_reference("A ")


@pytest.mark.parametrize(
    ("ean", "version", "good"),
    [
        ("", "8.2.0", True),
        ("5901234123457", "8.2.0", True),
        ("5901234123450", "8.2.0", True),
        ("12345678901234", "8.2.0", False),
        ("12345678901234", "9.1.4", True),
        ("12345678901234", None, True),
        ("123456789012345", "9.1.4", False),
        ("ABC", "8.2.0", False),
        ("٣٤", "8.2.0", False),
    ],
)
def test_ean_codes_are_digits(ean: str, version: str | None, good: bool) -> None:
    assert (problems_of_ean(ean, version) == []) is good


@pytest.mark.parametrize(
    ("price", "good"),
    [
        ("0", True),
        ("19.99", True),
        ("16.252032", True),
        ("16.2520320", True),
        ("16.2520325", False),
        ("-0.01", False),
        ("9999999999.99", True),
        ("10000000000", False),
        ("99999999999999999", False),
        ("NaN", False),
        ("Infinity", False),
        ("1E+3", True),
    ],
)
def test_prices(price: str, good: bool) -> None:
    assert (problems_of_price(Decimal(price)) == []) is good


def test_stock_may_be_below_zero_but_not_without_end() -> None:
    assert problems_of_quantity(-3) == []
    assert problems_of_quantity(2**31) == ["is too big for PrestaShop"]


@pytest.mark.parametrize(
    "html",
    [
        "<script>x()</script>",
        "< SCRIPT >",
        '<p onclick="x()">a</p>',
        "<img src=x onerror = 'x'>",
        "<svg/onload=x>",
        '<a href="javascript:x()">l</a>',
        "<iframe src='x'></iframe>",
        "<form><input></form>",
    ],
)
def test_html_for_which_the_whole_product_would_be_refused(html: str) -> None:
    assert problems_of_html(html)


@pytest.mark.parametrize(
    "html",
    [
        "<p>Once = 1, on sale = no, version=2</p>",
        "<p>A form of a script; Description: a manuscript</p>",
        "<p>JavaScript and iframes</p>",
        '<a href="https://example.com/?on=1">x</a>',
        "5 < 6 & 7 only = x",
    ],
)
def test_harmless_html_is_left_alone(html: str) -> None:
    assert problems_of_html(html) == []


def test_the_short_description_is_counted_without_tags() -> None:
    assert problems_of_short_description("<b>a</b>" * 800) == []
    assert problems_of_short_description("a" * 801) == [
        "has 801 characters without tags, and PrestaShop takes 800 at most"
    ]


@pytest.mark.parametrize("character", ["\x00", "\x0b", "\x1f", "\x85", "\ufffe", "\ud800"])
def test_control_characters_are_found_everywhere(character: str) -> None:
    for field in ("name", "short_description", "description", "meta_title", "meta_description"):
        [problem] = product_problems(product(texts={"en": replace(EN, **{field: f"a{character}"})}))
        assert problem.field == f"{field}.en"
        assert "control character" in problem.message
    assert any("control" in problem.message for problem in product_problems(product(sku=f"A{character}")))


def test_long_metas_and_odd_friendly_urls_are_found() -> None:
    text = replace(EN, meta_title="x" * 256, meta_description="x" * 513, slug="zażółć /")
    fields = [problem.field for problem in product_problems(product(texts={"en": text}))]
    assert sorted(fields) == ["meta_description.en", "meta_title.en", "slug.en"]
    assert problems_of_slug("mug_1-A") == []
    assert problems_of_slug("x" * 129)


def test_a_product_needs_a_text_in_some_language() -> None:
    for texts in ({}, {"en": replace(EN, name="", short_description="", description="", meta_title="")}):
        [problem] = product_problems(product(texts=texts))
        assert "every language" in problem.message


def test_only_languages_that_are_sent_are_checked() -> None:
    bad = product(texts={"en": EN, "pl": replace(PL, name="a<b")})
    assert product_problems(bad, "8.2.0", ["en"]) == []
    assert len(product_problems(bad, "8.2.0", ["en", "pl"])) == 1
    assert len(product_problems(bad, "8.2.0", ["de"])) == 1  # any text may stand in then


def test_a_text_without_a_name_is_found() -> None:
    [problem] = product_problems(product(texts={"en": EN, "pl": replace(PL, name="")}))
    assert problem.message == (
        "The name (pl) of MUG-1 is empty, and PrestaShop needs one: mend it in the product"
    )


def test_a_category_is_checked_by_the_name_that_is_sent() -> None:
    named_text = {"en": replace(NO_CATEGORY_TEXT, name="Mugs")}
    assert category_problems(category(name="a<b", texts=named_text), "8.2.0") == []
    [problem] = category_problems(category(name="a<b"), "8.2.0")
    assert problem.message == (
        "The name of category a<b holds '<', which PrestaShop refuses: mend it in the category"
    )
    texts = {"pl": replace(NO_CATEGORY_TEXT, name="x", description="<script>", slug="ż")}
    with pytest.raises(InvalidProduct) as caught:
        check_category(category(texts=texts), "9.1.4")
    assert len(caught.value.problems) == 2


@pytest.mark.parametrize(
    "html",
    [
        '<a href="https://example.com/promo/once=1">x</a>',
        "<a href=https://example.com/promo/onclick=1>x</a>",
        '<p title="5 > 3, onclick=1">x</p>',
        "<p>a</p> / onclick=1",
        "<on-sale>x</on-sale>",
    ],
)
def test_an_event_is_an_attribute_of_a_tag_and_no_part_of_a_value_or_a_text(html: str) -> None:
    assert problems_of_html(html) == []


@pytest.mark.parametrize(
    "html",
    [
        '<p class="a"onclick=x>',
        "<p title='never closed onclick=x>",
        '<p "odd" onclick=x>',
        "<p\nONCLICK\n=\nx>",
        "<a href=x ONMOUSEOVER='y'>",
        "text <b><i onload=x",
    ],
)
def test_an_event_is_found_however_the_tag_is_written(html: str) -> None:
    assert problems_of_html(html)


@pytest.mark.parametrize(
    "piece",
    [
        *[
            "<p ",
            "<",
            "< ",
            "<a b=",
            "<a b='",
            '<a b="',
            "<!--",
            "<p on",
            " onclick",
            "=",
            "/",
            "<a/",
            "javascript ",
        ],
        *["&", "<a b=c ", "\"'", "<p title='>' ", "-->", "on=", "<\n", "</ "],
    ],
)
def test_the_check_of_a_text_takes_time_by_its_length_and_not_by_its_square(piece: str) -> None:
    text = piece * (300_000 // len(piece))
    started = time.process_time()

    problems_of_short_description(text)
    problems_of_html("<p>" + text + ">")

    assert time.process_time() - started < 5  # some 0.4 s; by the square it would be minutes


@pytest.mark.parametrize(
    ("html", "text"),
    [
        ("<p>a &lt;b&gt; <b class='x > y'>c</b><br/></p>", "a <b> c"),
        ("<p>a &amp; <b>b</b></p>", "a & b"),
        ("5 < 6 and 7 > 3", "5 < 6 and 7 > 3"),
        ("a<!-- <b> not --> said -->b", "a said -->b"),
        ("no end <b", "no end <b"),
    ],
)
def test_only_whole_tags_are_left_out_of_the_text(html: str, text: str) -> None:
    assert text_without_tags(html) == text
