"""Rows that the shop writes itself, without a request."""

from __future__ import annotations

from .clock import now
from .fields import Value
from .store import Entity, Store


def add_row(store: Store, resource: str, identifier: int = 0, **given: Value) -> Entity:
    """Save a new row, its other fields empty, its dates now; inside a transaction. An id of 0 is the next."""
    fields: dict[str, Value] = {}
    for field in store[resource].resource.fields:
        if field.name in given:
            fields[field.name] = given[field.name]
        elif field.i18n:
            fields[field.name] = dict.fromkeys(store.languages, "")
        else:
            fields[field.name] = now() if field.format == "isDate" else field.missing
    return store.save(resource, Entity(identifier, fields))


def configured(store: Store, name: str) -> str:
    """A value of the shop's configurations; empty if there is none."""
    found = store["configurations"].where("name", name)
    return found[0].text("value") if found else ""


def configure(store: Store, name: str, value: str) -> None:
    """Set a value of the shop's configurations; inside a transaction."""
    for found in store["configurations"].where("name", name):
        store.change("configurations", found, value=value, date_upd=now())
