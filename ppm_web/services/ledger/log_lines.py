"""The lines of the log table: one for each try (R3)."""

from __future__ import annotations

from typing import Any

from ppm_web.models import SyncLog
from ppm_web.prestashop.errors import PrestaShopError
from ppm_web.services.errors import NotYetError
from ppm_web.services.ledger.endings import Ending, message_of
from ppm_web.services.ledger.tries import Run, SyncResult

LOG_TEXT_LIMIT = 4_000
"""Characters of each request and answer that the log keeps."""


def is_logged(ending: Ending) -> bool:
    """Waiting is no try; and what a batch finds unchanged has its item, and no line of its own."""
    came = ending.came
    unchanged = isinstance(came, SyncResult) and came.skipped and ending.run.claim.batch_id is not None
    return not unchanged and not isinstance(came, NotYetError)


def log_row(ending: Ending) -> SyncLog:
    run, came = ending.run, ending.came
    if isinstance(came, SyncResult):
        operation, status, message = came.operation, "success", came.message
    else:
        operation, status, message = "sync", "retry" if ending.due else "error", message_of(came)
    return SyncLog(
        shop_id=run.shop_id,
        product_id=run.product_id,
        category_id=run.category_id,
        batch_id=run.claim.batch_id,
        operation=operation,
        status=status,
        message=message,
        attempt=run.claim.attempt,
        requests=run.requests,
        duration_ms=run.milliseconds,
        details=_details(run, came) or None,
    )


def _details(run: Run, came: SyncResult | Exception) -> dict[str, Any]:
    failed = not isinstance(came, SyncResult)
    details: dict[str, Any] = {}
    if run.sent:
        details["sent"] = run.sent
    if run.exchanges:
        details["exchanges"] = [_kept(exchange, whole=failed) for exchange in run.exchanges]
    if isinstance(came, PrestaShopError):
        details["error"] = came.describe()
    return details


def _kept(exchange: dict[str, Any], *, whole: bool) -> dict[str, Any]:
    """An exchange as the log keeps it: texts cut, and of a success no answers, which are long and alike."""
    kept = exchange | {"request_text": exchange["request_text"][:LOG_TEXT_LIMIT]}
    kept["answer_text"] = exchange["answer_text"][:LOG_TEXT_LIMIT] if whole else ""
    return kept
