"""The sentences of services, which are stored in English, in the language of the page.

A worker knows no reader, so what it says is stored in English. Here a sentence is recognised by the
template that stands in the code of the services, and said anew with its parts (docs/adr/0014).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from heapq import merge
from pathlib import Path
from typing import Final

from babel.messages.mofile import read_mo
from flask import Flask
from flask_babel import get_locale

from ppm_web.views.display import number
from ppm_web.views.said_extraction import CONTEXT

TRANSLATIONS: Final = Path(__file__).parent.parent / "translations"
LONGEST: Final = 4_000
"""Characters of a sentence; what is longer is no sentence, but data of a shop."""
DEEPEST: Final = 4
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
        """How much of it is fixed: the template that says most, in most places, is the right one."""
        return sum(len(text) + 2 for text in self.texts if text)

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
        """The templates that ``text`` may be of, those that say most of it first."""
        starting = self.by_start.get(text[:START], ())
        yield from merge(starting, self.others, key=lambda template: -template.weight)


def init_app(app: Flask) -> None:
    """Add the filter ``said`` to ``app``."""
    app.add_template_filter(said)


def said(text: str) -> str:
    """A sentence of a service in the language of the page; what is not known comes back as it is."""
    language = str(get_locale() or "en")
    if language == "en" or not text or len(text) > LONGEST:
        return text
    return _said(str(text), templates(language), 0, iter(range(MOST_STEPS)))


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


def _said(text: str, known: Templates, depth: int, steps: Iterator[int]) -> str:
    if next(steps, None) is None:
        return text
    for template in known.of(text):
        if (parts := template.parts(text)) is not None:
            return template.translation % {
                name: value if _PROPER.search(name) else _part(value, known, depth, steps)
                for name, value in parts.items()
            }
    if (found := _COUNTED.fullmatch(text)) and (thing := _said(found[2], known, DEEPEST, steps)) != found[2]:
        return f"{thing}: {_part(found[1], known, depth, steps)}"
    return _joined(text, known, depth, steps)


def _part(value: str, known: Templates, depth: int, steps: Iterator[int]) -> str:
    if _COUNT.fullmatch(value):
        return number(int(value.replace(",", "")))
    return _said(value, known, depth + 1, steps) if value and depth < DEEPEST else value


def _joined(text: str, known: Templates, depth: int, steps: Iterator[int]) -> str:
    """Several sentences in one text, each by itself."""
    if depth >= DEEPEST:
        return text
    for separator in SEPARATORS:
        if separator in text:
            pieces = text.split(separator, 1 if separator == ": " else 20)
            found = [_said(piece, known, depth + 1, steps) for piece in pieces]
            if found != pieces:
                return separator.join(found)
    return text
