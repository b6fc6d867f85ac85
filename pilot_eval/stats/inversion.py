"""A test and its interval from one p-value function, so that they cannot contradict each other."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pilot_eval.stats.results import ConfidenceInterval, significance

Floats = NDArray[np.float64]
Polynomial = tuple[Floats, ...]

TIE = 1e-10  # statistics nearer than this, relatively, are equal
ROUNDING = 1e-13  # coefficients this small beside their parts are zero
# Distances from the estimate, in standard errors, at which the p-value is looked up first.
STEPS = (0.5, 1.0, 1.5, 2.0, 2.5, 3.0, 4.0, 6.0, 10.0, 20.0, 60.0, 300.0, 3_000.0, 30_000.0)
PRECISION = 1e-13  # of an end, in standard errors


@dataclass(frozen=True, slots=True)
class TestOfEffect:
    """A test that the effect is 0, and the effects that it does not reject.

    Parameters
    ----------
    method : its entry in `METHODS`
    statistic : observed
    pvalue : two-sided
    interval : effects not rejected at the asked level
    enumerated : whether every pattern was looked at, so that the p-value is exact
    draws : patterns looked at
    weights : distribution of the wild bootstrap's weights, where it is one
    estimate : of a test that asks about another number than the effect: the middle of its interval
    """

    __test__ = False  # the name begins like a test case's

    method: str
    statistic: float
    pvalue: float
    interval: ConfidenceInterval
    enumerated: bool
    draws: int
    weights: str | None = None
    estimate: float | None = None


@dataclass(frozen=True, slots=True)
class Draws:
    """Studentised statistics of B draws as functions of d = estimate - r, r being the effect under test.

    The draw's statistic is (p + d q) / sqrt(v0 + d v1 + d^2 v2), the observed one d / sqrt(variance), with
    the same kind of variance: any common small-sample factor cancels.

    Parameters
    ----------
    top : (p, q), each (B,)
    bottom : (v0, v1, v2), each (B,)
    variance : of the observed estimate
    enumerated : whether the draws are all patterns, the identity among them
    """

    top: Polynomial
    bottom: Polynomial
    variance: float
    enumerated: bool

    @property
    def count(self) -> int:
        return len(self.top[0])

    def pvalue(self, distance: float) -> float:
        """Share of draws at least as extreme as the data, which count as a draw unless enumerated."""
        p, q = self.top
        v0, v1, v2 = self.bottom
        drawn = distance * q
        drawn += p
        drawn *= drawn
        drawn *= self.variance
        seen = distance * v2  # in place, for this is looked up a hundred times
        seen += v1
        seen *= distance
        seen += v0
        seen *= distance * distance * (1.0 - 2.0 * TIE)
        extreme = int(np.count_nonzero(drawn >= seen))
        return extreme / self.count if self.enumerated else (1 + extreme) / (1 + self.count)


def invert(
    pvalue: Callable[[float], float], estimate: float, standard_error: float, confidence_level: float
) -> ConfidenceInterval:
    """The hull of effects r with p(r) > 1 - level, where p(r) = pvalue(estimate - r).

    An effect of 0 is looked at by itself: it lies in the interval exactly when p(0) > 1 - level. Should p
    rise again beyond a rejected 0 (it may, with few draws), those effects are left out.
    """
    alpha = significance(confidence_level)

    def end(side: float) -> float | None:
        towards_zero = -estimate / side if estimate else 0.0
        steps = [step * standard_error for step in STEPS]
        if towards_zero > 0.0:
            if pvalue(estimate) > alpha:
                steps = sorted({*(s for s in steps if s > towards_zero), towards_zero})
            else:
                steps = [*(s for s in steps if s < towards_zero), towards_zero]
        accepted = [pvalue(-side * step) > alpha for step in steps]
        if accepted[-1]:
            return None
        last = max((i for i, kept in enumerate(accepted) if kept), default=-1)
        inside = steps[last] if last >= 0 else 0.0
        outside = steps[last + 1]
        while outside - inside > PRECISION * standard_error:
            middle = 0.5 * (inside + outside)
            if middle in (inside, outside):
                break
            if pvalue(-side * middle) > alpha:
                inside = middle
            else:
                outside = middle
        return 0.0 if inside == towards_zero else estimate + side * inside

    return ConfidenceInterval(end(-1.0), end(1.0))


def product(a: Polynomial, b: Polynomial) -> Polynomial:
    """Product of two polynomials of degree 1."""
    return a[0] * b[0], a[0] * b[1] + a[1] * b[0], a[1] * b[1]


def sizes(a: Floats, b: Floats) -> Polynomial:
    """Size of the sums that the polynomial sum of (a + d b)^2 is a difference of, each of shape (1,)."""
    aa, bb = float(a @ a), float(b @ b)
    return np.array([aa]), np.array([2.0 * np.sqrt(aa * bb)]), np.array([bb])


def without_rounding(variance: Polynomial, scale: Polynomial) -> Polynomial:
    """Variance coefficients with those set to 0 that are rounding errors beside the sums they came from."""
    v0, v1, v2 = (np.where(np.abs(v) <= ROUNDING * s, 0.0, v) for v, s in zip(variance, scale, strict=True))
    return v0, v1, v2
