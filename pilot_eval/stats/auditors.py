"""Auditors: how severe each is, what remains of the effect without them, and whether they drifted."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from pilot_eval.domain.observations import AFTER, Observations
from pilot_eval.domain.outcomes import DESIGNS_OF_TWO_PERIODS
from pilot_eval.stats.analysis import Analysis
from pilot_eval.stats.cells import on_scale
from pilot_eval.stats.cluster_robust import LeastSquares, least_squares
from pilot_eval.stats.contrasts import SPREAD_LIMIT
from pilot_eval.stats.families import benjamini_hochberg, holm
from pilot_eval.stats.flow import Flow, in_either_period
from pilot_eval.stats.items import of_values
from pilot_eval.stats.plan import AnalysisPlan
from pilot_eval.stats.results import NotEstimable, significance
from pilot_eval.stats.student import two_sided_pvalue, two_sided_quantile
from pilot_eval.stats.two_periods import ZERO_SHARE
from pilot_eval.stats.two_way import AdjustedEffect, LabelEffects, adjusted_effect, label_effects

Floats = NDArray[np.float64]
Codes = NDArray[np.intp]

ADJUSTED_KINDS = ("score", "proportion", "duration")


@dataclass(frozen=True, slots=True)
class Nesting:
    """How auditors were spread.

    Parameters
    ----------
    auditors : how many have rows
    both_arms : how many visited trained and comparison branches; None without comparison branches
    both_periods : how many visited before and after training
    """

    auditors: int
    both_arms: int | None
    both_periods: int


@dataclass(frozen=True, slots=True)
class Severity:
    """How much more or less each of A auditors gives than the others.

    Parameters
    ----------
    auditors : names
    effects : differences on the scale of the effect, within branch and period
    standard_error, df : (A,) CR2 by branch, as visits to one branch may resemble one another; NaN for an
        auditor alone in their group, or whose rows tell of no spread
    nesting : how auditors were spread
    """

    auditors: tuple[str, ...]
    effects: LabelEffects
    standard_error: Floats
    df: Floats
    nesting: Nesting

    @property
    def pvalues(self) -> tuple[float | None, ...]:
        """By Holm over auditors: whether each differs from the mean of their group."""
        statistic = self.effects.effect / self.standard_error
        known = ~np.isnan(statistic)
        each = [
            two_sided_pvalue(float(t), float(df)) if there else None
            for t, df, there in zip(statistic, self.df, known, strict=True)
        ]
        adjusted = iter(holm([pvalue for pvalue in each if pvalue is not None]))
        return tuple(None if pvalue is None else next(adjusted) for pvalue in each)

    def confidence_interval(self, confidence_level: float = 0.95) -> tuple[Floats, Floats]:
        """(A,) low and (A,) high ends; each auditor by themselves, not all at once."""
        quantile = [
            np.nan if np.isnan(df) else two_sided_quantile(confidence_level, float(df)) for df in self.df
        ]
        half = np.array(quantile) * self.standard_error
        return self.effects.effect - half, self.effects.effect + half


@dataclass(frozen=True, slots=True)
class NegativeControl:
    """Items that training cannot move.

    Parameters
    ----------
    items : their names
    analysis : the ordinary analysis of their mean
    each : the same of each item
    adjusted_pvalues : of those, by Benjamini and Hochberg
    moved : whether their mean moved in either direction, at the plan's level
    """

    items: tuple[str, ...]
    analysis: Analysis
    each: tuple[Analysis, ...] = field(repr=False)
    adjusted_pvalues: tuple[float | None, ...]
    moved: bool


def rater_severity(observations: Observations, plan: AnalysisPlan) -> Severity | NotEstimable:
    """Severity of auditors, from branches and periods that more than one of them visited."""
    rows = _AuditedRows.of(observations, plan)
    if isinstance(rows, NotEstimable):
        return rows
    cell, cells = 2 * rows.branch + rows.after, 2 * len(rows.trained)
    effects = label_effects(cell, rows.auditor, rows.value, cells=cells, labels=len(rows.names))
    if isinstance(effects, NotEstimable):
        return effects
    own = rows.auditor[:, None] == np.flatnonzero(_after_first(effects.group))
    fit = least_squares(rows.value, own.astype(np.float64), rows.branch, within=cell)
    if isinstance(fit, NotEstimable):
        return fit
    error, df = _by_branch(effects, fit)
    error[error <= SPREAD_LIMIT * float(np.abs(rows.value).max())] = np.nan
    if np.isnan(error).all():
        return NotEstimable("no_variation_within")
    return Severity(rows.names, effects, error, df, rows.nesting())


def _after_first(group: Codes) -> NDArray[np.bool_]:
    """(A,) auditors who are not the first of their group: those with a dummy."""
    found = np.ones(len(group), dtype=np.bool_)
    found[np.unique(group, return_index=True)[1]] = False
    return found


def _by_branch(effects: LabelEffects, fit: LeastSquares) -> tuple[Floats, Floats]:
    """(A,) CR2 standard errors and (A,) degrees of freedom of differences from the mean of a group."""
    group = effects.group
    member = group[:, None] == group
    differences = (np.eye(len(group)) - member / member.sum(axis=1))[:, _after_first(group)]
    error, df = np.full((2, len(group)), np.nan)
    compared = ~np.isnan(effects.effect)
    own = differences[compared]
    # Sums of squares, of which nothing cancels: a quadratic form of the covariance may leave rounding.
    error[compared] = np.sqrt(np.sum(fit.contributions(own.T) ** 2, axis=0))
    df[compared] = fit.satterthwaite_of_each(own)
    return error, df


def auditor_adjusted_effect(observations: Observations, plan: AnalysisPlan) -> AdjustedEffect | NotEstimable:
    """The effect after each row's severity is taken off, with an uncertainty that includes severity's own.

    Returns
    -------
    AdjustedEffect or NotEstimable
        `labels_not_linked` where auditors changed between the periods in a way that no branch visited by
        several of them can undo; `auditors_plain_only` for kinds, weights and estimators it is not made for.
    """
    rows = _AuditedRows.of(observations, plan)
    if isinstance(rows, NotEstimable):
        return rows
    plain = plan.weights == "branch" and plan.estimator == "change"
    adjusted = observations.covariates is not None or observations.censored is not None
    if not plain or adjusted or rows.zeros > ZERO_SHARE:
        return NotEstimable("auditors_plain_only")
    return adjusted_effect(
        rows.branch, rows.after, rows.auditor, rows.value, rows.trained, stratum=rows.stratum
    )


def negative_control(observations: Observations, plan: AnalysisPlan) -> NegativeControl | NotEstimable:
    """The effect on items that training cannot move (`plan.facility`).

    Where they move, auditors or the times of visits changed, and part of the effect may be theirs. One test
    decides, that of the items' mean; the items by themselves say where to look.
    """
    matrix = observations.items
    if matrix is None or not plan.facility:
        return NotEstimable("no_facility_items")
    place = [matrix.names.index(name) for name in plan.facility]
    values = matrix.values[:, place]
    there = ~np.isnan(values)
    number = there.sum(axis=1)
    mean = np.where(there, values, 0.0).sum(axis=1)
    mean = np.divide(mean, number, out=np.full(len(mean), np.nan), where=number > 0)
    together = of_values(observations, plan, ", ".join(plan.facility), mean)
    each = tuple(of_values(observations, plan, name, values[:, i]) for i, name in enumerate(plan.facility))
    pvalues = [None if isinstance(one.effect, NotEstimable) else one.effect.pvalue for one in each]
    moved = not isinstance(together.effect, NotEstimable) and (
        together.effect.pvalue <= significance(plan.level)
    )
    return NegativeControl(plan.facility, together, each, tuple(benjamini_hochberg(pvalues)), moved)


@dataclass(frozen=True, slots=True)
class _AuditedRows:
    """Rows with an auditor, of branches that have such rows before and after."""

    branch: Codes
    after: Codes
    auditor: Codes
    value: Floats
    trained: NDArray[np.bool_]
    stratum: Codes | None
    names: tuple[str, ...]
    zeros: float  # share of lengths of time that are 0; above a limit their logarithms tell nothing

    @classmethod
    def of(cls, observations: Observations, plan: AnalysisPlan) -> _AuditedRows | NotEstimable:
        auditor = observations.auditor
        if auditor is None:
            return NotEstimable("no_auditors")
        if plan.design not in DESIGNS_OF_TWO_PERIODS or plan.kind not in ADJUSTED_KINDS:
            return NotEstimable("auditors_plain_only")
        known = replace(observations, value=np.where(auditor.codes >= 0, observations.value, np.nan))
        flow = Flow.of(known, with_comparison=plan.with_comparison)
        for arm, count in {"trained": flow.trained, "comparison": flow.comparison}.items():
            if count < 2 and (arm == "trained" or plan.with_comparison):
                return NotEstimable("few_branches", {"arm": arm, "n": count, "need": 2})
        rows = in_either_period(known) & flow.used[known.branch]
        seen, codes = np.unique(auditor.codes[rows], return_inverse=True)
        strata = observations.stratum
        return cls(
            branch=(np.cumsum(flow.used) - 1)[known.branch[rows]].astype(np.intp),
            after=(known.period[rows] == AFTER).astype(np.intp),
            auditor=codes.astype(np.intp),
            value=on_scale(known.value[rows], plan.measure.values),
            trained=known.trained[flow.used],
            stratum=None if strata is None else _renumbered(strata.codes[flow.used]),
            names=tuple(auditor.names[code] for code in seen),
            zeros=float(np.mean(known.value[rows] == 0.0)) if plan.kind == "duration" else 0.0,
        )

    def nesting(self) -> Nesting:
        arm = self.trained[self.branch]
        in_arm = [self._seen(arm == one) for one in (True, False)]
        in_period = [self._seen(self.after == one) for one in (0, 1)]
        return Nesting(
            auditors=len(self.names),
            both_arms=None if self.trained.all() else int(np.sum(in_arm[0] & in_arm[1])),
            both_periods=int(np.sum(in_period[0] & in_period[1])),
        )

    def _seen(self, rows: NDArray[np.bool_]) -> NDArray[np.bool_]:
        return np.asarray(np.bincount(self.auditor[rows], minlength=len(self.names)) > 0)


def _renumbered(codes: Codes) -> Codes:
    return np.unique(codes, return_inverse=True)[1].astype(np.intp)
