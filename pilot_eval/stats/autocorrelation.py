"""Whether the residuals of a series depend on those before them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import chdtrc

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Autocorrelation:
    """What residuals say of their order.

    Parameters
    ----------
    first : autocorrelation at lag 1
    durbin_watson : near 2 without autocorrelation, towards 0 where neighbours are alike
    statistic, lags, pvalue : test of Ljung and Box that the first `lags` autocorrelations are 0
    """

    first: float
    durbin_watson: float
    statistic: float
    lags: int
    pvalue: float


def autocorrelation_of(residual: Floats) -> Autocorrelation:
    """Autocorrelation of residuals, in order of time; lags: a fifth of their number, 1 to 10.

    Parameters
    ----------
    residual : (T,) not all 0

    References
    ----------
    Durbin & Watson 1950, Biometrika 37(3/4); Ljung & Box 1978, Biometrika 65(2), eq. 1.2.
    """
    count = len(residual)
    lags = max(1, min(10, count // 5))
    total = float(residual @ residual)
    r = np.array([residual[j:] @ residual[:-j] for j in range(1, lags + 1)]) / total
    statistic = count * (count + 2.0) * float(np.sum(r**2 / (count - np.arange(1, lags + 1))))
    steps = np.diff(residual)
    return Autocorrelation(
        float(r[0]), float(steps @ steps) / total, statistic, lags, float(chdtrc(lags, statistic))
    )
