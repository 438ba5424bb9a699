"""Bodies of the Webservice: XML, UTF-8, several entities beside each other under <prestashop>.

Read with entities and DTDs off: an answer that has them is not read (UnsafeAnswer).
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any
from xml.etree.ElementTree import ParseError
from xml.sax.saxutils import escape, quoteattr

from defusedxml import DefusedXmlException
from defusedxml.ElementTree import fromstring

from ppm_web.prestashop.errors import InvalidProduct, ShopUnreachable, UnsafeAnswer
from ppm_web.prestashop.payloads import Entity

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element

# XML 1.0 has no way to write these, not even escaped (recording err_control_char).
ILLEGAL = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_ILLEGAL_BYTES = bytes(code for code in range(32) if code not in b"\t\n\r")
_WEB_PAGE = re.compile(rb"<!doctype\s+html|<html[\s>]", re.IGNORECASE)
# The answer itself, where a server prints something around it (PHP notices with display_errors on).
_WHOLE = re.compile(rb"(<\?xml[^>]*>\s*)?<prestashop[\s>].*</prestashop>", re.DOTALL)
_METHODS = ("get", "post", "put", "patch", "delete", "head")
# The node of one item in an association that PPM writes.
_ITEM_NODES = {"categories": "category"}


def build(resource_node: str, entities: Sequence[Mapping[str, Any]]) -> bytes:
    """A request body: the entities as siblings (a wrapper is refused: recording multi_post_products_wrapped).

    resource_node: "product", "category", "stock_available" …. Raises InvalidProduct for a text with a
    character that XML cannot hold; validation names the place better, before it comes to this.
    """
    inner = "".join(f"<{resource_node}>{_fields(entity)}</{resource_node}>" for entity in entities)
    if ILLEGAL.search(inner):
        raise InvalidProduct(["A text holds a control character, which PrestaShop cannot take: remove it"])
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        f'<prestashop xmlns:xlink="http://www.w3.org/1999/xlink">{inner}</prestashop>'
    ).encode()


def parse(body: bytes, resource_node: str) -> list[Entity]:
    """The entities of an answer, in order: of one, of several siblings, or of a list; [] of an empty list.

    Raises ShopUnreachable (not_xml) for what is no PrestaShop XML, UnsafeAnswer for a DTD or entities.
    """
    return entities(document(body), resource_node)


def entities(root: Element, resource_node: str) -> list[Entity]:
    """As parse, of an answer that document() has read."""
    found: list[Entity] = []
    for child in root:
        if child.tag == resource_node:
            found.append(_entity(child))
        else:
            found.extend(_entity(inner) for inner in child if inner.tag == resource_node)
    return found


def rights(root: Element) -> tuple[str, dict[str, frozenset[str]]]:
    """Of GET /api/: the shop's name, and what the key may do: {"products": {"GET", …}} (auth_root_basic_xml).

    Raises ShopUnreachable when it is the answer to something else.
    """
    api = root.find("api")
    if api is None:
        raise ShopUnreachable("The shop's answer does not list its resources", code="not_xml")
    allowed = {
        resource.tag: frozenset(method.upper() for method in _METHODS if resource.get(method) == "true")
        for resource in api
    }
    return api.get("shopName", ""), allowed


def parse_errors(body: bytes) -> list[tuple[int, str]]:
    """Codes and messages of an error answer, [] where it has none or is no XML at all (a proxy's page).

    PHP warnings (3, 11, 12: recording prod_put_verbatim_get_body) are left out when there are others.
    """
    try:
        errors = list(document(body).iterfind("errors/error"))
    except (ShopUnreachable, UnsafeAnswer):
        return []
    read = [
        (int(number) if (number := (error.findtext("code") or "").strip()).isdecimal() else 0,
         (error.findtext("message") or "").strip())
        for error in errors
    ]  # fmt: skip
    return [(code, message) for code, message in read if code not in {3, 11, 12}] or read


def document(body: bytes) -> Element:
    """The <prestashop> element of an answer.

    A blank line or a byte-order mark before the XML (modules leave them) and control characters inside it
    (an old product text; they would make a whole list unreadable) are passed over, and so is text around it,
    as PHP notices are. Errors as parse.
    """
    return read_document(body)[0]


def read_document(body: bytes) -> tuple[Element, str]:
    """As document, with the text that stood around the XML."""
    if _WEB_PAGE.search(body[:2_000]):
        raise _not_xml(body, 1, 1)
    clean = body.removeprefix(b"\xef\xbb\xbf").lstrip().translate(None, _ILLEGAL_BYTES)
    try:
        root, printed = _read(clean), b""
    except ParseError as error:
        if (whole := _WHOLE.search(clean)) is None:
            raise _broken(body, error) from None
        try:
            root, printed = _read(whole[0]), clean[: whole.start()] + clean[whole.end() :]
        except ParseError:
            raise _broken(body, error) from None
    if root.tag != "prestashop":
        raise _not_xml(body, 1, 1)
    return root, printed.decode("utf-8", "replace").strip()


def _read(text: bytes) -> Element:
    """Raises ParseError, UnsafeAnswer, and ShopUnreachable for an encoding that does not exist."""
    try:
        root: Element = fromstring(text, forbid_dtd=True)
    except DefusedXmlException:
        raise UnsafeAnswer(
            "The shop's answer holds a DTD or entities, which PrestaShop never sends: it was not read. "
            "Ask who looks after the shop's server whether it has been broken into"
        ) from None
    except ParseError:
        raise
    except (ValueError, LookupError):
        raise _not_xml(text, 1, 1) from None
    return root


def _broken(body: bytes, error: ParseError) -> ShopUnreachable:
    line, column = error.position
    return _not_xml(body, line, column + 1)


def _fields(entity: Mapping[str, Any]) -> str:
    return "".join(_field(name, value) for name, value in entity.items())


def _field(name: str, value: Any) -> str:
    if name == "associations":
        return f"<associations>{''.join(_association(*pair) for pair in value.items())}</associations>"
    if isinstance(value, Mapping):
        inner = "".join(
            f"<language id={quoteattr(str(language))}>{escape(str(text))}</language>"
            for language, text in value.items()
        )
        return f"<{name}>{inner}</{name}>"
    return f"<{name}>{escape(str(value))}</{name}>"


def _association(name: str, items: Sequence[Mapping[str, str]]) -> str:
    node = _ITEM_NODES[name]
    return f"<{name}>" + "".join(f"<{node}>{_fields(item)}</{node}>" for item in items) + f"</{name}>"


def _entity(element: Element) -> Entity:
    return {child.tag: _value(child) for child in element}


def _value(element: Element) -> Any:
    if element.tag == "associations":
        return {
            group.tag: [{part.tag: part.text or "" for part in item} for item in group] for group in element
        }
    if len(element):
        return {language.get("id", ""): language.text or "" for language in element}
    return element.text or ""


def _not_xml(body: bytes, line: int, column: int) -> ShopUnreachable:
    if _WEB_PAGE.search(body[:2_000]):
        what = (
            "The shop answered with a web page instead of data: it may be in maintenance mode, or a firewall "
            "or a login page of its host stands before it"
        )
    elif not body.strip():
        what = "The shop's answer was empty where data should be"
    else:
        what = f"The shop's answer is no readable data: it breaks at line {line}, column {column}"
    text = body[:8_000].decode("utf-8", "replace")
    return ShopUnreachable(what, code="not_xml", answer=text, line=line, column=column)
