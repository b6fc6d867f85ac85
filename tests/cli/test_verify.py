"""`pilot-eval verify`, run in a process of its own as another person would."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from sqlmodel import Session

from pilot_eval.operations.import_plans import ImportPlan
from pilot_eval.records import database
from pilot_eval.reports.files import bundle
from tests.conftest import PROJECT
from tests.operations import bundles

# Runs the command where neither pages nor tables can be loaded.
ALONE = """
import sys
for name in ("flask", "sqlalchemy", "sqlmodel", "pysqlite3", "psycopg", "flask_security", "alembic"):
    sys.modules[name] = None
sys.path.insert(0, {project!r})
from pilot_eval.cli import main
main(prog_name="pilot-eval")
"""


@pytest.fixture(scope="module")
def made(_sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> bytes:
    folder = tmp_path_factory.mktemp("made")
    path = folder / "pilot_eval.sqlite3"
    path.write_bytes(_sqlite_template.read_bytes())
    engine = database.open_database(f"sqlite:///{path}")
    with Session(engine) as session:
        plan = ImportPlan("Made up", "value", slug="made-up", draws=99)
        content = bundles.export(session, bundles.imported(session, folder, plan))
    engine.dispose()
    return content


def run(path: Path, *words: str) -> subprocess.CompletedProcess[str]:
    script = ALONE.format(project=str(PROJECT))
    command = [sys.executable, "-W", "error", "-c", script, "verify", str(path), *words]
    return subprocess.run(command, capture_output=True, text=True, env={"LC_ALL": "C.UTF-8"}, cwd=path.parent)


def test_a_bundle_holds_without_pages_and_tables(made: bytes, tmp_path: Path) -> None:
    path = tmp_path / "evidence.zip"
    path.write_bytes(made)
    done = run(path)
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.startswith("Everything matches: 11 files by their hashes")
    assert list(tmp_path.iterdir()) == [path]


def test_a_number_that_differs_is_named_and_the_status_is_1(made: bytes, tmp_path: Path) -> None:
    files = bundles.files_of(made)
    result = json.loads(files[bundle.RESULT])
    result["outcomes"][0]["evaluation"]["effect"]["standard_error"] += 0.001
    path = tmp_path / "evidence.zip"
    path.write_bytes(bundles.packed({**files, bundle.RESULT: bundle.json_bytes(result)}))
    done = run(path, "--language", "ru")
    assert done.returncode == 1
    assert "outcomes/value/evaluation/effect/standard_error" in done.stdout
    assert done.stdout.startswith("Не совпадает.")
    told = json.loads(run(path, "--format", "json").stdout)
    assert told["matches"] is False
    assert "standard_error" in told["problems"][0]["en"]


def test_what_is_no_bundle_gives_status_2_in_words(tmp_path: Path) -> None:
    path = tmp_path / "letter.txt"
    path.write_text("Dear board")
    done = run(path)
    assert done.returncode == 2
    assert done.stderr == f"{path}: this is not a zip file\n"
    assert done.stdout == ""
