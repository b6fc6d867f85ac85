from datetime import UTC, datetime, timedelta

import pytest

from pilot_eval.domain.pilots import WaveState
from pilot_eval.domain.timings import default_timing_form
from pilot_eval.operations.timings import record_timing
from pilot_eval.records.visits import SubmissionConflict, Timing
from tests.field import NOW, TEN, actor_of
from tests.web.field_pages import GOOD_TIMING, controls, filled, stored

OWN = {
    "mode": "own_visit",
    "x_windows_total": "4",
    "x_windows_open": "2",
    "x_ahead": "0",
    "x_queue_kind": "ticket",
}


@pytest.fixture
def boris_path(field):
    return f"/assignments/{field.boris_s.id}/timing"


@pytest.fixture
def path(field):
    return f"/assignments/{field.anna_s.id}/timing"


def stamps(**moments):
    """Hidden stamps and ticks of these moments, as the stopwatch sets them."""
    start = datetime(1970, 1, 1, tzinfo=UTC)
    milliseconds = {code: (moment - start) // timedelta(milliseconds=1) for code, moment in moments.items()}
    ticks = {f"tick_{code}": str(value) for code, value in milliseconds.items()}
    return {f"stamp_{code}": str(value) for code, value in milliseconds.items()} | ticks


STAMPED = {
    "joined": TEN + timedelta(milliseconds=900),
    "called": TEN + timedelta(minutes=5, milliseconds=100),
    "started": TEN + timedelta(minutes=5, seconds=30),
    "ended": TEN + timedelta(minutes=10, milliseconds=999),
}


# It works


def test_typed_times_are_stored_as_manual(session, field, anna, path):
    answer = anna.post(path, data=filled(anna.get(path).text, **GOOD_TIMING))
    (timing,) = stored(session, Timing)
    assert (answer.status_code, answer.location) == (303, f"/timings/{timing.id}")
    assert (timing.wait_seconds, timing.handover_seconds, timing.service_seconds) == (300, 30, 270)
    assert (timing.entry_method, timing.happened_at) == ("manual", TEN)
    assert f"{timing.digest[:4]}-{timing.digest[4:8]}".upper() in anna.get(answer.location).text


def test_one_s_own_visit_keeps_its_surroundings(session, field, anna, path):
    form = filled(anna.get(path).text, **GOOD_TIMING | OWN | {"x_incident": ["it_outage", "conflict"]})
    assert anna.post(path, data=form).status_code == 303
    context = stored(session, Timing)[0].document["context"]
    assert context["ahead"] == 0
    assert context["incident"] == ["conflict", "it_outage"]


def test_stamped_times_count_to_the_millisecond_and_are_a_stopwatch_s(session, field, anna, path):
    form = filled(anna.get(path).text, **GOOD_TIMING | stamps(**STAMPED))
    anna.post(path, data=form)
    (timing,) = stored(session, Timing)
    assert timing.entry_method == "stopwatch"
    assert timing.document["events"]["joined"] == "2014-08-05T06:00:00.900000+00:00"
    assert (timing.wait_seconds, timing.total_seconds) == (300, 600)
    assert set(timing.document["ticks"]) == {"joined", "called", "started", "ended"}


def test_a_time_typed_over_a_stamp_wins_and_is_manual(session, field, anna, path):
    form = filled(anna.get(path).text, **GOOD_TIMING | stamps(**STAMPED) | {"at_ended": "10:11"})
    anna.post(path, data=form)
    (timing,) = stored(session, Timing)
    assert (timing.entry_method, timing.total_seconds) == ("manual", 660)


@pytest.mark.parametrize("stamp", ["", "soon", "-5", "9" * 400, "1e9", "٣"])
def test_a_stamp_that_is_none_is_passed_over(session, field, anna, path, stamp):
    form = filled(anna.get(path).text, **GOOD_TIMING | stamps(**STAMPED) | {"stamp_ended": stamp})
    assert anna.post(path, data=form).status_code == 303
    assert stored(session, Timing)[0].entry_method == "manual"


def test_a_device_clock_that_moved_is_flagged(session, field, anna, path):
    moved = stamps(**STAMPED)
    moved["tick_ended"] = str(int(moved["tick_ended"]) - 60_000)
    anna.post(path, data=filled(anna.get(path).text, **GOOD_TIMING | moved))
    assert stored(session, Timing)[0].document["flags"] == ["clock_moved"]


def test_a_double_tap_stores_once_and_a_change_is_a_conflict(session, field, anna, path):
    form = filled(anna.get(path).text, **GOOD_TIMING)
    assert anna.post(path, data=form).location == anna.post(path, data=form).location
    assert anna.post(path, data=form | {"operation": "question"}).status_code == 409
    assert len(stored(session, Timing)) == 1
    assert len(stored(session, SubmissionConflict)) == 1


def test_the_next_customer_gets_a_new_identity(field, anna, path):
    first, second = (controls(anna.get(path).text)["id"] for _ in range(2))
    assert first != second


def test_the_form_is_in_the_reader_s_language(field, anna, path):
    anna.submit("/language", {"language": "ru"})
    page = anna.get(path).text
    form = default_timing_form()
    for named in (*form.events, *form.outcomes, *form.operations, *form.context):
        assert named.text.ru in page
        assert f">{named.text.en}<" not in page


# What is wrong or odd


@pytest.mark.parametrize(
    ("changes", "sentence", "link"),
    [
        (
            {"at_called": "09:59"},
            "Reached the window at 09:59:00, before joining the queue at 10:00:00",
            "at_called",
        ),
        ({"at_ended": ""}, "Give the time when service ended", "at_ended"),
        ({"at_ended": "half past"}, "Give a time such as", "at_ended"),
        ({"at_left": "10:12"}, "has no time of leaving without service", "at_left"),
        ({"at_ended": "12:30"}, "12:30:00 has not come yet (it is now 12:00:00)", "at_ended"),
        ({"mode": ""}, "Say whom you timed", "mode-group"),
        ({"mode": "equeue_log"}, "imported as a file", "mode-group"),
        ({"outcome": ""}, "Say how the contact ended", "outcome-group"),
        ({"operation": ""}, "Choose the operation", "operation"),
        ({"operation": "other"}, "Say which operation it was", "operation_text"),
        ({"x_windows_total": "many"}, "Give a whole number", "x_windows_total"),
        (
            {"x_windows_total": "2", "x_windows_open": "3"},
            "3 is more than the 2 given",
            "x_windows_open",
        ),
        ({"mode": "own_visit"}, "Give a whole number", "x_ahead"),
        ({"day": ""}, "Give the day", "day"),
        ({"day": "2014-07-05"}, "This assignment takes visits from", "day"),
    ],
)
def test_a_fault_is_named_with_a_link_and_nothing_typed_is_lost(
    session, field, anna, path, changes, sentence, link
):
    form = filled(anna.get(path).text, **GOOD_TIMING | changes)
    answer = anna.post(path, data=form)
    assert answer.status_code == 422
    assert "<title>Error: " in answer.text
    assert sentence in answer.text
    assert f'href="#{link}"' in answer.text
    assert f'id="{link}"' in answer.text
    assert stored(session, Timing) == []
    again = controls(answer.text)
    for name in ("at_joined", "at_called", "at_ended", "x_windows_total"):
        assert again[name] == [form[name]]


def test_an_implausible_length_is_a_question(session, field, anna, path):
    asked = anna.post(path, data=filled(anna.get(path).text, **GOOD_TIMING | {"at_ended": "11:00"}))
    assert asked.status_code == 422
    assert "is that right?" in asked.text
    assert "Yes, this is right" in asked.text
    confirmed = filled(asked.text, operation="parcel_send", confirmed="y")
    assert anna.post(path, data=confirmed).status_code == 303
    assert stored(session, Timing)[0].document["confirmed"] == ["unusual_service"]


def test_the_question_is_not_asked_before_there_is_cause(field, anna, path):
    assert '<div class="odd" hidden>' in anna.get(path).text


def test_a_locked_wave_says_so_and_gives_the_times_back(session, field, anna, path):
    form = filled(anna.get(path).text, **GOOD_TIMING)
    field.set_wave(WaveState.LOCKED)
    answer = anna.post(path, data=form)
    assert answer.status_code == 409
    assert controls(answer.text)["at_called"] == ["10:05"]


def test_a_form_without_the_server_s_identity_is_refused(field, anna, path):
    assert anna.post(path, data=filled(anna.get(path).text, **GOOD_TIMING, id="x")).status_code == 400


# Not yours


def test_another_s_assignment_and_timing_look_like_missing_ones(session, field, boris_path, anna, path):
    submission = field.timing(field.boris_s)
    record_timing(session, actor_of(field.boris), submission, NOW)
    places = (
        boris_path,
        "/assignments/999/timing",
        f"/timings/{submission.id}",
    )
    assert [anna.get(place).status_code for place in places] == [404, 404, 404]
    form = filled(anna.get(path).text, **GOOD_TIMING)
    assert anna.post(places[0], data=form).status_code == 404


def test_managers_and_visitors_may_not(field, sign_in, client, path):
    assert sign_in(field.maria).get(path).status_code == 403
    assert client.get(path).status_code == 302


def test_receipts_are_only_read(session, field, anna):
    submission = field.timing()
    record_timing(session, actor_of(field.anna), submission, NOW)
    assert anna.submit(f"/timings/{submission.id}").status_code == 405
