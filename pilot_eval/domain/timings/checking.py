"""Holding a timing as filled in against the rules of its form."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from itertools import pairwise
from typing import Any
from zoneinfo import ZoneInfo

from pilot_eval.domain.problems import N_, FieldProblem
from pilot_eval.domain.timings.durations import derive
from pilot_eval.domain.timings.model import EVENTS, ContextField, Outcome, TimingForm

ENTRY_METHODS = ("stopwatch", "manual", "import")
MAX_TEXT = 200


@dataclass(frozen=True, slots=True)
class Entry:
    """A timing as filled in.

    Parameters
    ----------
    mode, outcome, operation, entry_method : str
        Codes of the form; `operation` is empty where unknown.
    events : mapping of str to datetime
        Instants (aware) by event.
    context : mapping
        Whole numbers, codes, or lists of codes by field.
    reason, operation_text : str
        Words where the outcome or the operation wants them.
    receipt_at : datetime or None
        The time printed on the receipt.
    ticks : mapping of str to int
        Milliseconds of the device's steady clock at each tap: they show a wall clock that was moved.
    """

    mode: str
    outcome: str
    operation: str
    entry_method: str
    events: Mapping[str, datetime]
    context: Mapping[str, Any] = field(default_factory=dict)
    reason: str = ""
    operation_text: str = ""
    receipt_at: datetime | None = None
    ticks: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Findings:
    """What an entry's rules found.

    Parameters
    ----------
    problems : list of FieldProblem
        Impossible or missing: the entry cannot be stored.
    questions : list of FieldProblem
        Implausible: stored once the person says that it is right.
    flags : list of str
        For a reviewer: `clock_moved`, `receipt_time_mismatch`.
    """

    problems: list[FieldProblem]
    questions: list[FieldProblem]
    flags: list[str]


def check(form: TimingForm, entry: Entry, now: datetime, zone: ZoneInfo) -> Findings:
    """Hold an entry against the rules of the form.

    Parameters
    ----------
    now : datetime
        The server's time.
    zone : ZoneInfo
        The branch's time zone.
    """
    problems = _choice_problems(form, entry) + _event_problems(form, entry)
    outcome = form.outcome(entry.outcome)
    if outcome:
        problems += _presence_problems(form, entry, outcome)
        problems += _context_problems(form, entry, outcome)
    problems += _order_problems(entry.events, zone)
    problems += _calendar_problems(form, entry.events, now, zone)
    return Findings(problems, [] if problems else _questions(form, entry), _flags(form, entry))


def event_field(code: str) -> str:
    """Name of an event's field."""
    return f"at_{code}"


def tick_field(code: str) -> str:
    """Name of the field for the steady clock at an event."""
    return f"tick_{code}"


def context_field(code: str) -> str:
    """Name of a surroundings field: prefixed, so that no code can collide with a form's own names."""
    return f"x_{code}"


def _choice_problems(form: TimingForm, entry: Entry) -> list[FieldProblem]:
    problems = []
    if form.mode(entry.mode) is None:
        problems.append(FieldProblem("mode", "missing", N_("Say whom you timed")))
    if form.outcome(entry.outcome) is None:
        problems.append(FieldProblem("outcome", "missing", N_("Say how the contact ended")))
    if entry.operation and form.operation(entry.operation) is None:
        problems.append(FieldProblem("operation", "unknown", N_("Choose an operation from the list")))
    if entry.entry_method not in ENTRY_METHODS:
        problems.append(FieldProblem("entry_method", "unknown", N_("The way of timing is not known")))
    for name, written in (("reason", entry.reason), ("operation_text", entry.operation_text)):
        if len(written) > MAX_TEXT:
            problems.append(
                FieldProblem(name, "too_long", N_("Write at most %(most)s characters"), {"most": MAX_TEXT})
            )
    return problems


def _event_problems(form: TimingForm, entry: Entry) -> list[FieldProblem]:
    known = {event.code for event in form.events}
    named = [event_field(code) for code in sorted(entry.events.keys() - known)]
    named += [tick_field(code) for code in sorted(entry.ticks.keys() - known)]
    return [FieldProblem(name, "unknown", N_("This form does not ask for that")) for name in named]


def _presence_problems(form: TimingForm, entry: Entry, outcome: Outcome) -> list[FieldProblem]:
    problems = []
    for event in form.events:
        if event.code in outcome.needs and event.code not in entry.events:
            problems.append(FieldProblem(event_field(event.code), "missing", MISSING_EVENT[event.code]))
        if event.code in entry.events and event.code not in (*outcome.needs, *outcome.may):
            problems.append(
                FieldProblem(event_field(event.code), "not_expected", UNEXPECTED_EVENT[event.code])
            )
    mode = form.mode(entry.mode)
    operation = form.operation(entry.operation)
    if outcome.reached_window and mode and not mode.imported and not entry.operation:
        problems.append(FieldProblem("operation", "missing", N_("Choose the operation")))
    if operation and operation.describe and not entry.operation_text.strip():
        problems.append(FieldProblem("operation_text", "missing", N_("Say which operation it was")))
    if outcome.reason and not entry.reason.strip():
        problems.append(FieldProblem("reason", "missing", N_("Say why the customer was not served")))
    return problems


MISSING_EVENT = {
    "joined": N_("Give the time of joining the queue"),
    "called": N_("Give the time of reaching the window"),
    "started": N_("Give the time when service began"),
    "ended": N_("Give the time when service ended"),
    "left": N_("Give the time of leaving without service"),
}
UNEXPECTED_EVENT = {
    "joined": N_("A contact that ended so has no time of joining the queue: clear it or change how it ended"),
    "called": N_(
        "A contact that ended so has no time of reaching the window: clear it or change how it ended"
    ),
    "started": N_("A contact that ended so has no beginning of service: clear it or change how it ended"),
    "ended": N_("A contact that ended so has no end of service: clear it or change how it ended"),
    "left": N_(
        "A contact that ended so has no time of leaving without service: clear it or change how it ended"
    ),
}
OUT_OF_ORDER = {
    ("joined", "called"): N_("Reached the window at %(last)s, before joining the queue at %(first)s"),
    ("joined", "started"): N_("Service began at %(last)s, before joining the queue at %(first)s"),
    ("joined", "ended"): N_("Service ended at %(last)s, before joining the queue at %(first)s"),
    ("joined", "left"): N_("Left at %(last)s, before joining the queue at %(first)s"),
    ("called", "started"): N_("Service began at %(last)s, before the window was reached at %(first)s"),
    ("called", "ended"): N_("Service ended at %(last)s, before the window was reached at %(first)s"),
    ("called", "left"): N_("Left at %(last)s, before the window was reached at %(first)s"),
    ("started", "ended"): N_("Service ended at %(last)s, before it began at %(first)s"),
    ("started", "left"): N_("Left at %(last)s, before service began at %(first)s"),
}


def _order_problems(events: Mapping[str, datetime], zone: ZoneInfo) -> list[FieldProblem]:
    problems: dict[str, FieldProblem] = {}
    for first, last in OUT_OF_ORDER:
        if first in events and last in events and events[last] < events[first] and last not in problems:
            values = {"first": _clock(events[first], zone), "last": _clock(events[last], zone)}
            problems[last] = FieldProblem(
                event_field(last), "out_of_order", OUT_OF_ORDER[first, last], values
            )
    return list(problems.values())


def _calendar_problems(
    form: TimingForm, events: Mapping[str, datetime], now: datetime, zone: ZoneInfo
) -> list[FieldProblem]:
    problems = []
    latest = now + timedelta(seconds=form.limits.future_seconds)
    for code, moment in events.items():
        if moment > latest:
            message = N_("%(time)s has not come yet (it is now %(now)s)")
            values = {"time": _clock(moment, zone), "now": _clock(now, zone)}
            problems.append(FieldProblem(event_field(code), "in_future", message, values))
    days = sorted({moment.astimezone(zone).date() for moment in events.values()})
    if len(days) > 1:
        message = N_("One contact happens on one day, but the times lie on %(first)s and %(last)s")
        span: dict[str, date] = {"first": days[0], "last": days[-1]}
        problems.append(FieldProblem("day", "several_days", message, span))
    return problems


def _context_problems(form: TimingForm, entry: Entry, outcome: Outcome) -> list[FieldProblem]:
    problems = []
    mode = form.mode(entry.mode)
    known = {each.code: each for each in form.context}
    for code in sorted(entry.context.keys() - known.keys()):
        problems.append(FieldProblem(context_field(code), "unknown", N_("This form does not ask for that")))
    for each in form.context:
        name, value = context_field(each.code), entry.context.get(each.code)
        if value in (None, "", []):
            if outcome.context and entry.mode in each.required_in:
                problems.append(FieldProblem(name, "missing", MISSING_CONTEXT[each.type]))
        elif mode and mode.imported and not each.in_log:
            problems.append(
                FieldProblem(name, "not_expected", N_("A ticket system's log does not hold that"))
            )
        else:
            problems += _value_problems(each, value, entry.context)
    return problems


MISSING_CONTEXT = {
    "number": N_("Give a whole number"),
    "choice": N_("Choose an answer"),
    "choices": N_("Choose at least one answer"),
}


def _value_problems(each: ContextField, value: Any, context: Mapping[str, Any]) -> list[FieldProblem]:
    name = context_field(each.code)
    if each.type != "number":
        chosen = value if each.type == "choices" and isinstance(value, list) else [value]
        known = {option.code for option in each.options}
        if all(isinstance(code, str) and code in known for code in chosen):
            return []
        return [FieldProblem(name, "unknown", N_("Choose from the list"))]
    if isinstance(value, bool) or not isinstance(value, int) or not each.low <= value <= each.high:
        message = N_("Give a whole number from %(low)s to %(high)s")
        return [FieldProblem(name, "not_a_number", message, {"low": each.low, "high": each.high})]
    most = context.get(each.at_most)
    if isinstance(most, int) and value > most:
        message = N_("%(value)s is more than the %(most)s given above")
        return [FieldProblem(name, "too_many", message, {"value": value, "most": most})]
    return []


def _questions(form: TimingForm, entry: Entry) -> list[FieldProblem]:
    durations = derive(entry.events, entry.outcome)
    questions = []
    wait = durations.wait_seconds
    if wait is not None and wait > form.limits.wait_seconds:
        field_name = event_field("left" if durations.wait_censored else "called")
        message = N_("The wait was %(length)s: is that right?")
        questions.append(FieldProblem(field_name, "long_wait", message, {"length": _length(wait)}))
    operation = form.operation(entry.operation)
    if operation and durations.service_seconds is not None:
        each = durations.service_seconds / max(int(entry.context.get("items") or 1), 1)
        low, high = operation.plausible
        if not low <= each <= high:
            message = N_("Service took %(length)s; %(low)s to %(high)s an item is usual here: is that right?")
            values = {
                "length": _length(durations.service_seconds),
                "low": _length(low),
                "high": _length(high),
            }
            questions.append(FieldProblem(event_field("ended"), "unusual_service", message, values))
    return questions


def _flags(form: TimingForm, entry: Entry) -> list[str]:
    flags = []
    timed = [code for code in EVENTS if code in entry.ticks and code in entry.events]
    steps = [
        (entry.events[last] - entry.events[first]).total_seconds()
        - (entry.ticks[last] - entry.ticks[first]) / 1000
        for first, last in pairwise(timed)
    ]
    if any(abs(step) > form.limits.clock_seconds for step in steps):
        flags.append("clock_moved")
    ended = entry.events.get("ended")
    printed = entry.receipt_at
    if printed and ended and abs((printed - ended).total_seconds()) > form.limits.receipt_seconds:
        flags.append("receipt_time_mismatch")
    return flags


def _clock(moment: datetime, zone: ZoneInfo) -> str:
    return f"{moment.astimezone(zone):%H:%M:%S}"


def _length(seconds: int) -> str:
    hours, rest = divmod(seconds, 3600)
    return f"{hours}:{rest // 60:02}:{rest % 60:02}" if hours else f"{rest // 60}:{rest % 60:02}"
