"""Pictures on the wire: multipart, with the id read and the picture that comes back thrown away."""

from __future__ import annotations

import base64
from email import message_from_bytes, policy

import pytest
import responses

from ppm_web.prestashop.errors import NotFound, PrestaShopError, Rejected, ShopUnreachable
from tests.prestashop.wire import URL, add, add_recording, asked, body_of, calls, client, errors, profile, xml

JPEG = b"\xff\xd8\xff\xe0 a picture \0\r\n--"
PATH = "/images/products/21"


@responses.activate
def test_the_ids_of_a_products_images_are_listed() -> None:
    add_recording("GET", PATH, "image_list")
    assert client().images.ids(21) == [24, 25, 26, 27, 28, 29, 30, 31, 32]


@responses.activate
def test_a_product_without_images_has_none() -> None:
    add_recording("GET", PATH, "image_list_product_without_images")
    assert client().images.ids(21) == []


@responses.activate
def test_a_web_page_is_not_taken_for_a_product_without_images() -> None:
    add("GET", PATH, status=404, body=b"<html>Not found</html>")
    with pytest.raises(NotFound, match="no PrestaShop Webservice"):
        client().images.ids(21)


@responses.activate
def test_a_picture_is_sent_as_one_field_of_a_form_and_its_id_comes_back() -> None:
    add_recording("POST", PATH, "image_post_jpeg")
    assert client().images.upload(21, JPEG, "image/jpeg", "mug.jpg") == 24

    (request,) = calls()
    assert isinstance(request.body, bytes)
    head = f"Content-Type: {request.headers['Content-Type']}\r\n\r\n".encode()
    (part,) = message_from_bytes(head + request.body, policy=policy.default).iter_parts()
    assert part.get_param("name", header="Content-Disposition") == "image"
    assert (part.get_filename(), part.get_content_type()) == ("mug.jpg", "image/jpeg")
    assert part.get_payload(decode=True) == JPEG


@responses.activate
def test_the_log_keeps_neither_the_picture_sent_nor_the_one_that_came_back() -> None:
    picture = base64.b64encode(b"picture" * 9)
    content = f'<content encode="base64"><![CDATA[{picture.decode()}]]></content>'
    add("POST", PATH, body=xml(f"<image><id>24</id></image>{content}"))
    shop = client()
    assert shop.images.upload(21, JPEG, "image/jpeg", "mug.jpg") == 24

    (exchange,) = shop.exchanges
    assert exchange.request_text == f"[image: mug.jpg, image/jpeg, {len(JPEG)} bytes]"
    assert "<id>24</id>" in exchange.answer_text
    assert picture.decode()[:20] not in exchange.answer_text


@responses.activate
def test_an_answer_without_an_id_is_none() -> None:
    add("POST", PATH, body=xml("<image></image>"))
    with pytest.raises(ShopUnreachable) as caught:
        client().images.upload(21, JPEG, "image/jpeg", "mug.jpg")
    assert caught.value.unanswered


@responses.activate
def test_a_refused_picture_is_an_answer() -> None:
    add_recording("POST", PATH, "image_post_text")
    with pytest.raises(Rejected, match="format not recognized") as caught:
        client().images.upload(21, b"hello", "image/jpeg", "mug.jpg")
    assert (caught.value.shop_codes, caught.value.unanswered) == ((76,), False)


@responses.activate
def test_an_image_is_deleted() -> None:
    add_recording("DELETE", f"{PATH}/24", "image_delete")
    client().images.delete(21, 24)
    assert (calls()[0].method, asked()) == ("DELETE", f"{PATH}/24")


@pytest.mark.parametrize("name", ["image_delete_404", "image_list_product_without_images"])
@responses.activate
def test_deleting_what_is_gone_already_is_fine(name: str) -> None:
    add_recording("DELETE", f"{PATH}/24", name)
    client().images.delete(21, 24)


@pytest.mark.parametrize(
    ("status", "body"), [(400, errors(76)), (500, b""), (200, b"<html>One moment</html>"), (401, errors(26))]
)
@responses.activate
def test_any_other_answer_to_a_delete_is_a_failure(status: int, body: bytes) -> None:
    add("DELETE", f"{PATH}/24", status=status, body=body)
    with pytest.raises(PrestaShopError):
        client().images.delete(21, 24)


@responses.activate
def test_a_host_that_blocks_delete_gets_a_post_in_its_place() -> None:
    add("DELETE", f"{PATH}/24", status=405, body=b"<html>Not allowed</html>")
    add("POST", f"{PATH}/24")
    shop = client()
    shop.images.delete(21, 24)
    shop.images.delete(21, 24)
    assert [request.method for request in calls()] == ["DELETE", "POST", "POST"]
    assert asked() == f"{PATH}/24?ps_method=DELETE"


@responses.activate
def test_the_cover_is_read() -> None:
    add_recording("GET", "/products/21", "prod_patch_default_image")  # a GET answers with the same
    assert client().images.cover(21) == 25


@responses.activate
def test_a_product_without_images_has_no_cover() -> None:
    add("GET", "/products/21", body=xml("<product><id>21</id><id_default_image/></product>"))
    assert client().images.cover(21) is None


@responses.activate
def test_the_cover_is_set() -> None:
    add_recording("PATCH", "/products/21", "prod_patch_default_image")
    client().images.set_cover(21, 25)
    assert "<product><id>21</id><id_default_image>25</id_default_image></product>" in body_of(calls()[0])


@responses.activate
def test_the_cover_is_set_without_patch() -> None:
    row = (
        "<product><id>21</id><reference>REF-001</reference><id_default_image>24</id_default_image></product>"
    )
    add("GET", "/products", body=xml(f"<products>{row}</products>"))
    add("PUT", "/products/21", body=xml(row))
    client(profile=profile("1.7.8.9", can_patch=False)).images.set_cover(21, 25)
    sent = body_of(calls()[-1])
    assert "<reference>REF-001</reference>" in sent
    assert "<id_default_image>25</id_default_image>" in sent


@responses.activate
def test_a_picture_is_fetched_as_it_is_and_the_log_keeps_its_size() -> None:
    responses.add(responses.GET, f"{URL}/api{PATH}/24", body=JPEG, content_type="image/jpeg")
    shop = client()
    assert shop.images.content(21, 24) == JPEG
    assert shop.exchanges[-1].answer_text == f"[picture: {len(JPEG)} bytes]"


@responses.activate
@pytest.mark.parametrize(("status", "code"), [(500, 61), (400, 57)])
def test_an_image_without_a_picture_behind_it_has_none(status: int, code: int) -> None:
    add("GET", f"{PATH}/24", status=status, body=errors(code))
    assert client().images.content(21, 24) is None


@responses.activate
def test_an_image_of_a_product_that_is_gone_has_none() -> None:
    add("GET", f"{PATH}/24", status=404)
    assert client().images.content(21, 24) is None


@responses.activate
@pytest.mark.parametrize("status", [500, 503])
def test_a_shop_that_cannot_show_a_picture_now_does_not_say_that_there_is_none(status: int) -> None:
    add("GET", f"{PATH}/24", status=status)
    with pytest.raises(ShopUnreachable):
        client().images.content(21, 24)
