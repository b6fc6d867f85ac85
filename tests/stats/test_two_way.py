"""Label effects and the effect without them: statsmodels' dummies, full matrices, special cases, coverage."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
import pytest
import statsmodels.formula.api as smf
from numpy.typing import NDArray

from pilot_eval.stats.contrasts import Effect, estimate_effect
from pilot_eval.stats.results import NotEstimable
from pilot_eval.stats.two_way import AdjustedEffect, LabelEffects, adjusted_effect, label_effects
from tests.simulation.pilots import runs
from tests.stats.brute import Rows

EXACT = 1e-8  # relative: the same number by another order of sums, and by pseudo-inverses in the test
Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Rated:
    """Rows of a pilot with the label of each row."""

    rows: Rows
    label: NDArray[np.intp]

    @property
    def cell(self) -> NDArray[np.intp]:
        return 2 * self.rows.branch + self.rows.after

    def effects(self) -> LabelEffects:
        found = label_effects(
            self.cell,
            self.label,
            self.rows.value,
            cells=2 * len(self.rows.trained),
            labels=int(self.label.max()) + 1,
        )
        assert isinstance(found, LabelEffects)
        return found

    def adjusted(self) -> AdjustedEffect:
        rows = self.rows
        found = adjusted_effect(
            rows.branch, rows.after, self.label, rows.value, rows.trained, stratum=rows.stratum
        )
        assert isinstance(found, AdjustedEffect)
        return found


def rated(
    seed: int, *, trained: int = 5, comparison: int = 7, labels: int = 4, strata: int = 0, lean: float = 1.0
) -> Rated:
    """Unbalanced visits; later labels come oftener to trained branches after training, and are severer."""
    rng = np.random.default_rng(seed)
    count = trained + comparison
    arm = np.arange(count) < trained
    n = rng.integers(2, 7, (count, 2))
    branch = np.repeat(np.repeat(np.arange(count), 2), n.ravel())
    after = np.repeat(np.tile([0, 1], count), n.ravel())
    weight = 1.0 + lean * np.outer(arm[branch] & (after == 1), np.arange(labels))
    draw = rng.random(len(branch))[:, None] * weight.sum(axis=1, keepdims=True)
    label = (np.cumsum(weight, axis=1) < draw).sum(axis=1)
    change = rng.normal(0.0, 2.0, count)
    value = 60.0 + rng.normal(0.0, 5.0, count)[branch] + after * change[branch] - 3.0 * label
    value = value + rng.normal(0.0, 4.0, len(branch))
    stratum = np.arange(count) % strata if strata else None
    return Rated(Rows(branch, arm, after, value, stratum), label)


@pytest.mark.parametrize("seed", [1, 2])
def test_label_effects_are_those_of_dummies(seed: int) -> None:
    data = rated(seed)
    found = data.effects()
    frame = pd.DataFrame({"y": data.rows.value, "c": data.cell, "l": data.label})
    model = smf.ols("y ~ 0 + C(c) + C(l, Sum)", frame).fit()
    assert found.df == model.df_resid
    assert found.variance == pytest.approx(model.mse_resid, rel=EXACT)
    ends = model.conf_int()
    low, high = found.confidence_interval(0.95)
    for label in range(3):  # sum coding tells all labels but the last against their mean
        name = f"C(l, Sum)[S.{label}]"
        assert found.effect[label] == pytest.approx(model.params[name], rel=EXACT)
        assert [low[label], high[label]] == pytest.approx(ends.loc[name].tolist(), rel=EXACT)
    assert found.effect.sum() == pytest.approx(0.0, abs=1e-9)
    smaller = smf.ols("y ~ 0 + C(c)", frame).fit()
    test = model.compare_f_test(smaller)
    assert (found.statistic, found.pvalue) == pytest.approx(test[:2], rel=EXACT)


def test_the_adjusted_estimate_is_a_contrast_of_the_dummies_regression() -> None:
    data = rated(3)
    frame = pd.DataFrame({"y": data.rows.value, "c": data.cell, "l": data.label})
    model = smf.ols("y ~ 0 + C(c) + C(l, Sum)", frame).fit()
    mean = np.array([model.params[f"C(c)[{c}]"] for c in range(2 * len(data.rows.trained))]).reshape(-1, 2)
    change = mean[:, 1] - mean[:, 0]
    expected = change[data.rows.trained].mean() - change[~data.rows.trained].mean()
    found = data.adjusted()
    assert found.estimate == pytest.approx(expected, rel=EXACT)
    raw = estimate_effect(data.rows.panel())
    assert isinstance(raw, Effect)
    assert found.estimate - found.shift == pytest.approx(raw.estimate, rel=EXACT)


def influence_matrix(data: Rated) -> tuple[Floats, Floats, Floats]:
    """(G, n) each branch's influence, (G, n) its contribution, (n, n) within-cell maker, from definitions."""
    rows, count = data.rows, len(data.rows.trained)
    cells = (data.cell[:, None] == np.arange(2 * count)).astype(float)
    labels = (data.label[:, None] == np.arange(data.label.max() + 1)).astype(float)
    averaging = np.diag(1.0 / cells.sum(axis=0)) @ cells.T
    within = np.eye(len(rows.value)) - cells @ averaging
    change = averaging[1::2] - averaging[::2]
    estimator = np.linalg.pinv(within @ labels)
    arm = rows.trained.astype(float)
    if rows.trained.all():
        regressors = np.ones((count, 1))
    elif rows.stratum is None:
        regressors = np.column_stack([np.ones(count), arm])
    else:
        regressors = np.column_stack(
            [(rows.stratum[:, None] == np.arange(rows.stratum.max() + 1)).astype(float), arm]
        )
    weight = np.linalg.pinv(regressors)[-1]
    maker = np.eye(count) - regressors @ np.linalg.pinv(regressors)
    adjusted = change @ (np.eye(len(rows.value)) - labels @ estimator)
    imbalance = weight @ change @ labels
    residual = within @ (np.eye(len(rows.value)) - labels @ estimator)
    pull = np.diag(within @ labels @ np.linalg.pinv(labels.T @ within @ labels) @ imbalance)
    own = (rows.branch == np.arange(count)[:, None]).astype(float)
    influence = weight[:, None] * (maker @ adjusted) - own @ pull @ residual
    contribution = weight[:, None] * change - own @ pull
    return influence, contribution, within


@pytest.mark.parametrize(("strata", "comparison"), [(0, 7), (2, 7), (0, 0)])
def test_standard_error_and_df_equal_full_matrices(strata: int, comparison: int) -> None:
    data = rated(5, strata=strata, comparison=comparison)
    rows, found = data.rows, data.adjusted()
    influence, contribution, within = influence_matrix(data)
    assert found.estimate == pytest.approx(float((contribution @ rows.value).sum()), rel=EXACT)
    between = found.mean[:, 1] - found.mean[:, 0]
    groups = [rows.trained] if not comparison else [rows.trained, ~rows.trained]
    if strata:
        codes = rows.stratum
        assert codes is not None
        dummies = (codes[:, None] == np.arange(strata)).astype(float)
        X = np.column_stack([dummies, rows.trained])
    else:
        X = np.column_stack(groups).astype(float)
    left = between - X @ np.linalg.lstsq(X, between, rcond=None)[0]
    t_squared = float(left @ left) / (len(left) - X.shape[1])
    cells = (data.cell[:, None] == np.arange(2 * len(rows.trained))).astype(float)
    model = data.effects().variance * within + 0.5 * t_squared * cells @ cells.T
    target = np.diag(contribution @ model @ contribution.T)
    covariance = influence @ model @ influence.T
    factor = target / np.diag(covariance)
    assert found.standard_error**2 == pytest.approx(
        float(np.sum(factor * (influence @ rows.value) ** 2)), rel=EXACT
    )
    scaled = np.sqrt(np.outer(factor, factor)) * covariance
    assert found.df == pytest.approx(float(np.trace(scaled) ** 2 / np.sum(scaled**2)), rel=EXACT)


def test_labels_spread_alike_everywhere_leave_cr2_as_it_is() -> None:
    rng = np.random.default_rng(6)
    count, labels = 9, 3
    arm = np.arange(count) < 4
    branch = np.repeat(np.arange(count), 2 * labels)
    after = np.tile(np.repeat([0, 1], labels), count)
    value = rng.normal(60.0, 5.0, len(branch)) + after * rng.normal(0.0, 3.0, count)[branch]
    data = Rated(Rows(branch, arm, after, value), np.tile(np.arange(labels), 2 * count))
    found, raw = data.adjusted(), estimate_effect(data.rows.panel())
    assert isinstance(raw, Effect)
    assert found.shift == pytest.approx(0.0, abs=1e-12)
    assert (found.estimate, found.standard_error, found.df) == pytest.approx(
        (raw.estimate, raw.standard_error, raw.df), rel=EXACT
    )


def test_labels_that_no_cell_joins_are_compared_within_their_group_only() -> None:
    data = rated(7, labels=2)
    far = Rated(data.rows, data.label + 2 * (data.rows.branch % 2))
    found = far.effects()
    assert found.groups == 2
    assert found.group.tolist() == [0, 0, 1, 1]
    assert found.effect[:2].sum() == pytest.approx(0.0, abs=1e-9)
    assert found.effect[2:].sum() == pytest.approx(0.0, abs=1e-9)


def test_one_label_per_period_cannot_be_told_from_the_change() -> None:
    data = rated(8)
    rows = data.rows
    alone = label_effects(data.cell, rows.after, rows.value, cells=2 * len(rows.trained), labels=2)
    assert alone == NotEstimable("labels_alone", {"n": 2})
    # two labels before, two others after, in trained branches only: joined within a period, not across
    late = np.where(rows.trained[rows.branch] & (rows.after == 1), 2, 0) + data.label % 2
    found = adjusted_effect(rows.branch, rows.after, late, rows.value, rows.trained)
    assert found == NotEstimable("labels_not_linked", {"n": 2})


def test_order_of_rows_and_large_values_do_not_matter() -> None:
    data = rated(9)
    rows, order = data.rows, np.random.default_rng(1).permutation(len(data.label))
    first = data.adjusted()
    moved = adjusted_effect(
        rows.branch[order], rows.after[order], data.label[order], rows.value[order] + 1e9, rows.trained
    )
    assert isinstance(moved, AdjustedEffect)
    assert moved.estimate == pytest.approx(first.estimate, rel=1e-5)  # 1e9 leaves seven digits
    assert moved.standard_error == pytest.approx(first.standard_error, rel=1e-5)


@pytest.mark.parametrize(("trained", "comparison", "lean"), [(10, 10, 1.0), (4, 16, 4.0), (20, 20, 0.0)])
def test_intervals_hold_the_truth_where_labels_lean_to_one_arm(
    trained: int, comparison: int, lean: float
) -> None:
    count, missed, naive = runs(150), 0, 0
    for seed in range(count):
        data = rated(seed, trained=trained, comparison=comparison, labels=6, lean=lean)
        found = data.adjusted()
        missed += not found.confidence_interval(0.95).contains(0.0)
        raw = estimate_effect(data.rows.panel())
        assert isinstance(raw, Effect)
        naive += not raw.confidence_interval(0.95).contains(0.0)
    error = 3.0 * np.sqrt(0.05 * 0.95 / count)
    assert 0.05 - error < missed / count < 0.06 + error
    if lean:
        assert naive > 2 * missed  # severer auditors in one arm look like a loss
