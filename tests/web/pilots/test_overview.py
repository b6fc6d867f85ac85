"""The overview: its parts in their order, and to each reader what may be known."""

from __future__ import annotations

import re
from typing import Any

import pytest
from sqlmodel import Session, col, select

from pilot_eval.domain.pilots import Period
from pilot_eval.operations import pilots
from pilot_eval.records.network import Region
from pilot_eval.records.pilots import Assignment, Pilot
from pilot_eval.records.visits import Visit
from tests import pilots as world

ORDER = (
    "Ready to decide",
    "Next:",
    "Can it be trusted?",
    'class="answer',
    "Numbers",
    "Guardrails: they must not get worse",
    "Branch by branch",
    "Week by week",
    "Items of the checklist that moved most",
    "What has come in",
    'id="decision"',
    "What this does not tell",
    'class="data-mark"',
)
FIGURES = ("before-after-quality", "before-after-speed", "weeks-quality", "weeks-speed", "items")


@pytest.fixture
def closed(session: Session) -> Pilot:
    pilot = world.filled_pilot(session)
    world.close(session, pilot)
    return pilot


@pytest.fixture
def as_northern(sign_in: Any, create_manager: Any, session: Session) -> Any:
    def of(pilot: Pilot) -> Any:
        region = session.exec(select(Region).where(Region.name == "North")).one()
        return sign_in(create_manager(region=region))

    return of


def figures_in(page: str) -> list[str]:
    return re.findall(r'data-chart="[^"]+/charts/([\w-]+)\.json"', page)


def test_everything_stands_in_the_order_of_reading(as_head_office: Any, closed: Pilot) -> None:
    page = as_head_office.get(f"/pilots/{closed.slug}").text
    places = [page.index(text) for text in ORDER]
    assert places == sorted(places)
    assert tuple(figures_in(page)) == FIGURES
    assert "97.5% interval" in page
    assert "9 trained and 9 comparison branches" in page
    assert page.count("tile-secondary") == 1
    assert "p &lt;" not in page


def test_every_figure_of_the_overview_is_there(as_head_office: Any, closed: Pilot) -> None:
    page = as_head_office.get(f"/pilots/{closed.slug}").text
    for name in figures_in(page):
        assert as_head_office.get(f"/pilots/{closed.slug}/charts/{name}.json").status_code == 200


def test_the_strip_names_what_to_look_at_and_has_every_finding_folded(
    as_head_office: Any, closed: Pilot
) -> None:
    page = as_head_office.get(f"/pilots/{closed.slug}").text
    strip = page[page.index('class="health"') : page.index('class="answer')]
    said, folded = strip.split("</summary>")
    assert "Time of entry" in said  # years after 2014
    assert "checks in order" in said
    assert "Duplicates" not in said
    assert "No record is there twice." in folded
    assert folded.index("Time of entry") < folded.index("Duplicates")


def test_while_it_runs_there_is_quality_of_data_and_nothing_after(
    as_head_office: Any, session: Session
) -> None:
    pilot = world.filled_pilot(session)
    page = as_head_office.get(f"/pilots/{pilot.slug}").text
    assert page.index("Can it be trusted?") < page.index("Not shown yet")
    assert "items" not in figures_in(page)
    for text in ("Guardrails", "What changed", 'id="decision"'):
        assert text not in page
    for name in ("weeks-quality", "before-after-quality"):
        assert "2014-10" not in as_head_office.get(f"/pilots/{pilot.slug}/charts/{name}.json").text
    assert as_head_office.get(f"/pilots/{pilot.slug}/charts/items.svg").status_code == 404


def test_a_manager_reads_weeks_of_the_own_region_and_no_coverage(
    as_northern: Any, session: Session, closed: Pilot
) -> None:
    page = as_northern(closed).get(f"/pilots/{closed.slug}").text
    assert "Branches of your region only." in page
    assert tuple(figures_in(page)) == FIGURES
    for text in ("What has come in", "Next:", "Visits before training", 'id="decision"'):
        assert text not in page


def test_a_manager_reads_nothing_of_an_open_wave(as_northern: Any, session: Session) -> None:
    pilot = world.filled_pilot(session)
    browser = as_northern(pilot)
    page = browser.get(f"/pilots/{pilot.slug}").text
    assert figures_in(page) == []
    assert "Can it be trusted?" not in page
    assert browser.get(f"/pilots/{pilot.slug}/charts/weeks-quality.svg").status_code == 404


def test_the_matrix_says_what_came_in_where(as_head_office: Any, session: Session, closed: Pilot) -> None:
    wave = pilots.waves_of(session, closed)[0]
    visit = session.exec(select(Visit).where(col(Visit.wave_id) == wave.id)).first()
    assert visit is not None
    session.add(
        Assignment(
            pilot_id=visit.pilot_id,
            wave_id=visit.wave_id,
            branch_id=visit.branch_id,
            auditor_id=visit.auditor_id,
            scenario="parcel_advice",
            window_from=world.BEFORE[0],
            window_to=world.BEFORE[1],
        )
    )
    session.commit()
    page = as_head_office.get(f"/pilots/{closed.slug}").text
    assert "4 of 1 visits, timings: 8" in page
    assert page.count("4 of 0 visits, timings: 8") == 2 * world.BRANCHES - 1


def test_the_number_of_queries_does_not_grow_with_branches(
    as_head_office: Any, app_queries: list[str], session: Session, closed: Pilot
) -> None:
    smaller = world.plan_pilot(session, title_en="Smaller")
    branches = [branch for _member, branch in pilots.members_of(session, closed)]
    world.draw(session, smaller, branches[:12])
    world.record(session, smaller, world.an_auditor(session), seed=2)
    world.close(session, smaller)
    counts = []
    for slug in (closed.slug, smaller.slug):
        app_queries.clear()
        as_head_office.get(f"/pilots/{slug}")
        counts.append(len(app_queries))
    assert counts[0] == counts[1]


def test_the_overview_reads_in_russian(as_head_office: Any, closed: Pilot) -> None:
    as_head_office.submit("/language", {"language": "ru", "next": "/"})
    page = as_head_office.get(f"/pilots/{closed.slug}").text
    for text in ("Срок ввода", "Обученные отделения: среднее по неделям", "Сравнение"):
        assert text in page


def test_a_closed_baseline_shows_the_weeks_before_to_a_manager(as_northern: Any, session: Session) -> None:
    pilot = world.filled_pilot(session)
    world.close(session, pilot, Period.BEFORE)
    page = as_northern(pilot).get(f"/pilots/{pilot.slug}").text
    assert "weeks-quality" in figures_in(page)
    assert "items" not in figures_in(page)
