"""Branches out of a file: new ones and their regions are added, known ones are brought up to date."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from sqlmodel import Session, select

from pilot_eval.domain.errors import Message
from pilot_eval.domain.network import BranchChange
from pilot_eval.domain.people import Actor
from pilot_eval.domain.problems import N_
from pilot_eval.domain.progress import told
from pilot_eval.operations.import_branches import LONGEST_CODE, store_regions
from pilot_eval.operations.lists.sheets import CHECKING, Column, Effect, Row, Rows
from pilot_eval.operations.pilots import stored_id
from pilot_eval.records.branch_events import BranchEvent, former_codes
from pilot_eval.records.network import Branch, Region
from pilot_eval.records.pilots import Pilot

LONGEST_NAME = 200
USUAL_ZONE = "Europe/Moscow"


@dataclass(frozen=True, slots=True)
class _Wanted:
    """A branch as the file has it; None where the file says nothing."""

    code: str
    name: str
    region: str
    stratum: str | None
    time_zone: str | None
    closed_on: date | None
    place: tuple[float, float] | None


def columns(_session: Session, _pilot: Pilot | None) -> Sequence[Column]:
    return (
        Column("code", N_("the operator's own number or postcode of the branch"), needed=True),
        Column("name", N_("name of the branch"), needed=True),
        Column("region", N_("name or code of its region; one that is not there is added"), needed=True),
        Column("stratum", N_("what a draw is stratified by"), codes="city, village"),
        Column("time_zone", N_("that of Moscow unless given"), codes=USUAL_ZONE),
        Column("closed_on", N_("the day on which it was closed for good")),
        Column("latitude", N_("in degrees, for the distance of an auditor's phone"), codes="56.1291"),
        Column("longitude", N_("in degrees"), codes="40.4066"),
    )


def check(session: Session, _actor: Actor, _pilot: Pilot | None, rows: Rows) -> Effect:
    """What a file of branches would do; see `Kind.check`."""
    regions = list(session.exec(select(Region)))
    keys = {word.casefold(): region for region in regions for word in (region.name, region.code)}
    known = {branch.code: branch for branch in session.exec(select(Branch))}
    by_key = {branch.id: branch.code for branch in known.values()}
    former = {code: by_key[key] for code, key in former_codes(session).items()}
    first: dict[str, int] = {}
    wanted: list[_Wanted] = []
    for count, row in enumerate(rows, 1):
        told(CHECKING, count, len(rows))
        found = _read(row)
        if found.code in former:
            what = Message(
                "%(code)s is %(now)s now: the branch was renumbered", code=found.code, now=former[found.code]
            )
            row.wrong("code", what)
        elif found.code in first:
            earlier = first[found.code]
            row.wrong("code", Message("%(code)s stands in row %(row)s already", code=found.code, row=earlier))
        elif found.code:
            first[found.code] = row.number
            wanted.append(found)
    rows.problems.refuse()
    new = [each for each in wanted if each.code not in known]
    changed = [each for each in wanted if each.code in known and _changes(known[each.code], each, keys)]
    missing = sorted({each.region for each in wanted if each.region.casefold() not in keys})
    notes = [Message("New regions: %(regions)s", regions=", ".join(missing))] if missing else []
    moved = [
        each.code
        for each in changed
        if known[each.code].region_id != getattr(keys.get(each.region.casefold()), "id", None)
    ]
    if moved:
        what = Message("Branches that move to another region: %(branches)s", branches=", ".join(moved[:20]))
        notes.append(what)

    def store(writing: Session, actor: Actor) -> Mapping[str, object]:
        return _store(writing, actor, new, changed)

    return Effect(len(new), len(wanted) - len(new) - len(changed), len(changed), store, notes)


def _read(row: Row) -> _Wanted:
    for column, most in (("code", LONGEST_CODE), ("name", LONGEST_NAME), ("region", LONGEST_NAME)):
        row.short(column, most)
    return _Wanted(
        code=row.needed("code"),
        name=row.needed("name"),
        region=row.needed("region"),
        stratum=row.short("stratum", LONGEST_CODE) or None,
        time_zone=row.zone("time_zone") or None,
        closed_on=row.day("closed_on"),
        place=_place(row),
    )


def _place(row: Row) -> tuple[float, float] | None:
    """Latitude and longitude: both or none."""
    north, east = row.number_within("latitude", 90), row.number_within("longitude", 180)
    for column, given, other in (("latitude", north, "longitude"), ("longitude", east, "latitude")):
        if given is None and row.text(other) and not row.text(column):
            row.wrong(column, Message("is empty; a place needs both"))
    return None if north is None or east is None else (north, east)


def _closing(branch: Branch, day: date, actor: Actor) -> BranchEvent:
    return BranchEvent(
        branch_id=stored_id(branch), change=BranchChange.CLOSED, happened_on=day, recorded_by=actor.user_id
    )


def _changes(branch: Branch, wanted: _Wanted, regions: Mapping[str, Region]) -> bool:
    region = regions.get(wanted.region.casefold())
    return any(
        (
            branch.name != wanted.name,
            region is None or branch.region_id != region.id,
            wanted.stratum is not None and branch.stratum != wanted.stratum,
            wanted.time_zone is not None and branch.time_zone != wanted.time_zone,
            wanted.closed_on is not None and branch.closed_on != wanted.closed_on,
            wanted.place is not None and (branch.latitude, branch.longitude) != wanted.place,
        )
    )


def _store(
    session: Session, actor: Actor, new: Sequence[_Wanted], changed: Sequence[_Wanted]
) -> Mapping[str, object]:
    regions = store_regions(session, actor, [each.region for each in (*new, *changed)])
    for each in new:
        session.add(
            Branch(
                code=each.code,
                name=each.name,
                region_id=regions[each.region.casefold()],
                stratum=each.stratum or "",
                time_zone=each.time_zone or USUAL_ZONE,
                closed_on=each.closed_on,
                latitude=each.place and each.place[0],
                longitude=each.place and each.place[1],
            )
        )
    codes = {each.code: each for each in changed}
    stored = {branch.code: branch for branch in session.exec(select(Branch)) if branch.code in codes}
    for code, each in codes.items():
        branch = stored[code]
        branch.name, branch.region_id = each.name, regions[each.region.casefold()]
        branch.stratum = each.stratum if each.stratum is not None else branch.stratum
        branch.time_zone = each.time_zone or branch.time_zone
        if each.closed_on is not None and each.closed_on != branch.closed_on:
            branch.closed_on = each.closed_on
            session.add(_closing(branch, each.closed_on, actor))
        if each.place is not None:
            branch.latitude, branch.longitude = each.place
        session.add(branch)
    session.flush()
    return {"changed": [stored_id(branch) for branch in stored.values()]}
