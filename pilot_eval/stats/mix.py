"""The effect with the mix of operations taken out: what was seen where, and what that did to the effect."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from pilot_eval.domain.observations import MISSING, Labels, Matrix, Observations
from pilot_eval.stats.adjusted import Sample
from pilot_eval.stats.flow import Flow, in_either_period
from pilot_eval.stats.models import estimated, sample_of
from pilot_eval.stats.plan import AnalysisPlan
from pilot_eval.stats.relative import Speed, Uplift, speed_of_log_ratio, uplift_over
from pilot_eval.stats.results import NO_INTERVAL, Estimate, NotEstimable
from pilot_eval.stats.two_way import LINKED, AdjustedEffect, LabelEffects, adjusted_effect, label_effects

Floats = NDArray[np.float64]

# Reasons of `two_way`, told of operations.
OF_OPERATIONS = {
    "labels_alone": "operations_alone",
    "labels_not_linked": "operations_not_linked",
    "no_rows_left": "operations_fill_rows",
}
FEWEST = 2  # branches of an arm
MIX_DIFFERS = 0.10  # share of an arm's values that would need another operation for its periods to be alike


@dataclass(frozen=True, slots=True)
class Shares:
    """Which kinds of operation were seen where.

    Parameters
    ----------
    names : of the L operations that were seen
    rows : (L,) rows of each
    share : (2, 2, L) rows comparison (NaN without), trained; columns before, after
    without : rows that name no operation, left out
    """

    names: tuple[str, ...]
    rows: NDArray[np.intp]
    share: Floats
    without: int

    def distance(self) -> Floats:
        """(2,) total variation distance between the periods of comparison (NaN without) and trained."""
        return np.asarray(0.5 * np.abs(self.share[:, 1] - self.share[:, 0]).sum(axis=1))

    def in_one_period(self) -> tuple[str, ...]:
        """Operations seen only before or only after."""
        seen = np.nansum(self.share, axis=0) > 0.0
        return tuple(name for name, both in zip(self.names, seen.all(axis=0), strict=True) if not both)


@dataclass(frozen=True, slots=True)
class Mix:
    """The effect with operations taken out, beside what they were.

    Parameters
    ----------
    shares : what was seen where
    difference : (L,) each operation's own difference from their mean, within branches and periods; NaN where
        no branch and period compares it
    shift : what taking the mix out changes in the effect on the same rows
    effect : with the mix taken out, or why it cannot be
    uplift, speed : of that effect
    """

    shares: Shares
    difference: Floats
    shift: float | None
    effect: Estimate | NotEstimable
    uplift: Uplift | None = None
    speed: Speed | None = None


def shares_of(observations: Observations, plan: AnalysisPlan) -> Shares:
    """The mix of operations in each arm and period, of rows that have a column of operations.

    With branches counting once a share is the mean of the branches' shares, with rows it is that of rows.
    """
    observations, without = _with_operation(observations)
    flow = Flow.of(observations, with_comparison=plan.with_comparison)
    sample, label, names = _labelled(observations, flow)
    count = len(names)
    cells = _counts(sample, label, count)
    share = np.full((2, 2, count), np.nan)
    for arm in (False, True):
        own = cells[sample.trained == arm]
        if len(own):
            shares = own.sum(axis=0) if plan.weights == "observation" else _of_each(own).sum(axis=0)
            share[int(arm)] = _of_each(shares)
    return Shares(names, np.bincount(label, minlength=count), share, without)


def _of_each(counts: Floats) -> Floats:
    """Counts (..., L) as shares."""
    return np.asarray(counts / counts.sum(axis=-1, keepdims=True))


def mix_of(observations: Observations, plan: AnalysisPlan) -> Mix | NotEstimable:
    """The effect with operations taken out.

    Branches counting once: the differences between operations are estimated within branches and periods
    only, taken from each row, and the rows averaged; the standard error holds their own uncertainty (see
    `two_way`). Rows counting once: the regression of rows with a dummy per operation.

    Parameters
    ----------
    observations : with a column of operations
    plan : of a design of two periods
    """
    if observations.operation is None:
        return NotEstimable("without_operations")
    shares = shares_of(observations, plan)
    observations, _ = _with_operation(observations)
    flow = Flow.of(observations, with_comparison=plan.with_comparison)
    arms = {"trained": flow.trained} | ({"comparison": flow.comparison} if plan.with_comparison else {})
    for arm, n in arms.items():
        if n < FEWEST:
            few = NotEstimable("few_branches", {"arm": arm, "n": n, "need": FEWEST})
            return Mix(shares, np.full(len(shares.names), np.nan), None, few)
    sample, label, names = _labelled(observations, flow, plan.measure.values)
    cell = 2 * sample.branch + sample.after
    fitted = label_effects(cell, label, sample.value, cells=2 * len(sample.trained), labels=len(names))
    if isinstance(fitted, NotEstimable):
        return Mix(shares, np.full(len(names), np.nan), None, _of_operations(fitted))
    if observations.covariates is not None or plan.estimator != "change":
        return Mix(shares, fitted.effect, None, NotEstimable("mix_of_adjusted"))
    if plan.weights == "observation":
        return _of_rows(observations, flow, plan, shares, fitted.effect)
    effect = adjusted_effect(
        sample.branch,
        sample.after,
        label,
        sample.value,
        sample.trained,
        stratum=None if observations.stratum is None else sample.stratum,
    )
    if isinstance(effect, NotEstimable):
        return Mix(shares, fitted.effect, None, _of_operations(effect))
    told = Mix(shares, fitted.effect, effect.shift, effect)
    if plan.measure.scale == "log_ratio":
        uplift, speed = speed_of_log_ratio(plan, effect)
        return replace(told, uplift=uplift, speed=speed)
    return replace(told, uplift=_uplift(plan, sample, label, fitted, effect))


def _of_operations(reason: NotEstimable) -> NotEstimable:
    return replace(reason, code=OF_OPERATIONS.get(reason.code, reason.code))


def _operation(observations: Observations) -> Labels:
    if observations.operation is None:
        raise ValueError("the rows have no operations")
    return observations.operation


def _with_operation(observations: Observations) -> tuple[Observations, int]:
    """Observations whose rows without an operation have no value, and how many these are."""
    lacking = _operation(observations).codes == MISSING
    without = int(np.sum(lacking & in_either_period(observations)))
    return replace(observations, value=np.where(lacking, np.nan, observations.value)), without


def _labelled(
    observations: Observations, flow: Flow, scale: str = "value"
) -> tuple[Sample, NDArray[np.intp], tuple[str, ...]]:
    """The rows that are used with their operations, 0 to L - 1, and these operations' names."""
    operation = _operation(observations)
    codes = operation.codes.astype(np.float64)[:, None]
    sample = sample_of(replace(observations, covariates=Matrix(("operation",), codes)), flow, scale)
    seen, label = np.unique(sample.covariates[:, 0].astype(np.intp), return_inverse=True)
    return sample, label.astype(np.intp), tuple(operation.names[code] for code in seen)


def _counts(sample: Sample, label: NDArray[np.intp], labels: int) -> Floats:
    """(G, 2, L) rows of each branch, period and operation."""
    cell = 2 * sample.branch + sample.after
    shape = (len(sample.trained), 2, labels)
    counts = np.bincount(cell * labels + label, minlength=int(np.prod(shape)))
    return counts.reshape(shape).astype(np.float64)


def _of_rows(
    observations: Observations, flow: Flow, plan: AnalysisPlan, shares: Shares, difference: Floats
) -> Mix:
    operation = _operation(observations)
    codes = [operation.names.index(name) for name in shares.names[1:]]
    dummies = Matrix(shares.names[1:], (operation.codes[:, None] == codes).astype(np.float64))
    scale = plan.measure.values
    plain = estimated(observations, flow, plan, scale)
    found = estimated(replace(observations, covariates=dummies), flow, plan, scale)
    if isinstance(plain, NotEstimable):
        return Mix(shares, difference, None, plain)
    if isinstance(found, NotEstimable):
        return Mix(shares, difference, None, found)
    told = Mix(shares, difference, found.effect.estimate - plain.effect.estimate, found.effect)
    if plan.measure.scale == "log_ratio":
        uplift, speed = speed_of_log_ratio(plan, found.effect)
        return replace(told, uplift=uplift, speed=speed)
    return replace(told, uplift=found.uplift(plan))


def _uplift(
    plan: AnalysisPlan,
    sample: Sample,
    label: NDArray[np.intp],
    fitted: LabelEffects,
    effect: AdjustedEffect,
) -> Uplift:
    """Effect over counterfactual at the mean mix of all branches and periods, by Fieller's theorem.

    The counterfactual is the trained branches' adjusted mean after less the effect; its contributions hold
    those of the differences between operations, as the effect's do.
    """
    trained = sample.trained
    shares = _of_each(_counts(sample, label, len(fitted.rows)))
    apart = shares[trained, 1].mean(axis=0) - shares.mean(axis=(0, 1))
    if np.abs(np.bincount(fitted.group, weights=apart)).max() > LINKED:
        return Uplift(None, NO_INTERVAL, "fieller")
    difference = np.nan_to_num(fitted.effect)
    late = float(sample.means(sample.value)[trained, 1].mean() - apart @ difference)
    count = int(trained.sum())
    own = np.where(trained, effect.mean[:, 1] - effect.mean[trained, 1].mean(), 0.0)
    rows = sample.value - difference[label]
    rows = rows - effect.mean[sample.branch, sample.after]
    pulled = np.bincount(sample.branch, weights=(fitted.inverse @ apart)[label] * rows, minlength=len(own))
    parts = own / np.sqrt(count * (count - 1.0)) - pulled
    pair = np.vstack([effect.parts, parts - effect.parts])
    return uplift_over(plan, effect, late - effect.estimate, pair @ pair.T, largest=abs(late))
