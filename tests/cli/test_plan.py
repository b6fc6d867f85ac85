"""`pilot-eval plan`: exit status, what is printed where, and never a trace."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from pilot_eval.cli import main

ASSUMED = "mean=60,within_sd=6,between_sd=6.3,correlation=0.9"
ASSUMED_RATE = "mean=0.02,between_cv=0.3,correlation=0.8"
SIZE = ["--trained", "8", "--comparison", "12", "--visits", "6"]


def run(*options: str) -> Result:
    return CliRunner().invoke(main, ["plan", *options])


def test_the_text_says_what_can_be_found() -> None:
    result = run("--assumptions", ASSUMED, *SIZE, "--smallest-effect", "4")
    assert result.exit_code == 0
    assert (
        "8 trained and 12 comparison branches with 6\u00a0visits per branch and period finds" in result.stdout
    )
    assert "Detectable effect, points" in result.stdout
    assert "8 + 12" in result.stdout
    assert ">99%" in result.stdout  # never certain
    assert "100%" not in result.stdout
    assert result.stderr == ""


def test_the_text_is_also_russian() -> None:
    result = run("--assumptions", ASSUMED, *SIZE, "--language", "ru")
    assert "Если отделения различаются, как предположено" in result.stdout
    assert "Обнаруживаемый эффект, баллы" in result.stdout


def test_json_is_the_document_and_nothing_else() -> None:
    document = json.loads(run("--assumptions", ASSUMED, *SIZE, "--format", "json").stdout)
    assert document["schema"] == "pilot-eval/plan/1"
    assert len(document["curve"]["power"]) == len(document["curve"]["effect"])


def test_a_file_of_observations_is_read(tmp_path: Path) -> None:
    path = tmp_path / "pilot.csv"
    rows = (
        f"B{b},{period},{60 + b + (b * 7 + shift + v * 5) % 6}"
        for b in range(8)
        for period, shift in (("before", 0), ("after", 3))
        for v in range(3)
    )
    path.write_text("branch,period,score\n" + "\n".join(rows) + "\n", encoding="utf-8")
    result = run(str(path), "--outcome", "score", "--trained", "6", "--comparison", "6")
    assert result.exit_code == 0
    assert "If branches vary as the 8\u00a0branches in these data did" in result.stdout


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["missing.csv", "--outcome", "x"], "no such file"),
        (["--assumptions", "within=3"], "did you mean within_sd"),
        (["--assumptions", ASSUMED], "--trained"),
        ([], "either a file of observations or assumptions"),
        (["--assumptions", ASSUMED, *SIZE, "--design", "staggered"], "staggered"),
        (["--assumptions", ASSUMED, *SIZE, "--looks", "0.9,0.5"], "--looks"),
        (["--assumptions", ASSUMED + ",mean=70", *SIZE], "mean: is given more than once"),
        (["--assumptions", ASSUMED, *SIZE, "--outcome", "score"], "--outcome: names a column of a file"),
        (
            ["--kind", "rate", "--assumptions", ASSUMED_RATE, *SIZE, "--exposure", "items"],
            "--exposure: names a column of a file",
        ),
    ],
)
def test_what_cannot_be_done_is_exit_status_two_in_words(options: list[str], words: str) -> None:
    result = run(*options)
    assert result.exit_code == 2
    assert result.stdout == ""
    assert words in result.stderr
    assert "Traceback" not in result.stderr


def test_a_name_given_twice_in_a_file_of_assumptions_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "assumed.yml"
    path.write_text("within_sd: 6\nbetween_sd: 6\ncorrelation: 0.9\nwithin_sd: 12\n", encoding="utf-8")
    result = run("--assumptions", str(path), *SIZE)
    assert result.exit_code == 2
    assert "within_sd: is given more than once" in result.stderr


def test_no_share_is_told_to_rise_above_all() -> None:
    """From 60% a share can gain 40 points at most; small pilots would need more to be sure of."""
    size = ["--trained", "5", "--comparison", "5", "--visits", "3"]
    result = run("--kind", "proportion", "--assumptions", "mean=0.6,icc=0.05,correlation=0.8", *size)
    table = result.stdout.split("Detectable effect")[1].split("Probability")[0]
    cells = [cell for line in table.splitlines()[2:] for cell in line.split()[3:]]
    assert ">40.0" in cells
    assert max(float(cell) for cell in cells if not cell.startswith(">")) <= 40.0
