from __future__ import annotations

import random

import pytest

from ppm_web.prestashop.diff import Change, changed_fields, describe_changes, payload_hash
from ppm_web.prestashop.markup import normalise_html
from ppm_web.prestashop.payloads import to_entity, to_payload
from ppm_web.prestashop.transformers import product_payload
from tests.prestashop.samples import IDS, product

PAYLOAD = product_payload(product(), IDS)


def test_a_payload_does_not_differ_from_itself() -> None:
    assert changed_fields(PAYLOAD, dict(PAYLOAD)) == {}


def test_all_is_changed_against_nothing() -> None:
    assert changed_fields({}, PAYLOAD) == PAYLOAD


def test_only_what_differs_comes_out_a_text_with_all_our_languages() -> None:
    wanted = PAYLOAD | {"price": "13.000000", "name": {"1": "Mug", "2": "Kubek"}}
    assert changed_fields(PAYLOAD, wanted) == {"price": "13.000000", "name": {"1": "Mug", "2": "Kubek"}}


def test_fields_and_languages_of_the_shop_alone_are_no_difference() -> None:
    base = PAYLOAD | {"state": "1", "name": PAYLOAD["name"] | {"3": "Tasse"}}
    assert changed_fields(base, PAYLOAD) == {}


@pytest.mark.parametrize(
    ("field", "base", "wanted"),
    [
        ("price", "12.5", "12.500000"),
        ("weight", "", "0.000000"),
        ("id_manufacturer", "", "0"),
        ("active", "", "0"),
        ("quantity", "", "0"),
        ("categories", [9, 2, 2], [2, 9]),
        ("description", {"1": "<p>a<br>b</p>"}, {"1": "<p>a<br />b</p>\r\n"}),
        ("description", {"1": "<p>&euro; &eacute;</p>"}, {"1": "<p>€ é</p>"}),
        ("description", {"1": "<ul><li>a<li>b</ul>"}, {"1": "<ul>\n<li>a</li>\n<li>b</li>\n</ul>"}),
        (
            "description",
            {"1": '<p style="color:red" data-x="1" class="b">x</p>'},
            {"1": '<p class="b">x</p>'},
        ),
        ("description", {"1": "<b>a"}, {"1": "<b>a</b>"}),
        ("description", {"1": '<IMG alt="x" src="a.jpg">'}, {"1": '<img src="a.jpg" alt="x" />'}),
        ("meta_description", {"1": "a\r\nb"}, {"1": "a\nb"}),
        ("name", "Mug", {"1": "Mug"}),
    ],
)
def test_what_the_shop_only_writes_differently_is_no_difference(
    field: str, base: object, wanted: object
) -> None:
    assert changed_fields({field: base}, {field: wanted}) == {}


@pytest.mark.parametrize(
    ("field", "base", "wanted"),
    [
        ("price", "12.500000", "12.500001"),
        ("reference", "1.0", "1"),
        ("ean13", "0012", "12"),
        ("active", "1", "0"),
        ("categories", [2], [2, 9]),
        ("name", {"1": "mug"}, {"1": "Mug"}),
        ("name", {"2": "Kubek"}, {"1": "Mug"}),
        ("description", {"1": "<p>a b</p>"}, {"1": "<p>ab</p>"}),
        ("description", {"1": "<b>a</b> b"}, {"1": "<b>a b</b>"}),
        ("description", {"1": "&lt;p&gt;"}, {"1": "<p>"}),
        ("description", {"1": '<a href="x">l</a>'}, {"1": '<a href="y">l</a>'}),
        ("price", "strange", "1.000000"),
    ],
)
def test_real_differences_are_found(field: str, base: object, wanted: object) -> None:
    assert changed_fields({field: base}, {field: wanted}) == {field: wanted}


def test_the_hash_does_not_depend_on_the_order_of_keys() -> None:
    keys = list(PAYLOAD)
    chance = random.Random(7)
    hashes = set()
    for _ in range(20):
        chance.shuffle(keys)
        hashes.add(payload_hash({key: PAYLOAD[key] for key in keys}))
    assert len(hashes) == 1
    assert len(hashes.pop()) == 64


def test_the_hash_sees_every_field() -> None:
    hashes = {payload_hash(PAYLOAD | {field: "other"}) for field in PAYLOAD}
    assert len(hashes) == len(PAYLOAD)
    assert payload_hash(PAYLOAD) not in hashes


def test_changes_are_described_in_plain_words() -> None:
    wanted = PAYLOAD | {
        "price": "13.100000",
        "active": "0",
        "categories": [2],
        "name": {"1": "Cup", "2": "Kubek żółty"},
    }
    assert describe_changes(PAYLOAD, wanted, {"en": 1, "pl": 2}) == [
        Change("price", "12.5", "13.1"),
        Change("active switch", "yes", "no"),
        Change("categories", "2, 9", "2"),
        Change("name (en)", "Mug", "Cup", "en"),
    ]


def test_a_new_product_is_described_from_nothing() -> None:
    changes = describe_changes({}, {"price": "100.000000", "name": {"1": "Mug"}})
    assert changes == [Change("price", "", "100"), Change("name (language 1)", "", "Mug", "language 1")]


def test_what_was_sent_and_read_back_is_the_same_payload() -> None:
    sent = to_entity(PAYLOAD, 7)
    assert "quantity" not in sent
    assert to_payload(sent) == {k: v for k, v in PAYLOAD.items() if k != "quantity"}


def test_strange_numbers_of_the_shop_are_kept_as_they_are() -> None:
    assert to_payload({"price": "n/a", "weight": "", "width": {"1": "x"}}) == {
        "price": "n/a",
        "weight": "",
        "width": {"1": "x"},
    }


def test_normalising_html_twice_changes_nothing_more() -> None:
    for html in ("<p>a<br>b", "<ul><li>a<li>b</ul>", "5 < 6 & 7", "<b><i>x</b>", "&nbsp;&lt;tag&gt;", "</p>"):
        once = normalise_html(html)
        assert normalise_html(once) == once
