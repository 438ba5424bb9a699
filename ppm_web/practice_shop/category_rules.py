"""Categories: the tree, its depths, and what happens to the products of a deleted branch."""

from __future__ import annotations

from .computed import subtree
from .draft import Draft
from .errors import NO_ARRAY, PhpDiedError, WebserviceError, php_warning
from .product_rules import make_link_rewrite
from .rules_base import Rules
from .store import Entity, Store


class CategoryRules(Rules):
    keeps_languages = True  # recording cat_patch_name_one_language

    def modify(self, draft: Draft) -> None:
        if draft.method == "POST":
            self._check_texts_sent(draft)
        make_link_rewrite(draft)

    def check(self, draft: Draft) -> None:
        parent_id = draft.number("id_parent")
        parent = draft.store["categories"].get(parent_id)
        if parent_id and parent is None:
            raise PhpDiedError  # recording cat_post_bad_parent
        if draft.old is not None and parent_id in subtree(draft.store, draft.old.id):
            raise PhpDiedError
        depth = parent.number("level_depth") + 1 if parent else 0
        draft.set("level_depth", str(depth))

    def saved(self, draft: Draft, entity: Entity) -> None:
        if draft.old is not None and draft.old.text("level_depth") != entity.text("level_depth"):
            self._sink(draft.store, entity)

    def deleting(self, store: Store, entity: Entity) -> None:
        gone = subtree(store, entity.id)
        for category in sorted(gone - {entity.id}):
            below = store["categories"].get(category)
            if below is not None:
                store.delete("categories", below)
        for category in gone:
            for product_id in list(store.memberships.products(category)):
                self._leave(store, product_id, gone)

    def _check_texts_sent(self, draft: Draft) -> None:
        """Texts without languages are PHP warnings (recordings cat_post_plain_name, _no_linkrewrite)."""
        if "name" not in draft.sent.texts:
            raise WebserviceError(500, php_warning(NO_ARRAY, "classes/Category.php, line 2068"))
        if "link_rewrite" not in draft.sent.texts:
            text = "Only the first byte will be assigned to the string offset"
            warning = php_warning(text, "classes/Category.php, line 2070")
            raise WebserviceError(500, *[warning] * len(draft.store.languages))

    def _sink(self, store: Store, category: Entity) -> None:
        """Set the depths below a category that has moved."""
        for child in store["categories"].where("id_parent", category.id):
            depth = str(category.number("level_depth") + 1)
            self._sink(store, store.change("categories", child, level_depth=depth))

    def _leave(self, store: Store, product_id: int, gone: set[int]) -> None:
        product = store["products"].get(product_id)
        if product is None:
            return
        kept = [item for item in product.associations["categories"] if int(item["id"]) not in gone]
        associations = product.associations | {"categories": kept}
        store.save("products", Entity(product.id, product.fields, associations))
