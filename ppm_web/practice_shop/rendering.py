"""Entities, lists and errors as the Webservice writes them, in XML and in JSON."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from dataclasses import field as dataclass_field
from xml.sax.saxutils import quoteattr

from .computed import items_of, value_of
from .dialect import Dialect
from .fields import Association, Field, Resource, Value
from .filters import Shown
from .prices import Asked, price_of
from .store import Entity, Store

XML_TYPE = "text/xml;charset=utf-8"
JSON_TYPE = "application/json"
_OPEN = '<?xml version="1.0" encoding="UTF-8"?>\n<prestashop xmlns:xlink="http://www.w3.org/1999/xlink">\n'
Json = dict[str, object]


@dataclass(frozen=True)
class Renderer:
    """Writes entities for one request: its shop's address and the languages that it asked for."""

    store: Store
    dialect: Dialect
    base_url: str
    languages: list[str]
    one_language: bool = False
    prices: Mapping[str, Asked] = dataclass_field(default_factory=dict)

    def href(self, path: str) -> str:
        """An xlink:href attribute, with the space before it."""
        return " xlink:href=" + quoteattr(f"{self.base_url}/api/{path}")

    def entity_xml(self, resource: Resource, entity: Entity, shown: Shown | None = None) -> str:
        """One entity; all of it, or the shown fields only."""
        lines = [f"<{resource.node}>"]
        if shown is None or "id" in shown.fields:
            lines.append(f"\t<id>{cdata(str(entity.id))}</id>")
        for field in resource.fields:
            if shown is None or field.name in shown.fields:
                lines.append(self._field_xml(resource, entity, field))
        lines += [
            f"\t<{name}>{cdata(price)}</{name}>" for name, price in self._prices(resource, entity, shown)
        ]
        associations = [
            part for part in resource.associations if shown is None or part.name in shown.associations
        ]
        if associations:
            lines.append("<associations>")
            for association in associations:
                lines += self._association_xml(resource, entity, association, shown)
            lines.append("</associations>")
        lines.append(f"</{resource.node}>")
        return "\n".join(lines)

    def _field_xml(self, resource: Resource, entity: Entity, field: Field) -> str:
        value = value_of(self.store, resource, entity, field)
        if field.i18n:
            return f"\t<{field.name}>{self._texts_xml(value)}</{field.name}>"
        text = "" if value is None else str(value)
        attributes = ' notFilterable="true"' if field.computed else ""
        if field.link and text not in {"", "0"}:
            below = f"/{entity.id}" if field.link == "images/products" else ""
            attributes = self.href(f"{field.link}{below}/{text}") + attributes
        return f"\t<{field.name}{attributes}>{cdata(text)}</{field.name}>"

    def _texts_xml(self, value: Value | int) -> str:
        if not isinstance(value, dict):
            # What was not sent is echoed without links (recording prod_post_minimal).
            return "".join(f'<language id="{language}">{cdata("")}</language>' for language in self.languages)
        return "".join(
            f'<language id="{language}"{self.href(f"languages/{language}")}>'
            f"{cdata(value.get(language, ''))}</language>"
            for language in self.languages
        )

    def _association_xml(
        self, resource: Resource, entity: Entity, association: Association, shown: Shown | None
    ) -> Iterable[str]:
        names = shown.associations[association.name] if shown else None
        head = f'{association.name} nodeType="{association.node}" api="{association.api}"'
        items = list(items_of(self.store, resource, entity, association))
        if not items:
            yield f"<{head}/>"
            return
        yield f"<{head}>"
        path = f"images/products/{entity.id}" if association.name == "images" else association.api
        for item in items:
            yield f"\t<{association.node}{self.href(f'{path}/' + item['id'])}>"
            if names is None or "id" in names:
                yield f"\t<id>{cdata(item['id'])}</id>"
            for name, linked in association.extra:
                if names is not None and name not in names:
                    continue
                value = item.get(name, "")
                attribute = self.href(f"{linked}/{value}") if linked else ""
                yield f"\t<{name}{attribute}>{cdata(value)}</{name}>"
            yield f"\t</{association.node}>"
        yield f"</{association.name}>"

    def entity_json(self, resource: Resource, entity: Entity, shown: Shown | None = None) -> Json:
        """One entity as in a list: every field, also the empty ones."""
        found: Json = {}
        if shown is None or "id" in shown.fields:
            found["id"] = entity.id
        for field in resource.fields:
            if shown is None or field.name in shown.fields:
                found[field.name] = self._field_json(field, value_of(self.store, resource, entity, field))
        found |= self._prices(resource, entity, shown)
        associations = self._associations_json(resource, entity, shown)
        if associations:
            found["associations"] = associations
        return found

    def single_json(self, resource: Resource, entity: Entity, *, is_echo: bool = False) -> Json:
        """One entity alone: without the fields that are empty or "0" (recording get_product_json_simple).

        In the echo of a write, 8.2 gives the new id as a string (recording prod_post_full_json_out).
        """
        found = self.entity_json(resource, entity)
        found = {name: value for name, value in found.items() if value not in ("", "0", 0, None)}
        if is_echo and not self.dialect.integers_are_numbers:
            found["id"] = str(entity.id)
        return found

    def _prices(self, resource: Resource, entity: Entity, shown: Shown | None) -> list[tuple[str, str]]:
        if resource.name not in {"products", "combinations"}:
            return []
        return [
            (name, price_of(self.store, entity, asked))
            for name, asked in self.prices.items()
            if shown is None or name in shown.fields
        ]

    def _field_json(self, field: Field, value: Value | int) -> object:
        if field.i18n:
            if not isinstance(value, dict):
                return None
            if self.one_language:
                return value.get(self.languages[0], "")
            return [
                {"id": self._number(language), "value": value.get(language, "")}
                for language in self.languages
            ]
        if field.is_integer and isinstance(value, str):
            return self._number(value)
        return value

    def _associations_json(self, resource: Resource, entity: Entity, shown: Shown | None) -> Json:
        found: Json = {}
        for association in resource.associations:
            if shown is not None and association.name not in shown.associations:
                continue
            names = shown.associations[association.name] if shown else None
            items = [
                {name: self._number(value) for name, value in item.items() if names is None or name in names}
                for item in items_of(self.store, resource, entity, association)
            ]
            if items:
                found[association.name] = items
        return found

    def _number(self, text: str) -> str | int:
        """Whole numbers are numbers in 9.1's JSON, strings in 8.2's."""
        is_whole = text.lstrip("-").isdecimal()
        return int(text) if self.dialect.integers_are_numbers and is_whole else text


def cdata(text: str) -> str:
    """Text for XML, in a CDATA section (two, where it holds the end of one)."""
    return f"<![CDATA[{text.replace(']]>', ']]]]><![CDATA[>')}]]>"


def document(*parts: str) -> bytes:
    """A whole XML body."""
    return (_OPEN + "\n".join(parts) + "\n</prestashop>\n").encode()


def json_body(value: object) -> bytes:
    """JSON as PHP writes it: no spaces, letters as they are, slashes escaped."""
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    return text.replace("/", "\\/").encode()


def errors_body(errors: Iterable[tuple[int, str]], *, as_json: bool) -> bytes:
    """The errors of a refused request (recordings auth_bad_key_32, auth_bad_key_json)."""
    if as_json:
        return json_body({"errors": [{"code": code, "message": message} for code, message in errors]})
    lines = ["<errors>"]
    for code, message in errors:
        lines += [
            "<error>",
            f"<code>{cdata(str(code))}</code>",
            f"<message>{cdata(message)}</message>",
            "</error>",
        ]
    return document(*lines, "</errors>")
