"""Made-up stepped wedges, and the one computed in R."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from pilot_eval.stats.wedge_regression import TwoWayFit, Wedge, two_way_fit

STORED = Path(__file__).parent.parent / "reference" / "wedge.json"


def made_up_wedge(
    seed: int, crossing: list[int], periods: int, *, effect: float = 2.0, missing: int = 0
) -> Wedge:
    """Branches that cross one after another, with single cells missing at random."""
    rng = np.random.default_rng(seed)
    first = np.array(crossing, dtype=np.intp)
    mean = rng.normal(60.0, 5.0, (len(first), 1)) + rng.normal(0.0, 1.0, periods)
    mean = mean + rng.normal(0.0, 2.0, (len(first), periods)) * rng.choice([1.0, 2.0], (len(first), 1))
    mean += effect * (np.arange(periods) >= first[:, None])
    mean.ravel()[rng.permutation(mean.size)[:missing]] = np.nan
    return Wedge.of(mean, first)


def fit_of(panel: Wedge) -> TwoWayFit:
    """The fit of "trained" alone."""
    fit = two_way_fit(panel, panel.exposed[None].astype(float))
    assert fit is not None
    return fit


def frame_of(panel: Wedge) -> pd.DataFrame:
    """One row per cell seen: y, branch, period, trained; for programs that take data frames."""
    branch, period = np.nonzero(panel.seen)
    trained = panel.exposed[branch, period].astype(float)
    return pd.DataFrame(
        {"y": panel.mean[branch, period], "branch": branch, "period": period, "trained": trained}
    )


def from_r() -> tuple[Wedge, dict[str, Any]]:
    """The wedge of tests/reference/wedge.R with the numbers of clubSandwich and lme4."""
    stored = json.loads(STORED.read_text(encoding="utf-8"))
    crossing = np.array(stored["crossing"], dtype=np.intp)
    mean = np.full((len(crossing), stored["periods"]), np.nan)
    mean[stored["data"]["branch"], stored["data"]["period"]] = stored["data"]["mean"]
    return Wedge.of(mean, crossing), stored
