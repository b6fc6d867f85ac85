"""How far the trends of trained and comparison branches may differ before the conclusion falls.

The effect is a sum of what happened by event time, l'(tau + delta): tau is the effect of training, delta how
much the trained would have drifted from the comparison branches anyway. Before training only delta is seen.

Two limits on delta, each with an interval of at least the stated level for normal estimates of known
covariance (Student's t allows for its estimation):

`relative_magnitudes`
    After training the drift changes from one period to the next by at most M-bar times its largest change
    before training. For each earlier step d_s and sign, the bias of the effect is within M-bar c (+-d_s) if
    that step is the largest. The interval from the one-sided ends of both linear combinations, effect -+
    M-bar c (+-d_s), at half the error each, covers if it is; the union over steps and signs covers whichever
    is the largest. It is wider than, or as wide as, needed: the conditional and hybrid intervals of the paper
    are another, less simple way.
`smoothness`
    The drift's slope changes by at most M from one period to the next. The interval has fixed length: centred
    on the effect less a linear combination of the earlier estimates, with the worst bias in its quantile, the
    combination being the one of least length (Armstrong & Kolesar 2018), as in the paper.

References
----------
Rambachan & Roth 2023, Review of Economic Studies 90(5), lemma 2.2 and section 4.1; Armstrong & Kolesar
2018, Econometrica 86(2).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import stdtr

from pilot_eval.stats.results import ConfidenceInterval
from pilot_eval.stats.student import two_sided_quantile

Floats = NDArray[np.float64]

LARGEST_RATIO = 10.0  # M-bar beyond which no breakdown value is looked for
GRID = 100  # points at which it is looked for first
HALVINGS = 60


@dataclass(frozen=True, slots=True)
class Drift:
    """An effect with the event study before training.

    Parameters
    ----------
    effect : estimate
    post_weight : (E,) weight of event times 0, 1, ... E - 1 in it
    before : (P,) estimates at event times -P-1 ... -2, against -1
    covariance : (1 + P, 1 + P) of the effect and of these
    df : degrees of freedom
    """

    effect: float
    post_weight: Floats
    before: Floats
    covariance: Floats
    df: float

    @property
    def reach(self) -> float:
        """Largest share of a step of drift in the effect: sum of |tail sums of the weights|."""
        tails = np.cumsum(self.post_weight[::-1])
        return float(np.abs(tails).sum())

    def steps(self) -> Floats:
        """(P, 1 + P) combinations of effect and `before` that are the changes from period to period."""
        count = len(self.before)
        path = np.vstack([np.eye(1 + count)[1:], np.zeros(1 + count)])  # event time -1 is 0 by definition
        return np.diff(path, axis=0)

    def combined(self, combination: Floats) -> tuple[float, float]:
        """Estimate and standard error of a linear combination of effect and `before`."""
        variance = max(float(combination @ self.covariance @ combination), 0.0)
        return float(combination @ np.append(self.effect, self.before)), float(np.sqrt(variance))


def relative_magnitudes(drift: Drift, ratio: float, confidence_level: float = 0.95) -> ConfidenceInterval:
    """Interval of the effect where drift changes after training by at most `ratio` of its most before.

    Parameters
    ----------
    drift : with at least one estimate before training
    ratio : M-bar, 0 for no drift at all
    """
    quantile = two_sided_quantile(confidence_level, drift.df)
    effect = np.eye(1 + len(drift.before))[0]
    ends = []
    for step in drift.steps():
        for sign in (1.0, -1.0):
            largest = sign * ratio * drift.reach * step
            low, low_error = drift.combined(effect - largest)
            high, high_error = drift.combined(effect + largest)
            ends.append((low - quantile * low_error, high + quantile * high_error))
    held = [(low, high) for low, high in ends if low <= high]
    return ConfidenceInterval(min(low for low, _ in held), max(high for _, high in held))


def smoothness(drift: Drift, change: float, confidence_level: float = 0.95) -> ConfidenceInterval:
    """Interval of the effect where the slope of drift changes by at most `change` a period.

    Parameters
    ----------
    drift : with at least one estimate before training
    change : M, 0 for a drift along a straight line, on the scale of the effect
    """
    kinks = _bias_of_kinks(drift)
    combination = _shortest(drift, change * kinks, confidence_level)
    centre, error = drift.combined(combination)
    error *= _loss(drift)
    bias = change * float(np.abs(kinks @ combination).sum())
    half = _folded_quantile(confidence_level, bias / error, drift.df) * error
    return ConfidenceInterval(centre - half, centre + half)


def breakdown_ratio(drift: Drift, confidence_level: float = 0.95) -> float | None:
    """The least M-bar at which the interval of `relative_magnitudes` holds 0; None above `LARGEST_RATIO`."""
    return _first(
        lambda ratio: relative_magnitudes(drift, ratio, confidence_level).contains(0.0), LARGEST_RATIO
    )


def breakdown_change(drift: Drift, confidence_level: float = 0.95) -> float | None:
    """The least M at which the interval of `smoothness` holds 0; None above twice the effect."""
    return _first(
        lambda change: smoothness(drift, change, confidence_level).contains(0.0),
        2.0 * abs(drift.effect),
        grid=8,
        halvings=14,
    )


def _first(
    holds: Callable[[float], bool], largest: float, *, grid: int = GRID, halvings: int = HALVINGS
) -> float | None:
    """The least value at which something holds, looked for on a grid and then by halving."""
    if holds(0.0):
        return 0.0
    values = np.linspace(0.0, largest, grid + 1)
    place = next((i for i, value in enumerate(values) if holds(float(value))), None)
    if place is None:
        return None
    outside, inside = float(values[place - 1]), float(values[place])
    for _ in range(halvings):
        middle = 0.5 * (outside + inside)
        if holds(middle):
            inside = middle
        else:
            outside = middle
    return inside


def _loss(drift: Drift) -> float:
    """How much surer a combination seems than it is: q = P - 1 free weights fit the errors of covariance.

    With nu degrees of freedom the least variance is estimated too small by (nu - q) / nu, and weights that
    are estimated too have (nu - 1) / (nu - q - 1) times it (Rao 1967, Fifth Berkeley Symposium 1).
    """
    df, free = drift.df, len(drift.before) - 1
    if np.isinf(df) or df - free <= 1.0:
        return 1.0
    return float(np.sqrt(df / (df - free) * (df - 1.0) / (df - free - 1.0)))


def _bias_of_kinks(drift: Drift) -> Floats:
    """(J, 1 + P) what a kink of 1 in the drift, at each event time between the ends, adds to effect and "
    "`before`."""
    count, post = len(drift.before), np.arange(len(drift.post_weight))
    early = np.arange(-count - 1, -1)
    rows = []
    for kink in range(-count, int(post[-1])):
        late = drift.post_weight @ np.maximum(post - kink, 0) if kink >= -1 else 0.0
        rows.append(np.append(late, np.maximum(kink - early, 0) * (kink < -1)))
    return np.array(rows).reshape(len(rows), 1 + count)


def _shortest(drift: Drift, kinks: Floats, level: float) -> Floats:
    """The combination 1, v of effect and `before`, free of straight drift, with the shortest interval.

    The half length is convex in the standard error and the worst bias, and the bias is a sum of absolute
    values: with a bound above each of them the problem is smooth. It is solved about the combination of least
    variance, in units of that one's standard error. A combination short of the optimum would only lengthen
    the interval.
    """
    count = len(drift.before)
    lever = np.arange(-count, 0.0)  # straight drift of slope 1 at the event times of `before`
    needed = -float(drift.post_weight @ (1.0 + np.arange(len(drift.post_weight))))
    start = np.append(1.0, _least_variance(drift, lever, needed))
    if count == 1 or not kinks.any():
        return start
    # Directions that leave straight drift alone.
    free = np.hstack([np.zeros((count - 1, 1)), np.linalg.svd(lever[None, :])[2][1:]])
    unit = drift.combined(start)[1]
    moved, fixed = kinks @ free.T / unit, kinks @ start / unit
    bounds = np.eye(len(kinks))

    def length(place: Floats) -> tuple[float, Floats]:
        combination = start + place[: count - 1] @ free
        error = drift.combined(combination)[1] / unit
        bias = float(place[count - 1 :].sum())
        quantile = _folded_quantile(level, bias / error, drift.df)
        slope = _slope_of_quantile(quantile, bias / error, drift.df)
        of_error = free @ drift.covariance @ combination / (error * unit**2)
        return quantile * error, np.append(
            (quantile - bias / error * slope) * of_error, np.full(len(kinks), slope)
        )

    from scipy.optimize import minimize  # loaded where it is needed: slow

    found = minimize(
        length,
        np.append(np.zeros(count - 1), np.abs(fixed)),
        jac=True,
        method="SLSQP",
        constraints=[
            {
                "type": "ineq",
                "fun": lambda x: np.hstack([-moved, bounds]) @ x - fixed,
                "jac": lambda x: np.hstack([-moved, bounds]),
            },
            {
                "type": "ineq",
                "fun": lambda x: np.hstack([moved, bounds]) @ x + fixed,
                "jac": lambda x: np.hstack([moved, bounds]),
            },
        ],
        options={"ftol": 1e-12, "maxiter": 300},
    )
    return np.asarray(start + found.x[: count - 1] @ free)


def _least_variance(drift: Drift, lever: Floats, needed: float) -> Floats:
    """(P,) v of least variance of effect + v'before with v'lever = needed."""
    own, crossed = drift.covariance[1:, 1:], drift.covariance[1:, 0]
    inverse = np.linalg.pinv(own)
    free = -inverse @ crossed
    direction = inverse @ lever
    return np.asarray(free + direction * ((needed - lever @ free) / (lever @ direction)))


def _folded_quantile(level: float, shift: float, df: float) -> float:
    """The c with probability `level` of |t + shift| <= c."""
    low, high = 0.0, shift + two_sided_quantile(level, df)
    for _ in range(HALVINGS):
        middle = 0.5 * (low + high)
        if stdtr(df, middle - shift) - stdtr(df, -middle - shift) < level:
            low = middle
        else:
            high = middle
    return high


def _slope_of_quantile(quantile: float, shift: float, df: float) -> float:
    """How fast the folded quantile grows with the shift: (f(c - s) - f(c + s)) / (f(c - s) + f(c + s))."""
    near, far = (_log_density(quantile + side * shift, df) for side in (-1.0, 1.0))
    return float(np.tanh(0.5 * (near - far)))


def _log_density(value: float, df: float) -> float:
    """Logarithm of the density of t, up to a constant."""
    return -0.5 * value**2 if np.isinf(df) else float(-0.5 * (df + 1.0) * np.log1p(value**2 / df))
