"""What commands at the server share: the database of the settings, and who is acting."""

from __future__ import annotations

import getpass
import socket
from collections.abc import Iterator
from contextlib import contextmanager

from sqlmodel import Session

from pilot_eval.domain.people import Actor
from pilot_eval.records import database
from pilot_eval.settings import Settings, read_settings


def operator() -> Actor:
    """The person at the server's command line, as the audit log names them."""
    try:
        name = getpass.getuser()
    except (OSError, KeyError):  # a user without a name, as in some containers
        name = "unknown"
    return Actor(name=f"{name}@{socket.gethostname()}", role=None, fresh=True)


@contextmanager
def opened(settings: Settings | None = None) -> Iterator[Session]:
    """A session on the settings' database, which must be up to date."""
    settings = settings or read_settings(needs_secret=False)
    engine = database.open_database(settings.database)
    try:
        database.check(engine)
        with database.session_of(engine) as session:
            yield session
    finally:
        engine.dispose()
