"""Segmented regression of a series: level, step and trend, and where asked season and change of slope.

Time is counted from the first period after training began, so that the intercept is what the trend leads to
be expected there and the step is the effect there, with a change of slope as without.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pilot_eval.stats.contrasts import SPREAD_LIMIT
from pilot_eval.stats.estimates import ByStudent
from pilot_eval.stats.glm import Autocorrelated, Fit, fit_least_squares, fit_poisson, newey_west
from pilot_eval.stats.results import NotEstimable
from pilot_eval.stats.series import Series

Floats = NDArray[np.float64]

LEVEL, STEP, TREND, SLOPE = range(4)  # coefficients; the last only with a change of slope
FEWEST = 3  # periods before, and after: fewer show no trend (Cochrane EPOC 2017)
SPARE = 3  # periods more than coefficients
SEASON_YEARS = 2.0  # seen twice, a season can be told from what happened once


@dataclass(frozen=True, slots=True)
class Coefficient(ByStudent):
    """A coefficient of a series with its uncertainty.

    Parameters
    ----------
    estimate, standard_error : on the scale of the analysis; per period for slopes
    df : of Student's t; infinite for the normal distribution
    method : quasi_poisson, poisson or newey_west
    """

    estimate: float
    standard_error: float
    df: float
    method: str

    def to_dict(self, confidence_level: float) -> dict[str, Any]:
        """As a field of the evaluation document."""
        ends = self.confidence_interval(confidence_level)
        return {
            "estimate": self.estimate,
            "standard_error": self.standard_error,
            "df": self.df if math.isfinite(self.df) else None,
            "confidence_interval": [ends.low, ends.high],
            "pvalue": self.pvalue,
        }


@dataclass(frozen=True, slots=True)
class SeriesFit:
    """A regression of a series.

    Parameters
    ----------
    fit : on level, step, trend, change of slope where asked, season where asked
    counts : whether the series is one of counts
    time : (T,) as in the series
    """

    fit: Fit
    counts: bool
    time: Floats

    @property
    def level(self) -> float:
        """What the trend leads to be expected when training began, at the season's mean."""
        return float(self.fit.coefficients[LEVEL])

    def autocorrelated(self, place: int) -> Autocorrelated:
        """Covariance by Newey and West, corrected for one coefficient."""
        return newey_west(self.fit, self.time, place)

    def primary(self, place: int) -> Coefficient:
        """A coefficient by the method of its kind."""
        return self.by("quasi_poisson" if self.counts else "newey_west", place)

    def by(self, method: str, place: int) -> Coefficient:
        """A coefficient with the uncertainty of a method: quasi_poisson, poisson or newey_west."""
        df = math.inf
        if method == "newey_west":
            robust = self.autocorrelated(place)
            variance, df = robust.covariance[place, place], robust.df
        else:
            scale = 1.0 if method == "poisson" else self.fit.dispersion
            variance = scale * self.fit.bread[place, place]
        return Coefficient(float(self.fit.coefficients[place]), math.sqrt(variance), df, method)


def fit_series(
    series: Series, *, season: bool = False, slope_change: bool = False
) -> SeriesFit | NotEstimable:
    """Regress a series on level, step and trend, and on what else is asked for.

    Parameters
    ----------
    series : of means, or of events with exposures
    season : two harmonics of the year, as far as the periods can show them
    slope_change : whether the trend may change when training begins

    References
    ----------
    Lopez Bernal, Cummins & Gasparrini 2017, International Journal of Epidemiology 46(1), eq. 1.
    """
    after = series.after.astype(np.float64)
    columns = [np.ones_like(series.time), after, series.time]
    if slope_change:
        columns.append(series.time * after)
    if season:
        columns += harmonics(series)
        if series.years < SEASON_YEARS or series.per_year < 2.0:
            return NotEstimable("season_unseen", {"years": series.years, "need": int(SEASON_YEARS)})
    before = len(after) - int(after.sum())
    if min(before, int(after.sum())) < FEWEST or len(after) < len(columns) + SPARE:
        need = max(2 * FEWEST, len(columns) + SPARE)
        values = {"before": before, "after": int(after.sum()), "fewest": FEWEST, "need": need}
        return NotEstimable("few_periods", values)
    regressors = np.column_stack(columns)
    if series.exposure is None:
        fit = fit_least_squares(regressors, series.value)
    elif not series.value[~series.after].any():
        return NotEstimable("no_events_before", {"arm": "trained"})
    elif not series.value[series.after].any():
        return NotEstimable("no_events_after", {"arm": "trained"})
    else:
        fit = fit_poisson(regressors, series.value, series.exposure)
    if isinstance(fit, NotEstimable):
        return fit
    if float(np.abs(fit.residual).max()) <= SPREAD_LIMIT * float(np.abs(series.value).max()):
        return NotEstimable("no_variation_in_series", {"n": len(after)})
    return SeriesFit(fit, series.exposure is not None, series.time)


def harmonics(series: Series) -> list[Floats]:
    """Sine and cosine of one and two cycles a year, without those that periods so long cannot show."""
    columns: list[Floats] = []
    for cycles in (1, 2):
        angle = 2.0 * np.pi * cycles * series.phase
        if 2 * cycles < series.per_year:
            columns += [np.sin(angle), np.cos(angle)]
        elif 2 * cycles == series.per_year:
            columns.append(np.cos(angle))
    return columns
