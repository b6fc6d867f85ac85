"""Items by branches: what is in a cell, and who sees which column."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import numpy as np
import pytest
from sqlmodel import Session, select

from pilot_eval.domain.errors import NotAllowed, NotFound
from pilot_eval.domain.people import Actor, Role
from pilot_eval.domain.pilots import Period
from pilot_eval.operations import heatmap as area
from pilot_eval.operations.heatmap import heatmap
from pilot_eval.records.network import Region
from pilot_eval.reports.heatmaps import colour_of, grid_of
from tests import pilots as world
from tests.conftest import OPERATOR, acting

NOW = datetime(2014, 11, 2, tzinfo=UTC)


def a_manager(session: Session, create_manager: Any, region: str = "North") -> Actor:
    (region_id,) = session.exec(select(Region.id).where(Region.name == region))
    user = create_manager()
    return Actor(user.email, Role.MANAGER, user.id, region_id, fresh=True)


def test_a_cell_is_the_change_in_the_share_of_yes(
    session: Session, create_manager: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    pilot = world.filled_pilot(session)
    running = heatmap(session, OPERATOR, pilot.slug, NOW)
    assert running.withheld
    assert running.changes is None
    world.close(session, pilot)
    found = heatmap(session, OPERATOR, pilot.slug, NOW)
    assert found.by == "branch"
    assert len(found.columns) == 9
    assert found.changes is not None
    codes = [item.code for item in found.items]
    for column, branch in enumerate(found.columns):
        for item in ("E1", "B5"):
            shares = []
            for period in (Period.BEFORE, Period.AFTER):
                values = [
                    visit.earned[codes.index(item)]
                    for visit in found.snapshot.visits
                    if visit.branch == branch.code and visit.period is period
                ]
                known = [value for value in values if value is not None]
                shares.append(np.mean(known) if known else np.nan)
            change = found.changes.change[codes.index(item), column]
            assert change == pytest.approx(shares[1] - shares[0], nan_ok=True)
    taught = found.changes.change[codes.index("E1")]
    assert np.nanmean(taught) > 0.5
    comparison = heatmap(session, OPERATOR, pilot.slug, NOW, arm="comparison")
    everyone = heatmap(session, OPERATOR, pilot.slug, NOW, arm="all")
    assert {c.code for c in comparison.columns} | {c.code for c in found.columns} == {
        c.code for c in everyone.columns
    }
    grid = grid_of(found.changes, found.items, found.by, 0.95, "en")
    cells = [cell for section in grid.sections for row in section.rows for cell in row.cells]
    assert len(cells) == len(found.items) * 9
    assert grid.finding.startswith(
        f"Of {found.changes.compared}\u00a0cells, {found.changes.outstanding} stand"
    )

    # A manager: own branches only, whatever is asked for.
    manager = a_manager(session, create_manager)
    mine = heatmap(session, manager, pilot.slug, NOW, arm="all")
    assert {column.code for column in mine.columns} == {f"B{n:02}" for n in range(0, world.BRANCHES, 3)}
    assert mine.regions == ("North",)
    for region in ("South", "nowhere"):
        with pytest.raises(NotFound):
            heatmap(session, manager, pilot.slug, NOW, region=region)

    # Many branches: regions first, then one region, then its pages.
    monkeypatch.setattr(area, "MOST_COLUMNS", 4)
    by_region = heatmap(session, OPERATOR, pilot.slug, NOW, arm="all")
    assert [(column.name, column.branches) for column in by_region.columns] == [
        ("North", 6),
        ("South", 6),
        ("West", 6),
    ]
    assert by_region.changes is not None
    assert by_region.changes.n[codes.index("E1")].tolist() == [[24, 24]] * 3
    one = [
        heatmap(session, OPERATOR, pilot.slug, NOW, arm="all", region="South", page=page)
        for page in (1, 2, 9)
    ]
    assert [len(each.columns) for each in one] == [4, 2, 2]
    assert one[0].pages == 2


def test_a_manager_sees_no_item_of_an_open_wave(session: Session, create_manager: Any) -> None:
    pilot = world.filled_pilot(session)
    world.close(session, pilot, Period.BEFORE)
    found = heatmap(session, a_manager(session, create_manager), pilot.slug, NOW)
    assert found.withheld
    assert found.changes is None


def test_others_get_nothing(session: Session, auditor: Any, administrator: Any, manager: Any) -> None:
    pilot = world.filled_pilot(session)
    for person in (auditor, administrator):
        with pytest.raises(NotAllowed):
            heatmap(session, acting(person), pilot.slug, NOW)
    for slug in (pilot.slug, "missing"):
        with pytest.raises(NotFound):
            heatmap(session, acting(manager), slug, NOW)


@pytest.mark.parametrize(
    ("change", "colour"),
    [
        (0.049, "neither"),
        (0.05, "better-1"),
        (-0.15, "worse-2"),
        (0.34, "better-3"),
        (0.35, "better-4"),
        (1.0, "better-4"),
        (-1.0, "worse-4"),
        (0.0, "neither"),
    ],
)
def test_colours_keep_their_scale(change: float, colour: str) -> None:
    assert colour_of(change) == colour
