from __future__ import annotations

import pytest

from tests.practice_shop.api import JPEG, PNG, Api, codes, items, make, patch, texts, upload, xml


def cover(api: Api, product: int) -> str:
    return api.get(f"/products/{product}").findtext("id_default_image") or ""


def listed(api: Api, product: int) -> list[int]:
    return [int(node.get("id") or 0) for node in api.get(f"/images/products/{product}")]


def test_the_first_image_is_the_cover_and_the_next_after_it_was_deleted(any_api: Api) -> None:
    product = any_api.make_product()
    assert any_api.call("GET", f"/images/products/{product}").status_code == 404
    first, second = upload(any_api, product), upload(any_api, product, PNG)
    assert cover(any_api, product) == str(first)
    any_api.call("DELETE", f"/images/products/{product}/{first}")
    assert (listed(any_api, product), cover(any_api, product)) == ([second], "")
    third = upload(any_api, product)
    assert cover(any_api, product) == str(third)


def test_after_a_moved_cover_is_deleted_no_image_is_taken_until_another_is_named(any_api: Api) -> None:
    product = any_api.make_product()
    first, second = upload(any_api, product), upload(any_api, product, PNG)
    patch(any_api, "products", "product", product, f"<id_default_image>{second}</id_default_image>")
    assert cover(any_api, product) == str(second)
    any_api.call("DELETE", f"/images/products/{product}/{second}")
    refused = any_api.call("POST", f"/images/products/{product}", image=JPEG)
    is_9 = any_api.shop.version == "9.1.4"
    assert (refused.status_code, codes(refused)) == ((400, [76]) if is_9 else (500, []))
    assert listed(any_api, product) == [first]
    patch(any_api, "products", "product", product, f"<id_default_image>{first}</id_default_image>")
    upload(any_api, product)
    assert cover(any_api, product) == str(first)


def test_a_cover_that_is_not_there_is_no_cover(any_api: Api) -> None:
    product = any_api.make_product()
    upload(any_api, product)
    patch(any_api, "products", "product", product, "<id_default_image>99</id_default_image>")
    assert cover(any_api, product) == ""


def test_a_picture_is_given_back_in_any_size_with_its_length(any_api: Api) -> None:
    product = any_api.make_product()
    image = upload(any_api, product, PNG)
    for path in (f"/images/products/{product}/{image}", f"/images/products/{product}/{image}/home_default"):
        answer = any_api.call("GET", path)
        assert (answer.status_code, answer.content) == (200, PNG)
        assert answer.headers["Content-Length"] == str(len(PNG))
        assert answer.headers["Content-Type"] == "image/png"
    assert codes(any_api.call("GET", f"/images/products/{product}/{image}/nosuch")) == [58]
    assert codes(any_api.call("GET", f"/images/products/{product}/99")) == [57]
    other = any_api.make_product("MUG-2")
    assert codes(any_api.call("GET", f"/images/products/{other}/{image}")) == [57]


def test_a_refused_file_leaves_an_image_without_a_picture(any_api: Api) -> None:
    product = any_api.make_product()
    assert codes(any_api.call("POST", f"/images/products/{product}", image=b"hello")) == [76]
    left = listed(any_api, product)
    assert (len(left), cover(any_api, product)) == (1, str(left[0]))
    assert [image["content"] for image in any_api.shop.images(product)] == [b""]


def test_all_images_of_a_product_are_not_deleted_at_once(any_api: Api) -> None:
    product = any_api.make_product()
    image = upload(any_api, product)
    assert any_api.call("DELETE", f"/images/products/{product}").status_code == 200
    assert listed(any_api, product) == [image]
    assert codes(patch(any_api, f"images/products/{product}", "image", image, "<position>2</position>")) == [
        67
    ]


def test_a_deleted_image_goes_from_its_combinations(any_api: Api) -> None:
    product = any_api.make_product()
    first, second = upload(any_api, product), upload(any_api, product)
    body = (
        f"<combination><id_product>{product}</id_product><minimal_quantity>1</minimal_quantity>"
        f"{items('images', 'image', first, second)}</combination>"
    )
    combination = make(any_api, "combinations", body)
    any_api.call("DELETE", f"/images/products/{product}/{first}")
    shown = any_api.get(f"/combinations/{combination}").find("associations/images")
    assert shown is not None
    assert [image.findtext("id") for image in shown] == [str(second)]


@pytest.mark.parametrize("kind", ["categories", "manufacturers"])
def test_a_category_or_maker_has_one_image_which_a_put_replaces(any_api: Api, kind: str) -> None:
    node = "category" if kind == "categories" else "manufacturer"
    name = texts("name", "A") + texts("link_rewrite", "a") if kind == "categories" else "<name>A</name>"
    path = f"/images/{kind}/{make(any_api, kind, f'<{node}><active>1</active>{name}</{node}>')}"
    assert codes(any_api.call("GET", path)) == [61]
    assert any_api.call("POST", path, image=PNG).content == PNG
    assert codes(any_api.call("POST", path, image=PNG)) == [65]
    assert any_api.call("POST", f"{path}?ps_method=PUT", image=JPEG).status_code == 200
    assert any_api.call("GET", path).content == JPEG
    assert any_api.call("DELETE", path).status_code == 200
    assert codes(any_api.call("DELETE", path)) == [64]


def test_an_image_is_replaced_by_a_post_that_is_a_put(api: Api) -> None:
    identifier = api.make_product()
    path = f"/images/products/{identifier}"
    image = xml(api.call("POST", path, image=JPEG)).findtext("image/id")
    assert codes(api.call("PUT", f"{path}/{image}", image=PNG)) == [76]
    assert api.call("POST", f"{path}/{image}?ps_method=PUT", image=PNG).status_code == 200
    assert [found["content"] for found in api.shop.images(identifier)] == [PNG]


def test_what_is_no_picture_too_large_or_for_no_product_is_refused(api: Api) -> None:
    path = f"/images/products/{api.make_product()}"
    assert codes(api.call("POST", path, image=b"hello")) == [76]
    assert codes(api.call("POST", path, image=b"BM" + b"0" * 99)) == [76]
    assert codes(api.call("POST", path, JPEG)) == [76]
    assert codes(api.call("POST", path, image=JPEG + b"0" * 2_100_000)) == [72]
    assert codes(api.call("POST", "/images/products/99", image=JPEG)) == [76]
    assert codes(api.call("DELETE", f"{path}/99")) == [57]
    assert api.call("POST", "/images/categories/2", image=JPEG).status_code == 200
