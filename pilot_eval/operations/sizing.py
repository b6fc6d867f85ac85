"""Plan the size of a pilot, from data of branches or from assumptions about them."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from pilot_eval.domain.errors import BadInput, Message, Problem
from pilot_eval.domain.observations import Observations
from pilot_eval.domain.outcomes import DESIGNS_OF_TWO_PERIODS, OUTCOMES, Better
from pilot_eval.engines.assumptions import read_assumptions
from pilot_eval.engines.columns import Reading
from pilot_eval.engines.files import read
from pilot_eval.operations.options import Options, checked
from pilot_eval.reports.sizing import SizePlan, Source
from pilot_eval.stats.assumptions import known_of
from pilot_eval.stats.cells import observed_cells
from pilot_eval.stats.flow import in_either_period, paired
from pilot_eval.stats.power import FEWEST, Spread, Study, can_reject
from pilot_eval.stats.rate_ratio import RatePanel
from pilot_eval.stats.results import NotEstimable
from pilot_eval.stats.sizing import Known, Question, effect_on_scale, size_pilot
from pilot_eval.stats.two_periods import ZERO_SHARE
from pilot_eval.stats.variance_components import VarianceComponents, rate_components, variance_components

PLANNED = (*DESIGNS_OF_TWO_PERIODS, "stepped_wedge")
MOST_BRANCHES = 100_000
MOST_STEPS = 100
SIMULTANEOUS = 20  # most primary outcomes


def plan(
    data: str | Path | Mapping[str, Any] | Observations | None = None,
    *,
    outcome: str | None = None,
    kind: str = "score",
    design: str = "difference_in_differences",
    exposure: str | None = None,
    assumptions: str | Path | Mapping[str, Any] | None = None,
    trained: int | None = None,
    comparison: int | None = None,
    visits: float | None = None,
    steps: int | None = None,
    effect_sd: float = 0.0,
    power: float = 0.8,
    smallest_effect: float | None = None,
    better: str | None = None,
    estimator: str = "change",
    allocation: str | None = None,
    primary: int = 1,
    looks: Sequence[float] = (),
    level: float = 0.95,
) -> SizePlan:
    """Say which effect a pilot of given size can find, and which size finds a given effect.

    Parameters
    ----------
    data : path of a file, a mapping of column name to values, as for `evaluate`, or observations that an
        engine has read; branches seen in two periods tell how branches vary. The column `arm` may be absent
    outcome : name of the outcome column of `data`
    kind : score, proportion, duration or rate
    design : difference_in_differences, before_after or stepped_wedge
    exposure : column of what a count is a count of
    assumptions : instead of data: a YAML file, text such as "within_sd=12,icc=0.1,correlation=0.8", or a
        mapping; names in `pilot_eval.stats.assumptions.ASSUMPTIONS`
    trained, comparison : branches of the pilot to come; by default as many as in the data
    visits : per branch and period (exposure, of a rate); by default as many as in the data
    steps : groups of branches that a stepped wedge trains one after another
    effect_sd : standard deviation of true effects between trained branches: points, percentage points, or per
        cent of time; 0 where all gain alike
    power : probability with which an effect should be found
    smallest_effect : smallest effect of interest: points, percentage points, per cent of speed or of the rate
    better : "higher" or "lower", where it is not what the kind usually has
    estimator : "change" of branches, or "ancova" where they are allocated at random
    allocation : "random" or "chosen"
    primary : outcomes that are to hold together
    looks : shares of the information at which the plan looks, growing to 1
    level : confidence level of the evaluation

    Returns
    -------
    SizePlan
        Frozen; `.to_dict()` is the document `pilot-eval/plan/1`.

    Raises
    ------
    BadInput
        Options, data or assumptions that cannot be used.
    """
    options = checked(
        Options(
            outcome=outcome or "outcome",
            kind=kind,
            design=design,
            exposure=exposure or ("exposure" if kind == "rate" and assumptions is not None else None),
            estimator=estimator,
            allocation=allocation,
            better=better,
            smallest_effect=smallest_effect,
            looks=tuple(looks),
            look=len(looks) or None,
            level=level,
        )
    )
    _check(options, data, outcome, exposure, assumptions, power, primary)
    _check_sizes(design, trained, comparison, visits)
    _check_effect_sd(kind, design, effect_sd)
    _check_steps(design, steps, trained)
    measure = OUTCOMES[kind]
    direction = measure.better if better is None else Better(better)
    observations: Observations | None = None
    if data is None:
        known: Known | NotEstimable = _assumed(kind, assumptions or {})
    else:
        reading = Reading(options.outcome, measure, with_comparison=False, exposure=exposure)
        observations = data if isinstance(data, Observations) else read(data, reading)
        known = _estimated(observations, kind)
    if not isinstance(known, NotEstimable):
        known = replace(known, spread=replace(known.spread, effect=_effect_variance(kind, effect_sd)))
    source = Source.of(options.outcome if outcome else None, observations)
    if isinstance(known, NotEstimable):
        return SizePlan(kind, design, source, known)
    question = Question(
        study=_study(design, known, observations, trained, comparison, visits, steps or 0),
        kind=kind,
        better=direction,
        estimator=estimator,
        level=level,
        power=power,
        primary=primary,
        looks=tuple(looks),
        smallest_effect=smallest_effect,
    )
    _check_question(question, known)
    return SizePlan(kind, design, source, size_pilot(known, question))


def _check(
    options: Options,
    data: object,
    outcome: str | None,
    exposure: str | None,
    assumptions: object,
    power: float,
    primary: int,
) -> None:
    problems = []
    if options.design not in PLANNED:
        what = Message("%(design)s cannot be planned; there is %(there)s", **_designs(options.design))
        problems.append(Problem("--design", what))
    if options.kind == "rate" and options.estimator == "ancova":
        problems.append(Problem("--estimator", Message("ancova does not go with --kind rate")))
    if (data is None) == (assumptions is None):
        problems.append(
            Problem("--assumptions", Message("give either a file of observations or assumptions"))
        )
    if data is not None and outcome is None:
        problems.append(Problem("--outcome", Message("is needed with a file: the column of the outcome")))
    if data is None:
        problems += [
            Problem(option, Message("names a column of a file of observations"))
            for option, column in (("--outcome", outcome), ("--exposure", exposure))
            if column is not None
        ]
    if not 1.0 - options.level < power < 1.0:
        what = Message("%(value)s is not between 1 - level and 1", value=power)
        problems.append(Problem("--power", what))
    if not 1 <= primary <= SIMULTANEOUS:
        what = Message("%(value)s is not between 1 and %(most)s", value=primary, most=SIMULTANEOUS)
        problems.append(Problem("--primary", what))
    if problems:
        raise BadInput(problems)


def _designs(design: str) -> dict[str, str]:
    return {"design": design, "there": ", ".join(PLANNED)}


def _check_sizes(design: str, trained: int | None, comparison: int | None, visits: float | None) -> None:
    problems = []
    for option, count in (("--trained", trained), ("--comparison", comparison)):
        if count is not None and not FEWEST <= count <= MOST_BRANCHES:
            what = Message(
                "%(value)s is not between %(low)s and %(high)s", value=count, low=FEWEST, high=MOST_BRANCHES
            )
            problems.append(Problem(option, what))
    if design == "before_after" and comparison is not None:
        problems.append(Problem("--comparison", Message("goes with --design difference_in_differences")))
    if visits is not None and not (math.isfinite(visits) and visits > 0.0):
        problems.append(Problem("--visits", Message("%(value)s is not above 0", value=visits)))
    if problems:
        raise BadInput(problems)


def _check_steps(design: str, steps: int | None, trained: int | None) -> None:
    problems = []
    most = trained or MOST_STEPS
    if (steps is not None) != (design == "stepped_wedge"):
        problems.append(Problem("--steps", Message("goes with --design stepped_wedge, which needs it")))
    elif steps is not None and not FEWEST <= steps <= most:
        what = Message("%(value)s is not between %(low)s and %(high)s", value=steps, low=FEWEST, high=most)
        problems.append(Problem("--steps", what))
    if problems:
        raise BadInput(problems)


def _check_effect_sd(kind: str, design: str, effect_sd: float) -> None:
    if not (math.isfinite(effect_sd) and effect_sd >= 0.0):
        raise BadInput([Problem("--effect-sd", Message("%(value)s is below 0", value=effect_sd))])
    for option, value, without in (("--kind", kind, "rate"), ("--design", design, "stepped_wedge")):
        if effect_sd and value == without:
            what = Message("does not go with %(option)s %(value)s", option=option, value=value)
            raise BadInput([Problem("--effect-sd", what)])


def _effect_variance(kind: str, effect_sd: float) -> float:
    """Variance of true effects on the analysis scale."""
    return math.log1p(effect_sd / 100.0) ** 2 if kind == "duration" else effect_sd**2


def _assumed(kind: str, assumptions: str | Path | Mapping[str, Any]) -> Known:
    try:
        return known_of(kind, read_assumptions(assumptions, kind))
    except ValueError as error:
        raise BadInput([Problem("--assumptions", str(error))]) from error


def _estimated(observations: Observations, kind: str) -> Known | NotEstimable:
    """How the branches seen in both periods vary."""
    used = paired(observations)
    group = observations.trained[used].astype(np.intp)
    group = np.unique(group, return_inverse=True)[1].astype(np.intp)
    if int(used.sum()) < 1 + FEWEST:
        return NotEstimable("few_branches_to_plan", {"n": int(used.sum()), "need": 1 + FEWEST})
    if kind == "rate":
        panel = RatePanel.of(observations, used)
        own = np.unique(panel.trained, return_inverse=True)[1].astype(np.intp)
        return _known(rate_components(panel.events, panel.exposure, own), kind)
    if kind == "duration":
        rows = in_either_period(observations) & used[observations.branch]
        zeros = float(np.mean(observations.value[rows] == 0.0))
        if zeros > ZERO_SHARE:
            values = {"share": 100.0 * zeros, "limit": 100.0 * ZERO_SHARE}
            return NotEstimable("too_many_zeros_to_plan", values)
    cells = observed_cells(observations, OUTCOMES[kind].values).take(used)
    return _known(variance_components(cells, group), kind)


def _known(found: VarianceComponents | NotEstimable, kind: str) -> Known | NotEstimable:
    if isinstance(found, NotEstimable):
        return found
    if found.change_variance <= 0.0:
        return NotEstimable("no_variation", {"n": found.branches})
    visit = 0.0 if found.visit is None else found.visit.variance
    pooled = kind == "rate"
    spread = Spread(
        branch=found.branch.variance,
        branch_period=found.branch_period.variance,
        visit=visit,
        unevenness=1.0 + found.size_cv**2 if pooled else found.unevenness,
        pooled=pooled,
    )
    if spread.branch_period + spread.visit <= 0.0:
        return NotEstimable("no_variation", {"n": found.branches})
    before = math.exp(found.before) if kind == "duration" else found.before
    return Known(spread, before, found)


def _study(
    design: str,
    known: Known,
    observations: Observations | None,
    trained: int | None,
    comparison: int | None,
    visits: float | None,
    steps: int,
) -> Study:
    """The size asked about; what is not said is as in the data, where a stepped wedge has all cross."""
    compared = comparison or 0 if design != "difference_in_differences" else comparison
    arms = {"trained": trained, "comparison": compared}
    if observations is not None:
        used = paired(observations)
        own = {"trained": int(np.sum(used & observations.trained))}
        own["comparison"] = int(np.sum(used)) - own["trained"]
        if steps:
            own["trained"] = int(np.sum(used))
        arms = {
            arm: own[arm] if count is None and own[arm] >= FEWEST else count for arm, count in arms.items()
        }
    if visits is None and known.components is not None:
        visits = known.components.size
    problems = [
        Problem(f"--{arm}", Message("is needed: the number of branches"))
        for arm, count in arms.items()
        if count is None
    ]
    if visits is None:
        problems.append(Problem("--visits", Message("is needed: how many per branch and period")))
    if problems:
        raise BadInput(problems)
    return Study(int(arms["trained"] or 0), int(arms["comparison"] or 0), float(visits or 0.0), steps)


def _check_question(question: Question, known: Known) -> None:
    study, found = question.study, known.components
    if study.steps and not (study.steps <= study.trained and can_reject(study, question.last_level)):
        what = Message("%(n)s branches are too few for %(steps)s steps", n=study.trained, steps=study.steps)
        raise BadInput([Problem("--steps", what)])
    if question.estimator == "ancova" and study.trained + study.comparison < 2 * FEWEST + 1:
        raise BadInput([Problem("--estimator", Message("ancova needs at least five branches"))])
    if known.of_single_visits and found is not None and study.visits != found.size:
        what = Message("the data have one visit per branch and period: nothing tells what more would bring")
        raise BadInput([Problem("--visits", what)])
    if question.smallest_effect is not None:
        try:
            effect_on_scale(question.smallest_effect, question.kind, question.better)
        except ValueError as error:
            raise BadInput([Problem("--smallest-effect", str(error))]) from error
