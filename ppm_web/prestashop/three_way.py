"""Three values for every field (R26; design, idea 7): what to send, what is known now, what two have changed.

*base* is what PPM last knew the shop to hold, *ours* what PPM holds for it, *theirs* what was read in this
run. ours = base: nothing to send, whatever theirs is. ours ≠ base, theirs = base: send. Both moved: if
equal, take it as the new base; else it is a conflict of this field. Where the base is not known (a product
that is being linked, a field that PPM holds since now), theirs is the base: what is held is sent.

Texts are decided by language. The categories of a product are a set: what was added and taken out here is
added and taken out there, so they are never in conflict.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any

from ppm_web.prestashop.diff import same_value
from ppm_web.prestashop.values import Payload

CATEGORIES = "categories"


@dataclass(frozen=True, slots=True)
class FieldConflict:
    """A field, or a text in one language (its id_lang), that was changed here and in the shop."""

    field: str
    language: str | None
    base: Any
    ours: Any
    theirs: Any

    @property
    def key(self) -> str:
        """ "price", or "name.2": how a row keeps it."""
        return self.field if self.language is None else f"{self.field}.{self.language}"


@dataclass(slots=True)
class Decision:
    """``send``: fields to send, texts in the languages in which they are sent. ``base``: what PPM knows the
    shop to hold of the fields that it holds, before anything is sent; ``after``: once all of it was sent."""

    send: Payload = field(default_factory=dict)
    base: Payload = field(default_factory=dict)
    after: Payload = field(default_factory=dict)
    conflicts: list[FieldConflict] = field(default_factory=list)


def to_read(base: Payload | None, ours: Payload, sending: Payload | None = None) -> set[str]:
    """The fields that have to be read before anything can be decided: those that differ from the base, and
    those whose sending got no answer."""
    unsure = set(sending or {})
    return {name for name, value in ours.items() if not _is_base(name, base or {}, value)} | unsure


def decide(
    base: Payload | None,
    ours: Payload,
    theirs: Payload,
    *,
    sending: Payload | None = None,
    overwrite: Collection[str] = (),
) -> Decision:
    """What to do about the fields of ``ours``; ``theirs`` holds at least those of ``to_read``.

    ``sending``: what was under way when an answer got lost; where the shop holds just that, it arrived.
    ``overwrite``: fields for which a person said that PPM's value goes there, whatever the shop holds.
    """
    decision = Decision()
    for name, value in ours.items():
        known = (base or {}).get(name)
        under_way = (sending or {}).get(name)
        if name not in theirs:
            if known is not None:
                decision.base[name] = decision.after[name] = known
            continue
        present = theirs[name]
        forced = name in overwrite
        if name == CATEGORIES:
            _decide_categories(decision, None if forced else known, value, present, under_way)
        elif isinstance(value, Mapping):
            _decide_texts(decision, name, None if forced else known, value, present, under_way)
        else:
            _decide_value(decision, (name, None), None if forced else known, value, present, under_way)
    return decision


def _is_base(name: str, base: Payload, value: Any) -> bool:
    known = base.get(name)
    if isinstance(value, Mapping):
        texts = known if isinstance(known, Mapping) else {}
        return all(lang in texts and same_value(name, texts[lang], text) for lang, text in value.items())
    return known is not None and same_value(name, known, value)


def _decide_texts(
    decision: Decision, name: str, known: Any, ours: Mapping[str, str], theirs: Any, under_way: Any
) -> None:
    bases = known if isinstance(known, Mapping) else {}
    sent = under_way if isinstance(under_way, Mapping) else {}
    for language, text in ours.items():
        present = _text_of(theirs, language)
        _decide_value(decision, (name, language), bases.get(language), text, present, sent.get(language))


def _decide_value(
    decision: Decision, key: tuple[str, str | None], known: Any, ours: Any, theirs: Any, under_way: Any
) -> None:
    name = key[0]
    if known is None or (under_way is not None and same_value(name, theirs, under_way)):
        known = theirs
    base = after = known
    if same_value(name, known, ours):
        pass
    elif same_value(name, theirs, ours):
        base = after = ours
    elif same_value(name, theirs, known):
        after = ours
        _put(decision.send, key, ours)
    else:
        decision.conflicts.append(FieldConflict(name, key[1], known, ours, theirs))
    _put(decision.base, key, base)
    _put(decision.after, key, after)


def _decide_categories(decision: Decision, known: Any, ours: Any, theirs: Any, under_way: Any) -> None:
    wanted, present = _numbers(ours), _numbers(theirs)
    mine = _numbers(known) if known is not None else wanted & present
    if under_way is not None:
        mine |= _numbers(under_way) & present & wanted
    result = (present | (wanted - mine)) - (mine - wanted)
    decision.after[CATEGORIES] = sorted(wanted)
    if wanted == mine or result == present:
        decision.base[CATEGORIES] = sorted(wanted)
        return
    decision.base[CATEGORIES] = sorted(mine)
    decision.send[CATEGORIES] = sorted(result or wanted)


def _numbers(value: Any) -> set[int]:
    return {int(number) for number in value}


def _text_of(texts: Any, language: str) -> str:
    """Of a shop with one language a text may be a plain string; a language that it lacks holds nothing."""
    if isinstance(texts, Mapping):
        return str(texts.get(language, ""))
    return "" if texts is None else str(texts)


def _put(payload: Payload, key: tuple[str, str | None], value: Any) -> None:
    name, language = key
    if language is None:
        payload[name] = value
    else:
        payload.setdefault(name, {})[language] = value
