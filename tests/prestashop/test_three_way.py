"""Three values for every field: base, ours, theirs (R26)."""

from __future__ import annotations

from typing import Any

import pytest

from ppm_web.prestashop.three_way import decide, to_read


@pytest.mark.parametrize(
    ("base", "ours", "theirs", "send", "known"),
    [
        ("1", "1", "9", None, "1"),  # nothing of ours moved: theirs stays
        ("1", "2", "1", "2", "1"),  # ours moved
        ("1", "2", "2", None, "2"),  # both moved to the same
        ("1.500000", "1.5", "7", None, "1.500000"),  # the same number
        (None, "2", "7", "2", "7"),  # linked, or held since now: theirs is the base
        (None, "2", "2.000000", None, "2.000000"),
    ],
)
def test_what_is_sent_and_what_is_known(
    base: str | None, ours: str, theirs: str, send: str | None, known: str
) -> None:
    decision = decide({} if base is None else {"price": base}, {"price": ours}, {"price": theirs})
    assert decision.send.get("price") == send
    assert decision.base == {"price": known}
    assert decision.after == {"price": send or known}
    assert decision.conflicts == []


def test_both_moved_apart_is_a_conflict_of_this_field_alone() -> None:
    base, ours = {"price": "11", "weight": "1"}, {"price": "12", "weight": "2"}
    decision = decide(base, ours, {"price": "13.5", "weight": "1"})
    (conflict,) = decision.conflicts
    assert (conflict.key, conflict.base, conflict.ours, conflict.theirs) == ("price", "11", "12", "13.5")
    assert decision.send == {"weight": "2"}
    assert decision.after == {"price": "11", "weight": "2"}


def test_a_field_for_which_a_person_gave_the_word_goes_whatever_the_shop_holds() -> None:
    decision = decide({"price": "11"}, {"price": "12"}, {"price": "13"}, overwrite={"price"})
    assert (decision.send, decision.base, decision.conflicts) == ({"price": "12"}, {"price": "13"}, [])


def test_texts_are_decided_by_language() -> None:
    base = {"name": {"1": "Cup", "2": "Kubek"}}
    ours = {"name": {"1": "Mug", "2": "Kubek"}}
    decision = decide(base, ours, {"name": {"1": "Cup", "2": "Kubeczek", "3": "Becher"}})
    assert decision.send == {"name": {"1": "Mug"}}
    assert decision.after == {"name": {"1": "Mug", "2": "Kubek"}}
    conflict = decide(base, ours, {"name": {"1": "Tumbler", "2": "Kubek"}}).conflicts[0]
    assert conflict.key == "name.1"


def test_a_text_that_is_held_since_now_is_sent_beside_one_that_was_known() -> None:
    decision = decide(
        {"name": {"1": "Cup"}}, {"name": {"1": "Cup", "2": "Kubek"}}, {"name": {"1": "C", "2": ""}}
    )
    assert decision.send == {"name": {"2": "Kubek"}}


def test_what_was_under_way_when_the_answer_got_lost_has_arrived_where_the_shop_holds_it() -> None:
    arrived = decide({"price": "1"}, {"price": "3"}, {"price": "2"}, sending={"price": "2"})
    assert arrived.send == {"price": "3"}
    taken_back = decide({"price": "1"}, {"price": "1"}, {"price": "2"}, sending={"price": "2"})
    assert taken_back.send == {"price": "1"}
    not_arrived = decide({"price": "1"}, {"price": "1"}, {"price": "1"}, sending={"price": "2"})
    assert not_arrived.send == {}
    other = decide({"price": "1"}, {"price": "3"}, {"price": "9"}, sending={"price": "2"})
    assert other.conflicts[0].theirs == "9"


@pytest.mark.parametrize(
    ("base", "ours", "theirs", "send", "after"),
    [
        ([4], [4], [4, 9], None, [4]),
        ([4], [4, 5], [4, 9], [4, 5, 9], [4, 5]),
        ([4, 5], [4], [4, 5, 9], [4, 9], [4]),
        (None, [4], [9], [4, 9], [4]),
        (None, [4], [4, 9], None, [4]),
        ([4], [4], [9], None, [4]),  # taken out in the shop: nothing moved here
    ],
)
def test_categories_are_added_and_taken_out_and_the_shops_own_stay(
    base: list[int] | None, ours: list[int], theirs: list[int], send: list[int] | None, after: list[int]
) -> None:
    decision = decide({"categories": base} if base else {}, {"categories": ours}, {"categories": theirs})
    assert decision.send.get("categories") == send
    assert decision.after == {"categories": after}


@pytest.mark.parametrize(
    ("base", "ours", "sending", "fields"),
    [
        ({"price": "1"}, {"price": "1.000000"}, None, set()),
        ({"price": "1"}, {"price": "2"}, None, {"price"}),
        (None, {"price": "2", "ean13": ""}, None, {"price", "ean13"}),
        ({"price": "1"}, {"price": "1"}, {"price": "2"}, {"price"}),
        ({"name": {"1": "A"}}, {"name": {"1": "A", "2": "B"}}, None, {"name"}),
        ({"categories": [4]}, {"categories": [4]}, None, set()),
    ],
)
def test_only_what_moved_here_or_got_no_answer_is_read(
    base: Any, ours: Any, sending: Any, fields: set[str]
) -> None:
    assert to_read(base, ours, sending) == fields
