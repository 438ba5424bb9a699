"""Several stores in one PrestaShop (R28; MULTISTORE.md): which there are, and what belongs to all of them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

from ppm_web.prestashop.payloads import Entity
from ppm_web.prestashop.values import ShopProfile, StockRow, Store

SHARED_PRODUCT_FIELDS: Final = frozenset(
    {"reference", "ean13", "weight", "width", "height", "depth", "categories"}
)
"""A product's fields that are the same in all stores: changed in one, they are changed in all (trap 5)."""
SHARED_CATEGORY_FIELDS: Final = frozenset({"active", "id_parent"})
"""The same of a category (trap 7)."""

List = Callable[[str, str, str], list[Entity]]


def read_stores(listed: List) -> tuple[Store, ...]:
    """All stores that are not deleted; () where the key may not list them.

    Two GETs, one where there is only one store. `listed` takes resource, node and query.
    """
    shops = [row for row in listed("shops", "shop", "?display=full") if row.get("deleted") != "1"]
    groups = {}
    if len(shops) > 1:
        groups = {row.get("id", ""): row for row in listed("shop_groups", "shop_group", "?display=full")}
    found = []
    for row in shops:
        group = groups.get(row.get("id_shop_group", ""), {})
        found.append(
            Store(
                id=_number(row, "id"),
                name=row.get("name", ""),
                active=row.get("active") == "1",
                group=_number(row, "id_shop_group"),
                group_name=group.get("name", ""),
                shares_stock=group.get("share_stock") == "1",
                home=_number(row, "id_category"),
            )
        )
    return tuple(sorted(found, key=lambda store: store.id))


def stock_filter(store: int | None, profile: ShopProfile | None) -> str:
    """The part of a path that picks a store's rows of stock: they are listed for all stores, whatever id_shop
    says (trap 4). "" where it is not known whether the store's group shares its stock."""
    if (known := _known(store, profile)) is None:
        return ""
    if known.shares_stock:
        return f"&filter[id_shop]=[0]&filter[id_shop_group]=[{known.group}]"
    return f"&filter[id_shop]=[{known.id}]"


def rows_of_store(
    rows: Sequence[tuple[Entity, StockRow]], store: int | None, profile: ShopProfile | None
) -> dict[int, StockRow]:
    """Product id → its row of the store's stock. Without a store the first row of each.

    Where the stores are not known (a key for one of them) its own row comes first, then the only one of a
    group; of rows of several groups none.
    """
    if store is None:
        return {row.product_id: row for _, row in reversed(rows)}
    known = _known(store, profile)
    own = {row.product_id: row for entity, row in rows if _number(entity, "id_shop") == store}
    shared: dict[int, list[StockRow]] = {}
    for entity, row in rows:
        of_group = not _number(entity, "id_shop") and _number(entity, "id_shop_group")
        if of_group and (known is None or of_group == known.group):
            shared.setdefault(row.product_id, []).append(row)
    only = {product_id: found[0] for product_id, found in shared.items() if len(found) == 1}
    if known is not None:
        return only if known.shares_stock else own
    return only | own


def _known(store: int | None, profile: ShopProfile | None) -> Store | None:
    """The store, where the key may list it and its group."""
    found = profile.store(store) if profile is not None else None
    return found if found is not None and found.group_name else None


def _number(entity: Entity, field: str) -> int:
    text = str(entity.get(field, "")).strip()
    return int(text) if text.isdecimal() else 0
