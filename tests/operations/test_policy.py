"""Every cell of the table of rights, written down a second time by hand."""

from __future__ import annotations

import itertools

import pytest

from pilot_eval.domain.errors import NeedsFreshSignIn, NotAllowed, NotFound
from pilot_eval.domain.people import Actor, Role
from pilot_eval.operations.policy import FRESH, POLICY, Action, Scope, may, require, scope_of

# A column for each role in this order; "-" is forbidden.
ROLES = (Role.AUDITOR, Role.MANAGER, Role.HEAD_OFFICE, Role.ADMINISTRATOR)
EXPECTED = """
see_assignments    own  -       all  -
record             own  -       -    -
read_branches      own  region  all  all
read_recorded      own  region  all  -
read_reviewed      -    region  all  -
correct            own  -       all  -
review             -    -       all  -
remark             own  region  all  -
compare_branches   -    region  all  -
see_uplift         -    region  all  -
see_coverage       -    -       all  -
see_dayparts       -    region  all  -
export_summary     -    region  all  -
export_rows        -    -       all  -
import             -    -       all  -
plan_pilot         -    -       all  -
edit_checklists    -    -       all  -
publish_checklist  -    -       all  -
plan_size          -    -       all  -
see_network        -    region  all  -
rebuild_results    -    -       all  -
close_wave         -    -       all  -
freeze_plan        -    -       all  -
take_look          -    -       all  -
decide             -    -       all  -
read_people        -    -       all  all
manage_people      -    -       -    all
manage_network     -    -       all  all
end_access         own  own     own  all
make_token         -    -       -    -
read_audit_log     own  own     all  all
verify_audit_log   -    -       all  all
"""
WANTS_FRESH = {
    *("export_rows", "publish_checklist", "close_wave", "freeze_plan", "take_look", "decide"),
    "manage_people",
}

CELLS = [
    (Action(line.split()[0]), role, cell)
    for line in EXPECTED.strip().splitlines()
    for role, cell in zip(ROLES, line.split()[1:], strict=True)
]
ME, SOMEBODY, MY_REGION, ELSEWHERE = 1, 2, 10, 20


def acting(role: Role | None, *, fresh: bool = True) -> Actor:
    return Actor("me", role, ME, MY_REGION if role is Role.MANAGER else None, fresh=fresh)


def test_the_table_here_has_every_action_and_role() -> None:
    assert {(action, role) for action, role, _cell in CELLS} == set(itertools.product(Action, Role))
    assert set(POLICY) == set(Action)
    assert {action.value for action in FRESH} == WANTS_FRESH


@pytest.mark.parametrize(("action", "role", "cell"), CELLS)
def test_each_cell_is_as_agreed(action: Action, role: Role, cell: str) -> None:
    if cell == "-":
        with pytest.raises(NotAllowed):
            scope_of(acting(role), action)
        with pytest.raises(NotAllowed):
            require(acting(role), action, owner_id=ME, region_id=MY_REGION)
        assert not may(acting(role), action)
    else:
        assert scope_of(acting(role), action) is Scope(cell)
        assert may(acting(role), action)


@pytest.mark.parametrize(("action", "role", "cell"), [cell for cell in CELLS if cell[2] == "own"])
def test_a_right_to_ones_own_ends_at_what_is_somebody_elses(action: Action, role: Role, cell: str) -> None:
    assert require(acting(role), action, owner_id=ME) is Scope.OWN
    for owner in (SOMEBODY, None):
        with pytest.raises(NotFound):
            require(acting(role), action, owner_id=owner, region_id=MY_REGION)


@pytest.mark.parametrize(("action", "role", "cell"), [cell for cell in CELLS if cell[2] == "region"])
def test_a_right_to_a_region_ends_at_its_border(action: Action, role: Role, cell: str) -> None:
    assert require(acting(role), action, region_id=MY_REGION) is Scope.REGION
    for region in (ELSEWHERE, None):
        with pytest.raises(NotFound):
            require(acting(role), action, owner_id=ME, region_id=region)


@pytest.mark.parametrize(("action", "role", "cell"), [cell for cell in CELLS if cell[2] == "all"])
def test_a_right_to_all_has_no_border(action: Action, role: Role, cell: str) -> None:
    assert require(acting(role), action, owner_id=SOMEBODY, region_id=ELSEWHERE) is Scope.ALL


@pytest.mark.parametrize(("action", "role", "cell"), [cell for cell in CELLS if cell[2] != "-"])
def test_only_weighty_actions_ask_for_the_password_once_more(action: Action, role: Role, cell: str) -> None:
    stale = acting(role, fresh=False)
    if action.value in WANTS_FRESH:
        with pytest.raises(NeedsFreshSignIn):
            scope_of(stale, action)
    else:
        assert scope_of(stale, action) is Scope(cell)


def test_who_may_not_is_told_so_before_a_password_is_asked() -> None:
    with pytest.raises(NotAllowed):
        scope_of(acting(Role.AUDITOR, fresh=False), Action.MANAGE_PEOPLE)


@pytest.mark.parametrize("action", Action)
def test_the_operator_at_the_server_may_do_everything(action: Action) -> None:
    assert scope_of(acting(None, fresh=False), action) is Scope.ALL
    assert may(acting(None), action)


def test_a_manager_without_a_region_reaches_nothing() -> None:
    lost = Actor("me", Role.MANAGER, ME, None)
    with pytest.raises(NotFound):
        require(lost, Action.COMPARE_BRANCHES, region_id=None)
