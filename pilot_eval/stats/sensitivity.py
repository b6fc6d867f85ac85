"""The specification curve: the same question answered in every other way that would have been defensible.

Each specification changes one choice of the plan and leaves the others. Most run the ordinary analysis on
changed rows or with a changed plan, so that what is planned is a special case of them; the others are closed
forms on the planned panel.

References
----------
Simonsohn, Simmons & Nelson 2020, Nature Human Behaviour 4.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from pilot_eval.domain import progress
from pilot_eval.domain.observations import Labels, Observations
from pilot_eval.stats.analysis import Analysis, analyse
from pilot_eval.stats.auditors import auditor_adjusted_effect
from pilot_eval.stats.cells import observed_cells
from pilot_eval.stats.contrasts import SPREAD_LIMIT, Panel
from pilot_eval.stats.flow import Flow, in_either_period
from pilot_eval.stats.items import fixed_item_set
from pilot_eval.stats.plan import AnalysisPlan
from pilot_eval.stats.results import ConfidenceInterval, Estimate, NotEstimable
from pilot_eval.stats.specifications import (
    FEWEST_TO_TRIM,
    TRIMMED,
    log_odds_ratio,
    log_ratio_of_ratios,
    rows_within,
    trimmed_difference,
)
from pilot_eval.stats.student import two_sided_pvalue, two_sided_quantile
from pilot_eval.stats.subsets import with_rows, without_branch

Floats = NDArray[np.float64]

TWO_PERIODS = ("before_after", "difference_in_differences")
MOST_LEFT_OUT = 200  # branches left out one by one; of more, those whose change is farthest from their arm's
MOST_ROWS_AGAIN = 10_000_000  # rows that are analysed again in all, before fewer branches are left out
FEWEST_LEFT_OUT = 20
FEW_DRAWS = 99  # of tests beside an effect that is not read from them
DRAWS = 999  # of effects whose p-value is read from draws


@dataclass(frozen=True, slots=True)
class Specified:
    """The answer of one specification.

    Parameters
    ----------
    code : which one
    values : what it changes, for its label
    scale : of the estimate, as of an effect; log_odds_ratio for the logit
    unit : of a difference
    estimate, interval, pvalue : on that scale
    standard_error, df : None where the specification is a test only
    branches, rows : behind it
    own_estimate : False for another test of the planned estimate
    """

    code: str
    values: Mapping[str, float | int | str]
    scale: str
    unit: str
    estimate: float
    interval: ConfidenceInterval
    pvalue: float
    standard_error: float | None
    df: float | None
    branches: int
    rows: int
    own_estimate: bool = True


@dataclass(frozen=True, slots=True)
class Unavailable:
    """A specification that these data or this plan cannot give, and why."""

    code: str
    reason: NotEstimable


@dataclass(frozen=True, slots=True)
class LeftOut:
    """The planned analysis without one branch or one auditor."""

    name: str
    answer: Specified


@dataclass(frozen=True, slots=True)
class SpecificationCurve:
    """Every specification, the planned one first.

    Parameters
    ----------
    rows : specifications with an answer
    unavailable : those without
    branches, auditors : the planned analysis without each; rows hold the lowest and the highest
    same_sign : specifications with an estimate of their own whose direction is the planned one's
    with_own_estimate : how many have one, the planned one left out
    """

    rows: tuple[Specified, ...]
    unavailable: tuple[Unavailable, ...] = ()
    branches: tuple[LeftOut, ...] = ()
    auditors: tuple[LeftOut, ...] = ()
    same_sign: int = field(init=False)
    with_own_estimate: int = field(init=False)

    def __post_init__(self) -> None:
        own = [row.estimate for row in self.rows[1:] if row.own_estimate]
        object.__setattr__(self, "with_own_estimate", len(own))
        same = sum(np.sign(estimate) == np.sign(self.rows[0].estimate) for estimate in own)
        object.__setattr__(self, "same_sign", int(same))


def specification_curve(observations: Observations, analysis: Analysis) -> SpecificationCurve | NotEstimable:
    """Answer the question of an analysis in every other way.

    Parameters
    ----------
    observations, analysis : what was analysed, and with which result

    Returns
    -------
    SpecificationCurve or NotEstimable
        The reason of the planned effect where there is none.
    """
    if isinstance(analysis.effect, NotEstimable):
        return analysis.effect
    work = _Work(observations, analysis, analysis.effect)
    rows, unavailable = [work.planned()], []
    for code, answer in SPECIFICATIONS.items():
        found = answer(work)
        if isinstance(found, NotEstimable):
            unavailable.append(Unavailable(code, found))
        else:
            rows.append(found)
    branches = tuple(work.without_each_branch())
    auditors = tuple(work.without_each_auditor())
    for code, left_out in (("without_branch", branches), ("without_auditor", auditors)):
        if left_out:
            rows += work.extremes(code, left_out)
    if not branches:
        unavailable.append(Unavailable("without_branch", NotEstimable("few_to_leave_out")))
    if not auditors:
        lacking = NotEstimable("no_column", {"column": "auditor"})
        known = observations.auditor is not None
        unavailable.append(
            Unavailable("without_auditor", NotEstimable("few_to_leave_out") if known else lacking)
        )
    return SpecificationCurve((*rows, *work.tests()), tuple(unavailable), branches, auditors)


@dataclass(frozen=True, slots=True)
class _Work:
    """What specifications are made from."""

    observations: Observations
    analysis: Analysis
    effect: Estimate

    @property
    def plan(self) -> AnalysisPlan:
        return self.analysis.plan

    @property
    def quick(self) -> AnalysisPlan:
        """The plan with as few draws as its effect needs."""
        draws = FEW_DRAWS if self.effect.method == "cr2" else min(self.plan.draws, DRAWS)
        return replace(self.plan, draws=draws, smallest_effect=None)

    def planned(self) -> Specified:
        return self._specified("as_planned", self.analysis)

    def again(
        self, code: str, observations: Observations, plan: AnalysisPlan, **values: float | int | str
    ) -> Specified | NotEstimable:
        """The ordinary analysis of other rows or of another plan."""
        analysis = analyse(observations, plan)
        if isinstance(analysis.effect, NotEstimable):
            return analysis.effect
        return self._specified(code, analysis, **values)

    def _specified(self, code: str, analysis: Analysis, **values: float | int | str) -> Specified:
        effect = analysis.effect
        if isinstance(effect, NotEstimable):
            raise TypeError("an effect is needed")
        return Specified(
            code=code,
            values=values,
            scale=analysis.measure.scale,
            unit=analysis.measure.unit,
            estimate=effect.estimate,
            interval=analysis.interval or effect.confidence_interval(self.plan.level),
            pvalue=effect.pvalue,
            standard_error=effect.standard_error,
            df=effect.df,
            branches=analysis.flow.trained + analysis.flow.comparison,
            rows=analysis.flow.rows_used,
        )

    def student(
        self, code: str, scale: str, estimate: float, standard_error: float, df: float, **values: float
    ) -> Specified:
        """An estimate with a t interval, from the planned branches and rows."""
        half = two_sided_quantile(self.plan.level, df) * standard_error
        return Specified(
            code=code,
            values=values,
            scale=scale,
            unit=self.analysis.measure.unit,
            estimate=estimate,
            interval=ConfidenceInterval(estimate - half, estimate + half),
            pvalue=two_sided_pvalue(estimate / standard_error, df),
            standard_error=standard_error,
            df=df,
            branches=self.analysis.flow.trained + self.analysis.flow.comparison,
            rows=self.analysis.flow.rows_used,
        )

    def panel(self, scale: str, *, by_rows: bool = False) -> Panel:
        flow = Flow.of(self.observations, with_comparison=self.plan.with_comparison)
        cells = observed_cells(self.observations, scale).take(flow.used)
        return Panel.of(cells, self.observations.trained[flow.used], by_rows=by_rows)

    def tests(self) -> Iterator[Specified]:
        """The other tests of the planned estimate, and the estimates beside it."""
        for test in self.analysis.robustness:
            yield replace(
                self.planned(),
                code=test.method,
                estimate=self.effect.estimate if test.estimate is None else test.estimate,
                interval=test.interval,
                pvalue=test.pvalue,
                standard_error=None,
                df=None,
                own_estimate=test.estimate is not None,
            )
        scale = self.analysis.measure.scale
        for other in self.analysis.beside:
            yield self.student(other.method, scale, other.estimate, other.standard_error, other.df)

    def without_each_branch(self) -> Iterator[LeftOut]:
        chosen = self._branches_to_leave_out()
        for done, branch in enumerate(chosen):
            progress.told("sensitivity", done, len(chosen))
            without = without_branch(self.observations, branch)
            found = self.again("without_branch", without, self.quick)
            if isinstance(found, Specified):
                yield LeftOut(self.observations.branches[branch], found)

    def _branches_to_leave_out(self) -> list[int]:
        used = np.flatnonzero(self.analysis.flow.used)
        rows = max(len(self.observations.value), 1)
        most = min(MOST_LEFT_OUT, max(FEWEST_LEFT_OUT, MOST_ROWS_AGAIN // rows))
        if len(used) > most:
            cells = observed_cells(self.observations, self.plan.measure.values)
            change = (cells.mean[:, 1] - cells.mean[:, 0])[used]
            for arm in (True, False):
                own = self.observations.trained[used] == arm
                change[own] -= change[own].mean() if own.any() else 0.0
            used = np.sort(used[np.argsort(-np.abs(np.nan_to_num(change)), kind="stable")[:most]])
        return [int(branch) for branch in used]

    def without_each_auditor(self) -> Iterator[LeftOut]:
        labels = self.observations.auditor
        if labels is None:
            return
        there = np.unique(labels.codes[in_either_period(self.observations) & (labels.codes >= 0)])
        if len(there) < 2:
            return
        for code in there.tolist():
            without = with_rows(self.observations, labels.codes != code)
            found = self.again("without_auditor", without, self.quick)
            if isinstance(found, Specified):
                yield LeftOut(labels.names[code], found)

    def extremes(self, code: str, left_out: tuple[LeftOut, ...]) -> Iterator[Specified]:
        """The least and the most favourable estimate that leaving one out gives."""
        for which, choose in (("lowest", min), ("highest", max)):
            one = choose(left_out, key=lambda each: self.plan.sign * each.answer.estimate)
            values: dict[str, float | int | str] = {"name": one.name, "of": len(left_out)}
            yield replace(one.answer, code=f"{code}_{which}", values=values)


def _needs_two_periods(work: _Work) -> NotEstimable | None:
    if work.plan.design not in TWO_PERIODS or work.observations.censored is not None:
        return NotEstimable("not_for_this_design")
    return None


def _of_plain_kinds(*kinds: str) -> Callable[[_Work], NotEstimable | None]:
    """Only for some kinds of outcome in designs of two periods."""

    def lacking(work: _Work) -> NotEstimable | None:
        return _needs_two_periods(work) or (
            None if work.plan.kind in kinds else NotEstimable("not_for_this_kind")
        )

    return lacking


def _other_weights(work: _Work) -> Specified | NotEstimable:
    lacking = _of_plain_kinds("score", "proportion", "duration")(work)
    if lacking is not None:
        return lacking
    if work.plan.estimator != "change":
        return NotEstimable("not_for_this_estimator")
    other = "branch" if work.plan.weights == "observation" else "observation"
    return work.again(f"weights_{other}", work.observations, replace(work.quick, weights=other))


def _trimmed_rows(work: _Work) -> Specified | NotEstimable:
    lacking = _of_plain_kinds("score", "duration")(work)
    if lacking is not None:
        return lacking
    kept = rows_within(work.observations, TRIMMED)
    return work.again("trimmed_rows", with_rows(work.observations, kept), work.quick, share=100.0 * TRIMMED)


def _trimmed_branches(work: _Work) -> Specified | NotEstimable:
    lacking = _of_plain_kinds("score", "proportion", "duration")(work)
    if lacking is not None:
        return lacking
    panel = work.panel(work.plan.measure.values)
    for arm in panel.arms:
        n = int(np.sum(panel.trained == arm))
        if n < FEWEST_TO_TRIM:
            return NotEstimable("few_to_trim", {"n": n, "need": FEWEST_TO_TRIM})
    found = trimmed_difference(panel.change, panel.trained, TRIMMED)
    if found[1] <= SPREAD_LIMIT * float(np.abs(panel.mean).max()):
        return NotEstimable("no_variation", {"n": len(panel.trained)})
    return work.student("trimmed_branches", work.plan.measure.scale, *found, share=100.0 * TRIMMED)


def _other_scale(work: _Work) -> Specified | NotEstimable:
    """Durations by their means, scores by their logarithms."""
    lacking = _of_plain_kinds("score", "duration")(work)
    if lacking is not None:
        return lacking
    other = replace(work.quick, better=work.plan.direction)
    if work.plan.kind == "duration":
        found = work.again("mean_seconds", work.observations, replace(other, kind="score"))
        return found if isinstance(found, NotEstimable) else replace(found, unit="seconds")
    if (work.observations.value[in_either_period(work.observations)] <= 0.0).any():
        return NotEstimable("not_all_above_zero")
    return work.again("logarithms", work.observations, replace(other, kind="duration"))


def _ratio_of_ratios(work: _Work) -> Specified | NotEstimable:
    lacking = _of_plain_kinds("score", "proportion", "duration")(work)
    if lacking is not None:
        return lacking
    found = log_ratio_of_ratios(work.panel("value", by_rows=work.plan.weights == "observation"))
    if isinstance(found, NotEstimable):
        return found
    return work.student("ratio_of_ratios", "log_ratio", *found)


def _logit(work: _Work) -> Specified | NotEstimable:
    lacking = _of_plain_kinds("proportion")(work)
    if lacking is not None:
        return lacking
    found = log_odds_ratio(work.panel("value", by_rows=True))
    return found if isinstance(found, NotEstimable) else work.student("logit", "log_odds_ratio", *found)


def _without_strata(work: _Work) -> Specified | NotEstimable:
    if work.observations.stratum is None:
        return NotEstimable("no_column", {"column": "strata"})
    return work.again("without_strata", replace(work.observations, stratum=None), work.quick)


def _without_covariates(work: _Work) -> Specified | NotEstimable:
    if work.observations.covariates is None:
        return NotEstimable("no_column", {"column": "covariates"})
    return work.again("without_covariates", replace(work.observations, covariates=None), work.quick)


def _other_estimator(work: _Work) -> Specified | NotEstimable:
    if work.plan.estimator == "ancova":
        return work.again("by_change", work.observations, replace(work.quick, estimator="change"))
    if work.plan.design != "difference_in_differences" or work.plan.allocation != "random":
        return NotEstimable("ancova_not_right")
    lacking = _of_plain_kinds("score", "proportion", "duration")(work)
    if lacking is not None:
        return lacking
    if work.plan.weights != "branch":
        return NotEstimable("not_for_this_estimator")
    return work.again("by_ancova", work.observations, replace(work.quick, estimator="ancova"))


def _made_equal(labels: str) -> Callable[[_Work], Specified | NotEstimable]:
    """Operations or auditors made equal: their differences within branch and period taken out."""

    def answer(work: _Work) -> Specified | NotEstimable:
        column: Labels | None = getattr(work.observations, labels)
        if column is None:
            return NotEstimable("no_column", {"column": labels})
        lacking = _of_plain_kinds("score", "proportion", "duration")(work)
        if lacking is not None:
            return lacking
        found = auditor_adjusted_effect(replace(work.observations, auditor=column), work.plan)
        if isinstance(found, NotEstimable):
            return found
        scale = work.plan.measure.scale
        return work.student(f"{labels}_equal", scale, found.estimate, found.standard_error, found.df)

    return answer


def _fixed_items(work: _Work) -> Specified | NotEstimable:
    """The score over the items that applied in both periods of a branch, in points of 100."""
    if work.observations.items is None:
        return NotEstimable("no_column", {"column": "items"})
    lacking = _of_plain_kinds("score")(work)
    if lacking is not None:
        return lacking
    fixed = fixed_item_set(work.observations)
    if isinstance(fixed, NotEstimable):
        return fixed
    if work.plan.weights != "branch" or work.observations.covariates is not None:
        return NotEstimable("not_for_this_estimator")
    return work.again("fixed_items", replace(fixed, value=100.0 * fixed.value), work.quick)


def _lognormal(work: _Work) -> Specified | NotEstimable:
    """Censored waits by the lognormal model of rows."""
    if work.observations.censored is None:
        return NotEstimable("no_column", {"column": "censored"})
    fitted = work.analysis.extra.get("lognormal_aft")
    if fitted is None:
        return NotEstimable("no_maximum")
    found = (float(fitted[name]) for name in ("estimate", "standard_error", "df"))
    return work.student("lognormal_aft", str(fitted["scale"]), *found)


def _closed_as_zero(work: _Work) -> Specified | NotEstimable:
    """A branch found closed served nobody, which the rows that are left out would hide."""
    lacking = _of_plain_kinds("score", "proportion")(work)
    if lacking is not None:
        return lacking
    closed = work.observations.closed
    if closed is None:
        return NotEstimable("no_column_of_closed")
    value = np.where(closed, 0.0, work.observations.value)
    return work.again("closed_as_zero", replace(work.observations, value=value), work.quick)


# Code of what could not be given -> how it is answered, in the order of the curve.
SPECIFICATIONS: dict[str, Callable[[_Work], Specified | NotEstimable]] = {
    "other_weights": _other_weights,
    "trimmed_rows": _trimmed_rows,
    "trimmed_branches": _trimmed_branches,
    "other_scale": _other_scale,
    "ratio_of_ratios": _ratio_of_ratios,
    "logit": _logit,
    "without_strata": _without_strata,
    "without_covariates": _without_covariates,
    "other_estimator": _other_estimator,
    "operation_equal": _made_equal("operation"),
    "auditor_equal": _made_equal("auditor"),
    "fixed_items": _fixed_items,
    "lognormal_aft": _lognormal,
    "closed_as_zero": _closed_as_zero,
}
