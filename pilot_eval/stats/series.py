"""One value per period of a calendar: what an interrupted time series is made of."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pilot_eval.domain.observations import Observations
from pilot_eval.stats.cells import ZERO_SECONDS
from pilot_eval.stats.results import NotEstimable

Floats = NDArray[np.float64]
Days = NDArray[np.datetime64]
Numbers = NDArray[np.int64]

DAYS_OF_YEAR = 365.2425
MONDAY = 3  # days from a Monday to 1970-01-01, the day 0
MOST_MISSING = 1.0 / 3.0  # of the periods of a series; with more, its dates are no regular periods


@dataclass(frozen=True, slots=True)
class Calendar:
    """Days numbered by periods of equal length.

    Parameters
    ----------
    in_months : whether a period is so many months, or so many days
    step : how many
    origin : number of the month or day with which a period begins
    """

    in_months: bool
    step: int
    origin: int

    @classmethod
    def of(cls, days: Days, time_unit: str | None) -> Calendar:
        """The calendar of a time unit; without one, the longest step that all dates keep.

        Dates on one day of the month are numbered by months, others by days.
        """
        if time_unit in ("month", "quarter"):
            return cls(True, 3 if time_unit == "quarter" else 1, 0)
        if time_unit == "week":
            return cls(False, 7, -MONDAY)
        distinct = np.unique(days)
        months = distinct.astype("datetime64[M]")
        in_months = len(np.unique(distinct - months.astype("datetime64[D]"))) == 1
        numbers = (months if in_months else distinct).astype(np.int64)
        return cls(
            in_months, int(np.gcd.reduce(np.diff(numbers))) if len(numbers) > 1 else 1, int(numbers[0])
        )

    @property
    def per_year(self) -> float:
        return (12.0 if self.in_months else DAYS_OF_YEAR) / self.step

    def period(self, days: Days) -> Numbers:
        """(n,) number of the period of each day."""
        unit = "datetime64[M]" if self.in_months else "datetime64[D]"
        return np.asarray((days.astype(unit).astype(np.int64) - self.origin) // self.step)

    def phase(self, periods: Numbers) -> Floats:
        """(n,) part of the year at which each period begins, 0 to 1."""
        start = periods * self.step + self.origin
        if self.in_months:
            return np.asarray((start % 12) / 12.0)
        days = start.astype("datetime64[D]")
        return np.asarray(
            (days - days.astype("datetime64[Y]").astype("datetime64[D]")).astype(float) / DAYS_OF_YEAR
        )


@dataclass(frozen=True, slots=True)
class Series:
    """One value per period, in order of time.

    Parameters
    ----------
    time : (T,) periods since training began: 0 in the first one after it, negative before
    value : (T,) mean of the branches' means, or sum of their events
    exposure : (T,) sum of exposures, for rates
    phase : (T,) part of the year at which each period begins
    per_year : periods of a year
    branches : (T,) branches with a value
    split : rows from before training in the period in which it began, left out
    """

    time: Floats
    value: Floats
    exposure: Floats | None
    phase: Floats
    per_year: float
    branches: NDArray[np.intp]
    split: int

    @property
    def after(self) -> NDArray[np.bool_]:
        return np.asarray(self.time >= 0.0)

    @property
    def missing(self) -> int:
        """Periods between the first and the last that have no value."""
        return int(self.time[-1] - self.time[0]) + 1 - len(self.time)

    @property
    def years(self) -> float:
        return float(self.time[-1] - self.time[0] + 1.0) / self.per_year


def series_of(
    observations: Observations, used: NDArray[np.bool_], *, scale: str, time_unit: str | None = None
) -> Series | NotEstimable:
    """Sum up the trained branches' rows by period.

    Parameters
    ----------
    observations : with `date` and `trained_on`
    used : (G,) trained branches behind the series, all trained on one day
    scale : value, percent (100 times it), log (natural logarithm, 0 taken as `ZERO_SECONDS`) or count
    time_unit : week, month or quarter; by default the step that the dates keep
    """
    if observations.date is None or observations.trained_on is None:
        raise ValueError("a series needs dates and a day of training")
    training = np.unique(observations.trained_on[used])
    if len(training) != 1:
        return NotEstimable("several_training_days", {"n": len(training)})
    rows = ~np.isnan(observations.value) & ~np.isnat(observations.date) & used[observations.branch]
    calendar = Calendar.of(observations.date[rows], time_unit)
    period, start = calendar.period(observations.date), int(calendar.period(training)[0])
    early = rows & (period == start) & (observations.date < training[0])
    if time_unit is None and early.any():  # a date by itself is before training or after it
        start, early = start + 1, np.zeros_like(rows)
    rows &= ~early
    periods, place = np.unique(period[rows], return_inverse=True)
    time = (periods - start).astype(np.float64)
    if len(time) and len(time) < (1.0 - MOST_MISSING) * (time[-1] - time[0] + 1.0):
        return NotEstimable("uneven_periods", {"n": len(time), "span": int(time[-1] - time[0]) + 1})
    value, exposure, branches = _summed(observations, rows, place, len(periods), scale)
    phase = calendar.phase(periods)
    return Series(time, value, exposure, phase, calendar.per_year, branches, int(early.sum()))


def _summed(
    observations: Observations, rows: NDArray[np.bool_], place: NDArray[np.intp], periods: int, scale: str
) -> tuple[Floats, Floats | None, NDArray[np.intp]]:
    """(T,) values, exposures and numbers of branches."""
    value = observations.value[rows]
    cell = observations.branch[rows] * periods + place
    size = len(observations.branches) * periods
    n = np.bincount(cell, minlength=size).reshape(-1, periods)
    branches = np.asarray((n > 0).sum(axis=0))
    if scale == "count":
        if observations.exposure is None:
            raise ValueError("rates need exposures")
        exposure = np.bincount(place, weights=observations.exposure[rows], minlength=periods)
        return (
            np.bincount(place, weights=value, minlength=periods).astype(float),
            exposure.astype(float),
            branches,
        )
    if scale == "log":
        value = np.log(np.where(value == 0.0, ZERO_SECONDS, value))
    elif scale == "percent":
        value = 100.0 * value
    shift = float(value[0]) if len(value) else 0.0
    sums = np.bincount(cell, weights=value - shift, minlength=size).reshape(-1, periods)
    means = np.divide(sums, n, out=np.zeros_like(sums), where=n > 0)
    return means.sum(axis=0) / branches + shift, None, branches
