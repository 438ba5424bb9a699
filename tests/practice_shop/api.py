"""A client of the practice shop's Webservice, for its tests."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from xml.etree.ElementTree import Element

import requests
from defusedxml.ElementTree import fromstring

from ppm_web.practice_shop import PracticeShop

JPEG = b"\xff\xd8\xff\xe0" + b"picture" * 20
PNG = b"\x89PNG\r\n\x1a\n" + b"picture" * 20


@dataclass
class Api:
    """Sends requests to a served shop, on one connection."""

    shop: PracticeShop
    url: str
    session: requests.Session = field(default_factory=requests.Session)

    def call(
        self,
        method: str,
        path: str,
        body: str | bytes | None = None,
        *,
        key: str | None = "",
        headers: dict[str, str] | None = None,
        image: bytes | None = None,
    ) -> requests.Response:
        """One request below /api; body is what stands inside <prestashop> (bytes are sent as they are)."""
        data = f"<prestashop>{body}</prestashop>".encode() if isinstance(body, str) else body
        return self.session.request(
            method,
            f"{self.url}/api{path}",
            data=data,
            files=None if image is None else {"image": ("picture.jpg", image, "image/jpeg")},
            headers=headers,
            auth=None if key is None else (key or self.shop.key, ""),
            timeout=10,
            allow_redirects=False,
        )

    def get(self, path: str) -> Element:
        """The first entity of an XML answer."""
        answer = self.call("GET", path)
        assert answer.status_code == 200, answer.text
        return xml(answer)[0]

    def make_product(self, reference: str = "MUG-1", inside: str = "", price: str = "10") -> int:
        answer = self.call("POST", "/products", product(reference, inside, price))
        assert answer.status_code == 201, answer.text
        return int(xml(answer).findtext("product/id") or 0)


def xml(answer: requests.Response) -> Element:
    root: Element = fromstring(answer.content)
    return root


def codes(answer: requests.Response) -> list[int]:
    """The error codes of an answer, in XML or JSON."""
    found = re.findall(r"<code><!\[CDATA\[(\d+)\]\]></code>|\"code\":(\d+)", answer.text)
    return [int(in_xml or in_json) for in_xml, in_json in found]


def texts(node: str, english: str, polish: str | None = None) -> str:
    polish = english if polish is None else polish
    return (
        f'<{node}><language id="1"><![CDATA[{english}]]></language>'
        f'<language id="2"><![CDATA[{polish}]]></language></{node}>'
    )


def product(reference: str, inside: str = "", price: str = "10", name: str = "Mug") -> str:
    return (
        f"<product><reference>{reference}</reference><price>{price}</price>{texts('name', name)}"
        f"{inside}</product>"
    )


def category(name: str, inside: str = "<active>1</active>", parent: int = 2) -> str:
    return (
        f"<category><id_parent>{parent}</id_parent>{inside}{texts('name', name)}"
        f"{texts('link_rewrite', 'slug')}</category>"
    )


def make(api: Api, resource: str, body: str) -> int:
    """The id of a new row."""
    answer = api.call("POST", f"/{resource}", body)
    assert answer.status_code == 201, answer.text
    return int(xml(answer)[0].findtext("id") or 0)


def patch(api: Api, resource: str, node: str, identifier: int, inside: str) -> requests.Response:
    return api.call("PATCH", f"/{resource}/{identifier}", f"<{node}><id>{identifier}</id>{inside}</{node}>")


def items(association: str, node: str, *identifiers: int) -> str:
    """An association as it is sent."""
    inner = "".join(f"<{node}><id>{identifier}</id></{node}>" for identifier in identifiers)
    return f"<associations><{association}>{inner}</{association}></associations>"


def upload(api: Api, product_id: int, picture: bytes = JPEG) -> int:
    """The id of a new image."""
    answer = api.call("POST", f"/images/products/{product_id}", image=picture)
    assert answer.status_code == 200, answer.text
    return int(xml(answer).findtext("image/id") or 0)
