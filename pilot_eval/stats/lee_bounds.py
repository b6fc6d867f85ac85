"""What missing branches could have hidden: bounds of the effect on branches seen whatever their arm.

Where more branches of one arm have a change to look at than of the other, the surplus may be the best or the
worst of their arm. Trimming the surplus from either end of that arm bounds the effect on the branches that
would have been seen in both arms. It is assumed that training moves branches in one direction only, into
sight or out of it, and that arms were alike but for the training.

References
----------
Lee 2009, Review of Economic Studies 76(3), propositions 1a and 3; Imbens & Manski 2004, Econometrica 72(6),
eq. 6 and 7 (interval of a quantity that has bounds only).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import stdtr

from pilot_eval.domain.observations import Observations
from pilot_eval.stats.cells import observed_cells
from pilot_eval.stats.plan import AnalysisPlan
from pilot_eval.stats.results import ConfidenceInterval, NotEstimable

Floats = NDArray[np.float64]

FEWEST = 2  # branches that must be left in an arm
ROUNDING = 1e-9  # of a branch
STEPS = 200  # halvings of the search for a quantile, past the precision of a double


@dataclass(frozen=True, slots=True)
class LeeBounds:
    """Bounds of the effect under the worst and the best of what is missing.

    Parameters
    ----------
    low, high : bounds
    standard_errors : of both
    df : degrees of freedom of Student's t
    seen : branches with a change, comparison and trained
    branches : all branches, comparison and trained
    trimmed_arm : trained, comparison, or None where both arms are seen alike
    trimmed_share : share of its branches seen that is left out at one end
    """

    low: float
    high: float
    standard_errors: tuple[float, float]
    df: float
    seen: tuple[int, int]
    branches: tuple[int, int]
    trimmed_arm: str | None
    trimmed_share: float

    def confidence_interval(self, confidence_level: float = 0.95) -> ConfidenceInterval:
        """Interval of the effect itself, which the bounds enclose (Imbens & Manski 2004)."""
        quantile = _imbens_manski(
            confidence_level, (self.high - self.low) / max(self.standard_errors), self.df
        )
        return ConfidenceInterval(
            self.low - quantile * self.standard_errors[0], self.high + quantile * self.standard_errors[1]
        )


def lee_bounds(change: Floats, trained: NDArray[np.bool_]) -> LeeBounds | NotEstimable:
    """Bound the effect by trimming the arm of which more is seen.

    The trimmed mean of a share p integrates the quantile function, so that one branch may count in part. Its
    variance has three parts: spread of what is left, position of the cut, and the share to be cut (Lee 2009,
    proposition 3). With nobody missing both bounds are the difference of means, its standard error Welch's
    and its degrees of freedom those of CR2.

    Parameters
    ----------
    change : (G,) change of every branch of the pilot, NaN where it was not seen both before and after
    trained : (G,) arm
    """
    seen = ~np.isnan(change)
    branches = (int(np.sum(~trained)), int(np.sum(trained)))
    counts = (int(np.sum(seen & ~trained)), int(np.sum(seen & trained)))
    for arm, n in zip(("comparison", "trained"), counts, strict=True):
        if n < FEWEST:
            return NotEstimable("few_branches", {"arm": arm, "n": n, "need": FEWEST})
    shares = np.array(counts) / np.array(branches)
    larger = int(shares[1] > shares[0])
    trimmed = float(1.0 - shares[1 - larger] / shares[larger])
    if counts[larger] * (1.0 - trimmed) < FEWEST:
        return NotEstimable("few_branches_untrimmed", {"need": FEWEST})
    of_share = float(np.sum((1.0 - shares) / shares / np.array(branches)))
    whole = _trimmed(np.sort(change[seen & (trained != bool(larger))]), 0.0, 0.0)
    values = np.sort(change[seen & (trained == bool(larger))])
    worst = _trimmed(-values[::-1], trimmed, of_share)  # without the largest
    best = _trimmed(values, trimmed, of_share)  # without the smallest
    without_largest, without_smallest = -worst[0], best[0]
    ends = (without_largest - whole[0], without_smallest - whole[0])
    errors = (float(np.sqrt(worst[1] + whole[1])), float(np.sqrt(best[1] + whole[1])))
    if max(errors) <= 0.0:
        return NotEstimable("no_variation", {"n": sum(counts)})
    if not larger:
        ends, errors = (-ends[1], -ends[0]), (errors[1], errors[0])
    return LeeBounds(
        low=ends[0],
        high=ends[1],
        standard_errors=errors,
        df=_df(counts[larger] * (1.0 - trimmed), counts[1 - larger]),
        seen=counts,
        branches=branches,
        trimmed_arm=("comparison", "trained")[larger] if trimmed > 0.0 else None,
        trimmed_share=trimmed,
    )


def bounds_of_missing_branches(observations: Observations, plan: AnalysisPlan) -> LeeBounds | NotEstimable:
    """Bounds of the effect over all branches of the pilot, whether seen in both periods or not.

    Parameters
    ----------
    observations : of both arms
    plan : of which the kind of outcome is taken
    """
    cells = observed_cells(observations, plan.measure.values)
    return lee_bounds(cells.mean[:, 1] - cells.mean[:, 0], observations.trained)


def _trimmed(values: Floats, share: float, of_share: float) -> tuple[float, float]:
    """Mean of sorted values without the smallest `share` of them, and its variance.

    `of_share` is the variance of the logarithm of the share kept.
    """
    count = len(values)
    kept = np.clip(np.arange(1, count + 1) - count * share, 0.0, 1.0)
    total = float(kept.sum())
    mean = float(kept @ values / total)
    cut = float(values[int(np.argmax(kept > ROUNDING))])
    spread = float(kept @ (values - mean) ** 2 / (total - 1.0))
    return mean, spread / total + (cut - mean) ** 2 * (share / total + of_share)


def _df(one: float, other: float) -> float:
    """Degrees of freedom of CR2 of a difference of two means (Bell & McCaffrey 2002)."""
    below = sum(1.0 / (n**2 * (n - 1.0)) for n in (one, other) if n > 1.0)
    return float((1.0 / one + 1.0 / other) ** 2 / below)


def _imbens_manski(level: float, width: float, df: float) -> float:
    """The c with probability `level` of t between -c - width and c."""
    low, high = 0.0, 1.0
    while stdtr(df, high + width) - stdtr(df, -high) < level:
        high *= 2.0
    for _ in range(STEPS):
        middle = 0.5 * (low + high)
        if stdtr(df, middle + width) - stdtr(df, -middle) < level:
            low = middle
        else:
            high = middle
    return high
