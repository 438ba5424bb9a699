"""Who did what: kept for each change that somebody made in the panel, also for those that were refused."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select

from ppm_web.extensions import db
from ppm_web.models import AuditEntry

PAGE = 50


@dataclass(frozen=True, slots=True)
class Deed:
    """What somebody did: the person's address and role, the endpoint, what it was about, and what came of it.

    Never holds what a form said: there may be a password or a key in it.
    """

    person: str
    role: str
    action: str
    target: str
    status: int
    origin: str


@dataclass(frozen=True, slots=True)
class AuditFilter:
    """Which entries are meant; what is empty makes no difference. ``since`` is in UTC."""

    person: str = ""
    action: str = ""
    since: datetime | None = None


@dataclass(frozen=True, slots=True)
class AuditPage:
    """A page of entries, newest first; ``older`` is the id before which the next page begins."""

    entries: Sequence[AuditEntry]
    older: int | None


def record(deed: Deed) -> None:
    """Keep what was done, and commit. Texts that are too long are cut."""
    db.session.add(
        AuditEntry(
            person=deed.person[:255],
            role=deed.role,
            action=deed.action[:60],
            target=deed.target[:255],
            status=deed.status,
            origin=deed.origin[:45],
        )
    )
    db.session.commit()


def page(wanted: AuditFilter, before: int | None) -> AuditPage:
    """The entries that are meant, newest first, from before the id ``before`` on."""
    query = select(AuditEntry)
    if wanted.person:
        query = query.where(AuditEntry.person == wanted.person)
    if wanted.action:
        query = query.where(AuditEntry.action == wanted.action)
    if wanted.since is not None:
        query = query.where(AuditEntry.created_at >= wanted.since)
    if before is not None:
        query = query.where(AuditEntry.id < before)
    found = db.session.scalars(query.order_by(AuditEntry.id.desc()).limit(PAGE + 1)).all()
    return AuditPage(found[:PAGE], older=found[PAGE - 1].id if len(found) > PAGE else None)
