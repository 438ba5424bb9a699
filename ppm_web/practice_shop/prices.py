"""What a customer pays: ?price[x][…] on products and combinations (WHOLE, "Specific prices")."""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal

from .clock import now
from .errors import PhpDiedError
from .rows import configured
from .store import Entity, Store

_PARAMETER = re.compile(r"price\[(\w+)\](?:\[(\w+)\])?")
_NEVER = "0000-00-00"


@dataclass(frozen=True)
class Asked:
    """One price that was asked for: with tax, for the group Customer and one piece, unless told otherwise."""

    use_tax: bool = True
    use_reduction: bool = True
    group: str = "3"
    quantity: int = 1
    combination: int = 0


def asked_prices(query: dict[str, str]) -> dict[str, Asked]:
    """The prices by their names. Raises PhpDiedError for price[x]=1, which the shop dies of."""
    parameters: dict[str, dict[str, str]] = {}
    for key, value in query.items():
        match = _PARAMETER.fullmatch(key)
        if match and match[2] is None:
            raise PhpDiedError
        if match:
            parameters.setdefault(match[1], {})[match[2]] = value
    return {name: _asked(given) for name, given in parameters.items()}


def price_of(store: Store, entity: Entity, asked: Asked) -> str:
    """The price of a product, or of a combination with its product's; six decimals.

    "0.000000" for a product with combinations where none is named.
    """
    combination: Entity | None = entity if "id_product" in entity.fields else None
    product = store["products"].get(entity.number("id_product")) if combination else entity
    if combination is None and asked.combination:
        combination = store["combinations"].get(asked.combination)
    has_several = product is not None and bool(store["combinations"].ids_where("id_product", str(product.id)))
    if product is None or (combination is None and has_several):
        return _written(Decimal(0))
    chosen = _specific_price(store, product, combination, asked)
    is_fixed = chosen is not None and Decimal(chosen.text("price")) >= 0
    price = Decimal((chosen if chosen and is_fixed else product).text("price"))
    if combination and not (is_fixed and chosen and chosen.number("id_product_attribute")):
        price += Decimal(combination.text("price"))
    tax = 1 + _rate(store, product.text("id_tax_rules_group")) / 100
    if asked.use_tax:
        price *= tax
    if chosen and asked.use_reduction:
        price -= _reduction(chosen, price, tax, with_tax=asked.use_tax)
    return _written(max(price, Decimal(0)))


def _asked(given: dict[str, str]) -> Asked:
    def number(name: str, default: int) -> int:
        text = given.get(name, "")
        return int(text) if text.isascii() and text.isdecimal() and len(text) < 10 else default

    return Asked(
        use_tax=given.get("use_tax", "1") != "0",
        use_reduction=given.get("use_reduction", "1") != "0",
        group=given.get("group", "3"),
        quantity=number("quantity", 1),
        combination=number("product_attribute", 0),
    )


def _specific_price(store: Store, product: Entity, combination: Entity | None, asked: Asked) -> Entity | None:
    """The group's before that for all groups, even if dearer; then the highest from_quantity reached."""
    wanted = {
        "id_product_attribute": {"0", str(combination.id) if combination else "0"},
        "id_shop": {"0", str(store.stores[0])},
        "id_group": {"0", asked.group},
        "id_currency": {"0", configured(store, "PS_CURRENCY_DEFAULT")},
        "id_country": {"0", configured(store, "PS_COUNTRY_DEFAULT")},
        "id_customer": {"0"},
        "id_cart": {"0"},
    }
    today = now()
    fitting = [
        row
        for row in store["specific_prices"].where("id_product", product.id)
        if all((row.text(name) or "0") in values for name, values in wanted.items())
        and row.number("from_quantity") <= asked.quantity
        and (row.text("from").startswith(_NEVER) or row.text("from") <= today)
        and (row.text("to").startswith(_NEVER) or row.text("to") >= today)
    ]
    return max(fitting, key=_weight, default=None)


def _weight(row: Entity) -> tuple[bool, bool, int, bool, bool, bool]:
    return (
        row.number("id_product_attribute") > 0,
        row.number("id_group") > 0,
        row.number("from_quantity"),
        row.number("id_currency") > 0,
        row.number("id_country") > 0,
        row.number("id_shop") > 0,
    )


def _reduction(chosen: Entity, price: Decimal, tax: Decimal, *, with_tax: bool) -> Decimal:
    reduction = Decimal(chosen.text("reduction"))
    if chosen.text("reduction_type") == "percentage":
        return price * reduction
    is_gross = chosen.text("reduction_tax") == "1"
    if is_gross == with_tax:
        return reduction
    return reduction / tax if is_gross else reduction * tax


def _rate(store: Store, group: str) -> Decimal:
    """The per cent of a tax group in the shop's own country; 0 without a rule."""
    country = configured(store, "PS_COUNTRY_DEFAULT")
    for rule in store["tax_rules"].all():
        if (rule.text("id_tax_rules_group"), rule.text("id_country")) == (group, country):
            tax = store["taxes"].get(rule.number("id_tax"))
            return Decimal(tax.text("rate")) if tax else Decimal(0)
    return Decimal(0)


def _written(price: Decimal) -> str:
    return str(price.quantize(Decimal("0.000001"), ROUND_HALF_UP))
