"""Photographs of visits: stored once, bare of what the camera wrote, seen by few, deleted in time."""

from __future__ import annotations

import io
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from uuid import UUID, uuid4

import pytest
from PIL import Image
from sqlmodel import Session, select

from pilot_eval.domain.errors import NotAllowed, NotFound, WrongState
from pilot_eval.domain.people import Role
from pilot_eval.domain.photos import LONGEST_EDGE, MOST_OF_A_VISIT, PhotoKind
from pilot_eval.domain.pilots import WaveState
from pilot_eval.domain.problems import Refused
from pilot_eval.operations import photos
from pilot_eval.operations.photos import PhotoSubmission
from pilot_eval.operations.submissions import Status
from pilot_eval.operations.visits import record_visit
from pilot_eval.records import audit
from pilot_eval.records.people import User
from pilot_eval.records.photos import VisitPhoto
from pilot_eval.records.pilots import Pilot
from tests.conftest import OPERATOR, acting
from tests.field import NOW, Field, actor_of, create_field

ORIENTATION, GPS = 0x0112, 0x8825


def picture(width: int = 2400, height: int = 1200, *, turned: bool = False, kind: str = "JPEG") -> bytes:
    """A picture, its left half red, with what cameras write beside it."""
    image = Image.new("RGB", (width, height), "white")
    image.paste((200, 0, 0), (0, 0, width // 2, height))
    exif = Image.Exif()
    exif[0x010F] = "Spy camera"
    exif.get_ifd(GPS)[1] = "N"
    if turned:
        exif[ORIENTATION] = 6
    out = io.BytesIO()
    image.save(out, kind, exif=exif)
    return out.getvalue()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Where photographs are kept."""
    (tmp_path / "photos").mkdir()
    return tmp_path / "photos"


@pytest.fixture
def field(session: Session) -> Field:
    return create_field(session)


@pytest.fixture
def visit_id(session: Session, field: Field) -> UUID:
    pilot = session.exec(select(Pilot)).one()
    photos.change_evidence(session, OPERATOR, pilot.slug, asks_photos=True, asks_distance=False)
    return record_visit(session, actor_of(field.anna), field.visit(), NOW).id


def sent(content: bytes | None = None, kind: PhotoKind = PhotoKind.RECEIPT) -> PhotoSubmission:
    return PhotoSubmission(uuid4(), kind, picture() if content is None else content)


def test_a_photograph_is_stored_once(session: Session, field: Field, visit_id: UUID, folder: Path) -> None:
    one = sent()
    anna = actor_of(field.anna)
    first = photos.record_photo(session, anna, visit_id, one, folder, NOW)
    again = photos.record_photo(session, anna, visit_id, one, folder, NOW + timedelta(minutes=1))
    assert (first.status, again.status) == (Status.CREATED, Status.DUPLICATE)
    assert again.received_at == first.received_at
    assert len(list(folder.iterdir())) == 1
    other = PhotoSubmission(one.id, one.kind, picture(300, 300))
    with pytest.raises(WrongState):
        photos.record_photo(session, anna, visit_id, other, folder, NOW)
    assert len(session.exec(select(VisitPhoto)).all()) == 1
    assert audit.first_break(session) is None


def test_nothing_but_the_picture_is_kept(
    session: Session, field: Field, visit_id: UUID, folder: Path
) -> None:
    one = sent(picture(2400, 1200, turned=True))
    photos.record_photo(session, actor_of(field.anna), visit_id, one, folder, NOW)
    content = photos.picture_of(session, actor_of(field.anna), one.id, folder)
    assert b"Spy camera" not in content
    stored = Image.open(io.BytesIO(content))
    assert stored.format == "JPEG"
    assert not dict(stored.getexif())
    # Upright: what lay on the left of the turned camera is above.
    assert stored.size == (LONGEST_EDGE // 2, LONGEST_EDGE)
    red, green, _blue = stored.getpixel((400, 100))  # type: ignore[misc]  # an RGB picture has three
    assert red > 150 > green


@pytest.mark.parametrize("content", [b"", b"GIF89a...", picture()[:2000], b"<svg/>"])
def test_what_is_no_picture_is_refused_and_leaves_nothing(
    session: Session, field: Field, visit_id: UUID, folder: Path, content: bytes
) -> None:
    with pytest.raises(Refused):
        photos.record_photo(session, actor_of(field.anna), visit_id, sent(content), folder, NOW)
    assert session.exec(select(VisitPhoto)).all() == []
    assert list(folder.iterdir()) == []


def test_a_picture_of_too_many_pixels_is_not_opened(
    session: Session, field: Field, visit_id: UUID, folder: Path
) -> None:
    out = io.BytesIO()
    Image.new("1", (9000, 9000)).save(out, "PNG")  # small as a file
    assert len(out.getvalue()) < 100_000
    with pytest.raises(Refused):
        photos.record_photo(session, actor_of(field.anna), visit_id, sent(out.getvalue()), folder, NOW)


def test_a_visit_has_only_so_many(session: Session, field: Field, visit_id: UUID, folder: Path) -> None:
    small = picture(64, 64)
    for _number in range(MOST_OF_A_VISIT):
        photos.record_photo(session, actor_of(field.anna), visit_id, sent(small), folder, NOW)
    with pytest.raises(Refused):
        photos.record_photo(session, actor_of(field.anna), visit_id, sent(small), folder, NOW)
    assert len(session.exec(select(VisitPhoto)).all()) == MOST_OF_A_VISIT


def test_nothing_is_taken_unless_the_pilot_asks(session: Session, field: Field, folder: Path) -> None:
    visit = record_visit(session, actor_of(field.anna), field.visit(), NOW)
    with pytest.raises(WrongState):
        photos.record_photo(session, actor_of(field.anna), visit.id, sent(), folder, NOW)
    with pytest.raises(WrongState):
        photos.photos_of_visit(session, actor_of(field.anna), visit.id)


def test_only_who_may_read_the_visit_sees_its_photographs(
    session: Session,
    field: Field,
    visit_id: UUID,
    head_office: User,
    create_manager: Callable[..., User],
    create_person: Callable[..., User],
    folder: Path,
) -> None:
    one = sent()
    photos.record_photo(session, actor_of(field.anna), visit_id, one, folder, NOW)
    assert photos.picture_of(session, acting(head_office), one.id, folder)
    for stranger in (field.boris, create_manager(), field.maria):  # Maria's region; the wave is open
        with pytest.raises(NotFound):
            photos.picture_of(session, actor_of(stranger), one.id, folder)
    with pytest.raises(NotAllowed):
        photos.picture_of(session, acting(create_person(Role.ADMINISTRATOR)), one.id, folder)
    with pytest.raises(NotFound):
        photos.record_photo(session, actor_of(field.boris), visit_id, sent(), folder, NOW)
    field.set_wave(WaveState.CLOSED)
    assert photos.picture_of(session, actor_of(field.maria), one.id, folder)
    with pytest.raises(NotAllowed):
        photos.remove_photo(session, actor_of(field.maria), one.id, folder, NOW)


def test_its_auditor_removes_one_while_the_wave_is_open_head_office_later_too(
    session: Session, field: Field, visit_id: UUID, head_office: User, folder: Path
) -> None:
    one, two = sent(), sent()
    anna = actor_of(field.anna)
    for each in (one, two):
        photos.record_photo(session, anna, visit_id, each, folder, NOW)
    photos.remove_photo(session, anna, one.id, folder, NOW)
    assert not photos.path_of(folder, one.id).exists()
    field.set_wave(WaveState.CLOSED)
    with pytest.raises(WrongState):
        photos.remove_photo(session, anna, two.id, folder, NOW)
    photos.remove_photo(session, acting(head_office), two.id, folder, NOW)
    assert list(folder.iterdir()) == []
    with pytest.raises(NotFound):
        photos.picture_of(session, anna, two.id, folder)


def test_photographs_are_deleted_when_their_time_is_over(
    session: Session, field: Field, visit_id: UUID, folder: Path
) -> None:
    old, young = sent(), sent()
    anna = actor_of(field.anna)
    photos.record_photo(session, anna, visit_id, old, folder, NOW)
    photos.record_photo(session, anna, visit_id, young, folder, NOW + timedelta(days=5))
    later = NOW + timedelta(days=31)
    assert photos.delete_old(session, OPERATOR, folder, later, 30, dry_run=True) == 1
    assert len(list(folder.iterdir())) == 2
    assert photos.delete_old(session, OPERATOR, folder, later, 30) == 1
    assert [path.stem for path in folder.iterdir()] == [str(young.id)]
    assert photos.delete_old(session, OPERATOR, folder, later, 30) == 0
