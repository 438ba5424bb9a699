"""What brings a shop's pictures of a product to ours, as far as it can be done without harm (docs/adr/0010).

The Webservice has no way to set positions: a picture that is added goes to the end, and another order could
only be had by deleting pictures and sending them again. What hangs on a picture in the shop would be lost
with it: its alt text, which nobody can read by the Webservice, and its combinations. So a new order deletes
nothing; it is told that it is left. The cover is marked by its id, wherever it stands.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

ORDER_LEFT = (
    "The order of the pictures stays as it is in the shop: PrestaShop takes another one only by deleting "
    "pictures, and with them their alt texts and their places at combinations"
)
COVER_LEFT = "The cover was changed in the shop, too: it stays as it is there"


@dataclass(frozen=True, slots=True)
class ImageOutlook:
    """Content hashes: those to be ``sent``, in this order, ``removed`` and ``kept``; ``cover`` is the one
    that is to become the cover, None where it stays. ``order_left``: the order will not be ours."""

    sent: Sequence[str]
    removed: Sequence[str]
    kept: Sequence[str]
    cover: str | None
    order_left: bool


def image_outlook(
    wanted: Sequence[str], known: Mapping[str, int], pushed: Sequence[str] = ()
) -> ImageOutlook:
    """What is to be done for the pictures ``wanted``, the cover first, each once.

    ``known``: content hash → image id of those that the shop has; ids grow, so their order is the order in
    which they came there. ``pushed``: what was wanted when all was last done.
    """
    kept = sorted((each for each in wanted if each in known), key=lambda each: known[each])
    sent = [each for each in wanted if each not in known]
    cover = wanted[0] if wanted and list(pushed[:1]) != [wanted[0]] else None
    behind = [each for each in [*kept, *sent] if each != wanted[0]]
    return ImageOutlook(
        sent=sent,
        removed=[each for each in known if each not in wanted],
        kept=kept,
        cover=cover,
        order_left=behind != list(wanted[1:]),
    )
