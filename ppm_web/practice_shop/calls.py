"""Which stores a request calls: id_shop, id_group_shop, and a key of one store."""

from __future__ import annotations

from .errors import NoSuchStoreError, WebserviceError
from .messages import Request
from .rows import configured
from .store import Store

NOT_ALLOWED = (132, "Webservice key is not allowed on this shop")


def called_stores(store: Store, request: Request, only: int | None) -> tuple[int, ...]:
    """The stores that a request calls; without id_shop and id_group_shop the default one (trap 1).

    only is the one store of a store's key. Raises WebserviceError: 403, code 132, for id_shop=0 and where the
    key is of another store; 500, code 999, for a group without stores; NoSuchStoreError for a store that is
    not there.
    """
    wanted, group = request.query.get("id_shop", ""), request.query.get("id_group_shop", "")
    known = [shop.id for shop in store["shops"].all()]
    if wanted == "all":
        called = tuple(known)
    elif wanted:
        called = (_number(wanted),)
    elif group:
        called = tuple(shop.id for shop in store["shops"].all() if shop.text("id_shop_group") == group)
        if not called:
            raise WebserviceError(500, (999, "This group shop doesn't have shops"))
    else:
        called = (int(configured(store, "PS_SHOP_DEFAULT") or "1"),)
    if called == (0,):
        raise WebserviceError(403, NOT_ALLOWED)
    if not set(called) <= set(known):
        raise NoSuchStoreError
    if only is not None and (called != (only,) or request.resource == "shops"):
        raise WebserviceError(403, NOT_ALLOWED)
    return called


def _number(text: str) -> int:
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 10 else -1
