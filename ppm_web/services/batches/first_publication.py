"""Looking before many products are published: what would be linked, made and changed, counted (R25).

The first publication to a shop that has products of its own asks first, where more than a few of them would
change: nobody should learn from the shop's customers what PPM has overwritten.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Generator, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final

from flask import current_app
from sqlalchemy import func, select, update

from ppm_web.extensions import db, reading
from ppm_web.models import PrestaShopShop, Product, now
from ppm_web.prestashop.client import PrestaShopClient
from ppm_web.prestashop.errors import PrestaShopError
from ppm_web.prestashop.plain_words import field_word
from ppm_web.services.catalog.selections import Selection, products
from ppm_web.services.errors import SyncError, SyncRefusedError
from ppm_web.services.ownership.snapshots import product_data
from ppm_web.services.pace import rate as pace_rate
from ppm_web.services.pace.memory import Lane
from ppm_web.services.publishing.looking import look
from ppm_web.services.publishing.outlooks import Outlook, Preview
from ppm_web.services.shops import client as shop_client
from ppm_web.services.shops import mappings
from ppm_web.services.shops import problems as shop_problems

AT_ONCE: Final = 100
"""Products that are looked at together."""
FEW: Final = 20
"""So many linked products may change without a person's word."""
SAMPLES: Final = 20


class UnconfirmedError(SyncRefusedError):
    """The first publication to a shop: it is looked at before, and confirmed where much would change."""


@dataclass(slots=True)
class Findings:
    """How many products would be created, linked (and of these changed), updated …; of the linked ones that
    would change, how many by field, and the first of them in full."""

    counts: Counter[str] = field(default_factory=Counter)
    fields: Counter[str] = field(default_factory=Counter)
    samples: list[dict[str, Any]] = field(default_factory=list)

    @property
    def linked_changes(self) -> int:
        """Products that the shop has already and that would change there."""
        return self.counts["link_changed"]

    @property
    def needs_confirmation(self) -> bool:
        """Whether so many would change that a person has to say so."""
        return self.linked_changes > FEW

    def add(self, sku: str, found: Preview) -> None:
        """Count what was found of one product."""
        self.counts[found.outlook.value] += 1
        told = found.outlook in (Outlook.LINK, Outlook.CONFLICT, Outlook.REFUSED)
        if found.outlook is Outlook.LINK and found.changes:
            self.counts["link_changed"] += 1
            self.fields.update({change.name for change in found.changes})
        if told and (found.changes or found.problems) and len(self.samples) < SAMPLES:
            self.samples.append(_sample(sku, found))

    def as_json(self) -> dict[str, Any]:
        """All of it, as a survey keeps it and commands print it."""
        names = [outlook.value for outlook in Outlook]
        counts = {name: self.counts[name] for name in [*names, "link_changed"]}
        return counts | {"fields": dict(self.fields.most_common()), "samples": self.samples}

    @classmethod
    def from_json(cls, document: dict[str, Any] | None) -> Findings:
        """What ``as_json`` gave; nothing for None."""
        document = document or {}
        counts = {name: number for name, number in document.items() if isinstance(number, int)}
        return cls(Counter(counts), Counter(document.get("fields", {})), list(document.get("samples", [])))

    @property
    def kinds(self) -> list[tuple[str, int]]:
        """Of the linked products that would change: how many by kind of field, in words, most first."""
        return [(field_word(name), number) for name, number in self.fields.most_common()]

    @property
    def words(self) -> str:
        """What was found, in one sentence for people."""
        return (
            f"{self.counts['create']:,} would be created, {self.counts['link']:,} are in the shop already "
            f"and would be linked ({self.linked_changes:,} of them change), {self.counts['update']:,} would "
            f"be updated, {self.counts['none']:,} stay as they are, {self.counts['conflict']:,} are in "
            f"conflict, {self.counts['refused']:,} cannot be sent"
        )

    @property
    def field_words(self) -> str:
        """Of the linked products that would change: how many by kind of field."""
        return ", ".join(f"{name} {number:,}" for name, number in self.fields.most_common())


def _sample(sku: str, found: Preview) -> dict[str, Any]:
    """A product as commands print it, its fields also in words for pages."""
    told = found.as_json()
    for change in told["changes"]:
        change["word"] = field_word(change["field"])
    return {"sku": sku} | told


def has_few_products(shop: PrestaShopShop) -> bool:
    """Whether the shop has so few products, or none, that no more can be changed without asking.

    Only what was seen within PPM_FACTS_SECONDS tells: its people may have filled it since.
    """
    profile, seen = shop_client.profile_of(shop), str((shop.profile or {}).get("whole_at", ""))
    if profile is None or not profile.few_products or not seen:
        return False
    return now() - datetime.fromisoformat(seen) <= timedelta(seconds=current_app.config["FACTS_SECONDS"])


def check_said(shop: PrestaShopShop) -> None:
    """Raise SyncRefusedError while nobody said of the shop what has to be said: its store, what becomes of
    another currency, its languages. Else every product of a batch would fail by itself."""
    profile = shop_client.profile_of(shop)
    if profile is None:
        return
    try:
        shop_problems.check_publishable(shop, profile)
    except SyncError as error:
        raise SyncRefusedError(error.message) from error


def check_confirmed(shop: PrestaShopShop, selection: Selection) -> None:
    """Raise UnconfirmedError before the first publication of many products to a shop that has many."""
    if shop.published_at is None and not has_few_products(shop) and count(shop.id, selection) > FEW:
        raise UnconfirmedError(
            f"Nothing was published to shop '{shop.name}' yet, and it has products of its own: "
            "look first what would change there"
        )


def note_published(shop_id: int) -> None:
    """Note, in the open transaction, that something is published to the shop with a person's knowledge."""
    db.session.execute(
        update(PrestaShopShop)
        .where(PrestaShopShop.id == shop_id, PrestaShopShop.published_at.is_(None))
        .values(published_at=now())
        .execution_options(synchronize_session=False)
    )


def refusal(shop_name: str, found: Findings) -> str:
    """Why a first publication waits for a person's word."""
    return (
        f"{found.linked_changes:,} products that shop '{shop_name}' has already would change there "
        f"({found.field_words}): nothing was sent"
    )


def count(shop_id: int, selection: Selection) -> int:
    """How many products are meant."""
    with reading():
        chosen = products(shop_id, selection).subquery()
        return db.session.scalar(select(func.count()).select_from(chosen)) or 0


def look_at(
    shop: PrestaShopShop, selection: Selection, findings: Findings, *, after: int = 0
) -> Generator[tuple[int, int, float], None, None]:
    """Look at the products that are meant, a hundred at a time, beginning after a product's id.

    Gives for each hundred: how many it were, the last one's id, and the seconds that the shop's pace asks to
    wait before the next. Nothing is written anywhere. Raises SyncError and PrestaShopError.
    """

    def before_request() -> None:
        pace_rate.spend(shop, Lane.BULK, 1)

    with shop_client.client_for(shop, before_request=before_request) as client:
        profile = shop_client.profile_of(shop) or mappings.refresh_profile(shop, client)
        shop_problems.check_publishable(shop, profile)
        while ids := _next(shop.id, selection, after):
            found = _look(shop, client, profile, ids)
            for sku, preview in found:
                findings.add(sku, preview)
            after = ids[-1]
            yield len(ids), after, pace_rate.wait_for(shop, Lane.BULK)


def _next(shop_id: int, selection: Selection, after: int) -> Sequence[int]:
    with reading():
        chosen = products(shop_id, selection).where(Product.id > after).order_by(Product.id).limit(AT_ONCE)
        return db.session.scalars(chosen).all()


def _look(
    shop: PrestaShopShop, client: PrestaShopClient, profile: Any, ids: Sequence[int]
) -> list[tuple[str, Preview]]:
    data = product_data(ids)
    found = look(shop, client, profile, [data[number] for number in ids if number in data])
    return [(data[number].snapshot.sku, found[number]) for number in ids if number in data]


def look_at_all(shop: PrestaShopShop, selection: Selection) -> Iterator[tuple[Findings, int, float]]:
    """As ``look_at`` for a command, which may wait: gives the findings so far, and how many were looked at.

    Raises SyncRefusedError where the shop cannot be asked.
    """
    findings, done = Findings(), 0
    try:
        for number, _, wait in look_at(shop, selection, findings):
            done += number
            yield findings, done, wait
    except (SyncError, PrestaShopError) as error:
        raise SyncRefusedError(error.message) from error
