"""What was sent is read whole, and text that no database can store is refused, before a page sees it."""

from __future__ import annotations

from flask import Flask, abort, request

from pilot_eval.domain.photos import MOST_BYTES

# A full visit with a long comment to every answer, each letter escaped, has half of it.
MAX_API_BYTES = 1024 * 1024
# One byte more than a photograph may have, so that it is refused in words.
MAX_PHOTO_BYTES = MOST_BYTES + 1
_NUL = "\0"


def install(app: Flask) -> None:
    """PostgreSQL has no NUL in texts, and nobody types one."""
    app.before_request(_read_whole)
    app.before_request(_refuse_nul)


def _read_whole() -> None:
    """A slow sender holds up nobody: the database is not asked before all is here."""
    if request.path.startswith("/api/"):
        request.max_content_length = MAX_PHOTO_BYTES if request.endpoint == "api.photo" else MAX_API_BYTES
        request.get_data(cache=True)


def _refuse_nul() -> None:
    if _NUL in request.path or any(
        _NUL in text for pair in request.values.items(multi=True) for text in pair
    ):
        abort(400)
