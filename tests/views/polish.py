"""The Polish catalogue, as the tests of words read it, and a browser that asks for Polish pages."""

from __future__ import annotations

import re
from functools import cache
from typing import Final

from babel.messages import Catalog, Message
from babel.messages.pofile import read_po

from ppm_web.models import Role
from ppm_web.views.web.said import TRANSLATIONS
from ppm_web.views.web.said_extraction import CONTEXT
from tests.views.conftest import Browser
from tests.views.rows import make_user

POLISH: Final = TRANSLATIONS / "pl" / "LC_MESSAGES" / "messages.po"
PLACEHOLDER: Final = re.compile(r"%\((\w+)\)s")


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


def in_polish(client: Browser) -> None:
    client.sign_in(make_user(Role.ADMIN).email)
    client.set_cookie("language", "pl")
