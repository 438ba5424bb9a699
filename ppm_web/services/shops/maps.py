"""What PPM itself finds of a shop's languages and tax groups, kept in step with what the shop has (R27)."""

from __future__ import annotations

from flask import current_app
from sqlalchemy import select, update

from ppm_web.extensions import db, reading
from ppm_web.models import MappingKind, PrestaShopShop, ShopMapping
from ppm_web.prestashop.languages import code_of, match
from ppm_web.prestashop.prices import tax_key
from ppm_web.prestashop.values import ShopProfile
from ppm_web.services.shops import remote_ids


def follow(shop_id: int, profile: ShopProfile) -> None:
    """Map the shop's languages and find its tax groups again where they moved; what a person mapped stays.

    PrestaShop copies a tax group that is edited to a new id, and marks the old one deleted. Commits.
    """
    for code, language_id in _languages_there(profile).items():
        _map(shop_id, MappingKind.LANGUAGE, code, language_id)
    if profile.tax_groups:
        _follow_taxes(shop_id, profile)


def languages(shop_id: int, profile: ShopProfile) -> dict[str, int]:
    """Our language codes → the shop's language ids, those that the shop still has.

    An id that was found, and is another language by now (another shop, an edited language), is not ours.
    """
    there, found = {language.id for language in profile.languages}, _languages_there(profile)
    return {
        ours: number
        for ours, (number, manual) in _known(shop_id, MappingKind.LANGUAGE).items()
        if number in there and (manual or found.get(ours) == number)
    }


def group_is_there(profile: ShopProfile, group_id: int) -> bool:
    """Whether a tax group is in use in the shop; 0 = no tax, which always is."""
    return group_id == 0 or not profile.live_groups or group_id in profile.live_groups


def is_by_hand(shop_id: int, kind: MappingKind, ours: str) -> bool:
    """Whether a person said what stands for ``ours``."""
    return _known(shop_id, kind).get(ours, (0, False))[1]


def gone_by_hand(shop_id: int, profile: ShopProfile) -> list[tuple[MappingKind, str, int]]:
    """Kind, ours and id of the languages and tax groups that a person mapped and the shop has no more."""
    there = {language.id for language in profile.languages}
    gone = [
        (MappingKind.LANGUAGE, ours, number)
        for ours, (number, manual) in _known(shop_id, MappingKind.LANGUAGE).items()
        if manual and there and number not in there
    ]
    return gone + [
        (MappingKind.TAX, ours, number)
        for ours, (number, manual) in _known(shop_id, MappingKind.TAX).items()
        if manual and not group_is_there(profile, number)
    ]


def forget(shop_id: int, kind: MappingKind, ours: str) -> None:
    """Let PPM find the shop's id for ``ours`` by itself again, and commit.

    What was pushed with that id is not up to date any more.
    """
    quiet = {"synchronize_session": False}
    gone = db.session.execute(
        update(ShopMapping)
        .where(
            *(ShopMapping.shop_id == shop_id, ShopMapping.kind == kind, ShopMapping.ours == ours),
            ShopMapping.remote_id.is_not(None),
        )
        .values(remote_id=None, manual=False)
        .returning(ShopMapping.id)
        .execution_options(**quiet)
    ).all()
    if gone:
        db.session.execute(
            update(PrestaShopShop)
            .where(PrestaShopShop.id == shop_id)
            .values(settings_revision=PrestaShopShop.settings_revision + 1)
            .execution_options(**quiet)
        )
    db.session.commit()


def _languages_there(profile: ShopProfile) -> dict[str, int]:
    """The catalogue's codes → the shop's ids; the shop's other languages by a code of their own."""
    catalogue = current_app.config["LANGUAGES"]
    found = {code: one.id for code in catalogue if (one := match(code, profile.languages)) is not None}
    for language in profile.languages:
        if language.id not in found.values():
            found.setdefault(code_of(language, ()), language.id)
    return found


def _follow_taxes(shop_id: int, profile: ShopProfile) -> None:
    rates = {group.id: tax_key(group.rate) for group in profile.tax_groups}
    for key, (number, manual) in _known(shop_id, MappingKind.TAX).items():
        if manual or rates.get(number) == key:
            continue
        same = [group_id for group_id, rate in rates.items() if rate == key]
        if len(same) == 1:
            remote_ids.set_id(shop_id, MappingKind.TAX, key, same[0], manual=False)
        else:
            forget(shop_id, MappingKind.TAX, key)


def _map(shop_id: int, kind: MappingKind, ours: str, remote_id: int) -> None:
    known = _known(shop_id, kind).get(ours)
    if known is None or (known[0] != remote_id and not known[1]):
        remote_ids.set_id(shop_id, kind, ours, remote_id, manual=False)


def _known(shop_id: int, kind: MappingKind) -> dict[str, tuple[int, bool]]:
    """Ours → the shop's id, and whether a person said so."""
    with reading():
        rows = db.session.execute(
            select(ShopMapping.ours, ShopMapping.remote_id, ShopMapping.manual).where(
                *(ShopMapping.shop_id == shop_id, ShopMapping.kind == kind),
                ShopMapping.remote_id.is_not(None),
            )
        ).all()
    return {row.ours: (row.remote_id, row.manual) for row in rows}
