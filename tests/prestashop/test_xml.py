from __future__ import annotations

import pytest

from ppm_web.prestashop.errors import InvalidProduct, ShopUnreachable, UnsafeAnswer
from ppm_web.prestashop.xml import build, entities, parse, parse_errors, read_document
from tests.prestashop.wire import errors, recording, xml


def test_entities_are_siblings_without_a_wrapper() -> None:
    body = build("product", [{"id": "1", "price": "2"}, {"id": "2", "price": "3"}]).decode()
    assert "<product><id>1</id><price>2</price></product><product><id>2</id>" in body
    assert "<products>" not in body


def test_what_is_built_is_read_back_the_same() -> None:
    entity = {
        "reference": "A&B <c> \"d\" 'e'",
        "description": {"1": "x ]]> y <![CDATA[z]]> & < > \t\n", "2": "Zażółć gęślą 🎁 \U0001d11e"},
        "associations": {"categories": [{"id": "2"}, {"id": "5"}]},
    }
    assert parse(build("product", [entity]), "product") == [entity]


def test_empty_categories_are_sent_as_an_empty_node() -> None:
    body = build("product", [{"id": "1", "associations": {"categories": []}}])
    assert b"<associations><categories></categories></associations>" in body


@pytest.mark.parametrize("character", ["\x00", "\x0b", "\x1f", "\ufffe", "\ud800"])
def test_a_character_that_xml_cannot_hold_is_refused_before_it_is_sent(character: str) -> None:
    with pytest.raises(InvalidProduct, match="control character"):
        build("product", [{"name": {"1": f"a{character}b"}}])


def test_a_recorded_product_is_read_with_all_languages_and_associations() -> None:
    [product] = parse(recording("get_product_xml")[2], "product")
    assert product["id"] == "2"
    assert product["link_rewrite"] == {"1": "brown-bear-printed-sweater", "2": "brown-bear-printed-sweater"}
    assert product["isbn"] == ""
    assert product["associations"]["product_features"][0] == {"id": "1", "id_feature_value": "4"}


def test_products_inside_the_associations_of_a_category_are_no_entities() -> None:
    body = recording("get_category_xml")[2]
    assert parse(body, "product") == []
    assert len(parse(body, "category")) == 1


def test_an_empty_list_has_no_entities() -> None:
    assert parse(recording("list_empty_xml")[2], "product") == []


def test_several_siblings_come_in_their_order() -> None:
    made = parse(recording("multi_post_products")[2], "product")
    assert [entity["reference"] for entity in made] == ["MULTI-1", "MULTI-2", "MULTI-3"]


@pytest.mark.parametrize(
    "attack",
    [
        '<!DOCTYPE p [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;&a;&a;">]><prestashop>&b;</prestashop>',
        '<!DOCTYPE p [<!ENTITY x SYSTEM "file:///etc/passwd">]><prestashop>&x;</prestashop>',
        '<!DOCTYPE p SYSTEM "http://elsewhere.example/p.dtd"><prestashop/>',
    ],
)
def test_bombs_and_outside_entities_are_not_read_and_a_retry_is_no_help(attack: str) -> None:
    with pytest.raises(UnsafeAnswer) as caught:
        parse(b'<?xml version="1.0"?>' + attack.encode(), "product")
    assert (caught.value.code, caught.value.temporary) == ("unsafe_answer", False)


@pytest.mark.parametrize(
    "page", [b"<!DOCTYPE html><html><body>Maintenance</body></html>", b"\n<HTML lang='pl'><p>&nbsp;</HTML>"]
)
def test_a_web_page_instead_of_data_is_told_in_plain_words(page: bytes) -> None:
    with pytest.raises(
        ShopUnreachable, match="web page instead of data: it may be in maintenance mode"
    ) as caught:
        parse(page, "product")
    assert (caught.value.code, caught.value.temporary, caught.value.unanswered) == ("not_xml", True, True)
    assert (caught.value.line, caught.value.column) == (1, 1)


def test_broken_xml_is_told_with_line_and_column() -> None:
    with pytest.raises(ShopUnreachable, match="line 2, column 7") as caught:
        parse(b"<prestashop>\n<a>x</b></prestashop>", "product")
    assert (caught.value.line, caught.value.column) == (2, 7)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"  ",
        b"{}",
        b"<rss/>",
        b'<?xml version="1.0" encoding="nosuch"?><prestashop/>',
        b"\xff\xfe<",
        b"OK",
    ],
)
def test_anything_else_is_no_xml(body: bytes) -> None:
    with pytest.raises(ShopUnreachable) as caught:
        parse(body, "product")
    assert caught.value.code == "not_xml"


def test_a_blank_line_a_byte_order_mark_and_control_characters_do_no_harm() -> None:
    body = b"\xef\xbb\xbf\n\n" + xml("<products><product><id>1</id><name>a\x0bb</name></product></products>")
    assert parse(body, "product") == [{"id": "1", "name": "ab"}]


def test_php_warnings_are_set_aside_when_there_are_other_errors() -> None:
    body = recording("prod_put_verbatim_get_body")[2]
    assert [code for code, _ in parse_errors(body)] == [93]


def test_php_warnings_alone_are_kept() -> None:
    body = recording("prod_post_500_php_warning_but_product_saved")[2]
    assert {code for code, _ in parse_errors(body)} == {11}
    assert [code for code, _ in parse_errors(errors(3, 11, 12))] == [3, 11, 12]


def test_several_errors_are_all_read_and_a_proxys_page_has_none() -> None:
    assert [code for code, _ in parse_errors(recording("auth_bad_key_32")[2])] == [20, 21]
    assert parse_errors(recording("list_url_8k_limit")[2]) == []
    assert parse_errors(errors() + b"<") == []


NOTICE = b"<br />\n<b>Notice</b>: Undefined index: x in <b>/m.php</b> on line <b>3</b><br />\n"


@pytest.mark.parametrize(("before", "after"), [(NOTICE, b""), (b"", b"\n" + NOTICE), (NOTICE, NOTICE)])
def test_what_a_server_prints_around_a_whole_answer_is_skipped_and_told(before: bytes, after: bytes) -> None:
    body = before + xml("<products><product><id>1</id></product></products>") + after
    root, printed = read_document(body)
    assert entities(root, "product") == [{"id": "1"}]
    assert "Undefined index: x" in printed


def test_an_answer_that_broke_off_after_a_notice_is_not_whole() -> None:
    with pytest.raises(ShopUnreachable, match="breaks at line"):
        parse(NOTICE + xml("<products><product><id>1</id>")[:-20], "product")


def test_entities_behind_a_notice_are_not_read_either() -> None:
    with pytest.raises(ShopUnreachable, match="no readable data"):
        parse(b"x" + NOTICE + b'<!DOCTYPE a [<!ENTITY b "c">]><prestashop>&b;</prestashop>', "product")
