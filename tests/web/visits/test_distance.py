"""The question how far the phone was from the branch: only where a pilot asks it, and nowhere else."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from sqlmodel import Session, select

from pilot_eval.operations import photos
from pilot_eval.records.network import Branch
from pilot_eval.records.people import User
from pilot_eval.records.pilots import Pilot
from pilot_eval.records.visits import Visit
from tests.conftest import OPERATOR
from tests.field import Field
from tests.web.conftest import Browser
from tests.web.field_pages import GOOD_VISIT, filled, stored


@pytest.fixture
def anna(sign_in: Callable[[User], Browser], field: Field) -> Browser:
    return sign_in(field.anna)


@pytest.fixture
def place_branch(session: Session, field: Field) -> Callable[..., None]:
    def place(latitude: float | None, longitude: float | None, *, asked: bool) -> None:
        branch = session.get_one(Branch, field.anna_s.branch_id)
        branch.latitude, branch.longitude = latitude, longitude
        session.add(branch)
        slug = session.exec(select(Pilot.slug)).one()
        photos.change_evidence(session, OPERATOR, slug, asks_photos=False, asks_distance=asked)

    return place


@pytest.fixture
def path(field: Field) -> str:
    return f"/assignments/{field.anna_s.id}/visit"


def test_it_is_asked_where_the_pilot_asks_and_the_branch_has_its_place(
    anna: Browser, path: str, place_branch: Callable[..., None]
) -> None:
    place_branch(56.129, 40.407, asked=True)
    page = anna.get(path)
    assert "geolocation=(self)" in page.headers["Permissions-Policy"]
    assert re.search(r'"branch_at": ?\[56\.129, ?40\.407\]', page.text)
    assert "data-distance" in page.text
    assert "geolocation=()" in anna.get("/assignments").headers["Permissions-Policy"]


@pytest.mark.parametrize(("place", "asked"), [((56.129, 40.407), False), ((None, None), True)])
def test_else_nothing_may_ask_for_a_place(
    anna: Browser,
    path: str,
    place_branch: Callable[..., None],
    place: tuple[float | None, float | None],
    asked: bool,
) -> None:
    place_branch(*place, asked=asked)
    page = anna.get(path)
    assert "geolocation=()" in page.headers["Permissions-Policy"]
    assert "data-distance" not in page.text
    assert "branch_at" not in page.text


@pytest.mark.parametrize(("sent", "kept"), [("140", 140), ("", None)])
def test_a_form_without_scripts_brings_what_it_holds(
    session: Session,
    anna: Browser,
    path: str,
    place_branch: Callable[..., None],
    sent: str,
    kept: int | None,
) -> None:
    place_branch(56.129, 40.407, asked=True)
    page = anna.get(path).text
    anna.post(path, data=filled(page, **GOOD_VISIT, distance_m=sent))
    (visit,) = stored(session, Visit)
    assert visit.document.get("distance_m") == kept
