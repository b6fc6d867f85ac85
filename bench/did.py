"""Rows in memory to difference in differences, CR2 and p, beside statsmodels and pyfixest (which give CR1).

Usage: python -m bench.did [rows] [pairs]
"""

from __future__ import annotations

import math
import subprocess
import sys
import warnings
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from bench.pairs import interleaved
from pilot_eval.stats.bootstrap import cr0_variance, cr1_factor
from pilot_eval.stats.cells import sum_cells
from pilot_eval.stats.contrasts import Effect, Panel, estimate_effect

BARS = {"statsmodels": 20.0, "pyfixest": 60.0}
MEMORY_BAR = 1.0 / 7.0
SAME = 1e-9  # relative difference allowed between estimates and CR1 standard errors
BRANCHES = 42_000  # those of the network


@dataclass(frozen=True)
class Rows:
    branch: np.ndarray
    after: np.ndarray
    trained: np.ndarray
    value: np.ndarray


def made_up(rows: int) -> Rows:
    rng = np.random.default_rng(1)
    branch = rng.integers(0, BRANCHES, rows)
    after = rng.integers(0, 2, rows)
    trained = np.arange(BRANCHES) < BRANCHES // 2
    value = rng.normal(60.0, 5.0, BRANCHES)[branch] + 2.0 * (trained[branch] & (after == 1))
    return Rows(branch, after, trained, value + rng.normal(0.0, 9.0, rows))


def ours(rows: Rows) -> tuple[float, float]:
    """Estimate and CR1 standard error; CR2, its degrees of freedom and p come along."""
    cells = sum_cells(rows.branch, rows.after, rows.value, BRANCHES, with_squares=False)
    panel = Panel.of(cells, rows.trained, by_rows=True)
    effect = estimate_effect(panel)
    assert isinstance(effect, Effect)
    assert 0.0 <= effect.pvalue <= 1.0
    return effect.estimate, math.sqrt(cr0_variance(effect) * cr1_factor(panel))


def with_statsmodels(rows: Rows) -> tuple[float, float]:
    import statsmodels.api as sm

    trained = rows.trained[rows.branch]
    X = np.column_stack([np.ones(len(rows.value)), trained, rows.after, trained * rows.after])
    model = sm.OLS(rows.value, X).fit(cov_type="cluster", cov_kwds={"groups": rows.branch})
    return float(model.params[-1]), float(model.bse[-1])


def with_pyfixest(rows: Rows) -> tuple[float, float]:
    import pandas as pd
    import pyfixest as pf

    trained = rows.trained[rows.branch].astype(np.int64)
    frame = pd.DataFrame({"y": rows.value, "t": trained, "a": rows.after, "b": rows.branch})
    model = pf.feols("y ~ t + a + t:a", frame, vcov={"CRV1": "b"})
    return float(model.coef()["t:a"]), float(model.se()["t:a"])


RUNS = {"ours": ours, "statsmodels": with_statsmodels, "pyfixest": with_pyfixest}


def extra_megabytes(name: str, rows: int) -> float:
    """Peak memory of one run beyond the data and the imports, in a process of its own."""
    command = [sys.executable, "-W", "ignore", "-m", "bench.did", "--memory", name, str(rows)]
    return float(subprocess.run(command, check=True, capture_output=True, text=True).stdout)  # noqa: S603  # ours


def print_memory(name: str, rows: int) -> None:
    warnings.simplefilter("ignore")
    data = made_up(rows)
    RUNS[name](made_up(100 * BRANCHES))  # imports and compilation
    Path("/proc/self/clear_refs").write_text("5", encoding="ascii")  # the peak so far is forgotten
    before = _status("VmRSS")
    RUNS[name](data)
    print(_status("VmHWM") - before)


def _status(field: str) -> float:
    """A line of this process's status, in MB."""
    lines = Path("/proc/self/status").read_text(encoding="ascii").splitlines()
    return float(next(line for line in lines if line.startswith(field)).split()[1]) / 1024.0


def main(rows: int = 10_000_000, pairs: int = 5) -> None:
    warnings.simplefilter("ignore")  # the peers' own dependencies deprecate one another
    data = made_up(rows)
    estimate, error = ours(data)
    own_memory = extra_megabytes("ours", rows)
    for name, bar in BARS.items():
        theirs = RUNS[name](data)
        same = max(abs(theirs[0] / estimate - 1.0), abs(theirs[1] / error - 1.0))
        found = interleaved(lambda: ours(data), lambda name=name: RUNS[name](data), pairs)  # type: ignore[misc]  # a default binds the name
        memory = extra_megabytes(name, rows)
        print(
            f"did, {rows:,} rows: {name}/ours {found.ratio:.1f} (bar {bar:.0f}), ours {found.ours:.3f} s, "
            f"{name} {found.peer:.2f} s; ours/{name} memory {own_memory / memory:.3f} "
            f"(bar {MEMORY_BAR:.3f}), {own_memory:.0f} MB against {memory:.0f} MB; "
            f"estimate and CR1 differ by {same:.1e} (at most {SAME:.0e})"
        )
        assert same < SAME


if __name__ == "__main__":
    if sys.argv[1:2] == ["--memory"]:
        print_memory(sys.argv[2], int(sys.argv[3]))
    else:
        main(*map(int, sys.argv[1:]))
