"""The worked example of docs/api.md, run as it stands with curl against a server on this machine."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from sqlmodel import Session
from waitress.server import create_server

from pilot_eval.records.visits import Visit
from tests.conftest import PROJECT
from tests.field import Field
from tests.web.field_pages import stored

EXAMPLES = re.findall(r"```sh\n(.*?)```", (PROJECT / "docs" / "api.md").read_text(), flags=re.DOTALL)
SITE, DAY, ASSIGNMENT = "https://pilot.example.org", "2026-11-30", '"assignment": 1'


@pytest.fixture
def port(app: Flask) -> Iterator[int]:
    server: Any = create_server(app, host="127.0.0.1", port=0, threads=2)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    yield server.effective_port
    server.task_dispatcher.shutdown()  # the program has its answer before the server has put it away
    server.close()
    thread.join(timeout=10)


@pytest.mark.skipif(shutil.which("curl") is None, reason="curl is not installed")
def test_the_worked_example_does_what_it_says(
    port: int, field: Field, session: Session, database_url: str, tmp_path: Path
) -> None:
    assignment = field.anna_s.id
    session.commit()
    token, assignments, visit = EXAMPLES
    here = "\n".join([token, assignments, "echo", visit, "echo", visit])
    for written, meant in (
        (SITE, f"http://127.0.0.1:{port}"),
        (DAY, "2014-08-05"),
        (ASSIGNMENT, f'"assignment": {assignment}'),
    ):
        assert written in here
        here = here.replace(written, meant)
    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", here],
        env={
            "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
            "PYTHONPATH": str(PROJECT),
            "PILOT_EVAL_DATABASE": database_url,
            "PILOT_EVAL_DATA": str(tmp_path),
        },
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    listed, first, again = (json.loads(line) for line in done.stdout.splitlines() if line)
    assert [row["id"] for row in listed["assignments"]] == [assignment]
    assert (first["status"], again["status"]) == ("created", "duplicate")
    (row,) = stored(session, Visit)
    assert str(row.id) == first["uuid"] == again["uuid"]
    assert row.document["header"]["narrative"] == "A notice on the door: closed for lunch"
