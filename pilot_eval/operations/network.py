"""Regions and branches."""

from __future__ import annotations

from sqlmodel import Session, col, select

from pilot_eval.domain.errors import BadInput, Problem
from pilot_eval.domain.people import Actor
from pilot_eval.operations.policy import Action, Scope, scope_of
from pilot_eval.records import audit
from pilot_eval.records.branch_events import branch_of
from pilot_eval.records.network import Branch, Region
from pilot_eval.records.pilots import Assignment


def list_regions(session: Session) -> list[Region]:
    return sorted(session.exec(select(Region)), key=lambda region: region.name.casefold())


def list_branches(session: Session, actor: Actor, most: int | None = None) -> list[Branch]:
    """Branches by code, for those who plan: all of them, or no more than `most`."""
    scope_of(actor, Action.PLAN_PILOT)
    return list(session.exec(select(Branch).order_by(col(Branch.code)).limit(most)))


def read_branches(session: Session, actor: Actor, *, after: str = "", most: int) -> list[tuple[Branch, str]]:
    """Branches whose code follows `after`, with the codes of their regions, in the order of codes.

    An auditor has those of standing assignments, a manager those of the region, others all.
    """
    scope = scope_of(actor, Action.READ_BRANCHES)
    statement = (
        select(Branch, Region.code)
        .join(Region, col(Region.id) == col(Branch.region_id))
        .where(col(Branch.code) > after)
        .order_by(col(Branch.code))
        .limit(most)
    )
    if scope is Scope.REGION:
        statement = statement.where(col(Branch.region_id) == actor.region_id)
    elif scope is Scope.OWN:
        own = select(Assignment.branch_id).where(
            col(Assignment.auditor_id) == actor.user_id, col(Assignment.withdrawn_at).is_(None)
        )
        statement = statement.where(col(Branch.id).in_(own))
    return list(session.exec(statement))


def create_region(session: Session, actor: Actor, *, code: str, name: str) -> Region:
    """Add a region.

    Raises
    ------
    BadInput
        If the code or name is empty, or the code is taken.
    """
    scope_of(actor, Action.MANAGE_NETWORK)
    code, name = code.strip(), name.strip()
    problems = [
        Problem(field, "Enter a value") for field, given in (("code", code), ("name", name)) if not given
    ]
    if not problems and session.exec(select(Region.id).where(col(Region.code) == code)).first():
        problems.append(Problem("code", "This code is taken"))
    if problems:
        raise BadInput(problems)
    region = Region(code=code, name=name)
    session.add(region)
    session.flush()
    audit.append(session, actor, "region.create", "region", region.id)
    session.commit()
    return region


def create_branch(
    session: Session,
    actor: Actor,
    *,
    code: str,
    name: str,
    region_id: int,
    stratum: str = "",
    time_zone: str = "Europe/Moscow",
) -> Branch:
    """Add a branch.

    Raises
    ------
    BadInput
        If the code or name is empty, the code is taken, or there is no such region.
    """
    scope_of(actor, Action.MANAGE_NETWORK)
    code, name = code.strip(), name.strip()
    problems = [
        Problem(field, "Enter a value") for field, given in (("code", code), ("name", name)) if not given
    ]
    if not problems and branch_of(session, code) is not None:
        problems.append(Problem("code", "This code is taken"))
    if session.get(Region, region_id) is None:
        problems.append(Problem("region", "Choose a region"))
    if problems:
        raise BadInput(problems)
    branch = Branch(code=code, name=name, region_id=region_id, stratum=stratum.strip(), time_zone=time_zone)
    session.add(branch)
    session.flush()
    audit.append(session, actor, "branch.create", "branch", branch.id)
    session.commit()
    return branch
