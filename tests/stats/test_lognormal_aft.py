"""The lognormal model of waits against R's survreg, lifelines and its special cases."""

from __future__ import annotations

import json
import warnings
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from pilot_eval.stats.lognormal_aft import LognormalFit, lognormal_aft

STORED = Path(__file__).parent.parent / "reference" / "censoring.json"
OPTIMISED = 1e-7  # relative: where the other programs stop their search


def stored_rows() -> tuple[dict[str, np.ndarray], np.ndarray, dict]:
    stored = json.loads(STORED.read_text(encoding="utf-8"))
    data = {name: np.array(column, dtype=float) for name, column in stored["data"].items()}
    trained = (data["branch"] < 4).astype(float)
    X = np.column_stack([np.ones_like(trained), trained, data["after"], trained * data["after"]])
    return data, X, stored["aft"]


def fitted(time: np.ndarray, gave_up: np.ndarray, X: np.ndarray, cluster: np.ndarray) -> LognormalFit:
    found = lognormal_aft(time, gave_up, X, cluster)
    assert found is not None
    return found


def test_coefficients_and_clustered_errors_are_those_of_survreg() -> None:
    data, X, expected = stored_rows()
    found = fitted(data["seconds"], data["gave_up"] == 1.0, X, data["branch"].astype(np.intp))
    assert found.beta == pytest.approx(expected["beta"], rel=OPTIMISED)
    assert found.sigma == pytest.approx(expected["sigma"], rel=OPTIMISED)
    assert found.log_likelihood == pytest.approx(expected["log_likelihood"], rel=1e-10)
    errors = np.sqrt(np.diag(found.covariance))
    assert errors == pytest.approx(expected["standard_error"], rel=OPTIMISED)


def test_coefficients_and_robust_errors_are_those_of_lifelines() -> None:
    data, X, _ = stored_rows()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # lifelines' own dependencies deprecate one another
        from lifelines import LogNormalAFTFitter

        frame = pd.DataFrame(X[:, 1:], columns=["trained", "after", "both"])
        frame["seconds"], frame["served"] = data["seconds"], 1.0 - data["gave_up"]
        theirs = LogNormalAFTFitter().fit(frame, "seconds", "served", robust=True)
    rows = np.arange(len(X))
    found = fitted(data["seconds"], data["gave_up"] == 1.0, X, rows)
    mu = theirs.params_["mu_"]
    assert found.beta[1:] == pytest.approx([mu["trained"], mu["after"], mu["both"]], abs=1e-4)
    error = theirs.standard_errors_["mu_"]["both"]
    assert np.sqrt(found.covariance[3, 3]) == pytest.approx(error, rel=1e-4)


def test_with_nobody_giving_up_it_is_least_squares_of_log_seconds() -> None:
    data, X, _ = stored_rows()
    found = fitted(data["seconds"], np.zeros(len(X), dtype=bool), X, data["branch"].astype(np.intp))
    beta = np.linalg.lstsq(X, np.log(data["seconds"]), rcond=None)[0]
    residual = np.log(data["seconds"]) - X @ beta
    assert found.beta == pytest.approx(beta, rel=1e-9)
    assert found.sigma == pytest.approx(float(np.sqrt(np.mean(residual**2))), rel=1e-9)
    bread = np.linalg.inv(X.T @ X)
    sums = np.array([(X * residual[:, None])[data["branch"] == b].sum(axis=0) for b in range(10)])
    cluster = bread @ sums.T @ sums @ bread
    # The scores of sigma are uncorrelated with those of beta in the information, not in the sums by branch.
    assert found.covariance[:4, :4] == pytest.approx(cluster, rel=1e-8)


def test_seconds_or_minutes_change_the_constant_only() -> None:
    data, X, _ = stored_rows()
    branch, gave_up = data["branch"].astype(np.intp), data["gave_up"] == 1.0
    seconds, minutes = (fitted(data["seconds"] / unit, gave_up, X, branch) for unit in (1.0, 60.0))
    assert minutes.beta[1:] == pytest.approx(seconds.beta[1:], rel=1e-9)
    assert minutes.beta[0] == pytest.approx(seconds.beta[0] - np.log(60.0), rel=1e-9)
    assert minutes.covariance == pytest.approx(seconds.covariance, rel=1e-6, abs=1e-12)


def test_without_a_maximum_there_is_no_fit() -> None:
    X = np.ones((6, 1))
    time = np.array([3.0, 4.0, 5.0, 6.0, 7.0, 8.0])
    branch = np.arange(6)
    assert lognormal_aft(time, np.ones(6, dtype=bool), X, branch) is None
    assert lognormal_aft(np.full(6, 5.0), np.zeros(6, dtype=bool), X, branch) is None
    # The only ones served in the second group all took longer than nobody: no one was served in it.
    group = np.column_stack([np.ones(6), np.repeat([0.0, 1.0], 3)])
    assert lognormal_aft(time, np.repeat([False, True], 3), group, branch) is None
