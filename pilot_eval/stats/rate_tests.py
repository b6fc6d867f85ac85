"""Tests of a rate ratio that need no distribution: permuted arms, and flipped signs of scores.

References
----------
Chung & Romano 2013, Annals of Statistics 41(2), section 3 (why the permuted statistic is studentised);
Hemerik, Goeman & Finos 2020, JRSS B 82(3), section 4 (sign flips of effective scores).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pilot_eval.domain.progress import told
from pilot_eval.stats.bootstrap import Weights
from pilot_eval.stats.draws import all_arms, packed, random_arms, sums_of_set
from pilot_eval.stats.inversion import TIE, TestOfEffect, invert
from pilot_eval.stats.permutation import ENUMERATE_AT_LEAST, assignments
from pilot_eval.stats.rate_ratio import RateEffect, RatePanel

Floats = NDArray[np.float64]
Arms = NDArray[np.bool_]

LARGEST_LOG = 300.0  # of a tested log ratio; the square of its exponential is still a double


def permute_rates(
    panel: RatePanel, effect: RateEffect, *, draws: int, seed: int, confidence_level: float
) -> TestOfEffect:
    """Test that the rate ratio is 1 by permuting arms over branches, and invert the test.

    Under the hypothesis that the log ratio is r, the trained branches' events after training are divided by
    exp(r). The statistic is the log ratio over its linearised standard error with n/(n - 1) in each arm,
    which is CR2 where exposures are equal. An assignment whose ratio does not exist, because an arm has no
    events, counts as extreme.

    Parameters
    ----------
    panel, effect : what was estimated with both arms, and the estimate
    draws : random assignments, where not all are looked at
    """
    alike = np.zeros(len(panel.trained), dtype=np.intp)
    enumerated = assignments(panel.trained, alike) <= max(draws, ENUMERATE_AT_LEAST)
    arms = (
        iter([all_arms(panel.trained, alike)])
        if enumerated
        else random_arms(panel.trained, alike, draws, seed)
    )
    drawn = _Assignments.of(panel, arms, draws)
    actual = _Assignments.of(panel, [panel.trained[None, :]])

    def pvalue(distance: float) -> float:
        tested = float(np.clip(effect.estimate - distance, -LARGEST_LOG, LARGEST_LOG))
        seen = abs(float(actual.statistics(tested)[0]))
        extreme = int(np.count_nonzero(np.abs(drawn.statistics(tested)) >= seen * (1.0 - TIE)))
        return extreme / drawn.count if enumerated else (1 + extreme) / (1 + drawn.count)

    return TestOfEffect(
        method="permutation",
        statistic=float(actual.statistics(0.0)[0]),
        pvalue=pvalue(effect.estimate),
        interval=invert(pvalue, effect.estimate, effect.standard_error, confidence_level),
        enumerated=enumerated,
        draws=drawn.count,
    )


@dataclass(frozen=True, slots=True)
class _Arm:
    """One arm of B assignments: what its log ratio and variance are for every hypothesis, each (B,).

    A branch adds events/total - rest to the error of the log ratio; `rest` does not depend on the hypothesis.

    Parameters
    ----------
    others, own : events after training of branches that were not trained, and of those that were
    others_squared, own_squared : sums of their squares
    others_rest, own_rest : sums of their products with `rest`
    rest_squared : sum of squares of `rest`
    constant : logarithm of exposure before and after and of events before, as they enter the log ratio
    branches : in the arm
    """

    others: Floats
    own: Floats
    others_squared: Floats
    own_squared: Floats
    others_rest: Floats
    own_rest: Floats
    rest_squared: Floats
    constant: Floats
    branches: int

    @classmethod
    def of(cls, sums: Floats, branches: int) -> _Arm:
        """From sums (20, B) of COLUMNS and of products of each pair."""
        single, products = sums[:COLUMNS], dict(zip(PAIRS, sums[COLUMNS:], strict=True))
        others, own, exposure, events_before, exposure_before = single
        with np.errstate(divide="ignore", invalid="ignore"):
            factors = {2: 1.0 / exposure, 3: 1.0 / events_before, 4: -1.0 / exposure_before}
            constant = np.log(exposure_before / exposure / events_before)

            def with_rest(column: int) -> Floats:
                return np.asarray(
                    sum(f * products[min(column, k), max(column, k)] for k, f in factors.items())
                )

            return cls(
                others,
                own,
                products[0, 0],
                products[1, 1],
                with_rest(0),
                with_rest(1),
                np.asarray(sum(f * with_rest(k) for k, f in factors.items())),
                constant,
                branches,
            )

    def log_ratio(self, shrink: float) -> tuple[Floats, Floats]:
        """(B,) log ratios and their variances with the trained branches' events after times `shrink`."""
        events = self.others + shrink * self.own
        crossed = self.others_rest + shrink * self.own_rest
        squared = self.others_squared + shrink * shrink * self.own_squared
        variance = (squared / events - 2.0 * crossed) / events + self.rest_squared
        return np.log(events) + self.constant, self.branches / (self.branches - 1) * variance


# Events after training of branches that were not trained and of those that were, exposure after, events and
# exposure before.
COLUMNS = 5
PAIRS = [(i, j) for i in range(COLUMNS) for j in range(i, COLUMNS)]


@dataclass(frozen=True, slots=True)
class _Assignments:
    """Both arms of B assignments."""

    trained: _Arm
    comparison: _Arm

    @classmethod
    def of(cls, panel: RatePanel, arms: Iterable[Arms], draws: int = 1) -> _Assignments:
        late = panel.events[:, 1]
        single = [
            np.where(panel.trained, 0.0, late),
            np.where(panel.trained, late, 0.0),
            panel.exposure[:, 1],
            panel.events[:, 0],
            panel.exposure[:, 0],
        ]
        columns = np.column_stack([*single, *(single[i] * single[j] for i, j in PAIRS)])
        parts, done = [], 0
        for chosen in arms:
            parts.append(sums_of_set(packed(chosen), columns))
            done += len(chosen)
            told("permutation", done, draws)
        own = np.concatenate(parts).T
        count = int(panel.trained.sum())
        return cls(
            _Arm.of(own, count), _Arm.of(columns.sum(axis=0)[:, None] - own, len(panel.trained) - count)
        )

    @property
    def count(self) -> int:
        return len(self.trained.own)

    def statistics(self, tested: float) -> Floats:
        """(B,) log ratios over their standard errors where the true one is `tested`; inf without one."""
        shrink = float(np.exp(-tested))
        with np.errstate(divide="ignore", invalid="ignore"):
            one, its_variance = self.trained.log_ratio(shrink)
            other, other_variance = self.comparison.log_ratio(shrink)
            statistics = (one - other) / np.sqrt(its_variance + other_variance)
        return np.where(np.isfinite(statistics), statistics, np.inf)


def flip_scores(
    panel: RatePanel, effect: RateEffect, *, draws: int, seed: int, confidence_level: float
) -> TestOfEffect:
    """Test that the rate of the only arm did not change by flipping the signs of branch scores; invert it.

    Under the hypothesis that the log ratio is r, a branch's effective score is what its events after training
    exceed their share c of its fitted events by, c being the pooled share; with exposures that did not change
    and r = 0, half its change of events less that of the mean rate. The scores sum to 0 in expectation and
    keep their variances, whatever these are, when signs are flipped.

    Parameters
    ----------
    panel, effect : what was estimated without comparison branches, and the estimate
    draws : random patterns, where not all are looked at
    """
    weights = Weights.choose(panel.trained, draws, seed)
    columns = np.column_stack([panel.events[:, ::-1], panel.exposure[:, ::-1]])  # after, before of each
    signed = weights.sums(columns, np.zeros((len(columns), 0)))[0]
    totals = columns.sum(axis=0)

    def factors(tested: float) -> Floats:
        grown = float(np.exp(np.clip(tested, -LARGEST_LOG, LARGEST_LOG)))
        fitted = totals[3] + grown * totals[2]
        rate, share = (totals[0] + totals[1]) / fitted, grown * totals[2] / fitted
        return np.array([1.0 - share, -share, -rate * (1.0 - share) * grown, rate * share])

    def pvalue(distance: float) -> float:
        own = factors(effect.estimate - distance)
        extreme = int(np.count_nonzero(np.abs(own @ signed) >= abs(float(own @ totals)) * (1.0 - TIE)))
        return extreme / weights.count if weights.enumerated else (1 + extreme) / (1 + weights.count)

    scores = columns @ factors(0.0)
    return TestOfEffect(
        method="score_sign_flip",
        statistic=float(scores.sum() / np.sqrt(scores @ scores)),
        pvalue=pvalue(effect.estimate),
        interval=invert(pvalue, effect.estimate, effect.standard_error, confidence_level),
        enumerated=weights.enumerated,
        draws=weights.count,
        weights=weights.name,
    )
