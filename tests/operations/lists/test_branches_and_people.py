"""Files of branches and people: looked through, stored whole or not at all, and nothing twice."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest
from sqlmodel import Session, select

from pilot_eval.domain.errors import BadInput, NeedsFreshSignIn, NotAllowed, NotFound, WrongState
from pilot_eval.domain.lists import ListKind, ListState
from pilot_eval.domain.network import BranchChange
from pilot_eval.domain.people import Role
from pilot_eval.operations import list_files, list_work
from pilot_eval.operations.lists.reports import report_of
from pilot_eval.records import audit
from pilot_eval.records.audit import AuditEvent
from pilot_eval.records.branch_events import BranchEvent
from pilot_eval.records.database import Engine
from pilot_eval.records.lists import ListFile
from pilot_eval.records.network import Branch, Region
from pilot_eval.records.people import User
from tests.conftest import acting
from tests.operations.lists.bringing import Bringing

BRANCHES = "Индекс;Название;УФПС;Тип\n600001;Владимир 1;Владимирская;city\n601001;Ковров;Владимирская;city\n"
HEADINGS = {"code": "Индекс", "name": "Название", "region": "УФПС", "stratum": "Тип"}


@pytest.fixture
def bringing(session: Session, engine: Engine, head_office: User, tmp_path: Path) -> Bringing:
    return Bringing(session, engine, acting(head_office), tmp_path / "lists")


@pytest.fixture
def appointing(session: Session, engine: Engine, administrator: User, tmp_path: Path) -> Bringing:
    return Bringing(session, engine, acting(administrator), tmp_path / "lists")


def codes(session: Session) -> list[str]:
    return sorted(branch.code for branch in session.exec(select(Branch)))


def test_branches_are_stored_with_their_regions(bringing: Bringing, session: Session) -> None:
    report = bringing.bring(ListKind.BRANCHES, BRANCHES, HEADINGS)
    assert (report.added, report.known, report.changed) == (2, 0, 0)
    found = {branch.code: branch for branch in session.exec(select(Branch))}
    assert found["600001"].name == "Владимир 1"
    assert found["601001"].stratum == "city"
    region = session.get_one(Region, found["600001"].region_id)
    assert region.name == "Владимирская"
    event = session.exec(select(AuditEvent).where(AuditEvent.action == "list.branches")).one()
    assert event.details["added"] == 2
    assert audit.first_break(session) is None


def test_looking_through_stores_nothing(bringing: Bringing, session: Session) -> None:
    file = bringing.check(bringing.arrive(ListKind.BRANCHES, BRANCHES), HEADINGS)
    assert file.state is ListState.CHECKED
    assert report_of(file).added == 2
    assert codes(session) == []


def test_the_same_file_again_adds_nothing(bringing: Bringing, session: Session) -> None:
    bringing.bring(ListKind.BRANCHES, BRANCHES, HEADINGS)
    file = bringing.check(bringing.arrive(ListKind.BRANCHES, BRANCHES), HEADINGS)
    report = report_of(file)
    assert (report.added, report.known, report.changed) == (0, 2, 0)
    assert codes(session) == ["600001", "601001"]


def test_a_changed_row_brings_a_branch_up_to_date(bringing: Bringing, session: Session) -> None:
    bringing.bring(ListKind.BRANCHES, BRANCHES, HEADINGS)
    renamed = BRANCHES.replace("Ковров;", "Ковров, главное;")
    report = bringing.bring(ListKind.BRANCHES, renamed, HEADINGS)
    assert (report.added, report.known, report.changed) == (0, 1, 1)
    branch = session.exec(select(Branch).where(Branch.code == "601001")).one()
    assert branch.name == "Ковров, главное"
    assert branch.search_key == "ковров, главное 601001"


def test_every_problem_is_told_by_row_and_by_the_files_own_heading(
    bringing: Bringing, session: Session
) -> None:
    content = (
        "Индекс;Название;УФПС;Пояс\n600001;;Владимирская;Europe/Moscow\n600001;Б;;Луна\n;В;Г;Europe/Moscow\n"
    )
    matches = {"code": "Индекс", "name": "Название", "region": "УФПС", "time_zone": "Пояс"}
    report = bringing.bring(ListKind.BRANCHES, content, matches)
    assert [str(problem) for problem in report.problems] == [
        "row 2, column Название: is empty",
        "row 3, column УФПС: is empty",
        "row 3, column Пояс: 'Луна' is no time zone such as Europe/Moscow",
        "row 3, column Индекс: 600001 stands in row 2 already",
        "row 4, column Индекс: is empty",
    ]
    assert report.total == 5
    assert codes(session) == []


def test_a_place_has_both_numbers(bringing: Bringing, session: Session) -> None:
    content = "code;name;region;latitude;longitude\n1;A;N;56,1291;40.4066\n2;B;N;95;40\n3;C;N;;40\n4;D;N;;\n"
    report = bringing.bring(ListKind.BRANCHES, content)
    assert [str(problem) for problem in report.problems] == [
        "row 3, column latitude: '95' is no number from -90 to 90",
        "row 4, column latitude: is empty; a place needs both",
    ]
    mended = content.replace(";95;", ";55;").replace("N;;40", "N;50;40")
    assert bringing.bring(ListKind.BRANCHES, mended).added == 4
    places = {branch.code: (branch.latitude, branch.longitude) for branch in session.exec(select(Branch))}
    assert places == {"1": (56.1291, 40.4066), "2": (55.0, 40.0), "3": (50.0, 40.0), "4": (None, None)}


def test_a_match_is_remembered(bringing: Bringing) -> None:
    bringing.bring(ListKind.BRANCHES, BRANCHES, HEADINGS)
    other = bringing.arrive(ListKind.BRANCHES, "  индекс ;УФПС;название\n600009;Владимирская;Новое\n")
    assert other.columns["matches"] == {"code": "индекс", "region": "УФПС", "name": "название"}


def test_a_needed_column_must_be_matched_and_none_twice(bringing: Bringing) -> None:
    file = bringing.arrive(ListKind.BRANCHES, BRANCHES)
    with pytest.raises(BadInput) as refused:
        list_files.match(bringing.session, bringing.actor, file.id, {"code": "Индекс", "name": "Индекс"})
    assert {problem.where for problem in refused.value.problems} == {"region", "code", "name"}


def test_a_file_that_is_no_table_is_refused_and_not_kept(bringing: Bringing, session: Session) -> None:
    with pytest.raises(BadInput):
        bringing.arrive(ListKind.BRANCHES, b"\xff\xfe\x00broken")
    session.rollback()
    assert session.exec(select(ListFile)).all() == []
    assert list(bringing.folder.iterdir()) == []


def test_a_file_is_stored_once_however_often_it_is_asked_for(bringing: Bringing, session: Session) -> None:
    file = bringing.store(bringing.check(bringing.arrive(ListKind.BRANCHES, BRANCHES), HEADINGS))
    assert file.state is ListState.STORED
    list_work.work_on(bringing.engine, file.id, bringing.folder)
    with pytest.raises(WrongState):
        list_files.begin_storing(session, bringing.actor, file.id)
    session.rollback()
    events = session.exec(select(AuditEvent).where(AuditEvent.action == "list.branches")).all()
    assert len(events) == 1


def test_what_became_wrong_meanwhile_is_told_and_nothing_is_stored(
    bringing: Bringing, session: Session, create_region: Callable[..., Region]
) -> None:
    people = "name,role,region\nivan,manager,north\n"
    administrator = User(
        email="root", role=Role.ADMINISTRATOR, fs_uniquifier="r", pseudonym="S-900", active=True
    )
    create_region(code="north", name="Север")
    session.add(administrator)
    session.commit()
    appointing = Bringing(session, bringing.engine, acting(administrator), bringing.folder)
    file = appointing.check(appointing.arrive(ListKind.PEOPLE, people))
    session.add(User(email="ivan", role=Role.AUDITOR, fs_uniquifier="i", pseudonym="A-900"))
    session.commit()
    file = appointing.store(file)
    assert file.state is ListState.REFUSED
    assert "is there already" in str(report_of(file).problems[0])


def test_people_are_added_without_a_password(
    appointing: Bringing, session: Session, create_region: Callable[..., Region]
) -> None:
    create_region(code="vladimir", name="Владимирская")
    content = (
        "name;role;region;full_name;language\nAnna@Post.ru;аудитор;;Анна;ru\npetr;manager;владимирская;;\n"
    )
    report = appointing.bring(ListKind.PEOPLE, content)
    assert (report.added, report.known) == (2, 0)
    anna = session.exec(select(User).where(User.email == "anna@post.ru")).one()
    assert (anna.role, anna.password, anna.language) == (Role.AUDITOR, None, "ru")
    assert session.exec(select(User).where(User.email == "petr")).one().region_id is not None
    assert appointing.bring(ListKind.PEOPLE, content).known == 2


def test_only_administrators_bring_in_people_and_only_freshly(
    bringing: Bringing, appointing: Bringing, administrator: User
) -> None:
    with pytest.raises(NotAllowed):
        bringing.arrive(ListKind.PEOPLE, "name,role\nx,auditor\n")
    with pytest.raises(NotAllowed):
        appointing.arrive(ListKind.BRANCHES, BRANCHES)
    appointing.actor = acting(administrator, fresh=False)
    with pytest.raises(NeedsFreshSignIn):
        appointing.arrive(ListKind.PEOPLE, "name,role\nx,auditor\n")


def test_a_file_is_nobody_elses(
    bringing: Bringing, session: Session, create_person: Callable[..., User]
) -> None:
    file = bringing.arrive(ListKind.BRANCHES, BRANCHES)
    other = acting(create_person(Role.HEAD_OFFICE))
    with pytest.raises(NotFound):
        list_files.own_file(session, other, file.id)


def test_a_person_who_was_shut_out_stores_nothing(
    bringing: Bringing, session: Session, head_office: User
) -> None:
    file = bringing.check(bringing.arrive(ListKind.BRANCHES, BRANCHES), HEADINGS)
    list_files.begin_storing(session, bringing.actor, file.id)
    head_office.active = False
    session.add(head_office)
    session.commit()
    list_work.work_on(bringing.engine, file.id, bringing.folder)
    assert bringing.again(file).state is ListState.FAILED
    assert codes(session) == []


def test_a_closing_in_a_file_is_kept_with_its_day(bringing: Bringing, session: Session) -> None:
    bringing.bring(ListKind.BRANCHES, BRANCHES, HEADINGS)
    closing = "code,name,region,closed_on\n600001,Владимир 1,Владимирская,2026-03-31\n"
    for changed in (1, 0):
        assert bringing.bring(ListKind.BRANCHES, closing).changed == changed
    (event,) = session.exec(select(BranchEvent)).all()
    assert (event.change, event.happened_on.isoformat()) == (BranchChange.CLOSED, "2026-03-31")


def test_a_former_code_is_told_to_be_one(bringing: Bringing, session: Session) -> None:
    bringing.bring(ListKind.BRANCHES, BRANCHES, HEADINGS)
    branch = session.exec(select(Branch).where(Branch.code == "600001")).one()
    session.add(
        BranchEvent(
            branch_id=branch.id or 0,
            change=BranchChange.RENUMBERED,
            happened_on=date(2026, 3, 31),
            old_code="600001",
            new_code="600009",
        )
    )
    branch.code, branch.former_codes = "600009", "600001"
    session.add(branch)
    session.commit()
    report = bringing.bring(ListKind.BRANCHES, BRANCHES, HEADINGS)
    assert [str(problem) for problem in report.problems] == [
        "row 2, column Индекс: 600001 is 600009 now: the branch was renumbered"
    ]
