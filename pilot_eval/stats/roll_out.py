"""What a training that a pilot tried may bring elsewhere: to a new branch, and to a network on average."""

from __future__ import annotations

import math
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray
from scipy.special import chdtri, ndtr

from pilot_eval.stats.cells import Cells
from pilot_eval.stats.heterogeneity import heterogeneity
from pilot_eval.stats.results import ConfidenceInterval, NotEstimable
from pilot_eval.stats.student import two_sided_quantile

Floats = NDArray[np.float64]

FEWEST = 3  # branches of an arm: below, how much branches differ rests on a single difference
_HALVINGS = 50  # leave 1e-14 of the range
_NODES = (100, 10)  # equally likely variances between trained, and between comparison branches
_GRID = 200
_FARTHEST = 10.0  # standard deviations


@dataclass(frozen=True, slots=True)
class MeanOfBranches:
    """Mean of what is true of branches, each known with its own error.

    Parameters
    ----------
    estimate, standard_error : weighted by precision; Hartung-Knapp
    df : degrees of freedom, branches less one
    tau_squared : variance between branches beyond the errors, never below 0
    """

    estimate: float
    standard_error: float
    df: float
    tau_squared: float

    def confidence_interval(self, confidence_level: float = 0.95) -> ConfidenceInterval:
        return _around(self.estimate, self.standard_error, self.df, confidence_level)

    def prediction_interval(self, confidence_level: float = 0.95) -> ConfidenceInterval:
        """Where what is true of one more branch lies."""
        spread = math.sqrt(self.standard_error**2 + self.tau_squared)
        return _around(self.estimate, spread, self.df, confidence_level)


@dataclass(frozen=True, slots=True)
class RollOut:
    """What to expect beyond the pilot, on the analysis scale.

    Parameters
    ----------
    estimate, standard_error, df : mean change of trained branches, less that of comparison branches
    trained : true changes of trained branches
    comparison : true changes of comparison branches; None where there are none
    centre, spread : (N,) mean and standard deviation of a new branch's change, one for each of N equally
        likely values of the variances between branches
    """

    estimate: float
    standard_error: float
    df: float
    trained: MeanOfBranches
    comparison: MeanOfBranches | None
    centre: Floats = field(repr=False)
    spread: Floats = field(repr=False)

    @property
    def effect_variance(self) -> float | None:
        """Variance of the training's effects: what trained branches vary more than comparison branches do."""
        if self.comparison is None:
            return None
        return max(0.0, self.trained.tau_squared - self.comparison.tau_squared)

    def new_branch(self, confidence_level: float = 0.95) -> ConfidenceInterval:
        """Where the true change of a new trained branch lies, less the mean change without training.

        The mean of the comparison branches is one number that every trained branch is compared with: its
        error is counted once, and is no part of how branches differ.
        """
        tail = (1.0 - confidence_level) / 2.0
        return ConfidenceInterval(self._quantile(tail), self._quantile(1.0 - tail))

    def hartung_knapp(self, confidence_level: float = 0.95) -> ConfidenceInterval:
        """The usual prediction interval, which takes the variances between branches as if they were known."""
        known = math.sqrt(self.standard_error**2 + self.trained.tau_squared)
        return _around(self.estimate, known, self.trained.df, confidence_level)

    def chance_above_zero(self) -> float:
        """Probability that a new trained branch changes by more than branches do without training."""
        return float(ndtr(self.centre / self.spread).mean())

    def confidence_interval(self, confidence_level: float = 0.95) -> ConfidenceInterval:
        """Where the mean over very many new branches lies: the interval of the estimate."""
        return _around(self.estimate, self.standard_error, self.df, confidence_level)

    def network(self, branches: int, confidence_level: float = 0.95) -> ConfidenceInterval:
        """Where the mean over `branches` new branches lies."""
        spread = math.sqrt(self.standard_error**2 + self.trained.tau_squared / branches)
        return _around(self.estimate, spread, self.df, confidence_level)

    def _quantile(self, probability: float) -> float:
        """Quantile of the mixture of normals with these centres and spreads."""
        low = float((self.centre - _FARTHEST * self.spread).min())
        high = float((self.centre + _FARTHEST * self.spread).max())
        for _ in range(_HALVINGS):
            middle = 0.5 * (low + high)
            if float(ndtr((middle - self.centre) / self.spread).mean()) < probability:
                low = middle
            else:
                high = middle
        return 0.5 * (low + high)


def roll_out(cells: Cells, trained: NDArray[np.bool_]) -> RollOut | NotEstimable:
    """Expect what the pilot's branches show of others that are like them.

    Parameters
    ----------
    cells : of G branches, each with values in both periods
    trained : (G,)

    References
    ----------
    IntHout, Ioannidis & Borm 2014, BMC Medical Research Methodology 14:25; Higgins, Thompson & Spiegelhalter
    2009, JRSS A 172(1) (prediction).
    """
    free = float(np.sum(cells.n - 1.0))
    if free < 1.0:
        return NotEstimable("single_observations")
    within = float(cells.squares.sum()) / free
    if within <= 0.0:
        return NotEstimable("no_variation_within")
    change = cells.mean[:, 1] - cells.mean[:, 0]
    variance = within * (1.0 / cells.n).sum(axis=1)
    for arm in (True, False):
        rows = trained == arm
        count = int(rows.sum())
        if count < FEWEST and (arm or count):
            name = "trained" if arm else "comparison"
            return NotEstimable("few_branches_to_roll_out", {"arm": name, "n": count, "need": FEWEST})
    arms = [(change[rows], variance[rows]) for rows in (trained, ~trained) if bool(rows.any())]
    return _expected(arms)


def hartung_knapp(effect: Floats, variance: Floats) -> MeanOfBranches:
    """Random-effects mean with the Hartung-Knapp standard error and tau^2 of Paule and Mandel.

    Parameters
    ----------
    effect, variance : (k,) estimates with the variances of their errors, k of at least 2

    References
    ----------
    Hartung & Knapp 2001, Statistics in Medicine 20(12); tau^2 as advised by Veroniki et al. 2016, Research
    Synthesis Methods 7(1).
    """
    tau_squared = heterogeneity(effect, np.sqrt(variance)).tau_squared
    weight = 1.0 / (variance + tau_squared)
    estimate = float(weight @ effect / weight.sum())
    df = len(effect) - 1.0
    squared = float(weight @ (effect - estimate) ** 2) / df / float(weight.sum())
    return MeanOfBranches(estimate, math.sqrt(squared), df, tau_squared)


def _expected(arms: list[tuple[Floats, Floats]]) -> RollOut:
    """Put one or two arms, trained first, each with effects and error variances, together."""
    means = [hartung_knapp(*arm) for arm in arms]
    possible = [_possible(*arm, nodes) for arm, nodes in zip(arms, _NODES, strict=False)]
    trained, comparison = means[0], means[1] if len(means) > 1 else None
    centre, error, tau_squared = possible[0]
    spread = error + tau_squared
    if comparison is None:
        return RollOut(
            trained.estimate, trained.standard_error, trained.df, trained, None, centre, np.sqrt(spread)
        )
    parts = [(mean.standard_error**2, mean.df) for mean in means]
    variance = sum(part for part, _ in parts)
    squares = sum(part**2 / df for part, df in parts)
    return RollOut(
        estimate=trained.estimate - comparison.estimate,
        standard_error=math.sqrt(variance),
        df=variance**2 / squares if squares > 0.0 else min(trained.df, comparison.df),
        trained=trained,
        comparison=comparison,
        centre=np.subtract.outer(centre, possible[1][0]).ravel(),
        spread=np.sqrt(np.add.outer(spread, possible[1][1]).ravel()),
    )


def _possible(effect: Floats, variance: Floats, nodes: int) -> tuple[Floats, Floats, Floats]:
    """Mean, variance of its error and tau^2, at equally likely values of tau^2.

    Cochran's Q at the true tau^2 is chi-squared, so that its quantiles give those of tau^2 (0 below them).

    References
    ----------
    Viechtbauer 2007, Statistics in Medicine 26(1) (profile of Q); Nagashima, Noma & Furukawa 2019,
    Statistical Methods in Medical Research 28(6) (prediction from the distribution of tau^2).
    """
    wanted = chdtri(len(effect) - 1.0, 1.0 - (np.arange(nodes) + 0.5) / nodes)
    most = max(float(np.sum((effect - effect.mean()) ** 2) / wanted[0]), float(variance.max()))
    grid = np.concatenate([[0.0], np.geomspace(most * 1e-8, most * 2.0, _GRID)])
    centre, weight = _weighted(effect, variance, grid)
    q = (weight * (effect - centre[:, None]) ** 2).sum(axis=1)
    tau_squared = np.interp(-wanted, -q, grid)
    centre, weight = _weighted(effect, variance, tau_squared)
    return centre, 1.0 / weight.sum(axis=1), tau_squared


def _weighted(effect: Floats, variance: Floats, tau_squared: Floats) -> tuple[Floats, Floats]:
    """(N,) precision-weighted means and (N, k) weights at N values of tau^2."""
    weight = 1.0 / (variance + tau_squared[:, None])
    return np.asarray(weight @ effect / weight.sum(axis=1)), weight


def _around(estimate: float, spread: float, df: float, confidence_level: float) -> ConfidenceInterval:
    half = two_sided_quantile(confidence_level, df) * spread
    return ConfidenceInterval(estimate - half, estimate + half)
