"""Pictures that a shop has already and that PPM would send: taken as ours rather than sent again (idea 6).

A product that is linked has its pictures, mostly the same that PPM has. The Webservice gives no content hash,
so they are fetched and compared, first by their bytes and then by what they show (image_likeness).
"""

from __future__ import annotations

from collections.abc import Sequence

from ppm_web.prestashop.errors import UnsafeAnswer
from ppm_web.prestashop.images import ImageRequests
from ppm_web.services.images import store as image_store
from ppm_web.services.images.formats import ImageError
from ppm_web.services.images.likeness import Likeness, likeness
from ppm_web.services.publishing import image_links

MOST = 20
"""Pictures of a product that are fetched to be compared."""


def take(
    images: ImageRequests,
    status_id: int,
    external_id: int,
    hashes: Sequence[str],
    noted: dict[str, int],
    present: Sequence[int],
) -> list[str]:
    """Add to ``noted`` those of ``hashes`` that are among the images ``present`` which nobody knows, and keep
    that; returns what is to be told. No request where nothing is to be sent or nothing unknown is there.

    Raises PrestaShopError when a picture cannot be had now: then nothing is kept, and nothing may be sent.
    """
    unknown = [number for number in present if number not in noted.values()]
    missing = {each: _ours(each) for each in hashes if each not in noted}
    found: dict[str, int] = {}
    for image_id in unknown[:MOST]:
        if not missing:
            break
        if (theirs := _content(images, external_id, image_id)) is None:
            continue
        same = next((each for each, ours in missing.items() if ours.data == theirs.data), None)
        same = same or next((each for each, ours in missing.items() if ours.is_like(theirs)), None)
        if same is not None:
            del missing[same]
            found[same] = image_id
    image_links.note_found(status_id, found)
    noted.update(found)
    if missing and len(unknown) > MOST:
        return [f"Only the first {MOST} of the {len(unknown)} pictures in the shop were compared with ours"]
    return []


class _Picture:
    """A picture, unpacked when it is first compared by what it shows."""

    def __init__(self, data: bytes) -> None:
        self.data = data
        self._likeness: Likeness | None = None

    def is_like(self, other: _Picture) -> bool:
        """Whether both show the same."""
        mine, theirs = self._seen(), other._seen()
        return mine is not None and theirs is not None and mine.is_like(theirs)

    def _seen(self) -> Likeness | None:
        self._likeness = self._likeness or likeness(self.data)
        return self._likeness


def _ours(content_hash: str) -> _Picture:
    try:
        return _Picture(image_store.read(content_hash))
    except ImageError:  # lost here: told when it would be sent
        return _Picture(b"")


def _content(images: ImageRequests, external_id: int, image_id: int) -> _Picture | None:
    try:
        data = images.content(external_id, image_id)
    except UnsafeAnswer:  # too big to be one of ours
        return None
    return None if data is None else _Picture(data)
