"""Visits excluded or changed after results could be seen stand in every report, with their reasons."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import openpyxl
import pypdf
import pytest
from sqlmodel import Session, col, select

from pilot_eval.domain.people import Actor, Role
from pilot_eval.domain.reviews import Ruling
from pilot_eval.engines.snapshots import known_snapshot
from pilot_eval.operations import exporting, set_aside, summaries
from pilot_eval.operations.reviews import review_visit
from pilot_eval.operations.verifying import verify
from pilot_eval.records.network import Branch, Region
from pilot_eval.records.people import User
from pilot_eval.records.pilots import Pilot
from pilot_eval.records.visits import Visit, VisitState
from tests import pilots as world
from tests.conftest import OPERATOR, acting
from tests.operations import bundles
from tests.operations.test_summaries import a_manager, violations

NOW = bundles.NOW
REASON = "Отделение было закрыто на ремонт"


@pytest.fixture
def head(create_person: Callable[..., User]) -> Actor:
    return acting(create_person(Role.HEAD_OFFICE))


def in_region(session: Session, name: str) -> Visit:
    return session.exec(
        select(Visit)
        .join(Branch, col(Branch.id) == col(Visit.branch_id))
        .join(Region, col(Region.id) == col(Branch.region_id))
        .where(col(Region.name) == name)
        .order_by(col(Visit.id))
    ).first() or pytest.fail(name)


def rule(session: Session, head: Actor, visit: Visit, ruling: Ruling, reason: str = REASON) -> None:
    visit = session.get_one(Visit, visit.id, populate_existing=True)
    review_visit(session, head, visit.id, ruling, NOW, version=visit.row_version, reason=reason)


def told(session: Session, pilot: Pilot, actor: Actor = OPERATOR) -> dict[str, Any]:
    summary = summaries.summarise(session, actor, pilot.slug, NOW)
    assert violations(summary) == []
    return summary


def quality(summary: dict[str, Any]) -> Any:
    return summary["outcomes"][0]["evaluation"]["effect"]["estimate"]


def test_an_exclusion_before_results_is_counted_and_not_listed(session: Session, head: Actor) -> None:
    pilot = world.filled_pilot(session)
    rule(session, head, in_region(session, "North"), Ruling.EXCLUDE)
    world.close(session, pilot)
    review = told(session, pilot)["review"]
    assert review["states"] == {"submitted": 143, "returned": 0, "approved": 0, "excluded": 1}
    assert review["changes"] == []
    assert [found["code"] for found in review["all_counted"]] == ["quality", "speed"]


def test_an_exclusion_after_results_is_listed_with_its_reason_and_results_follow(
    session: Session, head: Actor
) -> None:
    pilot = bundles.recorded(session)
    before = told(session, pilot)
    assert before["review"]["changes"] == before["review"]["all_counted"] == []
    visit = in_region(session, "North")
    rule(session, head, visit, Ruling.EXCLUDE)
    after = told(session, pilot)
    (change,) = after["review"]["changes"]
    assert (change["change"], change["reason"], change["at"]) == (
        "exclude",
        REASON,
        NOW.isoformat(timespec="seconds"),
    )
    for language in ("en", "ru"):
        assert REASON in change["text"][language]
        assert change["visit"] in change["text"][language]
    assert "changed_after_results" in {limit["code"] for limit in after["limits"]}
    assert after["snapshot"]["sha256"] != before["snapshot"]["sha256"]
    assert quality(after) != quality(before)
    # With the excluded visit counted the result is what it was before.
    (again, _speed) = after["review"]["all_counted"]
    assert again["estimate"] == pytest.approx(quality(before), rel=1e-12)
    assert again["confidence_interval"] == pytest.approx(
        before["outcomes"][0]["evaluation"]["effect"]["confidence_interval"], rel=1e-12
    )
    rule(session, head, visit, Ruling.RESTORE, "Ремонта не было")
    restored = told(session, pilot)
    assert [change["change"] for change in restored["review"]["changes"]] == ["exclude", "restore"]
    assert restored["review"]["all_counted"] == []
    assert quality(restored) == quality(before)
    assert restored["snapshot"]["sha256"] == before["snapshot"]["sha256"]


def test_a_snapshot_with_everything_counted_is_that_of_plain_loops(session: Session, head: Actor) -> None:
    pilot = bundles.recorded(session)
    rule(session, head, in_region(session, "North"), Ruling.EXCLUDE)
    rule(session, head, in_region(session, "South"), Ruling.RETURN)
    snapshot = known_snapshot(session, pilot.id or 0)
    whole = set_aside.counting_excluded(snapshot)
    counted = [v.score_hundredths for v in whole.visits if v.state is not VisitState.RETURNED]
    assert len(counted) == 143
    assert sorted(whole.observations("visit_score").value * 100) == pytest.approx(
        sorted(score for score in counted if score is not None)
    )
    assert set_aside.excluded(snapshot) == 1


def test_a_manager_reads_of_the_own_region_only_and_nothing_while_the_pilot_runs(
    session: Session, head: Actor, create_manager: Any
) -> None:
    pilot = bundles.recorded(session)
    rule(session, head, in_region(session, "South"), Ruling.EXCLUDE, "Чужая причина")
    rule(session, head, in_region(session, "North"), Ruling.EXCLUDE)
    review = told(session, pilot, a_manager(session, create_manager))["review"]
    assert [change["reason"] for change in review["changes"]] == [REASON]
    assert review["states"]["excluded"] == 1
    assert sum(review["states"].values()) < 144


def test_while_a_pilot_runs_a_manager_learns_nothing_of_its_review(
    session: Session, head: Actor, create_manager: Any
) -> None:
    pilot = world.filled_pilot(session)
    rule(session, head, in_region(session, "North"), Ruling.EXCLUDE)
    review = told(session, pilot, a_manager(session, create_manager))["review"]
    assert review == {
        "states": dict.fromkeys(("submitted", "returned", "approved", "excluded"), 0),
        "changes": [],
        "all_counted": [],
    }


def test_every_file_lists_what_was_changed_late(session: Session, head: Actor, tmp_path: Path) -> None:
    pilot = bundles.recorded(session)
    rule(session, head, in_region(session, "North"), Ruling.EXCLUDE)
    for language, words in {"en": "was excluded", "ru": "исключён"}.items():
        sheet = exporting.export(session, OPERATOR, pilot.slug, "xlsx", language, NOW).content
        rows = openpyxl.load_workbook(io.BytesIO(sheet), read_only=True).worksheets[0].values
        cells = [str(cell) for row in rows for cell in row if cell]
        assert any(words in cell and REASON in cell for cell in cells)
        assert any("1" in cell and ("counted" in cell or "вместе с" in cell) for cell in cells)
        annex = exporting.export(session, OPERATOR, pilot.slug, "annex", language, NOW).content
        text = " ".join(page.extract_text() for page in pypdf.PdfReader(io.BytesIO(annex)).pages)
        plain = "".join(text.replace("\u00ad", "").replace("-\n", "").split())
        assert "".join(REASON.split()) in plain.replace("-", "")
        summary = json.loads(exporting.export(session, OPERATOR, pilot.slug, "json", language, NOW).content)
        assert summary["review"]["changes"][0]["reason"] == REASON


def test_an_evidence_bundle_agrees_with_itself_after_a_late_exclusion(
    session: Session, head: Actor, tmp_path: Path
) -> None:
    pilot = bundles.recorded(session)
    rule(session, head, in_region(session, "North"), Ruling.EXCLUDE)
    path = tmp_path / "evidence.zip"
    path.write_bytes(bundles.export(session, pilot.slug))
    found = verify(path)
    assert found.matches, found.to_text("en")


def test_late_corrections_and_returns_are_listed_too(session: Session, head: Actor) -> None:
    pilot = bundles.recorded(session)
    visit = in_region(session, "North")
    for ruling in (Ruling.APPROVE, Ruling.RETURN, Ruling.APPROVE):
        rule(session, head, visit, ruling)
    changes = told(session, pilot)["review"]["changes"]
    assert [(change["change"], change["by"]) for change in changes] == [("return", head_name(session, head))]


def head_name(session: Session, head: Actor) -> str:
    return session.get_one(User, head.user_id).pseudonym
