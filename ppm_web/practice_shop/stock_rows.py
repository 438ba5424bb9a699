"""Stock rows: where they are, the one that comes with a product, and the sum of the combinations'.

A row is of one store (id_shop N, id_shop_group 0), or of a group that shares its stock (0, G).
"""

from __future__ import annotations

from .fields import Value
from .store import Entity, Store

Scope = tuple[int, int]


def scopes(store: Store, stores: tuple[int, ...] | None = None) -> list[Scope]:
    """Where these stores keep their stock, as (id_shop, id_shop_group); by default the stores called."""
    found: dict[Scope, None] = {}
    for identifier in store.stores if stores is None else stores:
        shop = store["shops"].get(identifier)
        group = store["shop_groups"].get(shop.number("id_shop_group")) if shop else None
        shares = group is not None and group.text("share_stock") == "1"
        found[(0, group.id) if group and shares else (identifier, 0)] = None
    return list(found)


def scope_of(row: Entity) -> Scope:
    return row.number("id_shop"), row.number("id_shop_group")


def is_lost(store: Store, row: Entity) -> bool:
    """Whether a row is of no store any more, as after a PUT without id_shop."""
    is_of_store = store["shops"].get(row.number("id_shop")) is not None
    return not is_of_store and scope_of(row) not in scopes(store.within(None))


def add_stock_row(store: Store, product: int, combination: int) -> None:
    """The stock rows that come with a product or a combination: quantity 0 (recording stock_after_combo).

    One for each place where the stores called keep their stock. A combination's row takes out_of_stock of the
    product's row (WHOLE, "Combinations").
    """
    rows = _rows(store, product)
    for scope in scopes(store):
        main = rows.get((scope, 0)) if combination else None
        if (scope, combination) in rows:
            continue
        fields: dict[str, Value] = {
            "id_product": str(product),
            "id_product_attribute": str(combination),
            "id_shop": str(scope[0]),
            "id_shop_group": str(scope[1]),
            "quantity": "0",
            "depends_on_stock": "0",
            "out_of_stock": main.text("out_of_stock") if main else "2",
            "location": "",
        }
        store.save("stock_availables", Entity(0, fields))


def find_stock_row(store: Store, product: int, combination: int) -> Entity | None:
    """The row of a product (combination 0) or a combination in the first store that is called and has one.

    None if it is gone or was moved to shop 0.
    """
    rows = _rows(store, product)
    found = (rows.get((scope, combination)) for scope in scopes(store))
    return next((row for row in found if row), None)


def sum_stock(store: Store, product: int) -> None:
    """Make the product's rows the sum of those of its combinations, each in its place."""
    rows = store["stock_availables"].where("id_product", product)
    for main in rows:
        if main.number("id_product_attribute") == 0:
            quantities = [
                row.number("quantity")
                for row in rows
                if row.number("id_product_attribute") and scope_of(row) == scope_of(main)
            ]
            store.change("stock_availables", main, quantity=str(sum(quantities)))


def _rows(store: Store, product: int) -> dict[tuple[Scope, int], Entity]:
    rows = store["stock_availables"].where("id_product", product)
    return {(scope_of(row), row.number("id_product_attribute")): row for row in reversed(rows)}
