"""The mixed model of Hussey and Hughes against lme4, statsmodels and its limits."""

from __future__ import annotations

import warnings

import numpy as np
import pytest

from pilot_eval.stats.hussey_hughes import HusseyHughes, hussey_hughes
from pilot_eval.stats.wedge_regression import Wedge
from tests.stats.wedges import fit_of, frame_of, from_r, made_up_wedge

OPTIMISED = 1e-5  # relative: lme4 and statsmodels stop their search there


def mixed(panel: Wedge) -> HusseyHughes:
    found = hussey_hughes(panel)
    assert found is not None
    return found


def test_effect_and_components_are_those_of_lme4() -> None:
    panel, stored = from_r()
    found, expected = mixed(panel), stored["hussey_hughes"]
    assert found.estimate == pytest.approx(expected["estimate"], rel=OPTIMISED)
    assert found.standard_error == pytest.approx(expected["standard_error"], rel=OPTIMISED)
    assert found.branch_variance == pytest.approx(expected["branch_variance"], rel=10 * OPTIMISED)
    assert found.residual_variance == pytest.approx(expected["residual_variance"], rel=10 * OPTIMISED)


def test_statsmodels_gives_the_same_effect_and_components() -> None:
    import statsmodels.formula.api as smf

    panel = made_up_wedge(21, [1, 1, 2, 2, 3, 3, 4, 4], 4, missing=3)
    frame = frame_of(panel)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it warns of its own search
        model = smf.mixedlm("y ~ C(period) + trained", frame, groups=frame["branch"]).fit(reml=True)
    found = mixed(panel)
    assert found.estimate == pytest.approx(float(model.params["trained"]), rel=1e-4)
    # its standard error is from the joint Hessian with the components, lme4's and ours from (X'V^-1 X)^-1
    assert found.branch_variance == pytest.approx(float(model.cov_re.iloc[0, 0]), rel=1e-3)
    assert found.residual_variance == pytest.approx(float(model.scale), rel=1e-3)


def test_without_any_difference_between_branches_it_is_least_squares_on_periods() -> None:
    panel = made_up_wedge(22, [1, 1, 2, 2, 3, 3], 4)
    alike = Wedge(panel.mean - panel.mean.mean(axis=1, keepdims=True) + 60.0, panel.crossing)
    found = mixed(alike)
    X = np.column_stack([np.tile(np.eye(4), (6, 1)), alike.exposed.ravel().astype(float)])
    assert found.branch_variance == 0.0
    assert found.estimate == pytest.approx(float(np.linalg.lstsq(X, alike.mean.ravel(), rcond=None)[0][-1]))


def test_with_branches_far_apart_it_is_the_fixed_effects_coefficient() -> None:
    panel = made_up_wedge(23, [1, 1, 2, 2, 3, 3], 4, missing=2)
    apart = Wedge(panel.mean + 1e4 * np.arange(6)[:, None] ** 2, panel.crossing)
    assert mixed(apart).estimate == pytest.approx(float(fit_of(apart).coefficients[0]), rel=1e-4)
    assert mixed(apart).icc > 0.99


def test_too_few_cells_give_nothing() -> None:
    panel = Wedge(np.array([[1.0, 2.0], [np.nan, 3.0]]), np.array([1, 2]))
    assert hussey_hughes(panel) is None
