"""Short lists of a shop: what is still there, what is in another store, which store a key opens."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from typing import Literal

from ppm_web.prestashop import filters
from ppm_web.prestashop.connection import Connection
from ppm_web.prestashop.errors import Rejected, StoreRefused
from ppm_web.prestashop.payloads import Entity, number_of
from ppm_web.prestashop.xml import entities

_NODES = {"products": "product", "categories": "category", "manufacturers": "manufacturer"}
_AT_ONCE = 500  # ids in one request; the path's length may make it fewer


class LookUps:
    """Looks things up over a client's connection. Every method raises PrestaShopError."""

    def __init__(self, connection: Connection, store: int | None) -> None:
        self._connection = connection
        self._store = store

    def references(self, ids: Iterable[int]) -> dict[int, str]:
        """Product id → its reference, 500 a request; those that are not in the shop are not in the answer."""
        listed = self._list("products", "id", map(str, ids), "&display=[id,reference]", _AT_ONCE)
        return {number_of(entity, "id"): entity.get("reference", "") for entity in listed}

    def existing(self, resource: Literal["categories", "manufacturers"], ids: Iterable[int]) -> set[int]:
        """Those of the ids that the shop has, 500 a request."""
        listed = self._list(resource, "id", map(str, ids), "&display=[id]", _AT_ONCE)
        return {number_of(entity, "id") for entity in listed}

    def find_in_other_stores(
        self, references: Collection[str], stores: Iterable[int]
    ) -> dict[str, dict[int, list[int]]]:
        """Reference → store → ids of the products there that have it, but for outer spaces and case.

        A look-up sees the products of one store only (MULTISTORE.md, trap 2): each other store is asked once
        for 200 references. The client's own store is passed over; a reference that no other store has is left
        out.
        """
        wanted = {_folded(reference): reference for reference in references if reference.strip()}
        found: dict[str, dict[int, list[int]]] = {}
        for store in stores:
            if store == self._store:
                continue
            end = "&display=[id,reference]&sort=[id_ASC]"
            for entity in self._list("products", "reference", wanted.values(), end, 200, store):
                if (reference := wanted.get(_folded(entity.get("reference", "")))) is not None:
                    found.setdefault(reference, {}).setdefault(store, []).append(number_of(entity, "id"))
        return found

    def stores_that_open(self, candidates: Iterable[int]) -> list[int]:
        """Those of the stores that the key may be used for, one GET each.

        A key for one store cannot list them (MULTISTORE.md "Calls").
        """
        return [store for store in candidates if self._opens(store)]

    def _opens(self, store: int) -> bool:
        try:
            self._connection.get("/products?display=[id]&limit=1", store)
        except StoreRefused:
            return False
        except Rejected as error:
            if error.code == "no_store":
                return False
            raise
        return True

    def _list(
        self,
        resource: str,
        field: str,
        values: Iterable[str],
        end: str,
        most: int,
        store: int | None = None,
    ) -> Iterator[Entity]:
        for path in filters.paths(f"/{resource}?filter[{field}]=", values, end, most):
            yield from entities(self._connection.get(path, store).root, _NODES[resource])


def _folded(reference: str) -> str:
    return reference.strip().casefold()
