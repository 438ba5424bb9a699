"""The wire to a shop: the only place that speaks HTTP."""

from __future__ import annotations

import re
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import quote, urlsplit

import requests
from urllib3 import encode_multipart_formdata

from ppm_web.prestashop.answers import Answer, Exchange, Reply, error_of_transport, read_reply, without_key
from ppm_web.prestashop.errors import PrestaShopError, Rejected
from ppm_web.prestashop.transport import open_session, read_body
from ppm_web.prestashop.xml import document

EXCHANGES_KEPT = 20
EXCHANGE_LIMIT = 10_000  # characters of a request or an answer that an Exchange keeps
_PICTURE = re.compile(rb"(<content[^>]*>).*?(</content>)", re.DOTALL)


@dataclass(frozen=True, slots=True)
class _Body:
    content: bytes
    content_type: str
    kept: bytes  # what an Exchange keeps of it


class Connection:
    """One kept-alive session with a shop; see PrestaShopClient for the arguments and attributes.

    Every method raises PrestaShopError, and what before_request raises.
    """

    def __init__(
        self,
        url: str,
        key: str,
        timeout: tuple[float, float],
        before_request: Callable[[], None] | None,
        store: int | None = None,
    ) -> None:
        self.url = shop_address(url)
        self.printed = ""
        self._store = store
        self.request_count = 0
        self.exchanges: deque[Exchange] = deque(maxlen=EXCHANGES_KEPT)
        self._key = key
        self._timeout = timeout
        self._before_request = before_request
        self._session = open_session(key)
        self._tunnelled: set[str] = set()

    def close(self) -> None:
        """Close the session."""
        self._session.close()

    def get(self, path: str, store: int | None = None) -> Reply:
        """GET a path below /api, of another store than the connection's where one is named."""
        return self._request("GET", path, store=store)

    def fetch(self, path: str) -> bytes:
        """GET what is no XML but a picture, as it is."""
        path = _in_store(path, self._store)
        answer = self._answer("GET", path)
        if answer.status != 200:
            read_reply(answer, "GET", path)
        return answer.body

    def send(self, method: str, path: str, body: bytes) -> Reply:
        """POST, PUT or PATCH an XML body.

        Hosts that block PATCH or PUT let a POST with ?ps_method= through (recording
        prod_patch_via_post_ps_method); once that has helped it is done at once.
        """
        return self._send(method, path, _Body(body, "text/xml; charset=utf-8", body))

    def upload(self, path: str, field: str, file_name: str, data: bytes, media_type: str) -> Reply:
        """POST a file as a field of a form. The log keeps its name and size, and not the picture that the
        answer brings back in base64 (recording image_post_jpeg)."""
        content, content_type = encode_multipart_formdata({field: (file_name, data, media_type)})
        kept = f"[{field}: {file_name}, {media_type}, {len(data)} bytes]"
        return self._request("POST", path, _Body(content, content_type, kept.encode()))

    def delete(self, path: str) -> None:
        """DELETE; the answer of a success is empty (recording image_delete)."""
        self._send("DELETE", path, None)

    def _send(self, method: str, path: str, body: _Body | None) -> Reply:
        disguised = f"{path}?ps_method={method}"
        if method in self._tunnelled:
            return self._request("POST", disguised, body)
        try:
            return self._request(method, path, body)
        except PrestaShopError as refused:
            by_host = refused.status in {403, 405, 501} and not refused.shop_codes
            if method == "POST" or not by_host:
                raise
        reply = self._request("POST", disguised, body)
        self._tunnelled.add(method)
        return reply

    def _request(self, method: str, path: str, body: _Body | None = None, store: int | None = None) -> Reply:
        path = _in_store(path, store or self._store)
        answer = self._answer(method, path, body)
        if method != "GET" and body is None and answer.status == 200 and not answer.body.strip():
            return Reply(document(b"<prestashop/>"), answer.headers)  # of a DELETE
        reply = read_reply(answer, method, path)
        self.printed = self.printed or reply.printed
        return reply

    def _answer(self, method: str, path: str, body: _Body | None = None) -> Answer:
        if self._before_request:
            self._before_request()
        self.request_count += 1
        started = time.monotonic()
        outcome = self._exchange(method, path, body)
        self._remember(method, path, body, outcome, started)
        if isinstance(outcome, PrestaShopError):
            raise outcome
        return outcome

    def _exchange(self, method: str, path: str, body: _Body | None) -> Answer | PrestaShopError:
        """A failure is returned, so that it is raised outside of the handling of requests' exception: that
        one holds the request, and with it the key. Redirects are not followed: the key would go with them."""
        try:
            with self._session.request(
                method,
                f"{self.url}/api{path}",
                data=body.content if body else None,
                headers={"Content-Type": body.content_type} if body else {},
                timeout=self._timeout,
                allow_redirects=False,
                stream=True,
            ) as response:
                clean = without_key(read_body(response), self._key)
                return Answer(response.status_code, response.headers, _PICTURE.sub(rb"\1\2", clean))
        except requests.RequestException as failure:
            return error_of_transport(failure)
        except PrestaShopError as failure:
            return failure

    def _remember(
        self, method: str, path: str, body: _Body | None, outcome: Answer | PrestaShopError, started: float
    ) -> None:
        answer = outcome if isinstance(outcome, Answer) else None
        inside = answer.headers.get("Execution-Time", "") if answer else ""
        sent = Answer(0, {}, without_key(body.kept if body else b"", self._key))
        self.exchanges.append(
            Exchange(
                method=method,
                path=without_key(path.encode(), self._key).decode()[:EXCHANGE_LIMIT],
                request_text=sent.text(EXCHANGE_LIMIT),
                status=answer.status if answer else None,
                answer_text=_kept_of(answer) if answer else "",
                duration_ms=round((time.monotonic() - started) * 1000),
                execution_seconds=float(inside) if inside.replace(".", "", 1).isdecimal() else None,
            )
        )


def _in_store(path: str, store: int | None) -> str:
    """A call without id_shop is one to the default store (MULTISTORE.md, trap 1)."""
    if store is None:
        return path
    return f"{path}{'&' if '?' in path else '?'}id_shop={store}"


def _kept_of(answer: Answer) -> str:
    """What an Exchange keeps of an answer; of a picture its size."""
    if answer.headers.get("Content-Type", "").startswith("image/"):
        return f"[picture: {len(answer.body)} bytes]"
    return answer.text(EXCHANGE_LIMIT)


def shop_address(url: str) -> str:
    """The shop's base address: without /api, a slash at the end, a query, a name and password.

    Raises Rejected (code "address") for what is no http or https address.
    """
    try:
        parts = urlsplit(url.strip())
        host = parts.hostname
    except ValueError:
        host = None
    if not host or parts.scheme not in {"http", "https"}:
        raise Rejected(
            "The shop's address is not a web address (https://…): correct it in the shop's settings",
            code="address",
        )
    path = quote(parts.path.rstrip("/").removesuffix("/api").rstrip("/"), safe="/%~")
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{path}"
