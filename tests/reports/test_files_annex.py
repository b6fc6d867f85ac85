"""The annex: tagged, in both languages, every section in its order, the numbers those of the evaluation."""

from __future__ import annotations

import io
import re
from datetime import UTC, datetime
from typing import Any

import pypdf
import pytest
from sqlmodel import Session

from pilot_eval.domain.people import Actor, Role
from pilot_eval.domain.pilots import Period
from pilot_eval.engines.records import read_snapshot
from pilot_eval.operations import exporting, pilots, summaries
from pilot_eval.operations.evidence import with_parts
from pilot_eval.operations.import_plans import ImportPlan
from pilot_eval.records import database
from pilot_eval.records.pilots import Pilot
from pilot_eval.reports.files import annex, write_file
from pilot_eval.reports.files.annex_wording import HEADINGS
from pilot_eval.reports.numbers import LANGUAGES, NBSP
from tests import pilots as world
from tests.conftest import OPERATOR
from tests.operations import bundles
from tests.reports import samples
from tests.reports.test_files_board import decided

NOW = datetime(2014, 11, 2, tzinfo=UTC)
SECTIONS = [name for name in HEADINGS if name not in {"title", "decision"}]
WITHOUT_RESULTS = ["plan", "design", "flow", "quality", "limits", "definitions", "reproduction"]


@pytest.fixture
def session(sqlite_url: str) -> Any:
    engine = database.open_database(sqlite_url)
    with database.session_of(engine) as session:
        yield session
    engine.dispose()


@pytest.fixture
def closed(session: Session) -> Pilot:
    return bundles.recorded(session)


def text_of(content: bytes) -> str:
    pages = pypdf.PdfReader(io.BytesIO(content)).pages
    text = " ".join(page.extract_text() for page in pages).replace(NBSP, " ").replace("\u202f", " ")
    return re.sub(r"\s+", " ", re.sub(r"(?<=\w)-\s*\n", "", text))


def headings_of(text: str, language: str) -> list[str]:
    """The sections found, in the order of their places."""
    places = {}
    for name in SECTIONS:
        found = re.search(rf"\d+\. {re.escape(HEADINGS[name][language == 'ru'])}", text)
        if found:
            places[name] = found.start()
    return sorted(places, key=lambda name: places[name])


def taken(session: Session, actor: Actor, slug: str, language: str) -> bytes:
    return exporting.export(session, actor, slug, "annex", language, NOW).content


def test_it_is_tagged_and_holds_every_section_with_the_numbers(session: Session, closed: Pilot) -> None:
    summary = summaries.summarise(session, OPERATOR, closed.slug, NOW)
    evaluation = summary["outcomes"][0]["evaluation"]
    for language in LANGUAGES:
        content = taken(session, OPERATOR, closed.slug, language)
        reader = pypdf.PdfReader(io.BytesIO(content))
        root = reader.trailer["/Root"]
        assert root["/Lang"] == language
        assert root["/MarkInfo"]["/Marked"]
        assert "pdfuaid" in root["/Metadata"].get_data().decode()
        text = text_of(content)
        assert headings_of(text, language) == SECTIONS
        point = "." if language == "en" else ","
        for number in (
            f"{evaluation['effect']['estimate']:.1f}",
            f"{evaluation['effect']['standard_error']:.4f}",
        ):
            assert number.replace(".", point) in text
        assert summary["snapshot"]["sha256"] in text
        assert summary["plan"]["sha256"] in text
        for limit in summary["limits"]:
            assert limit["text"][language].split(",")[0][:40] in text
        assert "pilot-eval verify" in text


def test_every_calculation_of_the_sensitivity_stands_in_it(session: Session, closed: Pilot) -> None:
    snapshot = read_snapshot(session, pilots.stored_id(closed))
    outcomes = pilots.outcomes_of(session, closed)
    summary = with_parts(summaries.summarise(session, OPERATOR, closed.slug, NOW), snapshot, closed, outcomes)
    text = text_of(annex.write(summary, "en"))
    part = summary["outcomes"][0]["evaluation"]["sensitivity"]
    for row in part["specifications"]:
        assert f"{row['effect']['pvalue']:.4f}" in text or row["effect"]["pvalue"] < 0.0001
    icc = summary["outcomes"][0]["evaluation"]["variance"]["icc"]
    assert f"{icc:.3f}" in text
    assert "Averaged over a network of 42 000" in text


def test_the_same_snapshot_gives_the_same_bytes(session: Session, closed: Pilot) -> None:
    first, second = (taken(session, OPERATOR, closed.slug, "ru") for _ in range(2))
    assert first == second


def test_without_results_it_tells_plan_flow_and_data_only(session: Session) -> None:
    pilot = world.filled_pilot(session)
    world.close(session, pilot, Period.BEFORE)
    for language in LANGUAGES:
        text = text_of(taken(session, OPERATOR, pilot.slug, language))
        assert headings_of(text, language) == WITHOUT_RESULTS
        assert "pilot-eval verify" not in text


def test_a_manager_finds_no_branch_of_another_region(session: Session, closed: Pilot) -> None:
    own, other = pilots.members_of(session, closed)[0][1], pilots.members_of(session, closed)[1][1]
    assert own.region_id != other.region_id
    user = world.people.create_person(
        session, OPERATOR, name="petr", role=Role.MANAGER, region_id=own.region_id
    )
    actor = Actor(user.email, Role.MANAGER, user.id, own.region_id, fresh=True)
    text = text_of(taken(session, actor, closed.slug, "en"))
    assert "Not part of this reader's annex." in text
    assert other.code not in text


@pytest.mark.parametrize(
    "options",
    [
        {"kind": "score", "design": "before_after"},
        {"kind": "proportion"},
        {"kind": "duration", "weights": "observation"},
    ],
    ids=str,
)
def test_imported_pilots_have_one_too(session: Session, tmp_path: Any, options: dict[str, Any]) -> None:
    plan = ImportPlan("Made up", "value", slug="made-up", draws=99, **options)
    text = text_of(taken(session, OPERATOR, bundles.imported(session, tmp_path, plan), "en"))
    assert headings_of(text, "en") == SECTIONS
    assert "the file tells periods, but no dates" in text


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("design", ["difference_in_differences", "before_after"])
def test_names_of_people_and_places_are_never_read_as_layout(design: str, language: str) -> None:
    document = samples.summary(design)
    document["pilot"]["title"] = {"en": samples.HOSTILE_NAME * 3, "ru": samples.HOSTILE_NAME * 3}
    document["outcomes"][0]["label"] = {"en": samples.HOSTILE_NAME, "ru": samples.HOSTILE_NAME}
    assert "#emph[a] $1$" in text_of(write_file("annex", document, language))


def test_outcomes_that_cannot_be_estimated_are_told_in_words() -> None:
    text = text_of(write_file("annex", samples.not_estimable(samples.summary(), "speed"), "en"))
    assert "Too few data" in text


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_decision_stands_with_all_its_reasons(language: str) -> None:
    document = samples.summary()
    document["decision"] = decided("Quality rose and times did not fall. " * 50 + "That is all.")
    text = text_of(write_file("annex", document, language))
    assert text.count("Quality rose and times did not fall.") == 50
    assert "That is all." in text
