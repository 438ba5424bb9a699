"""What goes into this package and comes out of it: plain frozen values, no behaviour but reading and writing.

Money and measures are Decimal, never float: price in the shop's default currency net of tax, weight in the
shop's weight unit (kg), width, height and depth in its dimension unit (cm).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
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
    """A language of the shop; iso_code "en", which in PrestaShop may also be "gb" or "br".

    tag: "pt-br", "" where the shop does not tell it.
    """

    id: int
    iso_code: str
    name: str
    active: bool
    tag: str = ""


@dataclass(frozen=True, slots=True)
class TaxGroup:
    """A tax group of the shop with its rate in per cent in the shop's default country: Decimal("23.000").

    products: how many of the shop's newest products have it, counted only where several groups have its rate.
    """

    id: int
    name: str
    rate: Decimal
    products: int = 0


@dataclass(frozen=True, slots=True)
class Currency:
    """The shop's default currency; iso_code "PLN"."""

    id: int
    iso_code: str


@dataclass(frozen=True, slots=True)
class Store:
    """One of the stores of a PrestaShop (its id_shop); home is its own home category.

    Where its group shares its stock, the stores of the group have one row of stock together.
    """

    id: int
    name: str
    active: bool
    group: int
    group_name: str
    shares_stock: bool
    home: int


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

    def has(self, product_id: int) -> bool:
        """Whether the product has the reference, in whatever capitals."""
        return product_id in self.ids or any(product_id == number for number, _ in self.alike)


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
    currency: Currency | None = None
    """None: it could not be told."""
    stores: tuple[Store, ...] = ()
    """All that are not deleted; of a key for one store none, as it may not list them."""
    live_groups: tuple[int, ...] = ()
    """Ids of all tax groups in use, also of those without a rate in the default country; () = unknown."""
    mark: str = ""
    """Of what is looked at again every few minutes (profile.read_mark): another one means that more moved."""
    printed: str = ""
    """What the shop printed around an answer, as PHP notices are; "" = nothing."""

    def store(self, store_id: int | None) -> Store | None:
        """The store of that id, None where it is not known."""
        return next((store for store in self.stores if store.id == store_id), None)

    def to_json(self) -> dict[str, Any]:
        """Plain JSON values, for a JSON column; the rates are strings."""
        return {
            "version": self.version,
            "shop_name": self.shop_name,
            "default_language": self.default_language,
            "default_country": self.default_country,
            "home_category": self.home_category,
            "root_category": self.root_category,
            "can_patch": self.can_patch,
            "few_products": self.few_products,
            "currency": asdict(self.currency) if self.currency else None,
            "live_groups": list(self.live_groups),
            "mark": self.mark,
            "printed": self.printed,
            "languages": [asdict(language) for language in self.languages],
            "stores": [asdict(store) for store in self.stores],
            "tax_groups": [{**asdict(group), "rate": str(group.rate)} for group in self.tax_groups],
            "rights": {resource: sorted(methods) for resource, methods in sorted(self.rights.items())},
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> ShopProfile:
        """What to_json wrote, also before there were stores. KeyError when a part is missing."""
        currency = data.get("currency")
        return cls(
            version=data["version"],
            shop_name=data["shop_name"],
            languages=tuple(RemoteLanguage(**language) for language in data["languages"]),
            default_language=data["default_language"],
            default_country=data["default_country"],
            home_category=data["home_category"],
            root_category=data["root_category"],
            tax_groups=tuple(
                TaxGroup(**{**group, "rate": Decimal(group["rate"])}) for group in data["tax_groups"]
            ),
            can_patch=data["can_patch"],
            few_products=data.get("few_products", False),
            rights={resource: frozenset(methods) for resource, methods in data["rights"].items()},
            currency=Currency(**currency) if currency else None,
            stores=tuple(Store(**store) for store in data.get("stores", ())),
            live_groups=tuple(data.get("live_groups", ())),
            mark=data.get("mark", ""),
            printed=data.get("printed", ""),
        )
