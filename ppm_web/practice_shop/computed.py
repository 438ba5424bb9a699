"""Fields and associations that the shop computes when it is asked."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from .fields import Association, Field, Resource, Value
from .image_rows import cover_of, images_of
from .slug import slugify
from .stock_rows import scope_of, scopes
from .store import Entity, Store

Item = dict[str, str]


def value_of(store: Store, resource: Resource, entity: Entity, field: Field) -> Value | int:
    """The field's value as the Webservice shows it: computed where the shop computes it, stored elsewhere."""
    compute = COMPUTED.get((resource.name, field.name))
    return compute(store, entity) if compute else entity.fields.get(field.name)


def items_of(store: Store, resource: Resource, entity: Entity, association: Association) -> Iterable[Item]:
    """The items of an association: at least the id of each."""
    compute = COMPUTED_ITEMS.get((resource.name, association.name))
    return compute(store, entity) if compute else entity.associations.get(association.name, [])


def subtree(store: Store, category: int) -> set[int]:
    """The ids of a category and all those below it."""
    found = {category}
    waiting = [category]
    while waiting:
        for child in store["categories"].ids_where("id_parent", str(waiting.pop())):
            if child not in found:
                found.add(child)
                waiting.append(child)
    return found


def position_of(store: Store, product: Entity) -> str:
    """The product's place in its default category, from 1; empty if it is not in it."""
    position = store.memberships.position(product.number("id_category_default"), product.id)
    return str(position) if position else ""


def _type(store: Store, product: Entity) -> str:
    if any(_bundle(store, product)):
        return "pack"
    return "virtual" if product.text("is_virtual") == "1" else "simple"


def _cover_id(store: Store, product: Entity) -> str:
    cover = cover_of(store, product.id)
    return str(cover.id) if cover else ""


def _default_combination(_store: Store, product: Entity) -> int:
    return product.number("id_default_combination")


def _manufacturer_name(store: Store, product: Entity) -> str:
    manufacturer = store["manufacturers"].get(product.number("id_manufacturer"))
    return manufacturer.text("name") if manufacturer else ""


def _products_below(store: Store, category: Entity) -> str:
    products: set[int] = set()
    for below in subtree(store, category.id):
        products.update(store.memberships.products(below))
    return str(len(products) or -1)  # -1 for none: recording cat_post


def _name_slug(_store: Store, maker: Entity) -> str:
    return slugify(maker.text("name"))


COMPUTED: dict[tuple[str, str], Callable[[Store, Entity], str | int]] = {
    ("products", "type"): _type,
    ("products", "id_default_image"): _cover_id,
    ("products", "id_default_combination"): _default_combination,
    ("products", "position_in_category"): position_of,
    ("products", "manufacturer_name"): _manufacturer_name,
    ("categories", "nb_products_recursive"): _products_below,
    ("manufacturers", "link_rewrite"): _name_slug,
    ("suppliers", "link_rewrite"): _name_slug,
}


def _ids(identifiers: Iterable[int]) -> Iterable[Item]:
    return ({"id": str(identifier)} for identifier in identifiers)


def _product_images(store: Store, product: Entity) -> Iterable[Item]:
    return _ids(image.id for image in images_of(store, product.id))


def _product_combinations(store: Store, product: Entity) -> Iterable[Item]:
    return _ids(store["combinations"].ids_where("id_product", str(product.id)))


def _product_option_values(store: Store, product: Entity) -> Iterable[Item]:
    values: dict[str, Item] = {}
    for combination in store["combinations"].where("id_product", product.id):
        for item in combination.associations.get("product_option_values", []):
            values[item["id"]] = item
    return values.values()


def _product_stock(store: Store, product: Entity) -> Iterable[Item]:
    own = scopes(store)[:1] if store.context else scopes(store)
    for row in store["stock_availables"].where("id_product", product.id):
        if scope_of(row) in own:
            yield {"id": str(row.id), "id_product_attribute": row.text("id_product_attribute")}


def _category_children(store: Store, category: Entity) -> Iterable[Item]:
    return _ids(store["categories"].ids_where("id_parent", str(category.id)))


def _category_products(store: Store, category: Entity) -> Iterable[Item]:
    return _ids(store.memberships.products(category.id))


def _bundle(store: Store, product: Entity) -> Iterable[Item]:
    return _still_there(store, "products", product.associations.get("product_bundle", []))


def _accessories(store: Store, product: Entity) -> Iterable[Item]:
    return _still_there(store, "products", product.associations.get("accessories", []))


def _still_there(store: Store, resource: str, items: Iterable[Item]) -> Iterable[Item]:
    return (item for item in items if store[resource].get(int(item["id"])))


def _option_values(store: Store, option: Entity) -> Iterable[Item]:
    return _ids(store["product_option_values"].ids_where("id_attribute_group", str(option.id)))


COMPUTED_ITEMS: dict[tuple[str, str], Callable[[Store, Entity], Iterable[Item]]] = {
    ("products", "images"): _product_images,
    ("products", "combinations"): _product_combinations,
    ("products", "product_option_values"): _product_option_values,
    ("products", "stock_availables"): _product_stock,
    ("products", "accessories"): _accessories,
    ("products", "product_bundle"): _bundle,
    ("categories", "categories"): _category_children,
    ("categories", "products"): _category_products,
    ("product_options", "product_option_values"): _option_values,
}
