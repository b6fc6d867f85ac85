"""Text that no database can store is refused before a page sees it."""

from __future__ import annotations

from flask import Flask, abort, request

_NUL = "\0"


def install(app: Flask) -> None:
    """PostgreSQL has no NUL in texts, and nobody types one."""
    app.before_request(_refuse_nul)


def _refuse_nul() -> None:
    if _NUL in request.path or any(
        _NUL in text for pair in request.values.items(multi=True) for text in pair
    ):
        abort(400)
