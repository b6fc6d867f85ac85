"""How much branches differ beyond chance: the variance between them, with its interval.

Every function takes the estimates y (G,) of branches and their standard errors s (G,), taken as known.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import chdtrc, chdtri, ndtr, ndtri

Floats = NDArray[np.float64]

PRECISION = 1e-12  # of tau^2, relative to the largest value looked at
LARGEST = 1e6  # tau^2 in units of the spread seen; beyond, the equation for it has no root
FEWEST = 2


@dataclass(frozen=True, slots=True)
class Heterogeneity:
    """The spread of true values around their mean.

    Parameters
    ----------
    centre : mean weighted by 1/(s^2 + tau^2)
    centre_error : its standard error, tau^2 taken as known
    tau_squared : variance between branches beyond chance, by Paule and Mandel
    low, high : interval of tau^2 by Q-profiles
    q, df, pvalue : Cochran's test that branches differ by chance only
    i_squared : share of the spread seen that is not chance, in per cent
    """

    centre: float
    centre_error: float
    tau_squared: float
    low: float
    high: float
    q: float
    df: float
    pvalue: float
    i_squared: float


def heterogeneity(
    estimate: Floats, standard_error: Floats, *, confidence_level: float = 0.95
) -> Heterogeneity:
    """Variance between branches by Paule and Mandel, its interval, and Cochran's test.

    Parameters
    ----------
    estimate, standard_error : (G,) of at least two branches

    References
    ----------
    Paule & Mandel 1982, Journal of Research of the NBS 87(5); Viechtbauer 2007, Statistics in Medicine 26(1),
    section 2.2 (Q-profile); Higgins & Thompson 2002, Statistics in Medicine 21(11), eq. 9 (I^2).
    """
    if len(estimate) < FEWEST:
        raise ValueError("at least two branches differ from one another")
    df = float(len(estimate) - 1)
    tau_squared = _where_q_is(df, estimate, standard_error)
    weight = 1.0 / (standard_error**2 + tau_squared)
    q = generalised_q(0.0, estimate, standard_error)
    tail = (1.0 - confidence_level) / 2.0
    return Heterogeneity(
        centre=_centre(estimate, weight),
        centre_error=float(1.0 / math.sqrt(weight.sum())),
        tau_squared=tau_squared,
        low=_where_q_is(float(chdtri(df, tail)), estimate, standard_error),
        high=_where_q_is(float(chdtri(df, 1.0 - tail)), estimate, standard_error),
        q=q,
        df=df,
        pvalue=float(chdtrc(df, q)),
        i_squared=100.0 * tau_squared / (tau_squared + _typical_variance(standard_error)),
    )


def generalised_q(
    tau_squared: float, estimate: Floats, standard_error: Floats, *, winsorised: float = 0.0
) -> float:
    """Weighted sum of squares around the weighted mean; G - 1 on average at the true tau^2.

    Parameters
    ----------
    winsorised : share of z-scores at each end set to the quantile there, below 0.5. A winsorised normal
        variable varies less than the whole one, and the sum is divided by that share: 0.679 at a tenth.
    """
    weight = 1.0 / (standard_error**2 + tau_squared)
    z = np.sqrt(weight) * (estimate - _centre(estimate, weight))
    if winsorised <= 0.0:
        return float(z @ z)
    kept = np.clip(z, *np.quantile(z, [winsorised, 1.0 - winsorised]))
    return float(kept @ kept) / winsorised_variance(winsorised)


def winsorised_spread(estimate: Floats, standard_error: Floats, *, winsorised: float) -> tuple[float, float]:
    """Mean, and tau^2 by Paule and Mandel from winsorised z-scores, which a few outliers do not widen.

    The published form winsorises DerSimonian and Laird's moment without the division by what winsorising
    takes away, and comes out at about half of tau^2 where branches truly differ. With the division alone it
    is still half where standard errors are very unequal, because z-scores that leave tau out are then far
    from normal; solving for tau^2 with z-scores that hold it is right on average (`docs/methods.md`).

    Parameters
    ----------
    estimate, standard_error : (G,)
    winsorised : share of z-scores at each end, below 0.5; 0 gives Paule and Mandel's own

    References
    ----------
    Paule & Mandel 1982, Journal of Research of the NBS 87(5); Spiegelhalter et al. 2012, JRSS A 175(1),
    appendix A (winsorising).
    """
    tau_squared = _where_q_is(float(len(estimate) - 1), estimate, standard_error, winsorised)
    return _centre(estimate, 1.0 / (standard_error**2 + tau_squared)), tau_squared


def winsorised_variance(share: float) -> float:
    """Variance of a standard normal variable winsorised by this share at each end."""
    c = float(-ndtri(share))
    density = math.exp(-0.5 * c * c) / math.sqrt(2.0 * math.pi)
    return float(2.0 * ndtr(c) - 1.0 - 2.0 * c * density + 2.0 * share * c * c)


def _centre(estimate: Floats, weight: Floats) -> float:
    return float((weight * estimate).sum() / weight.sum())


def _where_q_is(target: float, estimate: Floats, standard_error: Floats, winsorised: float = 0.0) -> float:
    """The tau^2 at which Q has this value; 0 where Q is smaller from the start. Q falls as tau^2 grows."""

    def q(tau_squared: float) -> float:
        return generalised_q(tau_squared, estimate, standard_error, winsorised=winsorised)

    if q(0.0) <= target:
        return 0.0
    seen = float(np.ptp(estimate)) ** 2
    low, high = 0.0, seen
    while q(high) > target:
        high *= 4.0
        if high > LARGEST * seen:
            return math.inf
    while high - low > PRECISION * high:
        middle = 0.5 * (low + high)
        if q(middle) > target:
            low = middle
        else:
            high = middle
    return 0.5 * (low + high)


def _typical_variance(standard_error: Floats) -> float:
    """Higgins and Thompson's typical sampling variance."""
    weight = 1.0 / standard_error**2
    total = float(weight.sum())
    return (len(weight) - 1) * total / (total**2 - float((weight**2).sum()))
