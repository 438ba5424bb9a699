"""What a shop is like, asked of its Webservice (R21: test a connection; R27: fresh facts)."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal, InvalidOperation

from ppm_web.prestashop.answers import Reply
from ppm_web.prestashop.errors import KeyRefused, MethodRefused, StoreRefused
from ppm_web.prestashop.payloads import Entity
from ppm_web.prestashop.stores import read_stores
from ppm_web.prestashop.values import Currency, RemoteLanguage, ShopProfile, TaxGroup
from ppm_web.prestashop.xml import entities, rights

FEW_PRODUCTS = 20
"""Of so few products a first publication may change all without asking."""
Get = Callable[[str], Reply]
ShopRights = Mapping[str, frozenset[str]]

COUNTED = 2_000
"""Of so many of the shop's newest products it is counted which tax group they have."""
_SETTINGS = (
    "PS_LANG_DEFAULT",
    "PS_COUNTRY_DEFAULT",
    "PS_CURRENCY_DEFAULT",
    "PS_HOME_CATEGORY",
    "PS_ROOT_CATEGORY",
)


def read_profile(get: Get, store: int | None = None) -> ShopProfile:
    """Nine GETs, in an ordinary shop. `get` takes a path below /api and raises PrestaShopError.

    store: the one of several stores that is meant. What the key may not read gives an empty part (see
    ShopProfile); the root refused raises.
    """
    start = get("/")
    shop_name, allowed = rights(start.root)
    reader = _Reader(get, allowed)
    moving = _Moving.read(reader, store)
    stores = read_stores(reader.entities)
    found = ShopProfile(
        version=start.headers.get("PSWS-Version", ""),
        shop_name=shop_name,
        languages=moving.languages,
        default_language=moving.settings.get("PS_LANG_DEFAULT", 0) or _first_active(moving.languages),
        default_country=moving.settings.get("PS_COUNTRY_DEFAULT", 0),
        home_category=0,
        root_category=0,
        tax_groups=_tax_groups(reader, moving),
        can_patch="PATCH" in allowed.get("products", frozenset()),
        rights=allowed,
        few_products=_has_few_products(reader, allowed),
        currency=_currency(reader, moving.settings.get("PS_CURRENCY_DEFAULT", 0)),
        stores=stores,
        live_groups=tuple(number for number, _ in moving.groups),
        mark=moving.mark,
        printed=start.printed,
    )
    home, root = _categories(reader, moving.settings, _home(found, store, moving))
    return replace(found, home_category=home, root_category=root)


def read_mark(get: Get, known: ShopProfile, store: int | None = None) -> str:
    """ShopProfile.mark as the shop is now, in three GETs: languages, tax groups, default settings."""
    return _Moving.read(_Reader(get, known.rights), store).mark


class _Reader:
    """Reads lists, and takes "not allowed" for an empty one."""

    def __init__(self, get: Get, allowed: ShopRights) -> None:
        self._get = get
        self._allowed = allowed

    def entities(self, resource: str, node: str, query: str) -> list[Entity]:
        if "GET" not in self._allowed.get(resource, frozenset()):
            return []
        try:
            return entities(self._get(f"/{resource}{query}").root, node)
        except StoreRefused:
            if resource in {"shops", "shop_groups"}:  # a key for one store may not list them
                return []
            raise
        except (KeyRefused, MethodRefused):
            return []


def _has_few_products(reader: _Reader, allowed: dict[str, frozenset[str]]) -> bool:
    """Whether no more than FEW_PRODUCTS are there; no count can be asked for (WHOLE.md "Reading …")."""
    if "GET" not in allowed.get("products", frozenset()):
        return False
    listed = reader.entities("products", "product", f"?display=[id]&limit={FEW_PRODUCTS + 1}")
    return len(listed) <= FEW_PRODUCTS


@dataclass(frozen=True, slots=True)
class _Moving:
    """What a shop's people change now and then: looked at again every few minutes."""

    languages: tuple[RemoteLanguage, ...]
    groups: tuple[tuple[int, str], ...]
    settings: dict[str, int]

    @classmethod
    def read(cls, reader: _Reader, store: int | None) -> _Moving:
        languages = tuple(
            RemoteLanguage(
                _number(e, "id"),
                e.get("iso_code", ""),
                e.get("name", ""),
                e.get("active") == "1",
                (e.get("locale") or e.get("language_code") or "").lower(),
            )
            for e in reader.entities("languages", "language", "?display=full")
        )
        groups = tuple(
            (_number(group, "id"), group.get("name", ""))
            for group in reader.entities("tax_rule_groups", "tax_rule_group", "?display=full")
            if group.get("deleted") != "1" and group.get("active") != "0"
        )
        return cls(languages, groups, _settings(reader, store))

    @property
    def mark(self) -> str:
        told = repr((self.languages, self.groups, sorted(self.settings.items())))
        return hashlib.sha256(told.encode()).hexdigest()[:32]


def _settings(reader: _Reader, store: int | None) -> dict[str, int]:
    """Configuration name → id. Where there are several stores the row of the one that is meant comes first,
    then the row without id_shop, which holds for all."""
    rows = reader.entities(
        "configurations", "configuration", f"?filter[name]=[{'%7C'.join(_SETTINGS)}]&display=full"
    )
    rows.sort(
        key=lambda row: (
            store is None or _number(row, "id_shop") != store,
            _number(row, "id_shop"),
            _number(row, "id_shop_group"),
        )
    )
    found: dict[str, int] = {}
    for row in rows:
        found.setdefault(row.get("name", ""), _number(row, "value"))
    return found


def _currency(reader: _Reader, number: int) -> Currency | None:
    """The default currency; where the settings do not tell it, the only one that is in use."""
    listed = [
        row for row in reader.entities("currencies", "currency", "?display=full") if row.get("deleted") != "1"
    ]
    mine = [row for row in listed if _number(row, "id") == number]
    mine = mine or [row for row in listed if row.get("active") == "1" and not number]
    if len(mine) != 1 or not (code := mine[0].get("iso_code", "")):
        return None
    return Currency(_number(mine[0], "id"), code.upper())


def _home(profile: ShopProfile, store: int | None, moving: _Moving) -> int:
    """The home category of the store that is meant, else of the settings, else of the first active store."""
    if (mine := profile.store(store)) is not None and mine.home:
        return mine.home
    first = next((each.home for each in profile.stores if each.active), 0)
    return moving.settings.get("PS_HOME_CATEGORY", 0) or first


def _categories(reader: _Reader, settings: dict[str, int], home: int) -> tuple[int, int]:
    """Home and Root: the store's own category and the settings, else the one marked as a root."""
    root = settings.get("PS_ROOT_CATEGORY", 0)
    if not home or not root:
        marked = reader.entities(
            "categories", "category", "?filter[is_root_category]=[1]&display=[id,id_parent]&sort=[id_ASC]"
        )
        # Root itself bears the mark in some shops; a home has a parent.
        homes = [category for category in marked if _number(category, "id_parent")]
        mine = next((category for category in homes if not home or _number(category, "id") == home), {})
        home, root = home or _number(mine, "id"), root or _number(mine, "id_parent")
    return home, root


def _tax_groups(reader: _Reader, moving: _Moving) -> tuple[TaxGroup, ...]:
    """Groups in use with their rate in the country: tax_rules → taxes.rate (README; contract "taxes")."""
    country = moving.settings.get("PS_COUNTRY_DEFAULT", 0)
    if not country:
        return ()
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
    return _counted(
        reader,
        [TaxGroup(number, name, of_group[number]) for number, name in moving.groups if number in of_group],
    )


def _counted(reader: _Reader, groups: Sequence[TaxGroup]) -> tuple[TaxGroup, ...]:
    """Where several groups have one rate, each with how many products have it: the one in use is seen so."""
    same = Counter(group.rate for group in groups)
    if not any(count > 1 for count in same.values()):
        return tuple(groups)
    query = f"?display=[id,id_tax_rules_group]&sort=[id_DESC]&limit={COUNTED}"
    used = Counter(
        _number(row, "id_tax_rules_group") for row in reader.entities("products", "product", query)
    )
    return tuple(
        replace(group, products=used[group.id]) if same[group.rate] > 1 else group for group in groups
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
