"""The file that keeps a practice shop: an SQLite database, one row for each entity."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from .fields import Value

TABLES = """
CREATE TABLE IF NOT EXISTS entities (resource TEXT, id INTEGER, data TEXT, PRIMARY KEY (resource, id));
CREATE TABLE IF NOT EXISTS last_ids (resource TEXT PRIMARY KEY, id INTEGER);
CREATE TABLE IF NOT EXISTS pictures (key TEXT PRIMARY KEY, content BLOB);
"""


class Row(NamedTuple):
    resource: str
    id: int
    fields: dict[str, Value]
    associations: dict[str, list[dict[str, str]]]
    stores: dict[int, dict[str, Value]]


class DataFile:
    """Keeps entities and pictures across restarts.

    A transaction that was committed survives a SIGKILL of the process (not a power cut: the file is not
    synced, for speed). The caller makes sure that one thread at a time uses it.
    """

    def __init__(self, path: Path) -> None:
        """Raises sqlite3.Error for a path that cannot be opened, is no such database, or is in use."""
        self._database = sqlite3.connect(path, timeout=0.3, check_same_thread=False, isolation_level=None)
        try:
            # Two shops on one file would overwrite each other: the second one is refused.
            self._database.execute("PRAGMA locking_mode=EXCLUSIVE")
            self._database.execute("PRAGMA journal_mode=WAL")
            self._database.execute("PRAGMA synchronous=OFF")
            self._database.executescript(TABLES)
        except sqlite3.Error:
            self._database.close()
            raise
        self._depth = 0

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """One transaction; those inside it are part of the outermost."""
        if self._depth == 0:
            self._database.execute("BEGIN IMMEDIATE")
        self._depth += 1
        try:
            yield
        except BaseException:
            self._depth -= 1
            if self._depth == 0:
                self._database.execute("ROLLBACK")
            raise
        self._depth -= 1
        if self._depth == 0:
            self._database.execute("COMMIT")

    def put(self, row: Row) -> None:
        parts: dict[str, object] = {"fields": row.fields, "associations": row.associations}
        if row.stores:
            parts["stores"] = row.stores
        data = json.dumps(parts, ensure_ascii=False)
        self._database.execute("REPLACE INTO entities VALUES (?, ?, ?)", (row.resource, row.id, data))
        # Ids are never given twice, also when the newest row was deleted before a restart.
        self._database.execute(
            "INSERT INTO last_ids VALUES (?, ?)"
            " ON CONFLICT (resource) DO UPDATE SET id = max(id, excluded.id)",
            (row.resource, row.id),
        )

    def remove(self, resource: str, identifier: int) -> None:
        self._database.execute("DELETE FROM entities WHERE resource = ? AND id = ?", (resource, identifier))

    def put_picture(self, key: str, content: bytes | None) -> None:
        if content is None:
            self._database.execute("DELETE FROM pictures WHERE key = ?", (key,))
        else:
            self._database.execute("REPLACE INTO pictures VALUES (?, ?)", (key, content))

    def rows(self) -> Iterator[Row]:
        query = "SELECT resource, id, data FROM entities ORDER BY resource, id"
        for resource, identifier, text in self._database.execute(query):
            data = json.loads(text)
            stores = {int(store): fields for store, fields in data.get("stores", {}).items()}
            yield Row(resource, identifier, data["fields"], data["associations"], stores)

    def last_ids(self) -> list[tuple[str, int]]:
        return self._database.execute("SELECT resource, id FROM last_ids").fetchall()

    def pictures(self) -> list[tuple[str, bytes]]:
        return self._database.execute("SELECT key, content FROM pictures").fetchall()

    def close(self) -> None:
        self._database.close()
