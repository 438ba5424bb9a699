"""Categories: the tree, its depths, and what happens to the products of a deleted branch."""

from __future__ import annotations

from .computed import subtree
from .draft import Draft
from .errors import NO_ARRAY, PhpDiedError, WebserviceError, php_warning
from .product_rules import make_link_rewrite
from .rules_base import Rules
from .store import Entity, Store


class CategoryRules(Rules):
    def modify(self, draft: Draft) -> None:
        if draft.method == "POST":
            self._check_texts_sent(draft)
        make_link_rewrite(draft)

    def check(self, draft: Draft) -> None:
        parent_id = draft.number("id_parent")
        parent = draft.store["categories"].get(parent_id)
        if parent_id and parent is None:
            raise PhpDiedError  # recording cat_post_bad_parent
        if draft.old is not None and parent_id == draft.old.id:
            raise PhpDiedError
        # Below its own child it is taken, and makes a loop (WHOLE, trap 9).
        depth = parent.number("level_depth") + 1 if parent else 0
        draft.set("level_depth", str(depth))

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

    def _leave(self, store: Store, product_id: int, gone: set[int]) -> None:
        product = store["products"].get(product_id)
        if product is None:
            return
        kept = [item for item in product.associations["categories"] if int(item["id"]) not in gone]
        associations = product.associations | {"categories": kept}
        store.save("products", Entity(product.id, product.fields, associations))
