"""Branches over periods: the mean of every branch in every period, and when each branch was trained."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from pilot_eval.domain.observations import Observations
from pilot_eval.stats.cells import ZERO_SECONDS

Floats = NDArray[np.float64]
Days = NDArray[np.datetime64]

MONDAY = 3  # days from a Monday to 1970-01-01, the day 0


@dataclass(frozen=True, slots=True)
class BranchPeriods:
    """Means of G branches in T periods, in an order of branches that does not depend on their names.

    Parameters
    ----------
    first_day : (T,) first day of each period, growing
    start : (G,) the first period in which a branch is trained; T where it is not trained within the data
    n : (G, T) number of values
    mean : (G, T) their mean, NaN where there are none
    place : (G,) position of each branch in `Observations.branches`
    split : rows left out because they precede the training of their branch in its first trained period
    undated : rows with a value but without a date, left out
    """

    first_day: Days
    start: NDArray[np.intp]
    n: Floats
    mean: Floats
    place: NDArray[np.intp] = field(repr=False)
    split: int = 0
    undated: int = 0

    @property
    def periods(self) -> int:
        return len(self.first_day)

    @property
    def balanced(self) -> bool:
        """Whether every branch has a value in every period."""
        return bool((self.n > 0).all())

    def take(self, chosen: NDArray[np.bool_]) -> BranchPeriods:
        """The means of some branches."""
        return BranchPeriods(
            self.first_day,
            self.start[chosen],
            self.n[chosen],
            self.mean[chosen],
            self.place[chosen],
            self.split,
            self.undated,
        )


def first_days(days: Days, time_unit: str | None) -> Days:
    """First day of the period of each day: the day itself, its Monday, its month's or its quarter's first."""
    if time_unit is None:
        return days
    if time_unit == "week":
        number = days.astype(np.int64)
        return np.where(np.isnat(days), days, (number - (number + MONDAY) % 7).astype("datetime64[D]"))
    months = days.astype("datetime64[M]")
    if time_unit == "quarter":
        number = months.astype(np.int64)
        months = np.where(np.isnat(days), months, (number - number % 3).astype("datetime64[M]"))
    return months.astype("datetime64[D]")


def skipped_periods(first_day: Days, time_unit: str | None) -> int:
    """Weeks, months or quarters within the data in which nobody has a row; 0 where dates are the periods."""
    if time_unit is None or len(first_day) < 2:
        return 0
    if time_unit == "week":
        steps = np.diff(first_day.astype(np.int64)) // 7
    else:
        steps = np.diff(first_day.astype("datetime64[M]").astype(np.int64))
        steps = steps // 3 if time_unit == "quarter" else steps
    return int(np.sum(steps - 1))


def branch_periods(
    observations: Observations, *, time_unit: str | None = None, scale: str = "value"
) -> BranchPeriods:
    """Average the dated rows of every branch in every period.

    Each distinct date is a period unless a time unit groups them; a period in which nobody has a row does not
    exist. A branch counts as trained from the period that holds its day of training, or from the first later
    one. Rows of that period from before the day are left out and counted: they are neither before nor after.

    Parameters
    ----------
    observations : with `date` and `trained_on`; comparison branches count as not trained within the data
    time_unit : week, month, quarter or None
    scale : "value", "percent" (100 times the value) or "log" (natural logarithm, 0 taken as `ZERO_SECONDS`)
    """
    if observations.date is None or observations.trained_on is None:
        raise ValueError("branches over periods need dates and days of training")
    valued = ~np.isnan(observations.value)
    rows = valued & ~np.isnat(observations.date)
    day, branch = observations.date[rows], observations.branch[rows]
    own = first_days(day, time_unit)
    first_day, period = np.unique(own, return_inverse=True)
    trained_on = np.where(observations.trained, observations.trained_on, np.datetime64("NaT"))
    start = np.searchsorted(first_day, first_days(trained_on, time_unit)).astype(np.intp)
    start[np.isnat(trained_on)] = len(first_day)
    early = (period >= start[branch]) & (day < trained_on[branch])
    kept = ~early
    n, mean = _means(
        branch[kept],
        period[kept],
        _on_scale(observations.value[rows][kept], scale),
        (len(observations.branches), len(first_day)),
    )
    order = np.lexsort((*mean.T[::-1], *n.T[::-1], start))
    return BranchPeriods(
        first_day, start[order], n[order], mean[order], order, int(early.sum()), int((valued & ~rows).sum())
    )


def _on_scale(value: Floats, scale: str) -> Floats:
    if scale == "log":
        return np.asarray(np.log(np.where(value == 0.0, ZERO_SECONDS, value)))
    return 100.0 * value if scale == "percent" else value


def _means(
    branch: NDArray[np.intp], period: NDArray[np.intp], value: Floats, shape: tuple[int, int]
) -> tuple[Floats, Floats]:
    """(G, T) counts and means, shifted by the smallest value so that large means do not cancel."""
    place = branch * shape[1] + period
    size = shape[0] * shape[1]
    shift = float(value.min()) if len(value) else 0.0
    n = np.bincount(place, minlength=size).astype(np.float64)
    sums = np.bincount(place, weights=value - shift, minlength=size)
    mean = np.full(size, np.nan)
    np.divide(sums, n, out=mean, where=n > 0)
    return n.reshape(shape), (mean + shift).reshape(shape)
