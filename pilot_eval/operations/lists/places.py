"""Where a visit or timing out of a file belongs: branch, auditor, wave, and who asked for it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID, uuid5
from zoneinfo import ZoneInfo

from sqlmodel import Session, col, select

from pilot_eval.domain.errors import Message, WrongState
from pilot_eval.domain.people import Actor, Role
from pilot_eval.domain.pilots import WaveState
from pilot_eval.domain.problems import N_
from pilot_eval.domain.progress import told
from pilot_eval.operations.lists.sheets import STORING, Column, Row, Storing, in_lots
from pilot_eval.operations.pilots import members_of, stored_id, waves_of
from pilot_eval.operations.plans import freeze_with_record
from pilot_eval.operations.submissions import FUTURE
from pilot_eval.records.base import now as clock
from pilot_eval.records.branch_events import former_codes
from pilot_eval.records.branch_results import mark_stale
from pilot_eval.records.network import Branch
from pilot_eval.records.people import User
from pilot_eval.records.pilots import Assignment, Pilot, Wave
from pilot_eval.records.visits import Timing, Visit

_AT_ONCE = 500  # rows that are sent in one statement
# Of the UUIDs that rows without one of their own are given: the same row has the same for ever.
_NAMESPACE = UUID("5f0c9d7e-3a53-4c0e-9a4f-6f6e5d4b2a10")

COLUMNS = (
    Column("id", N_("a name for the row that no other has; made from branch, auditor and time unless given")),
    Column("branch", N_("code of the branch"), needed=True),
    Column("auditor", N_("sign-in name or pseudonym of the auditor"), needed=True),
)


@dataclass(frozen=True, slots=True)
class Spot:
    """Where a row belongs."""

    branch: Branch
    auditor: User
    wave: Wave
    # The code that the pilot knows the branch by: a new number makes no new row.
    code: str

    @property
    def identities(self) -> dict[str, Any]:
        """The columns of a record that tell where it belongs, the assignment apart."""
        return {
            "pilot_id": self.wave.pilot_id,
            "wave_id": self.wave.id,
            "branch_id": self.branch.id,
            "auditor_id": self.auditor.id,
        }

    @property
    def late(self) -> bool:
        """The wave has closed."""
        return self.wave.state is not WaveState.OPEN


@dataclass(frozen=True, slots=True)
class Places:
    """What rows of a pilot may refer to.

    Parameters
    ----------
    branches : mapping
        By code, earlier ones among them.
    kept_codes : mapping
        Codes that renumbered branches had when they came into the pilot, by their keys.
    instead : User or None
        Who stands for the auditor of a log, which names none.
    taken : dict
        Rows of the file by the id that they were given.
    """

    pilot: Pilot
    branches: Mapping[str, Branch]
    kept_codes: Mapping[int | None, str]
    auditors: Mapping[str, User]
    waves: tuple[Wave, ...]
    open_assignments: dict[tuple[int, int, int], list[Assignment]]
    now: datetime
    instead: User | None = None
    taken: dict[UUID, int] = field(default_factory=dict)

    def zone(self, row: Row) -> ZoneInfo:
        """The time zone of the row's branch; Moscow's where the branch is not known."""
        branch = self.branches.get(row.text("branch"))
        return ZoneInfo(branch.time_zone if branch else "Europe/Moscow")

    def spot(self, row: Row, begun_at: datetime | None, column: str, *, unnamed: bool = False) -> Spot | None:
        """Where a row belongs; what is not known is noted.

        Parameters
        ----------
        column : str
            Where the beginning stands.
        unnamed : bool
            Whether the row may name no auditor.
        """
        code = row.needed("branch")
        name = row.text("auditor") if unnamed else row.needed("auditor")
        branch = self.branches.get(code)
        auditor = self.auditors.get(name.casefold()) if name or not unnamed else self.instead
        if code and branch is None:
            row.wrong("branch", Message("%(code)s is no branch of this pilot", code=code))
        if name and auditor is None:
            row.wrong("auditor", Message("%(name)s is no auditor", name=name))
        wave = self._wave(row, branch, begun_at, column) if branch and begun_at else None
        if not (branch and auditor and wave):
            return None
        return Spot(branch, auditor, wave, self.kept_codes.get(branch.id) or branch.code)

    def _wave(self, row: Row, branch: Branch, begun_at: datetime, column: str) -> Wave | None:
        if begun_at > self.now + FUTURE:
            row.wrong(column, Message("has not come yet"))
            return None
        day = begun_at.astimezone(ZoneInfo(branch.time_zone)).date()
        for wave in self.waves:
            if wave.opens_on <= day <= wave.closes_on:
                if wave.state is WaveState.LOCKED:
                    row.wrong(column, Message("lies in a wave that is locked: nothing more can come into it"))
                    return None
                return wave
        row.wrong(column, Message("%(day)s lies in no wave of this pilot", day=day))
        return None

    def identity(self, row: Row, *otherwise: object) -> UUID:
        """The row's own UUID, or one made of its name, or of what else tells it from others."""
        name = row.text("id") or "|".join(str(part) for part in otherwise)
        try:
            found = UUID(name)
        except ValueError:
            found = uuid5(_NAMESPACE, f"{self.pilot.slug}|{name}")
        if found in self.taken:
            earlier = self.taken[found]
            row.wrong("id" if row.text("id") else "", Message("is row %(row)s once more", row=earlier))
        self.taken[found] = row.number
        return found

    def assignment(self, spot: Spot, scenario: str) -> Assignment | None:
        """The assignment that asks for such a visit and has none yet; taken once."""
        key = (stored_id(spot.wave), stored_id(spot.branch), spot.auditor.id)
        for assignment in self.open_assignments.get(key, []):
            if scenario in ("", assignment.scenario):
                self.open_assignments[key].remove(assignment)
                return assignment
        return None


def places_of(session: Session, pilot: Pilot, now: datetime, instead: int | None = None) -> Places:
    """What rows of a pilot may refer to, as it stands."""
    auditors = session.exec(select(User).where(col(User.role) == Role.AUDITOR))
    made = select(col(Visit.assignment_id)).where(
        col(Visit.pilot_id) == pilot.id, col(Visit.assignment_id).is_not(None)
    )
    standing = session.exec(
        select(Assignment)
        .where(
            col(Assignment.pilot_id) == pilot.id,
            col(Assignment.withdrawn_at).is_(None),
            col(Assignment.id).not_in(made),
        )
        .order_by(col(Assignment.window_from), col(Assignment.id))
    )
    waiting: dict[tuple[int, int, int], list[Assignment]] = {}
    for assignment in standing:
        key = (assignment.wave_id, assignment.branch_id, assignment.auditor_id)
        waiting.setdefault(key, []).append(assignment)
    members = members_of(session, pilot)
    by_key = {branch.id: branch for _member, branch in members}
    former = {code: by_key[key] for code, key in former_codes(session).items() if key in by_key}
    return Places(
        pilot=pilot,
        branches=former | {branch.code: branch for branch in by_key.values()},
        kept_codes={branch.id: member.code for member, branch in members},
        auditors={
            word.casefold(): auditor for auditor in auditors for word in (auditor.email, auditor.pseudonym)
        },
        waves=tuple(waves_of(session, pilot)),
        open_assignments=waiting,
        now=now,
        instead=session.get(User, instead) if instead else None,
    )


def storing(pilot: Pilot, records: Sequence[Visit] | Sequence[Timing]) -> Storing:
    """What stores visits or timings that were looked through, unless their wave was locked meanwhile."""
    pilot_id = stored_id(pilot)

    def store(session: Session, actor: Actor) -> Mapping[str, object]:
        waves = select(Wave).where(col(Wave.id).in_({record.wave_id for record in records}))
        for wave in session.exec(waves.with_for_update(read=True)):
            if wave.state is WaveState.LOCKED:
                message = N_("A wave was locked meanwhile: nothing more can come into it")
                raise WrongState("wave_locked", message)
            freeze_with_record(session, actor, session.get_one(Pilot, pilot_id), wave.period, clock())
        for number, some in enumerate(in_lots(records, _AT_ONCE)):
            told(STORING, number * _AT_ONCE, len(records))
            session.add_all(some)
            session.flush()
        mark_stale(session, pilot_id)
        return {"late": sum(record.late for record in records)}

    return store
