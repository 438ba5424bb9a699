"""What a shop is like, asked of its Webservice (R21: test a connection)."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal, InvalidOperation

from ppm_web.prestashop.answers import Reply
from ppm_web.prestashop.errors import KeyRefused, MethodRefused
from ppm_web.prestashop.payloads import Entity
from ppm_web.prestashop.values import RemoteLanguage, ShopProfile, TaxGroup
from ppm_web.prestashop.xml import entities, rights

FEW_PRODUCTS = 20
"""Of so few products a first publication may change all without asking."""
_SETTINGS = ("PS_LANG_DEFAULT", "PS_COUNTRY_DEFAULT", "PS_HOME_CATEGORY", "PS_ROOT_CATEGORY")


def read_profile(get: Callable[[str], Reply]) -> ShopProfile:
    """Six GETs, in an ordinary shop. `get` takes a path below /api and raises PrestaShopError.

    What the key may not read gives an empty part (see ShopProfile); the root refused raises.
    """
    start = get("/")
    shop_name, allowed = rights(start.root)
    reader = _Reader(get, allowed)
    languages = tuple(
        RemoteLanguage(_number(e, "id"), e.get("iso_code", ""), e.get("name", ""), e.get("active") == "1")
        for e in reader.entities("languages", "language", "?display=full")
    )
    settings = _settings(reader)
    country = settings.get("PS_COUNTRY_DEFAULT", 0)
    home, root_category = _categories(reader, settings)
    return ShopProfile(
        version=start.headers.get("PSWS-Version", ""),
        shop_name=shop_name,
        languages=languages,
        default_language=settings.get("PS_LANG_DEFAULT", 0) or _first_active(languages),
        default_country=country,
        home_category=home,
        root_category=root_category,
        tax_groups=_tax_groups(reader, country) if country else (),
        can_patch="PATCH" in allowed.get("products", frozenset()),
        rights=allowed,
        few_products=_has_few_products(reader, allowed),
    )


class _Reader:
    """Reads lists, and takes "not allowed" for an empty one."""

    def __init__(self, get: Callable[[str], Reply], allowed: dict[str, frozenset[str]]) -> None:
        self._get = get
        self._allowed = allowed

    def entities(self, resource: str, node: str, query: str) -> list[Entity]:
        if "GET" not in self._allowed.get(resource, frozenset()):
            return []
        try:
            return entities(self._get(f"/{resource}{query}").root, node)
        except (KeyRefused, MethodRefused):
            return []


def _has_few_products(reader: _Reader, allowed: dict[str, frozenset[str]]) -> bool:
    """Whether no more than FEW_PRODUCTS are there; no count can be asked for (WHOLE.md "Reading …")."""
    if "GET" not in allowed.get("products", frozenset()):
        return False
    listed = reader.entities("products", "product", f"?display=[id]&limit={FEW_PRODUCTS + 1}")
    return len(listed) <= FEW_PRODUCTS


def _settings(reader: _Reader) -> dict[str, int]:
    """Configuration name → id. In a multistore the row without id_shop holds for all: it comes first."""
    rows = reader.entities(
        "configurations", "configuration", f"?filter[name]=[{'%7C'.join(_SETTINGS)}]&display=full"
    )
    rows.sort(key=lambda row: (_number(row, "id_shop"), _number(row, "id_shop_group")))
    found: dict[str, int] = {}
    for row in rows:
        found.setdefault(row.get("name", ""), _number(row, "value"))
    return found


def _categories(reader: _Reader, settings: dict[str, int]) -> tuple[int, int]:
    """Home and Root: from the settings, else the shop's own category, else the one marked as a root."""
    home, root = settings.get("PS_HOME_CATEGORY", 0), settings.get("PS_ROOT_CATEGORY", 0)
    if not home:
        shops = reader.entities("shops", "shop", "?display=full")
        home = next((_number(shop, "id_category") for shop in shops if shop.get("active") == "1"), 0)
    if not home or not root:
        marked = reader.entities(
            "categories", "category", "?filter[is_root_category]=[1]&display=[id,id_parent]&sort=[id_ASC]"
        )
        # Root itself bears the mark in some shops; a home has a parent.
        homes = [category for category in marked if _number(category, "id_parent")]
        mine = next((category for category in homes if not home or _number(category, "id") == home), {})
        home, root = home or _number(mine, "id"), root or _number(mine, "id_parent")
    return home, root


def _tax_groups(reader: _Reader, country: int) -> tuple[TaxGroup, ...]:
    """Groups in use with their rate in the country: tax_rules → taxes.rate (README; contract "taxes")."""
    rules = reader.entities("tax_rules", "tax_rule", f"?filter[id_country]=[{country}]&display=full")
    rules.sort(key=lambda rule: (_number(rule, "id_state"), rule.get("zipcode_from", "0") not in {"", "0"}))
    rates = {
        _number(tax, "id"): rate
        for tax in reader.entities("taxes", "tax", "?display=full")
        if tax.get("deleted") != "1" and (rate := _rate(tax)) is not None
    }
    of_group: dict[int, Decimal] = {}
    for rule in rules:  # the rule for the whole country comes first, those for states and towns after it
        if (tax_id := _number(rule, "id_tax")) in rates:
            of_group.setdefault(_number(rule, "id_tax_rules_group"), rates[tax_id])
    return tuple(
        TaxGroup(group_id, group.get("name", ""), of_group[group_id])
        for group in reader.entities("tax_rule_groups", "tax_rule_group", "?display=full")
        if (group_id := _number(group, "id")) in of_group
        and group.get("deleted") != "1"
        and group.get("active") != "0"
    )


def _first_active(languages: tuple[RemoteLanguage, ...]) -> int:
    return next((language.id for language in languages if language.active), 0)


def _number(entity: Entity, field: str) -> int:
    """The field as an int, 0 for none: 8.2 writes "", 9.1 writes 0 where nothing is set."""
    text = str(entity.get(field, "")).strip()
    return int(text) if text.isdecimal() else 0


def _rate(tax: Entity) -> Decimal | None:
    try:
        return Decimal(tax.get("rate", ""))
    except InvalidOperation:
        return None
