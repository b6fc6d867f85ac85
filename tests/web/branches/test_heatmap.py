"""The grid of items and branches on its page and as a file."""

from __future__ import annotations

import csv
import io
import re
from typing import Any

import pytest
from sqlmodel import Session, select

from pilot_eval.records.network import Region
from pilot_eval.records.pilots import Pilot
from tests import pilots as world


@pytest.fixture
def closed(session: Session) -> Pilot:
    pilot = world.filled_pilot(session)
    world.close(session, pilot)
    return pilot


def test_the_grid_is_a_table_with_headings_numbers_and_what_chance_does(
    as_head_office: Any, closed: Pilot
) -> None:
    page = as_head_office.get(f"/pilots/{closed.slug}/heatmap").text
    assert re.search(
        r"Of \d+\scells, \d+ stand out by themselves; by chance alone about [\d.]+ would\.", page
    )
    assert page.count('<th scope="row">') > 20
    assert page.count('scope="rowgroup"') > 3
    assert re.search(r'<td class="heat-better-4[^"]*">\+\d+.*?<small>4, 4</small>', page)
    assert "How to read this chart" in page
    assert "style=" not in page


def test_the_file_has_every_cell_and_what_was_chosen(as_head_office: Any, closed: Pilot) -> None:
    answer = as_head_office.get(f"/pilots/{closed.slug}/heatmap?format=csv&arm=comparison")
    assert answer.mimetype == "text/csv"
    rows = list(csv.DictReader(io.StringIO(answer.data.decode("utf-8-sig"))))
    assert {int(row["Rows in table"]) for row in rows} == {len(rows)}
    assert {row["Filters"] for row in rows} == {"arm: Comparison"}
    taught = [row for row in rows if row["Item code"] == "E1"]
    assert len(taught) == 9
    for row in taught:
        if row["Change, p.p."]:
            change = float(row["Share after, %"]) - float(row["Share before, %"])
            assert float(row["Change, p.p."]) == pytest.approx(change)


def test_a_manager_gets_the_own_region_and_nothing_while_it_runs(
    sign_in: Any, create_manager: Any, session: Session
) -> None:
    pilot = world.filled_pilot(session)
    region = session.exec(select(Region).where(Region.name == "North")).one()
    browser = sign_in(create_manager(region=region))
    running = browser.get(f"/pilots/{pilot.slug}/heatmap?format=csv").text
    assert "Results are shown to everyone at once" in running
    assert "heat-table" not in running
    world.close(session, pilot)
    page = browser.get(f"/pilots/{pilot.slug}/heatmap?arm=all").text
    assert set(re.findall(r"/branches/(B\d\d)", page)) == {f"B{n:02}" for n in range(0, 18, 3)}
    assert browser.get(f"/pilots/{pilot.slug}/heatmap?region=South").status_code == 404
