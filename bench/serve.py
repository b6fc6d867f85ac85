"""Sign-ins and pages under waitress and under gunicorn: which of them `pilot-eval serve` should use.

Usage: python -m bench.serve [pairs]
"""

from __future__ import annotations

import http.cookiejar
import os
import re
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.parse
import urllib.request
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

CLIENTS, SIGN_INS, PAGES = 4, 16, 80
PASSWORD = "a long made-up password"  # noqa: S105 - of people who exist for this run only
ROOT = Path(__file__).resolve().parent.parent
FIRST_PORT = 8700

_FILL = f"""
from pilot_eval import create_app
from pilot_eval.cli.opening import operator
from pilot_eval.domain.people import Role
from pilot_eval.operations.people import create_person
from pilot_eval.records import database
from pilot_eval.settings import read_settings
from pilot_eval.web.sign_in import password_hash

settings = read_settings()
engine = database.open_database(settings.database)
database.upgrade(engine)
app = create_app(settings)
with app.app_context():
    hashed = password_hash({PASSWORD!r})
with database.session_of(engine) as session:
    for n in range({CLIENTS}):
        create_person(session, operator(), name=f"p{{n}}", role=Role.HEAD_OFFICE, password_hash=hashed)
"""


def servers(port: int) -> dict[str, list[str]]:
    """The command that serves under each."""
    gunicorn = ["--no-control-socket", "--workers", "1", "--threads", "8", "--bind", f"127.0.0.1:{port}"]
    return {
        "waitress": [sys.executable, "-m", "pilot_eval", "serve", "--port", str(port)],
        "gunicorn": [sys.executable, "-m", "gunicorn", *gunicorn, "wsgi:app"],
    }


def prepare(folder: Path) -> dict[str, str]:
    """A database with one person a client, and the environment that serves it."""
    environ = os.environ | {"PILOT_EVAL_ENV": "development", "PILOT_EVAL_DATA": str(folder)}
    subprocess.run([sys.executable, "-c", _FILL], cwd=ROOT, env=environ, check=True)  # noqa: S603 - our own
    return environ


def sign_in(port: int, name: str) -> urllib.request.OpenerDirector:
    """Sign in as a browser does; an error if it did not work."""
    browser = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(http.cookiejar.CookieJar()))
    address = f"http://127.0.0.1:{port}/sign-in"
    page = browser.open(address).read().decode()
    token = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', page)
    assert token is not None, page
    form = {"csrf_token": token[1], "email": name, "password": PASSWORD}
    answer = browser.open(address, urllib.parse.urlencode(form).encode())
    assert "sign-in" not in answer.url, f"{name} was not let in"
    return browser


def seconds(work: Callable[[int], object], count: int) -> float:
    start = time.perf_counter()
    with ThreadPoolExecutor(CLIENTS) as pool:
        list(pool.map(work, range(count)))
    return time.perf_counter() - start


def measure(command: list[str], port: int, environ: dict[str, str]) -> tuple[float, float]:
    """Seconds for all sign-ins, and for all pages."""
    quiet = subprocess.DEVNULL
    with subprocess.Popen(command, cwd=ROOT, env=environ, stdout=quiet, stderr=quiet) as server:  # noqa: S603  # ours
        try:
            wait_for(port)
            browsers = [sign_in(port, f"p{n}") for n in range(CLIENTS)]
            sign_ins = seconds(lambda n: sign_in(port, f"p{n % CLIENTS}"), SIGN_INS)
            address = f"http://127.0.0.1:{port}/account"
            pages = seconds(lambda n: browsers[n % CLIENTS].open(address).read(), PAGES)
        finally:
            server.terminate()
    return sign_ins, pages


def wait_for(port: int) -> None:
    for _ in range(200):
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.1)
    raise TimeoutError(f"nothing listens at {port}")


def main(pairs: int = 5) -> None:
    """Interleaved runs; medians and their ratio."""
    seen: dict[str, list[tuple[float, float]]] = {"waitress": [], "gunicorn": []}
    with tempfile.TemporaryDirectory() as folder:
        environ = prepare(Path(folder))
        for pair in range(pairs):
            for name, command in servers(FIRST_PORT + pair).items():
                seen[name].append(measure(command, FIRST_PORT + pair, environ))
    for place, what in enumerate((f"{SIGN_INS} sign-ins", f"{PAGES} pages")):
        ours, peer = (
            statistics.median(run[place] for run in seen[name]) for name in ("waitress", "gunicorn")
        )
        print(
            f"{what} by {CLIENTS} clients: waitress {ours:.2f} s, gunicorn {peer:.2f} s, "
            f"gunicorn/waitress {peer / ours:.2f}"
        )


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
