"""Pages of the network: regions, branches page by page, for head office and for managers."""

from __future__ import annotations

import html
import re
from typing import Any
from urllib.parse import unquote

import pytest
from sqlmodel import Session, select

from pilot_eval.domain.pilots import Period
from pilot_eval.operations import branch_listing
from pilot_eval.operations.waves import close_wave
from pilot_eval.records.branch_results import mark_stale
from pilot_eval.records.network import Branch, Region
from pilot_eval.records.pilots import Pilot
from tests import pilots as world
from tests.conftest import OPERATOR


@pytest.fixture
def closed(session: Session) -> Pilot:
    pilot = world.filled_pilot(session)
    world.close(session, pilot)
    return pilot


def codes_in(page: str) -> list[str]:
    return re.findall(r"/branches/(B\d\d)", page)


def test_regions_come_first_with_their_mean_changes(as_head_office: Any, closed: Pilot) -> None:
    page = as_head_office.get("/network").text
    for name in world.REGIONS:
        assert f">{name}</a>" in page
    assert "3 regions; Service quality" in page
    assert re.search(r"[+\u2212]\d+\.\d.points", page)
    assert "95% interval" in page
    assert "n = " in page
    speed = as_head_office.get("/network?metric=speed:duration:seconds").text
    assert re.search(r"[+\u2212]\d+\.\d%", speed)


def test_before_the_results_may_be_seen_there_are_none(as_head_office: Any, session: Session) -> None:
    pilot = world.filled_pilot(session)
    close_wave(session, OPERATOR, pilot.slug, Period.BEFORE, world.BEFORE_ENDS)
    page = as_head_office.get("/network").text
    assert "Changes appear here once the results of a pilot may be seen." in page
    assert "Mean change" not in page
    page = as_head_office.get("/network/branches").text
    assert "Branch 00" in page
    assert "Change" not in page.split("<main", 1)[1]


def test_a_page_leads_to_the_next_and_keeps_what_was_asked_for(
    as_head_office: Any, closed: Pilot, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(branch_listing, "PAGE", 8)
    path: str | None = "/network/branches?metric=quality:score:points&sort=shrunken&order=desc&search=branch"
    seen: list[str] = []
    pages = 0
    while path:
        page = as_head_office.get(path).text
        seen += codes_in(page)
        found = re.search(r'rel="next" href="([^"]+)"', page)
        path = found[1].replace("&amp;", "&") if found else None
        assert path is None or "search=branch" in path
        assert "18 of 18 branches, search: branch" in page
        pages += 1
    assert pages == 3
    assert sorted(seen) == [f"B{n:02}" for n in range(world.BRANCHES)]


def test_nothing_found_says_so_and_leads_back(as_head_office: Any, closed: Pilot) -> None:
    page = as_head_office.get("/network/branches?search=nowhere").text
    assert "Nothing found" in page
    assert "All of them" in page


def test_odd_addresses_are_answered(as_head_office: Any, closed: Pilot) -> None:
    for query in ("sort=x&order=y", "after=none", "metric=a:b:c", "search=%25%0A", "after=%27&sort=change"):
        assert as_head_office.get(f"/network/branches?{query}").status_code == 200
    assert as_head_office.get("/network/regions/%D1%8F").status_code == 404


def test_a_manager_finds_only_the_own_region(
    sign_in: Any, create_manager: Any, closed: Pilot, session: Session
) -> None:
    north = session.exec(select(Region).where(Region.name == "North")).one()
    browser = sign_in(create_manager(region=north))
    page = browser.get("/network").text
    assert ">North</a>" in page
    assert "South" not in page
    assert "Bring up to date" not in page
    own = {b.code for b in session.exec(select(Branch).where(Branch.region_id == north.id))}
    for path in ("/network/branches", "/network/regions/north", "/network/branches?region=south"):
        assert set(codes_in(browser.get(path).text)) == own
    for foreign in ("south", "nowhere"):
        answer = browser.get(f"/network/regions/{foreign}")
        assert answer.status_code == 404
        assert "South" not in answer.text


def test_newer_data_are_announced_and_taken_in(as_head_office: Any, closed: Pilot, session: Session) -> None:
    mark_stale(session, closed.id or 0)
    session.commit()
    assert "The data of 1 pilot are newer than this page." in as_head_office.get("/network").text
    answer = as_head_office.submit("/network/refresh", follow_redirects=True)
    assert "The results of 1 pilot are up to date." in answer.text
    assert "newer than this page" not in answer.text


def test_the_pages_take_as_many_statements_however_large_the_network(
    as_head_office: Any, closed: Pilot, session: Session, app_queries: list[str]
) -> None:
    def counts() -> list[int]:
        found = []
        for path in ("/network", "/network/branches?sort=shrunken&order=desc", "/network/regions/north"):
            app_queries.clear()
            assert as_head_office.get(path).status_code == 200
            found.append(len(app_queries))
        return found

    before = counts()
    region = session.exec(select(Region)).first()
    assert region is not None
    session.add_all(
        [Branch(code=f"C{n:04}", name=f"Branch C{n}", region_id=region.id or 0) for n in range(200)]
    )
    session.commit()
    assert counts() == before


def test_each_branch_leads_to_its_own_page(as_head_office: Any, closed: Pilot, session: Session) -> None:
    for number, branch in enumerate(session.exec(select(Branch).order_by(Branch.code))):
        branch.code = ("100%_1", "7/2", "Ёж 3", "a?b#c", "x&y;z")[number % 5] + f"-{number}"
    session.commit()
    page = as_head_office.get("/network/branches?metric=quality:score:points").text
    links = [
        html.unescape(link) for link in re.findall(rf'href="(/pilots/{closed.slug}/branches/[^"]+)"', page)
    ]
    assert len(links) == world.BRANCHES
    for link in links:
        assert as_head_office.get(link).status_code == 200
    codes = {branch.code for branch in session.exec(select(Branch))}
    assert {unquote(link.removeprefix(f"/pilots/{closed.slug}/branches/")) for link in links} == codes
