"""Rates: counts over exposure of branches before and after, and the ratio of their pooled rates.

Quasi-Poisson regression on arm x period with log exposure. Every cell of that model is free, so that its
fitted rates are the pooled ones, events over exposure, and everything else has a closed form whose cost grows
with the number of branches.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import chdtr

from pilot_eval.domain.observations import AFTER, Observations
from pilot_eval.stats.contrasts import LEVERAGE_LIMIT, SPREAD_LIMIT, arm_traces
from pilot_eval.stats.estimates import ByStudent
from pilot_eval.stats.flow import in_either_period
from pilot_eval.stats.results import NotEstimable

Floats = NDArray[np.float64]

PERIOD_NAMES = ("before", "after")
STEPS = 100  # of Newton's method; it takes four or five
CONVERGED = 1e-13  # its last step
REGULAR = 0.001  # probability of so small a dispersion with Poisson's counts
LARGEST_UNIT = 9  # rates are told per 1, 10, ... 10^9 units of exposure


@dataclass(frozen=True, slots=True)
class RatePanel:
    """G branches with events and exposure before and after, in an order that does not depend on their names.

    Parameters
    ----------
    trained : (G,) arm of each branch
    events : (G, 2) sums before and after
    exposure : (G, 2) sums, above 0
    """

    trained: NDArray[np.bool_]
    events: Floats
    exposure: Floats

    @classmethod
    def of(cls, observations: Observations, used: NDArray[np.bool_]) -> RatePanel:
        """Sum the rows of the branches used; exposures are above 0 wherever there is a count."""
        if observations.exposure is None:
            raise ValueError("rates need exposures")
        rows = in_either_period(observations)
        after = (observations.period[rows] == AFTER).astype(np.intp)
        place = 2 * observations.branch[rows] + after
        size = 2 * len(observations.branches)

        def sums(column: Floats) -> Floats:
            total = np.bincount(place, weights=column[rows], minlength=size).astype(np.float64)
            return total.reshape(-1, 2)[used]

        events, exposure = sums(observations.value), sums(observations.exposure)
        trained = observations.trained[used]
        order = np.lexsort((events[:, 1], events[:, 0], exposure[:, 1], exposure[:, 0], trained))
        return cls(trained[order], events[order], exposure[order])

    @property
    def arms(self) -> tuple[bool, ...]:
        """The arms that have branches, trained first."""
        return tuple(arm for arm in (True, False) if bool(np.any(self.trained == arm)))

    def pooled(self, column: Floats) -> Floats:
        """(2, 2) sums of a (G, 2) column: rows comparison, trained; columns before, after."""
        return np.array([column[~self.trained].sum(axis=0), column[self.trained].sum(axis=0)])

    def shares(self) -> Floats:
        """(G, 2) share of each branch in its arm's exposure of a period."""
        return np.asarray(self.exposure / self.pooled(self.exposure)[self.trained.astype(np.intp)])


@dataclass(frozen=True, slots=True)
class RateEffect(ByStudent):
    """Log ratio of pooled rates, after to before, of trained less that of comparison branches.

    Parameters
    ----------
    estimate : log rate ratio
    standard_error : CR2
    df : Satterthwaite degrees of freedom
    means : (2, 2) pooled rates per unit of exposure; rows comparison (NaN without), trained
    method : cr2 of the pooled rates, or branch_poisson
    """

    estimate: float
    standard_error: float
    df: float
    means: Floats
    method: str = "cr2"


def estimate_rate_ratio(panel: RatePanel) -> RateEffect | NotEstimable:
    """Estimate the ratio of rate ratios (of rates, without comparison branches) with its uncertainty.

    The covariance is CR2 by branch with working variance proportional to the mean, of the sums of branch and
    period: how these are split into rows makes no difference. Each adjustment matrix is then diagonal,
    (1 - share of exposure)^(-1/2), and the degrees of freedom follow from the traces of `arm_traces` with the
    arm's events as total.

    References
    ----------
    McCullagh & Nelder 1989, chapter 6; Pustejovsky & Tipton 2018, JBES 36(4), eq. 5, 11 and 12, with the
    working model of the generalized linear model.
    """
    for arm in panel.arms:
        count = int(np.sum(panel.trained == arm))
        if count < 2:
            return NotEstimable("few_branches", {"arm": _name(arm), "n": count, "need": 2})
    events, exposure = panel.pooled(panel.events), panel.pooled(panel.exposure)
    share = panel.shares()
    estimate = variance = trace = trace_of_square = 0.0
    means = np.full((2, 2), np.nan)
    for arm in panel.arms:
        rows, own = panel.trained == arm, int(arm)
        if np.any(events[own] == 0.0):
            period = PERIOD_NAMES[int(np.argmin(events[own]))]
            return NotEstimable(f"no_events_{period}", {"arm": _name(arm)})
        if share[rows].max() > LEVERAGE_LIMIT:
            return NotEstimable("exposure_of_one_branch", {"arm": _name(arm)})
        means[own] = events[own] / exposure[own]
        influence = (panel.events[rows] / events[own] - share[rows]) / np.sqrt(1.0 - share[rows])
        estimate += (1.0 if arm else -1.0) * float(np.log(means[own, 1] / means[own, 0]))
        variance += float(np.sum((influence[:, 1] - influence[:, 0]) ** 2))
        first, second = arm_traces(share[rows], events[own])
        trace += first
        trace_of_square += second
    if variance <= SPREAD_LIMIT**2:
        return NotEstimable("no_variation", {"n": len(panel.trained)})
    return RateEffect(estimate, float(np.sqrt(variance)), trace**2 / trace_of_square, means)


def _name(arm: bool) -> str:
    return "trained" if arm else "comparison"


def estimate_within_branches(panel: RatePanel) -> RateEffect | NotEstimable:
    """Estimate the same ratio by Poisson regression with an effect of each branch.

    Given a branch's events in both periods, those after training are binomial with odds of exposures times
    the arm's ratio: what branches differ by falls out, and so does a shift of exposure between them. Within
    an arm that is one equation with one unknown; CR2 by branch with the binomial working model is
    (1 - leverage)^(-1/2), and the degrees of freedom follow as for a weighted mean.

    Returns
    -------
    RateEffect
        Its `means` are those of the pooled rates before, and after these times the ratio of the arm.

    References
    ----------
    Hausman, Hall & Griliches 1984, Econometrica 52(4), section 3; Wooldridge 1999, Journal of Econometrics
    90(1).
    """
    pooled = estimate_rate_ratio(panel)
    if isinstance(pooled, NotEstimable):
        return pooled
    estimate = variance = trace = trace_of_square = 0.0
    means = pooled.means.copy()
    for arm in panel.arms:
        rows, own = panel.trained == arm, int(arm)
        odds = panel.exposure[rows, 1] / panel.exposure[rows, 0]
        late, total = panel.events[rows, 1], panel.events[rows].sum(axis=1)
        ratio = _common_log_ratio(odds, late, total, float(np.log(means[own, 1] / means[own, 0])))
        share = odds * np.exp(ratio) / (1.0 + odds * np.exp(ratio))
        information = total * share * (1.0 - share)
        leverage = information / information.sum()
        if leverage.max() > LEVERAGE_LIMIT:
            return NotEstimable("exposure_of_one_branch", {"arm": _name(arm)})
        estimate += ratio if arm else -ratio
        variance += float(np.sum(((late - total * share) / information.sum()) ** 2 / (1.0 - leverage)))
        first, second = arm_traces(leverage[:, None], information.sum(keepdims=True))
        trace += first
        trace_of_square += second
        means[own, 1] = means[own, 0] * np.exp(ratio)
    if variance <= SPREAD_LIMIT**2:
        return NotEstimable("no_variation", {"n": len(panel.trained)})
    df = trace**2 / trace_of_square
    return RateEffect(estimate, float(np.sqrt(variance)), df, means, method="branch_poisson")


def _common_log_ratio(odds: Floats, late: Floats, total: Floats, start: float) -> float:
    """The log ratio at which events after training are what their odds lead to expect, by Newton's method."""
    ratio = start
    for _ in range(STEPS):
        share = odds * np.exp(ratio) / (1.0 + odds * np.exp(ratio))
        step = float(np.sum(late - total * share) / np.sum(total * share * (1.0 - share)))
        ratio += float(np.clip(step, -1.0, 1.0))
        if abs(step) < CONVERGED:
            break
    return ratio


def dispersion(panel: RatePanel, means: Floats) -> float:
    """Pearson's chi-square of the sums of branch and period over its degrees of freedom; 1 as Poisson has it.

    Parameters
    ----------
    means : (2, 2) pooled rates, as in `RateEffect`
    """
    expected = means[panel.trained.astype(np.intp)] * panel.exposure
    df = expected.size - 2 * len(panel.arms)
    return float(np.sum((panel.events - expected) ** 2 / expected)) / df


def rates_per(means: Floats) -> float:
    """The smallest power of ten of exposure on which the smallest rate is at least 1."""
    smallest = float(np.nanmin(means))
    return 10.0 ** min(LARGEST_UNIT, max(0, math.ceil(-math.log10(smallest))))


def too_regular(dispersion: float, df: int) -> bool:
    """Whether counts vary less than chance alone would let them: perhaps they are no counts."""
    return float(chdtr(df, dispersion * df)) < REGULAR
