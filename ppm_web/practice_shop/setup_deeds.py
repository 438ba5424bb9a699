"""What the shop's people do to its languages, taxes and currencies."""

from __future__ import annotations

from collections.abc import Callable

from .clock import now
from .errors import DeedError
from .fields import TextValue, Value
from .rows import add_row, configure, configured
from .store import Entity, Store


def row_of(store: Store, resource: str, identifier: int) -> Entity:
    """Raises DeedError for a resource that holds nothing here, and for a row that is not there."""
    if resource not in store.tables:
        raise DeedError(f"this shop holds no {resource}")
    entity = store[resource].get(identifier)
    if entity is None:
        raise DeedError(f"there is no row {identifier} in {resource}")
    return entity


def add_language(store: Store, iso_code: str, name: str) -> int:
    """Every translated field gets the default language's text in the new one, as PrestaShop copies them."""
    default = store.languages[0]
    language = add_row(
        store, "languages", name=name or iso_code, iso_code=iso_code, locale=f"{iso_code}-{iso_code.upper()}",
        language_code=iso_code, active="1", date_format_lite="Y-m-d", date_format_full="Y-m-d H:i:s",
    )  # fmt: skip
    new = str(language.id)
    _retext(store, lambda texts: texts | {new: texts.get(default, "")})
    return language.id


def remove_language(store: Store, language: int) -> None:
    """Raises DeedError for the default language, which PrestaShop keeps."""
    entity, gone = row_of(store, "languages", language), str(language)
    if gone == store.languages[0]:
        raise DeedError("the default language cannot be removed")
    store.delete("languages", entity)
    _retext(store, lambda texts: {other: text for other, text in texts.items() if other != gone})


def copy_tax_group(store: Store, group: int, name: str, rate: str) -> int:
    """PrestaShop keeps the old group, deleted, for past orders, and moves the products to a copy.

    Their date_upd stays. name and rate (per cent, "23") are kept if empty; the rate is that of the shop's own
    country.
    """
    old = row_of(store, "tax_rule_groups", group)
    new = store.save("tax_rule_groups", Entity(0, old.fields | {"date_upd": now()}))
    if name:
        new = store.change("tax_rule_groups", new, name=name)
    store.change("tax_rule_groups", old, deleted="1", date_upd=now())
    for rule in [rule for rule in store["tax_rules"].all() if rule.number("id_tax_rules_group") == group]:
        fields: dict[str, Value] = rule.fields | {"id_tax_rules_group": str(new.id)}
        if rate and rule.text("id_country") == configured(store, "PS_COUNTRY_DEFAULT"):
            fields["id_tax"] = str(_tax(store, rate))
        store.save("tax_rules", Entity(0, fields))
    for product in list(store["products"].all()):
        if product.number("id_tax_rules_group") == group:
            store.change("products", product, id_tax_rules_group=str(new.id))
    return new.id


def change_currency(store: Store, iso_code: str) -> int:
    """The currency is added if it is not there; its rate becomes 1, prices stay as they are."""
    found = [row for row in store["currencies"].all() if row.text("iso_code") == iso_code]
    if found:
        currency = store.change("currencies", found[0], active="1", deleted="0", conversion_rate="1.000000")
    else:
        currency = add_currency(store, iso_code)
    configure(store, "PS_CURRENCY_DEFAULT", str(currency.id))
    return currency.id


CURRENCIES = {
    "PLN": ("Polish Zloty", "zł", "985"),
    "EUR": ("Euro", "€", "978"),
    "CZK": ("Czech Koruna", "Kč", "203"),
    "GBP": ("British Pound", "£", "826"),
    "USD": ("US Dollar", "$", "840"),
}


def add_currency(store: Store, iso_code: str, rate: str = "1.000000") -> Entity:
    """Raises DeedError for a code that has not three capitals."""
    if not (len(iso_code) == 3 and iso_code.isascii() and iso_code.isalpha() and iso_code.isupper()):
        raise DeedError(f"{iso_code!r} is no code of a currency: give one like EUR")
    name, symbol, number = CURRENCIES.get(iso_code, (iso_code, iso_code, ""))
    return add_row(
        store, "currencies", names=dict.fromkeys(store.languages, name), name=name,
        symbol=dict.fromkeys(store.languages, symbol), iso_code=iso_code, numeric_iso_code=number,
        precision="2", conversion_rate=rate, active="1",
    )  # fmt: skip


def _tax(store: Store, rate: str) -> int:
    """A tax with this rate: one that is there, or a new one."""
    wanted = f"{float(rate):.3f}"
    for tax in store["taxes"].all():
        if tax.text("rate") == wanted and tax.text("deleted") != "1":
            return tax.id
    name = f"{float(rate):g}%"
    return add_row(store, "taxes", rate=wanted, active="1", name=dict.fromkeys(store.languages, name)).id


def _retext(store: Store, change: Callable[[TextValue], TextValue]) -> None:
    """Change the texts of every row, as a language comes or goes; no date moves."""
    for resource, table in store.tables.items():
        for entity in list(table.all()):
            texts = {name: change(value) for name, value in entity.fields.items() if isinstance(value, dict)}
            if texts:
                store.change(resource, entity, **texts)
