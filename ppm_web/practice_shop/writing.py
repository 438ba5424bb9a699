"""POST, PUT, PATCH and DELETE of entities, one after the other, stopping at the first that is bad."""

from __future__ import annotations

from collections.abc import Iterator

from .bodies import Sent
from .clock import now
from .dialect import Dialect
from .draft import Draft
from .errors import WebserviceError, php_warning
from .fields import Field, Resource, TextValue, Value
from .leaving import leave_stores
from .reading import find_entity
from .rules import RULES
from .rules_base import Rules
from .store import Associations, Entity, Store
from .stores import DEFAULT_STORE
from .validation import stored_value, validate


def check_ids(method: str, entities: list[Sent]) -> None:
    """Refuse the whole request for its ids, before anything is written: 400, codes 91, 90, 89."""
    ids = [sent.id for sent in entities]
    if method == "POST":
        if any(ids):
            raise WebserviceError(400, (91, "id is forbidden when adding a new resource"))
        return
    if not all(ids):
        raise WebserviceError(400, (90, "id is required when modifying a resource"))
    if len(set(ids)) < len(ids):
        raise WebserviceError(400, (89, "id is duplicate in request"))


def write_entity(store: Store, dialect: Dialect, resource: Resource, method: str, sent: Sent) -> Entity:
    """Write one entity, in one transaction, and return it as the answer echoes it: as it was sent.

    Raises WebserviceError and PhpDiedError, with nothing of this entity written, but for those that the shop
    answers with though all is saved (Draft.trouble).
    """
    with store.transaction():
        if method == "POST":
            called = [store if store.context else store.within((DEFAULT_STORE,))]
        else:
            identifier = _existing(store, resource, sent.id).id
            called = store.called_one_by_one(resource.name, identifier)
        drafts = [Draft(one, dialect, resource, method, sent) for one in called]
        echo, *_ = [_write(draft) for draft in drafts]
    for draft in drafts:
        if draft.trouble is not None:
            raise draft.trouble
    return echo


def _write(draft: Draft) -> Entity:
    """Write to a shop, or to one of its stores; inside a transaction."""
    store, resource, sent = draft.store, draft.resource, draft.sent
    rules = RULES.get(resource.name, Rules())
    old = draft.old = None if draft.method == "POST" else _existing(store, resource, sent.id)
    _check_sent(draft)
    draft.raw = _raw_values(draft)
    rules.modify(draft)
    _validate(draft)
    languages = store.languages
    draft.stored = {
        field.name: stored_value(field, draft.raw.get(field.name), languages)
        for field in resource.fields
        if old is None or draft.method == "PUT" or _is_touched(draft, field)
    }
    draft.stored = (old.fields if old else {}) | draft.stored
    draft.associations = _associations(draft)
    _stamp(draft)
    rules.check(draft)
    identifier = old.id if old else 0
    entity = store.save(resource.name, Entity(identifier, draft.stored, draft.associations))
    rules.saved(draft, entity)
    _place(draft)
    saved = store[resource.name].get(entity.id) or entity
    return Entity(entity.id, draft.raw, saved.associations)


def delete_entities(store: Store, resource: Resource, ids: list[str]) -> Iterator[None]:
    """Delete entities one after the other; yields after each.

    If one of them is not there, none is deleted: 404, code 87 (recording prod_delete_404).
    """
    with store.lock:
        whole = store.within(None)
        missing = [identifier for identifier in ids if find_entity(whole, resource.name, identifier) is None]
    if missing:
        raise WebserviceError(404, (87, f"Id(s) not exists: {', '.join(missing)}"))
    for identifier in dict.fromkeys(ids):
        delete_entity(store, resource, identifier)
        yield


def delete_entity(store: Store, resource: Resource, identifier: str) -> None:
    """Delete one entity and what hangs on it, in one transaction; one that is gone already is passed over.

    Where other stores have it too, it leaves those that are called, and stays.
    """
    rules = RULES.get(resource.name, Rules())
    with store.transaction():
        whole = store.within(None)
        entity = find_entity(whole, resource.name, identifier)
        if entity is None or leave_stores(store, resource.name, entity):
            return
        rules.deleting(whole, entity)
        if whole[resource.name].get(entity.id):
            whole.delete(resource.name, entity)


def _existing(store: Store, resource: Resource, identifier: str) -> Entity:
    """The entity as the stores called see it, or, where they have not got it, as another store does."""
    whole = find_entity(store.within(None), resource.name, identifier)
    if whole is None:
        raise WebserviceError(404, (92, "Invalid ID"))
    return find_entity(store, resource.name, identifier) or whole


def _check_sent(draft: Draft) -> None:
    """Fields in their order: not writable 93, missing 41; the position in 8.2 is a PHP warning before."""
    warnings: tuple[tuple[int, str], ...] = ()
    for field in draft.resource.fields:
        if draft.sent.has(field.name):
            if field.read_only:
                message = f'parameter "{field.name}" not writable. Please remove this attribute of this XML'
                raise WebserviceError(400, *warnings, (93, message))
            if field.name == "position_in_category":
                _check_place(draft)
                warnings = _place_warnings(draft)
        elif field.required and not field.i18n and draft.method != "PATCH":
            raise WebserviceError(400, *warnings, (41, f'parameter "{field.name}" required'))
    for name in draft.sent.associations:
        if name not in draft.resource.association_by_name:
            raise WebserviceError(400, (86, f'The association "{name}" does not exists'))


def _check_place(draft: Draft) -> None:
    """Raises WebserviceError: 500, code 134 for 0, 135 behind the last.

    After a product of the category was deleted the positions have a hole, and the last one's own is too high.
    """
    place = _sent_place(draft)
    if place <= 0 and draft.method != "POST":
        text = "You cannot set 0 or a negative position, the minimum for a position is 1."
        raise WebserviceError(500, (134, text))
    category = draft.sent.plain.get("id_category_default") or (
        draft.old.text("id_category_default") if draft.old else ""
    )
    products = draft.store.memberships.products(int(category) if category.isdecimal() else 0)
    # A POST is in no category yet (recording prod_post_position_in_category).
    if draft.old is None or place > len(products):
        text = "You cannot set a position greater than the total number of products in the category"
        raise WebserviceError(500, (135, f"{text}, starting at 1."))


def _sent_place(draft: Draft) -> int:
    text = draft.sent.plain.get("position_in_category", "")
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 10 else 0


def _place_warnings(draft: Draft) -> tuple[tuple[int, str], ...]:
    if draft.dialect.position_may_come_back:
        return ()
    text = "Trying to access array offset on value of type null"
    return (php_warning(text, "classes/Product.php, line 7273"),)


def _place(draft: Draft) -> None:
    """Move the product to the position that was sent, which 8.2 makes a 500 of, though it is done (WHOLE)."""
    if draft.old is None or not draft.sent.has("position_in_category"):
        return
    category = draft.number("id_category_default")
    draft.store.memberships.move(category, draft.old.id, _sent_place(draft))
    warnings = _place_warnings(draft)
    if warnings:
        draft.trouble = WebserviceError(500, *warnings)


def _raw_values(draft: Draft) -> dict[str, Value]:
    raw: dict[str, Value] = {}
    old = draft.old.fields if draft.old else {}
    for field in draft.resource.fields:
        # PUT empties what the body leaves out, but for required texts (recordings prod_put_only_id_price).
        is_kept = draft.method == "PATCH" or (draft.method == "PUT" and field.required and field.i18n)
        if is_kept and field.name in old:
            raw[field.name] = old[field.name]
        if field.computed and field.name in old:
            raw[field.name] = old[field.name]
        elif draft.sent.has(field.name):
            raw[field.name] = _sent_value(draft, field)
        if field.default and not raw.get(field.name):
            raw[field.name] = field.default
        if field.required and field.i18n:
            raw.setdefault(field.name, {})
    return raw


def _sent_value(draft: Draft, field: Field) -> Value:
    if not field.i18n:
        return draft.sent.plain.get(field.name, "")
    languages = draft.store.languages
    if field.name in draft.sent.plain:
        return dict.fromkeys(languages, draft.sent.plain[field.name])
    # A text in one language empties the others, in PATCH too (recording prod_patch_one_language), but for
    # texts that must be there (recording cat_patch_name_one_language).
    old: TextValue = draft.old.texts(field.name) if draft.old and field.required else {}
    texts = draft.sent.texts[field.name]
    return {language: texts.get(language, old.get(language, "")) for language in languages}


def _validate(draft: Draft) -> None:
    """In a PATCH only what it touches is looked at: the rest was valid when it was stored."""
    raw = draft.raw
    if draft.method == "PATCH":
        raw = {
            field.name: raw.get(field.name) for field in draft.resource.fields if _is_touched(draft, field)
        }
    validate(draft.dialect, draft.resource, raw, draft.store.languages[0])


def _is_touched(draft: Draft, field: Field) -> bool:
    if field.computed:
        return draft.old is None
    return draft.old is None or draft.raw.get(field.name) is not draft.old.fields.get(field.name)


def _associations(draft: Draft) -> Associations:
    """Sent ones replace, also empty ones; those left out are kept, in PUT too (combo_put_full_without_…)."""
    kept = dict(draft.old.associations) if draft.old else {}
    for name, items in draft.sent.associations.items():
        if draft.resource.association_by_name[name].kept:
            kept[name] = [item for item in items if item.get("id", "").isdecimal()]
    return kept


def _stamp(draft: Draft) -> None:
    """The shop's own dates. date_add cannot be chosen in a POST (recording prod_post_date_add)."""
    names = draft.resource.field_by_name
    if "date_upd" in names:
        draft.set("date_upd", now())
    if "date_add" in names and (draft.method == "POST" or not draft.stored.get("date_add")):
        draft.set("date_add", now())
