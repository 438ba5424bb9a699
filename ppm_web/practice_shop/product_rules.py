"""Products: friendly URLs, stock rows, covers, and what goes with them."""

from __future__ import annotations

from .combination_rows import keep_combinations, set_default
from .draft import Draft
from .errors import NO_ARRAY, WebserviceError, php_warning
from .image_rows import drop_image, set_cover
from .rules_base import Rules
from .slug import is_slug, slugify
from .stock_rows import add_stock_row
from .store import Entity, Store


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
        categories = draft.associations.get("categories")
        if categories:
            # Categories that are not there are dropped without a word (recording prod_patch_bad_category).
            known = {
                item["id"]: item for item in categories if draft.store["categories"].get(int(item["id"]))
            }
            draft.associations["categories"] = list(known.values())

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
        had_combinations = bool(store["combinations"].where("id_product", entity.id))
        for resource in ("stock_availables", "combinations", "specific_prices", "product_suppliers"):
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
