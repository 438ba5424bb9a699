from __future__ import annotations

from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest
import time_machine

from ppm_web.prestashop.answers import Answer, read_reply, seconds_to_wait, without_key
from ppm_web.prestashop.errors import (
    HeaderStripped,
    KeyRefused,
    MethodRefused,
    NotFound,
    PrestaShopError,
    RateLimited,
    Rejected,
    ShopUnreachable,
)
from tests.prestashop.wire import KEY, errors, recording, xml


def failure(
    status: int, body: bytes = b"", path: str = "/products", headers: dict[str, str] | None = None
) -> PrestaShopError:
    with pytest.raises(PrestaShopError) as caught:
        read_reply(Answer(status, headers or {}, body), "POST", path)
    return caught.value


def recorded(name: str, path: str = "/products") -> PrestaShopError:
    status, headers, body = recording(name)
    return failure(status, body, path, headers)


@pytest.mark.parametrize(
    ("name", "kind", "code", "shop_codes", "temporary", "unanswered"),
    [
        ("auth_no_key", HeaderStripped, "header_stripped", (), False, False),
        ("auth_bad_key_32", KeyRefused, "key_refused", (20, 21), False, False),
        ("auth_bad_key_short", KeyRefused, "key_refused", (18,), False, False),
        ("perm_products_only_stock", KeyRefused, "key_refused", (26,), False, False),
        ("perm_products_only_patch", MethodRefused, "method_refused", (25,), False, False),
        ("ws_disabled", ShopUnreachable, "webservice_off", (22,), True, True),
        ("shop_param_bad", Rejected, "redirected", (), False, False),
        ("list_url_8k_limit", Rejected, "rejected", (), False, False),
        ("cat_post_bad_parent", ShopUnreachable, "server_error", (), True, True),
        ("get_product_404_xml", NotFound, "not_found", (), False, False),
        ("multi_patch_one_404_in_middle", NotFound, "not_found", (92,), False, False),
        ("stock_get_after_put_without_id_shop", NotFound, "not_found", (), False, False),
        ("multi_patch_one_invalid_in_middle", Rejected, "rejected", (85,), False, False),
        ("multi_patch_duplicate_ids", Rejected, "rejected", (89,), False, False),
        ("prod_patch_unknown_association", Rejected, "rejected", (86,), False, False),
        (
            "prod_post_500_php_warning_but_product_saved",
            ShopUnreachable,
            "server_error",
            (11,) * 6,
            True,
            True,
        ),
        ("err_control_char", ShopUnreachable, "server_error", (127,), True, True),
    ],
)
def test_recorded_refusals_say_what_they_are(
    name: str,
    kind: type[PrestaShopError],
    code: str,
    shop_codes: tuple[int, ...],
    temporary: bool,
    unanswered: bool,
) -> None:
    error = recorded(name)
    assert type(error) is kind
    assert (error.code, error.shop_codes) == (code, shop_codes)
    assert (error.temporary, error.unanswered) == (temporary, unanswered)
    assert error.status == recording(name)[0]


@pytest.mark.parametrize("status", [500, 502, 503, 504, 599])
def test_every_5xx_may_have_been_saved_and_a_retry_can_help(status: int) -> None:
    error = failure(status, b"<html>Bad gateway</html>")
    assert (error.temporary, error.unanswered, error.status) == (True, True, status)


def test_too_many_requests_were_not_carried_out() -> None:
    error = failure(429, headers={"Retry-After": "17"})
    assert isinstance(error, RateLimited)
    assert (error.temporary, error.unanswered, error.retry_after) == (True, False, 17.0)


@pytest.mark.parametrize("status", [400, 403, 404, 405, 413, 302, 301])
def test_other_refusals_are_final(status: int) -> None:
    error = failure(status)
    assert (error.temporary, error.unanswered) == (False, False)


def test_errors_inside_a_200_are_a_failure() -> None:
    error = failure(200, errors(3))
    assert (error.code, error.unanswered, error.status) == ("server_error", True, 200)


def test_the_stripped_header_is_explained_with_its_cure() -> None:
    assert "CGIPassAuth" in recorded("auth_no_key").message


def test_a_key_without_the_resource_is_told_where_to_tick_it() -> None:
    message = recorded("perm_products_only_stock", "/stock_availables/1").message
    assert "'stock_availables': tick it under Advanced Parameters > Webservice" in message


def test_a_method_that_the_key_lacks_is_told_where_to_tick_it() -> None:
    message = recorded("perm_products_only_patch", "/products?ps_method=PATCH").message
    assert "does not allow POST for 'products'" in message
    assert "Advanced Parameters > Webservice" in message


@pytest.mark.parametrize("arrow", ["-&gt;", "->"])
def test_refused_fields_are_named_in_8_and_in_9(arrow: str) -> None:
    said = f'<![CDATA[Validation error: "Property Product{arrow}price is not valid"]]>'
    body = xml(f"<errors><error><code>85</code><message>{said}</message></error></errors>")
    assert failure(400, body).message == (
        "The shop refused the product's price (code 85): Property Product->price is not valid"
    )


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("prod_post_name_angle", "The shop refused the product's name (code 84)"),
        ("prod_post_short_desc_900", "product's short description (code 84): The length of property"),
        ("prod_post_no_price", "The shop needs the field 'price' (code 41)"),
        ("prod_post_quantity", "does not let others write the field 'quantity' (code 93)"),
        ("prod_patch_unknown_association", "(code 86): The association"),
        ("multi_patch_one_404_in_middle", "It is not in the shop any more (code 92)"),
    ],
)
def test_the_shops_refusals_are_in_plain_words(name: str, words: str) -> None:
    assert words in recorded(name).message


def test_a_redirect_names_where_it_leads_but_not_what_follows() -> None:
    message = failure(301, headers={"Location": f"https://other.example/api/?ws_key={KEY}"}).message
    assert "https://other.example" in message
    assert KEY not in message


def test_an_api_that_is_not_there_is_told_apart_from_a_product_that_is_not() -> None:
    assert "no PrestaShop Webservice" in failure(404, b"<html>Not found</html>").message
    assert failure(404).message == "The product is not in the shop any more"


def test_the_shops_answer_is_kept_short_and_clean() -> None:
    error = failure(400, b"\x00\x1bA" + b"x" * 9_000)
    assert error.answer.startswith("Axx")
    assert len(error.answer) <= 4_000


def test_an_error_describes_itself_in_json_values() -> None:
    described = recorded("multi_patch_one_invalid_in_middle").describe()
    assert described["error"] == "Rejected"
    assert described["shop_codes"] == [85]
    assert described["status"] == 400


@time_machine.travel(datetime(2026, 5, 1, 12, 0, tzinfo=UTC), tick=False)
@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        ("0", 0.0),
        ("120", 120.0),
        ("1.5", 1.5),
        ("-5", 0.0),
        ("99999999", 86_400.0),
        ("inf", 86_400.0),
        ("nan", None),
        ("soon", None),
        ("", None),
        (None, None),
        ("Fri, 01 May 2026 12:00:30 GMT", 30.0),
        ("Fri, 01 May 2026 11:00:00 GMT", 0.0),
        ("Wed, 01 May 2052 12:00:00 GMT", 86_400.0),
    ],
)
def test_retry_after_is_read_in_both_forms_and_bounded(header: str | None, seconds: float | None) -> None:
    assert seconds_to_wait(header) == seconds


def test_retry_after_of_a_503_is_kept() -> None:
    later = format_datetime(datetime.now(UTC) + timedelta(seconds=60), usegmt=True)
    waited = failure(503, headers={"Retry-After": later}).retry_after
    assert waited is not None
    assert 55 < waited <= 60


def test_the_key_is_taken_out_in_both_of_its_forms() -> None:
    coded = b"S0VZS0VZS0VZS0VZS0VZS0VZS0VZS0VZS0VZS0VZMzI6"
    clean = without_key(b"a " + KEY.encode() + b" b " + coded + b" c", KEY)
    assert clean == b"a [key] b [key] c"
