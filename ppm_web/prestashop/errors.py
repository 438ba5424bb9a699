"""What can go wrong with a shop. Everything in this package raises these and nothing else.

PrestaShopError             message, code, temporary, unanswered … (see the class)
├── KeyRefused              401, 403: the key is wrong, off, or may not use the resource
│   ├── HeaderStripped      401 without the Webservice's XML: the host drops the Authorization header
│   └── StoreRefused        403 code 132: one of several stores has to be named, or another one
├── MethodRefused           405: the key (or PrestaShop itself) does not allow the method
├── NotFound                404: the entity is not there (any more)
├── Rejected                400 and the like: the shop looked at the data and refused them
├── RateLimited             429: too many requests; the request was not carried out
├── ShopUnreachable         no definite answer from PHP: timeout, broken connection, 5xx, a web page, garbage
├── UnsafeAnswer            the answer holds a DTD or entities (an XML bomb) or is too big: not read
└── InvalidProduct          found by validation, here: nothing was sent
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

ANSWER_LIMIT = 4_000  # characters of the shop's answer that an error keeps
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]")


def tidy(answer: str) -> str:
    """A shop's answer fit for a page and a log: without control characters, at most ANSWER_LIMIT long."""
    return _CONTROL.sub("", answer)[:ANSWER_LIMIT]


class PrestaShopError(Exception):
    """A request that failed, or data that would.

    message        plain words for a shop manager
    code           short and stable, for grouping: "key_refused", "timeout" …
    temporary      a retry can help
    unanswered     no definite answer came: for a write, the shop may have saved it (README: a 500 does not
                   mean "not saved"), so look before writing again
    status         HTTP status, None when there was none
    shop_codes     PrestaShop's error codes, PHP warnings (3, 11, 12) set aside when there are others
    answer         the shop's answer, at most 4,000 characters, without control characters and the key
    retry_after    seconds that the shop asked to wait, None when it did not
    line, column   where the answer stopped being XML, both from 1
    """

    code = "error"
    temporary = False
    unanswered = False

    def __init__(  # noqa: PLR0913 -- all of what is known of a failure, by name
        self,
        message: str,
        *,
        code: str | None = None,
        temporary: bool | None = None,
        unanswered: bool | None = None,
        status: int | None = None,
        shop_codes: Sequence[int] = (),
        answer: str = "",
        retry_after: float | None = None,
        line: int | None = None,
        column: int | None = None,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.code = self.code if code is None else code
        self.temporary = self.temporary if temporary is None else temporary
        self.unanswered = self.unanswered if unanswered is None else unanswered
        self.status = status
        self.shop_codes = tuple(shop_codes)
        self.answer = tidy(answer)
        self.retry_after = retry_after
        self.line = line
        self.column = column

    def __str__(self) -> str:
        return self.message

    def describe(self) -> dict[str, Any]:
        """All of it as JSON values, for logs."""
        return {
            "error": type(self).__name__,
            "message": self.message,
            "code": self.code,
            "temporary": self.temporary,
            "unanswered": self.unanswered,
            "status": self.status,
            "shop_codes": list(self.shop_codes),
            "answer": self.answer,
            "retry_after": self.retry_after,
            "line": self.line,
            "column": self.column,
        }


class KeyRefused(PrestaShopError):
    """401 codes 17, 18, 20, 21, 26, or 403: trouble of the shop's key, not of a product."""

    code = "key_refused"


class HeaderStripped(KeyRefused):
    """A 401 that PrestaShop did not write as XML: the key did not arrive (recording auth_no_key)."""

    code = "header_stripped"


class StoreRefused(KeyRefused):
    """403 code 132: the key is for one store of several, and the request named none, or another one
    (MULTISTORE.md "Calls"; recording whole_shop_zero)."""

    code = "which_store"


class MethodRefused(PrestaShopError):
    """405 codes 23, 25, 101."""

    code = "method_refused"


class NotFound(PrestaShopError):
    """404: GET with an empty body, PUT and PATCH with code 92, DELETE with code 87."""

    code = "not_found"


class Rejected(PrestaShopError):
    """400 and other refusals: the same will be refused again.

    Also codes "redirected" (3xx), "no_store" (3xx to a request for a store that is not there), "address" (no
    web address), and of requests that are not sent at all:
    "duplicate_id", "no_id_shop".
    """

    code = "rejected"


class RateLimited(PrestaShopError):
    """429: answered, and not carried out."""

    code = "rate_limited"
    temporary = True


class ShopUnreachable(PrestaShopError):
    """No definite answer: codes "timeout", "connection", "certificate", "server_error", "webservice_off",
    "not_xml".

    After a write the shop may have saved it: `unanswered` is True, but where the connection was never made
    (nothing can have reached the shop). Temporary, but for "certificate".
    """

    code = "server_error"
    temporary = True
    unanswered = True


class UnsafeAnswer(PrestaShopError):
    """The answer was not read: a DTD, entities, or a body over the limit. A retry brings the same."""

    code = "unsafe_answer"
    unanswered = True


class InvalidProduct(PrestaShopError):
    """Local validation: PrestaShop would refuse this product or category; nothing was sent.

    problems: every one of them in plain words; the message joins them.
    """

    code = "invalid_product"

    def __init__(self, problems: Sequence[str]) -> None:
        super().__init__("; ".join(problems))
        self.problems = list(problems)

    def describe(self) -> dict[str, Any]:
        """As PrestaShopError's, with the list of problems."""
        return {**super().describe(), "problems": self.problems}
