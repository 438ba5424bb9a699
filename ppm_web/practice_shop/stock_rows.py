"""Stock rows: where they are, the one that comes with a product, and the sum of the combinations'."""

from __future__ import annotations

from .fields import Value
from .store import Entity, Store


def add_stock_row(store: Store, product: int, combination: int) -> None:
    """The stock row that comes with a product or a combination: quantity 0 (recording stock_after_combo).

    A combination's row takes out_of_stock of the product's row (WHOLE, "Combinations").
    """
    main = find_stock_row(store, product, 0) if combination else None
    fields: dict[str, Value] = {
        "id_product": str(product),
        "id_product_attribute": str(combination),
        "id_shop": "1",
        "id_shop_group": "0",
        "quantity": "0",
        "depends_on_stock": "0",
        "out_of_stock": main.text("out_of_stock") if main else "2",
        "location": "",
    }
    store.save("stock_availables", Entity(0, fields))


def find_stock_row(store: Store, product: int, combination: int) -> Entity | None:
    """The row of a product (combination 0) or a combination; None if it is gone or was moved to shop 0."""
    for row in store["stock_availables"].where("id_product", product):
        if row.number("id_product_attribute") == combination and row.text("id_shop") == "1":
            return row
    return None


def sum_stock(store: Store, product: int) -> None:
    """Make the product's row the sum of those of its combinations; inside a transaction."""
    rows = store["stock_availables"].where("id_product", product)
    total = sum(row.number("quantity") for row in rows if row.number("id_product_attribute"))
    for row in rows:
        if row.number("id_product_attribute") == 0:
            store.change("stock_availables", row, quantity=str(total))
