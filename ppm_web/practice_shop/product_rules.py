"""Products: friendly URLs, stock rows, covers, and what goes with them."""

from __future__ import annotations

from decimal import Decimal

from .combination_rows import keep_combinations, set_default
from .draft import Draft
from .errors import NO_ARRAY, WebserviceError, php_warning
from .image_rows import drop_image, set_cover
from .product_parts import check_parts, drop_custom_values
from .rules_base import Rules
from .slug import is_slug, slugify
from .stock_rows import add_stock_row
from .store import Entity, Store

HANGING = (
    "stock_availables",
    "combinations",
    "specific_prices",
    "product_suppliers",
    "product_customization_fields",
)
REDIRECTS = frozenset(
    {
        "default", "404", "410", "301-product", "302-product", "301-category", "302-category",
        "200-displayed", "404-displayed", "410-displayed",
    }
)  # fmt: skip


class ProductRules(Rules):
    def modify(self, draft: Draft) -> None:
        if draft.method == "POST" and "name" not in draft.sent.texts:
            # Without a name, or with one that has no languages (recordings prod_post_no_name, _plain_name).
            raise WebserviceError(500, php_warning(NO_ARRAY, "classes/Product.php, line 8100"))
        make_link_rewrite(draft)

    def check(self, draft: Draft) -> None:
        draft.stored["new"] = (
            None  # echoed, but there is no such column (recordings prod_post_new, prod_get_xml)
        )
        is_found = draft.stored.get("visibility") in {"both", "search"}
        draft.stored["indexed"] = "1" if is_found and draft.stored.get("active") == "1" else "0"
        if draft.method == "PUT" and not draft.sent.has("product_type"):
            draft.stored["product_type"] = draft.dialect.type_left_out
        _check_words(draft)
        check_parts(draft)

    def saved(self, draft: Draft, entity: Entity) -> None:
        store = draft.store
        if draft.old is None:
            add_stock_row(store, entity.id, 0)
        elif "combinations" in draft.sent.associations:
            keep_combinations(store, entity.id, draft.sent.associations["combinations"])
        default = draft.sent.plain.get("id_default_combination")
        if draft.old is not None and default is not None:
            set_default(store, entity.id, int(default) if default.isdecimal() else 0)
        cover = draft.sent.plain.get("id_default_image")
        if draft.old is not None and cover is not None:
            set_cover(store, entity.id, int(cover) if cover.isdecimal() else 0)

    def deleting(self, store: Store, entity: Entity) -> None:
        drop_custom_values(store, entity)
        had_combinations = bool(store["combinations"].where("id_product", entity.id))
        for resource in HANGING:
            for row in store[resource].where("id_product", entity.id):
                store.delete(resource, row)
        if had_combinations:  # and for good: nothing deletes it (WHOLE, trap 8)
            add_stock_row(store, entity.id, 0)
        for image in store.images.where("id_product", entity.id):
            drop_image(store, image)


def make_link_rewrite(draft: Draft) -> None:
    """A friendly URL for each language with a name: made of the name if empty, of itself if it is no URL."""
    names = draft.raw.get("name")
    rewrites = draft.raw.get("link_rewrite")
    if not isinstance(names, dict):
        return
    given = rewrites if isinstance(rewrites, dict) else {}
    made = {}
    for language in draft.store.languages:
        text = given.get(language, "")
        made[language] = text if is_slug(text) else slugify(text or names.get(language, ""))
    if made != rewrites:
        draft.raw["link_rewrite"] = made


def _check_words(draft: Draft) -> None:
    """What the shop makes of some values (WHOLE, trap 15 and "The rest of a product")."""
    stored = draft.stored
    if stored.get("redirect_type") not in REDIRECTS:
        stored["redirect_type"] = ""
    stored["available_date"] = str(stored.get("available_date") or "")[:10] or "0000-00-00"
    price, unit_price = (Decimal(str(stored.get(name) or "0")) for name in ("price", "unit_price"))
    ratio = (price / unit_price).quantize(Decimal("0.000001")) if unit_price else Decimal("0.000000")
    stored["unit_price_ratio"] = str(ratio)
    kind = draft.sent.plain.get("type")
    if kind in {"simple", "pack", "virtual"} and not draft.sent.has("is_virtual"):
        stored["is_virtual"] = "1" if kind == "virtual" else "0"
