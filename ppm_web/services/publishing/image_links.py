"""Which picture of ours is which image of a product in a shop, and what was sent without an answer.

Also one that the shop had already, and that was taken as ours as it is the same.

A row stands before a picture is sent. Until its id is known its ``remote_id`` is minus the highest image id
that the product had (0 without any): the shop counts upwards, so an image with a higher id that nobody knows
is the one that was sent, also for a worker that comes after one that died (docs/adr/0010).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from sqlalchemy import delete, insert, select, update

from ppm_web.extensions import db, reading
from ppm_web.models import RemoteImage


def known(status_id: int) -> dict[str, int]:
    """Content hash → image id, or minus the highest id at the time where it was sent without an answer."""
    with reading():
        rows = db.session.execute(
            select(RemoteImage.content_hash, RemoteImage.remote_id).where(RemoteImage.status_id == status_id)
        ).all()
    return {row.content_hash: row.remote_id for row in rows}


def note_sending(status_id: int, content_hash: str, highest: int) -> None:
    """Note that a picture is about to be sent, with the highest image id before it, and commit."""
    db.session.execute(
        insert(RemoteImage).values(status_id=status_id, content_hash=content_hash, remote_id=-highest)
    )
    db.session.commit()


def note_found(status_id: int, found: Mapping[str, int]) -> None:
    """Note pictures that the shop had without our sending them, by content hash, and commit."""
    if found:
        rows = [
            {"status_id": status_id, "content_hash": content_hash, "remote_id": image_id}
            for content_hash, image_id in found.items()
        ]
        db.session.execute(insert(RemoteImage), rows)
        db.session.commit()


def note_sent(status_id: int, content_hash: str, image_id: int) -> None:
    """Note the id that the shop gave to a picture, and commit."""
    db.session.execute(
        update(RemoteImage)
        .where(RemoteImage.status_id == status_id, RemoteImage.content_hash == content_hash)
        .values(remote_id=image_id)
    )
    db.session.commit()


def forget(status_id: int, content_hashes: Sequence[str]) -> None:
    """Note that the shop does not have these pictures of the product any more, and commit."""
    if not content_hashes:
        return
    db.session.execute(
        delete(RemoteImage).where(
            RemoteImage.status_id == status_id, RemoteImage.content_hash.in_(content_hashes)
        )
    )
    db.session.commit()


def checked(status_id: int, noted: dict[str, int], present: Sequence[int]) -> dict[str, int]:
    """What of ``noted`` the shop really has, by the ids that it lists; the rows are set right.

    Those that were sent without an answer get their id, or are forgotten; and so are those that someone
    deleted in the shop.
    """
    there: dict[str, int] = {}
    for content_hash, image_id in noted.items():
        if image_id > 0:
            if image_id in present:
                there[content_hash] = image_id
        elif (found := new_image(present, -image_id, noted)) is not None:
            note_sent(status_id, content_hash, found)
            there[content_hash] = found
    forget(status_id, [content_hash for content_hash in noted if content_hash not in there])
    return there


def new_image(present: Sequence[int], highest: int, noted: dict[str, int]) -> int | None:
    """The image that has come since ``highest`` was the highest id, and is none of those that are known."""
    known_ids = set(noted.values())
    return min((number for number in present if number > highest and number not in known_ids), default=None)
