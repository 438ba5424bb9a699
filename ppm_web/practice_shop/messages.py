"""What goes over the wire: a request as the shop reads it, an answer as the server writes it."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from urllib.parse import parse_qsl, unquote

WRITES = frozenset({"POST", "PUT", "PATCH", "DELETE"})
METHODS = WRITES | {"GET", "HEAD"}


@dataclass
class Request:
    """One HTTP request. headers have lower-case names; target is the path with its query, as it was sent."""

    method: str
    target: str
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""

    @cached_property
    def path(self) -> str:
        return unquote(self.target.partition("?")[0])

    @cached_property
    def query(self) -> dict[str, str]:
        """The query's parameters; of one that comes twice the last counts, as in PHP."""
        return dict(parse_qsl(self.target.partition("?")[2], keep_blank_values=True, errors="replace"))

    @cached_property
    def segments(self) -> list[str]:
        """The path below /api, without empty parts: ["products", "7"]."""
        return [part for part in self.path.split("/") if part][1:]

    @cached_property
    def effective_method(self) -> str:
        """As the shop understands it: ?ps_method= of a POST wins (recording prod_patch_via_post_…)."""
        if self.method == "POST":
            return self.query.get("ps_method", "POST").upper()
        return self.method

    @property
    def resource(self) -> str:
        """The name in the path, known or not; "/" for the API's root."""
        return self.segments[0] if self.segments else "/"

    @property
    def is_api(self) -> bool:
        return self.path == "/api" or self.path.startswith("/api/")

    @property
    def is_write(self) -> bool:
        return self.effective_method in WRITES

    @property
    def base_url(self) -> str:
        return f"http://{self.headers.get('host', 'localhost')}"

    @property
    def wants_json(self) -> bool:
        """Asked for by ?output_format=, Output-Format or Io-Format; Accept is passed over (recordings)."""
        asked = (
            self.query.get("output_format")
            or self.headers.get("output-format")
            or self.headers.get("io-format")
            or ""
        )
        return asked.upper() == "JSON"


@dataclass
class Answer:
    """One HTTP answer. It is sent after delay seconds; hang_up breaks the connection instead."""

    status: int
    body: bytes = b""
    content_type: str = "text/html; charset=utf-8"
    headers: dict[str, str] = field(default_factory=dict)
    delay: float = 0
    hang_up: bool = False


def html_answer(status: int, title: str, text: str) -> Answer:
    """A short page, as a web server or a host's front door sends it. The texts are ours, so not escaped."""
    body = f"<h1>{title}</h1><p>{text}</p>"
    page = f"<!DOCTYPE html>\n<html><head><title>{title}</title></head><body>{body}</body></html>\n"
    return Answer(status, page.encode())
