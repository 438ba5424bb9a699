"""Changes of a product in words: what the shop's ids stand for, and which pictures are meant."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import select

from ppm_web.extensions import db, reading
from ppm_web.models import ROOT_CATEGORY_ID, Manufacturer, MappingKind, ShopMapping
from ppm_web.prestashop.diff import Change, describe_changes
from ppm_web.prestashop.prices import tax_key
from ppm_web.prestashop.values import Payload, ShopProfile
from ppm_web.services.catalog.names import category_paths
from ppm_web.services.publishing.group import IMAGES


class Names:
    """The shop's ids in words. What has no id there yet bears ours below nought until it is made."""

    def __init__(self, shop_id: int, profile: ShopProfile) -> None:
        self._shop_id = shop_id
        self._groups = {group.id: f"{group.name} ({tax_key(group.rate)} %)" for group in profile.tax_groups}
        self._home = profile.home_category

    def tax_group(self, number: Any) -> str:
        return "" if number is None else self._groups.get(int(number), f"no. {number}")

    def manufacturer(self, number: Any) -> str:
        if number is None or int(number) == 0:
            return ""
        ours = self._ours(MappingKind.MANUFACTURER, [int(number)])
        with reading():
            row = db.session.get(Manufacturer, ours.get(int(number), 0))
            return row.name if row else f"no. {number}"

    def categories(self, numbers: Sequence[Any]) -> dict[int, str]:
        wanted = [int(number) for number in numbers]
        ours = self._ours(MappingKind.CATEGORY, wanted)
        ours.setdefault(self._home, ROOT_CATEGORY_ID)
        with reading():
            paths = category_paths([ours[number] for number in wanted if number in ours])
        return {number: paths.get(ours.get(number, 0), f"no. {number}") for number in wanted}

    def _ours(self, kind: MappingKind, numbers: Sequence[int]) -> dict[int, int]:
        with reading():
            rows = db.session.execute(
                select(ShopMapping.remote_id, ShopMapping.ours).where(
                    ShopMapping.shop_id == self._shop_id,
                    ShopMapping.kind == kind,
                    ShopMapping.remote_id.in_(numbers),
                )
            ).all()
        known = {row.remote_id: int(row.ours) for row in rows}
        return {number: -number for number in numbers if number < 0} | known


def changes_in_words(
    pushed: Payload, wanted: Payload, languages: Mapping[str, int], names: Names
) -> Sequence[Change]:
    """Field by field in words; ids and pictures are told by what they stand for."""
    told = ("id_tax_rules_group", "id_manufacturer", "id_category_default", "categories", IMAGES)
    plain = [{key: value for key, value in each.items() if key not in told} for each in (pushed, wanted)]
    found = describe_changes(plain[0], plain[1], languages)
    sides = (pushed, wanted)
    tax = [names.tax_group(each.get("id_tax_rules_group")) for each in sides]
    maker = [names.manufacturer(each.get("id_manufacturer")) for each in sides]
    numbers = {
        int(n) for each in sides for n in [*each.get("categories", []), each.get("id_category_default")] if n
    }
    paths = names.categories(sorted(numbers))
    main = [paths.get(int(each.get("id_category_default") or 0), "") for each in sides]
    within = ["; ".join(sorted(paths[int(n)] for n in each.get("categories", []))) for each in sides]
    words = (("tax group", tax), ("manufacturer", maker), ("main category", main), ("categories", within))
    found += [Change(word, before, after) for word, (before, after) in words if before != after]
    return [*found, *image_changes(pushed.get(IMAGES, []), wanted.get(IMAGES, []))]


def image_changes(before: Sequence[str], after: Sequence[str]) -> list[Change]:
    """Which pictures would be added or removed, by their numbers, and which one would become the cover."""
    added = [str(number) for number, each in enumerate(after, 1) if each not in before]
    removed = [str(number) for number, each in enumerate(before, 1) if each not in after]
    changes = []
    if added:
        changes.append(Change("images added", "", ", ".join(added)))
    if removed:
        changes.append(Change("images removed", ", ".join(removed), ""))
    if before and after and before[0] != after[0] and after[0] in before:
        changes.append(Change("cover", "1", str(before.index(after[0]) + 1)))
    return changes
