"""The XML bodies of writes."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from urllib.parse import unquote_plus
from xml.etree.ElementTree import Element, ParseError

from defusedxml.common import DefusedXmlException
from defusedxml.ElementTree import fromstring

from .errors import NO_ARRAY, WebserviceError, php_warning
from .fields import TextValue


@dataclass
class Sent:
    """One entity as it was sent. id is "" if there was none, or an empty one."""

    id: str = ""
    plain: dict[str, str] = field(default_factory=dict)
    texts: dict[str, TextValue] = field(default_factory=dict)
    associations: dict[str, list[dict[str, str]]] = field(default_factory=dict)

    def has(self, name: str) -> bool:
        return name in self.plain or name in self.texts


def read_entities(body: bytes) -> list[Sent]:
    """The entities below the root, whatever its name and theirs (recording err_wrong_entity_node).

    Raises WebserviceError: 500 with code 127 for what is no XML, and with code 3 for entities and external
    references, which are never resolved (recording err_xxe).
    """
    body = _without_parameter(body)
    try:
        root = fromstring(body)
    except DefusedXmlException as error:
        raise WebserviceError(500, php_warning(NO_ARRAY, "classes/Product.php, line 8100")) from error
    except (ParseError, ValueError, LookupError) as error:
        raise _no_xml(body, error) from error
    return [_read_entity(node) for node in root]


def _without_parameter(body: bytes) -> bytes:
    """The XML may also come as the form parameter xml (recording xml_body_as_xml_param)."""
    if not body.startswith(b"xml="):
        return body
    text = body.removeprefix(b"xml=")
    return unquote_plus(text.decode(errors="replace")).encode() if text.startswith(b"%3C") else text


def _no_xml(body: bytes, error: Exception) -> WebserviceError:
    text = re.sub(r"[^\t\n\r\x20-\ud7ff\ue000-\ufffd]", "", body[:2000].decode(errors="replace"))
    broken = (
        127,
        f"XML error : String could not be parsed as XML\nXML length : {len(body)}\nOriginal XML : {text}",
    )
    if not body:
        return WebserviceError(500, broken)
    place = "classes/webservice/WebserviceRequest.php, line 1544"
    warnings = [
        php_warning(f"SimpleXMLElement::__construct(): {words}", place)
        for words in (f"Entity: line 1: parser error : {error}", text[:80], "^")
    ]
    return WebserviceError(500, *warnings, broken)


def _read_entity(node: Element) -> Sent:
    sent = Sent()
    for child in node:
        languages = child.findall("language")
        if child.tag == "associations":
            sent.associations = {part.tag: [_read_item(item) for item in part] for part in child}
        elif child.tag == "id":
            sent.id = (child.text or "").strip()
        elif languages:
            sent.texts[child.tag] = {part.get("id", ""): part.text or "" for part in languages}
        else:
            sent.plain[child.tag] = child.text or ""
    return sent


def _read_item(item: Element) -> dict[str, str]:
    return {part.tag: (part.text or "").strip() for part in item}
