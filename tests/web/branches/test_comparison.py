"""Overview, comparison, one branch and charts: what is shown, to whom, and when."""

from __future__ import annotations

import csv
import io
import re
from typing import Any

import pytest
from sqlmodel import Session, select

from pilot_eval.domain.pilots import Period
from pilot_eval.operations import pilots
from pilot_eval.records.network import Region
from pilot_eval.records.pilots import Pilot
from pilot_eval.records.visits import Visit
from tests import pilots as world

TABS = ("funnel", "intervals", "before-after", "table")


@pytest.fixture
def closed(session: Session) -> Pilot:
    pilot = world.filled_pilot(session)
    world.close(session, pilot)
    return pilot


@pytest.fixture
def as_northern(sign_in: Any, create_manager: Any, closed: Pilot, session: Session) -> Any:
    region = session.exec(select(Region).where(Region.name == "North")).one()
    return sign_in(create_manager(region=region))


def codes_in(page: str) -> set[str]:
    return set(re.findall(r"/branches/(B\d\d)", page))


def test_while_it_runs_the_overview_says_why_nothing_is_shown(as_head_office: Any, session: Session) -> None:
    pilot = world.filled_pilot(session)
    page = as_head_office.get(f"/pilots/{pilot.slug}").text
    assert "Not shown yet" in page
    assert "Results are shown to everyone at once" in page
    assert "interval-bar" not in page
    for tab in TABS:
        text = as_head_office.get(f"/pilots/{pilot.slug}/branches?tab={tab}").text
        assert "Results are shown to everyone at once" in text
        assert "interval-bar" not in text
    assert as_head_office.get(f"/pilots/{pilot.slug}/charts/intervals.svg").status_code == 404
    assert as_head_office.get(f"/pilots/{pilot.slug}/charts/funnel-trained-quality.svg").status_code == 404


@pytest.mark.parametrize("tab", TABS)
def test_every_way_to_compare_works(as_head_office: Any, closed: Pilot, tab: str) -> None:
    for metric in ("quality", "speed", "wait"):
        answer = as_head_office.get(f"/pilots/{closed.slug}/branches?tab={tab}&metric={metric}")
        assert answer.status_code == 200


def test_the_table_is_filtered_and_sorted_by_the_address(as_head_office: Any, closed: Pilot) -> None:
    path = f"/pilots/{closed.slug}/branches?tab=table"
    assert len(codes_in(as_head_office.get(path).text)) == world.BRANCHES
    south = as_head_office.get(f"{path}&region=South").text
    assert codes_in(south) == {f"B{n:02}" for n in range(1, world.BRANCHES, 3)}
    down = as_head_office.get(f"{path}&sort=change&order=desc").text
    up = as_head_office.get(f"{path}&sort=change&order=asc").text
    order = re.findall(r"/branches/(B\d\d)", down)
    assert order == list(reversed(re.findall(r"/branches/(B\d\d)", up)))
    assert order != sorted(order)
    assert 'aria-sort="descending"' in down
    strange = as_head_office.get(f"{path}&sort=password&order=sideways&tab=none")
    assert strange.status_code == 200
    assert as_head_office.get(f"{path}&metric=none").status_code == 404


def test_branches_with_too_few_records_come_last_and_are_not_dropped(
    as_head_office: Any, session: Session, closed: Pilot
) -> None:
    members = {branch.code: branch.id for _member, branch in pilots.members_of(session, closed)}
    after = next(w.id for w in pilots.waves_of(session, closed) if w.period is Period.AFTER)
    for visit in session.exec(select(Visit).where(Visit.branch_id == members["B00"], Visit.wave_id == after)):
        session.delete(visit)
    session.commit()
    page = as_head_office.get(f"/pilots/{closed.slug}/branches?tab=table").text
    order = re.findall(r"/branches/(B\d\d)", page)
    assert order[-1] == "B00"
    assert len(order) == world.BRANCHES
    assert page.count('class="thin"') == 1


def test_a_manager_sees_the_own_region_and_nothing_of_others(as_northern: Any, closed: Pilot) -> None:
    north = {f"B{n:02}" for n in range(0, world.BRANCHES, 3)}
    others = [f"Branch {n:02}" for n in range(world.BRANCHES) if n % 3]
    for path in ("", *(f"/branches?tab={tab}" for tab in TABS), "/branches?tab=table&region=South"):
        answer = as_northern.get(f"/pilots/{closed.slug}{path}")
        assert answer.status_code == 200
        assert not [name for name in others if name in answer.text]
        assert codes_in(answer.text) <= north
    assert codes_in(as_northern.get(f"/pilots/{closed.slug}/branches?tab=table").text) == north
    chart = as_northern.get(f"/pilots/{closed.slug}/charts/funnel-trained-quality.json").text
    assert not [name for name in others if name in chart]


def test_another_regions_branch_is_as_missing_as_one_that_is_not_there(
    as_northern: Any, closed: Pilot
) -> None:
    answers = [as_northern.get(f"/pilots/{closed.slug}/branches/{code}") for code in ("B01", "B99")]
    assert [answer.status_code for answer in answers] == [404, 404]
    bodies = [re.sub(r"csrf_token\" value=\"[^\"]+|B\d\d", "", answer.text) for answer in answers]
    assert bodies[0] == bodies[1]


def test_a_branch_page_has_its_visits_by_pseudonym(
    as_northern: Any, as_head_office: Any, session: Session, closed: Pilot
) -> None:
    visit = session.exec(select(Visit)).first()
    assert visit is not None
    auditor = session.get(world.User, visit.auditor_id)
    assert auditor is not None
    for browser in (as_northern, as_head_office):
        page = browser.get(f"/pilots/{closed.slug}/branches/B00").text
        assert "8 visits" in page
        assert auditor.pseudonym in page
        assert auditor.email not in page


def test_a_manager_sees_no_visit_of_an_open_wave(sign_in: Any, create_manager: Any, session: Session) -> None:
    pilot = world.filled_pilot(session)
    region = session.exec(select(Region).where(Region.name == "North")).one()
    browser = sign_in(create_manager(region=region))
    page = browser.get(f"/pilots/{pilot.slug}/branches/B00").text
    assert "8 visits" not in page
    assert "4 visits" not in page
    world.close(session, pilot, Period.BEFORE)
    assert "4 visits" in browser.get(f"/pilots/{pilot.slug}/branches/B00").text


@pytest.mark.parametrize(
    "name", ["intervals", "before-after-quality", "funnel-comparison-speed", "weeks-speed", "items"]
)
def test_charts_come_as_picture_document_and_table(as_head_office: Any, closed: Pilot, name: str) -> None:
    path = f"/pilots/{closed.slug}/charts/{name}"
    for theme in ("light", "dark"):
        svg = as_head_office.get(f"{path}.svg?theme={theme}")
        assert svg.mimetype == "image/svg+xml"
        assert svg.text.startswith("<svg")
    assert as_head_office.get(f"{path}.png").data.startswith(b"\x89PNG")
    assert as_head_office.get(f"{path}.json").json["$schema"].startswith("https://vega.github.io")
    rows = list(csv.reader(io.StringIO(as_head_office.get(f"{path}.csv").data.decode("utf-8-sig"))))
    assert len({len(row) for row in rows}) == 1


def test_charts_that_are_not_there_are_not_found(as_head_office: Any, closed: Pilot) -> None:
    for name in (
        "none",
        "before-after-",
        "before-after-none",
        "funnel-trained-",
        "funnel-other-quality",
        "weeks-",
    ):
        assert as_head_office.get(f"/pilots/{closed.slug}/charts/{name}.svg").status_code == 404


def test_others_see_nothing(
    sign_in: Any, auditor: Any, administrator: Any, manager: Any, closed: Pilot
) -> None:
    paths = [f"/pilots/{closed.slug}{path}" for path in ("", "/branches", "/branches/B00", "/exports")]
    for person, status in ((auditor, 403), (administrator, 403), (manager, 404)):
        browser = sign_in(person)
        for path in (*paths, f"/pilots/{closed.slug}/charts/intervals.svg"):
            assert browser.get(path).status_code == status


def test_the_number_of_queries_does_not_grow_with_branches(
    as_head_office: Any, app_queries: list[str], session: Session, closed: Pilot
) -> None:
    smaller = world.plan_pilot(session, title_en="Smaller")
    branches = [branch for _member, branch in pilots.members_of(session, closed)]
    world.draw(session, smaller, branches[:9])
    world.record(session, smaller, world.an_auditor(session), seed=2)
    world.close(session, smaller)
    for tab in TABS:
        counts = []
        for slug in (closed.slug, smaller.slug):
            app_queries.clear()
            as_head_office.get(f"/pilots/{slug}/branches?tab={tab}")
            counts.append(len(app_queries))
        assert counts[0] == counts[1]


def test_a_branch_page_says_what_to_work_on_and_why(as_head_office: Any, closed: Pilot) -> None:
    page = as_head_office.get(f"/pilots/{closed.slug}/branches/B00").text
    assert "What to work on" in page
    assert "Chosen by rule: of the items that training can move, with at least 3 visits" in page
    assert "Beside the other branches of its arm (8):" in page
    assert "Nine of ten at most" in page
    assert "Place" not in page
    for metric in ("quality", "speed", "wait"):
        text = as_head_office.get(f"/pilots/{closed.slug}/branches/B00?metric={metric}").text
        assert f"/charts/weeks-{metric}.svg?branch=B00" in text
    chart = as_head_office.get(f"/pilots/{closed.slug}/charts/weeks-wait.svg?branch=B00")
    assert chart.text.startswith("<svg")


def test_the_file_holds_what_the_table_shows_with_its_filters(
    as_head_office: Any, as_northern: Any, closed: Pilot
) -> None:
    path = f"/pilots/{closed.slug}/branches?tab=table&format=csv&against=pilot&arm=trained&region=South"
    answer = as_head_office.get(path)
    assert answer.mimetype == "text/csv"
    rows = list(csv.DictReader(io.StringIO(answer.data.decode("utf-8-sig"))))
    shown = as_head_office.get(path.replace("format=csv&", "")).text
    assert {row["Branch code"] for row in rows} == codes_in(shown)
    assert {row["Filters"] for row in rows} == {"region: South; arm: Trained"}
    assert {row["Rows in table"] for row in rows} == {str(len(rows))}
    assert all(float(row["Interval, low end"]) < float(row["Difference"]) for row in rows)
    foreign = as_northern.get(path).data.decode("utf-8-sig")
    assert len(foreign.splitlines()) == 1


def test_two_to_four_branches_stand_side_by_side(
    as_head_office: Any, as_northern: Any, closed: Pilot
) -> None:
    path = f"/pilots/{closed.slug}/branches?tab=side-by-side"
    page = as_head_office.get(f"{path}&branch=B00&branch=B01&branch=B03").text
    assert page.count("Branch 00 − Branch") == 2
    assert page.count("Branch 01 − Branch 03") == 1
    assert "Tick two to four" in as_head_office.get(f"{path}&branch=B00").text
    assert as_head_office.get(f"{path}&branch=B00&branch=B99").status_code == 404
    assert as_northern.get(f"{path}&branch=B00&branch=B03").status_code == 200
    assert as_northern.get(f"{path}&branch=B00&branch=B01").status_code == 404
    assert as_northern.get(f"/pilots/{closed.slug}/charts/weeks-wait.svg?branch=B01").status_code == 404


@pytest.mark.parametrize(
    ("against", "called", "said"), [("past", "Change", "Изменение"), ("pilot", "Difference", "Разница")]
)
def test_an_estimate_is_called_what_it_is(
    as_head_office: Any, closed: Pilot, against: str, called: str, said: str
) -> None:
    """Of the own past a change, of others a difference: on the axis, in the chart's table, in the file."""
    path = f"/pilots/{closed.slug}/charts/branches-{against}-quality"
    titles = set(re.findall(r'"title": ?"([^"]*, points)"', as_head_office.get(f"{path}.json").text))
    assert titles == {f"{called}, points"}
    assert f",{called}," in as_head_office.get(f"{path}.csv").data.decode("utf-8-sig").splitlines()[0]
    table = f"/pilots/{closed.slug}/branches?tab=table&format=csv&against={against}"
    header = as_head_office.get(table).data.decode("utf-8-sig").splitlines()[0].split(",")
    assert len({"Change", "Difference"} & set(header)) == 1
    assert called in header
    as_head_office.submit("/language", {"language": "ru", "next": "/"})
    header = as_head_office.get(table).data.decode("utf-8-sig").splitlines()[0].split(";")
    assert said in header
    assert "Притянутое к среднему" in header


def test_pages_of_a_pilot_are_headed_by_what_they_are(as_head_office: Any, closed: Pilot) -> None:
    """The breadcrumbs name the pilot; paper, which has none, gets its name in the heading."""
    for page in ("branches", "heatmap", "plan", "plan/edit", "exports", "decision"):
        text = as_head_office.get(f"/pilots/{closed.slug}/{page}").text
        (heading,) = re.findall(r"<h1>(.*?)</h1>", text)
        assert heading.endswith(f'<span class="print-only">: {closed.title_en}</span>')
        assert closed.title_en not in heading.partition("<span")[0]
