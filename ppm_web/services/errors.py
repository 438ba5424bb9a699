"""Why a sync does not go on, in words that a shop manager understands.

Like a PrestaShopError, each says whether a retry can help.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ppm_web.models import SyncState


class SyncError(Exception):
    """A sync that cannot be done as things are; permanent: a person has to mend something."""

    code = "sync"
    temporary = False
    state = SyncState.ERROR

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message


class MappingError(SyncError):
    """Something of ours has no counterpart in the shop, or several; the message says what to do."""

    code = "mapping"


class NotPublishableError(SyncError):
    """Nothing is sent to the shop before a person has said something: ``code`` store, currency, languages."""

    def __init__(self, message: str, code: str) -> None:
        super().__init__(message)
        self.code = code


class WhichStoreError(SyncError):
    """The shop's key is for one of several stores, and it was not said which; ``stores``: those it opens."""

    code = "store"

    def __init__(self, message: str, stores: Sequence[int]) -> None:
        super().__init__(message)
        self.stores = stores


class ConflictError(SyncError):
    """The shop holds something that PPM must not touch without a person's word."""

    code = "conflict"
    state = SyncState.CONFLICT


class FieldConflictError(ConflictError):
    """Fields that were changed here and in the shop (R26). ``conflicts``: field → its three values."""

    def __init__(self, message: str, conflicts: dict[str, Any]) -> None:
        super().__init__(message)
        self.conflicts = conflicts


class CategoryCycleError(SyncError):
    """A category is its own ancestor."""

    code = "category_cycle"


class ImageProblemError(SyncError):
    """A picture that the shop does not have; the message names the SKU, the picture and where to mend it."""

    code = "image"

    def __init__(self, message: str, *, temporary: bool = False) -> None:
        super().__init__(message)
        self.temporary = temporary


class ShopInactiveError(SyncError):
    """The shop was switched off (R5)."""

    code = "shop_inactive"

    def __init__(self, shop_name: str) -> None:
        super().__init__(f"Shop '{shop_name}' is not active")


class KeyUnreadableError(SyncError):
    """The shop's API key cannot be decrypted."""

    code = "key_unreadable"


class LeaseLapsedError(SyncError):
    """The worker died, or lost the database, in the middle: counts as a try (rule 4)."""

    code = "worker_stopped"
    temporary = True

    def __init__(self) -> None:
        super().__init__("the worker stopped in the middle of the sync")


class NotYetError(Exception):
    """The row has to wait for something that is under way; this is no try.

    ``seconds`` says when to look again.
    """

    def __init__(self, message: str, seconds: float) -> None:
        super().__init__(message)
        self.message = message
        self.seconds = seconds


class InDoubtError(NotYetError):
    """The shop may not be the one that PPM knew: all links are checked, and then the product goes on."""


class SyncFailedError(RuntimeError):
    """A sync failed, and the row ``status_id`` says so; ``final`` when no retry follows."""

    def __init__(self, message: str, status_id: int, *, final: bool) -> None:
        super().__init__(message)
        self.message = message
        self.status_id = status_id
        self.final = final


class SyncRefusedError(RuntimeError):
    """A request that was not taken: nothing was queued, nothing is sent."""

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message
