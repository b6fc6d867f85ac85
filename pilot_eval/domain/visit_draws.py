"""A fair random draw of visits: who makes which visit, seeded so that anybody can repeat it.

The rules are never broken: no barred branch, no region that an auditor does not travel to, no second visit
of an auditor to a branch in a wave or within thirty days. Under them as many visits as can be are given away,
and then the loads are made as equal as can be: of all visits first, then of each wave, then of each arm in
it, so that no auditor stands for an arm or a wave. What is left to chance is left to it alone.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from typing import TypeVar

import numpy as np

from pilot_eval.domain.rotation import Days, Rotation

FEWEST_DOUBLES, MOST_DOUBLES = 0.05, 0.10  # of the visits
SHORTEST_WINDOW = 5  # days in which an auditor may choose
SWAPS = 10  # for each visit, after loads are settled

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Demand:
    """What one branch still needs in one wave.

    Parameters
    ----------
    branch, region : int
    arm : str
    wave : str
    days : (date, date)
        The days of the wave that are left.
    visits : mapping of part of the day to int
    """

    branch: int
    region: int
    arm: str
    wave: str
    days: Days
    visits: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class DrawnVisit:
    """A visit with who makes it; `double_of` is the place of the visit that it repeats."""

    branch: int
    wave: str
    daypart: str
    scenario: str
    days: Days
    auditor: int
    double_of: int | None = None


@dataclass(frozen=True, slots=True)
class Unfilled:
    """A visit that nobody may make, and how many auditors each rule keeps away.

    Parameters
    ----------
    double : bool
        It would have repeated another one.
    barred, elsewhere, near : int
        Auditors barred from the branch, who do not travel there, who were or will be there too near in time.
    there : int
        Auditors who make another visit to the branch in this wave.
    """

    branch: int
    wave: str
    daypart: str
    double: bool
    barred: int
    elsewhere: int
    near: int
    there: int


@dataclass(frozen=True, slots=True)
class Draw:
    """What came out of a draw.

    Parameters
    ----------
    visits : tuple of DrawnVisit
        By wave, branch and day.
    unfilled : tuple of Unfilled
    doubles_lacking : int
        Double visits that were wanted and that no second auditor could make.
    """

    visits: tuple[DrawnVisit, ...]
    unfilled: tuple[Unfilled, ...]
    doubles_lacking: int


class Chance:
    """Random numbers that are the same on every machine: the raw ones of PCG64."""

    def __init__(self, seed: int) -> None:
        self._source = np.random.PCG64(seed)

    def order(self, things: Sequence[T]) -> list[T]:
        """The things in a random order."""
        ranks = np.argsort(self._source.random_raw(len(things)), kind="stable").tolist()
        return [things[place] for place in ranks]

    def below(self, count: int) -> int:
        """A number from 0 to count - 1."""
        return int(self._source.random_raw()) % count


def draw_visits(
    demands: Sequence[Demand],
    auditors: Sequence[int],
    rotation: Rotation,
    *,
    scenarios: Sequence[str],
    doubles: float,
    seed: int,
    loads: Mapping[int, int] | None = None,
) -> Draw:
    """Give the visits that are still needed to auditors, at random and fairly.

    Parameters
    ----------
    demands : sequence of Demand
        In any order: the outcome does not depend on it. Waves are drawn in the order of their days.
    auditors : sequence of int
    rotation : Rotation
        What is known already; it is left as it is.
    scenarios : sequence of str
        Each is taken equally often, and by a branch alike in every wave.
    doubles : float
        Share of the visits that a second auditor repeats: 0, or from 0.05 to 0.10.
    seed : int
    loads : mapping of auditor to int, optional
        Visits that auditors have already.

    Raises
    ------
    ValueError
        If the share or the seed is unusable.
    """
    if doubles and not FEWEST_DOUBLES <= doubles <= MOST_DOUBLES:
        raise ValueError("the share of double visits must be 0 or lie between 0.05 and 0.10")
    chance = Chance(seed)
    taken = {key: list(days) for key, days in rotation.taken.items()}
    known = Rotation(rotation.barred, rotation.regions, taken)
    people = chance.order(sorted(set(auditors)))
    carried = Counter({person: (loads or {}).get(person, 0) for person in people})
    begins = _first_scenarios(demands, chance)
    named = chance.order(sorted(set(scenarios))) or [""]
    visits: list[DrawnVisit] = []
    unfilled: list[Unfilled] = []
    lacking = 0
    for wave in sorted({demand.wave for demand in demands}, key=lambda name: _opens(demands, name)):
        mine = sorted((one for one in demands if one.wave == wave), key=lambda one: one.branch)
        slots = [slot for one in mine for slot in _slots(one, named, begins[one.branch], chance)]
        giving = _Giving(people, known, carried, chance)
        for slot in chance.order(slots):
            giving.give(slot)
        wanted = _count_of_doubles(len(giving.given), doubles)
        lacking += wanted - giving.repeat(wanted)
        giving.balance()
        giving.mix()
        found = giving.result(offset=len(visits))
        for visit in found:
            known.take(visit.auditor, visit.branch, visit.days)
            carried[visit.auditor] += 1
        visits += found
        unfilled += giving.unfilled()
    return Draw(tuple(visits), tuple(unfilled), lacking)


def _opens(demands: Sequence[Demand], wave: str) -> tuple[date, str]:
    return min(demand.days[0] for demand in demands if demand.wave == wave), wave


def _count_of_doubles(visits: int, share: float) -> int:
    """The share in whole visits, within the limits; none where the limits hold no whole number."""
    if not share:
        return 0
    most = int(visits * MOST_DOUBLES + 1e-9)
    fewest = -int(-visits * FEWEST_DOUBLES // 1)
    return min(most, max(fewest, int(visits * share + 0.5)))


# The visits -------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, eq=False)
class _Slot:
    """A visit that somebody is to make; `repeats` is the one whose double it is."""

    demand: Demand
    number: int
    daypart: str
    scenario: str
    days: Days
    repeats: _Slot | None = None

    @property
    def group(self) -> int:
        return self.demand.branch


def _first_scenarios(demands: Sequence[Demand], chance: Chance) -> dict[int, int]:
    """Where each branch begins in the row of scenarios: branches of an arm follow each other."""
    found: dict[int, int] = {}
    for arm in sorted({demand.arm for demand in demands}):
        most: dict[int, int] = defaultdict(int)
        for demand in demands:
            if demand.arm == arm:
                most[demand.branch] = max(most[demand.branch], sum(demand.visits.values()))
        begun = 0
        for branch in chance.order(sorted(most)):
            found[branch] = begun
            begun += most[branch]
    return found


def _slots(demand: Demand, scenarios: Sequence[str], begin: int, chance: Chance) -> Iterator[_Slot]:
    """The visits of a branch, spread over the days; what is asked for and when come in random order."""
    parts = [part for part in sorted(demand.visits) for _ in range(demand.visits[part])]
    asked = [scenarios[(begin + number) % len(scenarios)] for number in range(len(parts))]
    pairs = zip(chance.order(parts), chance.order(asked), strict=True)
    for number, (part, scenario) in enumerate(pairs):
        yield _Slot(demand, number, part, scenario, _window(demand.days, number, len(parts)))


def _window(days: Days, number: int, count: int) -> Days:
    """One of the stretches into which the days are divided, long enough to choose a day in it."""
    whole = (days[1] - days[0]).days + 1
    begin, end = whole * number // count, max(whole * (number + 1) // count - 1, whole * number // count)
    end = max(end, begin + SHORTEST_WINDOW - 1)
    begin = max(0, begin - max(0, end - (whole - 1)))
    first = days[0] + timedelta(days=begin)
    return first, min(days[0] + timedelta(days=end), days[1])


# Who makes them ---------------------------------------------------------------------------------------------


@dataclass(slots=True)
class _Giving:
    """The visits of one wave while they are given away."""

    people: list[int]
    rotation: Rotation
    carried: Counter[int]
    chance: Chance
    given: dict[_Slot, int] = field(default_factory=dict)
    left: list[_Slot] = field(default_factory=list)
    # By branch: who goes there, and for which visit.
    groups: dict[int, dict[int, _Slot]] = field(default_factory=lambda: defaultdict(dict))
    arms: Counter[tuple[int, str]] = field(default_factory=Counter)
    wave: Counter[int] = field(default_factory=Counter)
    _allowed: dict[tuple[int, Days], dict[int, None]] = field(default_factory=dict)

    def allowed(self, slot: _Slot) -> Collection[int]:
        """Who may make a visit, whoever else goes to the branch in this wave; always in the same order."""
        key = slot.demand.branch, slot.days
        if key not in self._allowed:
            fit = (person for person in self.people if not self._reason(person, slot))
            self._allowed[key] = dict.fromkeys(fit)
        return self._allowed[key].keys()

    def _reason(self, person: int, slot: _Slot) -> str:
        """The rule that keeps somebody away; empty where none does."""
        branch = slot.demand.branch
        if (person, branch) in self.rotation.barred:
            return "barred"
        if not self.rotation.travels_to(person, slot.demand.region):
            return "elsewhere"
        first, last = slot.demand.days
        taken = self.rotation.taken.get((person, branch), ())
        within = any(first <= days[1] and days[0] <= last for days in taken)
        return "near" if within or self.rotation.near(person, branch, slot.days) else ""

    def give(self, slot: _Slot) -> bool:
        """Give a visit to whoever has least, if need be by moving others of the branch."""
        if free := [person for person in self.allowed(slot) if self.may(person, slot)]:
            ties = self.chance.order(free)
            self._set(slot, min(ties, key=lambda person: self._load(person, slot.demand.arm)))
            return True
        if self._rearrange(slot, set()):
            return True
        self.left.append(slot)
        return False

    def _load(self, person: int, arm: str) -> tuple[int, int, int]:
        return self.carried[person] + self.wave[person], self.wave[person], self.arms[person, arm]

    def _rearrange(self, slot: _Slot, tried: set[int]) -> bool:
        """Find room by an alternating path through the branch's other visits."""
        group = self.groups[slot.group]
        for person in self.allowed(slot):
            if person in tried:
                continue
            tried.add(person)
            other = group.get(person)
            if other is None:
                self._set(slot, person)
                return True
            self._unset(other)
            if self._rearrange(other, tried):
                self._set(slot, person)
                return True
            self._set(other, person)
        return False

    def _set(self, slot: _Slot, person: int) -> None:
        self.given[slot] = person
        self.groups[slot.group][person] = slot
        self.arms[person, slot.demand.arm] += 1
        self.wave[person] += 1

    def _unset(self, slot: _Slot) -> int:
        person = self.given.pop(slot)
        del self.groups[slot.group][person]
        self.arms[person, slot.demand.arm] -= 1
        self.wave[person] -= 1
        return person

    def repeat(self, wanted: int) -> int:
        """Have so many visits made by a second auditor too, in as many branches, alike in both arms."""
        by_arm: dict[str, list[_Slot]] = defaultdict(list)
        for slot in self.chance.order(sorted(self.given, key=_place)):
            by_arm[slot.demand.arm].append(slot)
        turns = _turns({arm: len(slots) for arm, slots in sorted(by_arm.items())}, wanted)
        done, repeated = 0, set[int]()
        for again in (False, True):  # a branch gets a second double visit only where every one has one
            for arm in list(turns):
                if self._repeat_one(by_arm[arm], repeated, again=again):
                    turns.remove(arm)
                    done += 1
        for _arm in list(turns):  # where an arm has no room the other one makes up for it
            done += any(self._repeat_one(slots, repeated, again=True) for slots in by_arm.values())
        return done

    def _repeat_one(self, slots: list[_Slot], repeated: set[int], *, again: bool) -> bool:
        for slot in slots:
            if slot.group in repeated and not again:
                continue
            if any(self.may(person, slot) for person in self.allowed(slot)):
                slots.remove(slot)
                repeated.add(slot.group)
                return self.give(replace(slot, repeats=slot))
        return False

    # Equal loads --------------------------------------------------------------------------------------------

    def balance(self) -> None:
        """Move visits along circles that make loads more equal until there is none.

        It is a flow of visits through auditors of an arm to auditors, whose costs are the squares of loads:
        without a circle of negative cost it is the best there is.
        """
        arms = sorted({slot.demand.arm for slot in self.given})
        if self.people and arms:
            network = _Network(self, arms)
            while network.improve():
                pass

    def may(self, person: int, slot: _Slot) -> bool:
        """Whether somebody could make a visit, as the others of its branch are given now."""
        return person not in self.groups[slot.group] and person in self.allowed(slot)

    def move(self, slot: _Slot, person: int) -> None:
        self._unset(slot)
        self._set(slot, person)

    def mix(self) -> None:
        """Swap auditors of two visits of an arm at random, many times: loads stay as they are."""
        by_arm: dict[str, list[_Slot]] = defaultdict(list)
        for slot in sorted(self.given, key=_place):
            by_arm[slot.demand.arm].append(slot)
        for _arm, slots in sorted(by_arm.items()):
            for _ in range(SWAPS * len(slots)):
                one, other = (slots[self.chance.below(len(slots))] for _ in range(2))
                a, b = self.given[one], self.given[other]
                if a == b or one.group == other.group:
                    continue
                if self.may(b, one) and self.may(a, other):
                    self.move(one, b)
                    self.move(other, a)

    def result(self, offset: int) -> list[DrawnVisit]:
        """The visits in their order, the doubles behind."""
        first = sorted((slot for slot in self.given if slot.repeats is None), key=_place)
        places = {slot: offset + place for place, slot in enumerate(first)}
        doubles = sorted((slot for slot in self.given if slot.repeats is not None), key=_place)
        return [
            DrawnVisit(
                slot.demand.branch,
                slot.demand.wave,
                slot.daypart,
                slot.scenario,
                slot.days,
                self.given[slot],
                None if slot.repeats is None else places[slot.repeats],
            )
            for slot in (*first, *doubles)
        ]

    def unfilled(self) -> Iterator[Unfilled]:
        for slot in sorted(self.left, key=_place):
            group = self.groups[slot.group]
            reasons = Counter(
                "there" if person in group else self._reason(person, slot) for person in self.people
            )
            counted = {name: reasons[name] for name in ("barred", "elsewhere", "near", "there")}
            yield Unfilled(
                slot.demand.branch, slot.demand.wave, slot.daypart, slot.repeats is not None, **counted
            )


def _place(slot: _Slot) -> tuple[int, int]:
    return slot.demand.branch, slot.number


def _turns(sizes: Mapping[str, int], wanted: int) -> list[str]:
    """So many turns, to each arm its share: the largest remainders get what is left over."""
    whole = sum(sizes.values())
    if not whole:
        return []
    shares = {arm: wanted * size / whole for arm, size in sizes.items()}
    counts = {arm: int(share + 1e-9) for arm, share in shares.items()}
    rest = sorted(sizes, key=lambda arm: (counts[arm] - shares[arm], arm))
    for arm in rest[: wanted - sum(counts.values())]:
        counts[arm] += 1
    return [arm for arm, count in counts.items() for _ in range(count)]


class _Network:
    """Auditors of arms, auditors and a sink, with what one visit more or less costs each."""

    def __init__(self, giving: _Giving, arms: Sequence[str]) -> None:
        self.giving, self.arms = giving, arms
        self.people = giving.people
        self.place = {person: number for number, person in enumerate(self.people)}
        count = len(self.people)
        # Of the visits of an arm that one auditor makes, how many another one could make instead.
        self.moves = np.zeros((len(arms), count, count), dtype=np.int64)
        for group in list(giving.groups):
            self._count(group, 1)

    def _count(self, group: int, sign: int) -> None:
        for person, slot in self.giving.groups[group].items():
            arm, row = self.arms.index(slot.demand.arm), self.place[person]
            for other in self.giving.allowed(slot):
                if self.giving.may(other, slot):
                    self.moves[arm, row, self.place[other]] += sign

    def improve(self) -> bool:
        """Move visits along one circle of negative cost; whether there was one."""
        circle = _negative_circle(self._costs())
        if not circle:
            return False
        count = len(self.people)
        for start, end in zip(circle, [*circle[1:], circle[0]], strict=True):
            arm, row = divmod(start, count)
            if arm < len(self.arms) and end // count == arm:
                self._move(self.arms[arm], self.people[row], self.people[end % count])
        return True

    def _move(self, arm: str, person: int, other: int) -> None:
        giving = self.giving
        slots = [
            slot
            for group in giving.groups.values()
            if (slot := group.get(person)) is not None and slot.demand.arm == arm and giving.may(other, slot)
        ]
        slot = sorted(slots, key=lambda one: (*_place(one), one.repeats is not None))[
            giving.chance.below(len(slots))
        ]
        self._count(slot.group, -1)
        giving.move(slot, other)
        self._count(slot.group, 1)

    def _costs(self) -> np.ndarray[tuple[int, int], np.dtype[np.float64]]:
        """What it costs to send one visit on from each node to each other; infinite where it cannot be."""
        arms, count = len(self.arms), len(self.people)
        sink = arms * count + count
        costs = np.full((sink + 1, sink + 1), np.inf)
        giving = self.giving
        every = sum(giving.wave.values()) + sum(giving.carried.values()) + sink
        for arm, name in enumerate(self.arms):
            rows = slice(arm * count, (arm + 1) * count)
            costs[rows, rows] = np.where(self.moves[arm] > 0, 0.0, np.inf)
            for place, person in enumerate(self.people):
                load, node = giving.arms[person, name], arm * count + place
                costs[node, arms * count + place] = 2 * load + 1
                if load:
                    costs[arms * count + place, node] = 1 - 2 * load
        # Of all visits first, then of the wave: a step of the one outweighs any of the other.
        weights = (4.0 * every * every, 4.0 * every)
        for place, person in enumerate(self.people):
            whole, load, node = giving.carried[person], giving.wave[person], arms * count + place
            costs[node, sink] = weights[0] * (2 * (whole + load) + 1) + weights[1] * (2 * load + 1)
            if load:
                costs[sink, node] = weights[0] * (1 - 2 * (whole + load)) + weights[1] * (1 - 2 * load)
        np.fill_diagonal(costs, np.inf)
        return costs


def _negative_circle(costs: np.ndarray[tuple[int, int], np.dtype[np.float64]]) -> list[int]:
    """Nodes of a circle whose costs sum to less than nothing, in its direction; none if there is no such."""
    nodes = len(costs)
    distance, before = np.zeros(nodes), np.full(nodes, -1)
    for _ in range(nodes):
        through = distance[:, None] + costs
        best = through.argmin(axis=0)
        shorter = through[best, np.arange(nodes)]
        better = shorter < distance
        if not better.any():
            return []
        before[better] = best[better]
        distance = np.where(better, shorter, distance)
        if circle := _circle(before):
            return circle
    return []


def _circle(before: np.ndarray[tuple[int], np.dtype[np.int64]]) -> list[int]:
    """A circle of the nodes' predecessors, if there is one."""
    seen = np.full(len(before), -1)
    for start in range(len(before)):
        node, trail = start, []
        while node >= 0 and seen[node] < 0:
            seen[node] = start
            trail.append(node)
            node = int(before[node])
        if node >= 0 and seen[node] == start:
            return trail[trail.index(node) :][::-1]
    return []
