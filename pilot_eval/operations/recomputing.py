"""Every number of a result again, from the files of an evidence bundle: needs neither site nor database."""

from __future__ import annotations

import csv
import hashlib
import json
from collections.abc import Collection, Iterator, Mapping
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import numpy as np

from pilot_eval import __version__
from pilot_eval.domain.errors import BadInput, Message, Problem
from pilot_eval.domain.observations import Matrix, Observations
from pilot_eval.domain.outcomes import OUTCOMES, Better
from pilot_eval.domain.pilots import Arm, Period
from pilot_eval.engines.columns import Reading
from pilot_eval.engines.files import read
from pilot_eval.operations.branch_levels import NOTHING, branch_cells
from pilot_eval.operations.comparing import Difference, differences
from pilot_eval.reports.evaluations import Evaluation
from pilot_eval.reports.files.bundle import DETAILS, ITEM, RESULT_SCHEMA, SNAPSHOT, VALUE
from pilot_eval.reports.files.tables import own_text
from pilot_eval.reports.parts import part_of
from pilot_eval.stats.analysis import Analysis, analyse
from pilot_eval.stats.families import holm
from pilot_eval.stats.plan import AnalysisPlan

# Told beside the effect of primary outcomes in the annex and in evidence bundles.
PARTS = ("variance", "roll_out", "ranking", "sensitivity", "threats")
PARTS_OF_DURATIONS = ("quantiles",)
_EVERY_PERIOD = frozenset(Period)


def parts_for(kind: str, *, primary: bool) -> tuple[str, ...]:
    """Names of the parts that an outcome of this kind is told with."""
    if not primary:
        return ()
    return PARTS + (PARTS_OF_DURATIONS if kind == "duration" else ())


def plan_document(plan: AnalysisPlan) -> dict[str, Any]:
    """A plan of analysis as plain types."""
    return asdict(plan)


def plan_from(document: Mapping[str, Any]) -> AnalysisPlan:
    """The plan of analysis that `plan_document` wrote.

    Raises
    ------
    BadInput
        If it has a field that this version does not know: leaving it out would give other numbers.
    """
    unknown = sorted(set(document) - set(AnalysisPlan.__dataclass_fields__))
    if unknown:
        what = Message("%(names)s: not known to this version of pilot_eval", names=", ".join(unknown))
        raise BadInput([Problem("plan.json", what)])
    better = document.get("better")
    lists = {name: tuple(value) for name, value in document.items() if isinstance(value, list)}
    return AnalysisPlan(**{**document, **lists, "better": None if better is None else Better(better)})


def recompute(plan: Mapping[str, Any], folder: Path) -> dict[str, Any]:
    """The document `pilot-result/1` from the files of a bundle.

    Parameters
    ----------
    plan : mapping
        The bundle's `plan.json`: which file holds which outcome, and how it is analysed.
    folder : Path
        Where the other files lie.

    Raises
    ------
    BadInput
        If a file cannot be read as what it should be.
    """
    found = [_Recomputed.of(entry, folder, plan["level"]) for entry in plan["outcomes"]]
    primary = [one for one in found if one.entry["primary"]]
    corrected = dict(zip((id(one) for one in primary), holm([one.pvalue for one in primary]), strict=True))
    lines = [json.loads(line) for line in (folder / SNAPSHOT).read_text(encoding="utf-8").splitlines()]
    return {
        "schema": RESULT_SCHEMA,
        "product": {"name": "pilot_eval", "version": __version__},
        "flow": _flow(lines, primary[0].analysis if primary else None),
        "outcomes": [
            {
                "code": one.entry["code"],
                "primary": one.entry["primary"],
                "pvalue_holm": corrected.get(id(one)),
                "evaluation": one.evaluation,
            }
            for one in found
        ],
        "branches": [
            {
                "code": code,
                "arm": arm,
                "outcomes": {one.entry["code"]: one.levels.get(code, dict(NOTHING)) for one in found},
            }
            for code, arm in _branches(lines)
        ],
    }


class _Recomputed:
    """One outcome computed again."""

    def __init__(self, entry: Mapping[str, Any], observations: Observations, level: float) -> None:
        self.entry = entry
        plain = without_details(observations)
        self.analysis: Analysis = analyse(plain, plan_from(entry["analysis"]))
        parts = {name: part_of(name, observations, self.analysis) for name in entry["parts"]}
        self.evaluation = Evaluation.of(self.analysis, unit=entry["unit"], parts=parts).to_dict()
        self.levels = branch_cells(replace(plain, stratum=None), entry["kind"], _EVERY_PERIOD, level)

    @classmethod
    def of(cls, entry: Mapping[str, Any], folder: Path, level: float) -> _Recomputed:
        """Read and analyse the file of an outcome."""
        return cls(entry, observations_of_file(entry, folder / entry["file"]), level)

    @property
    def pvalue(self) -> float | None:
        """Of the effect, where there is one."""
        effect = self.evaluation["effect"]
        return None if effect is None else float(effect["pvalue"])


def without_details(observations: Observations) -> Observations:
    """Only what the effect rests on: the days, auditors and items beside it matter to parts alone."""
    nothing: dict[str, Any] = dict.fromkeys((*DETAILS, "items"))
    missing = {VALUE: int(np.isnan(observations.value).sum())}
    return replace(observations, missing={k: n for k, n in missing.items() if n}, **nothing)


def observations_of_file(entry: Mapping[str, Any], path: Path) -> Observations:
    """The observations of one outcome of `plan.json`, as its file has them."""
    plan, columns = plan_from(entry["analysis"]), _columns(path)
    if not columns["branch"]:  # an outcome that was never recorded
        none = np.zeros(0)
        return Observations.from_columns(branch=np.zeros(0, np.str_), trained=none, period=none, value=none)
    items = tuple(name for name in columns if name.startswith(ITEM))
    reading = Reading(
        outcome=VALUE,
        measure=OUTCOMES[plan.kind],
        with_comparison=plan.with_comparison,
        with_dates=True,
        strata="stratum" if entry["stratified"] else None,
        items=items,
        operation=_named("operation", columns),
        auditor=_named("auditor", columns),
        daypart=_named("daypart", columns),
        entered=_named("entered", columns),
    )
    found = replace(read(columns, reading), digest=hashlib.sha256(path.read_bytes()).hexdigest())
    if found.items is None:
        return found
    return replace(found, items=Matrix(tuple(name.removeprefix(ITEM) for name in items), found.items.values))


def _columns(path: Path) -> dict[str, list[str]]:
    """The cells of a file by column, names as they were before they were made safe for spreadsheets."""
    with path.open(encoding="utf-8", newline="") as file:
        header, *rows = csv.reader(file)
    return {name: [own_text(row[place]) for row in rows] for place, name in enumerate(header)}


def _named(column: str, columns: Collection[str]) -> str | None:
    return column if column in columns else None


def against_summary(summary: Mapping[str, Any], result: Mapping[str, Any]) -> list[Difference]:
    """Where a summary tells other numbers than a result; what was read is told of each in its own way."""
    told = {
        "flow": summary["flow"],
        "outcomes": [
            {name: outcome[name] for name in ("code", "primary", "pvalue_holm", "evaluation")}
            for outcome in summary["outcomes"]
        ],
        "branches": [
            {name: branch[name] for name in ("code", "arm", "outcomes")} for branch in summary["branches"]
        ],
    }
    # Documents are compared as they are written: plain types of JSON.
    plain = json.loads(json.dumps({"told": told, "found": {name: result[name] for name in told}}))
    return list(differences(plain["told"], plain["found"], without={"input"}))


def _branches(lines: list[list[Any]]) -> Iterator[tuple[str, str]]:
    """Code and arm of each branch that has an arm, in the snapshot's order."""
    return ((line[1], line[2]) for line in lines if line[0] == "branch" and line[2] is not None)


def _flow(lines: list[list[Any]], first: Analysis | None) -> dict[str, dict[str, int]]:
    """Branches invited, seen in both periods, analysed for the first primary outcome."""
    places = set(_places(lines))
    arm_of = dict(_branches(lines))
    both = [
        arm
        for code, arm in arm_of.items()
        if {(code, Period.BEFORE.value), (code, Period.AFTER.value)} <= places
    ]
    arms = [arm.value for arm in Arm]
    analysed = dict.fromkeys(arms, 0)
    if first is not None:
        analysed = {"trained": first.flow.trained, "comparison": first.flow.comparison}
    return {
        "invited": {arm: list(arm_of.values()).count(arm) for arm in arms},
        "both_periods": {arm: both.count(arm) for arm in arms},
        "analysed": analysed,
    }


def _places(lines: list[list[Any]]) -> Iterator[tuple[str, str]]:
    """Branch and period of every record; of measurements only those that have a value."""
    for line in lines:
        if line[0] in {"visit", "timing"}:
            yield line[2], line[3]
        elif line[0] == "measurement" and line[7] is not None:
            yield line[4], line[5]
