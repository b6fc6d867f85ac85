"""Photographs that visits bring along, where a pilot asks for them: stored once, deleted in time."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from uuid import UUID

from sqlmodel import Session, col, select

from pilot_eval.domain.errors import NotFound, WrongState
from pilot_eval.domain.people import Actor
from pilot_eval.domain.photos import MOST_BYTES, MOST_OF_A_VISIT, PhotoKind
from pilot_eval.domain.pilots import WaveState
from pilot_eval.domain.problems import N_, FieldProblem, Refused
from pilot_eval.operations.kept_files import keep
from pilot_eval.operations.pictures import cleaned
from pilot_eval.operations.pilots import commit_change, get_pilot
from pilot_eval.operations.policy import Action, Scope, may, scope_of
from pilot_eval.operations.reviews import readable_visit
from pilot_eval.operations.submissions import (
    Receipt,
    Status,
    held_wave,
    insert_once,
    one_transaction,
    own_record,
)
from pilot_eval.records import audit
from pilot_eval.records.network import Branch
from pilot_eval.records.photos import VisitPhoto
from pilot_eval.records.pilots import Pilot, Wave
from pilot_eval.records.visits import Visit

_NOT_ASKED = N_("This pilot asks for no photographs")


@dataclass(frozen=True, slots=True)
class PhotoSubmission:
    """A photograph as sent.

    Parameters
    ----------
    id : UUID
        Minted where it was taken.
    kind : str
        One of `domain.photos.PhotoKind`.
    """

    id: UUID
    kind: str
    content: bytes


def record_photo(
    session: Session, actor: Actor, visit_id: UUID, sent: PhotoSubmission, folder: Path, now: datetime
) -> Receipt:
    """Store a photograph of the actor's own visit once, with its audit event, and commit.

    Raises
    ------
    NotAllowed, NotFound
        If the visit is not there or not the actor's.
    Refused
        If it is of no known kind, too large or no picture, or the visit has as many as it may have.
    WrongState
        If the pilot asks for none, the wave is locked, or another photograph has this UUID.
    """
    visit = own_record(session, actor, Visit, visit_id)
    if not session.get_one(Pilot, visit.pilot_id).asks_photos:
        raise WrongState("no_photos", _NOT_ASKED)
    if sent.kind not in set(PhotoKind):
        raise Refused([FieldProblem("kind", "unknown", N_("Say what it shows"))])
    digest = hashlib.sha256(visit.id.bytes + sent.kind.encode() + sent.content).hexdigest()
    if len(sent.content) > MOST_BYTES:
        what = N_("A photograph may hold at most %(most)s MB")
        raise Refused([FieldProblem("photo", "too_large", what, {"most": MOST_BYTES // 10**6})])
    picture = cleaned(sent.content)
    with one_transaction(session):
        if held_wave(session, visit.wave_id).state is WaveState.LOCKED:
            message = N_("This round of visits is locked: nothing in it can be changed")
            raise WrongState("wave_locked", message)
        photo = VisitPhoto(
            id=sent.id,
            visit_id=visit.id,
            user_id=visit.auditor_id,
            kind=PhotoKind(sent.kind),
            digest=digest,
            size_bytes=len(picture),
            received_at=now,
        )
        inserted = insert_once(session, photo)
        stored = session.get_one(VisitPhoto, sent.id, populate_existing=True)
        if not inserted:
            if stored.digest != digest:
                raise WrongState("another_photo", N_("Another photograph is stored under this number"))
            return Receipt(sent.id, digest, Status.DUPLICATE, stored.received_at)
        if len(_standing(session, visit.id)) > MOST_OF_A_VISIT:
            what = N_("A visit may bring along at most %(most)s photographs")
            raise Refused([FieldProblem("photo", "too_many", what, {"most": MOST_OF_A_VISIT})])
        # On disk before the row says so; a file whose row is not stored is swept away.
        keep(path_of(folder, sent.id), picture, durable=True)
        audit.append(session, actor, "photo.record", "visit", visit.id, photo=sent.id, kind=sent.kind)
    return Receipt(sent.id, digest, Status.CREATED, now)


@dataclass(frozen=True, slots=True)
class PhotosOfVisit:
    """What a reader sees of a visit's photographs.

    Parameters
    ----------
    adds : bool
        The reader may add one.
    removes : bool
        The reader may remove one.
    """

    visit: Visit
    branch: Branch
    photos: Sequence[VisitPhoto]
    adds: bool
    removes: bool


def photos_of_visit(session: Session, actor: Actor, visit_id: UUID) -> PhotosOfVisit:
    """The photographs of a visit that the actor may read, the first one first.

    Raises
    ------
    NotAllowed, NotFound
        As `reviews.readable_visit`.
    WrongState
        If the pilot asks for none, and there is none.
    """
    visit = readable_visit(session, actor, visit_id, Action.READ_RECORDED)
    photos = _standing(session, visit.id)
    asked = session.get_one(Pilot, visit.pilot_id).asks_photos
    if not (asked or photos):
        raise WrongState("no_photos", _NOT_ASKED)
    state = session.get_one(Wave, visit.wave_id).state
    own = visit.auditor_id == actor.user_id
    reviews = may(actor, Action.REVIEW) and state is not WaveState.LOCKED
    return PhotosOfVisit(
        visit,
        session.get_one(Branch, visit.branch_id),
        photos,
        adds=asked and own and state is not WaveState.LOCKED and len(photos) < MOST_OF_A_VISIT,
        removes=reviews or (own and state is WaveState.OPEN),
    )


def change_evidence(
    session: Session, actor: Actor, slug: str, *, asks_photos: bool, asks_distance: bool
) -> Pilot:
    """Say what auditors of a pilot may bring along from a visit.

    Raises
    ------
    NotAllowed, NotFound
    """
    pilot = get_pilot(session, actor, slug, Action.PLAN_PILOT)
    pilot.asks_photos, pilot.asks_distance = asks_photos, asks_distance
    commit_change(session, actor, pilot, "pilot.evidence", photos=asks_photos, distance=asks_distance)
    return pilot


def picture_of(session: Session, actor: Actor, photo_id: UUID, folder: Path) -> bytes:
    """A photograph of a visit that the actor may read.

    Raises
    ------
    NotAllowed, NotFound
    """
    photo = _readable(session, actor, photo_id)
    try:
        return path_of(folder, photo.id).read_bytes()
    except FileNotFoundError:
        raise NotFound from None


def remove_photo(session: Session, actor: Actor, photo_id: UUID, folder: Path, now: datetime) -> VisitPhoto:
    """Delete a photograph: its auditor while the wave is open, head office until it is locked.

    Raises
    ------
    NotAllowed, NotFound
    WrongState
        If it is too late.
    """
    photo = _readable(session, actor, photo_id)
    # A manager may look, not remove.
    if not may(actor, Action.REVIEW) and scope_of(actor, Action.RECORD) is not Scope.OWN:
        raise NotFound
    visit = session.get_one(Visit, photo.visit_id)
    with one_transaction(session):
        state = held_wave(session, visit.wave_id).state
        if state is WaveState.LOCKED or (state is not WaveState.OPEN and not may(actor, Action.REVIEW)):
            message = N_("This round of visits is over: its photographs stay until they are deleted in time")
            raise WrongState("wave_over", message)
        _delete(session, actor, [photo], folder, now, "photo.remove")
    return photo


def delete_old(
    session: Session, actor: Actor, folder: Path, now: datetime, days: int, *, dry_run: bool = False
) -> int:
    """Delete photographs received more than so many days ago, and commit; how many there are."""
    old = session.exec(
        select(VisitPhoto).where(
            col(VisitPhoto.received_at) < now - timedelta(days=days), col(VisitPhoto.deleted_at).is_(None)
        )
    ).all()
    if old and not dry_run:
        with one_transaction(session):
            _delete(session, actor, old, folder, now, "photo.retention")
    return len(old)


def _delete(
    session: Session, actor: Actor, photos: Sequence[VisitPhoto], folder: Path, now: datetime, action: str
) -> None:
    for photo in photos:
        photo.deleted_at = now
        session.add(photo)
        path_of(folder, photo.id).unlink(missing_ok=True)
        audit.append(session, actor, action, "visit", photo.visit_id, photo=photo.id)


def _readable(session: Session, actor: Actor, photo_id: UUID) -> VisitPhoto:
    scope_of(actor, Action.READ_RECORDED)
    photo = session.get(VisitPhoto, photo_id)
    if photo is None or photo.deleted_at is not None:
        raise NotFound
    readable_visit(session, actor, photo.visit_id, Action.READ_RECORDED)
    return photo


def _standing(session: Session, visit_id: UUID) -> Sequence[VisitPhoto]:
    return session.exec(
        select(VisitPhoto)
        .where(VisitPhoto.visit_id == visit_id, col(VisitPhoto.deleted_at).is_(None))
        .order_by(col(VisitPhoto.received_at), col(VisitPhoto.id))
    ).all()


def sweep(session: Session, folder: Path, now: datetime) -> None:
    """Remove files without a photograph: their transaction failed."""
    if not folder.is_dir():
        return
    young = now.timestamp() - timedelta(hours=1).total_seconds()
    files = [path for path in folder.iterdir() if path.stat().st_mtime < young]
    if files:
        standing = {
            str(one)
            for one in session.exec(select(VisitPhoto.id).where(col(VisitPhoto.deleted_at).is_(None)))
        }
        for path in files:
            if path.stem not in standing:
                path.unlink(missing_ok=True)


def path_of(folder: Path, photo_id: UUID) -> Path:
    """Where a photograph is kept."""
    return folder / f"{photo_id}.jpg"
