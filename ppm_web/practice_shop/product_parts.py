"""What a product is joined with: categories, features, accessories, the items of a pack."""

from __future__ import annotations

from .draft import Draft
from .errors import WebserviceError, php_warning
from .rules_base import twin_error
from .store import Entity, Store

Items = list[dict[str, str]]


def check_parts(draft: Draft) -> None:
    """Set right what was sent of them, as the shop does; what is then an error comes after the save."""
    sent = draft.sent.associations
    for name in ("categories", "accessories"):
        if draft.associations.get(name):
            # What is not there is dropped without a word (recording prod_patch_bad_category; WHOLE, trap 18).
            resource = "products" if name == "accessories" else name
            known = [item for item in draft.associations[name] if draft.store[resource].get(int(item["id"]))]
            is_once = name == "categories" or draft.dialect.takes_twins_once
            draft.associations[name] = _once(known) if is_once else known
    if "product_features" in sent:
        _check_features(draft)
    if "product_bundle" in sent:
        _check_bundle(draft)
    elif draft.sent.plain.get("type") in {"simple", "virtual"}:
        draft.associations["product_bundle"] = []  # and product_type stays (WHOLE, trap 12)
    is_pack = bool(draft.associations.get("product_bundle"))
    draft.stored["cache_is_pack"] = "1" if is_pack else "0"
    if is_pack and "product_bundle" in sent:
        draft.stored["product_type"] = "pack"


def drop_custom_values(store: Store, product: Entity) -> None:
    """Custom values go with the first deleted product that has them (WHOLE, trap 17)."""
    for item in product.associations.get("product_features", []):
        value = store["product_feature_values"].get(int(item.get("id_feature_value") or 0))
        if value is not None and value.text("custom") == "1":
            store.delete("product_feature_values", value)


def _check_features(draft: Draft) -> None:
    """A pair twice: 9 takes it once, 8 dies and loses what follows (WHOLE, trap 19)."""
    pairs: Items = []
    for item in draft.associations["product_features"]:
        value = item.get("id_feature_value", "")
        if not value:
            place = "classes/Product.php, line 6944"
            draft.trouble = WebserviceError(500, php_warning('Undefined array key "id_feature_value"', place))
        pair = {"id": item["id"], "id_feature_value": value or "0"}
        if pair not in pairs:
            pairs.append(pair)
        elif not draft.dialect.takes_twins_once:
            draft.trouble = twin_error(draft.dialect)
            break
    draft.associations["product_features"] = pairs


def _check_bundle(draft: Draft) -> None:
    """Written as product_attribute_id, read as id_product_attribute (WHOLE, trap 13)."""
    bundle: Items = []
    for item in draft.associations["product_bundle"]:
        product = draft.store["products"].get(int(item["id"]))
        if "quantity" not in item:
            warning = php_warning('Undefined array key "quantity"', "classes/Product.php, line 7330")
            draft.trouble = WebserviceError(500, warning)
        if product is not None:
            combination = item.get("product_attribute_id") or str(product.number("id_default_combination"))
            quantity = item.get("quantity", "1")
            bundle.append({"id": item["id"], "id_product_attribute": combination, "quantity": quantity})
    draft.associations["product_bundle"] = bundle


def _once(items: Items) -> Items:
    return list({item["id"]: item for item in items}.values())
