"""A row leaves some stores and stays in others: its stock there goes, and so do a product's combinations."""

from __future__ import annotations

from .combination_rows import drop_combination
from .stock_rows import scope_of, scopes, sum_stock
from .store import Entity, Store


def leave_stores(store: Store, resource: str, entity: Entity) -> bool:
    """Take a row out of the stores called; False, and nothing done, if it is in no other."""
    if not store.leave(resource, entity):
        return False
    if resource == "products":
        for combination in store["combinations"].where("id_product", entity.id):
            if not leave_stores(store, "combinations", combination):
                drop_combination(store.within(None), combination)
        _drop_stock(store, entity.id, None)
    elif resource == "combinations":
        _drop_stock(store, entity.number("id_product"), entity.id)
        sum_stock(store, entity.number("id_product"))
    return True


def _drop_stock(store: Store, product: int, combination: int | None) -> None:
    """Rows of a group that shares its stock stay as long as a store of it has the product."""
    resource, identifier = ("products", product) if combination is None else ("combinations", combination)
    having = tuple(one for one in store.within(None).stores if store.within((one,))[resource].get(identifier))
    gone = set(scopes(store)) - set(scopes(store, having))
    for row in store["stock_availables"].where("id_product", product):
        is_wanted = combination is None or row.number("id_product_attribute") == combination
        if is_wanted and scope_of(row) in gone:
            store.delete("stock_availables", row)
