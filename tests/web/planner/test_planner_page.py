"""The planner's page: what is asked stands in the address, the answer in words, chart and tables."""

from __future__ import annotations

import csv
import io
import re
from typing import Any

from sqlmodel import Session

from tests import pilots as world


def test_it_answers_at_once_with_usual_assumptions(as_head_office: Any) -> None:
    page = as_head_office.get("/planner").text
    assert "a pilot of 22 trained and 22 comparison branches" in page
    assert "The smallest effect that matters" in page
    assert "no data stand behind it" in page
    assert "How to read" in page or "how this chart is read" in page.lower()
    found = re.search(r"finds a true effect of ([\d.]+) points", page)
    assert found


def test_more_branches_find_less(as_head_office: Any) -> None:
    def detectable(query: str) -> float:
        page = as_head_office.get(f"/planner?{query}").text
        found = re.search(r"finds a true effect of ([\d.]+) points", page)
        assert found, page
        return float(found[1])

    assert detectable("trained=200&comparison=200") < detectable("trained=22") < detectable("trained=8")


def test_a_pilot_is_its_own_source(as_head_office: Any, session: Session) -> None:
    pilot = world.filled_pilot(session)
    page = as_head_office.get(f"/planner?source={pilot.slug}:quality").text
    assert "baseline of this pilot" in page
    world.close(session, pilot)
    page = as_head_office.get(f"/planner?source={pilot.slug}:speed").text
    assert "before and after training (" in page
    assert "of speed" in page


def test_problems_stand_at_their_fields(as_head_office: Any) -> None:
    answer = as_head_office.get("/planner?trained=1&icc=nine")
    assert answer.status_code == 422
    assert 'href="#icc"' in answer.text
    answer = as_head_office.get("/planner?trained=1")
    assert answer.status_code == 422
    assert 'href="#trained"' in answer.text
    assert as_head_office.get("/planner?source=nowhere:x").status_code == 422
    assert as_head_office.get("/planner/curve.svg?trained=1").status_code == 404


def test_the_curve_is_a_picture_a_table_and_a_live_chart(as_head_office: Any) -> None:
    assert as_head_office.get("/planner/curve.svg").text.startswith("<svg")
    assert as_head_office.get("/planner/curve.png").data.startswith(b"\x89PNG")
    spec = as_head_office.get("/planner/curve.json?power=0,9").json
    rules = [layer for layer in spec["layer"] if layer["mark"]["type"] == "rule"]
    assert rules[0]["data"]["values"][0]["power"] == 90
    text = as_head_office.get("/planner/curve.csv").data.decode("utf-8-sig")
    rows = list(csv.reader(io.StringIO(text)))
    assert rows[0] == ["true effect", "probability of finding it"]
    assert len(rows) > 10


def test_a_number_may_have_a_comma(as_head_office: Any) -> None:
    comma = as_head_office.get("/planner?within=12,5").text
    point = as_head_office.get("/planner?within=12.5").text
    pattern = r"finds a true effect of ([\d.]+) points"
    assert re.findall(pattern, comma) == re.findall(pattern, point)


def test_a_pilots_plan_leads_to_it(as_head_office: Any, session: Session) -> None:
    pilot = world.filled_pilot(session)
    page = as_head_office.get(f"/pilots/{pilot.slug}/plan").text
    assert f'href="/planner?source={pilot.slug}:quality"' in page
    draft = world.plan_pilot(session, slug="draft")
    assert 'href="/planner"' in as_head_office.get(f"/pilots/{draft.slug}/plan").text
