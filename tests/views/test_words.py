"""The words of the pages: all there in Polish, with their values in place."""

from __future__ import annotations

import html
import re
from datetime import UTC, datetime
from functools import cache
from io import BytesIO
from pathlib import Path
from typing import Any, Final

import pytest
from babel.messages.extract import DEFAULT_KEYWORDS, extract_from_dir
from babel.messages.frontend import parse_keywords, parse_mapping_cfg
from babel.messages.mofile import write_mo
from flask import Flask

from ppm_web.extensions import db
from ppm_web.views.web.said_extraction import CONTEXT
from tests.views.conftest import Browser
from tests.views.pages import addresses, fill
from tests.views.polish import PLACEHOLDER, POLISH, catalogue, ids, in_polish, messages, strings
from tests.views.rows import make_log, make_product, make_shop

ROOT: Final = Path(__file__).parents[2]


def test_the_catalogue_is_in_step_with_the_code() -> None:
    """`make words` puts in what is missing here, and takes out what is too much."""
    with (ROOT / "babel.cfg").open(encoding="utf-8") as file:
        methods, options = parse_mapping_cfg(file)  # type: ignore[no-untyped-call]
    keywords = {**DEFAULT_KEYWORDS, **parse_keywords(["lazy_gettext"])}
    found = extract_from_dir(ROOT, methods, options, keywords)
    in_code = {(context, text if isinstance(text, str) else text[0]) for _, _, text, _, context in found}
    in_catalogue = {(message.context, ids(message)[0]) for message in messages()}
    assert in_code - in_catalogue == set()
    assert in_catalogue - in_code == set()


def test_every_word_has_its_polish() -> None:
    assert [message.id for message in messages() if not all(strings(message))] == []
    assert [message.id for message in messages() if message.fuzzy] == []
    assert {len(strings(message)) for message in messages() if len(ids(message)) > 1} == {3}


def test_the_polish_has_the_placeholders_of_the_english() -> None:
    faults = []
    for message in messages():
        one, many = (set(PLACEHOLDER.findall(text)) for text in (ids(message)[0], ids(message)[-1]))
        first, *others = (set(PLACEHOLDER.findall(text)) for text in strings(message))
        if first not in (one, many) or any(other != many for other in others):
            faults.append(message.id)
    assert faults == []


def test_every_text_can_be_filled_in() -> None:
    """A lone % breaks the page that formats it: it stands twice."""
    for message in messages():
        values = dict.fromkeys(PLACEHOLDER.findall(ids(message)[-1]), "1")
        if values or message.context == CONTEXT:
            assert all(text % values for text in strings(message)), message.id


def test_the_compiled_catalogue_is_the_one_that_is_written() -> None:
    """`make words` compiles it."""
    compiled = BytesIO()
    write_mo(compiled, catalogue())
    assert POLISH.with_suffix(".mo").read_bytes() == compiled.getvalue()


def shown(page: str) -> str:
    """What is read or heard of a page: its text, and the names of what has no text."""
    page = re.sub(r"<(script|style)\b.*?</\1>", "", page, flags=re.S)
    names = re.findall(r'\b(?:aria-label|title|placeholder|alt|data-label)="([^"]*)"', page)
    return "\n".join(map(html.unescape, [re.sub(r"<[^>]*>", "\n", page), *names]))


@cache
def english() -> tuple[tuple[str, str, re.Pattern[str]], ...]:
    """Every English text of two words and more, its longest fixed part, and how it looks on a page."""
    found = []
    for message in messages():
        for text in ids(message):
            fixed = PLACEHOLDER.split(text)[::2]
            if text in strings(message) or len(re.findall(r"[A-Za-z]{2,}", " ".join(fixed))) < 2:
                continue
            parts = [each.replace("%%", "%") for each in fixed]
            looks = r"[^\n]{1,80}?".join(map(re.escape, parts))
            found.append((text, max(parts, key=len), re.compile(rf"(?<!\w){looks}(?!\w)")))
    return tuple(found)


def left_in_english(page: str) -> list[str]:
    text = re.sub(r"[ \t]+", " ", shown(page))
    # To look for the longest part first is far quicker than the pattern alone.
    return [message for message, part, looks in english() if part in text and looks.search(text)]


@pytest.mark.parametrize("full", [True, False], ids=["full", "empty"])
def test_no_page_has_english_left_in_it(app: Flask, client: Browser, full: bool) -> None:
    in_polish(client)
    rows: dict[str, Any] = fill() if full else {}
    found, walked = {}, 0
    for _, address in addresses(app, rows):
        response = client.get(address)
        if response.mimetype != "text/html" or response.location:
            continue
        walked += 1
        if "<html" in response.text:
            assert '<html lang="pl"' in response.text, address
        if left := left_in_english(response.text):
            found[address] = left
    assert found == {}
    assert walked > 20


def test_english_that_is_left_would_be_found() -> None:
    assert left_in_english("<p>Nothing has failed for good in this shop.</p>") != []
    assert left_in_english('<a aria-label="Open in 5 minutes, All products">x</a>') == ["All products"]


def test_numbers_and_dates_are_written_as_in_poland(client: Browser) -> None:
    product = make_product(quantity=12_004)
    make_log(product, make_shop(), created_at=datetime(2026, 1, 5, 12, tzinfo=UTC))
    db.session.commit()
    in_polish(client)
    assert "12\xa0004" in client.get("/products").text
    assert "5 sty 2026" in client.get("/log").text
