"""Branches compared by their change: with their own past, with the pilot, or with others like them."""

from __future__ import annotations

import math
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from sqlmodel import Session

from pilot_eval.domain.errors import NotFound
from pilot_eval.domain.outcomes import OUTCOMES
from pilot_eval.domain.people import Actor
from pilot_eval.engines.records import Snapshot
from pilot_eval.engines.snapshots import known_snapshot
from pilot_eval.operations import pilots
from pilot_eval.operations.comparison import Document, fewest_records, outcome_of
from pilot_eval.operations.policy import Action, Scope, scope_of
from pilot_eval.operations.summaries import FEWEST_IN_AGGREGATE, plain_observations, summarise
from pilot_eval.records.pilots import Pilot, PilotOutcome
from pilot_eval.reports import wording
from pilot_eval.reports.sentences import Sentence
from pilot_eval.reports.verdicts import decide
from pilot_eval.reports.words import branches as words
from pilot_eval.stats.branches import BranchChanges, branch_changes
from pilot_eval.stats.comparisons import (
    NEAREST,
    AgainstOthers,
    DrawnTogether,
    against_others,
    comparison_arm,
    drawn_together,
    nearest_baseline,
    same_arm,
    same_stratum,
    speed_percent,
)
from pilot_eval.stats.ranking import MOST_SIDE_BY_SIDE, Comparison, Difference, compare_branches, differences
from pilot_eval.stats.results import ConfidenceInterval, NotEstimable, significance

# What a branch can be compared with.
AGAINST: Final = ("past", "pilot", "comparison", "similar")
# What a table of branches can be sorted by.
SORTS: Final = ("code", "name", "region", "arm", "n", "before", "after", "change", "shrunken", "verdict")
_VERDICTS: Final = ("clear_loss", "loss", "unclear", "no_material", "gain", "clear_gain")
Ends = tuple[float, float]
Chosen = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class BranchResult:
    """One branch and one outcome, in the units of `pilot-summary/1`; None where there is no such number.

    Parameters
    ----------
    estimate, interval : of the change, or of what it is more than that of the others
    shrunken, shrunken_interval : the same drawn towards the mean
    places : ends of the interval of its place in its arm, the best being 1
    others : branches compared with
    verdict : a key of `words.PAST`
    thin : seen too seldom to be compared: stands last, grey
    """

    code: str
    name: str
    region: str
    arm: str
    n_before: int
    n_after: int
    before: float | None
    after: float | None
    estimate: float | None = None
    interval: Ends | None = None
    shrunken: float | None = None
    shrunken_interval: Ends | None = None
    places: tuple[int, int] | None = None
    others: int = 0
    verdict: str = "not_yet"
    thin: bool = False


@dataclass(frozen=True, slots=True)
class BranchComparison:
    """The branches that a reader may see, compared.

    Parameters
    ----------
    summary, outcome : the pilot's document, and which of its outcomes
    snapshot, stored : what they were read from
    rule : what they are compared with, in words
    refused : why they are not, where they are not
    """

    summary: Document
    outcome: Document
    snapshot: Snapshot = field(repr=False)
    stored: PilotOutcome = field(repr=False)
    against: str
    rule: Sentence
    refused: Sentence | None
    results: tuple[BranchResult, ...]

    @property
    def level(self) -> float:
        """Confidence level of every interval."""
        return float(self.summary["plan"]["level"])


@dataclass(frozen=True, slots=True)
class Filters:
    """Which branches a table shows and in which order; all of it stands in the address."""

    region: str = ""
    arm: str = ""
    search: str = ""
    sort: str = "code"
    descending: bool = False


def compare(
    session: Session, actor: Actor, slug: str, metric: str, against: str, now: datetime
) -> BranchComparison:
    """Compare the branches that the actor may see.

    Parameters
    ----------
    metric : code of an outcome; the first where empty
    against : one of AGAINST; an unknown one is the own past

    Raises
    ------
    NotAllowed, NotFound
        As `summarise`; no such outcome.
    """
    pilot = pilots.get_pilot(session, actor, slug)
    snapshot = known_snapshot(session, pilots.stored_id(pilot))
    summary = summarise(session, actor, slug, now, snapshot)
    return compare_read(session, actor, pilot, snapshot, summary, metric, against)


def compare_read(
    session: Session,
    actor: Actor,
    pilot: Pilot,
    snapshot: Snapshot,
    summary: Document,
    metric: str,
    against: str,
) -> BranchComparison:
    """Compare the branches of a pilot that was read already, for the actor whose summary it is.

    Raises
    ------
    NotFound
        If there is no such outcome.
    """
    outcome = outcome_of(summary, metric)
    stored = next(o for o in pilots.outcomes_of(session, pilot) if o.code == outcome["code"])
    against = against if against in AGAINST else AGAINST[0]
    levels = _levels(summary, outcome["code"])
    none = BranchComparison(summary, outcome, snapshot, stored, against, words.RULES["past"], None, levels)
    if summary["headline_withheld"] is not None:
        return replace(none, against=AGAINST[0])
    return _Comparing(actor, pilot, none).compared()


def _levels(summary: Document, code: str) -> tuple[BranchResult, ...]:
    """The branches with what was seen of them."""
    fewest = fewest_records(summary, code)
    withheld = summary["headline_withheld"] is not None
    found = []
    for branch in summary["branches"]:
        before, after = (branch["outcomes"][code][period] or {} for period in ("before", "after"))
        n_before, n_after = before.get("n", 0), after.get("n", 0)
        found.append(
            BranchResult(
                code=branch["code"],
                name=branch["name"],
                region=branch["region"] or "",
                arm=branch["arm"],
                n_before=n_before,
                n_after=n_after,
                before=before.get("mean"),
                after=after.get("mean"),
                thin=not withheld and min(n_before, n_after) < fewest,
            )
        )
    return tuple(found)


class _Comparing:
    """One comparison on its way from a snapshot to results."""

    def __init__(self, actor: Actor, pilot: Pilot, none: BranchComparison) -> None:
        self.none, self.actor, self.pilot = none, actor, pilot
        self.snapshot, self.stored = none.snapshot, none.stored
        self.own_only = scope_of(actor, Action.COMPARE_BRANCHES) is Scope.REGION

    def compared(self) -> BranchComparison:
        changes = branch_changes(
            plain_observations(self.snapshot, self.stored),
            OUTCOMES[self.stored.kind],
            confidence_level=self.pilot.level,
        )
        if isinstance(changes, NotEstimable):
            why = wording.reason(changes.code, changes.values)
            return replace(self.none, against="past", refused=why, results=self._without_intervals())
        rule, others, refused = self._others(changes)
        if refused is not None:
            return replace(self.none, rule=rule, refused=refused)
        found = None if others is None else against_others(changes, others)
        drawn = self._drawn(changes, others)
        places = self._places(changes) if others is None else {}
        if self.stored.kind == "duration":
            changes = changes.as_speed()
            found = found and found.as_speed()
            drawn = drawn and drawn.as_speed()
        at = {code: row for row, code in enumerate(changes.branches)}
        results = tuple(
            self._result(result, changes, found, drawn, places, at.get(result.code))
            for result in self.none.results
        )
        return replace(self.none, rule=rule, results=results)

    def _without_intervals(self) -> tuple[BranchResult, ...]:
        """Branches with their change alone, where no branch was seen often enough for an interval."""
        cells = {b["code"]: b["outcomes"][self.stored.code] for b in self.none.summary["branches"]}
        return tuple(
            replace(result, estimate=change["estimate"], verdict="no_interval")
            if (change := cells[result.code]["change"])
            else replace(result, verdict="too_few", thin=True)
            for result in self.none.results
        )

    def _others(self, changes: BranchChanges) -> tuple[Sentence, Chosen | None, Sentence | None]:
        """The rule in words, whom each branch is compared with, and why that may not be."""
        against = self.none.against
        if against == "past":
            return words.RULES["past"], None, None
        if against == "similar":
            return self._similar(changes)
        others = same_arm(changes) if against == "pilot" else comparison_arm(changes)
        if against == "comparison" and changes.trained.all():
            return words.RULES[against], None, words.NO_COMPARISON_ARM
        if self.own_only and not _gives_nothing_away(
            self.snapshot, changes, others, self.actor.region_id, FEWEST_IN_AGGREGATE
        ):
            return words.RULES[against], None, wording.AGGREGATE_HIDDEN
        return words.RULES[against], others, None

    def _similar(self, changes: BranchChanges) -> tuple[Sentence, Chosen | None, Sentence | None]:
        """Others of the stratum, or the nearest before training; a manager's are those of the own region."""
        rows = {branch.code: branch for branch in self.snapshot.branches}
        strata = [rows[code].stratum for code in changes.branches]
        candidates = same_arm(changes)
        if self.own_only:
            mine = np.array([rows[code].region_id == self.actor.region_id for code in changes.branches])
            candidates &= mine[None, :]
        if len(set(strata)) > 1 and all(strata):
            rule, others = words.RULES["stratum"], candidates & same_stratum(changes, strata)
        else:
            rule = words.RULES["baseline"].filled(count=str(NEAREST))
            others = nearest_baseline(changes, candidates)
        if self.own_only:
            own = words.RULES["own_region"]
            rule = Sentence(f"{rule.en} {own.en}", f"{rule.ru} {own.ru}")
        return rule, others, None

    def _whole_arms(self, changes: BranchChanges) -> bool:
        """Whether what rests on whole arms may be shown: it gives away no other branch or region."""
        return not self.own_only or _gives_nothing_away(
            self.snapshot, changes, same_arm(changes), self.actor.region_id, FEWEST_IN_AGGREGATE
        )

    def _drawn(self, changes: BranchChanges, others: Chosen | None) -> DrawnTogether | None:
        if not self._whole_arms(changes):
            return None
        drawn = drawn_together(changes, others, draws=self.pilot.draws, seed=self.pilot.seed)
        return None if isinstance(drawn, NotEstimable) else drawn

    def _places(self, changes: BranchChanges) -> dict[str, tuple[int, int]]:
        """The interval of each branch's place in its arm, from changes on the analysis scale."""
        if not self._whole_arms(changes):
            return {}
        places: dict[str, tuple[int, int]] = {}
        for arm in (True, False):
            rows = changes.trained == arm
            found = compare_branches(
                changes,
                rows,
                sign=1.0 if self.stored.better == "higher" else -1.0,
                draws=self.pilot.draws,
                seed=self.pilot.seed,
                confidence_level=self.pilot.level,
            )
            if isinstance(found, Comparison):
                names = (changes.branches[row] for row in np.flatnonzero(rows))
                ends = zip(found.ranks.low.tolist(), found.ranks.high.tolist(), strict=True)
                places |= dict(zip(names, ends, strict=True))
        return places

    def _sign(self) -> float:
        """1 where a larger told change is better; of durations speed is told."""
        return 1.0 if (self.stored.better == "higher") != (self.stored.kind == "duration") else -1.0

    def _result(
        self,
        result: BranchResult,
        changes: BranchChanges,
        found: AgainstOthers | None,
        drawn: DrawnTogether | None,
        places: dict[str, tuple[int, int]],
        row: int | None,
    ) -> BranchResult:
        if row is None:
            return replace(result, verdict="too_few", thin=True)
        told: BranchChanges | AgainstOthers = changes if found is None else found
        estimate, interval = float(told.estimate[row]), (float(told.low[row]), float(told.high[row]))
        others = 0 if found is None else int(found.count[row])
        if found is not None and not others:
            return replace(result, verdict="no_others")
        with_drawn = drawn is not None and not math.isnan(drawn.estimate[row])
        return replace(
            result,
            estimate=estimate,
            interval=interval,
            shrunken=float(drawn.estimate[row]) if drawn and with_drawn else None,
            shrunken_interval=(float(drawn.low[row]), float(drawn.high[row]))
            if drawn and with_drawn
            else None,
            places=places.get(result.code),
            others=others,
            verdict=decide(
                ConfidenceInterval(*interval).scaled(self._sign()),
                self.stored.smallest_effect,
                too_few=result.thin,
            ),
        )


def _gives_nothing_away(
    snapshot: Snapshot, changes: BranchChanges, others: Chosen, region_id: int | None, fewest: int
) -> bool:
    """Whether the mean of others, less what a manager knows, is still that of enough branches and regions."""
    region = {branch.code: branch.region_id for branch in snapshot.branches}
    of_row = np.array([region[code] for code in changes.branches])
    for row in np.flatnonzero(of_row == region_id):
        foreign = others[row] & (of_row != region_id)
        if foreign.any() and (foreign.sum() < fewest or len(set(of_row[foreign].tolist())) < 2):
            return False
    return True


def arranged(results: Collection[BranchResult], filters: Filters) -> list[BranchResult]:
    """The results that a table shows, in its order; those that cannot be ordered after the others, and
    branches seen too seldom last."""
    wanted = filters.search.strip().casefold()
    chosen = [
        result
        for result in results
        if filters.region in ("", result.region)
        and filters.arm in ("", result.arm)
        and (wanted in result.name.casefold() or wanted in result.code.casefold())
    ]
    chosen.sort(key=lambda result: result.code)
    known = [result for result in chosen if _order(result, filters.sort) is not None]
    unknown = [result for result in chosen if _order(result, filters.sort) is None]
    known.sort(key=lambda result: _order(result, filters.sort), reverse=filters.descending)
    return sorted(known + unknown, key=lambda result: result.thin)


def _order(result: BranchResult, sort: str) -> Any:
    if sort == "verdict":
        return _VERDICTS.index(result.verdict) if result.verdict in _VERDICTS else None
    if sort == "n":
        return result.n_before + result.n_after
    if sort in ("before", "after", "shrunken"):
        return getattr(result, sort)
    if sort == "change":
        return result.estimate
    return str(getattr(result, sort if sort in SORTS else "code")).casefold()


# Side by side ----------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Pair:
    """The change of the first branch less that of the second.

    Parameters
    ----------
    verdict : a key of `words.PAIR`
    """

    first: str
    second: str
    estimate: float
    interval: Ends
    verdict: str


def side_by_side(
    compared: BranchComparison, codes: Sequence[str]
) -> tuple[list[BranchResult], tuple[Pair, ...]]:
    """Two to four branches, and every pair of those that have an interval.

    Raises
    ------
    NotFound
        If one of them is not there, or not the reader's to see.
    ValueError
        Fewer than two different ones, or more than four.
    """
    at = {result.code: result for result in compared.results}
    if not set(codes) <= set(at):
        raise NotFound
    if not 2 <= len(set(codes)) == len(codes) <= MOST_SIDE_BY_SIDE:
        raise ValueError(f"two to {MOST_SIDE_BY_SIDE} different branches are put side by side")
    chosen = [at[code] for code in codes]
    stored, level = compared.stored, compared.level
    changes = branch_changes(plain_observations(compared.snapshot, stored), OUTCOMES[stored.kind])
    if compared.summary["headline_withheld"] is not None or isinstance(changes, NotEstimable):
        return chosen, ()
    able = [result.code for result in chosen if not result.thin and result.code in changes.branches]
    if len(able) < 2:
        return chosen, ()
    found = differences(changes, able, confidence_level=level)
    return chosen, tuple(_pair(one, stored.kind, stored.better, level) for one in found)


def _pair(one: Difference, kind: str, better: str, level: float) -> Pair:
    low, high = _both_ends(one.interval)
    estimate, ends = one.estimate, (low, high)
    if kind == "duration":
        told = speed_percent(np.array([estimate, high, low])).tolist()
        estimate, ends = told[0], (told[1], told[2])
    if one.interval.contains(0.0):
        verdict = "unclear"
    elif one.adjusted_pvalue > significance(level):
        verdict = "many"
    else:
        gained = (estimate > 0) == ((better == "higher") != (kind == "duration"))
        verdict = "more" if gained else "less"
    return Pair(one.first, one.second, estimate, ends, verdict)


def _both_ends(interval: ConfidenceInterval) -> Ends:
    if interval.low is None or interval.high is None:
        raise ValueError("a t interval has both ends")
    return interval.low, interval.high
