"""A file of rows on its way in: kept, its columns matched, then looked through and stored."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path

from sqlmodel import Session, col, select

from pilot_eval.domain.errors import (
    BadInput,
    NotAllowed,
    NotFound,
    Problem,
    WrongState,
)
from pilot_eval.domain.lists import MOST_WAITED_FOR, ListKind, ListState
from pilot_eval.domain.network import folded
from pilot_eval.domain.people import Actor
from pilot_eval.domain.problems import N_
from pilot_eval.engines.tables import read_table
from pilot_eval.operations.kept_files import keep
from pilot_eval.operations.lists.kinds import KINDS
from pilot_eval.operations.lists.sheets import Column
from pilot_eval.operations.pilots import get_pilot, stored_id
from pilot_eval.operations.policy import Action, may, scope_of
from pilot_eval.records.base import now as clock
from pilot_eval.records.lists import ColumnMatch, ListFile
from pilot_eval.records.pilots import Pilot

BEING_WORKED_ON = (ListState.CHECKING, ListState.STORING)
_MAY_BE_CHECKED = (ListState.CHOSEN, ListState.REFUSED, ListState.CHECKED, ListState.FAILED)


def kinds_for(actor: Actor) -> list[ListKind]:
    """The kinds of files that a person may bring in."""
    return [kind for kind, of in KINDS.items() if may(actor, of.action)]


def pilots_for(session: Session, actor: Actor) -> list[Pilot]:
    """The pilots that rows can belong to, the newest first: those with waves of visits."""
    scope_of(actor, Action.IMPORT)
    return list(
        session.exec(select(Pilot).where(col(Pilot.before_from).is_not(None)).order_by(col(Pilot.id).desc()))
    )


def columns_of(session: Session, actor: Actor, kind: ListKind, slug: str | None) -> Sequence[Column]:
    """The columns of a kind of file.

    Raises
    ------
    NotAllowed, NotFound
    WrongState
        If rows of this kind need a pilot and none is named.
    """
    scope_of(actor, KINDS[kind].action)
    return KINDS[kind].columns(session, _pilot(session, actor, kind, slug))


def _pilot(session: Session, actor: Actor, kind: ListKind, slug: str | None) -> Pilot | None:
    if not KINDS[kind].of_pilot:
        return None
    if not slug:
        raise WrongState("no_pilot", N_("Choose the pilot that the rows belong to"))
    return get_pilot(session, actor, slug, Action.IMPORT)


# Arrival ----------------------------------------------------------------------------------------------------


def arrive(
    session: Session,
    actor: Actor,
    kind: ListKind,
    slug: str | None,
    name: str,
    content: bytes,
    folder: Path,
    now: datetime,
) -> ListFile:
    """Keep a file whose columns are then matched.

    Parameters
    ----------
    folder : Path
        Where files are kept.

    Raises
    ------
    BadInput
        If it cannot be read.
    NotAllowed, NeedsFreshSignIn, NotFound, WrongState
        As `columns_of`.
    """
    scope_of(actor, KINDS[kind].action)
    if actor.user_id is None:
        raise NotAllowed("only a person who is signed in can bring in a file")
    pilot = _pilot(session, actor, kind, slug)
    columns = KINDS[kind].columns(session, pilot)
    identity = str(uuid.uuid4())
    keep(path_of(folder, identity), content)
    try:
        table = read_table(path_of(folder, identity))
        file = ListFile(
            id=identity,
            user_id=actor.user_id,
            kind=kind,
            pilot_id=None if pilot is None else stored_id(pilot),
            name=Path(name).name[:255] or "-",
            sha256=table.digest,
            rows=len(table.rows),
            columns={
                "headings": list(table.columns),
                "matches": _likely(session, kind, columns, list(table.columns)),
            },
            asked_at=now,
            heard_at=now,
        )
        session.add(file)
        session.commit()
    except Exception:
        path_of(folder, identity).unlink(missing_ok=True)
        raise
    return file


def _likely(
    session: Session, kind: ListKind, columns: Sequence[Column], headings: Sequence[str]
) -> dict[str, str]:
    """The file's headings that are called as our columns, or were taken for them before."""
    remembered = {
        match.heading: match.column
        for match in session.exec(select(ColumnMatch).where(col(ColumnMatch.kind) == kind))
    }
    named = {folded(column.name): column.name for column in columns}
    found: dict[str, str] = {}
    for heading in headings:
        column = named.get(folded(heading)) or remembered.get(folded(heading)[:200])
        if column in named.values() and column not in found:
            found[str(column)] = heading
    return found


def match(session: Session, actor: Actor, file_id: str, matches: Mapping[str, str]) -> ListFile:
    """Say which heading of the file is which column; it is remembered for the next file.

    Raises
    ------
    Refused
        If a column that every row has to have is missing, or a heading stands for two columns.
    WrongState
        If the file is being looked through or stored, or is stored.
    """
    file = own_file(session, actor, file_id)
    if file.state not in _MAY_BE_CHECKED:
        raise WrongState("in_hand", N_("This file is in hand already"))
    columns = KINDS[file.kind].columns(session, pilot_of(session, file))
    headings = set(file.columns["headings"])  # type: ignore[call-overload]  # a list of texts, as `arrive` stored it
    chosen = {column.name: matches[column.name] for column in columns if matches.get(column.name) in headings}
    problems = [
        Problem(column.name, N_("Choose the column of the file that holds this"))
        for column in columns
        if column.needed and column.name not in chosen
    ]
    used = list(chosen.values())
    problems += [
        Problem(column, N_("This column of the file is taken for two things"))
        for column, heading in chosen.items()
        if used.count(heading) > 1
    ]
    if problems:
        raise BadInput(problems)
    file.columns = {**file.columns, "matches": chosen}
    file.state, file.report, file.heard_at = ListState.CHECKING, {}, clock()
    session.add(file)
    _remember(session, file.kind, chosen)
    session.commit()
    return file


def _remember(session: Session, kind: ListKind, matches: Mapping[str, str]) -> None:
    for column, heading in matches.items():
        key = folded(heading)[:200]
        known = session.get(ColumnMatch, (kind, key))
        if known is None:
            session.add(ColumnMatch(kind=kind, heading=key, column=column))
        else:
            known.column, known.matched_at = column, clock()


def begin_storing(session: Session, actor: Actor, file_id: str) -> ListFile:
    """Have a file stored that was looked through without a problem.

    Raises
    ------
    WrongState
        If it was not looked through, or is stored already.
    """
    file = own_file(session, actor, file_id)
    if file.state is not ListState.CHECKED:
        raise WrongState(
            "not_checked", N_("Only a file that was looked through without a problem can be stored")
        )
    file.state, file.heard_at = ListState.STORING, clock()
    session.add(file)
    session.commit()
    return file


# Reading ----------------------------------------------------------------------------------------------------


def own_file(session: Session, actor: Actor, file_id: str) -> ListFile:
    """A person's own file, of a kind that the person may still bring in.

    Raises
    ------
    NotAllowed, NeedsFreshSignIn
    NotFound
        If there is none, or it is somebody else's.
    """
    if not kinds_for(actor):
        raise NotAllowed("brings in no files")
    file = session.get(ListFile, file_id, populate_existing=True)
    if file is None or file.user_id != actor.user_id:
        raise NotFound
    scope_of(actor, KINDS[file.kind].action)
    return file


def own_files(session: Session, actor: Actor) -> list[ListFile]:
    """A person's own files, the newest first."""
    kinds = kinds_for(actor)
    if not kinds:
        raise NotAllowed("brings in no files")
    return list(
        session.exec(
            select(ListFile)
            .where(col(ListFile.user_id) == actor.user_id, col(ListFile.kind).in_(kinds))
            .order_by(col(ListFile.asked_at).desc(), col(ListFile.id))
        )
    )


def pilot_title(session: Session, file: ListFile, language: str) -> str:
    """The pilot that the rows belong to; empty where they belong to none."""
    pilot = pilot_of(session, file)
    return "" if pilot is None else pilot.title_ru if language == "ru" else pilot.title_en


def columns_to_match(session: Session, file: ListFile) -> Sequence[Column]:
    return KINDS[file.kind].columns(session, pilot_of(session, file))


def pilot_of(session: Session, file: ListFile) -> Pilot | None:
    """The pilot that the rows belong to, if they belong to one."""
    return session.get(Pilot, file.pilot_id) if file.pilot_id else None


def is_large(file: ListFile) -> bool:
    """Whether a file is better worked on in the background."""
    return file.rows > MOST_WAITED_FOR


def remove(session: Session, actor: Actor, file_id: str, folder: Path) -> None:
    """Forget a file; what it stored stays.

    Raises
    ------
    WrongState
        While it is being stored.
    """
    file = own_file(session, actor, file_id)
    if file.state is ListState.STORING:
        raise WrongState("in_hand", N_("This file is in hand already"))
    session.delete(file)
    session.commit()
    _forget(folder, file_id)


def path_of(folder: Path, file_id: str) -> Path:
    """Where a file is kept."""
    return folder / str(uuid.UUID(file_id))


def _forget(folder: Path, file_id: str) -> None:
    path_of(folder, file_id).unlink(missing_ok=True)
