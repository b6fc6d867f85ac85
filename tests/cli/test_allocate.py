"""`pilot-eval allocate`: the list on standard output, the same each time, and refusals in words."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from pilot_eval.cli import main


@pytest.fixture
def branches(tmp_path: Path) -> Path:
    path = tmp_path / "branches.csv"
    rows = [
        f"B{b:02},{'city' if b < 6 else 'village'},{period},{60 + (b * 7) % 11 + add}"
        for b in range(12)
        for period, add in (("before", 0), ("before", 2), ("after", 40 * (b % 2)))
    ]
    path.write_text("branch,place,period,score\n" + "\n".join(rows) + "\n", encoding="utf-8")
    return path


def run(path: Path, *options: str) -> Result:
    return CliRunner().invoke(main, ["allocate", str(path), *options])


def rows_of(result: Result) -> list[dict[str, str]]:
    assert result.exit_code == 0, result.stderr
    return list(csv.DictReader(result.stdout.splitlines()))


def test_as_many_are_trained_as_asked_within_strata(branches: Path) -> None:
    rows = rows_of(run(branches, "--trained", "4", "--by", "place", "--seed", "7"))
    trained = [row for row in rows if row["arm"] == "trained"]
    assert len(rows) == 12
    assert sorted(row["stratum"] for row in trained) == ["city", "city", "village", "village"]
    assert rows == rows_of(run(branches, "--trained", "4", "--by", "place", "--seed", "7"))
    assert rows != rows_of(run(branches, "--trained", "4", "--by", "place", "--seed", "8"))


def test_pairs_are_alike_before_training_whatever_came_after(branches: Path) -> None:
    rows = rows_of(run(branches, "--pairs", "score"))
    score = {f"B{b:02}": 61 + (b * 7) % 11 for b in range(12)}
    pairs: dict[str, list[dict[str, str]]] = {}
    for row in rows:
        pairs.setdefault(row["pair"], []).append(row)
    assert len(pairs) == 6
    for pair in pairs.values():
        assert {row["arm"] for row in pair} == {"trained", "comparison"}
        assert abs(score[pair[0]["branch"]] - score[pair[1]["branch"]]) <= 2


def test_a_branch_without_a_partner_has_no_arm(branches: Path) -> None:
    branches.write_text(branches.read_text() + "B99,village,before,99\n", encoding="utf-8")
    rows = rows_of(run(branches, "--pairs", "score", "--by", "place"))
    assert [row["branch"] for row in rows if not row["arm"]] == ["B99"]


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ([], "either --trained N or --pairs COL"),
        (["--trained", "4", "--pairs", "score"], "either --trained N or --pairs COL"),
        (["--trained", "11"], "fewer than two in an arm"),
        (["--trained", "4", "--by", "plaec"], "did you mean 'place'"),
        (["--trained", "4", "--by", "period"], "something else in row"),
        (["--pairs", "place"], "not a number"),
        (["--trained", "4", "--seed", "-1"], "negative"),
    ],
)
def test_what_cannot_be_done_is_exit_status_two_in_words(
    branches: Path, options: list[str], words: str
) -> None:
    result = run(branches, *options)
    assert result.exit_code == 2
    assert result.stdout == ""
    assert words in result.stderr


def test_a_branch_without_a_number_cannot_be_paired(branches: Path) -> None:
    branches.write_text(branches.read_text() + "B99,village,before,\n", encoding="utf-8")
    result = run(branches, "--pairs", "score")
    assert result.exit_code == 2
    assert "branch B99, column score: is empty" in result.stderr
