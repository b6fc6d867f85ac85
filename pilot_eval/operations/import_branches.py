"""Branches of an imported file: those the network knows, and those it is given."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from sqlmodel import Session, col, select

from pilot_eval.domain.people import Actor
from pilot_eval.domain.pilots import Arm
from pilot_eval.operations.pilots import stored_id
from pilot_eval.records import audit
from pilot_eval.records.branch_events import former_codes
from pilot_eval.records.network import Branch, Region
from pilot_eval.records.pilots import Pilot, PilotBranch

LONGEST_CODE = 64
# Where a file says nothing of the region of a branch that the network does not know.
NO_REGION = ("not-given", "—")


@dataclass(frozen=True, slots=True)
class NewBranch:
    """A branch of the file."""

    code: str
    name: str
    region: str
    arm: Arm
    stratum: str


def known_branches(session: Session, branches: Sequence[NewBranch]) -> dict[str, tuple[Branch, Region]]:
    """Those of the branches that the network has, with their regions, by the code that the file has.

    A branch that was renumbered is known by its earlier codes too.
    """
    rows = session.exec(select(Branch, Region).join(Region, col(Region.id) == col(Branch.region_id)))
    by_key = {branch.id: (branch, region) for branch, region in rows}
    keys: dict[str, int | None] = dict(former_codes(session))
    keys |= {branch.code: key for key, (branch, _region) in by_key.items()}
    return {branch.code: by_key[keys[branch.code]] for branch in branches if branch.code in keys}


def store_branches(
    session: Session, actor: Actor, pilot: Pilot, branches: Sequence[NewBranch]
) -> dict[str, int]:
    """Add what the network lacks, put all into the pilot, and give each branch's key by its code."""
    known = {code: branch for code, (branch, _region) in known_branches(session, branches).items()}
    regions = store_regions(
        session, actor, [branch.region for branch in branches if branch.code not in known]
    )
    for branch in branches:
        if branch.code not in known:
            known[branch.code] = Branch(
                code=branch.code,
                name=branch.name,
                region_id=regions[branch.region.casefold()],
                stratum=branch.stratum,
            )
            session.add(known[branch.code])
    session.flush()
    for branch in branches:
        session.add(
            PilotBranch(
                pilot_id=stored_id(pilot),
                branch_id=stored_id(known[branch.code]),
                arm=branch.arm,
                stratum=branch.stratum,
                code="" if known[branch.code].code == branch.code else branch.code,
            )
        )
    return {branch.code: stored_id(known[branch.code]) for branch in branches}


def store_regions(session: Session, actor: Actor, names: Sequence[str]) -> dict[str, int]:
    """Keys of regions by folded name or code; those that are missing are added."""
    keys: dict[str, int] = {}
    codes = set()
    for region in session.exec(select(Region)):
        codes.add(region.code)
        for name in (region.code, region.name):
            keys[name.casefold()] = stored_id(region)
    for name in sorted(set(names)):
        if name.casefold() in keys:
            continue
        code, label = NO_REGION if not name else (_region_code(name, codes), name)
        if code.casefold() not in keys:
            new = Region(code=code, name=label)
            session.add(new)
            session.flush()
            audit.append(session, actor, "region.create", "region", new.id)
            keys[code.casefold()] = stored_id(new)
        codes.add(code)
        keys[name.casefold()] = keys[code.casefold()]
    return keys


def _region_code(name: str, taken: set[str]) -> str:
    base = re.sub(r"\W+", "-", name.casefold()).strip("-")[: LONGEST_CODE - 4] or "region"
    code, count = base, 2
    while code in taken:
        code, count = f"{base}-{count}", count + 1
    return code
