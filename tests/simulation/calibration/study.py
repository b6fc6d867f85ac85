"""Runs scenarios and counts how often each method is wrong."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import dataclass, replace
from functools import cache, partial
from typing import Protocol

import numpy as np

from pilot_eval.domain.observations import Observations
from pilot_eval.stats.analysis import Analysis, analyse
from pilot_eval.stats.auditors import auditor_adjusted_effect
from pilot_eval.stats.branch_bootstrap import UpliftBootstrap, bootstrap_uplift
from pilot_eval.stats.flow import Flow
from pilot_eval.stats.looks import looks_of
from pilot_eval.stats.mix import mix_of
from pilot_eval.stats.models import panel_of
from pilot_eval.stats.results import ConfidenceInterval, NotEstimable
from tests.simulation.calibration.peers import peers
from tests.simulation.calibration.scenarios import BASE_SCORE, BASE_SHARE, VERDICT, Pilot, Scenario
from tests.simulation.test_censoring import Queue

LEVEL = 0.95
ALPHA = 1.0 - LEVEL
CHUNK = 250
ONE_IN = 5  # two pilots in five are looked at with a true effect as well
UNINFORMATIVE = ("no_comparison_group", "uplift_unbounded", "uplift_without_base", "weights_disagree")


@dataclass(frozen=True)
class Answer:
    """What one method says of one pilot.

    Parameters
    ----------
    rejects : whether it finds an effect
    covers : whether its interval holds the truth; None where it has none
    """

    rejects: bool
    covers: bool | None


@dataclass(frozen=True)
class Tally:
    """What one method said of many pilots of one scenario.

    Parameters
    ----------
    runs : pilots of no effect with an answer
    false_alarms : of those, effects found
    trials : pilots of a true effect with an answer
    covered : of those, intervals that hold it; None where there are no intervals
    found : of those, effects found
    """

    runs: int = 0
    false_alarms: int = 0
    trials: int = 0
    covered: int | None = 0
    found: int = 0

    def with_answers(self, null: Answer | None, true: Answer | None) -> Tally:
        tally = self
        if null is not None:
            tally = replace(tally, runs=tally.runs + 1, false_alarms=tally.false_alarms + null.rejects)
        if true is not None:
            covered = None if tally.covered is None or true.covers is None else tally.covered + true.covers
            tally = replace(tally, trials=tally.trials + 1, covered=covered, found=tally.found + true.rejects)
        return tally

    def __add__(self, other: Tally) -> Tally:
        covered = None if self.covered is None or other.covered is None else self.covered + other.covered
        return Tally(
            self.runs + other.runs,
            self.false_alarms + other.false_alarms,
            self.trials + other.trials,
            covered,
            self.found + other.found,
        )


@dataclass(frozen=True)
class Result:
    """One scenario: the primary method, tallies by method, warnings with the share of pilots that had one."""

    primary: str
    tallies: Mapping[str, Tally]
    warned: Mapping[str, float]


class Tested(Protocol):
    @property
    def pvalue(self) -> float: ...
    def confidence_interval(self, confidence_level: float) -> ConfidenceInterval: ...


Beside = Callable[[Observations, Analysis, Scenario, float], Mapping[str, Answer]]


def _resampled_uplift(
    observations: Observations, analysis: Analysis, scenario: Scenario, effect: float
) -> Mapping[str, Answer]:
    flow = Flow.of(observations, with_comparison=scenario.plan.with_comparison)
    panel = panel_of(observations, flow, analysis.plan, analysis.plan.measure.values)
    found = bootstrap_uplift(analysis.plan, panel)
    assert isinstance(found, UpliftBootstrap)
    ends = found.interval
    return {"bca": Answer(not ends.contains(0.0), ends.contains(_uplift(scenario, effect)))}


def _without_severity(
    observations: Observations, analysis: Analysis, scenario: Scenario, effect: float
) -> Mapping[str, Answer]:
    found = auditor_adjusted_effect(observations, analysis.plan)
    return {} if isinstance(found, NotEstimable) else {"two_way": _of_test(found, _truth(scenario, effect))}


def _without_mix(
    observations: Observations, analysis: Analysis, scenario: Scenario, effect: float
) -> Mapping[str, Answer]:
    found = mix_of(observations, analysis.plan)
    if isinstance(found, NotEstimable) or isinstance(found.effect, NotEstimable):
        return {}
    return {"mix": _of_test(found.effect, _truth(scenario, effect))}


def _two_looks(
    observations: Observations, analysis: Analysis, scenario: Scenario, effect: float
) -> Mapping[str, Answer]:
    """A look when half of the branches of each arm are there, and one at the end."""
    seen = (np.arange(len(observations.branches)) % 2 == 0)[observations.branch]
    early = replace(observations, value=np.where(seen, observations.value, np.nan))
    effects = [analyse(early, analysis.plan).effect, analysis.effect]
    kept = [found for found in effects if not isinstance(found, NotEstimable)]
    if len(kept) < 2:
        return {}
    truth = _truth(scenario, effect)
    levels = {"lan_demets": two_look_levels(), "two looks, 5 % each": (LEVEL, LEVEL)}
    return {
        name: Answer(
            any(found.pvalue <= 1.0 - level for found, level in zip(kept, own, strict=True)),
            all(
                found.confidence_interval(level).contains(truth)
                for found, level in zip(kept, own, strict=True)
            ),
        )
        for name, own in levels.items()
    }


@cache
def two_look_levels() -> tuple[float, ...]:
    """Levels of the intervals at half of the information and at all of it."""
    return tuple(1.0 - alpha for alpha in looks_of((0.5, 1.0), LEVEL).alphas)


def _of_test(test: Tested, truth: float) -> Answer:
    return Answer(test.pvalue <= ALPHA, test.confidence_interval(LEVEL).contains(truth))


BESIDE: dict[str, Beside] = {
    "bca": _resampled_uplift,
    "two_way": _without_severity,
    "mix": _without_mix,
    "lan_demets": _two_looks,
}


def _truth(scenario: Scenario, effect: float) -> float:
    if isinstance(scenario.pilot, Queue):
        return scenario.pilot.truth()[0] if effect else 0.0
    return 100.0 * effect if scenario.plan.kind == "proportion" else effect


def _uplift(scenario: Scenario, effect: float) -> float:
    """True uplift in per cent, signed so that plus is better."""
    if isinstance(scenario.pilot, Queue):
        return scenario.pilot.truth()[1] if effect else 0.0
    kind = scenario.plan.kind
    if kind == "duration":
        return 100.0 * float(np.expm1(-effect))
    if kind == "rate":
        return -100.0 * float(np.expm1(effect))
    return 100.0 * effect / (BASE_SHARE if kind == "proportion" else BASE_SCORE)


def answers(scenario: Scenario, run: int, effect: float) -> tuple[dict[str, Answer], set[str], str]:
    """What every method says of one pilot, the warnings given, and the primary method's name."""
    observations = scenario.observations(run, effect)
    analysis = analyse(observations, replace(scenario.plan, seed=run))
    codes = {caution.code for caution in analysis.cautions} - set(UNINFORMATIVE)
    if isinstance(analysis.effect, NotEstimable) or analysis.interval is None:
        return {}, codes, ""
    truth, name = _truth(scenario, effect), analysis.effect.method
    primary = Answer(analysis.effect.pvalue <= ALPHA, analysis.interval.contains(truth))
    found = {name: primary}
    for test in analysis.robustness:
        found[test.method] = Answer(test.pvalue <= ALPHA, test.interval.contains(truth))
    if analysis.agreement is not None:
        found[VERDICT] = Answer(primary.rejects and analysis.agreement, None)
    if isinstance(scenario.pilot, Pilot | Queue) and analysis.uplift is not None:
        ends = analysis.uplift.interval
        covers = ends.contains(_uplift(scenario, effect))
        found[analysis.uplift.method] = Answer(not ends.contains(0.0), covers)
    for method in scenario.beside:
        if method == "peers":
            others = peers(observations, scenario.plan)
            found |= {other: _of_test(test, truth) for other, test in others.items()}
            continue
        found |= BESIDE[method](observations, analysis, scenario, effect)
    return found, codes, name


def tally(scenario: Scenario, first: int, runs: int) -> Result:
    """Tallies of runs `first` to `first + runs - 1`."""
    tallies: dict[str, Tally] = {}
    warned: Counter[str] = Counter()
    primary = ""
    for run in range(first, first + runs):
        null, codes, name = answers(scenario, run, 0.0)
        again = run % ONE_IN < 2
        true = answers(scenario, run, scenario.effect)[0] if again else {}
        primary = primary or name
        warned.update(codes)
        for method in [*null, *(other for other in true if other not in null)]:
            known = tallies.get(method, Tally())
            tallies[method] = known.with_answers(null.get(method), true.get(method))
    return Result(primary, tallies, {code: count / runs for code, count in warned.items()})


def study(scenarios: Sequence[Scenario], runs: int, workers: int) -> Iterator[tuple[Scenario, Result]]:
    """Results of all scenarios, told as they are finished; progress goes to the error stream."""
    chunks = [(first, min(CHUNK, runs - first)) for first in range(0, runs, CHUNK)]
    total, done = len(scenarios) * len(chunks), 0
    with ProcessPoolExecutor(workers) as pool:
        for scenario in scenarios:
            waiting = [pool.submit(partial(tally, scenario), *chunk) for chunk in chunks]
            for _ in as_completed(waiting):
                done += 1
                sys.stderr.write(f"\r{done} of {total}: {scenario.name:<60}")
                sys.stderr.flush()
            yield scenario, _together([one.result() for one in waiting], [count for _, count in chunks])
    sys.stderr.write("\n")


def _together(parts: Sequence[Result], counts: Sequence[int]) -> Result:
    methods = list(dict.fromkeys(method for part in parts for method in part.tallies))
    tallies = {
        method: sum((part.tallies.get(method, Tally()) for part in parts), Tally()) for method in methods
    }
    codes = sorted({code for part in parts for code in part.warned})
    shares = {
        code: sum(part.warned.get(code, 0.0) * n for part, n in zip(parts, counts, strict=True)) / sum(counts)
        for code in codes
    }
    return Result(parts[0].primary, tallies, shares)
