"""The checklist of a pilot is chosen with the plan, and changed with it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from sqlmodel import Session

from pilot_eval.domain.checklists import default_checklist
from pilot_eval.operations import checklist_versions
from pilot_eval.operations.forms import publish_checklist
from pilot_eval.records.base import now
from pilot_eval.records.forms import ChecklistVersion
from pilot_eval.records.pilots import Pilot
from tests import pilots as world
from tests.conftest import OPERATOR
from tests.web.plans.test_settling import plan_of


@pytest.fixture
def second(session: Session) -> ChecklistVersion:
    """A newer version of the product's checklist."""
    publish_checklist(session, OPERATOR, default_checklist())
    version = publish_checklist(session, OPERATOR, replace(default_checklist(), version=2))
    session.commit()
    return version


def new_pilot(**changes: str) -> dict[str, str]:
    return {
        "title_en": "Vladimir",
        "before_from": "2014-08-01",
        "before_to": "2014-08-31",
        "training_from": "2014-09-01",
        "training_to": "2014-09-30",
        "after_from": "2014-10-01",
        "after_to": "2014-10-31",
        "design": "before_after",
        "level": "0.95",
        "seed": "1",
    } | changes


def test_a_new_pilot_offers_the_versions_in_use(
    as_head_office: Any, session: Session, second: ChecklistVersion
) -> None:
    page = as_head_office.get("/pilots/new").text
    assert "mystery visit, version 2</option>" in page
    assert "mystery visit, version 1</option>" in page
    answer = as_head_office.submit("/pilots/new", new_pilot(checklist_id="1"))
    assert answer.status_code == 302
    assert "<code>post-branch</code>, version 1" in as_head_office.get("/pilots/vladimir/plan").text
    checklist_versions.retire(session, OPERATOR, 1, now())
    assert "mystery visit, version 1<" not in as_head_office.get("/pilots/new").text
    answer = as_head_office.submit("/pilots/new", new_pilot(checklist_id="1", slug="again"))
    assert answer.status_code == 422
    assert "Choose a published checklist that is in use" in answer.text


def test_a_plan_moves_to_another_version_and_says_what_that_means(
    as_head_office: Any, session: Session, second: ChecklistVersion
) -> None:
    pilot = world.filled_pilot(session, checklist_id=1)
    world.close(session, pilot)
    address = f"/pilots/{pilot.slug}/plan"
    page = as_head_office.get(f"{address}/edit").text
    assert "Scores of two versions are not the same thing" in page
    session.refresh(pilot)
    sent = plan_of(pilot, looks="", reason="Question 3 was unclear", checklist_id=str(second.id))
    assert as_head_office.submit(f"{address}/edit", sent).status_code == 302
    session.refresh(pilot)
    assert pilot.checklist_id == second.id
    page = as_head_office.get(address).text
    for told in ("version of the checklist", "Question 3 was unclear", "<code>post-branch</code>, version 2"):
        assert told in page


def test_a_plan_sent_without_the_field_keeps_its_checklist(
    as_head_office: Any, session: Session, second: ChecklistVersion
) -> None:
    pilot: Pilot = world.filled_pilot(session, checklist_id=1)
    session.refresh(pilot)
    as_head_office.submit(f"/pilots/{pilot.slug}/plan/edit", plan_of(pilot, reason="Other", level="0.9"))
    session.refresh(pilot)
    assert (pilot.checklist_id, pilot.level) == (1, 0.9)
