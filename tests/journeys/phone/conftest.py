"""A small pilot at the end of a road that can be broken, and an auditor's phone."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page

from pilot_eval.domain.pilots import Period
from pilot_eval.operations.assignments import VisitPlan, assign_visits
from pilot_eval.records import database
from pilot_eval.records.pilots import Assignment
from tests.conftest import cheap_hash
from tests.field import NOW, OPERATOR, Field, create_field
from tests.journeys.conftest import Site
from tests.journeys.phones import phone_of
from tests.journeys.roads import Road, served_by_road
from tests.journeys.walking import sign_in_as


@pytest.fixture(scope="module")
def place(_sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Site, Road]]:
    folder = tmp_path_factory.mktemp("site")
    shutil.copyfile(_sqlite_template, folder / "pilot_eval.sqlite3")
    with served_by_road(f"sqlite:///{folder / 'pilot_eval.sqlite3'}", folder) as (site, road):
        site.app.config["CLOCK"] = lambda: NOW
        yield site, road


@pytest.fixture(scope="module")
def field(place: tuple[Site, Road]) -> Iterator[Field]:
    with database.session_of(place[0].app.extensions["engine"]) as session:
        yield create_field(session, cheap_hash())


@pytest.fixture
def site(place: tuple[Site, Road]) -> Site:
    return place[0]


@pytest.fixture
def road(place: tuple[Site, Road]) -> Iterator[Road]:
    yield place[1]
    place[1].open()


@pytest.fixture
def assign(field: Field) -> Callable[[], Assignment]:
    """One more visit for Anna."""

    def one_more() -> Assignment:
        number = len(field.assignments)
        scenario = ("transfer", "bill_payment", "parcel_advice", "stamps")[number % 3]
        day = NOW.date().replace(day=1 + number % 28)
        plan = VisitPlan(f"60000{1 + number % 4}", Period.BEFORE, field.anna.id or 0, scenario, (day, day))
        field.assignments += assign_visits(field.session, OPERATOR, "vladimir", [plan], confirmed=True)
        return field.assignments[-1]

    return one_more


@pytest.fixture
def assignment(assign: Callable[[], Assignment]) -> Assignment:
    return assign()


@pytest.fixture
def phone(site: Site, field: Field, chromium: Browser) -> Iterator[Page]:
    """Anna's phone, signed in."""
    with phone_of(chromium, site) as page:
        sign_in_as(page, field.anna.email)
        yield page
