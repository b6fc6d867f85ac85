"""A file of observations becomes a pilot: first looked through, then stored whole or not at all."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import Any

from sqlmodel import Session, col, select

from pilot_eval.domain.errors import BadInput, Message, Problem
from pilot_eval.domain.observations import ARMS, PERIODS
from pilot_eval.domain.people import Actor
from pilot_eval.domain.pilots import Arm, Design, Period
from pilot_eval.engines.files import (
    Columns,
    Problems,
    Reading,
    Table,
    check_one_each,
    read_columns,
    read_table,
    texts,
)
from pilot_eval.operations.addresses import flush_new, new_slug
from pilot_eval.operations.evaluation import plan_of
from pilot_eval.operations.pilots import stored_id
from pilot_eval.operations.policy import Action, scope_of
from pilot_eval.records import audit
from pilot_eval.records.measurements import ImportedFile, Measurement
from pilot_eval.records.network import Branch, Region
from pilot_eval.records.pilots import Pilot, PilotBranch, PilotOutcome
from pilot_eval.reports.evaluations import Evaluation
from pilot_eval.stats.analysis import analyse
from pilot_eval.stats.plan import AnalysisPlan

MOST_PROBLEMS = 1000
LONGEST_CODE = 64
LONGEST_NAME = 200
LONGEST_OUTCOME = 64
ID, REGION, NAME = "id", "region", "name"
UNITS = {"score": "points", "proportion": "percent", "duration": "seconds"}
# Where a file says nothing of the region of a branch that the network does not know.
NO_REGION = ("not-given", "—")


@dataclass(frozen=True, slots=True)
class ImportPlan:
    """What the columns of the file mean, and how they are to be judged; as the options of `evaluate`.

    Parameters
    ----------
    title_en, title_ru, slug : str
        Of the pilot; the address is made from the title unless given.
    outcome : str
        Column of the outcome.
    label_en, label_ru, unit : str
        How the outcome is called and counted; column and the unit of its kind unless given.
    """

    title_en: str
    outcome: str
    title_ru: str = ""
    slug: str = ""
    kind: str = "score"
    design: str = "difference_in_differences"
    strata: str | None = None
    better: str | None = None
    smallest_effect: float | None = None
    weights: str = "branch"
    minimum_branches: int | None = None
    minimum_observations: int | None = None
    level: float = 0.95
    draws: int = 9999
    seed: int = 1
    label_en: str = ""
    label_ru: str = ""
    unit: str = ""
    made_up: bool = False

    def analysis(self) -> AnalysisPlan:
        """The plan of analysis.

        Raises
        ------
        BadInput
            If an option is unknown or out of its limits.
        """
        names = {entry.name for entry in fields(AnalysisPlan)} | {"strata"}
        return plan_of(**{name: value for name, value in asdict(self).items() if name in names})

    def meaning(self) -> dict[str, Any]:
        """What the file was taken to mean: all but what the pilot is called."""
        called = {"title_en", "title_ru", "slug", "label_en", "label_ru", "unit", "made_up"}
        return {name: value for name, value in asdict(self).items() if name not in called}


@dataclass(frozen=True, slots=True)
class NewBranch:
    """A branch of the file."""

    code: str
    name: str
    region: str
    arm: Arm
    stratum: str


@dataclass(frozen=True, slots=True)
class Preview:
    """What an import would do.

    Parameters
    ----------
    rows, missing : int
        Rows of the file; how many of them lack a value of the outcome.
    trained, comparison : int
        Branches of each arm.
    new_branches, new_regions : tuple of str
        Codes and names that the network does not know yet.
    evaluation : Evaluation
        The first numbers.
    """

    sha256: str
    rows: int
    missing: int
    trained: int
    comparison: int
    new_branches: tuple[str, ...]
    new_regions: tuple[str, ...]
    evaluation: Evaluation


@dataclass(frozen=True, slots=True)
class Imported:
    """What an import did; `added` is 0 when the same file had been imported before."""

    pilot: Pilot
    added: int
    rows: int


@dataclass(frozen=True)
class _Contents:
    """A file that was read without a problem."""

    table: Table
    columns: Columns
    branches: Sequence[NewBranch]
    ids: Sequence[str | None] = field(default=())


def preview_file(session: Session, actor: Actor, path: Path, plan: ImportPlan) -> Preview:
    """Look through a file without storing anything.

    Raises
    ------
    BadInput
        Every problem of the file, by row and column, or of the options.
    """
    scope_of(actor, Action.IMPORT)
    analysis = plan.analysis()
    if plan.slug and _imported_before(session, path, plan):
        raise BadInput([Problem("slug", "This file is in this pilot already; nothing would be added")])
    contents = _read(session, path, plan, analysis)
    evaluation = Evaluation.of(analyse(contents.columns.observations(), analysis))
    known = _known_branches(session, contents.branches)
    regions = {region.name.casefold() for region in session.exec(select(Region))}
    arms = Counter(branch.arm for branch in contents.branches)
    missing = int(sum(value != value for value in contents.columns.value))
    return Preview(
        sha256=contents.table.digest,
        rows=len(contents.table.rows),
        missing=missing,
        trained=arms[Arm.TRAINED],
        comparison=arms[Arm.COMPARISON],
        new_branches=tuple(branch.code for branch in contents.branches if branch.code not in known),
        new_regions=tuple(
            sorted(
                {
                    branch.region
                    for branch in contents.branches
                    if branch.code not in known and branch.region.casefold() not in regions
                }
            )
        ),
        evaluation=evaluation,
    )


def import_file(
    session: Session, actor: Actor, path: Path, plan: ImportPlan, *, file_name: str = ""
) -> Imported:
    """Store a file as a pilot, in one transaction; regions and branches that are missing are added.

    The same bytes, taken to mean the same, into the same pilot a second time add nothing.

    Parameters
    ----------
    file_name : str, optional
        What its bearer calls the file; the path's own name unless given.

    Raises
    ------
    BadInput
        Every problem of the file, by row and column, or of the options; nothing was stored.
    """
    scope_of(actor, Action.IMPORT)
    analysis = plan.analysis()
    if plan.slug and (before := _imported_before(session, path, plan)):
        return before
    contents = _read(session, path, plan, analysis)
    pilot = _new_pilot(session, actor, plan, analysis, contents)
    file = ImportedFile(
        pilot_id=stored_id(pilot),
        name=(file_name or path.name)[:255],
        sha256=contents.table.digest,
        rows=len(contents.table.rows),
        options=plan.meaning(),
        imported_by=actor.user_id,
    )
    session.add(file)
    session.flush()
    branch_ids = _store_branches(session, actor, pilot, contents.branches)
    session.add_all(_measurements(pilot, file, contents, branch_ids))
    session.flush()
    audit.append(
        session, actor, "pilot.import", "pilot", pilot.id, sha256=file.sha256, rows=file.rows, file=file.id
    )
    session.commit()
    return Imported(pilot, file.rows, file.rows)


def _imported_before(session: Session, path: Path, plan: ImportPlan) -> Imported | None:
    """The pilot of that address, if it came from this very file."""
    pilot = session.exec(select(Pilot).where(col(Pilot.slug) == plan.slug.strip().lower())).one_or_none()
    if pilot is None:
        return None
    digest = read_table(path).digest
    file = session.exec(
        select(ImportedFile).where(col(ImportedFile.pilot_id) == pilot.id, col(ImportedFile.sha256) == digest)
    ).one_or_none()
    if file is None:
        return None
    if file.options != plan.meaning():
        raise BadInput(
            [
                Problem(
                    "slug", "This file is in this pilot already, with other options; choose another address"
                )
            ]
        )
    return Imported(pilot, 0, file.rows)


def _read(session: Session, path: Path, plan: ImportPlan, analysis: AnalysisPlan) -> _Contents:
    """The file's rows, or every problem in it."""
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
    return _Contents(table, columns, branches, optional.get(ID, ()))


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
    strata = columns.extra.get("stratum", [None] * count)
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


def _known_branches(session: Session, branches: Sequence[NewBranch]) -> dict[str, tuple[Branch, Region]]:
    wanted = {branch.code for branch in branches}
    rows = session.exec(select(Branch, Region).join(Region, col(Region.id) == col(Branch.region_id)))
    return {branch.code: (branch, region) for branch, region in rows if branch.code in wanted}


def _check_branches(
    session: Session, branches: Sequence[NewBranch], with_regions: bool, problems: Problems
) -> None:
    known = _known_branches(session, branches)
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
            region = known[branch.code][1]
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


def _new_pilot(
    session: Session, actor: Actor, plan: ImportPlan, analysis: AnalysisPlan, contents: _Contents
) -> Pilot:
    slug, _problems = new_slug(session, plan.slug, plan.title_en)
    pilot = Pilot(
        slug=slug,
        title_en=plan.title_en.strip(),
        title_ru=plan.title_ru.strip() or plan.title_en.strip(),
        design=Design(analysis.design),
        level=analysis.level,
        seed=analysis.seed,
        draws=analysis.draws,
        weights=analysis.weights,
        minimum_branches=analysis.minimum_branches,
        minimum_observations=analysis.minimum_observations,
        allocation={
            "method": "imported",
            "seed": None,
            "share": None,
            "strata": sorted({branch.stratum for branch in contents.branches} - {""}),
            "drawn_at": None,
            "arms": {branch.code: branch.arm.value for branch in contents.branches},
        },
        made_up=plan.made_up,
        created_by=actor.user_id,
    )
    flush_new(session, pilot)
    session.add(
        PilotOutcome(
            pilot_id=stored_id(pilot),
            code=plan.outcome,
            kind=analysis.kind,
            better=analysis.direction.value,
            smallest_effect=analysis.smallest_effect,
            source="measurement",
            label_en=plan.label_en.strip() or plan.outcome,
            label_ru=plan.label_ru.strip() or plan.label_en.strip() or plan.outcome,
            unit=plan.unit.strip() or UNITS[analysis.kind],
        )
    )
    return pilot


def _store_branches(
    session: Session, actor: Actor, pilot: Pilot, branches: Sequence[NewBranch]
) -> dict[str, int]:
    """Add what the network lacks, put all into the pilot, and give each branch's key by its code."""
    known = {code: branch for code, (branch, _region) in _known_branches(session, branches).items()}
    regions = _store_regions(session, actor, [branch for branch in branches if branch.code not in known])
    for branch in branches:
        if branch.code not in known:
            known[branch.code] = Branch(
                code=branch.code,
                name=branch.name,
                region_id=regions[branch.region.casefold()],
                stratum=branch.stratum,
            )
            session.add(known[branch.code])
    session.flush()
    for branch in branches:
        session.add(
            PilotBranch(
                pilot_id=stored_id(pilot),
                branch_id=stored_id(known[branch.code]),
                arm=branch.arm,
                stratum=branch.stratum,
            )
        )
    return {branch.code: stored_id(known[branch.code]) for branch in branches}


def _store_regions(session: Session, actor: Actor, branches: Sequence[NewBranch]) -> dict[str, int]:
    """Keys of the regions of new branches, by folded name; missing regions are added."""
    keys: dict[str, int] = {}
    codes = set()
    for region in session.exec(select(Region)):
        codes.add(region.code)
        for name in (region.code, region.name):
            keys[name.casefold()] = stored_id(region)
    for name in sorted({branch.region for branch in branches}):
        if name.casefold() in keys:
            continue
        code, label = NO_REGION if not name else (_region_code(name, codes), name)
        if code.casefold() not in keys:
            new = Region(code=code, name=label)
            session.add(new)
            session.flush()
            audit.append(session, actor, "region.create", "region", new.id)
            keys[code.casefold()] = stored_id(new)
        codes.add(code)
        keys[name.casefold()] = keys[code.casefold()]
    return keys


def _region_code(name: str, taken: set[str]) -> str:
    base = re.sub(r"\W+", "-", name.casefold()).strip("-")[: LONGEST_CODE - 4] or "region"
    code, count = base, 2
    while code in taken:
        code, count = f"{base}-{count}", count + 1
    return code


def _measurements(
    pilot: Pilot, file: ImportedFile, contents: _Contents, branch_ids: Mapping[str, int]
) -> Iterable[Measurement]:
    columns = contents.columns
    ids = contents.ids or [None] * len(columns.branch)
    for row, external_id, code, period, value in zip(
        contents.table.rows, ids, columns.branch, columns.period, columns.value.tolist(), strict=True
    ):
        assert code is not None  # noqa: S101 - _check_filled has seen every row
        assert period is not None  # noqa: S101 - likewise
        assert file.id is not None  # noqa: S101 - it was flushed
        yield Measurement(
            pilot_id=stored_id(pilot),
            file_id=file.id,
            row_number=row,
            external_id=external_id,
            branch_id=branch_ids[code],
            period=Period(PERIODS[period]),
            outcome=columns.outcome,
            value=None if value != value else value,
        )
