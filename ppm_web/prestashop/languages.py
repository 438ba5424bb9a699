"""Which of a shop's languages a language code of the catalogue is.

PrestaShop's iso_code is no language code everywhere: its English of Britain is `gb`, its Portuguese of Brazil
`br`. So a language is known by its language_code or locale (recording list_languages_full_xml), and by its
iso_code only where that agrees.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from ppm_web.prestashop.values import RemoteLanguage

# Codes that PrestaShop's language packs give to variants, for shops that tell no language_code.
_VARIANTS = {
    "gb": "en-gb",
    "br": "pt-br",
    "mx": "es-mx",
    "ag": "es-ar",
    "qc": "fr-ca",
    "dh": "de-ch",
    "tw": "zh-tw",
    "zh": "zh-cn",
    "vn": "vi-vn",
}


def match(code: str, languages: Sequence[RemoteLanguage]) -> RemoteLanguage | None:
    """The shop's language for a code ("en", "pt-br"): the very same, else the only variant of it.

    None where there is none, and where several could be meant: then a person says which one.
    """
    wanted = _clean(code)
    for same in (
        [one for one in languages if tag_of(one) == wanted],
        [one for one in languages if _clean(one.iso_code) == wanted and _base(tag_of(one)) == wanted],
        [one for one in languages if _related(wanted, tag_of(one))],
    ):
        active = [one for one in same if one.active] or same
        if len(active) == 1:
            return active[0]
    return None


def code_of(language: RemoteLanguage, codes: Iterable[str]) -> str:
    """The code of the catalogue that stands for a shop's language, else a code of its own."""
    fits = next((code for code in codes if match(code, [language]) is not None), None)
    return fits or _clean(language.iso_code)


def tag_of(language: RemoteLanguage) -> str:
    """ "pt-br": what the shop tells, else what PrestaShop means by its iso_code."""
    iso = _clean(language.iso_code)
    return _clean(language.tag) or _VARIANTS.get(iso, iso)


def _related(wanted: str, tag: str) -> bool:
    """Whether one of the two is the language that the other is a variant of."""
    return _base(wanted) == _base(tag) and (wanted == _base(wanted) or tag == _base(tag))


def _base(tag: str) -> str:
    return tag.partition("-")[0]


def _clean(code: str) -> str:
    return code.strip().lower().replace("_", "-")
