"""Downloads: listed by themselves, taken by POST, noted, and refused to others."""

from __future__ import annotations

import json
from typing import Any

import pytest
from sqlmodel import Session, col, select

from pilot_eval.records.audit import AuditEvent
from pilot_eval.records.pilots import Pilot
from pilot_eval.reports.files import FORMATS
from tests import pilots as world


@pytest.fixture
def closed(session: Session) -> Pilot:
    pilot = world.filled_pilot(session)
    world.close(session, pilot)
    return pilot


def test_every_format_is_listed_in_both_languages(as_head_office: Any, closed: Pilot) -> None:
    page = as_head_office.get(f"/pilots/{closed.slug}/exports").text
    for name in FORMATS:
        for language in ("en", "ru"):
            assert f"/exports/{name}/{language}" in page


def test_a_file_is_sent_under_its_name_and_noted(
    as_head_office: Any, session: Session, closed: Pilot
) -> None:
    for name, chosen in FORMATS.items():
        answer = as_head_office.submit(f"/pilots/{closed.slug}/exports/{name}/ru")
        assert answer.status_code == 200
        assert answer.content_type == chosen.media_type
        assert f"filename={closed.slug}-" in answer.headers["Content-Disposition"]
    events = session.exec(select(AuditEvent).where(col(AuditEvent.action) == "pilot.export"))
    assert [event.details["format"] for event in events] == list(FORMATS)


def test_what_is_not_installed_says_how_to_install_it(
    as_head_office: Any, closed: Pilot, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pilot_eval.reports.files.find_spec", lambda _module: None)
    page = as_head_office.get(f"/pilots/{closed.slug}/exports").text
    assert "pilot_eval[slides]" in page
    assert "/exports/pptx/en" not in page
    assert "/exports/json/en" in page
    answer = as_head_office.submit(f"/pilots/{closed.slug}/exports/sav/en")
    assert answer.status_code == 409
    assert "pilot_eval[analysis]" in answer.text


def test_rows_ask_for_the_password_when_it_is_old(as_head_office: Any, closed: Pilot, clock: Any) -> None:
    clock.forward(minutes=16)
    assert as_head_office.submit(f"/pilots/{closed.slug}/exports/xlsx/en").status_code == 401
    assert as_head_office.submit(f"/pilots/{closed.slug}/exports/json/en").status_code == 200


def test_unknown_formats_and_languages_are_not_found(as_head_office: Any, closed: Pilot) -> None:
    for path in ("docx/en", "json/de", "../en"):
        assert as_head_office.submit(f"/pilots/{closed.slug}/exports/{path}").status_code in {404, 405}


def test_files_come_by_post_only(as_head_office: Any, session: Session, closed: Pilot) -> None:
    address = f"/pilots/{closed.slug}/exports/json/en"
    assert as_head_office.get(address).status_code == 405
    session.commit()
    assert as_head_office.post(address).status_code == 400


def test_others_take_nothing(sign_in: Any, auditor: Any, manager: Any, closed: Pilot) -> None:
    path = f"/pilots/{closed.slug}/exports/json/en"
    assert sign_in(auditor).submit(path).status_code == 403
    assert sign_in(manager).submit(path).status_code == 404


def test_a_manager_takes_the_own_region(
    sign_in: Any, create_manager: Any, session: Session, closed: Pilot
) -> None:
    region_id = world.pilots.members_of(session, closed)[0][1].region_id
    from pilot_eval.records.network import Region

    browser = sign_in(create_manager(region=session.get(Region, region_id)))
    document = json.loads(browser.submit(f"/pilots/{closed.slug}/exports/json/en").data)
    assert {branch["region"] for branch in document["branches"]} == {"North"}
    assert "/exports/parquet/" not in browser.get(f"/pilots/{closed.slug}/exports").text
    assert browser.submit(f"/pilots/{closed.slug}/exports/parquet/en").status_code == 403
