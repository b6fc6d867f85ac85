"""A file of observations becomes a pilot: first looked through, then stored whole or not at all."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from sqlmodel import Session, col, select

from pilot_eval.domain.errors import BadInput, Problem
from pilot_eval.domain.observations import PERIODS
from pilot_eval.domain.people import Actor
from pilot_eval.domain.pilots import Arm, Design, Period
from pilot_eval.engines.tables import read_table
from pilot_eval.operations.addresses import flush_new, new_slug
from pilot_eval.operations.branch_results import rebuild_pilot
from pilot_eval.operations.import_branches import known_branches, store_branches
from pilot_eval.operations.import_contents import Contents, read_contents
from pilot_eval.operations.import_plans import ImportPlan
from pilot_eval.operations.pilots import stored_id
from pilot_eval.operations.policy import Action, scope_of
from pilot_eval.records import audit
from pilot_eval.records.measurements import ImportedFile, Measurement
from pilot_eval.records.network import Region
from pilot_eval.records.pilots import Pilot, PilotOutcome
from pilot_eval.reports.evaluations import Evaluation
from pilot_eval.stats.analysis import analyse
from pilot_eval.stats.plan import AnalysisPlan

UNITS = {"score": "points", "proportion": "percent", "duration": "seconds"}


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
    contents = read_contents(session, path, plan, analysis)
    evaluation = Evaluation.of(analyse(contents.columns.observations(), analysis), unit=plan.unit.strip())
    known = known_branches(session, contents.branches)
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
    contents = read_contents(session, path, plan, analysis)
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
    branch_ids = store_branches(session, actor, pilot, contents.branches)
    session.add_all(_measurements(pilot, file, contents, branch_ids))
    session.flush()
    rebuild_pilot(session, pilot)
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


def _new_pilot(
    session: Session, actor: Actor, plan: ImportPlan, analysis: AnalysisPlan, contents: Contents
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


def _measurements(
    pilot: Pilot, file: ImportedFile, contents: Contents, branch_ids: Mapping[str, int]
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
