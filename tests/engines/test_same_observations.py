"""Records, files and columns in memory hand over the same observations of the same data."""

from __future__ import annotations

import csv
import math
from pathlib import Path

import numpy as np
import pytest
from sqlmodel import Session, select

from pilot_eval.domain.observations import AFTER, Observations
from pilot_eval.domain.outcomes import OUTCOMES
from pilot_eval.domain.pilots import Arm, Period
from pilot_eval.engines.columns import Reading
from pilot_eval.engines.files import read
from pilot_eval.engines.records import Snapshot, read_snapshot
from pilot_eval.operations import importing
from pilot_eval.operations.import_plans import ImportPlan
from pilot_eval.records import database
from pilot_eval.records.pilots import Pilot
from pilot_eval.records.visits import EntryMethod, Timing, Visit, VisitOutcome, VisitState
from pilot_eval.stats.cells import observed_cells
from tests import pilots as world
from tests.conftest import OPERATOR

ROWS = 400


def snapshot_of(session: Session, pilot: Pilot) -> Snapshot:
    assert pilot.id is not None
    return read_snapshot(session, pilot.id)


def same(first: Observations, second: Observations) -> None:
    """Every column equal, bit for bit."""
    assert first.branches == second.branches
    np.testing.assert_array_equal(first.trained, second.trained)
    np.testing.assert_array_equal(first.branch, second.branch)
    np.testing.assert_array_equal(first.period, second.period)
    np.testing.assert_array_equal(first.value, second.value)
    assert (first.rows, dict(first.missing)) == (second.rows, dict(second.missing))
    for scale in ("value", "percent"):
        one, other = observed_cells(first, scale), observed_cells(second, scale)
        np.testing.assert_array_equal(one.n, other.n)
        np.testing.assert_array_equal(one.mean, other.mean)
        np.testing.assert_array_equal(one.squares, other.squares)


@pytest.fixture
def table(tmp_path: Path) -> Path:
    """A file with equal rows, empty cells, months of training and branches of one period."""
    random = np.random.Generator(np.random.PCG64(5))
    path = tmp_path / "made_up.csv"
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(["branch", "region", "arm", "period", "size", "score"])
        for _ in range(ROWS):
            number = int(random.integers(0, 20))
            value = "" if random.random() < 0.05 else f"{random.normal(60, 8):.1f}"
            period = str(random.choice(["before", "during", "after"], p=[0.45, 0.1, 0.45]))
            period = "before" if number == 19 else period
            arm = "trained" if number % 3 == 0 else "comparison"
            row = [
                f"Ветка {number}",
                "Юг" if number % 2 else "Север",
                arm,
                period,
                "s" if number < 9 else "l",
            ]
            writer.writerows([[*row, value]] * (2 if random.random() < 0.1 else 1))
    return path


def columns_of(path: Path) -> dict[str, list[object]]:
    with path.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    columns: dict[str, list[object]] = {name: [row[name] for row in rows] for name in rows[0]}
    columns["score"] = [float(cell) if cell else math.nan for cell in columns["score"]]  # type: ignore[arg-type]  # text
    return columns


@pytest.mark.parametrize("strata", [None, "size"])
def test_stored_rows_are_those_of_the_file_and_of_columns_in_memory(
    session: Session, table: Path, strata: str | None
) -> None:
    reading = Reading("score", OUTCOMES["score"], with_comparison=True, strata=strata)
    plan = ImportPlan("Made up", "score", strata=strata)
    pilot = importing.import_file(session, OPERATOR, table, plan).pilot
    stored = snapshot_of(session, pilot).observations("measurement", "score", stratified=strata is not None)
    from_file = read(table, reading)
    same(stored, from_file)
    same(stored, read(columns_of(table), reading))
    assert stored.digest == from_file.digest
    if strata:
        assert stored.stratum is not None
        assert from_file.stratum is not None
        assert stored.stratum.names == from_file.stratum.names
        np.testing.assert_array_equal(stored.stratum.codes, from_file.stratum.codes)


def test_both_databases_give_one_snapshot_hash(sqlite_url: str, postgresql_url: str, table: Path) -> None:
    hashes = []
    for address in (sqlite_url, postgresql_url):
        engine = database.open_database(address)
        with database.session_of(engine) as session:
            filled = world.filled_pilot(session)
            imported = importing.import_file(session, OPERATOR, table, ImportPlan("Made up", "score")).pilot
            hashes.append([snapshot_of(session, pilot).sha256 for pilot in (filled, imported)])
        engine.dispose()
    assert hashes[0] == hashes[1]


def test_each_source_takes_the_records_that_count(session: Session) -> None:
    pilot = world.filled_pilot(session)
    visits = session.exec(select(Visit).where(Visit.pilot_id == pilot.id)).all()
    timings = session.exec(select(Timing).where(Timing.pilot_id == pilot.id)).all()
    visits[0].state = VisitState.EXCLUDED
    visits[1].outcome = VisitOutcome.CLOSED
    visits[2].score_hundredths = None
    visits[3].state = VisitState.APPROVED
    timings[0].entry_method = EntryMethod.MANUAL
    timings[1].outcome = "abandoned"
    timings[2].visit_id = visits[0].id
    session.commit()
    snapshot = snapshot_of(session, pilot)
    score = snapshot.observations("visit_score")
    assert (score.rows, dict(score.missing)) == (len(visits) - 2, {"score_points": 1})
    assert snapshot.observations("critical_fail").rows == len(visits) - 2
    assert set(snapshot.observations("critical_fail").value) == {0.0, 1.0}
    assert snapshot.observations("timing_service").rows == len(timings) - 3
    assert snapshot.observations("timing_wait").rows == len(timings) - 2
    assert snapshot.observations("timing_total").rows == len(timings) - 2
    assert snapshot.counts == {"visits": len(visits), "timings": len(timings), "measurements": 0}
    with pytest.raises(KeyError):
        snapshot.observations("no such source")


def test_scores_are_points_in_the_wave_of_their_visit(session: Session) -> None:
    pilot = world.filled_pilot(session)
    (visit,) = session.exec(select(Visit).where(Visit.pilot_id == pilot.id).limit(1)).all()
    waves = {wave.id: wave.period for wave in world.pilots.waves_of(session, pilot)}
    visit.score_hundredths = 1234
    session.commit()
    score = snapshot_of(session, pilot).observations("visit_score")
    (place,) = np.flatnonzero(score.value == 12.34)
    assert (score.period[place] == AFTER) == (waves[visit.wave_id] is Period.AFTER)
    member = {b.code: m for m, b in world.pilots.members_of(session, pilot) if b.id == visit.branch_id}
    assert score.branches[score.branch[place]] in member
    assert score.trained[score.branch[place]] == (next(iter(member.values())).arm is Arm.TRAINED)


def test_the_hash_tells_of_every_change_and_of_nothing_else(session: Session) -> None:
    pilot = world.filled_pilot(session)
    first = snapshot_of(session, pilot).sha256
    pilot.seed, pilot.level = 77, 0.9
    session.commit()
    assert snapshot_of(session, pilot).sha256 == first
    (visit,) = session.exec(select(Visit).where(Visit.pilot_id == pilot.id).limit(1)).all()
    assert visit.score_hundredths is not None
    visit.score_hundredths += 1
    session.commit()
    assert snapshot_of(session, pilot).sha256 != first
