"""The one door to a shop (R13): PrestaShop 8 and 9, and 1.7 by GET, change, PUT.

Answers are asked as XML: the JSON of a single entity leaves out what is empty or 0, and the JSON answer of a
write of several holds only the last one (README).
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from types import TracebackType
from typing import Any

from ppm_web.prestashop import filters
from ppm_web.prestashop.answers import Exchange
from ppm_web.prestashop.connection import Connection
from ppm_web.prestashop.diff import clean_reference
from ppm_web.prestashop.entity_requests import EntityRequests
from ppm_web.prestashop.errors import ShopUnreachable
from ppm_web.prestashop.images import ImageRequests
from ppm_web.prestashop.lookups import LookUps
from ppm_web.prestashop.names import clean_name, fold_name
from ppm_web.prestashop.payloads import Entity, number_of, to_entity, to_payload
from ppm_web.prestashop.profile import read_mark, read_profile
from ppm_web.prestashop.stores import rows_of_store, stock_filter
from ppm_web.prestashop.values import Found, MadeProduct, Payload, RemoteProduct, ShopProfile, StockRow

STOCK_AT_ONCE = 500
"""Stock rows that are read or written in one request (README: 500 at 0.24 ms each)."""


class PrestaShopClient:
    """One shop, one key, one kept-alive connection. Every method raises PrestaShopError and nothing else.

    url            the shop's address, with or without /api; a name and password in it are dropped
    profile        what describe() gave earlier; without it PATCH is tried and the rules of 8 hold
    store          the id_shop that every call goes to, where there are several stores (MULTISTORE.md)
    timeout        seconds to connect and between two reads; a whole answer may take twice the second one
    images         the methods that concern pictures (ImageRequests)
    lookups        short lists: is it still there, is it in another store (LookUps)
    before_request called before each HTTP request: the caller renews its lease there, and asserts that no
                   transaction is open; what it raises goes through
    """

    def __init__(
        self,
        url: str,
        key: str,
        *,
        profile: ShopProfile | None = None,
        store: int | None = None,
        timeout: tuple[float, float] = (5, 30),
        before_request: Callable[[], None] | None = None,
    ) -> None:
        self._connection = Connection(url, key, timeout, before_request, store)
        self._profile, self._store = profile, store
        self._entities = EntityRequests(self._connection, profile)
        self.lookups = LookUps(self._connection, store)
        self.images = ImageRequests(
            self._connection, lambda changes: self._entities.change("products", changes)
        )

    def __repr__(self) -> str:
        return f"PrestaShopClient({self._connection.url!r})"

    def __enter__(self) -> PrestaShopClient:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the connection."""
        self._connection.close()

    @property
    def request_count(self) -> int:
        """HTTP requests so far."""
        return self._connection.request_count

    @property
    def exchanges(self) -> deque[Exchange]:
        """The last 20 requests and answers, for the sync log: without the key, texts of 10,000 characters."""
        return self._connection.exchanges

    # --- the shop --------------------------------------------------------------------------------------
    def describe(self) -> ShopProfile:
        """What the shop is like: about nine GETs. Parts that the key may not read are empty.

        Its stores and its stock rows are looked at as it tells, from then on.
        """
        found = read_profile(self._connection.get, self._store)
        self._profile = replace(found, printed=self._connection.printed)
        return self._profile

    def read_mark(self, known: ShopProfile) -> str:
        """What `known.mark` would be now: three GETs. Another one means that the shop's facts have moved."""
        return read_mark(self._connection.get, known, self._store)

    @property
    def printed(self) -> str:
        """What the shop printed around an answer, as PHP notices are; "" = nothing so far."""
        return self._connection.printed

    def ping(self) -> None:
        """One small GET that only a Webservice that is well, and takes the key, answers with its XML."""
        self._connection.get("/")

    # --- products --------------------------------------------------------------------------------------
    def find_products(self, references: Iterable[str], *, combinations: bool = False) -> dict[str, Found]:
        """Each reference → what the shop has of it; with ``combinations`` also those (one more request).

        Compared here: outer white space and characters that nobody sees make no difference, capitals do, as
        MySQL does not tell them apart and references are not unique (README "Reading").
        """
        wanted = list(dict.fromkeys(references))
        exact: dict[str, list[int]] = {}
        alike: dict[str, list[tuple[int, str]]] = {}
        for entity in self._entities.listed(
            "products", "reference", filter(None, wanted), "&display=[id,reference]"
        ):
            reference = clean_reference(entity.get("reference", ""))
            exact.setdefault(reference, []).append(number_of(entity, "id"))
            alike.setdefault(reference.casefold(), []).append((number_of(entity, "id"), reference))
        variants = self._combinations_by_reference(wanted) if combinations else {}
        found = {}
        for reference in wanted:
            clean = clean_reference(reference)
            near = [pair for pair in alike.get(clean.casefold(), []) if pair[1] != clean]
            found[reference] = Found(
                tuple(sorted(exact.get(clean, []))),
                tuple(sorted(near)),
                tuple(sorted(variants.get(clean, []))),
            )
        return found

    def _combinations_by_reference(self, references: Iterable[str]) -> dict[str, set[int]]:
        """Reference → products one of whose combinations has it."""
        found: dict[str, set[int]] = {}
        end = "&display=[id,id_product,reference]"
        for entity in self._entities.listed("combinations", "reference", filter(None, references), end):
            reference = clean_reference(entity.get("reference", ""))
            found.setdefault(reference, set()).add(number_of(entity, "id_product"))
        return found

    def find_in_other_stores(
        self, references: Collection[str], stores: Iterable[int]
    ) -> dict[str, dict[int, list[int]]]:
        """Reference → store → ids of the products that have it there (see LookUps)."""
        return self.lookups.find_in_other_stores(references, stores)

    def read_products(self, ids: Iterable[int]) -> dict[int, RemoteProduct]:
        """Whole products by id, 100 a request; those that are not in the shop are not in the answer."""
        whole = self._entities.whole("products", ids)
        return {number: RemoteProduct(number, to_payload(entity)) for number, entity in whole.items()}

    def read_fields(self, ids: Iterable[int], fields: Iterable[str]) -> dict[int, RemoteProduct]:
        """The reference and some fields of products by id, 100 a request; texts in all languages.

        Those that are not in the shop are not in the answer (R26: read before write)."""
        shown = ["id", "reference", *sorted(set(fields) - {"reference", "quantity", "images"})]
        names = ["categories[id]" if name == "categories" else name for name in shown]
        listed = self._entities.listed(
            "products", "id", map(str, ids), f"&display=[{','.join(names)}]", most=100
        )
        found = {}
        for entity in listed:
            payload = to_payload(entity)
            if "categories" in shown:
                payload.setdefault("categories", [])
            number = number_of(entity, "id")
            found[number] = RemoteProduct(number, payload)
        return found

    def create_products(self, payloads: Sequence[Payload]) -> list[MadeProduct]:
        """Make products in one POST → their ids, in the order of the payloads (creation_payload).

        After any error some of them may have been made, and if error.unanswered all: look the references up
        before another POST (README "Several entities in one request").
        """
        if not payloads:
            return []
        made = self._entities.write("POST", "products", [to_entity(payload) for payload in payloads])
        if [entity.get("reference") for entity in made] != [payload.get("reference") for payload in payloads]:
            raise ShopUnreachable(
                "The shop's answer does not name the products that were sent", code="not_xml"
            )
        return [MadeProduct(number_of(entity, "id"), _stock_row_of(entity)) for entity in made]

    def update_products(self, changes: Sequence[tuple[int, Payload]]) -> None:
        """Change fields of products, by id, in one PATCH (or GET and PUT); repeating it is safe.

        A changed text must hold all of the shop's languages (transformers.complete_texts): PATCH empties the
        others. After a 4xx those before the bad one are changed. NotFound when a product is gone.
        """
        self._entities.change(
            "products", [to_entity(payload, number) for number, payload in changes if payload]
        )

    # --- stock -----------------------------------------------------------------------------------------
    def stock_rows(self, product_ids: Iterable[int]) -> dict[int, StockRow]:
        """Product id → its own stock row, for the products that have one; those of its combinations only tell
        that it has some.

        Of several stores the client's own, or that of its group where the group shares its stock. A product
        that a PATCH took into a store has no row there (MULTISTORE.md, trap 3).
        """
        end = stock_filter(self._store, self._profile) + "&display=[id,id_product,id_product_attribute,"
        end += "quantity,id_shop,id_shop_group]"
        rows, combined = [], set()
        for entity in self._entities.listed(
            "stock_availables", "id_product", map(str, product_ids), end, STOCK_AT_ONCE
        ):
            product_id = number_of(entity, "id_product")
            if entity.get("id_product_attribute") != "0":
                combined.add(product_id)
                continue
            row = StockRow(number_of(entity, "id"), product_id, number_of(entity, "quantity"))
            rows.append((entity, row))
        return {
            number: replace(row, has_combinations=number in combined)
            for number, row in rows_of_store(rows, self._store, self._profile).items()
        }

    def update_stock(self, quantities: Mapping[int, int]) -> None:
        """Stock row's id → pieces, in one PATCH; without PATCH the whole row is read and PUT back."""
        self._entities.change(
            "stock_availables",
            [{"id": str(row), "quantity": str(pieces)} for row, pieces in quantities.items()],
        )

    # --- categories ------------------------------------------------------------------------------------
    def find_categories(self, wanted: Iterable[tuple[str, int]]) -> dict[tuple[str, int], list[int]]:
        """(Name, parent's id) → ids of the parent's children that bear this name in any language, ascending;
        [] for none. Names are compared here, as names.fold_name has it: no filter of the shop does so."""
        found: dict[tuple[str, int], set[int]] = {pair: set() for pair in wanted}
        folded: dict[tuple[str, int], list[tuple[str, int]]] = {}
        for name, parent in found:
            folded.setdefault((fold_name(name), parent), []).append((name, parent))
        parents = map(str, sorted({parent for _, parent in found}))
        for path in filters.paths("/categories?filter[id_parent]=", parents, "&display=[id,name,id_parent]"):
            for entity in self._entities.pages(path, "categories"):
                for name in _texts(entity.get("name")):
                    for pair in folded.get((fold_name(name), number_of(entity, "id_parent")), []):
                        found[pair].add(number_of(entity, "id"))
        return {pair: sorted(ids) for pair, ids in found.items()}

    def categories_there(self, ids: Iterable[int]) -> set[int]:
        """Those of the ids that are categories of the shop still: a GET for each 500."""
        return self._entities.there("categories", ids)

    def create_categories(self, payloads: Sequence[Payload]) -> list[int]:
        """Make categories (transformers.category_creation_payload) in one POST → their ids, in order.

        After an error those before the bad one have been made. The shop rebuilds its tree once a request.
        """
        made = self._entities.write("POST", "categories", [to_entity(payload) for payload in payloads])
        return [number_of(entity, "id") for entity in made]

    def read_category(self, category_id: int) -> Payload:
        """All fields of a category, texts in all languages. NotFound when it is gone."""
        fields = to_payload(self._entities.present("categories", [str(category_id)])[category_id])
        fields.pop("categories", None)  # its children: not ours to send back
        return fields

    def update_category(self, category_id: int, changes: Payload) -> None:
        """Change fields of a category; a changed text holds all languages, as in update_products."""
        self._entities.change("categories", [to_entity(changes, category_id)] if changes else [])

    # --- manufacturers ---------------------------------------------------------------------------------
    def find_manufacturers(self, names: Iterable[str]) -> dict[str, list[int]]:
        """Each name → ids of the manufacturers that bear it, ascending; [] for none. "ACME", "Acme" and
        " acme " are one maker (names.fold_name). The shop's makers are listed, 1,000 a request."""
        found: dict[str, list[int]] = {}
        for entity in self._entities.pages("/manufacturers?display=[id,name]", "manufacturers"):
            found.setdefault(fold_name(entity.get("name", "")), []).append(number_of(entity, "id"))
        return {name: sorted(found.get(fold_name(name), [])) for name in names}

    def manufacturers_there(self, ids: Iterable[int]) -> set[int]:
        """Those of the ids that are manufacturers of the shop still: a GET for each 500."""
        return self._entities.there("manufacturers", ids)

    def create_manufacturers(self, names: Sequence[str]) -> list[int]:
        """Make active manufacturers in one POST → their ids, in order. Names are not unique in a shop: find
        them first. After an error those before the bad one have been made."""
        fields = [{"active": "1", "name": clean_name(name)} for name in names]
        return [number_of(entity, "id") for entity in self._entities.write("POST", "manufacturers", fields)]


def _stock_row_of(entity: Entity) -> int | None:
    """The id of a new product's own stock row; None where the answer does not tell of exactly one."""
    rows = entity.get("associations", {}).get("stock_availables", [])
    return number_of(rows[0], "id") if len(rows) == 1 else None


def _texts(value: Any) -> Iterable[str]:
    return value.values() if isinstance(value, dict) else [value]
