"""Progress of long work on standard error, where a person looks on."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from pilot_eval.domain.progress import heard_by

PATIENCE_SECONDS = 1.0  # shorter work needs no word
EVERY_SECONDS = 0.2


@dataclass(slots=True)
class _Line:
    """One line, written over and over."""

    started: float = field(default_factory=time.monotonic)
    written: float = 0.0
    shown: bool = False

    def show(self, work: str, done: int, total: int) -> None:
        now = time.monotonic()
        if now - self.started < PATIENCE_SECONDS or (now - self.written < EVERY_SECONDS and done < total):
            return
        self.written, self.shown = now, True
        sys.stderr.write(f"\r{work}: {done} of {total}\x1b[K")
        sys.stderr.flush()

    def clear(self) -> None:
        if self.shown:
            sys.stderr.write("\r\x1b[K")
            sys.stderr.flush()


@contextmanager
def shown_progress() -> Iterator[None]:
    """Show how far long work has come while it lasts; nothing where standard error is no terminal."""
    if not sys.stderr.isatty():
        yield
        return
    line = _Line()
    try:
        with heard_by(line.show):
            yield
    finally:
        line.clear()
