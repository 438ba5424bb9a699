from __future__ import annotations

from urllib.parse import unquote

import pytest

from ppm_web.prestashop.filters import PATH_LIMIT, paths, single


def test_plain_values_are_asked_for_in_one_list() -> None:
    assert list(paths("/p?filter[r]=", ["A", "B-1", "c d"], "&display=[id]")) == [
        "/p?filter[r]=[A%7CB-1%7Cc%20d]&display=[id]"
    ]


@pytest.mark.parametrize("value", ["A|B", "12,5", "1,5", "50%", "A[B", "A]B", "]["])
def test_a_value_that_would_be_read_as_a_list_or_a_range_goes_alone_without_brackets(value: str) -> None:
    [special, plain] = paths("/p?filter[r]=", ["X", value], "")
    assert unquote(special) == f"/p?filter[r]={value}"
    assert plain == "/p?filter[r]=[X]"


def test_a_value_with_a_pair_of_brackets_is_asked_for_by_its_longest_piece() -> None:
    assert unquote(single("A[BCD]E")) == "%[BCD]E]%"
    assert unquote(single("ABCDEF[B]")) == "%[ABCDEF]%"


def test_no_values_need_no_request() -> None:
    assert list(paths("/p?filter[r]=", [], "")) == []


def test_long_lists_are_cut_into_urls_that_servers_take() -> None:
    values = [f"REFERENCE-ąę-{number:05}" for number in range(900)]
    found = list(paths("/products?filter[reference]=", values, "&display=[id,reference]"))
    assert all(len(path) <= PATH_LIMIT for path in found)
    listed = [v for path in found for v in unquote(path).split("=[", 1)[1].split("]")[0].split("|")]
    assert listed == values


def test_no_list_holds_more_values_than_wanted() -> None:
    assert len(list(paths("/p?filter[id]=", map(str, range(201)), "", most=100))) == 3
