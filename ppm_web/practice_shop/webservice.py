"""The Webservice: who may come in, what is asked for, and which headers the answer carries."""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from .attachments import answer_attachments, answers_here
from .bodies import Sent, read_entities
from .calls import called_stores
from .collation import fold
from .dialect import Dialect
from .errors import NoSuchStoreError, PhpDiedError, WebserviceError, php_warning
from .fields import Resource
from .filters import did_you_mean
from .images import answer_images
from .messages import METHODS, Answer, Request
from .prices import asked_prices
from .reading import find_resource, show_list, show_one, show_root
from .rendering import JSON_TYPE, XML_TYPE, Renderer, document, errors_body, json_body
from .resources import DESCRIPTIONS, RESOURCES
from .store import Store
from .writing import check_ids, delete_entities, write_entity

KEY_LENGTH = 32
_REALM = (
    "Welcome to PrestaShop Webservice, please enter the authentication key as the login. "
    "No password required."
)
CHALLENGE = {"WWW-Authenticate": f'Basic realm="{_REALM}"'}
KEY_REFUSED = ((20, "Authentification key is not active"), (21, "No permission for this authentication key"))
Rights = dict[str, frozenset[str]]
Written = Callable[[str, str], None]


class KeyRefusedError(WebserviceError):
    """The key is none of the shop's: 401, and PSWS-Version is 0."""

    def __init__(self, *errors: tuple[int, str]) -> None:
        super().__init__(401, *errors)


@dataclass(frozen=True)
class Webservice:
    """Answers requests to /api from a store. keys maps each key, folded, to its rights.

    stores_of_keys has the keys that are for one store of several alone.
    """

    store: Store
    dialect: Dialect
    keys: dict[str, Rights]
    stores_of_keys: dict[str, int] = field(default_factory=dict)

    def answer(self, request: Request, written: Written, started: float) -> Answer:
        """Answer one request; written(method, resource) is called after each entity saved or deleted.

        started is the time.perf_counter() from which Execution-Time is counted.
        """
        try:
            answer = self._answer(request, written)
        except PhpDiedError:
            return Answer(500)
        except NoSuchStoreError:
            return Answer(302, headers={"Location": f"{request.base_url}/"})
        except WebserviceError as error:
            body = errors_body(error.errors, as_json=request.wants_json)
            answer = Answer(error.status, body, JSON_TYPE if request.wants_json else XML_TYPE)
            if isinstance(error, KeyRefusedError):
                answer.headers |= CHALLENGE
                return self._with_headers(answer, "0", 0)
        if "Location" in answer.headers or "WWW-Authenticate" in answer.headers:
            return answer
        return self._finished(request, self._with_headers(answer, self.dialect.version, started))

    def refuse_key(self, request: Request) -> Answer:
        """The answer to a key that is not active (recordings auth_bad_key_32, auth_bad_key_json)."""
        content_type = JSON_TYPE if request.wants_json else XML_TYPE
        answer = Answer(
            401, errors_body(KEY_REFUSED, as_json=request.wants_json), content_type, dict(CHALLENGE)
        )
        return self._with_headers(answer, "0", 0)

    def _answer(self, request: Request, written: Written) -> Answer:
        key = _key_of(request)
        if key is None:
            return Answer(401, b"401 Unauthorized", headers=dict(CHALLENGE))
        rights = self._rights(key)
        method = request.effective_method
        if method not in METHODS:
            raise WebserviceError(405, (23, f"Method {method} is not valid"))
        with self.store.lock:
            called = called_stores(self.store, request, self.stores_of_keys.get(fold(key)))
        renderer = self._renderer(request, self.store.within(called))
        if not request.segments:
            if request.wants_json:
                raise PhpDiedError  # recording auth_root_json
            return show_root(renderer, rights)
        resource = _allowed_resource(request.resource, method, rights)
        if resource.name == "images":
            with self.store.lock:
                answer = answer_images(renderer, request, method)
            if request.is_write:
                written(method, "images")
            return answer
        if answers_here(request):
            with self.store.lock:
                answer = answer_attachments(renderer, request, method)
            if request.is_write:
                written(method, "attachments")
            return answer
        return self._resource_answer(renderer, request, resource, written)

    def _resource_answer(
        self, renderer: Renderer, request: Request, resource: Resource, written: Written
    ) -> Answer:
        method = request.effective_method
        if method in {"GET", "HEAD"}:
            with self.store.lock:
                show = show_one if len(request.segments) > 1 else show_list
                return show(renderer, resource, request)
        if resource.name not in RESOURCES:
            raise WebserviceError(
                405, (101, f"Method {method} is not allowed for the resource {resource.name}")
            )
        if method == "DELETE":
            for _ in delete_entities(renderer.store, resource, _ids_to_delete(request)):
                written(method, resource.name)
            return Answer(200)
        return self._write(renderer, request, resource, written)

    def _write(self, renderer: Renderer, request: Request, resource: Resource, written: Written) -> Answer:
        """Each entity is saved on its own: those before a bad one stay (recording multi_post_one_invalid)."""
        method = request.effective_method
        entities = read_entities(request.body) or [Sent()]
        check_ids(method, entities)
        echoes = []
        for sent in entities:
            echoes.append(write_entity(renderer.store, self.dialect, resource, method, sent))
            written(method, resource.name)
        status = 201 if method == "POST" else 200
        with self.store.lock:
            if request.wants_json:
                # Only the last of several (recording multi_post_products_json).
                last = renderer.single_json(resource, echoes[-1], is_echo=True)
                return Answer(status, json_body({resource.node: last}), JSON_TYPE)
            parts = [renderer.entity_xml(resource, echo) for echo in echoes]
        return Answer(status, document(*parts), XML_TYPE)

    def _rights(self, key: str) -> Rights:
        if not key:
            raise KeyRefusedError((17, "Authentication key is empty"))
        if len(key) != KEY_LENGTH:
            raise KeyRefusedError((18, "Invalid authentication key format"))
        rights = self.keys.get(fold(key))
        if rights is None:
            raise KeyRefusedError(*KEY_REFUSED)
        return rights

    def _renderer(self, request: Request, store: Store) -> Renderer:
        """Raises WebserviceError: 400, code 81, for a language that is not there."""
        with self.store.lock:
            languages = store.languages
        wanted = set(re.findall(r"\d+", request.query.get("language", "")))
        if wanted - set(languages):
            raise WebserviceError(400, (81, "language is not available"))
        shown = [language for language in languages if language in wanted] or languages
        prices = asked_prices(request.query)
        return Renderer(
            store, self.dialect, request.base_url, shown, one_language=len(shown) == 1, prices=prices
        )

    def _with_headers(self, answer: Answer, version: str, started: float) -> Answer:
        elapsed = f"{time.perf_counter() - started:.3f}" if started else "0"
        answer.headers |= {
            "X-Powered-By": "PrestaShop Webservice",
            "PSWS-Version": version,
            "Execution-Time": elapsed,
        }
        return answer

    def _finished(self, request: Request, answer: Answer) -> Answer:
        """The checksum of what was found; 304 if the client has the same (get_product_local_content_sha1)."""
        if answer.status not in {200, 201} or not answer.body:
            return answer
        checksum = hashlib.sha1(answer.body, usedforsecurity=False).hexdigest()
        answer.headers["Content-Sha1"] = checksum
        if request.method == "GET" and request.headers.get("local-content-sha1") == checksum:
            answer.status, answer.body = 304, b""
        return answer


def _key_of(request: Request) -> str | None:
    """The user name of HTTP Basic, or ?ws_key=; None without either (Bearer does not count)."""
    scheme, _, encoded = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() == "basic":
        try:
            return base64.b64decode(encoded).decode(errors="replace").partition(":")[0]
        except (binascii.Error, ValueError):
            return None
    return request.query.get("ws_key")


def _allowed_resource(name: str, method: str, rights: Rights) -> Resource:
    """Raises WebserviceError: 400 code 27 for an unknown one; 401 code 26, 405 code 25 without the right."""
    if name not in DESCRIPTIONS:
        listed = did_you_mean(name, DESCRIPTIONS)
        raise WebserviceError(400, (27, f'Resource of type "{name}" does not exists. {listed}'))
    if name not in rights:
        text = f'Resource of type "{name}" is not allowed with this authentication key'
        raise WebserviceError(401, (26, text))
    if method not in rights[name]:
        text = f"Method {method} is not allowed for the resource {name} with this authentication key"
        raise WebserviceError(405, (25, text))
    resource = find_resource(name)
    if method in resource.forbidden_methods:
        raise WebserviceError(405, (101, f"Method {method} is not allowed for the resource {name}"))
    return resource


def _ids_to_delete(request: Request) -> list[str]:
    """From ?id=[1,2], or the path. Raises WebserviceError if there is neither."""
    listed = request.query.get("id", "")
    if listed:
        return [part.strip() for part in listed.strip("[]").split(",")]
    if len(request.segments) > 1:
        return [request.segments[1]]
    # DELETE of a whole list (recording err_delete_on_list).
    warning = php_warning("Undefined array key 1", "classes/webservice/WebserviceRequest.php, line 1485")
    raise WebserviceError(404, warning, (87, "Id(s) not exists: 0"))
