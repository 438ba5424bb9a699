"""What differs between the versions of PrestaShop that the practice shop can play."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Dialect:
    """One version of the Webservice.

    The differences of 8.2.0 and 9.1.4 were observed on real shops (README of the contract, "8.2 → 9.1").
    1.7 is 8.2 without PATCH, so that a client's way of GET, merge, PUT can be tried.
    """

    version: str
    has_patch: bool = True
    refused_in_names: str = "<>;=#{}"
    ean_digits: int = 13
    integers_are_numbers: bool = False
    position_may_come_back: bool = False
    twin_code: int | None = None
    takes_twins_once: bool = False
    type_left_out: str = ""
    dies_of_missing_dates: bool = True
    arrow: str = "-&gt;"


DIALECTS = {
    "1.7.8.11": Dialect("1.7.8.11", has_patch=False),
    "8.2.0": Dialect("8.2.0"),
    "9.1.4": Dialect(
        "9.1.4",
        refused_in_names="<>{}",
        ean_digits=14,
        integers_are_numbers=True,
        position_may_come_back=True,
        twin_code=46,
        takes_twins_once=True,
        type_left_out="standard",
        dies_of_missing_dates=False,
        arrow="->",
    ),
}
SHORT_NAMES = {"1.7": "1.7.8.11", "8.2": "8.2.0", "9.1": "9.1.4"}


def find_dialect(version: str) -> Dialect:
    """The dialect of a version, given in full ("8.2.0") or short ("8.2").

    Raises ValueError for a version that the practice shop cannot play.
    """
    dialect = DIALECTS.get(SHORT_NAMES.get(version, version))
    if dialect is None:
        raise ValueError(f"unknown version {version!r}: choose one of {', '.join(SHORT_NAMES)}")
    return dialect
