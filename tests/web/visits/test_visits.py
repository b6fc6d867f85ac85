import re
from contextlib import contextmanager
from datetime import date, timedelta
from uuid import uuid4

import pysqlite3
import pytest
from sqlalchemy import event

from pilot_eval.domain.checklists import QUESTION_TYPES, default_checklist, parse
from pilot_eval.domain.pilots import Period, WaveState
from pilot_eval.operations.assignments import VisitPlan, assign_visits
from pilot_eval.operations.visits import record_visit
from pilot_eval.records.visits import SubmissionConflict, Visit
from pilot_eval.web.visits.forms import visit_form
from pilot_eval.web.visits.question_fields import FIELDS
from tests.conftest import PASSWORD
from tests.field import NOW, OPERATOR, TEN, actor_of, good_answers
from tests.web.field_pages import GOOD_VISIT, controls, filled, stored, without

MOMENT = 50  # ms: longer than any write of a test, short for whoever waits for it


@pytest.fixture
def boris_path(field):
    return f"/assignments/{field.boris_s.id}/visit"


@pytest.fixture
def path(field):
    return f"/assignments/{field.anna_s.id}/visit"


# It works


def test_a_visit_is_filled_in_stored_and_acknowledged(session, field, anna, path):
    answer = anna.post(path, data=filled(anna.get(path).text, **GOOD_VISIT))
    (visit,) = stored(session, Visit)
    assert (answer.status_code, answer.location) == (303, f"/visits/{visit.id}")
    assert (visit.started_at, visit.left_at) == (TEN, TEN + timedelta(minutes=20))
    assert visit.score_hundredths == 10_000
    page = anna.get(answer.location).text
    assert f"{visit.digest[:4]}-{visit.digest[4:8]}".upper() in page


def test_the_form_is_made_once_for_each_language_and_content(app):
    document = default_checklist().to_document()
    same = parse(document)
    document["sections"][0]["items"][0]["en"] = "Something else?"
    other = parse(document)
    with app.test_request_context():
        form = visit_form(default_checklist(), "en")
        assert visit_form(same, "en") is form
        assert visit_form(default_checklist(), "ru")().q_A1.label.text != form().q_A1.label.text
        assert visit_form(other, "en")().q_A1.label.text == "Something else?"


def test_a_double_tap_stores_once(session, field, anna, path):
    form = filled(anna.get(path).text, **GOOD_VISIT)
    first, second = anna.post(path, data=form), anna.post(path, data=form)
    assert first.location == second.location
    assert len(stored(session, Visit)) == 1


def test_the_same_form_sent_again_with_other_answers_is_kept_for_a_reviewer(session, field, anna, path):
    form = filled(anna.get(path).text, **GOOD_VISIT)
    anna.post(path, data=form)
    answer = anna.post(path, data=form | {"narrative": "Another thought"})
    assert answer.status_code == 409
    assert "Nothing is lost" in answer.text
    assert len(stored(session, SubmissionConflict)) == 1


def test_lines_of_a_form_are_those_of_a_phone(session, field, anna, path):
    form = filled(anna.get(path).text, **GOOD_VISIT | {"narrative": "One\r\nTwo", "c_A1": "Three\r\nFour"})
    assert anna.post(path, data=form).status_code == 303
    assert anna.post(path, data=form | {"narrative": "One\nTwo", "c_A1": "Three\nFour"}).status_code == 303
    (visit,) = stored(session, Visit)
    assert visit.document["header"]["narrative"] == "One\nTwo"


def test_lines_count_once_in_the_length_of_a_text(session, field, anna, path):
    long = "a\r\n" * 999 + "aa"  # 2000 characters for whoever types them
    assert (
        anna.post(path, data=filled(anna.get(path).text, **GOOD_VISIT | {"narrative": long})).status_code
        == 303
    )


def test_a_recorded_visit_is_not_asked_for_again(session, field, anna, path):
    record_visit(session, actor_of(field.anna), field.visit(), NOW)
    assert anna.get(path).location == f"/visits/{stored(session, Visit)[0].id}"


def test_a_closed_branch_needs_no_answers(session, field, anna, path):
    form = filled(anna.get(path).text, outcome="closed", started_at="10:00", left_at="10:02")
    assert anna.post(path, data=form).status_code == 303
    assert stored(session, Visit)[0].outcome == "closed"


def test_no_answer_is_picked_beforehand_and_each_question_has_its_tiles(field, anna, path):
    page = anna.get(path).text
    assert not re.search(r"type=\"(radio|checkbox)\"[^>]*checked", page)
    for item in default_checklist().items.values():
        offered = re.findall(rf'name="q_{item.code}"[^>]*value="(\w+)"', page)
        assert tuple(offered) == item.offered


def test_every_kind_of_question_that_is_asked_has_its_field():
    assert set(FIELDS) == {code for code, kind in QUESTION_TYPES.items() if kind.asked}


def test_the_form_is_in_the_reader_s_language(field, anna, path):
    anna.submit("/language", {"language": "ru"})
    page = anna.get(path).text
    for item in default_checklist().items.values():
        assert item.text.en not in page
        assert not item.asked or item.text.ru in page


# Blinding


def test_neither_score_nor_period_nor_arm_is_shown(session, field, anna, path):
    record_visit(session, actor_of(field.anna), field.visit(answers=good_answers(A1="no")), NOW)
    pages = [anna.get(place).text for place in ("/assignments", f"/visits/{stored(session, Visit)[0].id}")]
    pages.append(anna.get(f"/assignments/{field.anna_s.id}/timing").text)
    for page in pages:
        main = page[page.index("<main") : page.index("</main>")]
        for secret in ("98.00", "9800", "score", "period", "baseline", "training", "trained", "comparison"):
            assert secret not in main.lower()


# What is wrong is said, and nothing typed is lost


@pytest.mark.parametrize(
    ("changes", "sentence", "link"),
    [
        ({"outcome": ""}, "Say how the visit ended", "outcome-group"),
        ({"started_at": "25:00"}, "Give a time such as 10:05 or 10:05:30", "started_at"),
        ({"started_at": ""}, "Say when you came in", "started_at"),
        ({"left_at": "09:00"}, "You left before you came in", "left_at"),
        ({"day": "5 August"}, "Give the day", "day"),
        ({"day": "2014-07-05"}, "takes visits from 1\xa0August\xa02014 to 31\xa0August\xa02014", "day"),
        ({"q_G2": "no"}, "G2: say in a few words what happened", "c_G2"),
        ({"q_A2": "no"}, "a critical question was failed (A2)", "narrative"),
        ({"q_A1": "na"}, "A1 always applies", "q_A1-group"),
        ({"q_A1": "<script>"}, "A1: choose one of the answers", "q_A1-group"),
        ({"window_no": "Мария"}, "Give a whole number", "window_no"),
        ({"window_no": "9" * 5000}, "Give a whole number", "window_no"),
        ({"receipt_tail": "1234567"}, "at most 6", "receipt_tail"),
        ({"receipt_time": "noon"}, "Give a time such as", "receipt_time"),
        ({"incidents": "rain"}, "Choose incidents from the list", "incidents"),
    ],
)
def test_a_fault_is_named_with_a_link_and_every_answer_is_still_there(
    session, field, anna, path, changes, sentence, link
):
    form = filled(anna.get(path).text, **GOOD_VISIT | {"narrative": "Очередь & <шум>"} | changes)
    if "narrative" in link:
        form["narrative"] = " "
    answer = anna.post(path, data=form)
    assert answer.status_code == 422
    assert "<title>Error: " in answer.text
    assert sentence in answer.text
    assert f'href="#{link}"' in answer.text
    assert f'id="{link}"' in answer.text
    assert stored(session, Visit) == []
    again = controls(answer.text)
    unshowable = {"csrf_token", *(name for name in changes if name.startswith("q_") or name == "incidents")}
    for name, value in form.items():
        if name not in unshowable and value.strip():
            assert again[name] == [value], name


def test_several_faults_are_told_at_once_in_the_order_of_the_page(field, anna, path):
    form = filled(anna.get(path).text, started_at="late", narrative="x" * 2001)
    page = anna.post(path, data=form).text
    summary = page[page.index("error-summary") : page.index("<h1")]
    said = re.findall(r'href="#(\w[\w-]*)"', summary)
    assert said == ["outcome-group", "started_at", "left_at", "narrative"]


def test_gaps_are_asked_about_once_and_then_taken(session, field, anna, path):
    form = filled(anna.get(path).text, **GOOD_VISIT)
    del form["q_B3"]
    asked = anna.post(path, data=form)
    assert asked.status_code == 422
    assert "Unanswered: B3" in asked.text
    assert 'href="#confirmed"' in asked.text
    assert anna.post(path, data=filled(asked.text, confirmed="y")).status_code == 303
    assert len(stored(session, Visit)) == 1


def test_a_locked_wave_says_so_and_gives_the_answers_back(session, field, anna, path):
    form = filled(anna.get(path).text, **GOOD_VISIT)
    field.set_wave(WaveState.LOCKED)
    answer = anna.post(path, data=form)
    assert answer.status_code == 409
    assert "locked" in answer.text
    assert controls(answer.text)["started_at"] == ["10:00"]


def test_a_form_without_the_server_s_identity_is_refused(field, anna, path):
    form = filled(anna.get(path).text, **GOOD_VISIT)
    for identity in ("", "1", "../../etc"):
        assert anna.post(path, data=form | {"id": identity}).status_code == 400


def test_an_expired_sign_in_loses_nothing(session, field, anna, path):
    form = filled(anna.get(path).text, **GOOD_VISIT)
    anna.delete_cookie("pilot_eval")
    refused = anna.post(path, data=form)
    assert refused.status_code in (400, 401)
    assert stored(session, Visit) == []
    sign_in = filled(refused.text, email="anna", password=PASSWORD)
    back = anna.post("/sign-in", data=sign_in)
    assert "Your answers are here" in back.text
    assert anna.post(path, data=filled(back.text)).status_code == 303
    assert stored(session, Visit)[0].score_hundredths == 10_000


def test_a_stale_token_loses_nothing(session, field, anna, path):
    form = filled(anna.get(path).text, **GOOD_VISIT)
    given_back = anna.post(path, data=form | {"csrf_token": "old"})
    assert given_back.status_code == 400
    assert anna.post(path, data=filled(given_back.text)).status_code == 303
    assert len(stored(session, Visit)) == 1


@contextmanager
def locked(app):
    """Somebody else writes into the database for longer than a request waits, which is a moment here."""
    engine = app.extensions["engine"]
    engine.dispose()
    event.listen(
        engine, "connect", lambda connection, _record: connection.execute(f"PRAGMA busy_timeout={MOMENT}")
    )
    writer = pysqlite3.connect(engine.url.database, isolation_level=None)
    writer.execute("BEGIN IMMEDIATE")
    yield
    writer.execute("ROLLBACK")
    writer.close()


def test_a_locked_database_loses_nothing_and_stores_once_afterwards(app, session, field, anna, path):
    form = filled(anna.get(path).text, **GOOD_VISIT | {"narrative": "Очередь & <шум>"})
    with locked(app):
        busy = anna.post(path, data=form)
    assert (busy.status_code, busy.headers["Retry-After"]) == (503, "5")
    assert stored(session, Visit) == []
    # Who sends it is read all the same: only writing waits.
    assert "anna" in busy.text[: busy.text.index("<main")]
    assert busy.text.count(f'action="{path}"') == 1
    again = filled(busy.text)
    assert {**again, "csrf_token": ""} == {**form, "csrf_token": ""}
    first, second = anna.post(path, data=again), anna.post(path, data=again)
    (visit,) = stored(session, Visit)
    assert first.location == second.location == f"/visits/{visit.id}"
    assert visit.document["header"]["narrative"] == "Очередь & <шум>"


# Not yours


def test_another_s_assignment_looks_like_a_missing_one(field, boris_path, anna):
    another, missing = (anna.get(place) for place in (boris_path, "/assignments/999/visit"))
    assert (another.status_code, missing.status_code) == (404, 404)
    assert without(another.text, boris_path) == without(missing.text, "/assignments/999/visit")


def test_another_s_receipt_looks_like_a_missing_one(session, field, anna):
    submission = field.visit(field.boris_s)
    record_visit(session, actor_of(field.boris), submission, NOW)
    another = anna.get(f"/visits/{submission.id}")
    missing = anna.get(f"/visits/{uuid4()}")
    assert another.status_code == missing.status_code == 404


def test_another_s_assignment_takes_no_post(session, field, boris_path, anna, path):
    form = filled(anna.get(path).text, **GOOD_VISIT)
    assert anna.post(boris_path, data=form).status_code == 404
    assert stored(session, Visit) == []


def test_a_manager_may_see_none_of_it(field, sign_in, path):
    maria = sign_in(field.maria)
    assert [maria.get(place).status_code for place in ("/assignments", path)] == [403, 403]


def test_a_visitor_is_sent_to_sign_in(field, client, path):
    assert [client.get(place).status_code for place in ("/assignments", path)] == [302, 302]


def test_an_assignment_taken_back_is_no_longer_offered(session, field, anna, path):
    field.anna_s.withdrawn_at = NOW
    session.add(field.anna_s)
    session.commit()
    assert anna.get(path).status_code == 409
    assert "Отделение 600001" not in anna.get("/assignments").text


def test_what_is_sent_for_an_assignment_taken_back_is_kept_and_said_so(session, field, anna, path):
    form = filled(anna.get(path).text, **GOOD_VISIT)
    field.anna_s.withdrawn_at = NOW
    session.add(field.anna_s)
    session.commit()
    answer = anna.post(path, data=form)
    assert answer.status_code == 410
    assert "taken back" in answer.text
    assert "kept for head office" in answer.text
    assert len(stored(session, SubmissionConflict)) == 1


# The list


def test_the_list_shows_one_s_own_visits_only(session, field, anna):
    page = anna.get("/assignments").text
    assert "Отделение 600001" in page
    assert "Отделение 600002" not in page
    record_visit(session, actor_of(field.anna), field.visit(), NOW)
    assert "Record the visit" not in anna.get("/assignments").text


def test_head_office_reads_the_whole_list_and_records_nothing(field, as_head_office, path):
    page = as_head_office.get("/assignments").text
    assert "Отделение 600002" in page
    assert field.anna.pseudonym in page
    assert "Record the visit" not in page
    assert as_head_office.get(path).status_code == 403


@pytest.mark.parametrize(
    ("first", "last", "said"),
    [
        (5, 5, ("Today", "600003 · 5 Aug 2014")),
        (4, 5, ("Last day today", "600003 · 4 – 5 Aug 2014")),
        (5, 9, ("Until 9 Aug", "600003 · 5 – 9 Aug 2014")),
        (1, 4, ("Overdue", "600003 · 1 – 4 Aug 2014")),
        (6, 6, ("600003 · 6 Aug 2014",)),
    ],
)
def test_the_list_says_what_is_for_today(session, field, anna, first, last, said):
    window = (date(2014, 8, first), date(2014, 8, last))
    plan = VisitPlan("600003", Period.BEFORE, field.anna.id, "transfer", window)
    assign_visits(session, OPERATOR, "vladimir", [plan])
    cards = anna.get("/assignments").text.split("<li ")
    (card,) = [card for card in cards if "Отделение 600003" in card]
    words = re.sub(r"<[^>]*>", " ", f"<li {card}").split()
    assert words[2 : words.index("Record")] == " ".join(said).split()


def test_what_is_done_lies_folded_with_its_receipts(session, field, anna):
    submission = field.visit()
    record_visit(session, actor_of(field.anna), submission, NOW)
    page = anna.get("/assignments").text
    folded = page[page.index("<details") : page.index("</details>")]
    assert " open" not in folded[: folded.index(">")]
    assert "Every visit is done." in page
    assert "5 Aug 2014" in folded
    assert f'href="/visits/{submission.id}"' in folded


def test_a_customer_is_timed_only_while_the_wave_is_open(session, field, anna):
    submission = field.visit()
    record_visit(session, actor_of(field.anna), submission, NOW)
    assert "Time a customer" in anna.get(f"/visits/{submission.id}").text
    field.set_wave(WaveState.CLOSED)
    assert "Time a customer" not in anna.get(f"/visits/{submission.id}").text
    assert "Time a customer" not in anna.get("/assignments").text


def test_the_visits_of_a_closed_wave_are_recorded_late_without_timings(field, anna):
    field.set_wave(WaveState.CLOSED)
    page = anna.get("/assignments").text
    assert "Record the visit" in page
    assert "Time a customer" not in page


def test_the_list_asks_the_database_the_same_number_of_questions_however_long_it_is(field, anna, app_queries):
    app_queries.clear()
    anna.get("/assignments")
    few = len(app_queries)
    plans = [VisitPlan("600003", Period.BEFORE, field.anna.id, name) for name in ("transfer", "bill_payment")]
    assign_visits(field.session, OPERATOR, "vladimir", plans, confirmed=True)
    app_queries.clear()
    assert anna.get("/assignments").text.count("visit-card") > 2
    assert len(app_queries) == few
