"""The rows and branches of a file to import, or every problem in it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from sqlmodel import Session

from pilot_eval.domain.errors import Message, Problem
from pilot_eval.domain.observations import ARMS
from pilot_eval.domain.pilots import Arm
from pilot_eval.engines.cells import texts
from pilot_eval.engines.columns import Columns, Reading, check_one_each, read_columns
from pilot_eval.engines.problems import Problems
from pilot_eval.engines.tables import Table, read_table
from pilot_eval.operations.addresses import new_slug
from pilot_eval.operations.import_branches import LONGEST_CODE, NewBranch, known_branches
from pilot_eval.operations.import_plans import ImportPlan
from pilot_eval.stats.plan import AnalysisPlan

MOST_PROBLEMS = 1000
LONGEST_NAME = 200
LONGEST_OUTCOME = 64
ID, REGION, NAME = "id", "region", "name"


@dataclass(frozen=True, slots=True)
class Contents:
    """A file that was read without a problem."""

    table: Table
    columns: Columns
    branches: Sequence[NewBranch]
    ids: Sequence[str | None] = field(default=())


def read_contents(session: Session, path: Path, plan: ImportPlan, analysis: AnalysisPlan) -> Contents:
    """The file's rows and branches.

    Raises
    ------
    BadInput
        Every problem of the file and of the plan, by row and column.
    """
    table = read_table(path)
    problems = Problems(most=MOST_PROBLEMS)
    _check_plan(session, plan, problems)
    reading = Reading(plan.outcome, analysis.measure, analysis.with_comparison, strata=plan.strata)
    columns = read_columns(table, reading, problems)
    optional = {name: texts(table, name) for name in (ID, REGION, NAME) if name in table.columns}
    _check_filled(columns, problems)
    _check_ids(table, optional.get(ID, ()), problems)
    for name in (REGION, NAME):
        if name in optional:
            check_one_each(table, columns.branch, name, optional[name], problems)
    branches = _branches(columns, optional)
    _check_branches(session, branches, REGION in optional, problems)
    problems.refuse()
    return Contents(table, columns, branches, optional.get(ID, ()))


def _check_plan(session: Session, plan: ImportPlan, problems: Problems) -> None:
    found = [] if plan.title_en.strip() else [Problem("title_en", "Enter a title")]
    found += new_slug(session, plan.slug, plan.title_en)[1]
    if len(plan.outcome) > LONGEST_OUTCOME:
        found.append(Problem("outcome", Message("is longer than %(most)s letters", most=LONGEST_OUTCOME)))
    for problem in found:
        problems.note(problem)


def _check_filled(columns: Columns, problems: Problems) -> None:
    """A row can only be stored with its branch, arm, period and stratum."""
    for column in columns.names:
        if column == columns.outcome:
            continue
        for row, cell in zip(columns.table.rows, columns.table.columns[column], strict=True):
            if cell is None:
                problems.add(row, column, Message("is empty; a stored row needs it"))


def _check_ids(table: Table, ids: Sequence[str | None], problems: Problems) -> None:
    first: dict[str, int] = {}
    for row, given in zip(table.rows, ids, strict=False):
        if given is None:
            continue
        if len(given) > LONGEST_NAME:
            problems.add(row, ID, Message("is longer than %(most)s letters", most=LONGEST_NAME))
        elif given in first:
            problems.add(row, ID, Message("%(id)s stands in row %(row)s already", id=given, row=first[given]))
        else:
            first[given] = row


def _branches(columns: Columns, optional: Mapping[str, Sequence[str | None]]) -> list[NewBranch]:
    """The file's branches, each once, by code."""
    count = len(columns.branch)
    names, regions = optional.get(NAME, [None] * count), optional.get(REGION, [None] * count)
    strata = columns.stratum or [None] * count
    found: dict[str, NewBranch] = {}
    for code, arm, name, region, stratum in zip(
        columns.branch, columns.arm, names, regions, strata, strict=True
    ):
        if code is None or arm is None:
            continue
        known = found.get(code)
        # A name or region may stand in one row of a branch only.
        found[code] = NewBranch(
            code,
            name or (known.name if known else ""),
            region or (known.region if known else ""),
            Arm(ARMS[arm]),
            stratum or "",
        )
    return [
        NewBranch(branch.code, branch.name or branch.code, branch.region, branch.arm, branch.stratum)
        for _code, branch in sorted(found.items())
    ]


def _check_branches(
    session: Session, branches: Sequence[NewBranch], with_regions: bool, problems: Problems
) -> None:
    known = known_branches(session, branches)
    for branch in branches:
        for column, text, most in (
            ("branch", branch.code, LONGEST_CODE),
            (NAME, branch.name, LONGEST_NAME),
            (REGION, branch.region, LONGEST_NAME),
            ("stratum", branch.stratum, LONGEST_CODE),
        ):
            if len(text) > most:
                what = Message("is longer than %(most)s letters", most=most)
                problems.note(_of_branch(branch.code[:40], column, what))
        if branch.code in known:
            there, region = known[branch.code]
            if there.code != branch.code and there.code in known:
                what = Message("is %(code)s, which stands in the file too", code=there.code)
                problems.note(_of_branch(branch.code, "branch", what))
            if branch.region and branch.region.casefold() not in {
                region.name.casefold(),
                region.code.casefold(),
            }:
                what = Message(
                    "is %(here)s here and %(there)s in the network", here=branch.region, there=region.name
                )
                problems.note(_of_branch(branch.code, REGION, what))
        elif with_regions and not branch.region:
            what = Message("is empty; a new branch needs its region")
            problems.note(_of_branch(branch.code, REGION, what))


def _of_branch(code: str, column: str, what: Message) -> Problem:
    return Problem(Message("branch %(branch)s, column %(column)s", branch=code, column=column), what)
