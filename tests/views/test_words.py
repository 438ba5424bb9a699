"""The words of the pages: all there in Polish, with their values in place, and the person chooses."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from functools import cache
from io import BytesIO
from pathlib import Path
from typing import Any, Final

import pytest
from babel.messages import Catalog, Message
from babel.messages.extract import DEFAULT_KEYWORDS, extract_from_dir
from babel.messages.frontend import parse_keywords, parse_mapping_cfg
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from flask import Flask
from flask_babel import force_locale

from ppm_web.extensions import db
from ppm_web.models import Role
from ppm_web.views import said as said_module
from ppm_web.views.said import LONGEST, MOST_STEPS, SEPARATORS, TRANSLATIONS, Template, said, templates
from ppm_web.views.said_extraction import CONTEXT
from tests.views.conftest import Browser
from tests.views.pages import addresses, fill
from tests.views.rows import make_log, make_product, make_shop, make_user

ROOT: Final = Path(__file__).parents[2]
POLISH: Final = TRANSLATIONS / "pl" / "LC_MESSAGES" / "messages.po"
PLACEHOLDER: Final = re.compile(r"%\((\w+)\)s")
AMBIGUOUS: Final = {"has %(text)s characters, and %(taken_by)s%(longest)s at most"}
"""Nothing stands between two of its values: all of both is taken for the second one."""


@cache
def catalogue() -> Catalog:
    with POLISH.open("rb") as file:
        return read_po(file, locale="pl")


def messages() -> list[Message]:
    return [message for message in catalogue() if message.id]


def ids(message: Message) -> tuple[str, ...]:
    return (message.id,) if isinstance(message.id, str) else tuple(message.id)


def strings(message: Message) -> tuple[str, ...]:
    return (message.string,) if isinstance(message.string, str) else tuple(message.string or ())


def sentences() -> list[tuple[str, str]]:
    """What services say, with its Polish."""
    said_ones = [message for message in messages() if message.context == CONTEXT]
    return [(ids(message)[0], strings(message)[0]) for message in said_ones]


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


@pytest.fixture
def polish(app: Flask) -> Iterator[None]:
    with app.test_request_context(), force_locale("pl"):
        yield


@pytest.mark.usefixtures("polish")
def test_every_sentence_of_a_service_is_known_again_with_its_values() -> None:
    faults = {}
    for text, translation in sentences():
        names = dict.fromkeys(PLACEHOLDER.findall(text))
        values = {name: f"Zq{number}x" for number, name in enumerate(names)}
        if (found := said(text % values)) != translation % values and text not in AMBIGUOUS:
            faults[text] = found
    assert faults == {}


@pytest.mark.usefixtures("polish")
@pytest.mark.parametrize("text", ["", "Qwerty uiop", "100 %", "%(name)s", "Ala; ma: kota, i. psa", "<b>"])
def test_what_no_service_says_comes_back_as_it_is(text: str) -> None:
    assert said(text) == text


def test_in_english_nothing_is_changed(app: Flask) -> None:
    with app.test_request_context(), force_locale("en"):
        assert said("All went well") == "All went well"


@pytest.mark.usefixtures("polish")
@pytest.mark.parametrize(
    "text",
    [
        "a; b. c: d, e\n" * LONGEST,
        "".join(f"x{separator}" for separator in SEPARATORS) * LONGEST,
        ": " * LONGEST,
        "a, " * LONGEST,
        "Shop 'a' ; shop paused: " * LONGEST,
        "cannot be fetched: " * LONGEST,
    ],
    ids=lambda text: text[:20],
)
def test_a_hostile_text_takes_a_few_steps_and_no_more(text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    known = templates("pl")
    most_of_one = len(known.others) + max(len(each) for each in known.by_start.values())
    tried: list[int] = []
    parts = Template.parts

    def counted(template: Template, text: str) -> dict[str, str] | None:
        tried.append(len(text))
        return parts(template, text)

    monkeypatch.setattr(said_module.Template, "parts", counted)
    assert said(text[:LONGEST])
    assert len(tried) <= MOST_STEPS * most_of_one


def test_html_in_a_value_stays_text_on_the_page(client: Browser) -> None:
    template = "shop paused: %(pause_reason)s"
    value = {"pause_reason": "<script>alert(1)</script>"}
    make_log(make_product(), make_shop(), message=template % value)
    db.session.commit()
    in_polish(client)
    page = client.get("/log").text
    assert value["pause_reason"] not in page
    assert html.escape(dict(sentences())[template] % value) in page


def in_polish(client: Browser) -> None:
    client.sign_in(make_user(Role.ADMIN).email)
    client.set_cookie("language", "pl")


def shown(page: str) -> str:
    """What is read or heard of a page: its text, and the names of what has no text."""
    page = re.sub(r"<(script|style)\b.*?</\1>", "", page, flags=re.S)
    names = re.findall(r'\b(?:aria-label|title|placeholder|alt|data-label)="([^"]*)"', page)
    return "\n".join(map(html.unescape, [re.sub(r"<[^>]*>", "\n", page), *names]))


@cache
def english() -> tuple[tuple[str, re.Pattern[str]], ...]:
    """Every English text of two words and more, and how it looks on a page."""
    found = []
    for message in messages():
        for text in ids(message):
            fixed = PLACEHOLDER.split(text)[::2]
            if text in strings(message) or len(re.findall(r"[A-Za-z]{2,}", " ".join(fixed))) < 2:
                continue
            looks = r"[^\n]{1,80}?".join(re.escape(each.replace("%%", "%")) for each in fixed)
            found.append((text, re.compile(rf"(?<!\w){looks}(?!\w)")))
    return tuple(found)


def left_in_english(page: str) -> list[str]:
    text = re.sub(r"[ \t]+", " ", shown(page))
    return [message for message, looks in english() if looks.search(text)]


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


def test_the_language_changes_and_the_page_stays(client: Browser) -> None:
    client.sign_in(make_user().email)
    client.get("/products?q=mug")
    answer = client.send(
        "/language", {"language": "pl"}, headers={"Referer": "http://localhost/products?q=mug"}
    )
    assert (answer.status_code, answer.location) == (303, "/products?q=mug")
    cookie = answer.headers["Set-Cookie"]
    assert "language=pl" in cookie
    assert {"HttpOnly", "SameSite=Lax", "Max-Age=31536000"} <= set(cookie.split("; "))
    assert '<html lang="pl"' in client.get("/products?q=mug").text


@pytest.mark.parametrize("wanted", ["", "xx", "PL", "pl; Secure", "../en"])
def test_a_language_that_there_is_not_is_not_kept(client: Browser, wanted: str) -> None:
    client.get("/login")
    answer = client.send("/language", {"language": wanted})
    assert answer.status_code == 303
    assert "language=" not in answer.headers.get("Set-Cookie", "")
    assert '<html lang="en"' in client.get("/login").text


def test_the_way_back_from_a_change_stays_on_this_site(client: Browser) -> None:
    client.get("/login")
    answer = client.send("/language", {"language": "pl"}, headers={"Referer": "https://evil.example/x"})
    assert answer.location is not None
    assert "evil" not in answer.location


@pytest.mark.parametrize(
    ("asked", "cookie", "language"),
    [
        ("", "", "en"),
        ("de, fr;q=0.8", "", "en"),
        ("pl-PL, pl;q=0.9, en;q=0.8", "", "pl"),
        ("en, pl;q=0.5", "", "en"),
        ("en", "pl", "pl"),
        ("pl", "en", "en"),
        ("pl", "rubbish", "pl"),
    ],
)
def test_the_cookie_chooses_before_the_browser_does(
    client: Browser, asked: str, cookie: str, language: str
) -> None:
    if cookie:
        client.set_cookie("language", cookie)
    assert f'<html lang="{language}"' in client.get("/login", headers={"Accept-Language": asked}).text
