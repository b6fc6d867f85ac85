"""The queue's file, opened with the SQLite library that the product ships."""

from __future__ import annotations

from typing import Any

import pysqlite3
from huey.storage import SqliteStorage


class QueueStorage(SqliteStorage):
    """huey's storage would take the standard library's SQLite, whose write-ahead log can be corrupted."""

    integrity_error = pysqlite3.IntegrityError
    operational_error = pysqlite3.OperationalError

    def _create_connection(self) -> Any:
        connection = pysqlite3.connect(self.filename, timeout=self._timeout, check_same_thread=False)
        connection.isolation_level = None
        self._set_journal_mode(connection)
        connection.execute("PRAGMA synchronous=FULL")
        return connection
