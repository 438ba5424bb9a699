"""What is in a practice shop, for tests and benchmarks to read and to change without HTTP."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from .bodies import Sent
from .collation import fold
from .computed import items_of, value_of
from .dialect import Dialect
from .image_rows import images_of
from .picture import Picture, take_picture
from .stock_rows import find_stock_row
from .store import Entity, Store
from .writing import delete_entity, write_entity

Found = dict[str, Any]


class Contents:
    """Reading and changing what the shop holds. Everything that is returned is a copy.

    A row is a dict: "id" as a number; plain fields as text, as the Webservice shows them ("10.000000");
    texts in several languages by language id ({"1": …, "2": …}); "associations" with a list of items each
    ({"categories": [{"id": "2"}], …}).
    """

    def __init__(self, store: Store, dialect: Dialect) -> None:
        self._store = store
        self._dialect = dialect

    def in_store(self, *stores: int) -> Contents:
        """The same as a call to one store of several, or to some of them, sees and changes it.

        Without it what is in any store is read, as the first one that has it shows it, and changes are made
        in all that have it.
        """
        return Contents(self._store.within(stores), self._dialect)

    def find_product(self, reference: str) -> Found | None:
        """The product with this reference, the oldest if there are several; None for none."""
        return next(iter(self.products(reference)), None)

    def products(self, reference: str | None = None) -> list[Found]:
        """All products in the order of their ids, or those with this reference (regardless of case)."""
        with self._store.lock:
            table = self._store["products"]
            found = table.all() if reference is None else table.where("reference", reference)
            return [self._row("products", entity) for entity in found]

    def count(self, resource: str = "products") -> int:
        """How many rows a resource has."""
        with self._store.lock:
            return len(self._store[resource].ids)

    def product_page(self, part: str, start: int, count: int) -> tuple[list[Found], int]:
        """Products whose reference holds this part, newest first: a page of them, and how many in all."""
        with self._store.lock:
            table = self._store["products"]
            ids = table.ids
            if part:
                wanted = fold(part)
                ids = [row.id for row in table.all() if wanted in fold(row.text("reference"))]
            found = ids[::-1][start : start + count]
            rows = [row for identifier in found if (row := table.get(identifier))]
            return [self._row("products", row) for row in rows], len(ids)

    def stock_of(self, product_id: int, combination_id: int = 0) -> int | None:
        """The quantity of a product or a combination; None if its row is gone or was moved to shop 0."""
        with self._store.lock:
            row = find_stock_row(self._store, product_id, combination_id)
            return row.number("quantity") if row else None

    def categories(self) -> list[Found]:
        return self.rows("categories")

    def category_tree(self, root: int = 1) -> Found | None:
        """A category with its children in "children", and so on; None if it is not there."""
        rows = {row["id"]: row | {"children": []} for row in self.categories()}
        for row in rows.values():
            parent = rows.get(int(row["id_parent"] or 0))
            if parent is not None:
                parent["children"].append(row)
        return rows.get(root)

    def manufacturers(self) -> list[Found]:
        return self.rows("manufacturers")

    def specific_prices(self, product_id: int) -> list[Found]:
        with self._store.lock:
            found = self._store["specific_prices"].where("id_product", product_id)
            return [self._row("specific_prices", entity) for entity in found]

    def images(self, product_id: int) -> list[Found]:
        """The product's images in their order: id, id_product, position, cover ("1" or ""), content in bytes.

        legend is the alt text by language id; content is empty for an image whose file was refused (trap 5).
        """
        with self._store.lock:
            return [
                {
                    "id": image.id,
                    **image.fields,
                    "cover": "1" if image.text("cover") == "1" else "",
                    "content": self._store.pictures.get(f"products/{product_id}/{image.id}", b""),
                }
                for image in images_of(self._store, product_id)
            ]

    def rows(self, resource: str) -> list[Found]:
        """All rows of a resource ("tax_rules" …). Raises KeyError for one that holds nothing here."""
        with self._store.lock:
            return [self._row(resource, entity) for entity in self._store[resource].all()]

    def row(self, resource: str, identifier: int) -> Found | None:
        with self._store.lock:
            entity = self._store[resource].get(identifier)
            return self._row(resource, entity) if entity else None

    def picture(self) -> Picture:
        """The whole shop with all its stores, to compare by `difference` (see take_picture)."""
        with self._store.lock:
            return take_picture(self._store)

    def create(
        self,
        resource: str,
        fields: Mapping[str, str | Mapping[str, str]],
        associations: Mapping[str, Sequence[Mapping[str, str]]] | None = None,
    ) -> int:
        """Make a row as a POST would, without a request: nothing is counted, costs nothing, no fault strikes.

        Returns its id. Raises WebserviceError or PhpDiedError for what a POST would refuse.
        """
        sent = _sent("", fields, associations or {})
        return write_entity(self._store, self._dialect, self._store[resource].resource, "POST", sent).id

    def change(
        self,
        resource: str,
        identifier: int,
        fields: Mapping[str, str | Mapping[str, str]],
        associations: Mapping[str, Sequence[Mapping[str, str]]] | None = None,
    ) -> None:
        """Change a row as a PATCH (or the back office) would, without a request. Raises as create."""
        sent = _sent(str(identifier), fields, associations or {})
        write_entity(self._store, self._dialect, self._store[resource].resource, "PATCH", sent)

    def delete(self, resource: str, identifier: int) -> None:
        """Delete a row and what hangs on it, without a request; one that is not there is passed over."""
        delete_entity(self._store, self._store[resource].resource, str(identifier))

    def _row(self, resource: str, entity: Entity) -> Found:
        spec = self._store[resource].resource
        found: Found = {"id": entity.id}
        for field in spec.fields:
            value = value_of(self._store, spec, entity, field)
            found[field.name] = dict(value) if isinstance(value, dict) else value
        if spec.associations:
            found["associations"] = {
                association.name: [dict(item) for item in items_of(self._store, spec, entity, association)]
                for association in spec.associations
            }
        return found


def _sent(
    identifier: str,
    fields: Mapping[str, str | Mapping[str, str]],
    associations: Mapping[str, Sequence[Mapping[str, str]]],
) -> Sent:
    return Sent(
        identifier,
        {name: value for name, value in fields.items() if isinstance(value, str)},
        {name: dict(value) for name, value in fields.items() if not isinstance(value, str)},
        {name: [dict(item) for item in items] for name, items in associations.items()},
    )
