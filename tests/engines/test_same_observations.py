"""Records, files, columns in memory and plain loops hand over the same observations of the same data."""

from __future__ import annotations

import csv
import math
from collections.abc import Callable
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
from pilot_eval.engines.reference import ReferenceObservations, Row, reference_cells, reference_observations
from pilot_eval.operations import exporting, importing
from pilot_eval.operations.import_plans import ImportPlan
from pilot_eval.records import database
from pilot_eval.records.pilots import Pilot
from pilot_eval.records.visits import EntryMethod, Timing, Visit, VisitOutcome, VisitState
from pilot_eval.stats.cells import observed_cells
from tests import pilots as world
from tests.conftest import OPERATOR
from tests.engines.plain import plain

ROWS, BRANCHES = 200, 20
CELL_REL = 1e-12  # rounding of sums over some tens of values of one size
SQUARES_ABS = 1e-9  # likewise, where all values of a cell are equal and the sum is 0
# How each kind of outcome is written, and the scales that its analyses use.
VALUES: dict[str, Callable[[np.random.Generator], str]] = {
    "score": lambda random: f"{random.normal(60, 8):.1f}",
    "duration": lambda random: str(int(random.exponential(120)) if random.random() < 0.9 else 0),
    "proportion": lambda random: str(int(random.random() < 0.7)),
}
SCALES = {"score": ["value"], "duration": ["value", "log"], "proportion": ["value", "percent"]}
COLUMNS = ("branch", "region", "arm", "period", "size", "result")


def snapshot_of(session: Session, pilot: Pilot) -> Snapshot:
    assert pilot.id is not None
    return read_snapshot(session, pilot.id)


def generated(kind: str, seed: int) -> list[dict[str, str]]:
    """Rows of branches of unequal size: equal rows, empty cells, months of training, one-period branches."""
    random = np.random.Generator(np.random.PCG64(seed))
    weights = random.dirichlet(np.full(BRANCHES, 0.7))
    # Every branch once, so that the smallest are there too.
    numbers = [*range(BRANCHES), *random.choice(BRANCHES, ROWS - BRANCHES, p=weights).tolist()]
    records = []
    for number in numbers:
        empty = random.random() < 0.05 or number == 17
        period = str(random.choice(["before", "during", "after"], p=[0.45, 0.1, 0.45]))
        cells = (
            f"Ветка {number}",
            "Юг" if number % 2 else "Север",
            "trained" if number % 3 == 0 else "comparison",
            "before" if number == 19 else period,
            "s" if number < 9 else "l",
            "" if empty else VALUES[kind](random),
        )
        records += [dict(zip(COLUMNS, cells, strict=True))] * (2 if random.random() < 0.1 else 1)
    return records


def written(records: list[dict[str, str]], path: Path) -> Path:
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, COLUMNS)
        writer.writeheader()
        writer.writerows(records)
    return path


@pytest.fixture
def table(tmp_path: Path) -> Path:
    return written(generated("score", 5), tmp_path / "made_up.csv")


def in_memory(records: list[dict[str, str]]) -> dict[str, list[object]]:
    columns: dict[str, list[object]] = {name: [row[name] for row in records] for name in COLUMNS}
    columns["result"] = [float(row["result"]) if row["result"] else math.nan for row in records]
    return columns


def on_scale(rows: list[Row], scale: str) -> list[Row]:
    """Values of the two periods on a scale of analysis; half a second stands for 0 under the logarithm."""
    moved = {
        "value": float,
        "percent": lambda value: 100 * value,
        "log": lambda value: math.log(value or 0.5),
    }
    return [
        (branch, period, None if value is None else moved[scale](value))
        for branch, period, value in rows
        if period != "during"
    ]


def assert_cells(found: Observations, expected: ReferenceObservations, scale: str) -> None:
    cells, reference = observed_cells(found, scale), reference_cells(on_scale(expected.rows, scale))
    assert int((cells.n > 0).sum()) == len(reference)
    for (branch, period), cell in reference.items():
        place = found.branches.index(branch), ("before", "after").index(period)
        assert cells.n[place] == cell.n
        assert cells.mean[place] == pytest.approx(cell.mean, rel=CELL_REL)
        assert cells.squares[place] == pytest.approx(cell.squares, rel=CELL_REL, abs=SQUARES_ABS)


@pytest.mark.parametrize("strata", [None, "size"])
@pytest.mark.parametrize(("kind", "seed"), [("score", 5), ("duration", 6), ("proportion", 7)])
def test_every_engine_hands_over_the_observations_and_cells_of_plain_loops(
    session: Session, tmp_path: Path, kind: str, seed: int, strata: str | None
) -> None:
    records = generated(kind, seed)
    path = written(records, tmp_path / "made_up.csv")
    pilot = importing.import_file(
        session, OPERATOR, path, ImportPlan("Made up", "result", kind=kind, strata=strata)
    ).pilot
    reading = Reading("result", OUTCOMES[kind], with_comparison=True, strata=strata)
    snapshot = snapshot_of(session, pilot)
    engines = {
        "records": snapshot.observations("measurement", "result", stratified=strata is not None),
        "file": read(path, reading),
        "memory": read(in_memory(records), reading),
    }
    expected = reference_observations(records, "result", strata)
    assert {period for _branch, period, _value in expected.rows} == {"before", "during", "after"}
    assert expected.missing["result"] > 0
    for name, found in engines.items():
        assert plain(found) == expected, name
        for scale in SCALES[kind]:
            assert_cells(found, expected, scale)
    assert engines["records"].digest == engines["file"].digest


def test_rows_that_cannot_be_placed_are_left_out_as_plain_loops_do(tmp_path: Path) -> None:
    records = generated("score", 8)
    for place, column in enumerate(("branch", "arm", "period", "size", "size")):
        records[10 * place] = records[10 * place] | {column: ""}
    reading = Reading("result", OUTCOMES["score"], with_comparison=True, strata="size")
    expected = reference_observations(records, "result", "size")
    assert (len(expected.rows), expected.missing["size"]) == (len(records) - 5, 2)
    assert plain(read(written(records, tmp_path / "gaps.csv"), reading)) == expected


@pytest.mark.parametrize(
    ("source", "column"),
    [("visit_score", "score_points"), ("timing_wait", "wait_seconds"), ("timing_service", "service_seconds")],
)
def test_exported_records_read_back_are_the_records(session: Session, source: str, column: str) -> None:
    snapshot = snapshot_of(session, world.filled_pilot(session))
    records = [
        {"branch": row["branch_code"], "arm": row["arm"], "period": row["period"], column: str(row[column])}
        for row in exporting.rows_of(snapshot, "en")
        if row["record"] == source.split("_")[0] and row[column] is not None
    ]
    assert len(records) > 50
    assert plain(snapshot.observations(source)) == reference_observations(records, column)


def test_both_databases_give_one_snapshot_hash(sqlite_url: str, postgresql_url: str, table: Path) -> None:
    hashes = []
    for address in (sqlite_url, postgresql_url):
        engine = database.open_database(address)
        with database.session_of(engine) as session:
            filled = world.filled_pilot(session)
            imported = importing.import_file(session, OPERATOR, table, ImportPlan("Made up", "result")).pilot
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
