"""The practice shop: a PrestaShop Webservice to try against, without a PrestaShop."""

from __future__ import annotations

import re
import threading
import time
from collections import Counter
from collections.abc import Mapping
from contextlib import AbstractContextManager, nullcontext
from os import PathLike
from pathlib import Path

from .back_office import BackOffice
from .collation import fold
from .contents import Contents
from .control import answer_control
from .dialect import find_dialect
from .faults import Faults, Rule
from .messages import METHODS, Answer, Request, html_answer
from .page import show_page
from .rendering import XML_TYPE, errors_body
from .requests_log import RequestRecord, RequestsLog
from .resources import DESCRIPTIONS
from .seed import fill_store
from .store import Store
from .webservice import Webservice

DEFAULT_KEY = "PRACTICESHOPKEY00000000000000001"
KEY_STORE = 2  # the one store of a store_key
LONGEST_TARGET = 8170  # characters of path and query; Apache takes 8,190 with method and protocol
_KEY = re.compile(r"[A-Za-z0-9]{32}")


class PracticeShop(Contents):
    """A shop that meets the contract of the real Webservice, with costs and faults to order.

    version      "8.2", "9.1" or "1.7" (no PATCH: 405, code 25), or one in full
    key          32 letters and digits, with all rights; small_key may only GET products
    data_file    keeps the shop across restarts, also a SIGKILL; None: in memory
    request_ms, entity_ms   milliseconds that each request, and each entity written, costs; with either set
                 the shop serves one request at a time, as one small shop does
    faults       as `set_faults` takes them; seed makes their draws repeat
    currency     the default currency of a new shop, by its code
    stores       four stores in one PrestaShop: 1 (the default) and 2 in a group with stock of their own each,
                 3 and 4 in a group that shares its stock; store_key has all rights in store 2 alone

    Raises ValueError for an unknown version, a bad key, a negative cost, a bad currency (DeedError) or fault
    (FaultError); OSError or sqlite3.Error if the data file cannot be used. What is in the shop is read by the
    methods of Contents; back_office does what the shop's own people do.
    """

    slow_seconds: float = 3.0
    late_seconds: float = 5.0
    retry_after_seconds: int = 2

    def __init__(  # noqa: PLR0913, PLR0917 - all that a shop can be told
        self,
        version: str = "8.2.0",
        key: str = DEFAULT_KEY,
        small_key: str | None = None,
        data_file: str | PathLike[str] | None = None,
        request_ms: float = 0,
        entity_ms: float = 0,
        faults: Mapping[str, object] | None = None,
        seed: int | None = None,
        currency: str = "PLN",
        *,
        stores: bool = False,
        store_key: str | None = None,
    ) -> None:
        dialect = find_dialect(version)
        if store_key and not stores:
            raise ValueError("a key of one store needs a shop with several stores")
        for text in (key, small_key, store_key):
            if text is not None and not _KEY.fullmatch(text):
                raise ValueError("a key has 32 letters and digits")
        if request_ms < 0 or entity_ms < 0:
            raise ValueError("a cost is a number of milliseconds, 0 or more")
        self.key = key
        self.small_key = small_key
        self.store_key = store_key
        self.request_ms = request_ms
        self.entity_ms = entity_ms
        self._faults = Faults(seed)
        self._faults.replace(faults or {})
        super().__init__(Store(Path(data_file) if data_file else None), dialect)
        fill_store(self._store, currency, stores=stores)
        self._counts: Counter[str] = Counter()
        self.back_office = BackOffice(self._store, dialect, self._counts)
        methods = METHODS if dialect.has_patch else METHODS - {"PATCH"}
        keys = {fold(key): dict.fromkeys(DESCRIPTIONS, methods)}
        if small_key:
            keys[fold(small_key)] = {"products": frozenset({"GET"})}
        if store_key:
            keys[fold(store_key)] = dict.fromkeys(DESCRIPTIONS, methods)
        stores_of_keys = {fold(store_key): KEY_STORE} if store_key else {}
        self._webservice = Webservice(self._store, dialect, keys, stores_of_keys)
        self._log = RequestsLog()
        self._one_at_a_time = threading.Lock()

    @property
    def version(self) -> str:
        """The version in full, as PSWS-Version has it."""
        return self._dialect.version

    @property
    def counts(self) -> dict[str, dict[str, int]]:
        """Requests to /api since the start or the last reset, by method and resource ("/" is the root).

        A POST with ?ps_method=PATCH counts as PATCH; refused requests and struck ones count, too.
        """
        return self._log.requests()

    @property
    def requests(self) -> list[RequestRecord]:
        """The last requests to /api, oldest first: at most 1,000, and 32 MB of bodies."""
        return self._log.records

    @property
    def struck_faults(self) -> dict[str, int]:
        """How often each fault has struck, since the start or the last reset."""
        return self._faults.struck

    def stats(self) -> dict[str, object]:
        """What GET /__practice/stats shows.

        requests: counts; total: their sum; entities: how many were saved or deleted one by one, by method and
        resource, as {"POST": {"products": 3}}; faults: how often each has struck, by name; sales: how many.
        """
        requests = self.counts
        total = sum(sum(by_resource.values()) for by_resource in requests.values())
        return {
            "requests": requests,
            "total": total,
            "entities": self._log.entities(),
            "faults": self.struck_faults,
            "sales": self.back_office.sales,
        }

    def reset_stats(self) -> None:
        """Forget the counts and the last requests; the faults stay set."""
        self._log.clear()
        self._counts.clear()
        self._faults.reset_counts()

    def set_faults(self, faults: Mapping[str, object]) -> None:
        """Set the faults: for each name a rate from 0 to 1, "3x", or {"next": 3, "method": …, "resource": …}.

        Replaces all that were set, with those ordered by `strike_next`; {} ends them. Raises FaultError.
        """
        self._faults.replace(faults)

    def strike_next(
        self, name: str, times: int = 1, method: str | None = None, resource: str | None = None
    ) -> None:
        """Let a fault strike the next requests that it fits, beside what is set. Raises FaultError.

        The faults that concern saving (…-save, save-late) fit writes only.
        """
        self._faults.add(Rule(name, left=times, method=method, resource=resource))

    @property
    def faults(self) -> list[dict[str, object]]:
        """The faults that are set, each with name, rate, next, method and resource."""
        return self._faults.settings()

    def handle(self, request: Request) -> Answer:
        """Answer one request, to /api, /__practice or the shop's page. Called from many threads at once."""
        if len(request.target) > LONGEST_TARGET:
            return html_answer(
                414, "Request-URI Too Long", "The requested URL's length exceeds the capacity limit."
            )
        if not request.is_api:
            return answer_control(self, request) or show_page(self, request)
        fault = self._faults.draw(request)
        record = self._log.arrived(request, fault)
        answer = self._struck(request, fault) if fault else self._serve(request)
        record.status = 0 if answer.hang_up else answer.status
        return answer

    def close(self) -> None:
        """Close the data file. What is saved later (save-late) is lost, as with a shop that was stopped."""
        self._store.close()

    def _struck(self, request: Request, fault: str) -> Answer:
        if fault.endswith("-after-save"):
            self._serve(request)
        match fault:
            case "slow":
                answer = self._serve(request)
                answer.delay = self.slow_seconds
                if "Execution-Time" in answer.headers:
                    answer.headers["Execution-Time"] = f"{self.slow_seconds:.3f}"
                return answer
            case "notice":
                return _with_notice(self._serve(request))
            case "save-late":
                threading.Thread(target=self._serve_late, args=(request,), daemon=True).start()
                return Answer(0, hang_up=True)
            case "close-before-save" | "close-after-save":
                return Answer(0, hang_up=True)
            case "500-after-save":
                return self._php_warning()
            case _:
                return self._refused(request, fault)

    def _refused(self, request: Request, fault: str) -> Answer:
        """The faults that answer for the shop."""
        match fault:
            case "key-refused":
                return self._webservice.refuse_key(request)
            case "html-200":
                return html_answer(200, "One moment, please", "We are checking your browser.")
            case "503":
                return html_answer(503, "Service Unavailable", "The server is busy.")
            case "504" | "504-after-save":
                return html_answer(504, "504 Gateway Time-out", "The upstream server did not answer in time.")
            case "429" | "429-retry-after":
                answer = html_answer(429, "Too Many Requests", "Please slow down.")
                if fault == "429-retry-after":
                    answer.headers["Retry-After"] = str(self.retry_after_seconds)
                return answer
            case _:
                return Answer(500)

    def _serve(self, request: Request) -> Answer:
        turn: AbstractContextManager[object] = nullcontext()
        if self.request_ms or self.entity_ms:
            turn = self._one_at_a_time
        with turn:
            started = time.perf_counter()
            time.sleep(self.request_ms / 1000)
            return self._webservice.answer(request, self._written, started)

    def _written(self, method: str, resource: str) -> None:
        self._log.written(method, resource)
        if self.entity_ms:
            time.sleep(self.entity_ms / 1000)

    def _serve_late(self, request: Request) -> None:
        time.sleep(self.late_seconds)
        if not self._store.is_closed:
            self._serve(request)

    def _php_warning(self) -> Answer:
        """A PHP warning of a module makes it a 500 though the row was written (prod_post_500_php_…)."""
        error = (11, "[PHP User warning #512] Base directory var/cache/prod/purifier does not exist")
        headers = {"X-Powered-By": "PrestaShop Webservice", "PSWS-Version": self.version}
        return Answer(500, errors_body([error], as_json=False), XML_TYPE, headers)


_NOTICE = (
    "<br />\n<b>Notice</b>:  Undefined index: seo_title in <b>/var/www/html/modules/seoplus/seoplus.php</b>"
    " on line <b>88</b><br />\n"
)


def _with_notice(answer: Answer) -> Answer:
    """What PHP prints with display_errors, before the whole answer; pictures are sent as they are."""
    if answer.status != 304 and not answer.content_type.startswith("image/"):
        answer.body = _NOTICE.encode() + answer.body
    return answer
