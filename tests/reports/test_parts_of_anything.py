"""Ranking, sensitivity and threats of small, broken and lopsided pilots: an answer or a reason."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest

import pilot_eval
from pilot_eval.domain.errors import BadInput
from tests.simulation.pilots import LONG

KINDS = ("score", "proportion", "duration", "rate")
DESIGNS = ("before_after", "difference_in_differences")
SEEDS = range(400 if LONG else 24)


def values(rng: np.random.Generator, kind: str, n: int) -> np.ndarray:
    """Ordinary, constant or empty of information."""
    which = int(rng.integers(0, 3))
    if kind == "score":
        return (rng.normal(50.0, 5.0, n), np.full(n, 3.0), np.round(rng.normal(2.0, 2.0, n)))[which]
    if kind == "proportion":
        return (rng.random(n) < (0.0, 0.5, 1.0)[which]).astype(float)
    if kind == "duration":
        return (rng.exponential(60.0, n), np.zeros(n), np.full(n, 30.0))[which]
    return rng.poisson((0.0, 0.2, 5.0)[which], n).astype(float)


def pilot(seed: int, kind: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """Columns with gaps, and options that go with the kind."""
    rng = np.random.default_rng(seed)
    branches = int(rng.integers(2, 12))
    visits = rng.integers(0, 4, (branches, 2))
    visits[0] += 1
    branch = np.repeat(np.repeat(np.arange(branches), 2), visits.ravel())
    after = np.repeat(np.tile([0, 1], branches), visits.ravel())
    trained = rng.random(branches) < 0.5
    n = len(branch)
    day = np.where(after == 1, np.datetime64("2014-10-01"), np.datetime64("2014-08-01"))
    day = day + rng.integers(0, 40, n).astype("timedelta64[D]")

    def gappy(column: Sequence[Any]) -> list[Any]:
        return [None if rng.random() < 0.1 else cell for cell in column]

    data = {
        "branch": [f"B{one}" for one in branch],
        "arm": ["trained" if trained[one] else "comparison" for one in branch],
        "period": ["after" if one else "before" for one in after],
        "x": gappy(values(rng, kind, n).tolist()),
        "date": gappy(day.astype(str).tolist()),
        "trained_on": ["2014-09-15" if trained[one] else None for one in branch],
        "entered": gappy((day + rng.integers(-1, 4, n).astype("timedelta64[D]")).astype(str).tolist()),
        "exposure": rng.uniform(1.0, 9.0, n).tolist(),
        "stratum": [f"S{one % 2}" for one in branch],
    }
    for name in ("auditor", "daypart", "operation"):
        data[name] = gappy([f"{name} {one}" for one in rng.integers(0, 3, n)])
    for name in ("roof", "smile"):
        data[name] = gappy(rng.integers(0, 2, n).astype(float).tolist())
    options: dict[str, Any] = {"auditor": "auditor", "daypart": "daypart", "entered": "entered"}
    if kind == "rate":
        return data, options | {"exposure": "exposure"}
    if seed % 3 == 0:
        options["operation"] = "operation"
    if seed % 5 == 0:
        options |= {"items": ["roof", "smile"], "facility": ["roof"]}
    return data, options | ({"weights": "observation"} if seed % 7 == 0 else {})


@pytest.mark.parametrize("seed", SEEDS)
def test_there_is_an_answer_or_a_reason(seed: int) -> None:
    kind, design = KINDS[seed % 4], DESIGNS[seed // 4 % 2]
    data, options = pilot(seed, kind)
    if design == DESIGNS[1] and seed % 11 == 0 and kind != "rate":
        options["strata"] = "stratum"
    asked = {"kind": kind, "design": design, "draws": 99, **options}
    try:
        made = pilot_eval.evaluate(
            data, outcome="x", with_parts=["ranking", "sensitivity", "threats"], **asked
        )
    except BadInput:
        return  # such as a pilot without any trained branch
    json.dumps(made.to_dict(), allow_nan=False)
    for language in ("en", "ru"):
        text = made.to_text(language)
        assert "{" not in text
        assert " nan" not in text
