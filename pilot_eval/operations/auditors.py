"""What is declared of auditors: branches that they must not visit, and regions that they travel to."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from sqlmodel import Session, col, select

from pilot_eval.domain.errors import BadInput, Message, NotFound, Problem
from pilot_eval.domain.people import Actor, Role
from pilot_eval.domain.problems import N_
from pilot_eval.operations.policy import Action, scope_of
from pilot_eval.operations.visit_plans import auditors_of
from pilot_eval.records import audit
from pilot_eval.records.branch_events import branch_of
from pilot_eval.records.network import Branch, Region
from pilot_eval.records.people import User
from pilot_eval.records.pilots import AuditorRegion, BarredBranch


@dataclass(frozen=True, slots=True)
class DeclaredOf:
    """An auditor with what is declared.

    Parameters
    ----------
    barred : tuple of Branch
        By code.
    regions : tuple of Region
        By name; empty for one who goes everywhere.
    """

    auditor: User
    barred: tuple[Branch, ...]
    regions: tuple[Region, ...]


@dataclass(frozen=True, slots=True)
class AuditorLine:
    """An auditor of the list, with how much is declared."""

    auditor: User
    barred: int
    regions: int


def list_declared(session: Session, actor: Actor) -> list[AuditorLine]:
    """Active auditors by pseudonym."""
    scope_of(actor, Action.PLAN_PILOT)
    barred = Counter(session.exec(select(BarredBranch.auditor_id)))
    regions = Counter(session.exec(select(AuditorRegion.auditor_id)))
    return [AuditorLine(auditor, barred[auditor.id], regions[auditor.id]) for auditor in auditors_of(session)]


def declared_of(session: Session, actor: Actor, person_id: int) -> DeclaredOf:
    """What is declared of one auditor.

    Raises
    ------
    NotFound
        If there is no such person, or they are no auditor.
    """
    scope_of(actor, Action.PLAN_PILOT)
    auditor = session.get(User, person_id)
    if auditor is None or auditor.role is not Role.AUDITOR:
        raise NotFound
    barred = session.exec(
        select(Branch)
        .join(BarredBranch, col(BarredBranch.branch_id) == col(Branch.id))
        .where(col(BarredBranch.auditor_id) == person_id)
        .order_by(col(Branch.code))
    )
    regions = session.exec(
        select(Region)
        .join(AuditorRegion, col(AuditorRegion.region_id) == col(Region.id))
        .where(col(AuditorRegion.auditor_id) == person_id)
    )
    by_name = sorted(regions, key=lambda region: region.name.casefold())
    return DeclaredOf(auditor, tuple(barred), tuple(by_name))


def declare(
    session: Session,
    actor: Actor,
    person_id: int,
    *,
    barred: Collection[str],
    regions: Collection[int],
    now: datetime,
) -> DeclaredOf:
    """Make these the branches that an auditor must not visit, and the regions they travel to.

    Parameters
    ----------
    barred : collection of str
        Codes of branches.
    regions : collection of int
        Keys of regions; none for everywhere.

    Raises
    ------
    NotFound
        As `declared_of`.
    BadInput
        Naming every code that no branch has.
    """
    before = declared_of(session, actor, person_id)
    wanted = {code.strip() for code in barred if code.strip()}
    branches = {code: branch for code in sorted(wanted) if (branch := branch_of(session, code)) is not None}
    known = set(session.exec(select(Region.id).where(col(Region.id).in_(regions))))
    problems = [
        Problem("barred", Message("There is no branch %(branch)s", branch=code))
        for code in sorted(wanted - set(branches))
    ]
    if set(regions) - known:
        problems.append(Problem("regions", N_("Choose regions of the list")))
    if problems:
        raise BadInput(problems)
    _replace_bars(session, before, list(branches.values()), now)
    _replace_regions(session, before, set(regions))
    details = {"barred": sorted(branch.id or 0 for branch in branches.values()), "regions": sorted(regions)}
    audit.append(session, actor, "auditor.declare", "auditor", person_id, **details)
    session.commit()
    return declared_of(session, actor, person_id)


def _replace_bars(session: Session, before: DeclaredOf, branches: list[Branch], now: datetime) -> None:
    there, wanted = {branch.id for branch in before.barred}, {branch.id for branch in branches}
    for gone in there - wanted:
        session.delete(session.get_one(BarredBranch, (before.auditor.id, gone)))
    for new in wanted - there:
        assert new is not None  # noqa: S101 - the branch is stored
        session.add(BarredBranch(auditor_id=before.auditor.id, branch_id=new, declared_at=now))


def _replace_regions(session: Session, before: DeclaredOf, wanted: set[int]) -> None:
    there = {region.id for region in before.regions}
    for gone in there - wanted:
        session.delete(session.get_one(AuditorRegion, (before.auditor.id, gone)))
    for new in wanted - there:
        session.add(AuditorRegion(auditor_id=before.auditor.id, region_id=new))
