"""An outcome week by week: means of one arm, charted with limits that begin anew with each period."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pilot_eval.domain.observations import Observations
from pilot_eval.stats.cells import on_scale
from pilot_eval.stats.results import NotEstimable
from pilot_eval.stats.xmr import Xmr, xmr

Floats = NDArray[np.float64]

FIRST_MONDAY = np.datetime64("1970-01-05")
DAYS_OF_WEEK = 7


@dataclass(frozen=True, slots=True)
class WeeklyMeans:
    """Means of n weeks in the order of time; a week in which a period begins counts once for each.

    Parameters
    ----------
    week : (n,) its Monday
    period : (n,) BEFORE, DURING or AFTER
    mean : (n,) of the rows of the week, each counting once, on the scale asked for
    rows, branches : (n,) what the mean rests on
    chart : of the means, with limits for each period
    """

    week: NDArray[np.datetime64]
    period: NDArray[np.int8]
    mean: Floats
    rows: NDArray[np.intp]
    branches: NDArray[np.intp]
    chart: Xmr


def weekly_means(
    observations: Observations, scale: str, rows: NDArray[np.bool_] | None = None
) -> WeeklyMeans | NotEstimable:
    """Chart the weeks of an outcome.

    Parameters
    ----------
    observations : with `date`
    scale : as `cells.observed_cells` takes it; means of logarithms are geometric means
    rows : (n,) which of them to take; all unless given
    """
    if observations.date is None:
        return NotEstimable("no_column", {"column": "date"})
    chosen = ~np.isnan(observations.value) & ~np.isnat(observations.date)
    if rows is not None:
        chosen &= rows
    if not chosen.any():
        return NotEstimable("few_to_compare")
    period = observations.period[chosen].astype(np.intp)
    since = (observations.date[chosen] - FIRST_MONDAY).astype(np.int64)
    week = since // DAYS_OF_WEEK
    # Periods follow each other, so that (period, week) is the order of time.
    span = int(week.max() - week.min()) + 1
    place, code = np.unique(period * span + (week - week.min()), return_inverse=True)
    count = np.bincount(code)
    value = on_scale(observations.value[chosen], scale)
    mean = value[0] + np.bincount(code, weights=value - value[0]) / count
    of_branch = np.unique(np.column_stack([code, observations.branch[chosen]]), axis=0)[:, 0]
    periods = (place // span).astype(np.int8)
    begins = (np.flatnonzero(np.diff(periods)) + 1).tolist()
    return WeeklyMeans(
        week=FIRST_MONDAY + ((place % span + week.min()) * DAYS_OF_WEEK).astype("timedelta64[D]"),
        period=periods,
        mean=mean,
        rows=count,
        branches=np.bincount(of_branch, minlength=len(place)),
        chart=xmr(mean, begins),
    )
