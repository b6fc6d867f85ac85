"""Assumptions about how branches vary, by the names that people know, turned into variances."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

from pilot_eval.stats.power import Spread
from pilot_eval.stats.sizing import Known


@dataclass(frozen=True, slots=True)
class Assumption:
    """One thing that can be assumed.

    Parameters
    ----------
    low, high : its limits; `open` where the limits themselves are out
    needed : whether nothing can be planned without it
    """

    low: float = 0.0
    high: float = math.inf
    open: bool = False
    needed: bool = False

    def allows(self, value: float) -> bool:
        inside = self.low < value < self.high if self.open else self.low <= value <= self.high
        return inside and math.isfinite(value)


_POSITIVE = Assumption(open=True)
_NEEDED = Assumption(open=True, needed=True)
_CORRELATION = Assumption(high=1.0, needed=True)
_BETWEEN = {"icc": Assumption(high=1.0)}
# What can be assumed of each kind: standard deviations on the analysis scale, or what they follow from.
ASSUMPTIONS: dict[str, dict[str, Assumption]] = {
    "score": {
        "mean": _POSITIVE,
        "within_sd": _POSITIVE,
        "between_sd": Assumption(),
        **_BETWEEN,
        "correlation": _CORRELATION,
        "visits_cv": Assumption(),
    },
    "proportion": {
        "mean": Assumption(high=1.0, open=True, needed=True),
        "between_sd": Assumption(),
        **_BETWEEN,
        "correlation": _CORRELATION,
        "visits_cv": Assumption(),
    },
    "duration": {
        "mean": _POSITIVE,
        "within_cv": _POSITIVE,
        "within_sd": _POSITIVE,
        "between_cv": Assumption(),
        "between_sd": Assumption(),
        **_BETWEEN,
        "correlation": _CORRELATION,
        "visits_cv": Assumption(),
    },
    "rate": {
        "mean": _NEEDED,
        "between_cv": Assumption(),
        "correlation": _CORRELATION,
        "exposure_cv": Assumption(),
    },
}
# Of each group exactly one is needed, where a kind knows any: they say the same in different words.
SAME = (("within_sd", "within_cv"), ("between_sd", "between_cv", "icc"))


def known_of(kind: str, assumed: Mapping[str, float]) -> Known:
    """What the assumptions say about the spread of values; their names and limits were checked.

    Branch levels have one variance in both periods and correlate by `correlation`. Of a proportion with mean
    p single visits vary by what is left of p (1 - p); of a duration with coefficient of variation cv
    logarithms vary by log(1 + cv^2). A rate's mean is that of one unit of exposure.

    Raises
    ------
    ValueError
        If branches and visits are assumed to vary by nothing, or by more than a proportion can.
    """
    between, visit = _variances(kind, assumed)
    lasting = between * assumed["correlation"]
    swing = between - lasting
    pooled = kind == "rate"
    if pooled:
        swing *= 1.0 + lasting  # a swing multiplies what is lasting
    uneven = assumed.get("exposure_cv" if pooled else "visits_cv", 0.0)
    spread = Spread(
        branch=lasting,
        branch_period=swing,
        visit=visit,
        unevenness=1.0 + uneven**2,
        pooled=pooled,
    )
    if swing + visit <= 0.0:
        raise ValueError("nothing varies: with these assumptions every effect would be certain")
    mean = assumed.get("mean")
    before = 100.0 * mean if kind == "proportion" and mean is not None else mean
    return Known(spread, before, lognormal=kind == "duration" and "within_cv" in assumed)


def _of_logarithms(assumed: Mapping[str, float], name: str) -> float:
    """Variance of logarithms, from its root or from the coefficient of variation of lognormal seconds."""
    if f"{name}_sd" in assumed:
        return assumed[f"{name}_sd"] ** 2
    return math.log1p(assumed.get(f"{name}_cv", 0.0) ** 2)


def _variances(kind: str, assumed: Mapping[str, float]) -> tuple[float, float]:
    """Variance of branch levels in a period, and of single visits."""
    if kind == "rate":
        return assumed["between_cv"] ** 2, 1.0 / assumed["mean"]
    if kind == "proportion":
        total = 1e4 * assumed["mean"] * (1.0 - assumed["mean"])
        between = assumed["icc"] * total if "icc" in assumed else assumed["between_sd"] ** 2
        if between > total:
            raise ValueError("between_sd is more than shares with this mean can vary")
        return between, total - between
    if kind == "duration":
        visit = _of_logarithms(assumed, "within")
        between = _of_logarithms(assumed, "between")
    else:
        visit = assumed["within_sd"] ** 2
        between = assumed.get("between_sd", 0.0) ** 2
    if "icc" in assumed:
        if assumed["icc"] >= 1.0:
            raise ValueError("icc must be below 1")
        between = visit * assumed["icc"] / (1.0 - assumed["icc"])
    return between, visit
