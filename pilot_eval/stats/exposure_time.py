"""Whether the effect of training changes with the time since training.

One coefficient for "trained" is a weighted mean of the effects at each time since training, with weights that
may be negative: where these effects differ it may lie outside all of them, or have the other sign.

References
----------
Kenny, Voldal, Xia, Heagerty & Hughes 2022, Statistics in Medicine 41(22); Maleyeff, Li, Haneuse & Wang 2023,
Biometrics 79(3).
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from pilot_eval.stats.results import significance
from pilot_eval.stats.wedge_regression import Contrast, Wedge, two_way_fit


@dataclass(frozen=True, slots=True)
class ExposureTime:
    """Effects by the number of periods since training; None where the data do not tell them apart.

    Parameters
    ----------
    first : effect in the first trained period, where effects change along a line
    slope : change of the effect with each further period; its p-value is the test that effects are the same
    last : most periods after the first trained one that were seen
    effects : effect in the first, second, ... trained period, each with its own coefficient
    average : their mean, each time since training counting once; of the method "exposure_time"
    """

    first: Contrast
    slope: Contrast
    last: int
    effects: tuple[Contrast, ...] = ()
    average: Contrast | None = None

    def misleads(self, single: float, confidence_level: float) -> bool:
        """Whether effects differ by time since training, and one coefficient is not their mean."""
        if self.average is None or not self.slope.pvalue <= significance(confidence_level):
            return False
        return not self.average.confidence_interval(confidence_level).contains(single)


def exposure_time(wedge: Wedge) -> ExposureTime | None:
    """Effects by time since training, all with CR2 and Satterthwaite degrees of freedom.

    Returns None where "trained" and the time since training cannot be told apart.
    """
    since = np.arange(wedge.mean.shape[1]) - wedge.crossing[:, None]
    exposed = wedge.exposed.astype(np.float64)
    line = two_way_fit(wedge, np.stack([exposed, np.where(since > 0, since, 0)]))
    if line is None:
        return None
    first, slope = (line.contrast(row) for row in np.eye(2))
    times = np.unique(since[wedge.exposed & wedge.seen])
    each = two_way_fit(wedge, np.stack([(since == time).astype(np.float64) for time in times]))
    if each is None:
        return ExposureTime(first, slope, int(times[-1]))
    count = len(times)
    effects = tuple(each.contrast(row) for row in np.eye(count))
    average = replace(each.contrast(np.full(count, 1.0 / count)), method="exposure_time")
    known = average.standard_error > 0.0 and average.df > 0.0
    return ExposureTime(first, slope, int(times[-1]), effects, average if known else None)
