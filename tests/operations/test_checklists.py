"""Checklists are drafted, published, retired and taken by pilots, on both databases."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from typing import Any

import pytest
import sqlalchemy as sa
from sqlmodel import Session, select

from pilot_eval.domain.checklists import default_checklist, drafts, parse
from pilot_eval.domain.errors import (
    BadInput,
    EditConflict,
    NeedsFreshSignIn,
    NotAllowed,
    NotFound,
    WrongState,
)
from pilot_eval.domain.problems import Refused
from pilot_eval.operations import checklist_drafts, checklist_versions, pilots, plans
from pilot_eval.operations.forms import checklist_of, publish_checklist
from pilot_eval.operations.plans import PlanFields
from pilot_eval.operations.visits import record_visit
from pilot_eval.records import audit, database
from pilot_eval.records.forms import ChecklistDraft, ChecklistVersion
from pilot_eval.records.pilots import Pilot
from pilot_eval.records.visits import Visit
from tests import pilots as world
from tests.conftest import OPERATOR, acting
from tests.domain.test_checklists import small
from tests.field import NOW as AT_NOON
from tests.field import Field, actor_of

NOW = datetime(2014, 7, 20, 12, tzinfo=UTC)
LATER = datetime(2014, 7, 21, 12, tzinfo=UTC)


def begin(session: Session, **changes: Any) -> ChecklistDraft:
    """A draft without a fault."""
    document = drafts.draft_of(parse(small()).to_document())
    return checklist_drafts.begin_draft(session, OPERATOR, document | changes, NOW)


def rename(title: str) -> Any:
    return lambda document: drafts.changed(document, "", {"title": {"en": title, "ru": title}})


def publish(session: Session, **changes: Any) -> ChecklistVersion:
    draft = begin(session, **changes)
    return checklist_drafts.publish_draft(session, OPERATOR, draft.id or 0, draft.row_version, NOW)


def edit(session: Session, draft: ChecklistDraft, change: Any, version: int | None = None) -> ChecklistDraft:
    number = draft.row_version if version is None else version
    return checklist_drafts.change_draft(session, OPERATOR, draft.id or 0, number, change, LATER)


# Drafts


def test_a_draft_is_published_under_the_next_number(session: Session) -> None:
    first = publish(session)
    assert (first.code, first.version, first.retired_at) == ("small", 1, None)
    assert first.digest == parse(small()).digest
    second = publish(session, title={"en": "Changed", "ru": "Изменён"})
    assert (second.version, checklist_of(second).title.en) == (2, "Changed")
    assert checklist_of(second).version == 2
    assert checklist_drafts.list_open(session, OPERATOR) == []
    assert audit.first_break(session) is None


def test_an_incomplete_draft_is_kept_and_not_published(session: Session) -> None:
    draft = checklist_drafts.begin_draft(session, OPERATOR, drafts.blank_draft(), NOW)
    with pytest.raises(Refused) as refused:
        checklist_drafts.publish_draft(session, OPERATOR, draft.id or 0, draft.row_version, NOW)
    assert {"code", "title", "sections[0].items"} <= {finding.field for finding in refused.value.findings}
    session.rollback()
    assert [open_.id for open_ in checklist_drafts.list_open(session, OPERATOR)] == [draft.id]


def test_the_same_content_is_not_published_twice(session: Session) -> None:
    first = publish(session)
    draft = checklist_drafts.edit_version(session, OPERATOR, first.id or 0, NOW)
    assert draft.based_on_id == first.id
    with pytest.raises(Refused, match="version 1"):
        checklist_drafts.publish_draft(session, OPERATOR, draft.id or 0, draft.row_version, NOW)


def test_publishing_wants_a_fresh_sign_in_and_the_right_role(
    session: Session, head_office: Any, manager: Any, auditor: Any, administrator: Any
) -> None:
    draft = begin(session)
    with pytest.raises(NeedsFreshSignIn):
        checklist_drafts.publish_draft(
            session, acting(head_office, fresh=False), draft.id or 0, draft.row_version, NOW
        )
    for user in (manager, auditor, administrator):
        for do in (
            partial(checklist_drafts.list_open, session, acting(user)),
            partial(checklist_drafts.get_draft, session, acting(user), draft.id),
            partial(checklist_drafts.publish_draft, session, acting(user), draft.id, 1, NOW),
            partial(checklist_versions.list_published, session, acting(user)),
            partial(checklist_versions.retire, session, acting(user), 1, NOW),
        ):
            with pytest.raises(NotAllowed):
                do()


def test_of_two_editors_the_second_is_told(session: Session) -> None:
    draft = begin(session)
    opened = draft.row_version
    edit(session, draft, rename("First"))
    with pytest.raises(EditConflict):
        edit(session, draft, rename("Second"), version=opened)
    session.refresh(draft)
    assert draft.document["title"] == {"en": "First", "ru": "First"}
    with pytest.raises(EditConflict):
        checklist_drafts.publish_draft(session, OPERATOR, draft.id or 0, opened, NOW)


ROUNDS = 200


def test_two_editors_in_200_rounds_lose_nothing(engine: database.Engine, session: Session) -> None:
    """Both read a counter, both add to it; the later one is told of a conflict, reads again and adds."""
    draft_id = begin(session, counter=0).id or 0
    session.commit()
    barrier = threading.Barrier(2, timeout=60)

    def version_of(own: Session) -> int:
        own.expire_all()
        version = checklist_drafts.get_draft(own, OPERATOR, draft_id).row_version
        own.commit()
        return version

    def add(own: Session, version: int) -> None:
        checklist_drafts.change_draft(
            own, OPERATOR, draft_id, version, lambda old: old | {"counter": old["counter"] + 1}, NOW
        )

    def edit(_editor: int) -> int:
        told = 0
        with database.session_of(engine) as own:
            for _ in range(ROUNDS):
                barrier.wait()
                version = version_of(own)
                barrier.wait()
                try:
                    add(own, version)
                except EditConflict:
                    told += 1
                    own.rollback()
                    add(own, version_of(own))
        return told

    with ThreadPoolExecutor(2) as pool:
        told = sum(pool.map(edit, range(2)))
    session.expire_all()
    assert checklist_drafts.get_draft(session, OPERATOR, draft_id).document["counter"] == 2 * ROUNDS
    assert told == ROUNDS, "each round the two met"


def test_what_was_done_is_undone_step_by_step(session: Session) -> None:
    draft = begin(session)
    for title in ("One", "Two", "Three"):
        edit(session, draft, rename(title))
    edit(session, draft, rename("Three"))  # nothing new: no step of its own
    for title in ("Two", "One", "Small"):
        checklist_drafts.undo(session, OPERATOR, draft.id or 0, draft.row_version, LATER)
        assert draft.document["title"]["en"] == title  # type: ignore[index]
    with pytest.raises(WrongState):
        checklist_drafts.undo(session, OPERATOR, draft.id or 0, draft.row_version, LATER)
    for n in range(checklist_drafts.MOST_UNDONE + 5):
        edit(session, draft, rename(f"Title {n}"))
    assert len(draft.earlier) == checklist_drafts.MOST_UNDONE


def test_a_draft_that_was_thrown_away_comes_back(session: Session) -> None:
    draft = begin(session)
    checklist_drafts.throw_away(session, OPERATOR, draft.id or 0, draft.row_version, LATER)
    assert checklist_drafts.list_open(session, OPERATOR) == []
    with pytest.raises(WrongState):
        edit(session, draft, rename("Lost"))
    checklist_drafts.bring_back(session, OPERATOR, draft.id or 0, LATER)
    assert checklist_drafts.list_open(session, OPERATOR) == [draft]
    with pytest.raises(WrongState):
        checklist_drafts.bring_back(session, OPERATOR, draft.id or 0, LATER)


def test_a_published_draft_is_closed(session: Session) -> None:
    draft = begin(session)
    checklist_drafts.publish_draft(session, OPERATOR, draft.id or 0, draft.row_version, NOW)
    for do in (
        partial(edit, session, draft, rename("Late")),
        partial(checklist_drafts.undo, session, OPERATOR, draft.id or 0, draft.row_version, NOW),
        partial(checklist_drafts.throw_away, session, OPERATOR, draft.id or 0, draft.row_version, NOW),
        partial(checklist_drafts.publish_draft, session, OPERATOR, draft.id or 0, draft.row_version, NOW),
    ):
        with pytest.raises(WrongState):
            do()


def test_what_is_not_there_is_not_found(session: Session) -> None:
    draft = begin(session)
    for do in (
        partial(checklist_drafts.get_draft, session, OPERATOR, 999),
        partial(checklist_versions.get_published, session, OPERATOR, 999),
        partial(checklist_drafts.edit_version, session, OPERATOR, 999, NOW),
        partial(edit, session, draft, lambda document: drafts.removed(document, "nothing")),
    ):
        with pytest.raises(NotFound):
            do()


def test_a_draft_that_grows_too_large_is_refused(session: Session) -> None:
    draft = begin(session)
    with pytest.raises(Refused):
        edit(session, draft, rename("x" * 1_000_000))
    session.rollback()
    assert draft.document["title"]["en"] == "Small"  # type: ignore[index]


def test_drafts_published_at_once_get_numbers_of_their_own(engine: database.Engine, session: Session) -> None:
    ids = [begin(session, title={"en": f"T{n}", "ru": f"Т{n}"}).id or 0 for n in range(6)]
    session.commit()
    failed = []

    def publish_one(draft_id: int) -> None:
        try:
            with database.session_of(engine) as own:
                checklist_drafts.publish_draft(own, OPERATOR, draft_id, 1, NOW)
        except Exception as error:
            failed.append(error)

    threads = [threading.Thread(target=publish_one, args=(draft_id,)) for draft_id in ids]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failed == []
    versions = session.exec(select(ChecklistVersion)).all()
    assert sorted(version.version for version in versions) == [1, 2, 3, 4, 5, 6]
    for version in versions:
        assert checklist_of(version).version == version.version
        assert checklist_of(version).digest == version.digest


# Published versions


def test_the_database_refuses_to_change_or_delete_a_published_version(session: Session) -> None:
    version = publish(session)
    session.commit()
    for statement in (
        "UPDATE checklist_version SET document = '{}'",
        "UPDATE checklist_version SET digest = 'x', retired_at = NULL",
        "DELETE FROM checklist_version",
    ):
        with pytest.raises(sa.exc.DBAPIError, match="never changes"):
            session.connection().execute(sa.text(statement))
        session.rollback()
    session.refresh(version)
    assert version.digest == checklist_of(version).digest


def test_a_retired_version_is_offered_no_more_until_it_is_taken_back(session: Session) -> None:
    first, second = publish(session), publish(session, code="other")
    assert checklist_versions.offered(session) == [second, first]
    checklist_versions.retire(session, OPERATOR, second.id or 0, NOW)
    assert checklist_versions.offered(session) == [first]
    with pytest.raises(WrongState):
        checklist_versions.retire(session, OPERATOR, second.id or 0, NOW)
    checklist_versions.reinstate(session, OPERATOR, second.id or 0)
    assert checklist_versions.offered(session) == [second, first]
    with pytest.raises(WrongState):
        checklist_versions.reinstate(session, OPERATOR, second.id or 0)


def test_the_list_tells_which_pilots_use_a_version(session: Session) -> None:
    publish(session)
    pilot = world.plan_pilot(session)
    publish(session, code="other")
    publish(session, title={"en": "Second", "ru": "Второй"})
    listed = [
        (each.version.code, each.version.version, [user.slug for user in each.pilots])
        for each in checklist_versions.list_published(session, OPERATOR)
    ]
    assert listed == [("other", 1, []), ("small", 2, []), ("small", 1, [pilot.slug])]


# Pilots


def test_a_new_pilot_takes_the_chosen_version(session: Session) -> None:
    first = publish(session)
    second = publish(session, title={"en": "Second", "ru": "Второй"})
    assert world.plan_pilot(session).checklist_id == second.id
    assert world.plan_pilot(session, title_en="Other", checklist_id=first.id).checklist_id == first.id
    checklist_versions.retire(session, OPERATOR, first.id or 0, NOW)
    for unusable in (first.id, 999):
        with pytest.raises(BadInput) as refused:
            world.plan_pilot(session, title_en="Third", checklist_id=unusable)
        assert [problem.where for problem in refused.value.problems] == ["checklist_id"]
        session.rollback()


def test_without_any_checklist_a_pilot_takes_that_of_the_product(session: Session) -> None:
    pilot = world.plan_pilot(session)
    assert session.get_one(ChecklistVersion, pilot.checklist_id).digest == default_checklist().digest


def moved_to(session: Session, pilot: Pilot, version: ChecklistVersion | None) -> PlanFields:
    now = PlanFields.of(pilot, pilots.outcomes_of(session, pilot))
    return replace(now, checklist_id=version and version.id)


def other_version(session: Session) -> ChecklistVersion:
    """The product's checklist with another title."""
    document = drafts.draft_of(default_checklist().to_document())
    document["title"]["en"] = "Changed"
    draft = checklist_drafts.begin_draft(session, OPERATOR, document, NOW)
    return checklist_drafts.publish_draft(session, OPERATOR, draft.id or 0, draft.row_version, NOW)


def test_a_pilot_moves_to_another_version_until_its_plan_is_frozen(session: Session) -> None:
    pilot = world.plan_pilot(session, planned_at=datetime(2014, 6, 20, tzinfo=UTC))
    world.draw(session, pilot, world.add_branches(session, 6))
    version = other_version(session)
    plans.change_plan(session, OPERATOR, pilot.slug, moved_to(session, pilot, version), NOW)
    assert pilot.checklist_id == version.id
    assert plans.versions(session, pilot, NOW) == []
    plans.freeze_plan(session, OPERATOR, pilot.slug, NOW)
    third = publish_checklist(session, OPERATOR, replace(default_checklist(), version=9))
    with pytest.raises(BadInput) as refused:
        plans.change_plan(session, OPERATOR, pilot.slug, moved_to(session, pilot, third), LATER)
    assert [problem.where for problem in refused.value.problems] == ["reason"]
    changed = plans.change_plan(
        session, OPERATOR, pilot.slug, moved_to(session, pilot, third), LATER, reason="A question was wrong"
    )
    assert changed is not None
    assert f'"checklist":{{"code":"post-branch","digest":"{third.digest}","version":9}}' in changed.document


def test_a_pilot_moves_only_to_a_version_in_use_that_has_its_scenarios(
    session: Session, field: Field
) -> None:
    pilot = session.exec(select(Pilot)).one()
    pilot_checklist = pilot.checklist_id
    retired, without = other_version(session), publish(session)
    checklist_versions.retire(session, OPERATOR, retired.id or 0, NOW)
    for version, said in (
        (retired, "Choose a published"),
        (None, "Choose a published"),
        (without, "parcel_advice"),
    ):
        with pytest.raises(BadInput, match=said):
            plans.change_plan(session, OPERATOR, pilot.slug, moved_to(session, pilot, version), NOW)
        session.rollback()
    assert pilot.checklist_id == pilot_checklist


def test_visits_keep_the_version_that_they_were_recorded_with(session: Session, field: Field) -> None:
    pilot = session.exec(select(Pilot)).one()
    before = pilot.checklist_id
    record_visit(session, actor_of(field.anna), field.visit(), AT_NOON)
    version = other_version(session)
    plans.change_plan(session, OPERATOR, pilot.slug, moved_to(session, pilot, version), NOW)
    record_visit(session, actor_of(field.boris), field.visit(field.boris_s), AT_NOON)
    pinned = {visit.auditor_id: visit.checklist_id for visit in session.exec(select(Visit))}
    assert pinned == {field.anna.id: before, field.boris.id: version.id}
