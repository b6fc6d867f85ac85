"""The uplift by resampling branches: bias-corrected and accelerated (BCa) intervals.

Branches are drawn with replacement within their arm (and stratum), each with both its periods, so that every
resample has the pilot's own numbers of branches. The uplift of each resample is the plan's own: effect over
counterfactual, or the exponential of a log ratio.

References
----------
Efron 1987, JASA 82(397), sections 2 to 4; Davison & Hinkley 1997, Bootstrap Methods and their Application,
sections 3.2 (several samples), 3.8 (clusters) and 5.3.2, eq. 5.21 and 5.27.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr, ndtri

from pilot_eval.domain.outcomes import Better
from pilot_eval.domain.progress import told
from pilot_eval.stats.contrasts import Panel
from pilot_eval.stats.draws import random_picks
from pilot_eval.stats.plan import AnalysisPlan
from pilot_eval.stats.quantiles import quantile_of_draws
from pilot_eval.stats.relative import NO_BASE
from pilot_eval.stats.results import NO_INTERVAL, ConfidenceInterval, NotEstimable

Floats = NDArray[np.float64]

TIE = 1e-10  # resamples nearer to the estimate than this, relatively, are equal to it
FEWEST = 2  # branches of an arm (in a stratum) that can be resampled


@dataclass(frozen=True, slots=True)
class UpliftBootstrap:
    """The uplift with its BCa interval.

    Parameters
    ----------
    estimate : in per cent, signed so that plus is better
    interval : an end is None where the resamples do not reach it
    draws : resamples
    without_base : those among them whose counterfactual is zero or below
    """

    estimate: float
    interval: ConfidenceInterval
    draws: int
    without_base: int


def bootstrap_uplift(
    plan: AnalysisPlan, panel: Panel, *, logarithms: bool | None = None
) -> UpliftBootstrap | NotEstimable:
    """BCa interval of the uplift; it has no p-value.

    A resample whose counterfactual is zero or below has no uplift: it counts as farther out than any other,
    on the side of its effect. Where more than (1 - level)/2 of them are so, the interval has no ends, as
    Fieller's has none where the counterfactual may be zero.

    Parameters
    ----------
    plan : level, draws, seed, and the scale on which the uplift is told
    panel : branches on the analysis scale
    logarithms : whether its means are of log seconds; by default as the plan's kind has it
    """
    logs = plan.measure.scale == "log_ratio" if logarithms is None else logarithms

    def uplift(arms: Floats) -> Floats:
        return _of_logarithms(plan, arms) if logs else _of_means(plan, arms)

    groups = Groups.of(panel)
    if int(groups.sizes.min()) < FEWEST:
        return NotEstimable("lone_branches", {"n": int(np.sum(groups.sizes < FEWEST))})
    estimate = float(uplift(groups.arms(groups.means()[None]))[0])
    if not np.isfinite(estimate):
        return NotEstimable("no_base")
    drawn = uplift(groups.arms(groups.resampled(plan.draws, plan.seed)))
    without = int(np.count_nonzero(~np.isfinite(drawn)))
    if without > plan.draws * (1.0 - plan.level) / 2.0:
        return UpliftBootstrap(estimate, NO_INTERVAL, plan.draws, without)
    left_out = uplift(groups.left_out())
    if not np.isfinite(left_out).all():
        return UpliftBootstrap(estimate, NO_INTERVAL, plan.draws, without)
    slant = acceleration(left_out, groups.sizes)
    return UpliftBootstrap(estimate, bca(drawn, estimate, slant, plan.level), plan.draws, without)


def bca(drawn: Floats, estimate: float, acceleration: float, confidence_level: float) -> ConfidenceInterval:
    """Bias-corrected and accelerated interval.

    Parameters
    ----------
    drawn : (B,) statistic of each resample; +-inf sorts beyond all others
    estimate : of the data; resamples equal to it count half below it
    acceleration : from `acceleration`

    Returns
    -------
    ConfidenceInterval
        Ends interpolated between resamples (type 7); None where an end would lie beyond them.
    """
    near = np.abs(drawn - estimate) <= TIE * abs(estimate)
    below = (np.count_nonzero((drawn < estimate) & ~near) + 0.5 * np.count_nonzero(near)) / len(drawn)
    if not 0.0 < below < 1.0:
        return NO_INTERVAL
    bias = float(ndtri(below))
    z = bias + np.array([1.0, -1.0]) * float(ndtri((1.0 - confidence_level) / 2.0))
    if np.any(acceleration * z >= 1.0):
        return NO_INTERVAL
    share = ndtr(bias + z / (1.0 - acceleration * z))
    ends = [quantile_of_draws(drawn, float(one)) for one in share]
    return ConfidenceInterval(ends[0], ends[1])


def acceleration(left_out: Floats, sizes: NDArray[np.intp]) -> float:
    """Acceleration of several samples from their jackknife values.

    Parameters
    ----------
    left_out : (G,) statistic without each branch, groups one after the other
    sizes : (K,) branches of each group
    """
    group = np.repeat(np.arange(len(sizes)), sizes)
    centre = np.bincount(group, weights=left_out) / sizes
    influence = ((sizes - 1) / sizes)[group] * (centre[group] - left_out)
    spread = float(np.sum(influence**2))
    return float(np.sum(influence**3)) / (6.0 * spread**1.5) if spread > 0.0 else 0.0


@dataclass(frozen=True, slots=True)
class Groups:
    """Branches that may stand for one another: those of one arm, in one stratum.

    Parameters
    ----------
    sizes : (K,) branches of each group; below, they stand one group after the other
    trained : (K,) arm
    share : (K,) weight of the group's means in its arm's
    weight : (G, 2) rows behind each mean
    total : (G, 2) weight times mean, less `shift`
    shift : subtracted from every mean, so that large means do not cancel
    """

    sizes: NDArray[np.intp]
    trained: NDArray[np.bool_]
    share: Floats
    weight: Floats
    total: Floats
    shift: float

    @classmethod
    def of(cls, panel: Panel) -> Groups:
        stratum = np.zeros(len(panel.trained), dtype=np.intp) if panel.stratum is None else panel.stratum
        code = 2 * stratum + panel.trained
        order = np.argsort(code, kind="stable")
        found, sizes = np.unique(code, return_counts=True)
        trained = found % 2 == 1
        share = np.ones(len(found))
        if panel.stratum is not None:
            # As in the regression on stratum dummies: n p (1 - p), which resampling leaves as it is.
            both = np.bincount(found // 2, weights=sizes)[found // 2]
            share = sizes * (both - sizes) / both
            share /= share[trained].sum()
        shift = float(panel.mean.mean())
        weight = panel.weight[order]
        total = weight * (panel.mean[order] - shift)
        return cls(sizes.astype(np.intp), trained, share, weight, total, shift)

    @property
    def starts(self) -> NDArray[np.intp]:
        return np.cumsum(self.sizes) - self.sizes

    def means(self) -> Floats:
        """(K, 2) means before and after, less `shift`."""
        totals = np.add.reduceat(self.total, self.starts, axis=0)
        return np.asarray(totals / np.add.reduceat(self.weight, self.starts, axis=0))

    def resampled(self, draws: int, seed: int) -> Floats:
        """(draws, K, 2) means of resamples."""
        totals = self._sums(self.total, draws, seed)
        if np.ptp(self.weight) == 0.0:
            return np.asarray(totals / (self.sizes[:, None] * self.weight[0, 0]))
        return np.asarray(totals / self._sums(self.weight, draws, seed))

    def _sums(self, columns: Floats, draws: int, seed: int) -> Floats:
        """(draws, K, 2) sums of resampled columns (G, 2), both of a branch fetched as one complex number."""
        both = np.ascontiguousarray(columns).view(np.complex128).ravel()
        sums = np.empty((draws, len(self.sizes)), dtype=np.complex128)
        fetched = np.empty((0, len(both)), dtype=np.complex128)
        done = 0
        for picks in random_picks(self.sizes, draws, seed):
            if len(fetched) != len(picks):
                fetched = np.empty(picks.shape, dtype=np.complex128)
            both.take(picks, out=fetched, mode="wrap")  # in range already: wrapping is the fastest check
            np.add.reduceat(fetched, self.starts, axis=1, out=sums[done : done + len(picks)])
            done += len(picks)
            told("resamples", done, draws)
        return np.asarray(sums.view(np.float64).reshape(draws, -1, 2))

    def arms(self, means: Floats) -> Floats:
        """(n, 2, 2) means of arms (comparison, trained; zeros without) from means (n, K, 2) of groups."""
        shared = means * self.share[:, None]
        both = [shared[:, self.trained == arm].sum(axis=1) for arm in (False, True)]
        arms = np.stack(both, axis=1)
        arms[:, [bool(np.any(self.trained == arm)) for arm in (False, True)]] += self.shift
        return np.asarray(arms)

    def left_out(self) -> Floats:
        """(G, 2, 2) means of arms without each branch in turn."""
        group = np.repeat(np.arange(len(self.sizes)), self.sizes)
        totals = np.add.reduceat(self.total, self.starts, axis=0)[group] - self.total
        weights = np.add.reduceat(self.weight, self.starts, axis=0)[group] - self.weight
        means = self.means()
        arms = np.repeat(self.arms(means[None]), len(group), axis=0)
        lacking = self.share[group, None] * (totals / weights - means[group])
        arms[np.arange(len(group)), self.trained[group].astype(np.intp)] += lacking
        return arms


def _of_logarithms(plan: AnalysisPlan, arms: Floats) -> Floats:
    """(n,) uplift in per cent of mean logarithms (n, 2, 2) of arms and periods."""
    change = arms[:, 1, 1] - arms[:, 1, 0] - (arms[:, 0, 1] - arms[:, 0, 0])
    return np.asarray(100.0 * np.expm1(-change if plan.direction is Better.LOWER else change))


def _of_means(plan: AnalysisPlan, arms: Floats) -> Floats:
    """(n,) uplift in per cent of means (n, 2, 2); +-inf where there is nothing to compare with.

    Of mean times it is the change of speed where shorter is better.
    """
    change = arms[:, 1, 1] - arms[:, 1, 0] - (arms[:, 0, 1] - arms[:, 0, 0])
    base = arms[:, 1, 0] + (arms[:, 0, 1] - arms[:, 0, 0])
    none = base <= NO_BASE * np.abs(arms).max(axis=(1, 2))
    share = np.where(none, np.copysign(np.inf, change), change / np.where(none, 1.0, base))
    if plan.kind == "duration" and plan.direction is Better.LOWER:
        gone = share <= -1.0  # no time at all is left
        speed = np.where(gone, np.inf, 1.0 / (1.0 + np.where(gone, 0.0, share)) - 1.0)
        return np.asarray(100.0 * np.where(none, -share, speed))
    return np.asarray(100.0 * plan.sign * share)
