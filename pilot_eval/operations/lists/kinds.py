"""The kinds of files that can be brought in."""

from __future__ import annotations

from collections.abc import Mapping

from pilot_eval.domain.lists import ListKind
from pilot_eval.operations.lists import assignments, branches, people, timings, visits
from pilot_eval.operations.lists.sheets import Kind
from pilot_eval.operations.policy import Action

KINDS: Mapping[ListKind, Kind] = {
    ListKind.BRANCHES: Kind(Action.IMPORT, False, branches.columns, branches.check),
    ListKind.PEOPLE: Kind(Action.MANAGE_PEOPLE, False, people.columns, people.check),
    ListKind.ASSIGNMENTS: Kind(Action.PLAN_PILOT, True, assignments.columns, assignments.check),
    ListKind.VISITS: Kind(Action.IMPORT, True, visits.columns, visits.check),
    ListKind.TIMINGS: Kind(Action.IMPORT, True, timings.columns, timings.check),
}
