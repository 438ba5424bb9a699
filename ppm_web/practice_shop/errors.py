"""How a request to the practice shop fails.

WebserviceError     the Webservice answers with error codes
DeedError           the shop's people asked for what cannot be done (BackOffice)
NoSuchStoreError    a store was called that is not there: a redirect to the front page (shop_param_bad)
PhpDiedError        PHP died of an uncaught exception: 500 with an empty body (recording cat_post_bad_parent)
"""

from __future__ import annotations

NO_OBJECT = "Trying to access array offset on value of type bool"
NO_ARRAY = "foreach() argument must be of type array|object, string given"


class WebserviceError(Exception):
    """An answer of the Webservice with a status and one or more (code, message) pairs."""

    def __init__(self, status: int, *errors: tuple[int, str]) -> None:
        super().__init__(f"{status}: {errors}")
        self.status = status
        self.errors = errors


class PhpDiedError(Exception):
    """An uncaught exception of PHP: 500 without a body, and without the Webservice's headers."""


def php_warning(text: str, place: str) -> tuple[int, str]:
    """A PHP warning as the Webservice reports it: code 3, among the errors."""
    return 3, f"[PHP Warning #2] {text} ({place})"


def failed_query(code: int, message: str) -> WebserviceError:
    """A bad filter, display field or schema: 500, and the four warnings that follow it.

    Source: recordings list_filter_unknown_field, schema_bad.
    """
    place = "classes/webservice/WebserviceRequest.php, line"
    trail = [php_warning(NO_OBJECT, f"{place} {line}") for line in range(1333, 1337)]
    return WebserviceError(500, (code, message), *trail)


class NoSuchStoreError(Exception):
    """A store that is not there: 302 with an empty body."""


class DeedError(ValueError):
    """A deed of the back office that cannot be done, in words for whoever asked."""
