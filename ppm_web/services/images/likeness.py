"""Whether two pictures are the same one: a shop may have written ours anew.

PrestaShop keeps what the Webservice sends or its people upload as a JPEG of its own quality, so that mostly
no byte is the same. The same picture is one of the same width and height, in pixels, that differs no more
than writing it anew as JPEG makes it differ, seen as a grid of averages (docs/adr/0010).
"""

from __future__ import annotations

from dataclasses import dataclass

from PIL import Image

from ppm_web.services.images import formats as image_formats
from ppm_web.services.images.formats import ImageError

LIGHT_GRID, COLOUR_GRID = 32, 8
"""Cells a side. JPEG keeps brightness better than colour, so colours are averaged over more pixels."""
MOST_LIGHT, MOST_COLOUR = 6, 5
"""Of 255. Writing a picture anew at a quality of 75 moved a cell by up to 4 and 3; one other letter on a
mug's label by 23 in brightness, and its red, a little darker, by 7 in colour (tests)."""


@dataclass(frozen=True, slots=True)
class Likeness:
    """A picture as it is compared: its size in pixels, and its grids of averages."""

    size: tuple[int, int]
    light: bytes
    colour: bytes

    def is_like(self, other: Likeness) -> bool:
        """Whether both are the same picture."""
        return (
            self.size == other.size
            and _furthest(self.light, other.light) <= MOST_LIGHT
            and _furthest(self.colour, other.colour) <= MOST_COLOUR
        )


def likeness(data: bytes) -> Likeness | None:
    """What a picture looks like, on white where the ground shows through; None for what is no picture.

    Unpacking takes a moment: no transaction must be open.
    """
    try:
        image = image_formats.upright(image_formats.opened(data))
    except ImageError:
        return None
    if image.mode == "RGBA":
        image = Image.alpha_composite(Image.new("RGBA", image.size, "white"), image)
    light, *colours = image.convert("RGB").convert("YCbCr").split()
    return Likeness(
        image.size, _averages(light, LIGHT_GRID), b"".join(_averages(each, COLOUR_GRID) for each in colours)
    )


def _averages(band: Image.Image, cells: int) -> bytes:
    return band.resize((cells, cells), Image.Resampling.BOX).tobytes()


def _furthest(mine: bytes, theirs: bytes) -> int:
    return max(abs(one - other) for one, other in zip(mine, theirs, strict=True))
