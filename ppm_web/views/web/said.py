"""The sentences of services, which are stored in English, in the language of the page.

A worker knows no reader, so what it says is stored in English. Here a sentence is recognised by the
template that stands in the code of the services, and said anew with its parts (docs/adr/0014).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import IntEnum, auto
from functools import lru_cache
from operator import itemgetter
from pathlib import Path
from typing import Final, NamedTuple

from babel.messages.mofile import read_mo
from flask import Flask
from flask_babel import get_locale

from ppm_web.views.web.display import number
from ppm_web.views.web.said_extraction import CONTEXT

TRANSLATIONS: Final = Path(__file__).parents[2] / "translations"
LONGEST: Final = 4_000
"""Characters of a sentence; what is longer is no sentence, but data of a shop."""
DEEPEST: Final = 6
"""Sentences within sentences."""
MOST_STEPS: Final = 300
"""Sentences that are looked for in a text; what data of a shop has more of stays as it is."""
SEPARATORS: Final = ("\n", "; ", ". ", ": ", ", ")
"""What joins sentences, the strongest first."""
START: Final = 4
"""Characters at a template's start that find it."""

_PLACEHOLDER: Final = re.compile(r"%\((\w+)\)s")
_COUNT: Final = re.compile(r"\d{1,3}(,\d{3})+")
_COUNTED: Final = re.compile(r"(\d[\d,]*) ([a-z][a-z ]*)")
_PROPER: Final = re.compile(r"(^|_)(sku|name|email|url|source|reference|person)(_\d+)?$")
"""Placeholders whose values are names, and stay as they are."""


@dataclass(frozen=True, slots=True)
class Template:
    """A sentence of a service: the texts around its placeholders, their names, and its translation."""

    texts: tuple[str, ...]
    names: tuple[str, ...]
    translation: str

    @classmethod
    def read(cls, sentence: str, translation: str) -> Template:
        """The template of a catalogue's entry."""
        pieces = _PLACEHOLDER.split(sentence)
        texts = tuple(text.replace("%%", "%") for text in pieces[::2])
        return cls(texts, tuple(pieces[1::2]), translation)

    @property
    def weight(self) -> int:
        """How many characters of it are fixed, spaces apart."""
        return sum(len(text) - text.count(" ") for text in self.texts)

    def parts(self, text: str) -> dict[str, str] | None:
        """The values of the placeholders in ``text``, as short as can be; None if it says something else.

        Without a regular expression: it takes time in proportion to the text, whatever the text is.
        """
        first, *inner = self.texts
        last = inner.pop() if inner else ""
        if not text.startswith(first) or not text.endswith(last) or len(text) < len(first) + len(last):
            return None
        if not self.names:
            return {} if text == first else None
        end, place, values = len(text) - len(last), len(first), []
        for fixed in inner:
            found = text.find(fixed, place, end)
            if found < 0:
                return None
            values.append(text[place:found])
            place = found + len(fixed)
        values.append(text[place:end])
        named: dict[str, str] = {}
        agree = all(
            named.setdefault(name, value) == value for name, value in zip(self.names, values, strict=True)
        )
        return named if agree else None


@dataclass(frozen=True, slots=True)
class Templates:
    """All templates of a language, those that begin with a text found by its first characters."""

    by_start: dict[str, list[Template]]
    others: list[Template]

    def of(self, text: str) -> Iterator[Template]:
        """The templates that ``text`` may be of, those that begin as it does first."""
        yield from self.by_start.get(text[:START], ())
        yield from self.others


class Rank(IntEnum):
    """Which of two ways to read a text is right when as much is known in both."""

    AS_IT_IS = auto()
    UNLIKELY = auto()
    """A template at whose start stands a value with sentences in it."""
    JOINED = auto()
    SENTENCE = auto()


class _Reading(NamedTuple):
    """A text in the language of the page, and how many characters of it were known."""

    known: int
    rank: Rank
    text: str


def init_app(app: Flask) -> None:
    """Add the filter ``said`` to ``app``."""
    app.add_template_filter(said)


def said(text: str) -> str:
    """A sentence of a service in the language of the page; what is not known comes back as it is."""
    language = str(get_locale() or "en")
    if language == "en" or not text or len(text) > LONGEST:
        return text
    return _Reader(templates(language)).read(str(text)).text


@lru_cache
def templates(language: str) -> Templates:
    """The templates of ``language``, read once from its compiled catalogue; none if it has none."""
    path = TRANSLATIONS / language / "LC_MESSAGES" / "messages.mo"
    if not path.exists():
        return Templates({}, [])
    with path.open("rb") as file:
        entries = [
            entry for entry in read_mo(file) if entry.context in (CONTEXT, CONTEXT.encode()) and entry.string
        ]
    found = [Template.read(str(entry.id), str(entry.string)) for entry in entries]
    found.sort(key=lambda template: template.weight, reverse=True)
    by_start: dict[str, list[Template]] = {}
    for template in found:
        if (template.names and len(template.texts[0]) >= START) or not template.names:
            by_start.setdefault(template.texts[0][:START], []).append(template)
    return Templates(by_start, [each for each in found if each.names and len(each.texts[0]) < START])


class _Reader:
    """Reads one text: of all ways to take it apart, the one of which most is known.

    What is read once is kept, as the same parts come up in many ways.
    """

    def __init__(self, known: Templates) -> None:
        self.known = known
        self.steps = MOST_STEPS
        self.kept: dict[str, _Reading] = {}

    def read(self, text: str, depth: int = 0) -> _Reading:
        """The best reading of ``text``; as it is, and nothing known, when there is none."""
        if text in self.kept:
            return self.kept[text]
        if not self.steps or depth > DEEPEST:
            return _Reading(0, Rank.AS_IT_IS, text)
        self.steps -= 1
        readings = [self._counted(text, depth)]
        for template in self.known.of(text):
            if (parts := template.parts(text)) is not None:
                readings.append(self._filled(template, parts, depth))
                if not parts:  # the whole text, word for word
                    break
        readings += [self._joined(text, separator, depth) for separator in SEPARATORS if separator in text]
        self.kept[text] = max(readings, key=itemgetter(0, 1))
        return self.kept[text]

    def _counted(self, text: str, depth: int) -> _Reading:
        """A count and what is counted: "35 created"."""
        if found := _COUNT.fullmatch(text):
            return _Reading(0, Rank.AS_IT_IS, number(int(text.replace(",", ""))))
        if (found := _COUNTED.fullmatch(text)) and (thing := self.read(found[2], depth + 1)).known:
            counted = f"{thing.text}: {self.read(found[1], depth + 1).text}"
            return _Reading(thing.known, Rank.SENTENCE, counted)
        return _Reading(0, Rank.AS_IT_IS, text)

    def _joined(self, text: str, separator: str, depth: int) -> _Reading:
        """Several sentences in one text, each by itself."""
        pieces = text.split(separator, 1 if separator == ": " else 20)
        found = [self.read(piece, depth + 1) for piece in pieces]
        known = sum(each.known for each in found)
        joined = separator.join(each.text for each in found)
        return _Reading(known, Rank.JOINED if known else Rank.AS_IT_IS, joined)

    def _filled(self, template: Template, parts: Mapping[str, str], depth: int) -> _Reading:
        """A template with its values, which may be sentences themselves."""
        known, values = template.weight, {}
        for name, value in parts.items():
            if _PROPER.search(name):
                values[name] = value
                continue
            found = self.read(value, depth + 1)
            known += found.known
            values[name] = found.text
        first = "" if template.texts[0] else parts[template.names[0]]
        sentences = any(separator in first for separator in SEPARATORS if separator != ", ")
        return _Reading(known, Rank.UNLIKELY if sentences else Rank.SENTENCE, template.translation % values)
