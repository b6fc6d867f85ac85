"""All specifications together: would so many agree if training did nothing?

Arms are permuted over branches (within strata) and every specification that is a closed form of branches is
answered again, so that their dependence on one another is kept.

References
----------
Simonsohn, Simmons & Nelson 2020, Nature Human Behaviour 4, section on inference.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pilot_eval.domain import progress
from pilot_eval.domain.observations import Observations
from pilot_eval.stats.analysis import Analysis
from pilot_eval.stats.cells import Cells, observed_cells
from pilot_eval.stats.contrasts import Panel, estimate_effect
from pilot_eval.stats.draws import random_arms
from pilot_eval.stats.flow import in_either_period
from pilot_eval.stats.results import NotEstimable, significance
from pilot_eval.stats.specifications import (
    FEWEST_TO_TRIM,
    TRIMMED,
    log_odds_ratio,
    log_ratio_of_ratios,
    trimmed_difference,
)
from pilot_eval.stats.student import two_sided_pvalue

Arms = NDArray[np.bool_]
Floats = NDArray[np.float64]
# Estimate, standard error and degrees of freedom for these arms; None where there is none.
Answer = tuple[float, float, float] | None

DRAWS = 499
KINDS = ("score", "proportion", "duration")


@dataclass(frozen=True, slots=True)
class JointTest:
    """Specifications against all arms that could have been.

    Parameters
    ----------
    specifications : their codes
    draws : random arms
    median : median of the specifications' t, signed so that plus is better
    median_pvalue : two-sided, of that median
    significant : specifications that reject no effect in the direction of the median
    significant_pvalue : of so many or more
    """

    specifications: tuple[str, ...]
    draws: int
    median: float
    median_pvalue: float
    significant: int
    significant_pvalue: float


def joint_test(observations: Observations, analysis: Analysis) -> JointTest | NotEstimable:
    """Test all closed-form specifications together by permuting arms.

    Parameters
    ----------
    observations, analysis : of two arms before and after, without covariates
    """
    plan = analysis.plan
    if plan.design != "difference_in_differences" or observations.censored is not None:
        return NotEstimable("no_comparison_arm" if not plan.with_comparison else "not_for_this_design")
    if plan.kind not in KINDS:
        return NotEstimable("not_for_this_kind")
    if observations.covariates is not None or plan.estimator != "change":
        return NotEstimable("not_for_this_estimator")
    used = analysis.flow.used
    trained = observations.trained[used]
    answers = {
        code: answer
        for code, answer in _answers(observations, analysis, trained).items()
        if answer(trained) is not None
    }
    if not answers:
        return NotEstimable("no_variation", {"n": len(trained)})
    stratum = np.zeros(len(trained), dtype=np.intp)
    if observations.stratum is not None:
        stratum = np.unique(observations.stratum.codes[used], return_inverse=True)[1].astype(np.intp)
    seen = _statistics(answers, trained, plan.level)
    if seen is None:
        return NotEstimable("no_variation", {"n": len(trained)})
    draws = min(plan.draws, DRAWS)
    as_far = as_many = done = 0
    for arms in random_arms(trained, stratum, draws, plan.seed):
        for own in arms:
            found = _statistics(answers, own, plan.level)
            # An assignment without an answer counts against the effect, as if it had been as extreme.
            as_far += found is None or abs(found[0]) >= abs(seen[0])
            as_many += found is None or found[1] >= seen[1]
            done += 1
            progress.told("sensitivity", done, draws)
    return JointTest(
        specifications=tuple(answers),
        draws=draws,
        median=plan.sign * seen[0],
        median_pvalue=(1 + as_far) / (1 + draws),
        significant=seen[1],
        significant_pvalue=(1 + as_many) / (1 + draws),
    )


def _statistics(
    answers: dict[str, Callable[[Arms], Answer]], trained: Arms, level: float
) -> tuple[float, int] | None:
    """Median t, and how many reject in its direction."""
    found = [answer(trained) for answer in answers.values()]
    known = [one for one in found if one is not None]
    if len(known) < len(found):
        return None
    statistics = np.array([estimate / error for estimate, error, _ in known])
    median = float(np.median(statistics))
    alpha = significance(level)
    rejected = [two_sided_pvalue(t, df) <= alpha for t, (_, _, df) in zip(statistics, known, strict=True)]
    return median, int(np.sum(np.array(rejected) & (np.sign(statistics) == np.sign(median))))


def _answers(
    observations: Observations, analysis: Analysis, trained: Arms
) -> dict[str, Callable[[Arms], Answer]]:
    """Every specification as a function of the arms."""
    plan, used = analysis.plan, analysis.flow.used
    cells = observed_cells(observations, plan.measure.values).take(used)
    values = observed_cells(observations, "value").take(used)
    found: dict[str, Callable[[Arms], Answer]] = {
        "weights_branch": _effect_of(cells, by_rows=False),
        "weights_observation": _effect_of(cells, by_rows=True),
    }
    if min(int(trained.sum()), int((~trained).sum())) >= FEWEST_TO_TRIM:
        change = cells.mean[:, 1] - cells.mean[:, 0]
        found["trimmed_branches"] = lambda arms: _with_error(trimmed_difference(change, arms, TRIMMED))
    if plan.kind == "duration":
        found["mean_seconds"] = _effect_of(values, by_rows=False)
    elif plan.kind == "score" and (observations.value[in_either_period(observations)] > 0.0).all():
        found["logarithms"] = _effect_of(observed_cells(observations, "log").take(used), by_rows=False)
    if np.nanmin(values.mean) > 0.0:
        found["ratio_of_ratios"] = _of_panel(values, log_ratio_of_ratios, by_rows=False)
    if plan.kind == "proportion":
        found["logit"] = _of_panel(values, log_odds_ratio, by_rows=True)
    return found


def _panel(cells: Cells, trained: Arms, *, by_rows: bool) -> Panel:
    return Panel(trained, cells.n if by_rows else np.ones_like(cells.n), cells.mean)


def _effect_of(cells: Cells, *, by_rows: bool) -> Callable[[Arms], Answer]:
    def answer(trained: Arms) -> Answer:
        effect = estimate_effect(_panel(cells, trained, by_rows=by_rows))
        return (
            None if isinstance(effect, NotEstimable) else (effect.estimate, effect.standard_error, effect.df)
        )

    return answer


def _of_panel(
    cells: Cells, kernel: Callable[[Panel], tuple[float, float, float] | NotEstimable], *, by_rows: bool
) -> Callable[[Arms], Answer]:
    def answer(trained: Arms) -> Answer:
        found = kernel(_panel(cells, trained, by_rows=by_rows))
        return None if isinstance(found, NotEstimable) else _with_error(found)

    return answer


def _with_error(found: tuple[float, float, float]) -> Answer:
    return found if found[1] > 0.0 else None
