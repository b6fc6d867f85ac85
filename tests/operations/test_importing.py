"""A file becomes a pilot: whole or not at all, with the numbers of `evaluate`."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from sqlmodel import Session, func, select

from pilot_eval import evaluate
from pilot_eval.cli import main
from pilot_eval.domain.errors import BadInput, NotAllowed
from pilot_eval.operations import exporting, importing, summaries
from pilot_eval.operations.import_plans import ImportPlan
from pilot_eval.records import audit
from pilot_eval.records.measurements import ImportedFile, Measurement
from pilot_eval.records.network import Branch, Region
from pilot_eval.records.pilots import Pilot, PilotBranch
from tests.conftest import OPERATOR, acting

NOW = datetime(2026, 1, 5, tzinfo=UTC)
TABLES = (Pilot, PilotBranch, ImportedFile, Measurement, Branch, Region)
HEADER = "branch,arm,period,score,region,name,id"
GOOD = [
    f"B{branch},{'trained' if branch % 2 else 'comparison'},{period},{40 + 3 * branch + gain},"
    f"{'North' if branch < 3 else 'South'},Branch {branch},{branch}-{period}"
    for branch in range(6)
    for period, gain in (("before", 0), ("after", 2 + branch % 4))
]


def plan(**more: Any) -> ImportPlan:
    return ImportPlan(**{"title_en": "Made up", "outcome": "score", "draws": 199, **more})


Write = Callable[..., Path]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    def write_rows(*rows: str, header: str = HEADER, encoding: str = "utf-8") -> Path:
        path = tmp_path / "file.csv"
        path.write_bytes("\n".join([header, *rows, ""]).encode(encoding))
        return path

    return write_rows


def stored(session: Session) -> dict[str, int]:
    return {table.__name__: session.exec(select(func.count()).select_from(table)).one() for table in TABLES}


def problems(session: Session, path: Path, **options: Any) -> list[str]:
    """What is wrong, by import and by dry run alike, with nothing left behind by either."""
    before = stored(session)
    with pytest.raises(BadInput) as looked:
        importing.preview_file(session, OPERATOR, path, plan(**options))
    with pytest.raises(BadInput) as tried:
        importing.import_file(session, OPERATOR, path, plan(**options))
    session.rollback()
    assert stored(session) == before
    assert looked.value.problems == tried.value.problems
    return [str(problem) for problem in tried.value.problems]


def test_the_published_study_gives_the_numbers_of_evaluate_everywhere(
    session: Session, data_folder: Path, tmp_path: Path
) -> None:
    path = data_folder / "card_krueger.csv"
    direct = evaluate(path, outcome="fte").to_dict()
    ours = ImportPlan("Card and Krueger", "fte", slug="card-krueger")
    assert importing.preview_file(session, OPERATOR, path, ours).evaluation.to_dict() == direct
    importing.import_file(session, OPERATOR, path, ours)
    summary = summaries.summarise(session, OPERATOR, "card-krueger", NOW)
    (outcome,) = summary["outcomes"]
    assert outcome["evaluation"] == direct
    assert outcome["pvalue_holm"] == direct["effect"]["pvalue"]
    effect = direct["effect"]
    assert round(effect["estimate"], 4) == 2.75
    assert round(effect["standard_error"], 6) == 1.342341
    assert round(effect["df"], 4) == 112.6868
    assert summary["flow"]["analysed"] == {"trained": 309, "comparison": 75}
    assert direct["branches"]["unpaired"] == {"trained": 22, "comparison": 4}
    assert summary["snapshot"]["rows"]["measurements"] == 820
    changes = {arm: [] for arm in ("trained", "comparison")}  # type: dict[str, list[float]]
    for branch in summary["branches"]:
        if change := branch["outcomes"]["fte"]["change"]:
            changes[branch["arm"]].append(change["estimate"])
    means = {arm: sum(values) / len(values) for arm, values in changes.items()}
    assert means["trained"] - means["comparison"] == pytest.approx(2.75, rel=1e-12)
    exported = exporting.export(session, OPERATOR, "card-krueger", "json", "en", NOW)
    document = json.loads(exported.content)
    assert document["outcomes"][0]["evaluation"] == direct


def test_an_import_stores_rows_branches_and_regions(session: Session, write: Write) -> None:
    path = write(*GOOD, "B1,trained,during,,North,Branch 1,x", "B1,trained,before,,North,Branch 1,")
    preview = importing.preview_file(session, OPERATOR, path, plan())
    assert (preview.rows, preview.missing, preview.trained, preview.comparison) == (14, 2, 3, 3)
    assert preview.new_regions == ("North", "South")
    assert preview.new_branches == tuple(f"B{n}" for n in range(6))
    assert stored(session) == dict.fromkeys([table.__name__ for table in TABLES], 0)
    done = importing.import_file(session, OPERATOR, path, plan())
    assert done.added == 14
    assert stored(session) == {
        "Pilot": 1,
        "PilotBranch": 6,
        "ImportedFile": 1,
        "Measurement": 14,
        "Branch": 6,
        "Region": 2,
    }
    names = dict(session.exec(select(Branch.code, Branch.name)).all())
    assert names["B4"] == "Branch 4"
    assert audit.first_break(session) is None


def test_the_same_file_adds_nothing_and_says_so(session: Session, write: Write) -> None:
    path = write(*GOOD)
    first = importing.import_file(session, OPERATOR, path, plan(slug="made-up"))
    before = stored(session)
    again = importing.import_file(session, OPERATOR, path, plan(slug="made-up"))
    assert (again.added, again.rows, again.pilot.id) == (0, 12, first.pilot.id)
    assert stored(session) == before
    assert "with other options" in problems(session, path, slug="made-up", level=0.9)[0]
    other = write(*GOOD[:-1], "B5,trained,after,1,South,Branch 5,5-after")
    assert problems(session, other, slug="made-up") == ["slug: This address is taken"]


def test_equal_rows_are_not_duplicates(session: Session, write: Write) -> None:
    header = "branch,arm,period,score"
    rows = [row.rsplit(",", 3)[0] for row in GOOD]
    importing.import_file(session, OPERATOR, write(*rows, *rows, header=header), plan())
    assert stored(session)["Measurement"] == 24
    regions = session.exec(select(Region)).all()
    assert [region.code for region in regions] == ["not-given"]


@pytest.mark.parametrize(
    ("row", "place", "what"),
    [
        ("B1,control,before,1,North,,", "row 14, column arm", "expected comparison, trained"),
        ("B1,trained,later,1,North,,", "row 14, column period", "expected before, during, after"),
        ("B1,comparison,before,1,North,,", "row 14, column arm", "something else in row 4"),
        ("B1,trained,before,NA,North,,", "row 14, column score", "not a number"),
        ("B1,trained,before,inf,North,,", "row 14, column score", "not a number"),
        ("B1,trained,before,1,South,,", "row 14, column region", "something else in row 4"),
        ("B1,trained,before,1,North,Another,", "row 14, column name", "something else in row 4"),
        ("B1,trained,before,1,North,,1-before", "row 14, column id", "stands in row 4 already"),
        (",trained,before,1,North,,", "row 14, column branch", "is empty"),
        ("B1,,before,1,North,,", "row 14, column arm", "is empty"),
        ("B1,trained,,1,North,,", "row 14, column period", "is empty"),
        ("B9,trained,before,1,,,", "branch B9, column region", "needs its region"),
        (f"{'B' * 65},trained,before,1,North,,", f"branch {'B' * 40}, column branch", "longer than 64"),
    ],
)
def test_a_bad_row_is_named_by_row_and_column(
    session: Session, write: Write, row: str, place: str, what: str
) -> None:
    (found,) = problems(session, write(*GOOD, row))
    assert found.startswith(place)
    assert what in found


def test_every_problem_is_listed_not_only_the_first_twenty(session: Session, write: Write) -> None:
    bad = [f"B1,trained,before,none{number},North,," for number in range(60)]
    assert len(problems(session, write(*GOOD, *bad))) == 60


def test_a_file_that_is_no_table_is_refused(session: Session, tmp_path: Path, write: Write) -> None:
    empty = tmp_path / "empty.csv"
    empty.write_bytes(b"")
    assert "empty" in problems(session, empty)[0]
    assert "no rows" in problems(session, write())[0]
    assert "no such file" in problems(session, tmp_path / "missing.csv")[0]
    assert "UTF-8" in problems(session, write("Ё,trained,before,1,Север,,", encoding="cp1251"))[0]
    assert "there is no column 'score'" in problems(session, write("1", header="branch"))[0]
    dated = write("B1,trained,2014-13-01,2014-09-01,1", header="branch,arm,date,trained_on,score")
    assert problems(session, dated) == [
        "row 2, column date: '2014-13-01' is not a date; expected a date such as 2014-08-31"
    ]


@pytest.mark.parametrize(
    ("options", "what"),
    [
        ({"title_en": " "}, "title_en: Enter a title"),
        ({"slug": "A B"}, "slug: Use small"),
        ({"kind": "rate"}, "rate cannot be stored"),
        ({"design": "staggered"}, "staggered cannot be stored"),
        ({"level": 2.0}, "--level"),
        ({"draws": 3}, "--draws"),
        ({"strata": "region", "design": "before_after"}, "--strata"),
        ({"strata": "nowhere"}, "there is no column 'nowhere'"),
    ],
)
def test_bad_options_are_refused_by_name(
    session: Session, write: Write, options: dict[str, Any], what: str
) -> None:
    assert what in problems(session, write(*GOOD), **options)[0]


def test_a_branch_of_the_network_keeps_its_region(
    session: Session, write: Write, create_branch: Any, create_region: Any
) -> None:
    create_branch(region=create_region(name="East"), code="B3")
    (found,) = problems(session, write(*GOOD))
    assert found == "branch B3, column region: is South here and East in the network"


def test_a_failure_in_the_middle_leaves_nothing(
    session: Session, write: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(importing.audit, "append", _fail)
    with pytest.raises(RuntimeError):
        importing.import_file(session, OPERATOR, write(*GOOD), plan())
    session.rollback()
    assert stored(session) == dict.fromkeys([table.__name__ for table in TABLES], 0)


def _fail(*_args: object, **_more: object) -> None:
    raise RuntimeError("the disk is full")


def test_only_head_office_imports(
    session: Session, write: Write, auditor: Any, manager: Any, administrator: Any, head_office: Any
) -> None:
    for person in (auditor, manager, administrator):
        with pytest.raises(NotAllowed):
            importing.import_file(session, acting(person), write(*GOOD), plan())
        with pytest.raises(NotAllowed):
            importing.preview_file(session, acting(person), write(*GOOD), plan())
    importing.import_file(session, acting(head_office), write(*GOOD), plan())


def test_the_command_looks_imports_and_refuses(
    sqlite_url: str, tmp_path: Path, write: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PILOT_EVAL_DATABASE", sqlite_url)
    monkeypatch.setenv("PILOT_EVAL_DATA", str(tmp_path))
    options = ["--slug", "made-up", "--title", "Made up", "--outcome", "score", "--draws", "199"]
    command = ["import", str(write(*GOOD)), *options]
    looked = CliRunner().invoke(main, [*command, "--dry-run"])
    assert looked.exit_code == 0, looked.output
    assert "12 rows" in looked.output
    assert "Nothing is stored" in looked.output
    assert "12 rows are stored" in CliRunner().invoke(main, command).output
    assert "nothing was added" in CliRunner().invoke(main, command).output
    refused = CliRunner().invoke(main, ["import", str(write("B1,x,before,1,,,")), *options[2:]])
    assert refused.exit_code == 2
    assert "row 2, column arm" in refused.stderr
