"""`pilot-eval privacy retention`: what is due is told, then deleted."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from uuid import uuid4

import pytest
from click.testing import CliRunner
from sqlmodel import Session, select

from pilot_eval.cli import main
from pilot_eval.operations import photos
from pilot_eval.operations.visits import record_visit
from pilot_eval.records.base import now
from pilot_eval.records.photos import VisitPhoto
from pilot_eval.records.pilots import Pilot
from tests.conftest import OPERATOR
from tests.field import NOW, actor_of, create_field
from tests.operations.test_photos import picture


@pytest.fixture
def database_url(sqlite_url: str) -> str:
    return sqlite_url


def test_photographs_whose_time_is_over_are_deleted(
    session: Session, database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    field = create_field(session)
    slug = session.exec(select(Pilot.slug)).one()
    photos.change_evidence(session, OPERATOR, slug, asks_photos=True, asks_distance=False)
    visit = record_visit(session, actor_of(field.anna), field.visit(), NOW)
    folder = tmp_path / "photos"
    for days in (200, 2):
        sent = photos.PhotoSubmission(uuid4(), "receipt", picture(64, 64))
        moment = now() - timedelta(days=days)
        photos.record_photo(session, actor_of(field.anna), visit.id, sent, folder, moment)
    session.commit()
    monkeypatch.setenv("PILOT_EVAL_DATABASE", database_url)
    monkeypatch.setenv("PILOT_EVAL_DATA", str(tmp_path))
    command = ["privacy", "retention"]
    assert "1 to be deleted" in CliRunner().invoke(main, [*command, "--dry-run"]).output
    assert len(list(folder.iterdir())) == 2
    told = CliRunner().invoke(main, command)
    assert (told.exit_code, told.output) == (
        0,
        "Photographs received more than 180 days ago: 1 deleted.\n",
    )
    assert len(list(folder.iterdir())) == 1
    session.expire_all()
    assert sorted(photo.deleted_at is None for photo in session.exec(select(VisitPhoto))) == [False, True]
