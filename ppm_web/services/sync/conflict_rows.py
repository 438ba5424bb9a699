"""A product's conflicts in a shop as a page shows them: three values each, and what may be pressed (R26)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from ppm_web.extensions import db, reading
from ppm_web.models import PrestaShopShop, ProductSyncStatus
from ppm_web.prestashop.conflict_words import shown_value
from ppm_web.prestashop.plain_words import field_word
from ppm_web.services.publishing.group import STORE
from ppm_web.services.publishing.words import Names
from ppm_web.services.shops import client as shop_client
from ppm_web.services.shops import mappings
from ppm_web.services.sync.conflicts import may_take

NOT_SETTLED: Final = frozenset({"reference"})
"""Another product stands where ours was: a press of a button must not write over it."""


@dataclass(frozen=True, slots=True)
class ConflictRow:
    """A field that was changed here and in the shop. ``key`` names it to ``settle``; ``language`` is a code,
    "" where the field has none. ``store``: only another store has the product, ``theirs`` is its id."""

    key: str
    word: str
    language: str
    ours: str
    theirs: str
    base: str
    may_keep: bool
    may_take: bool
    store: bool


def conflict_rows(status: ProductSyncStatus) -> list[ConflictRow]:
    """The row's conflicts, in the order in which they were found; none where it has none."""
    if not status.conflicts:
        return []
    with reading():
        shop = db.session.get_one(PrestaShopShop, status.shop_id)
        profile = shop_client.profile_of(shop)
    languages = mappings.languages(shop.id, profile) if profile else {}
    codes = {str(number): code for code, number in languages.items()}
    readers: dict[str, Callable[[Any], str]] = {}
    if profile:
        names = Names(shop.id, profile)
        readers = {"id_tax_rules_group": names.tax_group, "id_manufacturer": names.manufacturer}
    return [_row(key, values, codes, readers) for key, values in status.conflicts.items()]


def _row(
    key: str,
    values: Mapping[str, Any],
    codes: Mapping[str, str],
    readers: Mapping[str, Callable[[Any], str]],
) -> ConflictRow:
    name, _, language = key.partition(".")
    store = name == STORE

    def shown(side: str) -> str:
        value = values.get(side)
        if value is None:
            return ""
        return shown_value(name, readers[name](value) if name in readers else value)

    return ConflictRow(
        key=key,
        word=field_word(name),
        language=codes.get(language, language),
        ours=shown("ours"),
        theirs=shown("theirs"),
        base=shown("base"),
        may_keep=name not in NOT_SETTLED,
        may_take=may_take(name) and not store,
        store=store,
    )
