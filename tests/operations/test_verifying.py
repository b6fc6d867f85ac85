"""The check of an evidence bundle: whatever was changed is named, and nothing harmful is opened."""

from __future__ import annotations

import copy
import io
import json
import struct
import tracemalloc
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from pilot_eval.operations import verifying
from pilot_eval.operations.bundles import LARGEST, NotABundle, open_bundle
from pilot_eval.operations.comparing import count_numbers, differences
from pilot_eval.operations.verifying import Verification, verify
from pilot_eval.reports.files import bundle
from tests.operations import bundles

FAR = 1 + 1e-8  # ten times what may differ
NEAR = 1 + 1e-10


@pytest.fixture
def files(recorded_bundle: bytes) -> dict[str, bytes]:
    return bundles.files_of(recorded_bundle)


@pytest.fixture
def stored_result(monkeypatch: pytest.MonkeyPatch, files: dict[str, bytes]) -> dict[str, Any]:
    """Let the check find the stored result, for what does not depend on computing it."""
    result: dict[str, Any] = json.loads(files[bundle.RESULT])
    monkeypatch.setattr(verifying, "recompute", lambda _plan, _folder: copy.deepcopy(result))
    return result


def checked(folder: Path, content: bytes) -> Verification:
    path = folder / "bundle.zip"
    path.write_bytes(content)
    return verify(path)


def told(found: Verification) -> str:
    assert not found.matches
    return "\n".join(problem.en for problem in found.problems)


@pytest.mark.parametrize(
    "name", ["data/01.csv", *(name for name in bundle.FILES if name not in {bundle.MARK, bundle.SUMS})]
)
def test_a_changed_file_is_named(
    files: dict[str, bytes], stored_result: dict[str, Any], tmp_path: Path, name: str
) -> None:
    files[name] = files[name].replace(b"1", b"2", 1)
    assert f"{name}: the file is not the one whose hash is listed" in told(
        checked(tmp_path, bundles.packed(files, hashes=False))
    )


def test_missing_and_added_files_are_named(
    files: dict[str, bytes], stored_result: dict[str, Any], tmp_path: Path
) -> None:
    del files["data/03.csv"]
    files["data/04.csv"] = b"branch\n"
    said = told(checked(tmp_path, bundles.packed(files, hashes=False)))
    assert "data/03.csv: the file is missing" in said
    assert "data/04.csv: the file is not in the list of hashes" in said


def scaled(document: Any, change: Callable[[float], float]) -> Any:
    """The document with every number changed."""
    if isinstance(document, dict):
        return {name: scaled(part, change) for name, part in document.items()}
    if isinstance(document, list):
        return [scaled(part, change) for part in document]
    return document if isinstance(document, bool | str | None) else change(document)


def test_every_single_number_of_the_result_is_walked(files: dict[str, bytes]) -> None:
    result = json.loads(files[bundle.RESULT])
    count = count_numbers(result)
    assert count > 1000
    far = scaled(result, lambda number: number * FAR if abs(number) > 1e-3 else number + 1e-8)
    found = list(differences(result, far))
    assert len(found) == count
    assert len({difference.path for difference in found}) == count
    near = scaled(result, lambda number: number * NEAR)
    assert list(differences(result, near)) == []


def forged(files: dict[str, bytes], name: str, change: Callable[[dict[str, Any]], None]) -> bytes:
    """The bundle with one document changed and the list of hashes made to fit."""
    document = json.loads(files[name])
    change(document)
    return bundles.packed({**files, name: bundle.json_bytes(document)})


def in_result(document: dict[str, Any]) -> None:
    document["outcomes"][1]["evaluation"]["robustness"][0]["pvalue"] *= FAR


def in_plan(document: dict[str, Any]) -> None:
    document["outcomes"][0]["analysis"]["seed"] += 1


def in_summary(document: dict[str, Any]) -> None:
    document["outcomes"][0]["evaluation"]["effect"]["estimate"] *= FAR


def in_level(document: dict[str, Any]) -> None:
    document["plan"]["interval_level"] = 0.5


@pytest.mark.parametrize(
    ("name", "change", "expected"),
    [
        (bundle.RESULT, in_result, "result.json: outcomes/speed/evaluation/robustness/0/pvalue"),
        (bundle.PLAN, in_plan, "result.json: outcomes/quality/evaluation/seed"),
        (bundle.PLAN, in_plan, "plan.json: outcomes/quality/seed: 1 in the stored plan, 2 in the analysis"),
        (bundle.SUMMARY, in_summary, "summary.json: outcomes/quality/evaluation/effect/estimate"),
        (bundle.PLAN, in_level, "plan.json: plan/interval_level"),
    ],
)
def test_a_forger_who_makes_the_hashes_fit_is_told_the_number(
    files: dict[str, bytes], tmp_path: Path, name: str, change: Any, expected: str
) -> None:
    assert expected in told(checked(tmp_path, forged(files, name, change)))


def in_weeks(document: dict[str, Any]) -> None:
    document["weekly"][1]["points"][0]["value"] *= FAR


def in_items(document: dict[str, Any]) -> None:
    item = next(item for item in document["items"]["items"] if item["code"] == "E1")
    item["trained"]["after"]["share"] -= 1.0


def in_effect_of_item(document: dict[str, Any]) -> None:
    item = next(item for item in document["items"]["items"] if item["code"] == "E1")
    item["effect"]["estimate"] *= FAR


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (in_weeks, "summary.json: weekly: 1/points/0/value"),
        (in_items, "summary.json: items: items/E1/trained/after/share"),
        (in_effect_of_item, "summary.json: items: items/E1/effect/estimate"),
    ],
)
def test_weeks_and_items_are_computed_again(
    files: dict[str, bytes], stored_result: dict[str, Any], tmp_path: Path, change: Any, expected: str
) -> None:
    assert told(checked(tmp_path, forged(files, bundle.SUMMARY, change))).count(expected) == 1


def test_observations_are_those_of_the_records(
    files: dict[str, bytes], stored_result: dict[str, Any], tmp_path: Path
) -> None:
    """A forger who sets a cell of a row, or leaves a row out, is told the line."""
    lines = files["data/01.csv"].decode().splitlines()
    header = lines[0].split(",")
    for column, cell in (("value", "99"), ("item_E1", "0.5"), ("period", "after"), ("branch", "B99")):
        cells = lines[3].split(",")
        cells[header.index(column)] = cell
        changed = "\n".join([*lines[:3], ",".join(cells), *lines[4:], ""])
        said = told(checked(tmp_path, bundles.packed({**files, "data/01.csv": changed.encode()})))
        assert f"data/01.csv: line 4/{column}: " in said
        assert "by the records of snapshot.jsonl" in said
    fewer = "\n".join([*lines[:-1], ""]).encode()
    said = told(checked(tmp_path, bundles.packed({**files, "data/01.csv": fewer})))
    assert f"data/01.csv: rows: {len(lines) - 2} in the file, {len(lines) - 1} by the records" in said


def test_what_is_checked_by_hash_alone_is_said(files: dict[str, bytes], tmp_path: Path) -> None:
    found = checked(tmp_path, bundles.packed(files))
    assert found.matches
    assert set(found.by_hash_only) == {
        *("$schema", "pilot", "limits", "looks", "decision", "audit", "health", "review"),
        *(f"data/*.csv: {column}" for column in ("date", "entered", "daypart", "auditor")),
    } - {"$schema"}
    # A bundle of a version that did not tell where an outcome came from.
    plan = json.loads(files[bundle.PLAN])
    for entry in plan["outcomes"]:
        del entry["source"]
    older = checked(tmp_path, bundles.packed({**files, bundle.PLAN: bundle.json_bytes(plan)}))
    assert {"items", "data/*.csv"} <= set(older.by_hash_only)
    assert "weekly" not in older.by_hash_only


def test_an_observation_that_was_changed_changes_numbers(files: dict[str, bytes], tmp_path: Path) -> None:
    first = files["data/01.csv"].decode().splitlines()
    cells = first[1].split(",")
    place = first[0].split(",").index("value")
    cells[place] = str(float(cells[place]) + 0.01)
    files["data/01.csv"] = "\n".join([first[0], ",".join(cells), *first[2:], ""]).encode()
    found = checked(tmp_path, bundles.packed(files))
    assert "data/01.csv: line 2/value" in found.to_text("en").splitlines()[1]  # the cause, then what follows
    said = told(found)
    assert "outcomes/quality/evaluation/effect/estimate" in said
    assert "branches/B00/outcomes/quality" in said


@pytest.mark.parametrize("name", [bundle.BRANCHES, bundle.EXPECTED, bundle.README, bundle.SCRIPT])
def test_tables_and_texts_are_written_again(
    files: dict[str, bytes], stored_result: dict[str, Any], tmp_path: Path, name: str
) -> None:
    place = files[name].rindex(b".") + 1
    digit = b"3" if files[name][place : place + 1] == b"7" else b"7"
    files[name] = files[name][:place] + digit + files[name][place + 1 :]
    assert name in told(checked(tmp_path, bundles.packed(files)))


def test_the_records_are_those_of_the_hash_on_every_page(
    files: dict[str, bytes], stored_result: dict[str, Any], tmp_path: Path
) -> None:
    files[bundle.SNAPSHOT] = files[bundle.SNAPSHOT].replace(b"done", b"gone", 1)
    said = told(checked(tmp_path, bundles.packed(files)))
    assert "bundle.json: the hash of the snapshot is" in said
    assert "summary.json: the hash of the snapshot is" in said


def test_another_version_compares_numbers_and_not_sentences(
    files: dict[str, bytes], stored_result: dict[str, Any], tmp_path: Path
) -> None:
    mark = json.loads(files[bundle.MARK])
    mark["product"]["version"] = "0.0.9"
    files[bundle.MARK] = bundle.json_bytes(mark)
    files[bundle.README] = b"as version 0.0.9 wrote it"
    for name in (bundle.RESULT, bundle.SUMMARY):
        document = json.loads(files[name])
        document["outcomes"][0]["evaluation"]["verdict"]["en"] = "as version 0.0.9 said it"
        files[name] = bundle.json_bytes(document)
    found = checked(tmp_path, bundles.packed(files))
    assert found.matches, found.to_text("en")
    assert "These are different versions" in found.to_text("en")
    assert "Версии разные" in found.to_text("ru")


@pytest.mark.parametrize("name", [bundle.PLAN, bundle.RESULT, bundle.SUMMARY])
@pytest.mark.parametrize("content", [b"", b"[]", b"{}", b"\xff", b"[" * 100_000])
def test_documents_that_are_none_are_said_so(
    files: dict[str, bytes], tmp_path: Path, name: str, content: bytes
) -> None:
    assert "could not be computed again" in told(checked(tmp_path, bundles.packed({**files, name: content})))


@pytest.mark.parametrize(
    "path", ["../evil.csv", "/etc/passwd", "data/../../evil", "C:\\evil", "data/1.csv/x"]
)
def test_names_that_no_bundle_has_are_refused_before_unpacking(tmp_path: Path, path: str) -> None:
    content = bundles.packed({bundle.MARK: b"{}", path: b"x"}, hashes=False)
    (tmp_path / "b.zip").write_bytes(content)
    with pytest.raises(NotABundle, match="nothing was unpacked"):
        open_bundle(tmp_path / "b.zip")


def test_bombs_are_refused_before_unpacking(tmp_path: Path) -> None:
    path = tmp_path / "bomb.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(bundle.MARK, bundle.json_bytes({"schema": bundle.SCHEMA}))
        with archive.open("data/01.csv", "w") as file:
            for _ in range(64):
                file.write(bytes(1024 * 1024))
    tracemalloc.start()
    with pytest.raises(NotABundle, match="times its size"):
        open_bundle(path)
    assert tracemalloc.get_traced_memory()[1] < 2_000_000
    tracemalloc.stop()


def test_a_size_that_is_a_lie_is_damage(tmp_path: Path) -> None:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("data/01.csv", bytes(5_000_000))
        archive.writestr(bundle.MARK, bundle.json_bytes({"schema": bundle.SCHEMA}))
    content = out.getvalue().replace(struct.pack("<I", 5_000_000), struct.pack("<I", 500))
    path = tmp_path / "lie.zip"
    path.write_bytes(content)
    with pytest.raises(NotABundle, match="damaged"):
        open_bundle(path)


def test_too_much_altogether_is_refused(tmp_path: Path) -> None:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("data/01.csv", b"x" * 77_777)
    content = out.getvalue().replace(struct.pack("<I", 77_777), struct.pack("<I", LARGEST + 1))
    path = tmp_path / "large.zip"
    path.write_bytes(content)
    with pytest.raises(NotABundle, match="more than"):
        open_bundle(path)


@pytest.mark.parametrize("content", [b"", b"branch,arm\n", b"PK\x03\x04 and no more"])
def test_what_is_no_zip_is_no_bundle(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "file.zip"
    path.write_bytes(content)
    with pytest.raises(NotABundle, match="not a zip file"):
        open_bundle(path)


def test_a_zip_of_something_else_is_no_bundle(tmp_path: Path) -> None:
    path = tmp_path / "other.zip"
    path.write_bytes(bundles.packed({bundle.README: b"hello"}))
    with pytest.raises(NotABundle, match="not an evidence bundle"):
        open_bundle(path)
    with pytest.raises(NotABundle, match="no such file"):
        open_bundle(tmp_path / "missing.zip")


def test_endless_draws_are_not_started(files: dict[str, bytes], tmp_path: Path) -> None:
    def endless(document: dict[str, Any]) -> None:
        document["outcomes"][0]["analysis"]["draws"] = 10**12

    assert "1000000000000 draws" in told(checked(tmp_path, forged(files, bundle.PLAN, endless)))
