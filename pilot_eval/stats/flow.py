"""Which branches and rows an analysis uses, and which it leaves out."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from pilot_eval.domain.observations import AFTER, BEFORE, DURING, MISSING, Observations

Chosen = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Flow:
    """What was there and what was used.

    Parameters
    ----------
    rows : rows of the source
    rows_used : rows behind the effect
    during : rows of the training months, left out
    missing : empty cells by column
    trained, comparison : branches behind the effect; no comparison branch where the design has none
    unpaired_trained, unpaired_comparison : names of branches without a value both before and after
    one_armed : branches left out because their stratum lacks one of the arms
    digest : SHA-256 of the source
    """

    rows: int
    rows_used: int
    during: int
    missing: dict[str, int]
    trained: int
    comparison: int
    unpaired_trained: tuple[str, ...]
    unpaired_comparison: tuple[str, ...]
    one_armed: int
    digest: str | None
    used: Chosen = field(repr=False)

    @classmethod
    def of(cls, observations: Observations, *, with_comparison: bool) -> Flow:
        """Choose the branches of a two-period design."""
        trained = observations.trained
        rows = in_either_period(observations)
        seen = paired(observations)
        used = seen & (trained | with_comparison)
        alone = _one_armed(observations, used)
        used &= ~alone
        names = np.array(observations.branches, dtype=object)
        return cls(
            rows=observations.rows,
            rows_used=int(np.sum(rows & used[observations.branch])),
            during=int(np.sum(observations.period == DURING)),
            missing=dict(observations.missing),
            trained=int(np.sum(used & trained)),
            comparison=int(np.sum(used & ~trained)),
            unpaired_trained=tuple(names[trained & ~seen]),
            unpaired_comparison=tuple(names[~trained & ~seen]) if with_comparison else (),
            one_armed=int(np.sum(alone)),
            digest=observations.digest,
            used=used,
        )


def cells_missing(observations: Observations) -> int:
    """Empty cells whose rows were left out: not those of columns that the effect does not need."""
    beside = (observations.operation, observations.auditor, observations.daypart)
    idle = sum(int(np.sum(labels.codes == MISSING)) for labels in beside if labels is not None)
    if observations.entered is not None:
        idle += int(np.isnat(observations.entered).sum())
    return max(0, sum(observations.missing.values()) - idle)


def in_either_period(observations: Observations) -> Chosen:
    """(n,) rows with a value before or after training."""
    return np.asarray((observations.period != DURING) & ~np.isnan(observations.value))


def paired(observations: Observations) -> Chosen:
    """(G,) branches with a value both before and after."""
    count = len(observations.branches)
    valid = ~np.isnan(observations.value)
    seen = [
        np.bincount(observations.branch[valid & (observations.period == period)], minlength=count) > 0
        for period in (BEFORE, AFTER)
    ]
    return np.asarray(seen[0] & seen[1])


def _one_armed(observations: Observations, used: Chosen) -> Chosen:
    """(G,) used branches whose stratum lacks the other arm: they tell nothing of the effect."""
    stratum, trained = observations.stratum, observations.trained
    if stratum is None:
        return np.zeros(len(trained), dtype=np.bool_)
    count = len(stratum.names)
    has = [np.bincount(stratum.codes[used & (trained == arm)], minlength=count) > 0 for arm in (True, False)]
    return np.asarray(used & ~(has[0] & has[1])[stratum.codes])
