"""What is asked of the data, settled before they are looked at."""

from __future__ import annotations

from dataclasses import dataclass

from pilot_eval.domain.outcomes import OUTCOMES, WITHOUT_COMPARISON, Better, Outcome


@dataclass(frozen=True, slots=True)
class AnalysisPlan:
    """One outcome, one design, one set of choices.

    Parameters
    ----------
    outcome : name of the outcome
    kind : an entry of OUTCOMES
    design : an entry of DESIGNS
    better : higher or lower; by default as the kind has it
    weights : "branch", each branch counts once, or "observation", each row does; "exposure" for rates
    level : confidence level of every interval; 1 - (1 - level)/k where k outcomes are primary
    draws : random patterns of bootstrap and permutation
    seed : of their random numbers
    smallest_effect : smallest effect of interest, in the kind's unit
    minimum_branches : fewest branches in the smaller arm
    minimum_observations : fewest rows used
    estimator : "change" of branches, or "ancova": after on arm and before
    allocation : how branches came into arms, "random" or "chosen", where it is known
    time_unit : week, month or quarter: what makes a period of dates; each date by itself where None
    season, slope_change : further terms of an interrupted time series
    limit : seconds up to which the mean of censored durations is taken; by default what the data allow
    target : seconds within which a customer should be served
    looks : shares of the information at which the plan looks, growing to at most 1
    look : number of this look among them, from 1; `level` is then that of this look's intervals
    level_of_looks : level of the intervals of all looks together
    facility : items that training cannot move
    network : branches that a roll-out would reach
    """

    outcome: str
    kind: str = "score"
    design: str = "difference_in_differences"
    better: Better | None = None
    weights: str = "branch"
    level: float = 0.95
    draws: int = 9999
    seed: int = 1
    smallest_effect: float | None = None
    minimum_branches: int | None = None
    minimum_observations: int | None = None
    estimator: str = "change"
    allocation: str | None = None
    time_unit: str | None = None
    season: bool = False
    slope_change: bool = False
    limit: float | None = None
    target: float | None = None
    looks: tuple[float, ...] = ()
    look: int | None = None
    level_of_looks: float | None = None
    facility: tuple[str, ...] = ()
    network: int = 42_000

    @property
    def measure(self) -> Outcome:
        return OUTCOMES[self.kind]

    @property
    def with_comparison(self) -> bool:
        return self.design not in WITHOUT_COMPARISON

    @property
    def direction(self) -> Better:
        return self.better or self.measure.better

    @property
    def sign(self) -> float:
        """1 where a larger value is better, -1 where it is worse."""
        return 1.0 if self.direction is Better.HIGHER else -1.0
