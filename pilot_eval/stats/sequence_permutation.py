"""Permutation of crossing dates over branches: the randomisation test of a stepped wedge.

The statistic is the coefficient of "trained" beside branch and period effects over its cluster-robust (CR1)
standard error; the small-sample factor is the same in every draw and cancels. A branch keeps its means and
its missing cells, and receives another branch's date of crossing. Under the hypothesis that the effect is r
the means less r where a branch was trained are what is permuted, so that every draw is a function of the
distance d = estimate - r and the interval comes from the same draws as the p-value.

References
----------
Wang & De Gruttola 2017, Statistics in Medicine 36(18), section 2; Chung & Romano 2013, Annals of Statistics
41(2), for the studentised statistic.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import combinations
from math import factorial, prod

import numpy as np
from numpy.typing import NDArray

from pilot_eval.domain.progress import told
from pilot_eval.stats.draws import chunks
from pilot_eval.stats.inversion import Draws, Polynomial, invert, product, without_rounding
from pilot_eval.stats.results import ConfidenceInterval
from pilot_eval.stats.wedge_regression import SINGULAR, Contrast, TwoWayFit, Wedge, exposure

Floats = NDArray[np.float64]
Codes = NDArray[np.intp]

ENUMERATE_AT_LEAST = 10_000  # assignments that are always looked at one by one


@dataclass(frozen=True, slots=True)
class PermutedEffect:
    """The coefficient of "trained" with the permutation's p-value and interval.

    Parameters
    ----------
    cr2 : the coefficient with its CR2 standard error and degrees of freedom, which are told beside it
    drawn : the coefficient under other assignments of the crossing dates
    method : "sequence_permutation", from which p-value and interval come
    """

    cr2: Contrast
    drawn: Draws = field(repr=False)
    method: str = "sequence_permutation"

    @property
    def estimate(self) -> float:
        return self.cr2.estimate

    @property
    def standard_error(self) -> float:
        return self.cr2.standard_error

    @property
    def df(self) -> float:
        return self.cr2.df

    @property
    def statistic(self) -> float:
        return self.cr2.statistic

    @property
    def pvalue(self) -> float:
        return self.drawn.pvalue(self.estimate)

    def confidence_interval(self, confidence_level: float = 0.95) -> ConfidenceInterval:
        return invert(self.drawn.pvalue, self.estimate, self.standard_error, confidence_level)


def assignments(crossing: Codes) -> int:
    """Number of distinct ways to give the crossing dates (G,) to the branches."""
    counts = np.unique(crossing, return_counts=True)[1]
    return factorial(len(crossing)) // prod(factorial(int(n)) for n in counts)


def sequence_draws(panel: Wedge, fit: TwoWayFit, *, draws: int, seed: int) -> Draws:
    """The studentised coefficient under other assignments of the crossing dates.

    Parameters
    ----------
    panel : G branches by T periods
    fit : of "trained" alone on that panel
    draws : random assignments, where there are more than max(draws, 10,000)
    seed : of their random numbers
    """
    enumerated = assignments(panel.crossing) <= max(draws, ENUMERATE_AT_LEAST)
    size = panel.mean.size
    orders = (
        all_sequences(panel.crossing, size)
        if enumerated
        else random_sequences(panel.crossing, draws, seed, size)
    )
    total = assignments(panel.crossing) if enumerated else draws
    parts, done = [], 0
    for crossing in orders:
        told("orders of training", done, total)
        parts.append(_statistics(fit, exposure(crossing, panel.mean.shape[1])))
        done += len(crossing)
    top: Polynomial = tuple(np.concatenate([part[0][i] for part in parts]) for i in range(2))
    bottom: Polynomial = tuple(np.concatenate([part[1][i] for part in parts]) for i in range(3))
    return Draws(top, bottom, fit.cr0, enumerated)


def random_sequences(crossing: Codes, draws: int, seed: int, size: int) -> Iterator[Codes]:
    """Chunks (draws, G) of crossing dates in random order: the earliest go to the smallest of G doubles."""
    rng = np.random.Generator(np.random.PCG64(seed))
    ordered = np.sort(crossing)
    for count in chunks(draws, size):
        order = np.argsort(rng.random((count, len(crossing))), axis=1, kind="stable")
        drawn = np.empty(order.shape, dtype=np.intp)
        np.put_along_axis(drawn, order, np.broadcast_to(ordered, order.shape), axis=1)
        yield drawn


def all_sequences(crossing: Codes, size: int) -> Iterator[Codes]:
    """Chunks (assignments, G) of every distinct order of the crossing dates.

    One date after another takes its number of the places that are left, in every way.
    """
    branches = len(crossing)
    drawn = np.zeros((1, branches), dtype=np.intp)
    left = np.arange(branches)[None]
    for code, count in zip(*np.unique(crossing, return_counts=True), strict=True):
        chosen = np.array(list(combinations(range(left.shape[1]), int(count))), dtype=np.intp)
        mask = np.ones((len(chosen), left.shape[1]), dtype=np.bool_)
        np.put_along_axis(mask, chosen, False, axis=1)
        rest = np.nonzero(mask)[1].reshape(len(chosen), -1)
        drawn = np.repeat(drawn, len(chosen), axis=0)
        np.put_along_axis(drawn, left[:, chosen].reshape(len(drawn), -1), int(code), axis=1)
        left = left[:, rest].reshape(len(drawn), -1)
    start = 0
    for count in chunks(len(drawn), size):
        yield drawn[start : start + count]
        start += count


def _statistics(fit: TwoWayFit, exposed: NDArray[np.bool_]) -> tuple[Polynomial, Polynomial]:
    """Coefficient and CR0 variance of assignments (B, G, T) as polynomials in d.

    An assignment that branch and period effects explain altogether has no coefficient; it counts as extreme.
    """
    own = fit.absorbed.residual(exposed.astype(np.float64))
    observed = fit.columns[0]
    a = np.einsum("bgt,gt->bg", own, fit.residual)
    b = np.einsum("bgt,gt->bg", own, observed)
    c = np.einsum("bgt,bgt->bg", own, own)
    total = c.sum(axis=1)
    none = total <= SINGULAR * float(np.sum(observed**2))
    total = np.where(none, 1.0, total)[:, None]
    a, b, c = (np.where(none[:, None], 0.0, part / total) for part in (a, b, c))
    p, q = a.sum(axis=1), b.sum(axis=1)
    first, second = a - p[:, None] * c, b - q[:, None] * c
    variance = tuple(v.sum(axis=1) for v in product((first, second), (first, second)))
    aa, bb = float(np.max(np.sum(a * a, axis=1))), float(np.max(np.sum(b * b, axis=1)))
    scale = (np.array([aa]), np.array([2.0 * np.sqrt(aa * bb)]), np.array([bb]))
    return (p, q), without_rounding(variance, scale)
