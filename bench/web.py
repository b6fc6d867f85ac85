"""Pages over a network of 42,000 branches, beside an empty Flask view.

The ratio compares the processor's time of a page with that of the empty view (its median), so that what else
runs on the machine does not count; the milliseconds of pages are those of the clock.

Usage: python -m bench.web [requests] [DATABASE_URL], the database filled by bench.network; without one a
temporary SQLite database is filled first, which takes some minutes.
"""

from __future__ import annotations

import secrets
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from flask import Flask
from sqlmodel import col, select

from bench import network
from pilot_eval import create_app
from pilot_eval.records import database
from pilot_eval.records.branch_results import BranchResult
from pilot_eval.records.network import Branch
from pilot_eval.records.people import User
from pilot_eval.settings import LOOPBACK, Settings

METRIC = "speed:duration:seconds"
GOAL = 60.0
EMPTY = 20  # requests of the empty view beside each of a page
# Pages whose ratio has a goal, then pages that only have to stay below a second.
PAGES = {
    "region": f"/network/regions/r07?metric={METRIC}",
    "region by change": f"/network/regions/r07?metric={METRIC}&sort=shrunken&order=desc",
    "ranking": f"/network/branches?metric={METRIC}&sort=shrunken&order=desc",
    "ranking, page 400": f"/network/branches?metric={METRIC}&sort=change&order=desc&after={{middle}}",
    "search": f"/network/branches?metric={METRIC}&search=улица+41",
}
OTHERS = {
    "regions": f"/network?metric={METRIC}",
    "search that finds nothing": f"/network/branches?metric={METRIC}&sort=change&search=nothing",
    "pilots": "/pilots",
    "overview of 44 branches": "/pilots/small",
    "its branches": "/pilots/small/branches?tab=table",
    "one branch of it": "/pilots/small/branches/100000",
    "its plan": "/pilots/small/plan",
    "planner": "/planner",
}


def empty_view() -> Callable[[], object]:
    """A Flask application that answers nothing at all."""
    app = Flask("empty")
    app.add_url_rule("/", view_func=lambda: "")
    client = app.test_client()
    return lambda: client.get("/").get_data()


def signed_in(url: str, folder: Path) -> tuple[Any, list[str]]:
    """A browser of head office, and the statements that the site sends."""
    app = create_app(Settings("development", url, folder, secrets.token_hex(32), LOOPBACK))
    app.config["WTF_CSRF_ENABLED"] = False
    from pilot_eval.web.sign_in import password_hash

    password = secrets.token_hex(12)
    with app.app_context():
        hashed = password_hash(password)
    engine = app.extensions["engine"]
    with database.session_of(engine) as session:
        user = session.exec(select(User).where(col(User.email) == "head-office")).one()
        user.password = hashed
        session.add(user)
        session.commit()
    client = app.test_client()
    answer = client.post("/sign-in", data={"email": "head-office", "password": password})
    assert answer.status_code == 302, answer.text
    statements: list[str] = []
    sa.event.listen(engine, "before_cursor_execute", lambda *args: statements.append(args[2]))
    return client, statements


def quantile(seconds: list[float], share: float) -> float:
    return sorted(seconds)[min(len(seconds) - 1, int(share * len(seconds)))]


def measured(
    page: Callable[[], object], empty: Callable[[], object], count: int
) -> tuple[list[float], list[float], list[float]]:
    """Seconds of each request of a page, of the processor alone, and those of the empty view in between."""
    page()
    clock, own, peers = [], [], []
    for _ in range(count):
        started, begun = time.perf_counter(), time.process_time()
        page()
        clock.append(time.perf_counter() - started)
        own.append(time.process_time() - begun)
        begun = time.process_time()
        for _ in range(EMPTY):
            empty()
        peers.append((time.process_time() - begun) / EMPTY)
    return clock, own, peers


def report(url: str, folder: Path, count: int) -> None:
    client, statements = signed_in(url, folder)
    empty = empty_view()
    middle = middle_branch(url)
    for name, path in (PAGES | OTHERS).items():
        address = path.format(middle=middle)
        answer = client.get(address)
        assert answer.status_code == 200, f"{address}: {answer.status}"
        statements.clear()
        client.get(address)
        sent = len([text for text in statements if not text.startswith(("BEGIN", "COMMIT", "ROLLBACK"))])
        clock, own, peers = measured(partial(_whole, client, address), empty, count)
        peer = statistics.median(peers)
        ratio = f"p95 {quantile(own, 0.95) / peer:.0f} x, median {statistics.median(own) / peer:.0f} x"
        goal = f" (goal {GOAL:.0f} x)" if name in PAGES else ""
        print(
            f"{name}: median {1000 * statistics.median(clock):.0f} ms, "
            f"p95 {1000 * quantile(clock, 0.95):.0f} ms; {ratio} an empty view "
            f"of {1000 * peer:.2f} ms{goal}; {sent} statements, {len(answer.data) // 1024} kB",
            flush=True,
        )


def _whole(client: Any, address: str) -> object:
    return client.get(address).get_data()


def middle_branch(url: str) -> str:
    """Code of a branch in the middle of the network's ranking."""
    engine = database.open_database(url)
    with database.session_of(engine) as session:
        ranked = (
            select(Branch.code)
            .join(BranchResult, col(BranchResult.branch_id) == col(Branch.id))
            .where(col(BranchResult.metric) == METRIC)
            .order_by(col(BranchResult.change))
        )
        code = session.exec(ranked.offset(network.BRANCHES // 2).limit(1)).one()
    engine.dispose()
    return code


def main(count: int = 40, url: str = "") -> None:
    with tempfile.TemporaryDirectory() as folder:
        if not url:
            url = f"sqlite:///{folder}/network.sqlite3"
            engine = database.open_database(url)
            network.fill(engine)
            engine.dispose()
        report(url, Path(folder), count)


if __name__ == "__main__":
    main(*(int(argument) if argument.isdigit() else argument for argument in sys.argv[1:]))  # type: ignore[arg-type]  # in this order
