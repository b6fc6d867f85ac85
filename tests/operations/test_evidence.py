"""Evidence bundles: made of what the summary rests on, and giving its numbers again."""

from __future__ import annotations

import hashlib
import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
from sqlmodel import Session, select

from pilot_eval import evaluate
from pilot_eval.domain.errors import NeedsFreshSignIn, NotAllowed, WrongState
from pilot_eval.domain.people import Actor, Role
from pilot_eval.domain.pilots import Period
from pilot_eval.operations import exporting, pilots, summaries
from pilot_eval.operations.import_plans import ImportPlan
from pilot_eval.operations.verifying import verify
from pilot_eval.records.visits import Visit, VisitState
from pilot_eval.reports.files import bundle
from tests import pilots as world
from tests.conftest import OPERATOR, acting
from tests.operations import bundles

NOW = bundles.NOW
PLANS = (
    {"kind": "score", "unit": "visits", "design": "before_after"},
    {"kind": "score", "design": "before_after", "weights": "observation"},
    {"kind": "duration", "smallest_effect": 3.0, "level": 0.9},
    {"kind": "proportion", "weights": "observation"},
    {"kind": "score", "strata": "town", "better": "lower"},
    {"kind": "duration", "strata": "town", "weights": "observation", "minimum_branches": 3},
)


def check(content: bytes, folder: Path) -> Any:
    path = folder / "evidence.zip"
    path.write_bytes(content)
    return verify(path)


def test_a_recorded_pilot_is_computed_again_from_its_bundle(session: Session, tmp_path: Path) -> None:
    pilot = bundles.recorded(session)
    visit = session.exec(select(Visit).limit(1)).one()
    visit.state = VisitState.EXCLUDED
    session.commit()
    content = bundles.export(session, pilot.slug)
    found = check(content, tmp_path)
    assert found.matches, found.to_text("en")
    assert found.numbers > 1000
    summary = summaries.summarise(session, OPERATOR, pilot.slug, NOW)
    files = bundles.files_of(content)
    assert hashlib.sha256(files[bundle.SNAPSHOT]).hexdigest() == summary["snapshot"]["sha256"]
    result = json.loads(files[bundle.RESULT])
    for told, again in zip(summary["outcomes"], result["outcomes"], strict=True):
        assert again["evaluation"]["effect"] == told["evaluation"]["effect"]
        assert again["pvalue_holm"] == told["pvalue_holm"]


@pytest.mark.parametrize("options", PLANS, ids=lambda options: "-".join(map(str, options.values())))
def test_an_imported_pilot_is_computed_again_here_and_in_r(
    sqlite_session: Session, tmp_path: Path, options: dict[str, Any]
) -> None:
    plan = ImportPlan("Made up", "value", slug="made-up", draws=99, **options)
    content = bundles.export(sqlite_session, bundles.imported(sqlite_session, tmp_path, plan))
    found = check(content, tmp_path)
    assert found.matches, found.to_text("en")
    files = bundles.files_of(content)
    assert json.loads(files[bundle.RESULT])["outcomes"][0]["evaluation"]["effect"] is not None
    assert_r_agrees(files, tmp_path)


def test_r_gives_the_headlines_of_a_recorded_pilot_and_says_which_number_differs(
    recorded_bundle: bytes, tmp_path: Path
) -> None:
    files = bundles.files_of(recorded_bundle)
    told = assert_r_agrees(files, tmp_path)
    assert "quality" in told
    assert "speed" in told
    header, first, second = files[bundle.EXPECTED].decode().splitlines()
    cells, place = first.split(","), header.split(",").index("standard_error")
    cells[place] = repr(float(cells[place]) * 1.0001)
    files[bundle.EXPECTED] = "\n".join([header, ",".join(cells), second, ""]).encode()
    done = run_r(files, tmp_path / "again")
    assert done.returncode == 1
    (line,) = [line for line in done.stdout.splitlines() if "DIFFERS" in line]
    assert "standard_error" in line


def assert_r_agrees(files: dict[str, bytes], folder: Path) -> str:
    done = run_r(files, folder)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "R gives the same numbers." in done.stdout
    assert done.stdout.count("same\n") >= 6
    return str(done.stdout)


def run_r(files: dict[str, bytes], folder: Path) -> Any:
    """Run reproduce.R of a bundle where R with clubSandwich is installed."""
    rscript = shutil.which("Rscript")
    if rscript is None:
        pytest.skip("Rscript is not installed")
    if subprocess.run([rscript, "-e", "library(clubSandwich)"], capture_output=True).returncode:
        pytest.skip("R has no package clubSandwich")
    there = folder / "unpacked"
    (there / "data").mkdir(parents=True)
    for name, content in files.items():
        (there / name).write_bytes(content)
    return subprocess.run(
        [rscript, "--vanilla", str(there / bundle.SCRIPT)], capture_output=True, text=True, cwd=folder
    )


def test_the_commands_of_the_readme_give_the_numbers_of_the_result(
    recorded_bundle: bytes, tmp_path: Path
) -> None:
    files = bundles.files_of(recorded_bundle)
    (tmp_path / "data").mkdir()
    result, plan = json.loads(files[bundle.RESULT]), json.loads(files[bundle.PLAN])
    for entry, outcome in zip(plan["outcomes"], result["outcomes"], strict=True):
        command = bundle.command_of(entry)
        assert command in files[bundle.README].decode()
        path = tmp_path / entry["file"]
        path.write_bytes(files[entry["file"]])
        words = command.split()[3:]
        options = {
            name[2:].replace("-", "_"): value for name, value in zip(words[::2], words[1::2], strict=True)
        }
        numbers = {name: json.loads(options[name]) for name in ("level", "draws", "seed")}
        if "smallest_effect" in options:
            numbers["smallest_effect"] = float(options["smallest_effect"])
        told = evaluate(path, **{**options, **numbers}).to_dict()
        assert told["effect"] == outcome["evaluation"]["effect"]
        assert told["robustness"] == outcome["evaluation"]["robustness"]


def test_the_same_snapshot_gives_the_same_files(sqlite_session: Session, tmp_path: Path) -> None:
    plan = ImportPlan("Made up", "value", slug="made-up", draws=99)
    slug = bundles.imported(sqlite_session, tmp_path, plan)
    first, second = (bundles.files_of(bundles.export(sqlite_session, slug)) for _ in range(2))
    # What differs is the head of the audit log, which has noted the first taking.
    differ = {name for name in first if first[name] != second[name]}
    assert differ == {bundle.SUMMARY, bundle.SUMS}
    assert bundles.packed(first) == bundles.packed(dict(reversed(first.items())))


def test_auditors_have_pseudonyms(recorded_bundle: bytes) -> None:
    text = b"".join(bundles.files_of(recorded_bundle).values()).decode()
    assert ",A-0" in text
    assert "auditor-" not in text  # the name and the address of the auditor who recorded all of it


def test_only_head_office_with_a_fresh_sign_in_takes_it(
    sqlite_session: Session, head_office_of: Any, manager_of: Any
) -> None:
    pilot = bundles.recorded(sqlite_session)
    with pytest.raises(NeedsFreshSignIn):
        exporting.export(sqlite_session, head_office_of(fresh=False), pilot.slug, "bundle", "en", NOW)
    region = pilots.members_of(sqlite_session, pilot)[0][1].region_id
    with pytest.raises(NotAllowed):
        exporting.export(sqlite_session, manager_of(region), pilot.slug, "bundle", "en", NOW)


def test_a_running_pilot_has_no_bundle(sqlite_session: Session) -> None:
    pilot = world.filled_pilot(sqlite_session)
    world.close(sqlite_session, pilot, Period.BEFORE)
    with pytest.raises(WrongState, match="once the visits after training are closed"):
        bundles.export(sqlite_session, pilot.slug)


def test_a_bundle_that_would_not_give_the_summary_is_never_handed_out(
    sqlite_session: Session, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    plan = ImportPlan("Made up", "value", slug="made-up", draws=99)
    slug = bundles.imported(sqlite_session, tmp_path, plan)
    write = bundle.data_csv
    monkeypatch.setattr(bundle, "data_csv", lambda rows: write(rows).replace(b"before", b"after", 1))
    with pytest.raises(RuntimeError, match=r"does not give the summary: .*estimate"):
        bundles.export(sqlite_session, slug)


@pytest.fixture
def head_office_of(sqlite_session: Session) -> Any:
    user = world.people.create_person(sqlite_session, OPERATOR, name="olga", role=Role.HEAD_OFFICE)
    return lambda **more: acting(user, **more)


@pytest.fixture
def manager_of(sqlite_session: Session) -> Any:
    def make(region_id: int) -> Actor:
        user = world.people.create_person(
            sqlite_session, OPERATOR, name="petr", role=Role.MANAGER, region_id=region_id
        )
        return acting(user)

    return make
