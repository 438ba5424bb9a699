"""The canonical form of payloads, and the way between them and the entities that xml reads and writes."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation
from typing import Any

from ppm_web.prestashop.errors import InvalidProduct, ShopUnreachable
from ppm_web.prestashop.values import Payload

Entity = dict[str, Any]
"""What an XML entity holds: field → str, or {"<id_lang>": text}; "associations" → {name: [{field: str}]}."""

DECIMAL_FIELDS = frozenset({"price", "weight", "width", "height", "depth"})
HTML_FIELDS = frozenset({"description", "description_short", "additional_description"})
_SIX_PLACES = Decimal("0.000001")


def decimal_text(value: Decimal) -> str:
    """With 6 places, as the shop gives it back: Decimal("12.5") → "12.500000". Halves are rounded up.

    InvalidProduct when it is no finite number or too big to be written so.
    """
    try:
        quantized = value.quantize(_SIX_PLACES, ROUND_HALF_UP)
    except InvalidOperation:
        quantized = Decimal("NaN")
    if not quantized.is_finite():
        raise InvalidProduct([f"{value} is no number that PrestaShop can store"])
    return format(quantized + 0, "f")  # + 0 makes of minus nought a nought


def to_entity(payload: Payload, entity_id: int | None = None) -> Entity:
    """What is sent for a payload: without the stock (400 code 93), categories as an association.

    entity_id is needed to change something (else 400 code 90) and forbidden to make it (400 code 91).
    """
    fields: Entity = {} if entity_id is None else {"id": str(entity_id)}
    fields.update((name, value) for name, value in payload.items() if name not in {"quantity", "categories"})
    if "categories" in payload:
        fields["associations"] = {"categories": [{"id": str(number)} for number in payload["categories"]]}
    return fields


def to_payload(entity: Entity) -> Payload:
    """The fields of an entity that the shop gave, canonical: decimals with 6 places, categories as ints.

    Left out: id, the other associations, and `quantity`, which is always 0 in a product (README "Reading").
    """
    payload = {
        name: _canonical(name, value) for name, value in sorted(entity.items()) if name not in _NOT_FIELDS
    }
    associations: Mapping[str, Any] = entity.get("associations", {})
    if "categories" in associations:
        payload["categories"] = sorted({number_of(item, "id") for item in associations["categories"]})
    return payload


def number_of(entity: Mapping[str, Any], field: str) -> int:
    """A field that must hold a whole number. ShopUnreachable (not_xml) when the shop's answer lacks it."""
    try:
        return int(entity[field])
    except (KeyError, TypeError, ValueError):
        raise ShopUnreachable(f"The shop's answer lacks a number in '{field}'", code="not_xml") from None


_NOT_FIELDS = frozenset({"id", "associations", "quantity"})


def _canonical(name: str, value: Any) -> Any:
    if name not in DECIMAL_FIELDS or not isinstance(value, str):
        return value
    try:
        return decimal_text(Decimal(value))
    except (InvalidOperation, InvalidProduct):
        return value  # the shop's own strange value: shown and compared as it is
