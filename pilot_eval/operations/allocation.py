"""A pilot gets its branches, and each branch its arm: by hand or at random."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime

from sqlmodel import Session, col, select

from pilot_eval.domain.errors import BadInput, EditConflict, Problem, WrongState
from pilot_eval.domain.people import Actor
from pilot_eval.domain.pilots import Arm, Design
from pilot_eval.domain.problems import N_
from pilot_eval.operations.pilots import anything_recorded, commit_change, get_pilot, members_of, stored_id
from pilot_eval.operations.policy import Action
from pilot_eval.records import plans
from pilot_eval.records.network import Branch
from pilot_eval.records.pilots import Pilot, PilotBranch
from pilot_eval.stats.allocation import draw


def choose_branches(
    session: Session, actor: Actor, slug: str, codes: Collection[str], version: int | None = None
) -> list[PilotBranch]:
    """Make these the pilot's branches; those that stay keep their arm.

    Parameters
    ----------
    version : int, optional
        The pilot's `row_version` when the chooser saw it.

    Raises
    ------
    BadInput
        If a branch is unknown or none is chosen.
    WrongState
        If something was recorded already.
    EditConflict
        If somebody changed the pilot in the meantime.
    """
    pilot = _changeable(session, actor, slug, version)
    wanted = {code.strip() for code in codes}
    found = list(session.exec(select(Branch).where(col(Branch.code).in_(wanted))))
    problems = [
        Problem(code, N_("There is no such branch"))
        for code in sorted(wanted - {branch.code for branch in found})
    ]
    if not wanted:
        problems.append(Problem("branches", N_("Choose at least one branch")))
    if problems:
        raise BadInput(problems)
    present = {member.branch_id: member for member, _branch in members_of(session, pilot)}
    kept = {branch.id for branch in found}
    for branch_id, member in present.items():
        if branch_id not in kept:
            session.delete(member)
    for branch in found:
        if branch.id not in present:
            session.add(
                PilotBranch(pilot_id=stored_id(pilot), branch_id=stored_id(branch), stratum=branch.stratum)
            )
    commit_change(session, actor, pilot, "pilot.branches", branches=len(found))
    return [member for member, _branch in members_of(session, pilot)]


def set_arms(
    session: Session,
    actor: Actor,
    slug: str,
    arms: Mapping[str, Arm],
    now: datetime,
    version: int | None = None,
) -> Pilot:
    """Put every branch of the pilot into an arm, by hand.

    Raises
    ------
    BadInput
        If a branch has no arm, is not in the pilot, or an arm has fewer than two branches.
    WrongState
        If something was recorded already.
    EditConflict
        If somebody changed the pilot in the meantime.
    """
    pilot = _changeable(session, actor, slug, version)
    members = members_of(session, pilot)
    codes = {branch.code for _member, branch in members}
    problems = [
        Problem(code, N_("This branch is not in the pilot")) for code in sorted(arms) if code not in codes
    ]
    problems += [Problem(code, N_("Choose an arm")) for code in sorted(codes - set(arms))]
    if problems := problems or _problems_of_arms(pilot.design, arms):
        raise BadInput(problems)
    plan: dict[str, object] = {"method": "by_hand", "seed": None, "strata": [], "share": None}
    return _store_arms(session, actor, pilot, members, arms, plan, now)


def draw_arms(
    session: Session,
    actor: Actor,
    slug: str,
    *,
    seed: int,
    now: datetime,
    share: float = 0.5,
    stratified: bool = True,
    version: int | None = None,
) -> Pilot:
    """Draw the branches to be trained at random, within strata where wanted.

    The plan keeps the seed, the strata, the share and the time, so that anybody can repeat the draw
    (`stats.allocation.draw` of the branches' codes).

    Raises
    ------
    BadInput
        If the share or seed is unusable, or an arm would get fewer than two branches.
    WrongState
        If something was recorded already, or the design has no comparison group.
    EditConflict
        If somebody changed the pilot in the meantime.
    """
    pilot = _changeable(session, actor, slug, version)
    if pilot.design is Design.BEFORE_AFTER:
        raise WrongState(
            "no_comparison", N_("This design has no comparison group, so there is nothing to draw")
        )
    problems = (
        [] if 0 < share < 1 else [Problem("share", N_("The share must lie between 0 and 1, such as 0.5"))]
    )
    if seed < 0:
        problems.append(Problem("seed", N_("The seed must not be negative")))
    if problems:
        raise BadInput(problems)
    members = members_of(session, pilot)
    strata = {branch.code: member.stratum if stratified else "" for member, branch in members}
    drawn = draw(strata, share, seed)
    arms = {code: Arm.TRAINED if code in drawn else Arm.COMPARISON for code in strata}
    if problems := _problems_of_arms(pilot.design, arms):
        raise BadInput(problems)
    plan: dict[str, object] = {
        "method": "random",
        "seed": seed,
        "strata": sorted(set(strata.values()) - {""}),
        "share": share,
    }
    return _store_arms(session, actor, pilot, members, arms, plan, now)


def _problems_of_arms(design: Design, arms: Mapping[str, Arm]) -> list[Problem]:
    counts = {arm: sum(given is arm for given in arms.values()) for arm in Arm}
    if design is Design.BEFORE_AFTER and counts[Arm.COMPARISON]:
        return [Problem("arms", N_("This design has no comparison group: every branch is trained"))]
    needed = [Arm.TRAINED] if design is Design.BEFORE_AFTER else list(Arm)
    if any(counts[arm] < 2 for arm in needed):
        return [Problem("arms", N_("Each arm needs at least two branches"))]
    return []


def _store_arms(
    session: Session,
    actor: Actor,
    pilot: Pilot,
    members: Sequence[tuple[PilotBranch, Branch]],
    arms: Mapping[str, Arm],
    plan: dict[str, object],
    now: datetime,
) -> Pilot:
    for member, branch in members:
        member.arm = arms[branch.code]
    pilot.allocation = {
        **plan,
        "drawn_at": now.isoformat(),
        "arms": {branch.code: arms[branch.code].value for _member, branch in members},
    }
    commit_change(session, actor, pilot, "pilot.arms", method=plan["method"], seed=plan["seed"])
    return pilot


def is_changeable(session: Session, pilot: Pilot) -> bool:
    """Whether branches and arms may still change: nothing recorded, no version of the plan that has them."""
    return not (anything_recorded(session, pilot) or plans.versions_of(session, stored_id(pilot)))


def _changeable(session: Session, actor: Actor, slug: str, version: int | None) -> Pilot:
    """The pilot, if its branches and arms may still be changed by someone who saw this version."""
    pilot = get_pilot(session, actor, slug, Action.PLAN_PILOT)
    if version is not None and pilot.row_version != version:
        raise EditConflict
    if anything_recorded(session, pilot):
        raise WrongState(
            "already_recorded", N_("Observations have come in; branches and arms can no longer be changed")
        )
    if not is_changeable(session, pilot):
        raise WrongState("plan_frozen", N_("The plan is frozen; branches and arms can no longer be changed"))
    return pilot
