"""What goes into this package and comes out of it: plain frozen values, no behaviour but reading and writing.

Money and measures are Decimal, never float: price in the shop's default currency net of tax, weight in the
shop's weight unit (kg), width, height and depth in its dimension unit (cm).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

Payload = dict[str, Any]
"""PrestaShop field name → canonical value, JSON-serialisable and stable (same input, same JSON):

- decimals: str with 6 places, "12.500000"; booleans: "1" or "0"; other numbers: str, "7"
- texts in several languages: {"<id_lang>": text}
- categories: a sorted list of ints
- quantity: the stock as str; kept here for diffs and hashes, never sent to /products (400 code 93)
"""


@dataclass(frozen=True, slots=True)
class ProductText:
    """A product's texts in one language; None = not held, "" = emptied (R25). The descriptions are HTML, the
    rest is plain text."""

    name: str | None
    short_description: str | None = None
    description: str | None = None
    slug: str | None = None
    meta_title: str | None = None
    meta_description: str | None = None


@dataclass(frozen=True, slots=True)
class ProductSnapshot:
    """A product of PPM as it is now; texts by language code ("en", "pl"). None = not held (R25)."""

    sku: str
    price_net: Decimal
    texts: Mapping[str, ProductText]
    ean13: str | None = None
    active: bool | None = None
    quantity: int | None = None
    weight: Decimal | None = None
    width: Decimal | None = None
    height: Decimal | None = None
    depth: Decimal | None = None


@dataclass(frozen=True, slots=True)
class CategoryText:
    """A category's texts in one language; None = not held, "" = emptied (R25). The description is HTML, the
    rest is plain text."""

    name: str | None
    description: str | None = None
    slug: str | None = None
    meta_title: str | None = None
    meta_description: str | None = None


@dataclass(frozen=True, slots=True)
class CategorySnapshot:
    """A category of PPM; `name` is the working name, used where a language has no text. `active` None = the
    shop's own switch stands."""

    name: str
    active: bool | None
    texts: Mapping[str, CategoryText]


@dataclass(frozen=True, slots=True)
class RemoteIds:
    """The shop's own ids for what a product refers to. They differ from shop to shop.

    languages: language code → id_lang, for the languages that PPM maps.
    tax_rules_group: 0 = no tax. manufacturer: 0 = none. categories: primary one first, never empty.
    None = not held: the shop's own stays. home: where a product goes that is made without categories.
    """

    languages: Mapping[str, int]
    tax_rules_group: int
    manufacturer: int | None
    categories: Sequence[int] | None
    home: int = 0


@dataclass(frozen=True, slots=True)
class RemoteLanguage:
    """A language of the shop; iso_code "en"."""

    id: int
    iso_code: str
    name: str
    active: bool


@dataclass(frozen=True, slots=True)
class TaxGroup:
    """A tax group of the shop with its rate in per cent in the shop's default country: Decimal("23.000")."""

    id: int
    name: str
    rate: Decimal


@dataclass(frozen=True, slots=True)
class StockRow:
    """The stock of a product: id is the stock_availables row's. Of a product that has combinations in the
    shop it is their sum, which is never written (WHOLE.md, trap 4)."""

    id: int
    product_id: int
    quantity: int
    has_combinations: bool = False


@dataclass(frozen=True, slots=True)
class MadeProduct:
    """A product that a POST made: its id, and its stock row's where the answer told (recording
    prod_post_full)."""

    id: int
    stock_id: int | None


@dataclass(frozen=True, slots=True)
class Found:
    """What a shop has of a reference: ids of products that have it, of those whose reference differs by
    capitals alone (id, reference), and of products one of whose combinations has it."""

    ids: tuple[int, ...] = ()
    alike: tuple[tuple[int, str], ...] = ()
    combinations_of: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class RemoteProduct:
    """A product as read from the shop: fields in Payload form, texts in ALL of the shop's languages."""

    id: int
    fields: Payload


@dataclass(frozen=True, slots=True)
class ShopProfile:
    """What a shop is like, as its Webservice told.

    An id of 0 and an empty tuple mean that the key may not read it or the shop has none; `rights` says which:
    resource name → methods that the key may use ("GET", "POST", "PUT", "PATCH", "DELETE", "HEAD").
    """

    version: str
    shop_name: str
    languages: tuple[RemoteLanguage, ...]
    default_language: int
    default_country: int
    home_category: int
    root_category: int
    tax_groups: tuple[TaxGroup, ...]
    can_patch: bool
    rights: Mapping[str, frozenset[str]]
    few_products: bool = False
    """Whether it has 20 products at the most."""

    def to_json(self) -> dict[str, Any]:
        """Plain JSON values, for a JSON column; the rates are strings."""
        return {
            "version": self.version,
            "shop_name": self.shop_name,
            "languages": [
                {
                    "id": language.id,
                    "iso_code": language.iso_code,
                    "name": language.name,
                    "active": language.active,
                }
                for language in self.languages
            ],
            "default_language": self.default_language,
            "default_country": self.default_country,
            "home_category": self.home_category,
            "root_category": self.root_category,
            "tax_groups": [
                {"id": group.id, "name": group.name, "rate": str(group.rate)} for group in self.tax_groups
            ],
            "can_patch": self.can_patch,
            "few_products": self.few_products,
            "rights": {resource: sorted(methods) for resource, methods in sorted(self.rights.items())},
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> ShopProfile:
        """What to_json wrote. KeyError when a part is missing."""
        return cls(
            version=data["version"],
            shop_name=data["shop_name"],
            languages=tuple(RemoteLanguage(**language) for language in data["languages"]),
            default_language=data["default_language"],
            default_country=data["default_country"],
            home_category=data["home_category"],
            root_category=data["root_category"],
            tax_groups=tuple(
                TaxGroup(id=group["id"], name=group["name"], rate=Decimal(group["rate"]))
                for group in data["tax_groups"]
            ),
            can_patch=data["can_patch"],
            few_products=data.get("few_products", False),
            rights={resource: frozenset(methods) for resource, methods in data["rights"].items()},
        )
