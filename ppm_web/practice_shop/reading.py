"""GET and HEAD: the root, schemas, one entity, lists."""

from __future__ import annotations

from .errors import PhpDiedError, WebserviceError, failed_query
from .fields import Association, Field, Resource
from .filters import Shown, asks_for_missing_date, select_entities, shown_fields
from .messages import Answer, Request
from .rendering import JSON_TYPE, XML_TYPE, Renderer, cdata, document, json_body
from .resources import DESCRIPTIONS, RESOURCES
from .stock_rows import is_lost
from .store import Entity, Store

METHODS = ("get", "put", "post", "patch", "delete", "head")
WITHOUT_SCHEMA = frozenset({"attachments", "images", "search"})


def show_root(renderer: Renderer, rights: dict[str, frozenset[str]]) -> Answer:
    """The resources that a key may use, with its rights (recording perm_products_only_root)."""
    lines = ['<api shopName="Practice shop">']
    methods = [name for name in METHODS if name != "patch" or renderer.dialect.has_patch]
    for resource, description in DESCRIPTIONS.items():
        allowed = rights.get(resource, frozenset())
        if not allowed:
            continue
        marks = "".join(f' {name}="{"true" if name.upper() in allowed else "false"}"' for name in methods)
        head = f"{renderer.href(resource)}{marks}"
        lines += [f"<{resource}{head}>", f"<description{head}>", f"{description}</description>"]
        if resource not in WITHOUT_SCHEMA:
            lines += [
                f'<schema{renderer.href(f"{resource}?schema={kind}")} type="{kind}"/>'
                for kind in ("blank", "synopsis")
            ]
        lines.append(f"</{resource}>")
    return Answer(200, document(*lines, "</api>"), XML_TYPE)


def show_list(renderer: Renderer, resource: Resource, request: Request) -> Answer:
    """A list: full, some fields, or the ids alone. Raises WebserviceError for bad filters and fields."""
    if "schema" in request.query:
        return _show_schema(renderer, resource, request.query["schema"])
    display = request.query.get("display")
    shown = shown_fields(resource, display, renderer.prices) if display else Shown({"id"})
    entities = _selected(renderer, resource, request.query)
    if request.wants_json:
        found = [renderer.entity_json(resource, entity, shown) for entity in entities]
        # An empty list is [] without the resource's name (recording list_empty_json).
        return Answer(200, json_body({resource.name: found} if found else []), JSON_TYPE)
    if display:
        lines = [renderer.entity_xml(resource, entity, shown) for entity in entities]
    else:
        lines = [
            f'<{resource.node} id="{entity.id}"{renderer.href(f"{resource.name}/{entity.id}")}/>'
            for entity in entities
        ]
    return Answer(200, document(f"<{resource.name}>", *lines, f"</{resource.name}>"), XML_TYPE)


def show_one(renderer: Renderer, resource: Resource, request: Request) -> Answer:
    """One entity; 404 with an empty body if there is none.

    What is in another store alone is 404 with code 131, and so is a stock row that a PUT has moved to shop 0
    (recording stock_get_after_put_without_id_shop).
    """
    store, identifier = renderer.store, request.segments[1]
    entity = find_entity(store, resource.name, identifier)
    elsewhere = None if entity else find_entity(store.within(None), resource.name, identifier)
    if elsewhere or (entity and resource.name == "stock_availables" and is_lost(store, entity)):
        text = f"This {resource.object_name} ({int(identifier)}) does not exists on this shop"
        raise WebserviceError(404, (131, text))
    if entity is None:
        return Answer(404)
    if request.wants_json:
        return Answer(200, json_body({resource.node: renderer.single_json(resource, entity)}), JSON_TYPE)
    return Answer(200, document(renderer.entity_xml(resource, entity)), XML_TYPE)


def find_entity(store: Store, resource: str, identifier: str) -> Entity | None:
    """The entity with this id as a path has it; None for one that is not there or no number at all."""
    is_number = identifier.isascii() and identifier.isdecimal() and len(identifier) < 19
    return store[resource].get(int(identifier)) if is_number else None


def find_resource(name: str) -> Resource:
    """A resource that the shop lists; one that holds nothing here has no fields."""
    return RESOURCES.get(name) or Resource(name, name.removesuffix("s"), name)


def _selected(renderer: Renderer, resource: Resource, query: dict[str, str]) -> list[Entity]:
    if resource.name not in RESOURCES:
        return []
    if asks_for_missing_date(resource, query):
        if renderer.dialect.dies_of_missing_dates:
            raise PhpDiedError
        return []
    return select_entities(renderer.store[resource.name], query)


def _show_schema(renderer: Renderer, resource: Resource, kind: str) -> Answer:
    """What can be written, empty (blank) or with its rules (synopsis); recordings schema_products_*."""
    if kind not in {"blank", "synopsis"}:
        raise failed_query(
            28,
            "Please select a schema of type 'synopsis' to get the whole schema informations (which fields "
            "are required, which kind of content...) or 'blank' to get an empty schema to fill before using "
            "POST request",
        )
    is_blank = kind == "blank"
    lines = [f"<{resource.node}>"]
    if is_blank:
        lines.append(f"\t<id>{cdata('')}</id>")
    for field in resource.fields:
        if not (is_blank and field.read_only):
            lines.append(_schema_field(renderer, field, is_blank=is_blank))
    if resource.associations:
        lines.append("<associations>")
        for association in resource.associations:
            lines += _schema_association(association, is_blank=is_blank)
        lines.append("</associations>")
    return Answer(200, document(*lines, f"</{resource.node}>"), XML_TYPE)


def _schema_field(renderer: Renderer, field: Field, *, is_blank: bool) -> str:
    rules = "" if is_blank else _rules(field)
    if not field.i18n:
        return f"\t<{field.name}{rules}>{cdata('')}</{field.name}>"
    inner = ""
    for language in renderer.languages:
        of = "" if is_blank else f'{renderer.href(f"languages/{language}")} format="isUnsignedId" '
        inner += f'<language id="{language}"{of}>{cdata("")}</language>'
    return f"\t<{field.name}{rules}>{inner}</{field.name}>"


def _rules(field: Field) -> str:
    rules = ' notFilterable="true"' if field.computed else ""
    rules += ' read_only="true"' if field.read_only else ""
    rules += ' required="true"' if field.required else ""
    rules += f' maxSize="{field.size}"' if field.size else ""
    rules += f' format="{field.rule}"' if field.rule else ""
    return rules + (' readOnly="true"' if field.read_only else "")


def _schema_association(association: Association, *, is_blank: bool) -> list[str]:
    head = "" if is_blank else f' nodeType="{association.node}" api="{association.api}"'
    mark = ' required="true"' if association.required_id and not is_blank else ""
    lines = [f"<{association.name}{head}>", f"\t<{association.node}>", f"\t<id{mark}>{cdata('')}</id>"]
    lines += [f"\t<{name}{mark}>{cdata('')}</{name}>" for name, _linked in association.extra]
    return [*lines, f"\t</{association.node}>", f"</{association.name}>"]
