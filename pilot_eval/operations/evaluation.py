"""Evaluate a pilot from a file or from columns in memory: the door that needs neither site nor database."""

from __future__ import annotations

import difflib
import math
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import Any

from pilot_eval.domain.errors import BadInput, Message, Problem
from pilot_eval.domain.outcomes import DESIGNS, DESIGNS_LATER, OUTCOMES, OUTCOMES_LATER, Better
from pilot_eval.engines.columns import Reading
from pilot_eval.engines.files import read
from pilot_eval.reports.evaluations import Evaluation
from pilot_eval.stats.analysis import analyse
from pilot_eval.stats.plan import AnalysisPlan

WEIGHTS = ("branch", "observation")
FEWEST_DRAWS = 99
MOST_DRAWS = 10_000_000
PARTS_LATER = ("sensitivity", "threats", "ranking", "items", "reliability", "event_study")
LOWEST_LEVEL = 0.5


def evaluate(
    data: str | Path | Mapping[str, Any],
    *,
    outcome: str,
    kind: str = "score",
    design: str = "difference_in_differences",
    strata: str | None = None,
    weights: str = "branch",
    better: str | None = None,
    smallest_effect: float | None = None,
    minimum_branches: int | None = None,
    minimum_observations: int | None = None,
    level: float = 0.95,
    draws: int = 9999,
    seed: int = 1,
    exposure: str | None = None,
    censored: str | None = None,
    operation: str | None = None,
    auditor: str | None = None,
    time_unit: str | None = None,
    season: bool = False,
    slope_change: bool = False,
    with_parts: Sequence[str] = (),
) -> Evaluation:
    """Evaluate one outcome of a pilot.

    Parameters
    ----------
    data : path of a CSV or Parquet file, or a mapping of column name to values; one row per observation with
        `branch`, `arm` (trained, comparison), `period` (before, during, after) or `date` with `trained_on`,
        and the outcome
    outcome : name of the outcome column
    kind : score (points), proportion (0 to 1) or duration (seconds)
    design : before_after or difference_in_differences
    strata : column whose strata the branches are compared within
    weights : "branch", each branch counts once, or "observation", each row does
    better : "higher" or "lower", where it is not what the kind usually has
    smallest_effect : smallest effect of interest, set before the data: points, percentage points, or per cent
        of speed for durations
    minimum_branches : fewest branches in the smaller arm for a verdict
    minimum_observations : fewest rows used for a verdict
    level : confidence level of the intervals
    draws : random patterns of bootstrap and permutation, at least 99
    seed : of their random numbers
    auditor : column of auditors, which nothing in this version uses
    exposure, censored, operation, time_unit, season, slope_change, with_parts : of analyses that are not in
        this version; refused by name

    Returns
    -------
    Evaluation
        Frozen; `.to_dict()` is the document `pilot-eval/evaluation/1`. Data too thin to answer give an
        evaluation whose `effect` is None and that says why.

    Raises
    ------
    BadInput
        Options or data that cannot be used, with every place found.
    """
    later = {
        "exposure": exposure,
        "censored": censored,
        "operation": operation,
        "time-unit": time_unit,
        "season": season,
        "slope-change": slope_change,
    }
    _check_later(kind, design, later, with_parts)
    plan = plan_of(
        outcome=outcome,
        kind=kind,
        design=design,
        strata=strata,
        weights=weights,
        better=better,
        smallest_effect=smallest_effect,
        minimum_branches=minimum_branches,
        minimum_observations=minimum_observations,
        level=level,
        draws=draws,
        seed=seed,
    )
    reading = Reading(outcome, plan.measure, plan.with_comparison, strata=strata, auditor=auditor)
    return Evaluation.of(analyse(read(data, reading), plan))


def plan_of(
    *,
    outcome: str,
    kind: str,
    design: str,
    strata: str | None,
    weights: str,
    better: str | None,
    smallest_effect: float | None,
    minimum_branches: int | None,
    minimum_observations: int | None,
    level: float,
    draws: int,
    seed: int,
) -> AnalysisPlan:
    """The plan that these options ask for; they mean what they mean to `evaluate`.

    Raises
    ------
    BadInput
        If an option is unknown, out of its limits or does not go with another.
    """
    _check_later(kind, design, {}, ())
    _check_choice("kind", kind, tuple(OUTCOMES))
    _check_choice("design", design, DESIGNS)
    _check_choice("weights", weights, WEIGHTS)
    if better is not None:
        _check_choice("better", better, tuple(b.value for b in Better))
    _check_numbers(level, draws, seed, smallest_effect, minimum_branches, minimum_observations)
    _check_strata(strata, weights, design)
    return AnalysisPlan(
        outcome=outcome,
        kind=kind,
        design=design,
        better=None if better is None else Better(better),
        weights=weights,
        level=level,
        draws=draws,
        seed=seed,
        smallest_effect=smallest_effect,
        minimum_branches=minimum_branches,
        minimum_observations=minimum_observations,
    )


def _check_later(kind: str, design: str, later: Mapping[str, object], parts: Collection[str]) -> None:
    """Refuse what is known but not built yet, before anything else is said about it."""
    if kind in OUTCOMES_LATER:
        raise _not_available("--kind", kind, tuple(OUTCOMES))
    if design in DESIGNS_LATER:
        raise _not_available("--design", design, DESIGNS)
    for part in parts:
        if part not in PARTS_LATER:
            raise _unknown("--with", part, PARTS_LATER)
    if parts:
        raise BadInput(
            [Problem("--with", Message("%(value)s: not available in this version", value=", ".join(parts)))]
        )
    asked = [option for option, value in later.items() if value]
    if asked:
        raise BadInput([Problem(f"--{option}", _without(option)) for option in asked])


def _without(option: str) -> Message:
    return Message(
        "not available in this version; kinds: %(kinds)s; designs: %(designs)s; without %(option)s",
        kinds=", ".join(OUTCOMES),
        designs=", ".join(DESIGNS),
        option=option,
    )


def _not_available(option: str, value: str, there: Collection[str]) -> BadInput:
    what = Message(
        "%(value)s is not available in this version; there is %(there)s", value=value, there=", ".join(there)
    )
    return BadInput([Problem(option, what)])


def _unknown(option: str, value: str, allowed: Collection[str]) -> BadInput:
    near = difflib.get_close_matches(str(value), allowed, n=1)
    said = {"cell": repr(value), "allowed": ", ".join(allowed)}
    what = Message("%(cell)s is not known; expected %(allowed)s", **said)
    if near:
        what = Message(
            "%(cell)s is not known; expected %(allowed)s; did you mean %(near)s?", near=near[0], **said
        )
    return BadInput([Problem(option, what)])


def _check_choice(option: str, value: str, allowed: Collection[str]) -> None:
    if value not in allowed:
        raise _unknown(f"--{option}", value, allowed)


def _check_numbers(
    level: float,
    draws: int,
    seed: int,
    smallest_effect: float | None,
    minimum_branches: int | None,
    minimum_observations: int | None,
) -> None:
    problems = []
    if not LOWEST_LEVEL <= level < 1.0:
        problems.append(Problem("--level", _outside(level, LOWEST_LEVEL, 1)))
    if not FEWEST_DRAWS <= draws <= MOST_DRAWS:
        problems.append(Problem("--draws", _outside(draws, FEWEST_DRAWS, MOST_DRAWS)))
    elif (draws + 1) * (1.0 - level) < 1.0:
        what = Message(
            "%(draws)s are too few for level %(level)s: no draw could be rare enough",
            draws=draws,
            level=level,
        )
        problems.append(Problem("--draws", what))
    if seed < 0:
        problems.append(Problem("--seed", Message("%(value)s is negative", value=seed)))
    if smallest_effect is not None and not (math.isfinite(smallest_effect) and smallest_effect > 0.0):
        problems.append(Problem("--smallest-effect", _not_above_zero(smallest_effect)))
    for option, value in (
        ("minimum-branches", minimum_branches),
        ("minimum-observations", minimum_observations),
    ):
        if value is not None and value < 1:
            problems.append(Problem(f"--{option}", _not_above_zero(value)))
    if problems:
        raise BadInput(problems)


def _outside(value: float, low: float, high: float) -> Message:
    return Message("%(value)s is not between %(low)s and %(high)s", value=value, low=low, high=high)


def _not_above_zero(value: float) -> Message:
    return Message("%(value)s is not above 0", value=value)


def _check_strata(strata: str | None, weights: str, design: str) -> None:
    if strata is None:
        return
    if design == "before_after":
        raise BadInput([Problem("--strata", "needs comparison branches: --design difference_in_differences")])
    if weights == "observation":
        raise BadInput([Problem("--strata", "not available in this version with --weights observation")])
