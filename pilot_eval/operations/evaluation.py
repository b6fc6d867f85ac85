"""Evaluate a pilot from a file or from columns in memory: the door that needs neither site nor database."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from pilot_eval.domain.errors import BadInput, Message, Problem
from pilot_eval.domain.observations import Observations
from pilot_eval.engines.files import read
from pilot_eval.operations.options import Options, plan_of, reading_of
from pilot_eval.reports.evaluations import Evaluation
from pilot_eval.reports.parts import part_of
from pilot_eval.stats.analysis import analyse
from pilot_eval.stats.plan import AnalysisPlan


def evaluate(
    data: str | Path | Mapping[str, Any],
    *,
    outcome: str,
    kind: str = "score",
    design: str = "difference_in_differences",
    exposure: str | None = None,
    censored: str | None = None,
    closed: str | None = None,
    limit: float | None = None,
    strata: str | None = None,
    operation: str | None = None,
    auditor: str | None = None,
    pair: str | None = None,
    daypart: str | None = None,
    entered: str | None = None,
    covariates: Sequence[str] = (),
    items: Sequence[str] = (),
    facility: Sequence[str] = (),
    weights: str = "branch",
    estimator: str = "change",
    allocation: str | None = None,
    better: str | None = None,
    smallest_effect: float | None = None,
    minimum_branches: int | None = None,
    minimum_observations: int | None = None,
    time_unit: str | None = None,
    season: bool = False,
    slope_change: bool = False,
    target: float | None = None,
    looks: Sequence[float] = (),
    look: int | None = None,
    network: int = 42_000,
    level: float = 0.95,
    draws: int = 9999,
    seed: int = 1,
    with_parts: Sequence[str] = (),
) -> Evaluation:
    """Evaluate one outcome of a pilot.

    Parameters
    ----------
    data : path of a CSV, XLSX or Parquet file, or a mapping of column name to values; one row per observation
        with `branch`, `arm` (trained, comparison), `period` (before, during, after) or `date` with
        `trained_on`, and the outcome
    outcome : name of the outcome column
    kind : score (points), proportion (0 to 1), duration (seconds) or rate (a count)
    design : before_after, difference_in_differences, staggered, stepped_wedge or interrupted_time_series
    exposure : column of what a count is a count of
    censored : column that says (1 or yes) where a customer gave up, so that the time is a lower limit
    limit : seconds up to which the mean of censored times is taken
    closed : column that says (1 or yes) where the branch was found closed, for the part `sensitivity`
    strata : column whose strata the branches are compared within
    operation : column of kinds of operation, whose mix may differ between periods
    auditor : column of auditors
    pair : column whose equal labels mark the rows of a double visit
    daypart : column of parts of the day
    entered : column of the days on which the rows were entered
    covariates : number columns to adjust for
    items : number columns of a checklist's items; one that ends with * stands for all that begin so
    facility : those of them that training cannot move
    weights : "branch", each branch counts once, or "observation", each row does
    estimator : "change" of branches, or "ancova" where they were allocated at random
    allocation : "random" or "chosen": how branches came into arms
    better : "higher" or "lower", where it is not what the kind usually has
    smallest_effect : smallest effect of interest, set before the data: points, percentage points, or per cent
        of speed for durations and of the rate for rates
    minimum_branches : fewest branches in the smaller arm for a verdict
    minimum_observations : fewest rows used for a verdict
    time_unit : week, month or quarter: what makes a period where a design has dates; by default each date
    season, slope_change : further terms of an interrupted time series
    target : seconds within which a customer should be served
    looks : shares of the information at which the plan looks, growing to 1
    look : which of them this is, from 1
    network : branches that a roll-out would reach, for the part `roll_out`
    level : confidence level of the intervals
    draws : random patterns of bootstrap and permutation, at least 99
    seed : of their random numbers
    with_parts : what to tell beside the effect: entries of `pilot_eval.reports.parts.PARTS`

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
    options = Options(
        outcome=outcome,
        kind=kind,
        design=design,
        exposure=exposure,
        censored=censored,
        closed=closed,
        limit=limit,
        strata=strata,
        operation=operation,
        auditor=auditor,
        pair=pair,
        daypart=daypart,
        entered=entered,
        covariates=tuple(covariates),
        items=tuple(items),
        facility=tuple(facility),
        weights=weights,
        estimator=estimator,
        allocation=allocation,
        better=better,
        smallest_effect=smallest_effect,
        minimum_branches=minimum_branches,
        minimum_observations=minimum_observations,
        time_unit=time_unit,
        season=season,
        slope_change=slope_change,
        target=target,
        looks=tuple(looks),
        look=look,
        network=network,
        level=level,
        draws=draws,
        seed=seed,
        with_parts=tuple(with_parts),
    )
    return evaluate_with(data, options)


def evaluate_with(data: str | Path | Mapping[str, Any], options: Options) -> Evaluation:
    """Evaluate one outcome of a pilot; as `evaluate`, with its options put together."""
    plan = plan_of(options)
    observations = read(data, reading_of(options))
    _check_facility(observations, plan)
    analysis = analyse(observations, plan)
    parts = {name: part_of(name, observations, analysis) for name in options.parts}
    return Evaluation.of(analysis, parts=parts)


def _check_facility(observations: Observations, plan: AnalysisPlan) -> None:
    """Refuse names of items that are not among the items."""
    there = () if observations.items is None else observations.items.names
    absent = [name for name in plan.facility if name not in there]
    if absent:
        what = Message(
            "%(value)s: not among the items %(there)s", value=", ".join(absent), there=", ".join(there)
        )
        raise BadInput([Problem("--facility", what)])
