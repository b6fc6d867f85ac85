"""Evidence bundles to test with, and ways to tamper with them."""

from __future__ import annotations

import io
import zipfile
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
from sqlmodel import Session

from pilot_eval.operations import exporting, importing
from pilot_eval.operations.import_plans import ImportPlan
from pilot_eval.records.pilots import Pilot
from pilot_eval.reports.files import bundle
from tests import pilots as world
from tests.conftest import OPERATOR

NOW = datetime(2014, 11, 2, tzinfo=UTC)


def export(session: Session, slug: str) -> bytes:
    return exporting.export(session, OPERATOR, slug, "bundle", "en", NOW).content


def recorded(session: Session) -> Pilot:
    """A closed pilot of visits with strata and two primary outcomes; one visit set aside."""
    pilot = world.filled_pilot(session)
    world.close(session, pilot)
    return pilot


def imported(session: Session, folder: Path, plan: ImportPlan, seed: int = 3) -> str:
    """A pilot of a file in which values are missing, branches are unpaired and one begins like a formula."""
    random = np.random.Generator(np.random.PCG64(seed))
    lines = ["branch,arm,period,town,value"]
    for number in range(16):
        name = "=B1" if number == 1 else f"B{number:02}"
        arm = "trained" if number % 2 else "comparison"
        town = "North; and more" if number // 2 % 2 else "Юг"
        for period in ("before", "during", "after"):
            for _visit in range(3 + number % 3):
                value = random.normal(60 + 4 * (period == "after") * (number % 2), 6)
                cell = str(int(value > 60)) if plan.kind == "proportion" else f"{value:.3f}"
                empty = number == 4 and period == "after"
                lines.append(f"{name},{arm},{period},{town},{'' if empty else cell}")
    path = folder / "file.csv"
    path.write_text("\n".join([*lines, ""]), encoding="utf-8")
    importing.import_file(session, OPERATOR, path, plan)
    return plan.slug


def files_of(content: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def packed(files: dict[str, bytes], *, hashes: bool = True) -> bytes:
    """Zip files again; with the list of hashes made anew, as a careful forger would, or as it was."""
    if hashes:
        return bundle.packed({name: content for name, content in files.items() if name != bundle.SUMS})
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return out.getvalue()
