"""Addresses to go back to: only paths of this site."""

from __future__ import annotations

from urllib.parse import urlsplit

from flask import request


def local_path(given: str | None) -> str:
    """The path if it stays on this site, else empty.

    A backslash counts as a slash in browsers, so `/\\evil.example` would lead away; control
    characters are dropped by them, so `/\\t/evil.example` would too.
    """
    if not given or not given.startswith("/") or given.startswith("//"):
        return ""
    if "\\" in given or any(ord(letter) < 32 for letter in given):
        return ""
    return given


def here() -> str:
    """The page the reader is on, to come back to."""
    if request.method in {"GET", "HEAD"}:
        return local_path(request.full_path.rstrip("?"))
    return referring_page()


def referring_page() -> str:
    """The page of this site that led here; empty if it was none of ours."""
    came_from = urlsplit(request.referrer or "")
    if came_from.netloc != request.host:
        return ""
    return local_path(came_from.path + (f"?{came_from.query}" if came_from.query else ""))
