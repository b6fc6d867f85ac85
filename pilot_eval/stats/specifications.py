"""Estimators of a pilot with two periods that only other specifications use: trimmed, on ratios, on odds."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from pilot_eval.domain.observations import Observations
from pilot_eval.stats.contrasts import SPREAD_LIMIT, Effect, Panel, arm_traces, estimate_effect
from pilot_eval.stats.flow import in_either_period
from pilot_eval.stats.results import NotEstimable

Floats = NDArray[np.float64]

TRIMMED = 0.05  # share of rows, or of branches, left out at each end
FEWEST_TO_TRIM = 6  # branches of an arm
ROUNDING = 1e-12  # p (1 - p) of a share that is 0 or 1 but for rounding


def rows_within(observations: Observations, share: float) -> NDArray[np.bool_]:
    """(n,) rows without that share of the lowest and of the highest values of each arm and period."""
    kept = np.ones(len(observations.value), dtype=np.bool_)
    usable = in_either_period(observations)
    arm = observations.trained[observations.branch]
    for trained in (True, False):
        for period in np.unique(observations.period):
            own = np.flatnonzero(usable & (arm == trained) & (observations.period == period))
            cut = int(share * len(own))
            if cut:
                order = own[np.argsort(observations.value[own], kind="stable")]
                kept[order[:cut]] = kept[order[-cut:]] = False
    return kept


def trimmed_difference(
    change: Floats, trained: NDArray[np.bool_], share: float
) -> tuple[float, float, float]:
    """Difference of trimmed means, its standard error and degrees of freedom.

    Parameters
    ----------
    change : (G,)
    trained : (G,) arms; one arm alone gives its trimmed mean
    share : left out at each end of each arm, at least one branch

    References
    ----------
    Yuen 1974, Biometrika 61(1) (standard error from the winsorised variance).
    """
    estimate, variances, freedoms = 0.0, [], []
    for arm in (True, False):
        own = np.sort(change[trained == arm])
        n = len(own)
        if not n:
            continue
        cut = max(1, int(share * n))
        kept = n - 2 * cut
        estimate += (1.0 if arm else -1.0) * float(own[cut : n - cut].mean())
        winsorised = np.clip(own, own[cut], own[n - cut - 1])
        variances.append((n - 1) * float(winsorised.var(ddof=1)) / (kept * (kept - 1)))
        freedoms.append(kept - 1)
    total = sum(variances)
    spread = sum(v * v / f for v, f in zip(variances, freedoms, strict=True))
    return estimate, math.sqrt(total), total * total / spread if spread > 0.0 else float(sum(freedoms))


def log_ratio_of_ratios(panel: Panel) -> tuple[float, float, float] | NotEstimable:
    """Logarithm of (T1/T0)/(C1/C0), without comparison branches of T1/T0, by the delta method.

    Returns
    -------
    tuple or NotEstimable
        Estimate, standard error and degrees of freedom; `not_all_above_zero` where a mean is not,
        `no_variation` where every branch changed by the same factor.
    """
    effect = estimate_effect(panel)
    if isinstance(effect, NotEstimable):
        return effect
    if np.nanmin(effect.means) <= 0.0:
        return NotEstimable("not_all_above_zero")
    return _if_spread(panel, of_transformed(panel, effect, np.log(effect.means), 1.0 / effect.means))


def log_odds_ratio(panel: Panel) -> tuple[float, float, float] | NotEstimable:
    """Logistic regression of rows on 1, trained, after, trained x after: the last coefficient by CR2.

    The regression is saturated, so that it is the log odds of four pooled shares. Its working model is the
    binomial's, weights p (1 - p) being the same for all rows of an arm and period.

    Parameters
    ----------
    panel : shares of branches before and after, with their rows as weights

    Returns
    -------
    tuple or NotEstimable
        Estimate, standard error and degrees of freedom.

    References
    ----------
    Pustejovsky & Tipton 2018, JBES 36(4), section 2.3 and appendix (weighted least squares).
    """
    effect = estimate_effect(panel)
    if isinstance(effect, NotEstimable):
        return effect
    share = effect.means
    variance = share * (1.0 - share)
    if np.nanmin(variance) <= ROUNDING:
        return NotEstimable("share_of_zero_or_all")
    logits = np.log(share / (1.0 - share))
    return _if_spread(panel, of_transformed(panel, effect, logits, 1.0 / variance, working_variance=variance))


def _if_spread(panel: Panel, found: tuple[float, float, float]) -> tuple[float, float, float] | NotEstimable:
    """An effect on a logarithmic scale, unless its standard error is rounding."""
    return found if found[1] > SPREAD_LIMIT else NotEstimable("no_variation", {"n": len(panel.trained)})


def of_transformed(
    panel: Panel,
    effect: Effect,
    means: Floats,
    slope: Floats,
    *,
    working_variance: Floats | float = 1.0,
) -> tuple[float, float, float]:
    """The effect in transformed means by the delta method: estimate, CR2 standard error, degrees of freedom.

    Parameters
    ----------
    panel, effect : without strata
    means : (2, 2) transformed means, NaN for an arm that is not there
    slope : (2, 2) derivatives of the transformation at the means
    working_variance : (2, 2) of a row, up to a factor; equal by default
    """
    estimate = squares = trace = trace_of_square = 0.0
    totals = panel.arm_weights()
    widths = np.broadcast_to(working_variance, slope.shape)
    for arm in panel.arms:
        own = panel.trained == arm
        change = effect.influence[own] * slope[int(arm)]
        estimate += (1.0 if arm else -1.0) * float(means[int(arm), 1] - means[int(arm), 0])
        squares += float(np.sum((change[:, 1] - change[:, 0]) ** 2))
        total = totals[int(arm)]
        first, second = arm_traces(
            panel.weight[own] / total, total / (slope[int(arm)] ** 2 * widths[int(arm)])
        )
        trace += first
        trace_of_square += second
    return estimate, math.sqrt(squares), trace**2 / trace_of_square
