"""What a new practice shop holds: the set-up of the recorded shops (Poland), as far as it matters."""

from __future__ import annotations

from .rows import add_row
from .setup_deeds import add_currency
from .store import Store

# Of every tax group, the rules of the default country (14, Poland) and of some others, as recorded in
# list_tax_rules_full_json: id, group, country, tax. A rate is found by group AND country. The recorded shop
# has a second group of 23 % in Poland (rule 115 of group 5); it is left out, so that a rate has one group.
TAX_RULES = (
    (1, 1, 3, 1),
    (5, 1, 1, 1),
    (22, 1, 14, 1),
    (30, 2, 3, 2),
    (51, 2, 14, 2),
    (58, 3, 3, 3),
    (79, 3, 14, 3),
    (86, 4, 3, 4),
    (107, 4, 14, 4),
    (116, 5, 2, 5),
    (117, 5, 3, 6),
    (122, 5, 1, 7),
)
TAXES = (
    ("23.000", "PTU PL 23%"),
    ("8.000", "PTU PL 8%"),
    ("5.000", "PTU PL 5%"),
    ("0.000", "PTU PL 0"),
    ("20.000", "USt. AT 20%"),
    ("21.000", "TVA BE 21%"),
    ("19.000", "MwSt. DE 19%"),
)
TAX_GROUPS = (
    "PL Standard Rate (23%)",
    "PL Reduced Rate (8%)",
    "PL Reduced Rate (5%)",
    "PL Exempted Rate (0%)",
    "EU VAT For Virtual Products",
)
CONFIGURATIONS = (
    (1, "PS_LANG_DEFAULT", "1"),
    (6, "PS_CURRENCY_DEFAULT", "1"),
    (7, "PS_COUNTRY_DEFAULT", "14"),
    (15, "PS_STOCK_MANAGEMENT", "1"),
    (26, "PS_TAX", "1"),
    (31, "PS_WEIGHT_UNIT", "kg"),
    (103, "PS_DIMENSION_UNIT", "cm"),
    (151, "PS_SHOP_DEFAULT", "1"),
    (152, "PS_ROOT_CATEGORY", "1"),
    (153, "PS_HOME_CATEGORY", "2"),
    (268, "PS_USE_HTMLPURIFIER", "1"),
)
IMAGE_TYPES = (
    ("cart_default", 125, 125),
    ("small_default", 98, 98),
    ("medium_default", 452, 452),
    ("home_default", 250, 250),
    ("large_default", 800, 800),
)
COUNTRIES = ((1, "DE", "Germany", "Niemcy"), (2, "AT", "Austria", "Austria"), (3, "BE", "Belgium", "Belgia"))


def fill_store(store: Store, currency: str, *, stores: bool) -> None:
    """Fill an empty shop, with this default currency; one that holds languages already is left alone.

    stores: it shall have the four stores of MULTISTORE.md, in two groups, also one that had a single store.
    """
    with store.transaction():
        if not store["languages"].ids:
            _seed_setup(store, currency)
            _seed_taxes(store)
            _seed_categories(store)
        if stores and not store.is_multistore:
            add_row(store, "shop_groups", 2, name="Shared stock", active="1", share_stock="1")
            for identifier, group in ((2, 1), (3, 2), (4, 2)):
                _store(store, identifier, f"Store {identifier}", group)


def _seed_setup(store: Store, currency: str) -> None:
    _language(store, 1, "English (English)", "en", "en-US", "en-us", "m/d/Y")
    _language(store, 2, "Polski (Polish)", "pl", "pl-PL", "pl", "Y-m-d")
    add_currency(store, currency)
    add_row(store, "shop_groups", 1, name="Default", active="1")
    _store(store, 1, "Practice shop", group=1)
    for identifier, english, polish in (
        (1, "Visitor", "Odwiedzający"),
        (2, "Guest", "Gość"),
        (3, "Customer", "Klient"),
    ):
        add_row(store, "groups", identifier, show_prices="1", name=_texts(english, polish))
    for identifier, name, value in CONFIGURATIONS:
        add_row(store, "configurations", identifier, name=name, value=value)
    add_row(store, "zones", 1, name="Europe", active="1")
    for identifier, code, english, polish in (*COUNTRIES, (14, "PL", "Poland", "Polska")):
        add_row(
            store,
            "countries",
            identifier,
            id_zone="1",
            iso_code=code,
            active="1",
            name=_texts(english, polish),
        )
    for identifier, (name, width, height) in enumerate(IMAGE_TYPES, 1):
        add_row(
            store, "image_types", identifier, name=name, width=str(width), height=str(height), products="1"
        )


def _store(store: Store, identifier: int, name: str, group: int) -> None:
    add_row(
        store, "shops", identifier, id_shop_group=str(group), id_category="2", active="1", name=name,
        theme_name="classic",
    )  # fmt: skip
    virtual = "" if identifier == 1 else f"store{identifier}/"
    add_row(
        store, "shop_urls", identifier, id_shop=str(identifier), active="1", main="1", domain="localhost",
        domain_ssl="localhost", physical_uri="/", virtual_uri=virtual,
    )  # fmt: skip


def _language(store: Store, identifier: int, name: str, iso: str, locale: str, code: str, date: str) -> None:
    add_row(
        store, "languages", identifier, name=name, iso_code=iso, locale=locale, language_code=code,
        active="1", date_format_lite=date, date_format_full=f"{date} H:i:s",
    )  # fmt: skip


def _seed_taxes(store: Store) -> None:
    for identifier, (rate, name) in enumerate(TAXES, 1):
        add_row(store, "taxes", identifier, rate=rate, active="1", name=_texts(name, name))
    for identifier, name in enumerate(TAX_GROUPS, 1):
        add_row(store, "tax_rule_groups", identifier, name=name, active="1")
    for identifier, group, country, tax in TAX_RULES:
        add_row(
            store, "tax_rules", identifier, id_tax_rules_group=str(group), id_country=str(country),
            zipcode_from="0", zipcode_to="0", id_tax=str(tax),
        )  # fmt: skip


def _seed_categories(store: Store) -> None:
    for identifier, name, parent in ((1, "Root", 0), (2, "Home", 1)):
        slug = name.lower()
        add_row(
            store, "categories", identifier, id_parent=str(parent), level_depth=str(identifier - 1),
            active="1", id_shop_default="1", is_root_category=str(identifier - 1), name=_texts(name, name),
            link_rewrite=_texts(slug, slug),
        )  # fmt: skip


def _texts(english: str, polish: str) -> dict[str, str]:
    return {"1": english, "2": polish}
