"""While a pilot runs, nothing that anybody can look at or take away depends on what came after training."""

from __future__ import annotations

import io
import re
import tempfile
from typing import Any

import duckdb
import openpyxl
import pytest
from sqlmodel import Session, select

from pilot_eval.domain.pilots import Arm, Period
from pilot_eval.operations import pilots
from pilot_eval.records import audit
from pilot_eval.records.network import Region
from pilot_eval.records.pilots import Pilot
from pilot_eval.records.visits import Timing, Visit
from pilot_eval.reports.files import FORMATS
from tests import pilots as world
from tests.conftest import OPERATOR

CHARTS = (
    "intervals",
    "before-after-quality",
    "before-after-speed",
    "funnel-trained-quality",
    "funnel-comparison-speed",
    "branches-past-quality",
    "branches-pilot-speed",
    "weeks-quality",
    "weeks-speed",
    "items",
)
COMMON = (
    "/pilots",
    "/pilots/{slug}",
    *(f"/pilots/{{slug}}/branches?tab={tab}" for tab in ("funnel", "intervals", "before-after", "table")),
    "/pilots/{slug}/branches?tab=table&sort=change&against=pilot",
    "/pilots/{slug}/branches?tab=table&format=csv&against=comparison",
    "/pilots/{slug}/branches?tab=side-by-side&branch=B00&branch=B03",
    "/pilots/{slug}/branches/B00",
    "/pilots/{slug}/branches/B03?metric=speed",
    "/pilots/{slug}/heatmap",
    "/pilots/{slug}/heatmap?format=csv&arm=all",
    "/pilots/{slug}/exports",
    "/network",
    "/network/branches?sort=shrunken",
    *(f"/pilots/{{slug}}/charts/{name}.{kind}" for name in CHARTS for kind in ("json", "csv")),
)
OF_HEAD_OFFICE = (
    "/pilots/{slug}/plan",
    "/pilots/{slug}/plan/edit",
    "/pilots/{slug}/waves",
    "/pilots/{slug}/assignments",
    "/pilots/{slug}/decision",
    "/planner?source={slug}:quality",
    "/planner?source={slug}:speed",
)


@pytest.fixture
def running(session: Session) -> Pilot:
    pilot = world.filled_pilot(session)
    world.close(session, pilot, Period.BEFORE)
    return pilot


@pytest.fixture
def as_northern(sign_in: Any, create_manager: Any, running: Pilot, session: Session) -> Any:
    region = session.exec(select(Region).where(Region.name == "North")).one()
    return sign_in(create_manager(region=region))


def turned_round(session: Session, pilot: Pilot) -> None:
    """Let the training have done the opposite, seen in the same visits."""
    arms = {branch.id: member.arm for member, branch in pilots.members_of(session, pilot)}
    after = {wave.id for wave in pilots.waves_of(session, pilot) if wave.period is Period.AFTER}
    for visit in session.exec(select(Visit)):
        if visit.wave_id in after:
            trained = arms[visit.branch_id] is Arm.TRAINED
            visit.score_hundredths = 1_000 if trained else 9_500
            visit.critical_failed = int(trained)
            visit.document = {"answers": dict.fromkeys(("A1", "B5", "E1", "E2"), "no" if trained else "yes")}
    for timing in session.exec(select(Timing)):
        if timing.wave_id in after:
            timing.service_seconds = 900 if arms[timing.branch_id] is Arm.TRAINED else 20
            timing.total_seconds = timing.service_seconds + 300
    # What is kept in memory is read again when something has been noted.
    audit.append(session, OPERATOR, "pilot.look", "pilot", pilot.id)
    session.commit()


def looked_at(
    browser: Any, slug: str, addresses: tuple[str, ...], *, keep_hashes: bool = False
) -> dict[str, str]:
    """What stands on pages, but for what is new each time: tokens, the hash of all records, the clock."""
    found = {}
    for address in addresses:
        answer = browser.get(address.format(slug=slug))
        text = re.sub(r'(csrf_token" value=|nonce=)"[^"]*"', "", answer.data.decode("utf-8-sig"))
        if not keep_hashes:
            text = re.sub(r"\b[0-9a-f]{8}\b|\b[0-9a-f]{64}\b", "HASH", text)
        text = re.sub(r"\d{1,2}:\d\d(:\d\d)?", "TIME", text)
        found[address] = f"{answer.status_code} {text}"
    return found


def taken_away(browser: Any, slug: str) -> dict[str, str]:
    """The files that may be had, as text."""
    found = {}
    for name, kind in FORMATS.items():
        answer = browser.submit(f"/pilots/{slug}/exports/{name}/en")
        found[name] = f"{answer.status_code} "
        if answer.status_code == 200 and kind.extension in {"csv", "json", "xlsx", "parquet"}:
            text = _text(answer.data, kind.extension)
            text = re.sub(r"\b[0-9a-f]{8}\b|\b[0-9a-f]{64}\b", "HASH", text)
            text = re.sub(r"('Events in the audit log', '|\"events\": )\d+", "", text)
            found[name] += re.sub(r"\d{1,2}:\d\d(:\d\d)?", "TIME", text)
    return found


def _text(content: bytes, extension: str) -> str:
    if extension == "xlsx":
        book = openpyxl.load_workbook(io.BytesIO(content))
        return "\n".join(
            str([cell for cell in row if cell is not None]) for sheet in book for row in sheet.values
        )
    if extension == "parquet":
        return str(_rows_of_parquet(content))
    return content.decode("utf-8-sig")


def _rows_of_parquet(content: bytes) -> list[Any]:
    with tempfile.NamedTemporaryFile(suffix=".parquet") as file:
        file.write(content)
        file.flush()
        return duckdb.sql(f"SELECT * FROM '{file.name}'").fetchall()  # noqa: S608 - our own file


@pytest.mark.parametrize("reader", ["head office", "manager"])
def test_nothing_shown_depends_on_what_came_after(
    as_head_office: Any, as_northern: Any, running: Pilot, session: Session, reader: str
) -> None:
    browser = as_head_office if reader == "head office" else as_northern
    addresses = (*COMMON, *OF_HEAD_OFFICE) if reader == "head office" else COMMON
    hashes = re.compile(r'"sha256": "([0-9a-f]{64})')
    path = f"/pilots/{running.slug}/exports/json/en"
    was = hashes.findall(as_head_office.submit(path).text)
    pages, files = looked_at(browser, running.slug, addresses), taken_away(browser, running.slug)
    assert sum(text.startswith("200") for text in pages.values()) > 15
    assert sum(text.startswith("200") for text in files.values()) >= 5
    turned_round(session, running)
    assert hashes.findall(as_head_office.submit(path).text) != was  # it is another snapshot
    again = looked_at(browser, running.slug, addresses)
    assert [name for name in pages if pages[name] != again[name]] == []
    files_again = taken_away(browser, running.slug)
    assert [name for name in files if files[name] != files_again[name]] == []
    world.close(session, running, Period.AFTER)
    assert looked_at(browser, running.slug, addresses) != again


def test_a_manager_does_not_learn_that_a_visit_was_made(
    as_northern: Any, running: Pilot, session: Session
) -> None:
    """Not even by a hash or a count of all records: the days of visits are secret until the wave closes."""
    pages = looked_at(as_northern, running.slug, COMMON, keep_hashes=True)
    document = as_northern.submit(f"/pilots/{running.slug}/exports/json/en").json
    after = [wave.id for wave in pilots.waves_of(session, running) if wave.period is Period.AFTER]
    session.delete(session.exec(select(Visit).where(Visit.wave_id == after[0])).first())
    turned_round(session, running)
    assert looked_at(as_northern, running.slug, COMMON, keep_hashes=True) == pages
    again = as_northern.submit(f"/pilots/{running.slug}/exports/json/en").json
    for told in (document, again):
        told.pop("audit"), told["snapshot"].pop("as_of")
    assert again == document
    assert again["snapshot"]["rows"] == {"visits": 72, "timings": 144, "measurements": 0}
