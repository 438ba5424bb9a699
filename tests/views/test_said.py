"""The sentences of services, stored in English, in the language of the page (docs/adr/0014)."""

from __future__ import annotations

import html
from collections.abc import Iterator

import pytest
from flask import Flask
from flask_babel import force_locale

from ppm_web.extensions import db
from ppm_web.views.web import said as said_module
from ppm_web.views.web.said import LONGEST, MOST_STEPS, SEPARATORS, Template, said, templates
from tests.views.conftest import Browser
from tests.views.polish import PLACEHOLDER, in_polish, sentences
from tests.views.rows import make_log, make_product, make_shop

AMBIGUOUS = {"has %(text)s characters, and %(taken_by)s%(longest)s at most"}
"""Nothing stands between two of its values: all of both is taken for the second one."""


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


@pytest.mark.usefixtures("polish")
@pytest.mark.parametrize(
    ("text", "polish_text"),
    [
        (
            "Night: Finished: 1,200 products: 1,190 created, 10 failed",
            "Night: Zakończono: produkty: 1\xa0200 (utworzone: 1\xa0190, nieudane: 10)",
        ),
        (
            "A-1: Job failed after 1 attempt: A-1: image 2 (a.jpg) is not there: no such file is in the"
            " folder of pictures. All the rest is in the shop. Replace or remove it on the product's page"
            " under Images, or import another source, and sync again",
            "A-1: Zadanie nie powiodło się za pierwszym razem: A-1: zdjęcie 2 (a.jpg) nie istnieje: w"
            " folderze ze zdjęciami nie ma takiego pliku. Cała reszta jest w sklepie. Podmień lub usuń"
            " zdjęcie na stronie produktu w części Zdjęcia albo zaimportuj inne źródło"
            " i synchronizuj ponownie",
        ),
        (
            "found by 'mug'; in error in shop 'A'; active",
            "znalezione przez „mug”; z błędem w sklepie „A”; aktywne",
        ),
        (
            "conflict in name (en): PPM Cups, shop Mugs, last known Mug. To send what PPM has: flask sync"
            " category 'Home > Cups' --shop 'Shop A' --force. To keep what the shop has, write it into the"
            " category here",
            "konflikt w polu nazwa (en): PPM Cups, sklep Mugs, ostatnio znane Mug. Aby wysłać to, co ma PPM:"
            " flask sync category 'Home > Cups' --shop 'Shop A' --force. Aby zostało to, co ma sklep, wpisz"
            " to w kategorii tutaj",
        ),
    ],
    ids=["batch", "image", "filter", "conflict"],
)
def test_a_sentence_within_a_sentence_is_taken_apart_where_most_of_it_is_known(
    text: str, polish_text: str
) -> None:
    assert said(text) == polish_text


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
