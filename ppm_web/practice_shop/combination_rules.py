"""Combinations, and the options and values that they are made of."""

from __future__ import annotations

from .combination_rows import drop_combination, settle_product
from .draft import Draft
from .rules_base import Rules, twin_error
from .stock_rows import add_stock_row
from .store import Associations, Entity, Store


class CombinationRules(Rules):
    def check(self, draft: Draft) -> None:
        is_default = draft.stored.get("default_on") == "1"
        draft.stored["default_on"] = "1" if is_default else None
        others = draft.store["combinations"].where("id_product", draft.number("id_product"))
        own = draft.old.id if draft.old else 0
        if is_default and any(row.text("default_on") == "1" and row.id != own for row in others):
            raise twin_error(draft.dialect)
        values = draft.associations.get("product_option_values")
        if values:
            # Values that are not there are stored, but never shown (WHOLE, trap 18).
            known = draft.store["product_option_values"]
            draft.associations["product_option_values"] = [
                item for item in values if known.get(int(item["id"]))
            ]
        _drop_images(draft)

    def saved(self, draft: Draft, entity: Entity) -> None:
        if draft.old is None:
            add_stock_row(draft.store, entity.number("id_product"), entity.id)
        settle_product(draft.store, entity.number("id_product"))

    def deleting(self, store: Store, entity: Entity) -> None:
        drop_combination(store, entity)


class OptionRules(Rules):
    def check(self, draft: Draft) -> None:
        draft.stored["is_color_group"] = "1" if draft.stored.get("group_type") == "color" else "0"

    def deleting(self, store: Store, entity: Entity) -> None:
        """Its values go, and out of the combinations, which stay without them (WHOLE, trap 2)."""
        values = store["product_option_values"].where("id_attribute_group", entity.id)
        gone = {str(value.id) for value in values}
        for combination in _combinations_with(store, gone):
            left = [
                item for item in combination.associations["product_option_values"] if item["id"] not in gone
            ]
            associations: Associations = combination.associations | {"product_option_values": left}
            store.save("combinations", Entity(combination.id, combination.fields, associations))
        for value in values:
            store.delete("product_option_values", value)


class OptionValueRules(Rules):
    def check(self, draft: Draft) -> None:
        if draft.old is None and not draft.sent.has("position"):
            others = draft.store["product_option_values"].where(
                "id_attribute_group", draft.number("id_attribute_group")
            )
            draft.set("position", str(len(others)))

    def deleting(self, store: Store, entity: Entity) -> None:
        """Every combination that has it goes, in all products (WHOLE, trap 2)."""
        for combination in _combinations_with(store, {str(entity.id)}):
            drop_combination(store, combination)


def _combinations_with(store: Store, values: set[str]) -> list[Entity]:
    return [
        row
        for row in store["combinations"].all()
        if any(item["id"] in values for item in row.associations.get("product_option_values", []))
    ]


def _drop_images(draft: Draft) -> None:
    """Values that are sent drop the images, unless these follow in the same body (WHOLE, trap 3)."""
    sent = list(draft.sent.associations)
    if draft.old is None or "product_option_values" not in sent:
        return
    if "images" not in sent or sent.index("images") < sent.index("product_option_values"):
        draft.associations["images"] = []
