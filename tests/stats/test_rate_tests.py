"""Permuted arms and flipped scores of rates against refits of every assignment and pattern."""

from __future__ import annotations

from itertools import combinations, product

import numpy as np
import pytest

from pilot_eval.stats.rate_ratio import RatePanel
from pilot_eval.stats.rate_tests import flip_scores, permute_rates
from tests.stats.test_rate_ratio import estimated, made_up

LEVEL = 0.9
NEAR = 1e-6  # of a standard error, to either side of an end
TIE = 1.0 - 1e-9


def linearised(panel: RatePanel) -> float:
    """Log rate ratio over its standard error with n/(n - 1) in each arm, from the definitions."""
    ratio = variance = 0.0
    for arm, sign in ((True, 1.0), (False, -1.0)):
        rows = panel.trained == arm
        events, exposure = panel.events[rows], panel.exposure[rows]
        rates = events.sum(axis=0) / exposure.sum(axis=0)
        if not rates.all():
            return float("inf")
        parts = (events - rates * exposure) / events.sum(axis=0)
        ratio += sign * float(np.log(rates[1] / rates[0]))
        variance += rows.sum() / (rows.sum() - 1) * float(np.sum((parts[:, 1] - parts[:, 0]) ** 2))
    return ratio / variance**0.5


def without(panel: RatePanel, effect: float) -> RatePanel:
    """The panel had the effect not been there."""
    events = panel.events.copy()
    events[panel.trained, 1] /= np.exp(effect)
    return RatePanel(panel.trained, events, panel.exposure)


def enumerated(panel: RatePanel, effect: float = 0.0) -> float:
    own = without(panel, effect)
    count = len(own.trained)
    drawn = [
        abs(linearised(RatePanel(np.isin(np.arange(count), chosen), own.events, own.exposure)))
        for chosen in combinations(range(count), int(own.trained.sum()))
    ]
    return float(np.mean(np.array(drawn) >= abs(linearised(own)) * TIE))


@pytest.mark.parametrize(("trained", "comparison"), [(3, 5), (4, 4)])
def test_all_assignments_equal_refits_of_each(trained: int, comparison: int) -> None:
    panel = made_up(21, trained, comparison)
    found = permute_rates(panel, estimated(panel), draws=99, seed=1, confidence_level=LEVEL)
    assert found.enumerated
    assert found.statistic == pytest.approx(linearised(panel), rel=1e-9)
    assert found.pvalue == enumerated(panel)


def test_the_interval_ends_where_refits_begin_to_reject() -> None:
    panel = made_up(22, 4, 5)
    effect = estimated(panel)
    ends = permute_rates(panel, effect, draws=99, seed=1, confidence_level=LEVEL).interval
    assert ends.low is not None
    assert ends.high is not None
    small = NEAR * effect.standard_error
    for end, outwards in ((ends.low, -small), (ends.high, small)):
        assert enumerated(panel, end - outwards) > 1.0 - LEVEL
        assert enumerated(panel, end + outwards) <= 1.0 - LEVEL + 1e-12


def test_an_assignment_without_events_counts_as_extreme() -> None:
    panel = made_up(23, 3, 4)
    events = panel.events.copy()
    events[[0, 1, 3], 1] = 0.0  # whoever is given these three has no events after training
    sparse = RatePanel(panel.trained, events, panel.exposure)
    found = permute_rates(sparse, estimated(sparse), draws=99, seed=1, confidence_level=LEVEL)
    assert found.pvalue == enumerated(sparse)


def test_three_against_three_have_no_ends() -> None:
    panel = made_up(24, 3, 3)
    ends = permute_rates(panel, estimated(panel), draws=99, seed=1, confidence_level=0.95).interval
    assert (ends.low, ends.high, ends.bounded) == (None, None, False)


def test_random_assignments_tend_to_the_enumerated_pvalue() -> None:
    panel = made_up(25, 6, 9)
    effect = estimated(panel)
    exact = permute_rates(panel, effect, draws=99, seed=1, confidence_level=LEVEL)
    assert exact.enumerated
    big = made_up(25, 12, 14)
    drawn = [permute_rates(big, estimated(big), draws=2999, seed=s, confidence_level=LEVEL) for s in (1, 2)]
    assert not drawn[0].enumerated
    assert drawn[0].pvalue == pytest.approx(drawn[1].pvalue, abs=0.04)
    assert drawn[0].pvalue == pytest.approx(estimated(big).pvalue, abs=0.1)


def score_by_definition(panel: RatePanel, effect: float) -> np.ndarray:
    """Effective score of the log ratio of each branch at the restricted fit, by projection."""
    grown = np.exp(effect)
    exposure = panel.exposure * np.array([1.0, grown])
    rate = panel.events.sum() / exposure.sum()
    fitted = rate * exposure
    information = np.array([[fitted.sum(), fitted[:, 1].sum()], [fitted[:, 1].sum()] * 2])
    residual = panel.events - fitted
    nuisance, own = residual.sum(axis=1), residual[:, 1]
    return np.asarray(own - information[0, 1] / information[0, 0] * nuisance)


def test_flipped_scores_equal_every_pattern_of_signs() -> None:
    panel = made_up(26, 7, 0)
    found = estimated(panel)
    scores = score_by_definition(panel, 0.0)
    signs = np.array(list(product((1.0, -1.0), repeat=7)))
    sums = np.abs(signs @ scores)
    ours = flip_scores(panel, found, draws=99, seed=1, confidence_level=LEVEL)
    assert ours.enumerated
    assert ours.pvalue == np.mean(sums >= abs(scores.sum()) * TIE)
    assert ours.statistic == pytest.approx(scores.sum() / np.sqrt(np.sum(scores**2)), rel=1e-9)


def test_the_interval_of_flipped_scores_ends_where_patterns_begin_to_reject() -> None:
    panel = made_up(27, 8, 0)
    effect = estimated(panel)
    ends = flip_scores(panel, effect, draws=99, seed=1, confidence_level=LEVEL).interval
    signs = np.array(list(product((1.0, -1.0), repeat=8)))

    def pvalue(tested: float) -> float:
        scores = score_by_definition(panel, tested)
        return float(np.mean(np.abs(signs @ scores) >= abs(scores.sum()) * TIE))

    assert ends.low is not None
    assert ends.high is not None
    small = NEAR * effect.standard_error
    for end, outwards in ((ends.low, -small), (ends.high, small)):
        assert pvalue(end - outwards) > 1.0 - LEVEL
        assert pvalue(end + outwards) <= 1.0 - LEVEL + 1e-12


def test_with_equal_exposures_scores_are_half_the_changes_of_events() -> None:
    panel = made_up(28, 6, 0)
    alike = RatePanel(panel.trained, panel.events, np.full_like(panel.exposure, 500.0))
    change = alike.events[:, 1] - alike.events[:, 0]
    signs = np.array(list(product((1.0, -1.0), repeat=6)))
    ours = flip_scores(alike, estimated(alike), draws=99, seed=1, confidence_level=LEVEL)
    assert ours.pvalue == np.mean(np.abs(signs @ change) >= abs(change.sum()) * TIE)
