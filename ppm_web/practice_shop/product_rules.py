"""Products and combinations: friendly URLs, stock rows, covers, and what goes with them."""

from __future__ import annotations

from .draft import Draft
from .errors import NO_ARRAY, WebserviceError, php_warning
from .fields import Value
from .rules_base import Rules
from .slug import is_slug, slugify
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
                item["id"]: item for item in categories if int(item["id"]) in draft.store["categories"].rows
            }
            draft.associations["categories"] = list(known.values())

    def saved(self, draft: Draft, entity: Entity) -> None:
        if draft.old is None:
            add_stock_row(draft.store, entity.id, 0)
        cover = draft.sent.plain.get("id_default_image", "")
        if draft.old is not None and cover.isdecimal():
            set_cover(draft.store, entity.id, int(cover))

    def deleting(self, store: Store, entity: Entity) -> None:
        for resource in ("stock_availables", "combinations", "specific_prices", "product_suppliers"):
            for row in store[resource].where("id_product", entity.id):
                store.delete(resource, row)
        for image in store.images.where("id_product", entity.id):
            store.delete("images", image)
            store.save_picture(f"products/{entity.id}/{image.id}", None)


class CombinationRules(Rules):
    def saved(self, draft: Draft, entity: Entity) -> None:
        if draft.old is not None:
            return
        product = draft.store["products"].get(entity.number("id_product"))
        add_stock_row(draft.store, entity.number("id_product"), entity.id)
        if product is None:
            return
        changes: dict[str, Value] = {"product_type": "combinations"}
        if not product.number("id_default_combination"):
            # The first becomes the default (recording prod_type_after_combination).
            changes["id_default_combination"] = str(entity.id)
            changes["cache_default_attribute"] = str(entity.id)
        draft.store.change("products", product, **changes)

    def deleting(self, store: Store, entity: Entity) -> None:
        product_id = entity.number("id_product")
        for row in store["stock_availables"].where("id_product", product_id):
            if row.number("id_product_attribute") == entity.id:
                store.delete("stock_availables", row)
        product = store["products"].get(product_id)
        if product is not None and product.number("id_default_combination") == entity.id:
            ids = store["combinations"].ids_where("id_product", str(product_id))
            default = next((str(other) for other in ids if other != entity.id), "0")
            store.change("products", product, id_default_combination=default, cache_default_attribute=default)


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


def add_stock_row(store: Store, product: int, combination: int) -> None:
    """The stock row that comes with a product or a combination: quantity 0 (recording stock_after_combo)."""
    fields: dict[str, Value] = {
        "id_product": str(product),
        "id_product_attribute": str(combination),
        "id_shop": "1",
        "id_shop_group": "0",
        "quantity": "0",
        "depends_on_stock": "0",
        "out_of_stock": "2",
        "location": "",
    }
    store.save("stock_availables", Entity(0, fields))


def set_cover(store: Store, product: int, cover: int) -> None:
    """Make one of the product's images its cover; any other id changes nothing."""
    images = store.images.where("id_product", product)
    if any(image.id == cover for image in images):
        for image in images:
            store.change("images", image, cover="1" if image.id == cover else "")
