"""What to do so that a shop has a product's pictures in our order, with as few of them sent as can be.

The Webservice has no way to set positions: a picture that is added goes to the end. What is there already in
the right order stays; what stands before its turn has to go and come again at the end (docs/adr/0010).
The cover is marked by its id, wherever it stands, so a new cover alone moves nothing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ImagePlan:
    """Content hashes: ``sent`` in this order, of which the shop has ``moved`` now, in a wrong place."""

    sent: Sequence[str]
    moved: frozenset[str]
    removed: Sequence[str]


def plan_of(wanted: Sequence[str], known: Mapping[str, int]) -> ImagePlan:
    """The plan for the pictures ``wanted``, the cover first, each once, where the shop has ``known``.

    known: content hash → image id. Ids grow, so their order is the order of the pictures in the shop.
    """
    cover, rest = wanted[:1], wanted[1:]
    kept = 0
    for content_hash in sorted(known, key=lambda each: known[each]):
        if kept < len(rest) and content_hash == rest[kept]:
            kept += 1
    behind = rest[kept:]
    return ImagePlan(
        sent=[*(each for each in cover if each not in known), *behind],
        moved=frozenset(each for each in behind if each in known),
        removed=[each for each in known if each not in wanted],
    )
