"""A shop's settings as its page shows and sets them, all at once; `flask shop set` and `map` set the same."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from flask import current_app
from sqlalchemy import select

from ppm_web.extensions import db, reading
from ppm_web.models import ROOT_CATEGORY_ID, MappingKind, PrestaShopShop, Product, ShopMapping
from ppm_web.services.errors import MappingError
from ppm_web.services.shops import client, entries, mappings, register
from ppm_web.services.shops.client import tax_key


@dataclass(frozen=True, slots=True)
class Option:
    """Something of the shop that may stand for something of ours."""

    id: int
    label: str


@dataclass(frozen=True, slots=True)
class Line:
    """Something of ours (a language code, a tax rate in per cent) and the shop's id for it, if known."""

    ours: str
    chosen: int | None
    several: bool = False
    """Whether the shop has several for it, so that a person must choose."""


@dataclass(frozen=True, slots=True)
class Settings:
    """What may be set in a shop, as it is now."""

    languages: Sequence[Line]
    language_options: Sequence[Option]
    taxes: Sequence[Line]
    tax_options: Sequence[Option]
    home: int | None
    """Set by hand; None: the shop's own."""
    own_home: int


@dataclass(frozen=True, slots=True)
class Change:
    """What a person wrote. ``key`` "": as it is; None in ``taxes`` and ``home``: found by PPM itself."""

    name: str
    url: str
    key: str = ""
    languages: Mapping[str, int | None] = field(default_factory=dict)
    taxes: Mapping[str, int | None] = field(default_factory=dict)
    home: int | None = None


def settings_of(shop: PrestaShopShop) -> Settings:
    """The settings of a shop; what it offers is from its last check. Two statements."""
    profile = client.profile_of(shop)
    with reading():
        mapped = {
            (row.kind, row.ours): row.remote_id
            for row in db.session.execute(
                select(ShopMapping.kind, ShopMapping.ours, ShopMapping.remote_id).where(
                    *(ShopMapping.shop_id == shop.id, ShopMapping.remote_id.is_not(None)),
                    ShopMapping.kind.in_([MappingKind.LANGUAGE, MappingKind.TAX])
                    | (
                        (ShopMapping.kind == MappingKind.CATEGORY)
                        & (ShopMapping.ours == str(ROOT_CATEGORY_ID))
                    ),
                )
            )
        }
        rates = [tax_key(rate) for rate in db.session.scalars(select(Product.tax_rate).distinct())]
    groups = profile.tax_groups if profile is not None else ()
    offered = [tax_key(group.rate) for group in groups]
    several = {rate for rate in offered if offered.count(rate) > 1}
    codes = {*current_app.config["LANGUAGES"], *_mapped(mapped, MappingKind.LANGUAGE)}
    keys = {*rates, *several, *_mapped(mapped, MappingKind.TAX)} - {"0"}
    return Settings(
        languages=[Line(code, mapped.get((MappingKind.LANGUAGE, code))) for code in sorted(codes)],
        language_options=[
            Option(one.id, f"{one.name} ({one.iso_code})") for one in (profile.languages if profile else ())
        ],
        taxes=[
            Line(key, mapped.get((MappingKind.TAX, key)), key in several) for key in sorted(keys, key=Decimal)
        ],
        tax_options=[Option(group.id, f"{group.name} ({tax_key(group.rate)} %)") for group in groups],
        home=mapped.get((MappingKind.CATEGORY, str(ROOT_CATEGORY_ID))),
        own_home=profile.home_category if profile is not None else 0,
    )


def change(shop: PrestaShopShop, wanted: Change) -> None:
    """Write what differs, and commit; only a mapping that moves makes products changed again.

    Raises ShopError (with its field) and MappingError; a mapping is refused before anything is written.
    """
    now_is = settings_of(shop)
    languages = _moved(now_is.languages, now_is.language_options, wanted.languages)
    taxes = _moved(now_is.taxes, now_is.tax_options, wanted.taxes)
    entries.refuse_doubles(
        entries.clean_name(wanted.name), entries.callable_url(wanted.url), other_than=shop.id
    )
    register.set_shop(shop, url=wanted.url, key=wanted.key or None, name=wanted.name)
    for kind, moved in ((MappingKind.LANGUAGE, languages), (MappingKind.TAX, taxes)):
        for ours, remote_id in moved.items():
            if remote_id is None:
                mappings.forget(shop, kind, ours)
            else:
                mappings.map_by_hand(shop, kind, ours, remote_id)
    if wanted.home != now_is.home:
        mappings.set_home(shop, wanted.home)


def _mapped(mapped: Mapping[tuple[MappingKind, str], int | None], wanted: MappingKind) -> set[str]:
    return {ours for kind, ours in mapped if kind is wanted}


def _moved(
    lines: Sequence[Line], options: Sequence[Option], wanted: Mapping[str, int | None]
) -> dict[str, int | None]:
    """What of ``wanted`` is another id than now. Raises MappingError for what the shop does not have."""
    chosen = {line.ours: line.chosen for line in lines}
    moved = {ours: number for ours, number in wanted.items() if ours in chosen and chosen[ours] != number}
    known = {option.id for option in options}
    for ours, number in moved.items():
        if number is not None and number not in known:
            raise MappingError(f"The shop has nothing with the id {number} for '{ours}': check the shop anew")
    return moved
