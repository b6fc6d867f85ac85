from copy import deepcopy
from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest

from pilot_eval.domain.documents import DocumentError
from pilot_eval.domain.problems import FieldProblem
from pilot_eval.domain.timings import (
    EVENTS,
    Durations,
    Entry,
    check,
    default_timing_form,
    derive,
    parse,
    place,
    read_clock,
)

MOSCOW = ZoneInfo("Europe/Moscow")
DAY = date(2014, 8, 5)
NOW = datetime(2014, 8, 5, 12, 0, tzinfo=UTC)
CONTEXT = {"windows_total": 4, "windows_open": 2, "ahead": 3, "queue_kind": "ticket"}


def at(clock, zone=MOSCOW, day=DAY):
    return place("x", day, read_clock(clock), zone)


def entry(outcome="served", *, mode="own_visit", operation="parcel_send", context=CONTEXT, **rest):
    clocks = {"joined": "10:00", "called": "10:05", "started": "10:05:30", "ended": "10:10"}
    given = {code: rest.pop(code) for code in EVENTS if code in rest}
    clocks = {code: clock for code, clock in {**clocks, **given}.items() if clock}
    events = {code: at(clock) for code, clock in clocks.items()}
    return Entry(mode, outcome, operation, rest.pop("entry_method", "manual"), events, context, **rest)


def found(tested, now=NOW, zone=MOSCOW):
    findings = check(default_timing_form(), tested, now, zone)
    return {problem.field: problem.code for problem in findings.problems}


def asked(tested):
    return {question.code for question in check(default_timing_form(), tested, NOW, MOSCOW).questions}


# The form


def test_the_default_form_has_20_operations_and_every_event():
    form = default_timing_form()
    assert len(form.operations) == 20
    assert tuple(event.code for event in form.events) == EVENTS
    assert [outcome.code for outcome in form.outcomes] == [
        "served",
        "abandoned",
        "balked",
        "refused",
        "cut_off",
    ]
    assert len(form.digest) == 64


@pytest.mark.parametrize(
    ("way", "value", "path"),
    [
        (("modes", 1, "code"), "own_visit", "modes[1].code"),
        (("operations", 0, "plausible"), [900, 20], "operations[0].plausible"),
        (("dayparts", 1, "from"), 660, "dayparts[1].from"),
        (("dayparts", 1, "from"), "25:00", "dayparts[1].from"),
        (("dayparts", 0, "from"), "09:00", "dayparts"),
        (("outcomes", 0, "needs"), ["arrived"], "outcomes[0].needs[0]"),
        (("context", 1, "at_most"), "ahead", "context[1].at_most"),
        (("limits", "wait_seconds"), "two hours", "limits.wait_seconds"),
        (("context", 0, "required_in"), ["everywhere"], "context[0].required_in[0]"),
    ],
)
def test_a_fault_of_a_form_is_named_by_its_path(way, value, path):
    document = deepcopy(dict(default_timing_form().document))
    place_ = document
    for part in way[:-1]:
        place_ = place_[part]
    place_[way[-1]] = value
    with pytest.raises(DocumentError) as caught:
        parse(document)
    assert path in {problem.field for problem in caught.value.findings}


@pytest.mark.parametrize(
    ("clock", "daypart"),
    [
        ("00:00", "morning"),
        ("10:59:59", "morning"),
        ("11:00", "midday"),
        ("14:00", "afternoon"),
        ("17:00", "evening"),
    ],
)
def test_the_daypart_follows_the_branch_s_own_clock(clock, daypart):
    for zone in (MOSCOW, ZoneInfo("Asia/Kamchatka"), ZoneInfo("Europe/Kaliningrad")):
        assert default_timing_form().daypart(at(clock, zone), zone).code == daypart


# Typed times


@pytest.mark.parametrize(
    ("typed", "clock"),
    [
        ("10:05", time(10, 5)),
        ("9:05", time(9, 5)),
        (" 10:05:30 ", time(10, 5, 30)),
        ("10.05", time(10, 5)),
        ("10,05", time(10, 5)),
        ("1005", time(10, 5)),
        ("905", time(9, 5)),
        ("100530", time(10, 5, 30)),
        ("10 05", time(10, 5)),
        ("90530", time(9, 5, 30)),
    ],
)
def test_clock_times_are_read(typed, clock):
    assert read_clock(typed) == clock


@pytest.mark.parametrize(
    "typed",
    ["", "10", "24:00", "10:60", "10:05:60", "ten", "10:5", "-1:00", "10:05 pm", "2400", "1005301", "10:"],
)
def test_anything_else_is_refused(typed):
    with pytest.raises(ValueError, match="not a clock time"):
        read_clock(typed)


def test_a_clock_time_is_the_branch_s_own():
    # Moscow was four hours ahead in August 2014 and three after 26 October.
    assert at("10:05") == datetime(2014, 8, 5, 6, 5, tzinfo=UTC)
    assert at("10:05", day=date(2014, 12, 5)) == datetime(2014, 12, 5, 7, 5, tzinfo=UTC)


def test_a_clock_time_that_was_skipped_or_repeated_is_not_guessed():
    berlin = ZoneInfo("Europe/Berlin")
    skipped, repeated = at("02:30", berlin, date(2014, 3, 30)), at("02:30", berlin, date(2014, 10, 26))
    assert isinstance(skipped, FieldProblem)
    assert skipped.code == "no_such_time"
    assert isinstance(repeated, FieldProblem)
    assert repeated.code == "twice"


# Durations


def test_a_served_customer_has_all_four_durations():
    assert derive(entry().events, "served") == Durations(300, 30, 270, 600)


def test_a_wait_that_was_given_up_is_at_least_so_long():
    events = {"joined": at("10:00"), "left": at("10:20")}
    assert derive(events, "abandoned") == Durations(wait_seconds=1200, wait_censored=True)


@pytest.mark.parametrize(
    ("outcome", "events", "durations"),
    [
        ("balked", ("left",), Durations()),
        ("cut_off", ("joined",), Durations()),
        ("cut_off", ("joined", "called"), Durations(wait_seconds=60)),
        ("refused", ("joined", "called", "left"), Durations(wait_seconds=60)),
    ],
)
def test_what_was_not_seen_has_no_duration(outcome, events, durations):
    moments = {code: at(f"10:0{i}") for i, code in enumerate(events)}
    assert derive(moments, outcome) == durations


def test_the_parts_add_up_to_the_total_whatever_the_fractions_of_a_second():
    for step in range(0, 5000, 37):
        moments = [at("10:00") + timedelta(milliseconds=n * step + n * n * 311) for n in range(4)]
        found_ = derive(dict(zip(EVENTS, moments, strict=False)), "served")
        assert found_.total_seconds == found_.wait_seconds + found_.handover_seconds + found_.service_seconds
        assert all(first <= last for first, last in pairwise(moments))


# What is impossible


def test_a_good_entry_has_no_findings():
    findings = check(default_timing_form(), entry(), NOW, MOSCOW)
    assert (findings.problems, findings.questions, findings.flags) == ([], [], [])


@pytest.mark.parametrize(
    ("events", "field", "said"),
    [
        (
            {"called": "09:59"},
            "at_called",
            "Reached the window at 09:59:00, before joining the queue at 10:00:00",
        ),
        (
            {"started": "10:04"},
            "at_started",
            "Service began at 10:04:00, before the window was reached at 10:05:00",
        ),
        ({"ended": "10:05"}, "at_ended", "Service ended at 10:05:00, before the window was reached at"),
    ],
)
def test_an_impossible_order_is_said_in_words_with_both_times(events, field, said):
    problems = {
        problem.field: problem
        for problem in check(default_timing_form(), entry(**events), NOW, MOSCOW).problems
    }
    assert problems[field].code == "out_of_order"
    if field != "at_ended":
        assert str(problems[field]) == said
    else:
        assert "before it began" in str(problems[field])


def test_equal_times_are_possible():
    assert found(entry(called="10:00", started="10:00", ended="10:00")) == {}


def test_the_future_is_refused_but_for_five_minutes():
    assert found(entry(), now=at("10:05:00")) == {}
    assert found(entry(), now=at("10:04:59")) == {"at_ended": "in_future"}


def test_one_contact_is_on_one_day_of_the_branch():
    late = {**entry().events, "ended": at("00:10", day=date(2014, 8, 6))}
    tested = Entry("own_visit", "served", "parcel_send", "manual", late, CONTEXT)
    assert found(tested, now=NOW + timedelta(days=1)) == {"day": "several_days"}


@pytest.mark.parametrize(
    ("outcome", "needed"),
    [
        ("served", {"at_joined", "at_called", "at_started", "at_ended"}),
        ("abandoned", {"at_joined", "at_left"}),
        ("balked", {"at_left"}),
        ("refused", {"at_joined", "at_called", "at_left"}),
        ("cut_off", {"at_joined"}),
    ],
)
def test_each_outcome_needs_its_events(outcome, needed):
    empty = Entry("observed", outcome, "question", "manual", {}, reason="closed the window")
    assert {field for field in found(empty) if field.startswith("at_")} == needed


def test_an_event_that_the_outcome_cannot_have_is_not_dropped_in_silence():
    assert found(entry(left="10:11")) == {"at_left": "not_expected"}


def test_balked_needs_nothing_but_left():
    assert found(Entry("own_visit", "balked", "", "manual", {"left": at("10:00")})) == {}


# The surroundings


def test_the_surroundings_are_required_in_one_s_own_visit_only():
    missing = {"x_windows_total", "x_windows_open", "x_ahead", "x_queue_kind"}
    assert set(found(entry(context={}))) == missing
    assert found(entry(context={}, mode="observed")) == {}


def test_an_imported_log_must_not_hold_what_it_cannot_know():
    assert found(entry(mode="equeue_log", operation="", context={"items": 2})) == {}
    assert set(found(entry(mode="equeue_log", context={"ahead": 2}))) == {"x_ahead"}


@pytest.mark.parametrize(
    ("context", "field", "code"),
    [
        ({"windows_open": 5}, "x_windows_open", "too_many"),
        ({"windows_total": 61}, "x_windows_total", "not_a_number"),
        ({"ahead": True}, "x_ahead", "not_a_number"),
        ({"ahead": "3"}, "x_ahead", "not_a_number"),
        ({"queue_kind": "crowd"}, "x_queue_kind", "unknown"),
        ({"incident": ["flood"]}, "x_incident", "unknown"),
        ({"incident": [["it_outage"]]}, "x_incident", "unknown"),
        ({"weather": "rain"}, "x_weather", "unknown"),
    ],
)
def test_a_bad_value_is_named_by_its_field(context, field, code):
    assert found(entry(context=CONTEXT | context)) == {field: code}


def test_no_open_window_is_a_value_and_not_a_gap():
    assert found(entry(context=CONTEXT | {"windows_open": 0, "ahead": 0})) == {}


@pytest.mark.parametrize(
    ("tested", "problems"),
    [
        (entry(operation=""), {"operation": "missing"}),
        (entry(operation="dance"), {"operation": "unknown"}),
        (entry(operation="other"), {"operation_text": "missing"}),
        (entry(mode="guess"), {"mode": "missing"}),
        (entry(outcome="guess"), {"outcome": "missing"}),
        (entry(entry_method="guess"), {"entry_method": "unknown"}),
        (entry("refused", started=None, ended=None, left="10:06"), {"reason": "missing"}),
        (entry("abandoned", called=None, started=None, ended=None, left="10:06", operation=""), {}),
    ],
)
def test_what_is_required_depends_on_mode_and_outcome(tested, problems):
    assert found(tested) == problems


# What is only odd


def test_an_implausible_length_is_a_question():
    assert asked(entry(ended="11:00", context=CONTEXT)) == {"unusual_service"}
    assert asked(entry(ended="10:05:40", context=CONTEXT)) == {"unusual_service"}
    assert asked(entry(ended="11:00", context=CONTEXT | {"items": 22})) == set()
    assert asked(entry(called="12:30", started="12:30", ended="12:35")) == {"long_wait"}


def test_a_question_tells_the_length():
    (question,) = check(default_timing_form(), entry(ended="11:00"), NOW, MOSCOW).questions
    assert str(question) == "Service took 54:30; 1:00 to 25:00 an item is usual here: is that right?"


def test_a_clock_that_moved_is_flagged():
    steady = {"joined": 0, "called": 300_000, "started": 330_000, "ended": 600_000}
    flags = [
        check(default_timing_form(), entry(ticks=ticks), NOW, MOSCOW).flags
        for ticks in (steady, steady | {"ended": 602_000}, steady | {"ended": 602_001})
    ]
    assert flags == [[], [], ["clock_moved"]]


def test_a_receipt_far_from_the_end_is_flagged():
    for printed, flags in (
        ("10:13", []),
        ("10:13:01", ["receipt_time_mismatch"]),
        ("10:06:59", ["receipt_time_mismatch"]),
    ):
        assert check(default_timing_form(), entry(receipt_at=at(printed)), NOW, MOSCOW).flags == flags
