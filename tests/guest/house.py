"""A practice shop with products of its people, of which PPM holds some, and what is told of changes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from ppm_web.models import PrestaShopShop, Product, ProductText
from ppm_web.practice_shop import Change, PracticeShop, difference
from ppm_web.services.catalog import writing as catalog_writing
from ppm_web.services.publishing.outlooks import Outlook
from ppm_web.services.publishing.previews import preview
from ppm_web.services.sync import requests as sync_requests
from tests.factories import make_category, make_manufacturer, make_product
from tests.guest.steps import by_hand
from tests.services.pictures import picture

FIELDS = {
    "EAN code": {"ean13"},
    "active switch": {"active"},
    "price": {"price"},
    "weight": {"weight"},
    "width": {"width"},
    "height": {"height"},
    "depth": {"depth"},
    "name": {"name"},
    "short description": {"description_short"},
    "description": {"description"},
    "friendly URL": {"link_rewrite"},
    "meta title": {"meta_title"},
    "meta description": {"meta_description"},
    "tax group": {"id_tax_rules_group"},
    "manufacturer": {"id_manufacturer"},
    "main category": {"id_category_default"},
    "categories": {"associations.categories"},
    "quantity": {"quantity"},
    "reference (SKU)": {"reference"},
}
"""The words of a preview → the fields of the shop that they stand for."""
BOOKS = {"date_upd": "", "indexed": "active", "position_in_category": "associations.categories"}
"""What the shop itself keeps of a change → the field that must have changed for it, "" for any."""


@dataclass(slots=True)
class House:
    """A practice shop with products of its people, as a shop of PPM, and the worker."""

    practice: PracticeShop
    shop: PrestaShopShop
    work: Callable[[], None]
    product: Product

    def request(self, **wish: Any) -> None:
        """Ask that the product be synced, and work."""
        sync_requests.request_product_sync(self.product.id, self.shop.id, by="test", **wish)
        self.work()

    def edit(self, **changes: Any) -> None:
        """Change the product in the catalogue."""
        catalog_writing.update_product(self.product.id, changes)  # type: ignore[arg-type]

    def told(self) -> set[str]:
        """Fields of the product that the preview says would change."""
        found = preview(self.product.id, self.shop.id)
        assert found.outlook in (Outlook.LINK, Outlook.UPDATE, Outlook.NONE), found.problems
        words = {change.name for change in found.changes}
        return {field for word in words for field in FIELDS.get(word, {word})}

    def watch(self, act: Callable[[], object]) -> list[Change]:
        """What is another in the shop after ``act``."""
        before = self.practice.picture()
        act()
        return difference(before, self.practice.picture())

    @property
    def number(self) -> int:
        """The product's id in the shop."""
        found = self.practice.find_product("MUG-1")
        assert found is not None
        identifier: int = found["id"]
        return identifier

    def of_product(self, changes: list[Change]) -> set[str]:
        """The changed fields of the product and its stock; fails at anything else that is not new."""
        number, stock = self.number, self.stock_row
        fields = set()
        for change in changes:
            if (change.resource, change.id) in (("products", number), ("stock_availables", stock)):
                fields.add(change.field)
            else:
                assert change.before is None, change
                assert change.resource in {"categories", "manufacturers"}, change
        return without_books(fields)

    @property
    def stock_row(self) -> int:
        """The id of the stock row of the product itself."""
        own = (str(self.number), "0")
        for row in self.practice.rows("stock_availables"):
            if (row["id_product"], row["id_product_attribute"]) == own:
                identifier: int = row["id"]
                return identifier
        raise AssertionError("the product has no stock row")


def without_books(fields: set[str]) -> set[str]:
    """The fields but those that the shop changes by itself when another one changes."""
    return {field for field in fields if field not in BOOKS or (BOOKS[field] and BOOKS[field] not in fields)}


def people(practice: PracticeShop) -> None:
    """What the shop's people have made: a product of which PPM holds some, one with combinations, German."""
    office = practice.back_office
    texts = {"1": "Shoes", "2": "Buty"}
    shoes = practice.create(
        "categories", {"id_parent": "2", "active": "0", "name": texts, "link_rewrite": {"1": "s", "2": "b"}}
    )
    mug = by_hand(practice, "MUG-1", weight="9", id_category_default=str(shoes))
    office.edit("products", mug, {}, {"categories": [{"id": str(shoes)}]})
    office.set_stock(mug, 7)
    shirt = by_hand(practice, "SHIRT")
    sizes = office.add_option("Size", ["S", "L"])
    image = office.add_image(shirt, picture("navy"), "A shirt")
    office.add_image(mug, picture("grey"), "A mug")
    office.add_combination(shirt, [sizes["S"]], 4, images=[image])
    office.add_combination(shirt, [sizes["L"]], 6)
    german = str(office.add_language("de"))
    for number in (mug, shirt):
        office.edit("products", number, {"name": {german: "Becher"}, "meta_title": {german: "Titel"}})


def catalogue() -> Product:
    texts = [
        ProductText(language=code, name=f"Mug {code}", short_description="<p>S</p>", description="<p>D</p>",
                    slug=f"mug-{code}", meta_title="T", meta_description="M")
        for code in ("en", "pl")
    ]  # fmt: skip
    return make_product(
        texts=texts,
        active=True,
        width=Decimal(1),
        height=Decimal(1),
        depth=Decimal(1),
        manufacturer=make_manufacturer(),
        categories=(make_category("Mugs"),),
    )
