"""`pilot-eval evaluate`: exit status, what is printed where, and never a trace."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from pilot_eval.cli import main

GOOD = "branch,arm,period,score\n" + "".join(
    f"B{b},{'trained' if b < 4 else 'comparison'},{period},{60 + b + (b * 7 + shift) % 5 + shift}\n"
    for b in range(8)
    for period, shift in (("before", 0), ("after", 3))
)


@pytest.fixture
def pilot(tmp_path: Path) -> Path:
    path = tmp_path / "pilot.csv"
    path.write_text(GOOD, encoding="utf-8")
    return path


def run(path: Path, *options: str) -> Result:
    return CliRunner().invoke(main, ["evaluate", str(path), "--outcome", "score", "--draws", "99", *options])


def test_the_text_stands_on_standard_output(pilot: Path) -> None:
    result = run(pilot)
    assert result.exit_code == 0
    assert "4 trained and 4 comparison branches, 16 of 16 rows" in result.stdout
    assert result.stderr == ""


def test_json_is_the_document_and_nothing_else(pilot: Path) -> None:
    result = run(pilot, "--format", "json", "--seed", "5")
    document = json.loads(result.stdout)
    assert document["schema"] == "pilot-eval/evaluation/1"
    assert document["seed"] == 5
    assert "Вывод" in result.stdout or "Стало" in result.stdout


def test_the_text_is_also_russian(pilot: Path) -> None:
    assert "Обученные отделения против отделений сравнения" in run(pilot, "--language", "ru").stdout


def test_too_few_data_is_an_answer(tmp_path: Path) -> None:
    path = tmp_path / "thin.csv"
    path.write_text("\n".join(GOOD.splitlines()[:3]) + "\n", encoding="utf-8")
    result = run(path, "--format", "json")
    assert result.exit_code == 0
    assert json.loads(result.stdout)["not_estimable"]["code"] == "few_branches"


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--design", "staggered"], "there is no column 'date'"),
        (["--with", "sensitivity,threat"], "did you mean threats?"),
        (["--season"], "--season: goes with --design interrupted_time_series"),
        (["--looks", "half"], "is not a list of numbers"),
        (["--strata", "region"], "there is no column 'region'"),
        (["--level", "2"], "--level"),
        (["--kind", "scroe"], "did you mean score?"),
    ],
)
def test_what_cannot_be_done_is_exit_status_two_in_words(pilot: Path, options: list[str], words: str) -> None:
    result = run(pilot, *options)
    assert result.exit_code == 2
    assert result.stdout == ""
    assert words in result.stderr
    assert "Traceback" not in result.stderr


def test_bad_rows_are_listed_with_their_file(tmp_path: Path) -> None:
    path = tmp_path / "bad.csv"
    path.write_text(
        GOOD.replace("B1,trained,before", "B1,traind,before").replace(
            "B2,trained,before,66", "B2,trained,before,NA"
        ),
        encoding="utf-8",
    )
    result = run(path)
    assert result.exit_code == 2
    lines = result.stderr.splitlines()
    assert lines[0] == f"Error: {path}: 2 problems"
    assert lines[1].strip() == "row 4, column arm: 'traind' is not known; expected comparison, trained"
    assert lines[2].strip().startswith("row 6, column score: 'NA' is not a number")


def test_more_than_twenty_bad_rows_are_counted(tmp_path: Path) -> None:
    path = tmp_path / "bad.csv"
    path.write_text("branch,arm,period,score\n" + "B,trained,before,x\n" * 50, encoding="utf-8")
    result = run(path)
    assert "50 problems, the first 20\n" in result.stderr
    assert result.stderr.count("row ") == 20


@pytest.mark.parametrize("name", ["missing.csv", "."])
def test_no_file_is_said_in_words(tmp_path: Path, name: str) -> None:
    result = run(tmp_path / name)
    assert result.exit_code == 2
    assert "Traceback" not in result.stderr
    assert "no such file" in result.stderr or "folder" in result.stderr
