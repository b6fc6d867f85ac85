"""The stored changes of branches, and the tables of the network made from them."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import numpy as np
import pytest
import sqlalchemy as sa
from sqlmodel import Session, col, select

from pilot_eval.domain.errors import NotAllowed, NotFound
from pilot_eval.domain.people import Role
from pilot_eval.domain.pilots import Arm, Period
from pilot_eval.operations import branch_listing, branch_results, network, summaries
from pilot_eval.operations.branch_listing import PAGE
from pilot_eval.operations.network_branches import Wish, branches_table
from pilot_eval.operations.network_regions import regions_table
from pilot_eval.operations.waves import close_wave, lock_wave
from pilot_eval.records.branch_results import BranchResult, PilotResult, mark_stale
from pilot_eval.records.network import Branch, Region
from pilot_eval.records.pilots import Pilot
from pilot_eval.records.visits import Visit
from pilot_eval.reports.network import told
from tests import pilots as world
from tests.conftest import OPERATOR, Queries, acting


def stored(session: Session) -> list[tuple[Any, ...]]:
    """Every stored result, without the time of its making."""
    session.expire_all()
    table = BranchResult.__table__  # type: ignore[attr-defined]  # SQLModel
    rows = session.execute(sa.select(table).order_by(*table.primary_key))
    heads = session.exec(select(PilotResult.pilot_id, PilotResult.snapshot_sha256, PilotResult.stale))
    return [*map(tuple, rows), *sorted(map(tuple, heads))]


@pytest.fixture
def closed(session: Session) -> Pilot:
    pilot = world.filled_pilot(session)
    world.close(session, pilot)
    return pilot


def test_nothing_is_stored_before_the_wave_after_training_closes(session: Session) -> None:
    pilot = world.filled_pilot(session)
    assert branch_results.rebuild_all(session, OPERATOR) == 0
    close_wave(session, OPERATOR, pilot.slug, Period.BEFORE, world.BEFORE_ENDS)
    assert stored(session) == []
    assert regions_table(session, OPERATOR).metric is None
    close_wave(session, OPERATOR, pilot.slug, Period.AFTER, world.AFTER_ENDS)
    assert {row.outcome for row in session.exec(select(BranchResult))} >= {"quality", "speed", "wait"}


def test_what_is_stored_is_what_the_pilots_own_pages_say(session: Session, closed: Pilot) -> None:
    summary = summaries.summarise(session, OPERATOR, closed.slug, world.AFTER_ENDS)
    kinds = {outcome["code"]: outcome["kind"] for outcome in summary["outcomes"]}
    codes = dict(session.exec(select(Branch.id, Branch.code)).all())
    by_code = {branch["code"]: branch for branch in summary["branches"]}
    for row in session.exec(select(BranchResult)):
        cell = by_code[codes[row.branch_id]]["outcomes"][row.outcome]
        assert told(kinds[row.outcome], row.change) == pytest.approx(cell["change"]["estimate"])
        assert [row.n_before, row.n_after] == [cell["before"]["n"], cell["after"]["n"]]
        assert row.snapshot_sha256 == summary["snapshot"]["sha256"]
        if row.outcome == "wait":  # all waits are alike here: nothing tells chance from change
            assert cell["change"]["confidence_interval"] is row.low is row.shrunken is None
            continue
        assert row.low is not None
        assert row.high is not None
        ends = sorted(told(kinds[row.outcome], end) for end in (row.low, row.high))
        assert ends == pytest.approx(cell["change"]["confidence_interval"])
        assert row.shrunken is not None
        assert abs(row.shrunken) < 50


def test_a_late_visit_makes_the_results_stale_and_locking_makes_them_anew(
    session: Session, closed: Pilot
) -> None:
    before = stored(session)
    visit = session.exec(select(Visit)).first()
    assert visit is not None
    visit.score_hundredths = 0 if visit.score_hundredths else 100
    mark_stale(session, closed.id or 0)
    session.commit()
    assert regions_table(session, OPERATOR).pending == 1
    lock_wave(session, OPERATOR, closed.slug, Period.AFTER, "Made up")
    assert regions_table(session, OPERATOR).pending == 0
    assert stored(session) != before
    again = stored(session)
    assert branch_results.rebuild_pending(session, OPERATOR) == 0
    branch_results.rebuild_all(session, OPERATOR)
    assert stored(session) == again


@pytest.mark.parametrize("seed", range(2))
def test_a_full_rebuild_gives_what_single_ones_gave_in_any_order(session: Session, seed: int) -> None:
    """Pilots over the same branches that end in another order than they were made, changed in between."""
    random = np.random.Generator(np.random.PCG64(seed))
    branches = world.add_branches(session, 5)
    auditor = world.an_auditor(session)
    made = []
    for number, years in enumerate(random.permutation(3).tolist()):
        pilot = world.plan_pilot(session, slug=f"pilot-{number}")
        chosen = random.choice(len(branches), size=4, replace=False).tolist()
        world.draw(session, pilot, [branches[place] for place in chosen], seed=seed)
        world.record(session, pilot, auditor, seed=seed + number)
        world.close(session, pilot)
        pilot.after_to = date(2015 + years, 1, 1)
        session.add(pilot)
        session.commit()
        made.append(pilot)
    for place in random.permutation([0, 1, 2, 0, 2]).tolist():
        visits = session.exec(select(Visit).where(Visit.pilot_id == made[place].id)).all()
        visits[int(random.integers(len(visits)))].score_hundredths = int(random.integers(10_001))
        session.flush()
        branch_results.rebuild_pilot(session, made[place])
        session.commit()
    incremental = stored(session)
    branch_results.rebuild_all(session, OPERATOR)
    assert stored(session) == incremental
    newest: dict[tuple[int, str], list[tuple[date, int, bool]]] = {}
    for row in session.exec(select(BranchResult)):
        newest.setdefault((row.branch_id, row.metric), []).append((row.ended_on, row.pilot_id, row.newest))
    for rows in newest.values():
        assert [row[2] for row in sorted(rows)] == [False] * (len(rows) - 1) + [True]


def test_regions_tell_the_mean_of_their_branches(session: Session, closed: Pilot) -> None:
    table = regions_table(session, OPERATOR)
    assert [row.name for row in table.rows] == list(world.REGIONS)
    assert table.metric is not None
    for row in table.rows:
        region = session.exec(select(Region).where(Region.code == row.code)).one()
        for arm, mean in ((Arm.TRAINED, row.trained), (Arm.COMPARISON, row.comparison)):
            found = session.exec(
                select(BranchResult.change).where(
                    BranchResult.region_id == region.id,
                    BranchResult.metric == table.metric.key,
                    BranchResult.arm == arm,
                )
            ).all()
            assert (mean.n if mean else 0) == len(found)
            if mean and len(found) > 1:
                assert mean.estimate == pytest.approx(np.mean(found))
                half = 1.96 * np.std(found, ddof=1) / np.sqrt(len(found))
                assert mean.low is not None
                assert mean.low < mean.estimate - half
        assert (row.branches, row.piloted) == (world.BRANCHES // 3, world.BRANCHES // 3)


def walked(session: Session, actor: Any, wish: dict[str, Any], region: str | None = None) -> list[str]:
    """Codes of all pages, one after the other."""
    codes: list[str] = []
    after = ""
    while True:
        page = branches_table(session, actor, Wish(**wish, after=after), region)
        codes += [line.code for line in page.lines]
        after = page.following
        if not after:
            return codes


ORDERS = [
    (sort, descending, metric)
    for sort in branch_listing.SORTS
    for descending in (False, True)
    for metric in ("quality:score:points", "speed:duration:seconds")
]


def test_pages_together_are_the_whole_in_order(
    session: Session, closed: Pilot, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(branch_listing, "PAGE", 5)
    region = session.exec(select(Region)).first()
    assert region is not None
    for number in range(7):  # branches that were in no pilot
        network.create_branch(
            session, OPERATOR, code=f"A{number}", name=f"Ёлка {number}", region_id=region.id or 0
        )
    for row in session.exec(select(BranchResult)).all()[:6]:
        row.thin = True
    session.commit()
    for sort, descending, metric in ORDERS:
        _check_order(session, sort, descending, metric)


def _check_order(session: Session, sort: str, descending: bool, metric: str) -> None:
    codes = walked(session, OPERATOR, {"metric": metric, "sort": sort, "descending": descending})
    assert len(codes) == len(set(codes)) == world.BRANCHES + 7
    if sort in ("name", "code"):
        key = {b.code: (b.search_key if sort == "name" else b.code) for b in session.exec(select(Branch))}
        assert codes == sorted(codes, key=key.__getitem__, reverse=descending)
        return
    values = {
        code: getattr(row, sort)
        for row, code in session.exec(
            select(BranchResult, Branch.code)
            .join(Branch, Branch.id == BranchResult.branch_id)  # type: ignore[arg-type]  # a clause
            .where(BranchResult.metric == metric, BranchResult.thin == sa.false())
        )
    }
    sign = -1 if metric.startswith("speed") else 1
    shown = [sign * values[code] for code in codes if code in values]
    assert shown == sorted(shown, reverse=descending)
    assert not set(codes[len(shown) :]) & set(values)


def test_a_search_minds_neither_capitals_nor_yo(session: Session, closed: Pilot) -> None:
    region = session.exec(select(Region)).first()
    assert region is not None
    for code, name in (("141070", "Королёв, центр"), ("100%_1", "Ленина")):
        network.create_branch(session, OPERATOR, code=code, name=name, region_id=region.id or 0)

    def found(text: str) -> list[str]:
        table = branches_table(session, OPERATOR, Wish(search=text))
        assert table.found == len(table.lines)
        assert table.total == world.BRANCHES + 2
        return [line.code for line in table.lines]

    assert found("КОРОЛЕВ") == found("королёв,  Центр") == found("4107") == ["141070"]
    assert found("100%_") == ["100%_1"]
    assert found("%") == ["100%_1"]
    assert found("нет такого") == []


def test_a_manager_sees_the_own_region_only(
    session: Session, closed: Pilot, create_manager: Callable[..., Any]
) -> None:
    north = session.exec(select(Region).where(Region.name == "North")).one()
    manager = acting(create_manager(region=north))
    assert [row.name for row in regions_table(session, manager).rows] == ["North"]
    own = {b.code for b in session.exec(select(Branch).where(Branch.region_id == north.id))}
    assert set(walked(session, manager, {})) == set(walked(session, manager, {}, north.code)) == own
    assert branches_table(session, manager, Wish(after="B01")).lines[0].code == "B00"
    for code in ("south", "nowhere"):
        with pytest.raises(NotFound):
            branches_table(session, manager, Wish(), code)


def test_a_manager_learns_no_mean_of_too_few_others(
    session: Session, closed: Pilot, create_manager: Callable[..., Any]
) -> None:
    """What is drawn to the mean tells the mean, and less the own branches that of the others."""
    north = session.exec(select(Region).where(Region.name == "North")).one()
    manager = acting(create_manager(region=north))
    wish = {"metric": "quality:score:points", "sort": "shrunken", "descending": True}

    def shown(actor: Any) -> tuple[list[str], list[float | None]]:
        lines = branches_table(session, actor, Wish(**wish), north.code).lines
        return [line.code for line in lines], [line.change and line.change.shrunken for line in lines]

    codes, whole = shown(OPERATOR)
    assert all(value is not None for value in whole)
    assert shown(manager) == (codes, whole)  # six others of two regions in each arm
    foreign = sa.and_(
        col(BranchResult.region_id) != north.id,
        col(BranchResult.metric) == wish["metric"],
        col(BranchResult.arm) == Arm.TRAINED,
    )
    few = list(session.exec(select(BranchResult.branch_id).where(foreign)))[4:]
    session.execute(sa.delete(BranchResult).where(foreign, col(BranchResult.branch_id).in_(few)))
    session.commit()
    codes, left = shown(manager)
    by_code = select(Branch.code, BranchResult.arm).join(BranchResult)
    arms = dict(session.exec(by_code.where(BranchResult.metric == wish["metric"])).all())
    assert {arms[code] for code, value in zip(codes, left, strict=True) if value is None} == {Arm.TRAINED}
    assert {arms[code] for code, value in zip(codes, left, strict=True) if value is not None} == {
        Arm.COMPARISON
    }
    by_change = branches_table(session, manager, Wish(**{**wish, "sort": "change"}), north.code)
    assert codes == [line.code for line in by_change.lines]
    assert None not in shown(OPERATOR)[1]


def test_a_manager_whose_region_has_no_pilot_learns_of_none(
    session: Session, closed: Pilot, create_manager: Callable[..., Any]
) -> None:
    manager = acting(create_manager())
    table = regions_table(session, manager)
    assert table.metrics == ()
    assert table.made.as_of is None
    assert branches_table(session, manager, Wish()).lines == ()


def test_only_head_office_makes_results_anew(session: Session, create_person: Callable[..., Any]) -> None:
    for role in (Role.AUDITOR, Role.ADMINISTRATOR):
        actor = acting(create_person(role))
        for refused in (branch_results.rebuild_all, branch_results.rebuild_pending, regions_table):
            with pytest.raises(NotAllowed):
                refused(session, actor)


def test_the_number_of_statements_does_not_grow_with_the_network(
    session: Session, closed: Pilot, queries: Queries
) -> None:
    def statements() -> list[int]:
        counts = []
        for sort in branch_listing.SORTS:
            session.rollback()
            queries.clear()
            branches_table(session, OPERATOR, Wish(sort=sort, search="branch"))
            counts.append(len(queries))
        queries.clear()
        regions_table(session, OPERATOR)
        return [*counts, len(queries)]

    before = statements()
    region = session.exec(select(Region)).first()
    assert region is not None
    session.add_all(
        [Branch(code=f"C{n:04}", name=f"Branch C{n}", region_id=region.id or 0) for n in range(4 * PAGE)]
    )
    session.commit()
    assert statements() == before
    assert max(before) <= 8


def test_a_day_later_pilot_replaces_what_is_shown_of_a_branch(session: Session, closed: Pilot) -> None:
    later = world.plan_pilot(session, slug="later", title_en="Later")
    branches = list(session.exec(select(Branch).order_by(Branch.code)))[:6]
    world.draw(session, later, branches)
    world.record(session, later, world.an_auditor(session), seed=7)
    world.close(session, later)
    later.after_to = world.AFTER[1] + timedelta(days=1)
    session.add(later)
    session.flush()
    branch_results.rebuild_pilot(session, later)
    session.commit()
    shown = {line.code: line.pilot for line in branches_table(session, OPERATOR, Wish()).lines}
    assert {shown[branch.code] for branch in branches} == {"later"}
    assert set(shown.values()) == {"later", closed.slug}
