"""What the shop's own people do, without the Webservice and its rules: for tests, and for /__practice."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

from .bodies import Sent
from .clock import now
from .computed import subtree
from .dialect import Dialect
from .errors import DeedError, PhpDiedError, WebserviceError
from .fields import Resource, Value
from .image_rows import add_image, drop_image, images_of, order_images
from .rows import add_row, configure
from .setup_deeds import add_language, change_currency, copy_tax_group, remove_language, row_of
from .stock_rows import find_stock_row, sum_stock
from .store import Associations, Entity, Store
from .validation import stored_value
from .writing import delete_entity, write_entity

Text = str | Mapping[str, str]


class BackOffice:
    """The deeds of the shop's people. Each is done as a whole, and raises DeedError if it cannot be.

    A text in several languages is a dict by language id ({"2": "Kubek"}: the others stay), or one text
    for all.
    """

    def __init__(self, store: Store, dialect: Dialect, counts: Counter[str] | None = None) -> None:
        self._store = store
        self._dialect = dialect
        self._counts: Counter[str] = Counter() if counts is None else counts

    @property
    def sales(self) -> int:
        """How many sales there were, in all stores, since the start or the last reset."""
        return self._counts["sales"]

    def in_store(self, store: int) -> BackOffice:
        """The back office of one store of several. Without it a deed is done in all stores that have the row;
        stock is then that of the first one.
        """
        row_of(self._store, "shops", store)
        return BackOffice(self._store.within((store,)), self._dialect, self._counts)

    def sell(self, product: int, quantity: int = 1, combination: int = 0) -> int:
        """Lower the stock as a sale does, also below 0, and return what is left there.

        Of a combination the product's own row is the sum again. The product's date_upd stays.
        """
        with self._store.transaction():
            row = find_stock_row(self._store, product, combination)
            if row is None:
                raise DeedError(f"product {product} has no stock row for combination {combination}")
            left = row.number("quantity") - quantity
            self._set_stock(row, left)
            self._counts["sales"] += 1
            return left

    def set_stock(self, product: int, quantity: int, combination: int = 0) -> None:
        """Set a quantity as the back office does: the product's own row is the sum of its combinations'."""
        with self._store.transaction():
            row = find_stock_row(self._store, product, combination)
            if row is None:
                raise DeedError(f"product {product} has no stock row for combination {combination}")
            self._set_stock(row, quantity)

    def edit(
        self,
        resource: str,
        identifier: int,
        fields: Mapping[str, Text | None],
        associations: Mapping[str, Sequence[Mapping[str, str]]] | None = None,
    ) -> None:
        """Change any fields of a row, without a rule; date_upd is now, unless it is among the fields.

        Numbers are stored as the shop writes them ("12.5" as "12.500000"), texts as they are given.
        """
        with self._store.transaction():
            entity = row_of(self._store, resource, identifier)
            spec = self._store[resource].resource
            values = {name: self._value(spec, entity, name, value) for name, value in fields.items()}
            if "date_upd" in spec.field_by_name:
                values.setdefault("date_upd", now())
            kept: Associations = dict(entity.associations)
            for name, items in (associations or {}).items():
                if name not in spec.association_by_name:
                    raise DeedError(f"{resource} have no association {name}")
                kept[name] = [dict(item) for item in items]
            self._store.save(resource, Entity(entity.id, entity.fields | values, kept))

    def delete(self, resource: str, identifier: int) -> None:
        """Delete a row with what hangs on it, as a DELETE does: a product, a combination, a manufacturer …"""
        with self._store.transaction():
            row_of(self._store, resource, identifier)
            if resource == "images":
                self.delete_image(identifier)
            else:
                delete_entity(self._store, self._store[resource].resource, str(identifier))

    def delete_category(self, category: int) -> None:
        """Its subcategories go, too; its products stay and id_category_default points nowhere (trap 10)."""
        self.delete("categories", category)

    def move_category(self, category: int, parent: int) -> None:
        """Put a category below another one; the depths below it are set right."""
        with self._store.transaction():
            row_of(self._store, "categories", parent)
            if parent in subtree(self._store, category):
                raise DeedError("a category cannot be put below itself")
            self.edit("categories", category, {"id_parent": str(parent)})
            self._set_depths(category)

    def add_option(self, name: str, values: Sequence[str] = ()) -> dict[str, int]:
        """A new option ("Colour") with its values: their ids by name; the option's own id is at ""."""
        with self._store.transaction():
            names: Value = dict.fromkeys(self._store.languages, name)
            option = add_row(
                self._store, "product_options", group_type="select", name=names, public_name=names
            )
            return {"": option.id} | {value: self.add_option_value(option.id, value) for value in values}

    def add_option_value(self, option: int, name: str) -> int:
        with self._store.transaction():
            row_of(self._store, "product_options", option)
            names: Value = dict.fromkeys(self._store.languages, name)
            others = self._store["product_option_values"].where("id_attribute_group", option)
            return add_row(
                self._store, "product_option_values", id_attribute_group=str(option), name=names,
                position=str(len(others)),
            ).id  # fmt: skip

    def add_combination(
        self,
        product: int,
        values: Sequence[int],
        quantity: int = 0,
        fields: Mapping[str, Text] | None = None,
        images: Sequence[int] = (),
    ) -> int:
        """A combination of these option values with its stock row; the product's own row is the sum.

        fields: any of a combination ("reference", "price" for the impact, "ean13", "default_on": "1" …),
        which the shop checks as it checks those of a POST.
        """
        with self._store.transaction():
            store = self._store.within_those_of("products", row_of(self._store, "products", product))
            plain = {name: value for name, value in (fields or {}).items() if isinstance(value, str)}
            texts = {
                name: dict(value) for name, value in (fields or {}).items() if not isinstance(value, str)
            }
            links = {"product_option_values": _items(values), "images": _items(images)}
            plain = {"minimal_quantity": "1"} | plain | {"id_product": str(product)}
            made = self._written(store, "combinations", "POST", Sent("", plain, texts, links))
            self.set_stock(product, quantity, made.id)
            return made.id

    def set_default_combination(self, product: int, combination: int) -> None:
        with self._store.transaction():
            row_of(self._store, "combinations", combination)
            sent = Sent(str(product), {"id_default_combination": str(combination)})
            self._written(self._store, "products", "PATCH", sent)

    def add_image(self, product: int, content: bytes, legend: Text = "") -> int:
        """Add a picture at the end; the first is the cover. Returns its id."""
        with self._store.transaction():
            row_of(self._store, "products", product)
            image = add_image(self._store, product, content)
            self.set_legend(image.id, legend)
            return image.id

    def replace_image(self, image: int, content: bytes) -> None:
        """Another picture in the place of this one, as a replaced file: its id stays."""
        with self._store.transaction():
            entity = row_of(self._store, "images", image)
            self._store.save_picture(f"products/{entity.text('id_product')}/{image}", content)

    def delete_image(self, image: int) -> None:
        """The cover passes to the first image that is left, as in the back office."""
        with self._store.transaction():
            entity = row_of(self._store, "images", image)
            drop_image(self._store, entity)
            left = images_of(self._store, entity.number("id_product"))
            if left and not any(other.text("cover") == "1" for other in left):
                self.set_cover(left[0].id)

    def order_images(self, product: int, images: Sequence[int]) -> None:
        """Put the product's images, all of them, in this order."""
        with self._store.transaction():
            order_images(self._store, product, images)

    def set_cover(self, image: int) -> None:
        with self._store.transaction():
            product = row_of(self._store, "images", image).number("id_product")
            for other in self._store.images.where("id_product", product):
                self._store.change("images", other, cover="1" if other.id == image else "")

    def set_legend(self, image: int, legend: Text) -> None:
        """The image's alt text, which no resource of the Webservice shows or writes (see picture)."""
        with self._store.transaction():
            entity = row_of(self._store, "images", image)
            self._store.change("images", entity, legend=self._texts(entity, "legend", legend))

    def set_combination_images(self, combination: int, images: Sequence[int]) -> None:
        """The images that a combination shows."""
        self.edit("combinations", combination, {}, {"images": _items(images)})

    def add_language(self, iso_code: str, name: str = "") -> int:
        """A new language; PrestaShop copies the default language's texts into it, everywhere. Its id."""
        with self._store.transaction():
            return add_language(self._store, iso_code, name)

    def remove_language(self, language: int) -> None:
        """A language goes with all its texts."""
        with self._store.transaction():
            remove_language(self._store, language)

    def set_default_language(self, language: int) -> None:
        with self._store.transaction():
            row_of(self._store, "languages", language)
            configure(self._store, "PS_LANG_DEFAULT", str(language))

    def edit_tax_group(self, group: int, name: str = "", rate: str = "") -> int:
        """Change a tax rules group: the shop copies it, marks the old one deleted, and moves the products.

        Returns the copy's id. name and rate (per cent in the shop's country, "23") stay if empty.
        """
        with self._store.transaction():
            return copy_tax_group(self._store, group, name, rate)

    def set_default_currency(self, iso_code: str) -> int:
        """Another default currency ("EUR"), added if it is not there; prices stay numbers. Its id."""
        with self._store.transaction():
            return change_currency(self._store, iso_code)

    def _written(self, store: Store, resource: str, method: str, sent: Sent) -> Entity:
        try:
            return write_entity(store, self._dialect, store[resource].resource, method, sent)
        except (WebserviceError, PhpDiedError) as error:
            raise DeedError(f"the shop refuses it: {error}") from error

    def _set_stock(self, row: Entity, quantity: int) -> None:
        self._store.change("stock_availables", row, quantity=str(quantity))
        if row.number("id_product_attribute"):
            sum_stock(self._store, row.number("id_product"))

    def _value(self, spec: Resource, entity: Entity, name: str, value: Text | None) -> Value:
        field = spec.field_by_name.get(name)
        if field is None:
            raise DeedError(f"{spec.name} have no field {name}")
        if field.i18n:
            return self._texts(entity, name, value or "")
        if not (value is None or isinstance(value, str)):
            raise DeedError(f"{name} is no text in several languages")
        return stored_value(field, value, self._store.languages)

    def _texts(self, entity: Entity, name: str, text: Text) -> Value:
        if isinstance(text, str):
            return dict.fromkeys(self._store.languages, text)
        return dict.fromkeys(self._store.languages, "") | entity.texts(name) | dict(text)

    def _set_depths(self, category: int) -> None:
        entity = row_of(self._store, "categories", category)
        parent = self._store["categories"].get(entity.number("id_parent"))
        depth = str(parent.number("level_depth") + 1 if parent else 0)
        self._store.change("categories", entity, level_depth=depth)
        for child in list(self._store["categories"].ids_where("id_parent", str(category))):
            self._set_depths(child)


def _items(identifiers: Sequence[int]) -> list[dict[str, str]]:
    return [{"id": str(identifier)} for identifier in identifiers]
