from __future__ import annotations

import requests

from tests.practice_shop.api import Api, codes, items, patch


def send(api: Api, path: str, name: str, content: bytes) -> requests.Response:
    return api.session.post(
        f"{api.url}/api/attachments/file{path}",
        data={"name": "Manual"},
        files={"file": (name, content, "application/pdf")},
        auth=(api.shop.key, ""),
        timeout=5,
    )


def test_a_new_file_is_a_500_and_saved(any_api: Api) -> None:
    assert codes(send(any_api, "", "manual.pdf", b"%PDF one")) == [3]
    row = any_api.shop.rows("attachments")[0]
    assert (row["file_name"], row["file_size"], row["name"]["2"]) == ("manual.pdf", "8", "Manual")
    answer = any_api.call("GET", f"/attachments/file/{row['id']}")
    assert (answer.content, answer.headers["Content-Type"]) == (b"%PDF one", "application/pdf")
    assert send(any_api, f"/{row['id']}?ps_method=PUT", "b.pdf", b"%PDF two").status_code == 200
    assert any_api.call("GET", f"/attachments/file/{row['id']}").content == b"%PDF two"
    assert any_api.call("GET", "/attachments/file/9").status_code == 404


def test_an_attachment_is_joined_to_a_product_and_xml_makes_none(any_api: Api) -> None:
    send(any_api, "", "manual.pdf", b"%PDF one")
    product = any_api.make_product()
    patch(any_api, "products", "product", product, items("attachments", "attachment", 1))
    found = any_api.get(f"/products/{product}").findall("associations/attachments/*")
    assert [node.findtext("id") for node in found] == ["1"]
    assert any_api.call("POST", "/attachments", "<attachment><file>x</file></attachment>").status_code == 200
    assert any_api.shop.count("attachments") == 1


def test_a_file_without_the_field_is_refused(any_api: Api) -> None:
    assert any_api.call("POST", "/attachments/file", b"x").status_code == 400
