"""What is done to bring a shop's pictures to ours, and what is left as it is there."""

from __future__ import annotations

import random

import pytest

from ppm_web.services.publishing.image_plans import image_outlook


@pytest.mark.parametrize(
    ("wanted", "present", "sent", "removed", "order_left"),
    [
        ("", "", "", "", False),
        ("abc", "", "abc", "", False),
        ("abc", "abc", "", "", False),
        ("", "abc", "", "abc", False),
        ("abcd", "abc", "d", "", False),
        ("abc", "abxc", "", "x", False),
        ("bac", "abc", "", "", False),  # a new cover moves nothing
        ("cab", "abc", "", "", False),
        ("acb", "abc", "", "", True),
        ("abxcd", "abcd", "x", "", True),
        ("xabc", "abc", "x", "", False),  # a new cover at the end, marked as the cover
        ("dcba", "abcd", "", "", True),
    ],
)
def test_a_new_order_deletes_nothing_and_is_told(
    wanted: str, present: str, sent: str, removed: str, order_left: bool
) -> None:
    plan = image_outlook(wanted, {name: number for number, name in enumerate(present, 7)})
    assert ("".join(plan.sent), "".join(plan.removed), plan.order_left) == (sent, removed, order_left)
    assert sorted(plan.kept) == sorted(set(wanted) & set(present))


@pytest.mark.parametrize(
    ("pushed", "wanted", "cover"),
    [("", "ab", "a"), ("ab", "ba", "b"), ("ab", "abc", None), ("ab", "", None), ("", "", None)],
)
def test_the_cover_moves_when_ours_is_another_than_it_was(
    pushed: str, wanted: str, cover: str | None
) -> None:
    assert image_outlook(wanted, {"a": 1, "b": 2}, pushed).cover == cover


@pytest.mark.parametrize("seed", range(200))
def test_every_plan_ends_with_our_pictures_and_is_done_after_one_time(seed: int) -> None:
    drawn = random.Random(seed)
    wanted = drawn.sample("abcdefgh", drawn.randint(0, 8))
    known = {name: number for number, name in enumerate(drawn.sample("abcdefgh", drawn.randint(0, 8)), 1)}

    plan = image_outlook(wanted, known)
    for name in plan.removed:
        del known[name]
    for number, name in enumerate(plan.sent, 100):
        assert name not in known
        known[name] = number

    assert set(known) == set(wanted)
    behind = [name for name in sorted(known, key=lambda each: known[each]) if name not in wanted[:1]]
    assert (behind != wanted[1:]) == plan.order_left
    again = image_outlook(wanted, known)
    assert (again.sent, again.removed, again.order_left) == ([], [], plan.order_left)
