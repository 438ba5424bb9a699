"""Reading and writing entities of any resource, several in one request (README "Several entities …")."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from ppm_web.prestashop import filters
from ppm_web.prestashop.connection import Connection
from ppm_web.prestashop.errors import MethodRefused, NotFound, Rejected, ShopUnreachable
from ppm_web.prestashop.merging import merged
from ppm_web.prestashop.payloads import Entity, number_of
from ppm_web.prestashop.values import ShopProfile
from ppm_web.prestashop.versions import dialect_of
from ppm_web.prestashop.xml import build, entities

_NODES = {
    "products": "product",
    "categories": "category",
    "stock_availables": "stock_available",
    "manufacturers": "manufacturer",
    "combinations": "combination",
}

PAGE = 1_000
"""Rows of a list that is read whole, in one request."""


class EntityRequests:
    """Lists and changes entities over a client's connection. Every method raises PrestaShopError."""

    def __init__(self, connection: Connection, profile: ShopProfile | None) -> None:
        self._connection = connection
        self._dialect = dialect_of(profile.version if profile else "8")
        self._without_patch = _refusing_patch(profile)

    def listed(
        self, resource: str, field: str, values: Iterable[str], end: str, most: int = 200
    ) -> Iterator[Entity]:
        """Entities whose ``field`` is one of the values, ``most`` of them a request; ``end`` of the path."""
        for path in filters.paths(f"/{resource}?filter[{field}]=", values, end, most):
            yield from entities(self._connection.get(path).root, _NODES[resource])

    def pages(self, path: str, resource: str) -> Iterator[Entity]:
        """All rows of a list, PAGE a request, by their ids (WHOLE "Reading a shop back")."""
        last = 0
        while True:
            after = f"&filter[id]=>[{last}]" if last else ""
            page = entities(
                self._connection.get(f"{path}{after}&sort=[id_ASC]&limit={PAGE}").root, _NODES[resource]
            )
            yield from page
            highest = max((number_of(entity, "id") for entity in page), default=0)
            if len(page) < PAGE or highest <= last:
                return
            last = highest

    def there(self, resource: str, ids: Iterable[int]) -> set[int]:
        """Those of the ids that the shop has, 500 a request."""
        listed = self.listed(resource, "id", map(str, sorted(set(ids))), "&display=[id]", most=500)
        return {number_of(entity, "id") for entity in listed}

    def whole(self, resource: str, ids: Iterable[int | str]) -> dict[int, Entity]:
        """Whole entities by id, 100 a request."""
        listed = self.listed(resource, "id", map(str, ids), "&display=full", most=100)
        return {number_of(entity, "id"): entity for entity in listed}

    def present(self, resource: str, ids: Sequence[str]) -> dict[int, Entity]:
        """Whole entities by id. NotFound when one is not in the shop any more."""
        found = self.whole(resource, ids)
        if missing := [number for number in ids if int(number) not in found]:
            raise NotFound(f"Not in the shop any more: {_NODES[resource]} {', '.join(missing)}")
        return found

    def change(self, resource: str, changes: list[Entity]) -> None:
        """PATCH the fields of entities, each with its id; or GET, change and PUT where there is no PATCH."""
        if not changes:
            return
        ids = [change["id"] for change in changes]
        if len(set(ids)) < len(ids):  # the shop would refuse the whole request: code 89
            raise Rejected("One id is twice in the same request", code="duplicate_id")
        if resource not in self._without_patch:
            try:
                self.write("PATCH", resource, changes)
            except MethodRefused:
                self._without_patch.add(resource)
            else:
                return
        present = self.present(resource, ids)
        whole = [merged(resource, present[int(change["id"])], change, self._dialect) for change in changes]
        self.write("PUT", resource, whole)

    def write(self, method: str, resource: str, sent: Sequence[Entity]) -> list[Entity]:
        """Send entities in one request, and see to it that the answer tells of all of them, in order."""
        one = method != "POST" and len(sent) == 1
        path = f"/{resource}/{sent[0]['id']}" if one else f"/{resource}"
        reply = self._connection.send(method, path, build(_NODES[resource], sent))
        written = entities(reply.root, _NODES[resource])
        ids = [number_of(entity, "id") for entity in written]
        if len(ids) != len(sent) or any(
            "id" in s and int(s["id"]) != i for s, i in zip(sent, ids, strict=True)
        ):
            raise ShopUnreachable("The shop's answer does not tell of all that was sent", code="not_xml")
        return written


def _refusing_patch(profile: ShopProfile | None) -> set[str]:
    if profile is None:
        return set()
    return {
        resource
        for resource in _NODES
        if not profile.can_patch or "PATCH" not in profile.rights.get(resource, {"PATCH"})
    }
