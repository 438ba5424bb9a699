"""As few pictures as can be are sent to get them into our order."""

from __future__ import annotations

import random

import pytest

from ppm_web.services.publishing.image_plans import plan_of


@pytest.mark.parametrize(
    ("wanted", "present", "sent", "moved", "removed"),
    [
        ("", "", "", "", ""),
        ("abc", "", "abc", "", ""),
        ("abc", "abc", "", "", ""),
        ("", "abc", "", "", "abc"),
        ("abcd", "abc", "d", "", ""),
        ("abc", "abxc", "", "", "x"),
        ("bac", "abc", "", "", ""),  # a new cover moves nothing
        ("cab", "abc", "", "", ""),
        ("acb", "abc", "b", "b", ""),
        ("abxcd", "abcd", "xcd", "cd", ""),
        ("xabc", "abc", "x", "", ""),  # a new cover at the end, marked as the cover
        ("dcba", "abcd", "ba", "ba", ""),
    ],
)
def test_what_is_in_its_place_stays(wanted: str, present: str, sent: str, moved: str, removed: str) -> None:
    plan = plan_of(wanted, {name: number for number, name in enumerate(present, 7)})
    assert ("".join(plan.sent), plan.moved, "".join(plan.removed)) == (sent, frozenset(moved), removed)


@pytest.mark.parametrize("seed", range(200))
def test_every_plan_ends_in_our_order_and_is_done_after_one_time(seed: int) -> None:
    drawn = random.Random(seed)
    wanted = drawn.sample("abcdefgh", drawn.randint(0, 8))
    known = {name: number for number, name in enumerate(drawn.sample("abcdefgh", drawn.randint(0, 8)), 1)}

    plan = plan_of(wanted, known)
    for name in [*plan.moved, *plan.removed]:
        del known[name]
    for number, name in enumerate(plan.sent, 100):
        assert name not in known
        known[name] = number

    assert set(known) == set(wanted)
    assert [name for name in sorted(known, key=lambda each: known[each]) if name not in wanted[:1]] == wanted[
        1:
    ]
    again = plan_of(wanted, known)
    assert (again.sent, again.moved, again.removed) == ([], frozenset(), [])
