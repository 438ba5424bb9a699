"""A picture of the whole shop, to take before and after, and what differs between two of them."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from .computed import position_of
from .store import Entity, Store
from .stores import BY_STORE, EVERYWHERE

Picture = dict[str, dict[str, dict[str, Any]]]
_NESTED = ("associations", "stores")
_STORED_THOUGH_COMPUTED = frozenset({"id_default_combination"})


class Change(NamedTuple):
    """One field that differs.

    Of a row that is new field is "" and before None, of one that is gone after is None. Associations are
    "associations.categories", the own fields of one store of several "stores.2.price". id is a number, but
    for the pictures of categories and the like ("categories/3").
    """

    resource: str
    id: int | str
    field: str
    before: Any
    after: Any


def take_picture(store: Store) -> Picture:
    """Every row of every resource, by its id as text: what is stored, not what is computed of other rows.

    date_upd is among it. images have content (SHA-256 of the file, "" without one), bytes, legend, and
    combinations (the ids of those that show it); "pictures" has the content of the other pictures. JSON can
    hold it, and it is the same over HTTP.
    """
    picture: Picture = {}
    for resource in sorted(store.tables):
        if resource != "images":
            rows = store.tables[resource].all()
            picture[resource] = {str(entity.id): _row(store, resource, entity) for entity in rows}
    picture["images"] = _images(store)
    others = sorted(key for key in store.pictures if not key.startswith("products/"))
    picture["pictures"] = {key: _content(store, key) for key in others}
    return picture


def difference(before: Picture, after: Picture) -> list[Change]:
    """What differs between two pictures, by resource, id and field."""
    changes: list[Change] = []
    for resource in sorted({*before, *after}):
        old, new = before.get(resource, {}), after.get(resource, {})
        for identifier in sorted({*old, *new}, key=_order):
            number = int(identifier) if identifier.isdecimal() else identifier
            if identifier not in old or identifier not in new:
                changes.append(Change(resource, number, "", old.get(identifier), new.get(identifier)))
                continue
            one, other = dict(_flat(old[identifier])), dict(_flat(new[identifier]))
            changes += [
                Change(resource, number, field, one.get(field), other.get(field))
                for field in sorted({*one, *other})
                if one.get(field) != other.get(field)
            ]
    return changes


def _row(store: Store, resource: str, entity: Entity) -> dict[str, Any]:
    own = BY_STORE.get(resource, frozenset()) if entity.stores and resource not in EVERYWHERE else frozenset()
    row: dict[str, Any] = {}
    for field in store.tables[resource].resource.fields:
        if field.name not in own and (not field.computed or field.name in _STORED_THOUGH_COMPUTED):
            row[field.name] = _copy(entity.fields.get(field.name))
    if resource == "products":
        row["position_in_category"] = position_of(store, entity)
    if entity.associations:
        row["associations"] = {
            name: [dict(item) for item in items] for name, items in sorted(entity.associations.items())
        }
    if entity.stores:
        row["stores"] = {
            str(one): {name: _copy(value) for name, value in sorted(fields.items())}
            for one, fields in sorted(entity.stores.items())
        }
    return row


def _images(store: Store) -> dict[str, dict[str, Any]]:
    shown = defaultdict(list)
    for combination in store.tables["combinations"].all():
        for item in combination.associations.get("images", []):
            shown[item["id"]].append(combination.id)
    return {
        str(image.id): {name: _copy(value) for name, value in sorted(image.fields.items())}
        | _content(store, f"products/{image.text('id_product')}/{image.id}")
        | {"combinations": shown[str(image.id)]}
        for image in store.images.all()
    }


def _content(store: Store, key: str) -> dict[str, Any]:
    content = store.pictures.get(key)
    checksum = "" if content is None else hashlib.sha256(content).hexdigest()
    return {"content": checksum, "bytes": len(content or b"")}


def _copy(value: Any) -> Any:
    return dict(value) if isinstance(value, dict) else value


def _order(identifier: str) -> tuple[int, str]:
    return (int(identifier), "") if identifier.isdecimal() else (0, identifier)


def _flat(row: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    for name, value in row.items():
        # image_types have a plain field of the name stores.
        if isinstance(value, dict) and ((not prefix and name in _NESTED) or prefix == "stores."):
            yield from _flat(value, f"{prefix}{name}.")
        else:
            yield f"{prefix}{name}", value
