"""How far long work has come, told to whoever listens."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar

# Called with what is done, how many steps are behind, and how many there are.
Listener = Callable[[str, int, int], None]
_listener: ContextVar[Listener | None] = ContextVar("progress", default=None)


@contextmanager
def heard_by(listener: Listener) -> Iterator[None]:
    """Let `listener` hear of the work done within."""
    token = _listener.set(listener)
    try:
        yield
    finally:
        _listener.reset(token)


def told(work: str, done: int, total: int) -> None:
    """Tell that `done` of `total` steps of `work` are behind; cheap where nobody listens."""
    listener = _listener.get()
    if listener is not None:
        listener(work, done, total)
