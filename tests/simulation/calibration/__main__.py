"""`python -m tests.simulation.calibration`: make the pilots, count, and write docs/calibration.md."""

from __future__ import annotations

import argparse
import os

from tests.simulation.calibration.record import entry_of, load, save
from tests.simulation.calibration.scenarios import SCENARIOS
from tests.simulation.calibration.study import study

NEVER = {"runs": 0}


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.simulation.calibration", description=__doc__)
    parser.add_argument("--runs", type=int, default=10_000, help="pilots of each scenario")
    parser.add_argument("--workers", type=int, default=min(2, os.cpu_count() or 1))
    parser.add_argument(
        "--only", default="", help="scenarios whose name has this; the others stay as recorded"
    )
    parser.add_argument("--missing", action="store_true", help="only scenarios recorded with fewer runs")
    asked = parser.parse_args()
    record = load()
    chosen = [scenario for scenario in SCENARIOS if asked.only in scenario.name]
    if asked.missing:
        chosen = [scenario for scenario in chosen if record.get(scenario.name, NEVER)["runs"] < asked.runs]
    for scenario, result in study(chosen, asked.runs, asked.workers):
        record[scenario.name] = entry_of(result, asked.runs)
        save(record, SCENARIOS)


if __name__ == "__main__":
    main()
