"""Who may do what: one table, default deny, checked by every operation.

Wrong role: `NotAllowed`. Another region's or person's object: `NotFound`, as if it did not exist.
"""

from __future__ import annotations

from enum import StrEnum

from pilot_eval.domain.errors import NeedsFreshSignIn, NotAllowed, NotFound
from pilot_eval.domain.people import Actor, Role


class Scope(StrEnum):
    """How far a right reaches."""

    OWN = "own"  # what the person recorded or was assigned
    REGION = "region"  # branches of the manager's region; others only as aggregates
    ALL = "all"


class Action(StrEnum):
    SEE_ASSIGNMENTS = "see_assignments"
    RECORD = "record"
    READ_BRANCHES = "read_branches"
    READ_RECORDED = "read_recorded"
    READ_REVIEWED = "read_reviewed"  # a visit with its score and all that was said of it
    CORRECT = "correct"  # what was sent, with a reason
    REVIEW = "review"  # return, approve, exclude, restore, answer, redact
    REMARK = "remark"  # comment or dispute
    COMPARE_BRANCHES = "compare_branches"
    SEE_UPLIFT = "see_uplift"
    SEE_COVERAGE = "see_coverage"
    SEE_DAYPARTS = "see_dayparts"  # planned and made by part of the day; a manager once the wave is closed
    EXPORT_SUMMARY = "export_summary"
    EXPORT_ROWS = "export_rows"
    IMPORT = "import"
    PLAN_PILOT = "plan_pilot"
    EDIT_CHECKLISTS = "edit_checklists"
    PUBLISH_CHECKLIST = "publish_checklist"
    PLAN_SIZE = "plan_size"
    SEE_NETWORK = "see_network"
    REBUILD_RESULTS = "rebuild_results"
    CLOSE_WAVE = "close_wave"
    FREEZE_PLAN = "freeze_plan"  # and change a frozen one
    TAKE_LOOK = "take_look"
    DECIDE = "decide"
    READ_PEOPLE = "read_people"
    MANAGE_PEOPLE = "manage_people"
    MANAGE_NETWORK = "manage_network"
    END_ACCESS = "end_access"  # see and end sign-ins and API tokens
    MAKE_TOKEN = "make_token"  # noqa: S105 - the name of a right
    READ_AUDIT_LOG = "read_audit_log"
    VERIFY_AUDIT_LOG = "verify_audit_log"


_AUDITOR, _MANAGER, _HEAD, _ADMIN = Role.AUDITOR, Role.MANAGER, Role.HEAD_OFFICE, Role.ADMINISTRATOR

# A pair that is not here is forbidden.
POLICY: dict[Action, dict[Role, Scope]] = {
    Action.SEE_ASSIGNMENTS: {_AUDITOR: Scope.OWN, _HEAD: Scope.ALL},
    Action.RECORD: {_AUDITOR: Scope.OWN},
    Action.READ_BRANCHES: {
        _AUDITOR: Scope.OWN,
        _MANAGER: Scope.REGION,
        _HEAD: Scope.ALL,
        _ADMIN: Scope.ALL,
    },
    Action.READ_RECORDED: {_AUDITOR: Scope.OWN, _MANAGER: Scope.REGION, _HEAD: Scope.ALL},
    Action.READ_REVIEWED: {_MANAGER: Scope.REGION, _HEAD: Scope.ALL},
    Action.CORRECT: {_AUDITOR: Scope.OWN, _HEAD: Scope.ALL},
    Action.REVIEW: {_HEAD: Scope.ALL},
    Action.REMARK: {_AUDITOR: Scope.OWN, _MANAGER: Scope.REGION, _HEAD: Scope.ALL},
    Action.COMPARE_BRANCHES: {_MANAGER: Scope.REGION, _HEAD: Scope.ALL},
    Action.SEE_UPLIFT: {_MANAGER: Scope.REGION, _HEAD: Scope.ALL},
    Action.SEE_COVERAGE: {_HEAD: Scope.ALL},
    Action.SEE_DAYPARTS: {_MANAGER: Scope.REGION, _HEAD: Scope.ALL},
    Action.EXPORT_SUMMARY: {_MANAGER: Scope.REGION, _HEAD: Scope.ALL},
    Action.EXPORT_ROWS: {_HEAD: Scope.ALL},
    Action.IMPORT: {_HEAD: Scope.ALL},
    Action.PLAN_PILOT: {_HEAD: Scope.ALL},
    Action.EDIT_CHECKLISTS: {_HEAD: Scope.ALL},
    Action.PUBLISH_CHECKLIST: {_HEAD: Scope.ALL},
    Action.PLAN_SIZE: {_HEAD: Scope.ALL},
    Action.SEE_NETWORK: {_MANAGER: Scope.REGION, _HEAD: Scope.ALL},
    Action.REBUILD_RESULTS: {_HEAD: Scope.ALL},
    Action.CLOSE_WAVE: {_HEAD: Scope.ALL},
    Action.FREEZE_PLAN: {_HEAD: Scope.ALL},
    Action.TAKE_LOOK: {_HEAD: Scope.ALL},
    Action.DECIDE: {_HEAD: Scope.ALL},
    Action.READ_PEOPLE: {_HEAD: Scope.ALL, _ADMIN: Scope.ALL},
    Action.MANAGE_PEOPLE: {_ADMIN: Scope.ALL},
    Action.MANAGE_NETWORK: {_HEAD: Scope.ALL, _ADMIN: Scope.ALL},
    Action.END_ACCESS: {_AUDITOR: Scope.OWN, _MANAGER: Scope.OWN, _HEAD: Scope.OWN, _ADMIN: Scope.ALL},
    Action.MAKE_TOKEN: {},  # only at the server's command line
    Action.READ_AUDIT_LOG: {_AUDITOR: Scope.OWN, _MANAGER: Scope.OWN, _HEAD: Scope.ALL, _ADMIN: Scope.ALL},
    Action.VERIFY_AUDIT_LOG: {_HEAD: Scope.ALL, _ADMIN: Scope.ALL},
}

# Only shortly after the password was given.
FRESH: frozenset[Action] = frozenset(
    {
        Action.EXPORT_ROWS,
        Action.PUBLISH_CHECKLIST,
        Action.CLOSE_WAVE,
        Action.FREEZE_PLAN,
        Action.TAKE_LOOK,
        Action.DECIDE,
        Action.MANAGE_PEOPLE,
    }
)


def scope_of(actor: Actor, action: Action) -> Scope:
    """How far the actor's right to an action reaches.

    Raises
    ------
    NotAllowed
        If the role has no such right.
    NeedsFreshSignIn
        If it has, but the password was given too long ago.
    """
    if actor.role is None:
        return Scope.ALL
    scope = POLICY[action].get(actor.role)
    if scope is None:
        raise NotAllowed(f"{actor.role.value} may not {action.value.replace('_', ' ')}")
    if action in FRESH and not actor.fresh:
        raise NeedsFreshSignIn
    return scope


def may(actor: Actor, action: Action) -> bool:
    """Whether to show a person the way to an action; never instead of `scope_of`."""
    return actor.role is None or actor.role in POLICY[action]


def require(
    actor: Actor, action: Action, *, owner_id: int | None = None, region_id: int | None = None
) -> Scope:
    """Refuse an actor who may not do this to an object of that owner or region.

    Raises
    ------
    NotAllowed, NeedsFreshSignIn
        As `scope_of`.
    NotFound
        If the right does not reach the object.
    """
    scope = scope_of(actor, action)
    if scope is Scope.OWN and (owner_id is None or owner_id != actor.user_id):
        raise NotFound
    if scope is Scope.REGION and (region_id is None or region_id != actor.region_id):
        raise NotFound
    return scope
