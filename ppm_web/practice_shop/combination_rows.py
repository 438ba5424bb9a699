"""Combinations as the shop keeps them: which one is the default, and what goes with a deleted one."""

from __future__ import annotations

from .fields import Value
from .stock_rows import sum_stock
from .store import Entity, Store


def set_default(store: Store, product: int, combination: int) -> None:
    """Make a combination the product's default; with one that is not there none is (WHOLE, trap 14)."""
    for row in store["combinations"].where("id_product", product):
        if (row.text("default_on") == "1") != (row.id == combination):
            store.change("combinations", row, default_on="1" if row.id == combination else None)
    _note_default(store, product, combination)


def settle_product(store: Store, product_id: int) -> None:
    """What a write of any combination sets right in its product: the type, and the default if there is none.

    Without default_on=1 the first combination is taken, and its default_on stays empty (WHOLE).
    """
    product = store["products"].get(product_id)
    if product is None:
        return
    rows = store["combinations"].where("id_product", product_id)
    chosen = next((row.id for row in rows if row.text("default_on") == "1"), None)
    known = product.number("id_default_combination")
    first = known if any(row.id == known for row in rows) else (rows[0].id if rows else 0)
    _note_default(store, product_id, chosen or first)
    product = store["products"].get(product_id)
    if rows and product is not None:
        store.change("products", product, product_type="combinations")


def drop_combination(store: Store, combination: Entity) -> None:
    """Delete a combination with its stock row and specific prices; another becomes the default."""
    product = combination.number("id_product")
    was_default = combination.text("default_on") == "1"
    for resource in ("stock_availables", "specific_prices"):
        for row in store[resource].where("id_product", product):
            if row.number("id_product_attribute") == combination.id:
                store.delete(resource, row)
    store.delete("combinations", combination)
    sum_stock(store, product)
    left = store["combinations"].where("id_product", product)
    if was_default and left:
        set_default(store, product, left[0].id)
    else:
        settle_product(store, product)


def keep_combinations(store: Store, product: int, items: list[dict[str, str]]) -> None:
    """The combinations association of a product was sent: what it leaves out is deleted, what it names of
    another product is taken from that one, and its stock row stays behind (WHOLE, trap 1).
    """
    wanted = {item.get("id", "") for item in items}
    for row in store["combinations"].where("id_product", product):
        if str(row.id) not in wanted:
            drop_combination(store, row)
    for identifier in sorted(int(text) for text in wanted if text.isdecimal()):
        named = store["combinations"].get(identifier)
        if named is not None and named.number("id_product") != product:
            store.change("combinations", named, id_product=str(product))


def _note_default(store: Store, product_id: int, combination: int) -> None:
    product = store["products"].get(product_id)
    default = str(combination)
    changes: dict[str, Value] = {"id_default_combination": default, "cache_default_attribute": default}
    if product is not None and any(product.text(name) != default for name in changes):
        store.change("products", product, **changes)
