"""The way between a phone and the office, and what goes wrong on it before and after storing."""

from __future__ import annotations

import json
import random
import socket
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from werkzeug.serving import WSGIRequestHandler, make_server

from pilot_eval import create_app
from pilot_eval.settings import LOOPBACK, Settings
from tests.journeys.conftest import Site

Fault = Callable[["Road", dict[str, Any], Any], Iterable[bytes]]


class Road:
    """A WSGI application in front of the site's own; `fault` says for each request what befalls it."""

    def __init__(self, inner: Any) -> None:
        self.inner = inner
        self.fault: Callable[[dict[str, Any]], Fault | None] = lambda _environ: None
        self.met: list[str] = []

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        fault = self.fault(environ)
        if fault is None:
            return self.answer(environ, start_response)
        self.met.append(fault.__name__)
        return fault(self, environ, start_response)

    def answer(self, environ: dict[str, Any], start_response: Any) -> list[bytes]:
        """The site's answer, whole: this server leaves a file open whose reader has gone."""
        answer = self.inner(environ, start_response)
        try:
            return list(answer)
        finally:
            if hasattr(answer, "close"):
                answer.close()

    def open(self) -> None:
        self.fault = lambda _environ: None

    def close(self) -> None:
        """Nothing gets through."""
        self.fault = lambda _environ: cut_before

    def shake(self, faults: list[Fault], share: float, seed: int) -> None:
        """That share of what is handed in meets one of these faults."""
        chance = random.Random(seed)  # noqa: S311 - chance that can be repeated

        def fault(environ: dict[str, Any]) -> Fault | None:
            handed_in = environ["REQUEST_METHOD"] == "PUT"
            return chance.choice(faults) if handed_in and chance.random() < share else None

        self.fault = fault


def _store(road: Road, environ: dict[str, Any]) -> None:
    """Let the site do its work, and keep what it says from the phone."""
    road.answer(environ, lambda *_given: lambda _data: None)


def cut_before(_road: Road, environ: dict[str, Any], _start_response: Any) -> Iterable[bytes]:
    """The connection breaks before the site hears anything."""
    environ["werkzeug.socket"].shutdown(socket.SHUT_RDWR)
    raise ConnectionAbortedError


def cut_after(road: Road, environ: dict[str, Any], _start_response: Any) -> Iterable[bytes]:
    """The site has stored; the connection breaks before the phone hears of it."""
    _store(road, environ)
    environ["werkzeug.socket"].shutdown(socket.SHUT_RDWR)
    raise ConnectionAbortedError


def fails_before(_road: Road, _environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
    """A server error before anything is stored."""
    return _say(start_response, "500 Internal Server Error", "text/html", b"<h1>Oops</h1>")


def fails_after(road: Road, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
    """A server error after everything is stored."""
    _store(road, environ)
    return _say(start_response, "502 Bad Gateway", "text/html", b"<h1>Oops</h1>")


def portal(_road: Road, _environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
    """A network that wants to be paid first answers in the site's name."""
    return _say(start_response, "200 OK", "text/html", b"<h1>Welcome to our free network</h1>")


def signed_out(_road: Road, _environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
    """The sign-in has ended."""
    body = json.dumps({"code": "signed_out", "message": "Sign in"}).encode()
    return _say(start_response, "401 Unauthorized", "application/json", body)


def busy(_road: Road, _environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
    """Too many at once: come back in a second."""
    return _say(start_response, "429 Too Many Requests", "text/plain", b"later", [("Retry-After", "1")])


def _say(
    start_response: Any, status: str, kind: str, body: bytes, more: list[tuple[str, str]] | None = None
) -> Iterable[bytes]:
    start_response(status, [("Content-Type", kind), ("Content-Length", str(len(body))), *(more or [])])
    return [body]


EVERY_FAULT: list[Fault] = [cut_before, cut_after, fails_before, fails_after, portal, signed_out, busy]


class _Quiet(WSGIRequestHandler):
    protocol_version = "HTTP/1.1"

    def log(self, *_given: Any) -> None:
        """Tests that break connections on purpose have nothing to report."""


@contextmanager
def served_by_road(database_url: str, folder: Path) -> Iterator[tuple[Site, Road]]:
    """The site at the end of a road that can be broken."""
    app = create_app(
        Settings("production", database_url, folder, "only for tests, and long enough", LOOPBACK)
    )
    # The passwords of tests are hashed cheaply; do not hash them again at the real price.
    app.extensions["security"].pwd_context.update(
        argon2__rounds=1, argon2__memory_cost=8, argon2__parallelism=1
    )
    road = Road(app.wsgi_app)
    server = make_server("127.0.0.1", 0, road, threaded=True, request_handler=_Quiet)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield Site(f"http://127.0.0.1:{server.server_port}", app), road
    server.shutdown()
    server.server_close()
    thread.join(10)
    app.extensions["engine"].dispose()
