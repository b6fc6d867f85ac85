"""Waits of which some were given up: the Kaplan-Meier curve and the mean wait up to a limit.

References
----------
Kaplan & Meier 1958, JASA 53(282); Royston & Parmar 2013, BMC Medical Research Methodology 13:152, for the
restricted mean.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class SurvivalCurve:
    """Share still waiting after each time at which somebody was served.

    Parameters
    ----------
    time : (k,) distinct times of service, rising
    share : (k,) share still waiting just after
    reach : the time up to which the curve is known: endless where it falls to 0, else the longest time seen
    """

    time: Floats
    share: Floats
    reach: float

    def restricted_mean(self, limit: float) -> float:
        """Mean of the shorter of wait and limit: the area under the curve up to `limit`, at most `reach`."""
        before = self.time < limit
        edges = np.concatenate([[0.0], self.time[before], [limit]])
        heights = np.concatenate([[1.0], self.share[before]])
        return float(np.sum(np.diff(edges) * heights))


def kaplan_meier(time: Floats, censored: NDArray[np.bool_]) -> SurvivalCurve:
    """The product-limit curve of waits, some of them given up.

    Parameters
    ----------
    time : (n,) seconds from 0, n at least 1
    censored : (n,) whether the wait ended by giving up at that time; who gives up at a time at which others
        are served was still waiting then
    """
    served = np.unique(time[~censored])
    ordered, ended = np.sort(time), np.sort(time[~censored])
    at_risk = len(time) - np.searchsorted(ordered, served, side="left")
    events = np.searchsorted(ended, served, side="right") - np.searchsorted(ended, served, side="left")
    share = np.cumprod((at_risk - events) / at_risk, dtype=np.float64)
    empty = len(share) > 0 and events[-1] == at_risk[-1]
    return SurvivalCurve(served, share, float("inf") if empty else float(time.max()))
