"""Photographs of visits on pages and through the API."""

from __future__ import annotations

import io
import re
from collections.abc import Callable
from typing import Any
from uuid import UUID, uuid4

import pytest
from PIL import Image
from sqlmodel import Session, select

from pilot_eval.operations import photos
from pilot_eval.operations.visits import record_visit
from pilot_eval.records.people import User
from pilot_eval.records.photos import VisitPhoto
from pilot_eval.records.pilots import Pilot
from tests.conftest import OPERATOR
from tests.field import NOW, Field, actor_of
from tests.operations.test_photos import picture
from tests.web.conftest import Browser


@pytest.fixture
def anna(sign_in: Callable[[User], Browser], field: Field) -> Browser:
    return sign_in(field.anna)


@pytest.fixture
def visit_id(session: Session, field: Field) -> UUID:
    slug = session.exec(select(Pilot.slug)).one()
    photos.change_evidence(session, OPERATOR, slug, asks_photos=True, asks_distance=False)
    return record_visit(session, actor_of(field.anna), field.visit(), NOW).id


def form(content: bytes | None = None, **more: str) -> dict[str, Any]:
    file = (io.BytesIO(picture() if content is None else content), "photo.jpg")
    return {"id": str(uuid4()), "kind": "receipt", "photo": file} | more


def test_a_photograph_is_added_seen_and_deleted(anna: Browser, visit_id: UUID, session: Session) -> None:
    assert f"/visits/{visit_id}/photos" in anna.get(f"/visits/{visit_id}").text
    page = anna.submit(f"/visits/{visit_id}/photos", form(), follow_redirects=True).text
    address = re.search(r'src="(/photos/[^"]+)"', page)
    assert address, page
    shown = anna.get(address[1])
    assert shown.mimetype == "image/jpeg"
    assert Image.open(io.BytesIO(shown.data)).format == "JPEG"
    assert shown.headers["Cache-Control"] == "no-store"
    anna.submit(address[1].replace(".jpg", "/remove"))
    assert anna.get(address[1]).status_code == 404


def test_a_double_tap_stores_one(anna: Browser, visit_id: UUID, session: Session) -> None:
    identity = str(uuid4())
    for _tap in range(2):
        assert anna.submit(f"/visits/{visit_id}/photos", form(id=identity)).status_code == 303
    assert len(session.exec(select(VisitPhoto)).all()) == 1


def test_what_is_wrong_is_told_beside_its_field(anna: Browser, visit_id: UUID, session: Session) -> None:
    answer = anna.submit(f"/visits/{visit_id}/photos", form(b"no picture"))
    assert answer.status_code == 422
    assert "This is no whole JPEG, PNG or WebP picture" in answer.text
    assert "Say what it shows" in anna.submit(f"/visits/{visit_id}/photos", form(kind="")).text
    assert session.exec(select(VisitPhoto)).all() == []


def test_the_api_takes_one_behind_its_visit(anna: Browser, visit_id: UUID, session: Session) -> None:
    token = anna.get("/api/v1/session").json["csrf_token"]  # type: ignore[index]  # always an object

    def put(kind: str = "receipt", content: bytes | None = None, photo_id: UUID | None = None) -> Any:
        return anna.put(
            f"/api/v1/visits/{visit_id}/photos/{photo_id or uuid4()}?kind={kind}",
            data=picture() if content is None else content,
            headers={"X-CSRFToken": token, "Content-Type": "image/jpeg"},
        )

    identity = uuid4()
    first, again, other = put(photo_id=identity), put(photo_id=identity), put("exterior", photo_id=identity)
    assert (first.status_code, again.status_code, other.status_code) == (201, 200, 409)
    assert first.json["uuid"] == str(identity)
    assert other.json["reason"] == "another_photo"
    assert put("selfie").json["errors"][0]["field"] == "kind"
    assert put(content=b"x").status_code == 422
    assert put(content=b"x" * 4_100_000).status_code == 413
    assert len(session.exec(select(VisitPhoto)).all()) == 1


def test_head_office_says_what_auditors_may_bring_along(
    as_head_office: Any, field: Field, session: Session
) -> None:
    slug = session.exec(select(Pilot.slug)).one()
    page = as_head_office.get(f"/pilots/{slug}/evidence").text
    assert page.count(" checked") == 0  # both are off
    as_head_office.submit(f"/pilots/{slug}/evidence", {"asks_photos": "y"})
    pilot = session.exec(select(Pilot)).one()
    assert (pilot.asks_photos, pilot.asks_distance) == (True, False)
