"""People out of a file: new ones are added; one who is there already is never changed by a file."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlmodel import Session, select

from pilot_eval.domain.errors import Message
from pilot_eval.domain.people import Actor, Role
from pilot_eval.domain.problems import N_
from pilot_eval.domain.progress import told
from pilot_eval.operations.lists.sheets import CHECKING, Column, Effect, Row, Rows
from pilot_eval.operations.people import add_person
from pilot_eval.records.network import Region
from pilot_eval.records.people import User
from pilot_eval.records.pilots import Pilot

LONGEST_NAME = 200
# As they are written in files, in both languages.
ROLES: Mapping[str, Role] = {
    **{role.value: role for role in Role},
    "аудитор": Role.AUDITOR,
    "руководитель региона": Role.MANAGER,
    "центральный офис": Role.HEAD_OFFICE,
    "администратор": Role.ADMINISTRATOR,
}
LANGUAGES: Mapping[str, str] = {"en": "en", "ru": "ru"}


@dataclass(frozen=True, slots=True)
class _Wanted:
    name: str
    role: Role
    region_id: int | None
    full_name: str
    language: str


def columns(_session: Session, _pilot: Pilot | None) -> Sequence[Column]:
    return (
        Column("name", N_("sign-in name, an e-mail address or not"), needed=True),
        Column("role", N_("what the person may do"), needed=True, codes=", ".join(Role)),
        Column("region", N_("name or code of a manager's region")),
        Column("full_name", N_("name in full, seen by administrators and head office")),
        Column("language", N_("in which the person reads"), codes="en, ru"),
    )


def check(session: Session, _actor: Actor, _pilot: Pilot | None, rows: Rows) -> Effect:
    """What a file of people would do; see `Kind.check`."""
    keys = {
        word.casefold(): region
        for region in session.exec(select(Region))
        for word in (region.name, region.code)
    }
    known = {person.email: person for person in session.exec(select(User))}
    first: dict[str, int] = {}
    new: list[_Wanted] = []
    there = 0
    for count, row in enumerate(rows, 1):
        told(CHECKING, count, len(rows))
        found = _read(row, keys)
        if found is None:
            continue
        if found.name in first:
            earlier = first[found.name]
            row.wrong("name", Message("%(name)s stands in row %(row)s already", name=found.name, row=earlier))
        first[found.name] = row.number
        if found.name not in known:
            new.append(found)
        elif _same(known[found.name], found):
            there += 1
        else:
            what = Message("%(name)s is there already with another role or region", name=found.name)
            row.wrong("name", what)
    rows.problems.refuse()
    notes = [Message("Make each new person a one-time link, by which the password is set.")] if new else []

    def store(writing: Session, actor: Actor) -> Mapping[str, object]:
        return {"people": [_add(writing, actor, each).id for each in new]}

    return Effect(len(new), there, 0, store, notes)


def _read(row: Row, regions: Mapping[str, Region]) -> _Wanted | None:
    row.short("name", LONGEST_NAME)
    name, role = row.needed("name").lower(), row.one_of("role", ROLES)
    written = row.text("region")
    region = regions.get(written.casefold())
    if not row.text("role"):
        row.needed("role")
    if written and region is None:
        row.wrong("region", Message("%(region)s is no region of the network", region=written))
    if role is Role.MANAGER and not written:
        row.wrong("region", Message("is empty; a manager needs a region"))
    language = row.one_of("language", LANGUAGES) or "en"
    if not name or role is None:
        return None
    region_id = region.id if region and role is Role.MANAGER else None
    return _Wanted(name, role, region_id, row.short("full_name", LONGEST_NAME), language)


def _same(person: User, wanted: _Wanted) -> bool:
    return (person.role, person.region_id) == (wanted.role, wanted.region_id)


def _add(session: Session, actor: Actor, wanted: _Wanted) -> User:
    return add_person(
        session,
        actor,
        name=wanted.name,
        role=wanted.role,
        region_id=wanted.region_id,
        full_name=wanted.full_name,
        language=wanted.language,
    )
