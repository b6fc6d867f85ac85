"""Timings of customer contacts: the form, its rules, and the durations that follow from the events."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from functools import cached_property, lru_cache
from itertools import pairwise
from typing import Any
from zoneinfo import ZoneInfo

from pilot_eval.domain.checklists import CODE
from pilot_eval.domain.documents import FORMS, Reader, Text, digest, note_repeats, parse_with, read_yaml
from pilot_eval.domain.problems import N_, FieldProblem

SCHEMA = 1
EVENTS = ("joined", "called", "started", "ended", "left")
CENSORED_WAIT = "abandoned"
CONTEXT_TYPES = ("number", "choice", "choices")
ENTRY_METHODS = ("stopwatch", "manual", "import")
MAX_TEXT = 200
CLOCK = re.compile(r"(\d{1,2})[:., ]?(\d{2})(?:[:., ]?(\d{2}))?")


# The form --------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Named:
    """A code with its words: a mode, an event, a choice."""

    code: str
    text: Text
    help: Text | None = None


@dataclass(frozen=True, slots=True)
class Mode(Named):
    """How the contact was seen; an `imported` mode is offered to nobody as a form."""

    imported: bool = False


@dataclass(frozen=True, slots=True)
class Outcome(Named):
    """How the contact ended.

    Parameters
    ----------
    needs, may : tuple of str
        Events that must be there, and events that can be there as well.
    context : bool
        Whether the surroundings are asked for.
    reason : bool
        Whether a reason must be given in words.
    """

    needs: tuple[str, ...] = ()
    may: tuple[str, ...] = ()
    context: bool = True
    reason: bool = False

    @property
    def reached_window(self) -> bool:
        """Only then is the operation known to an observer."""
        return "called" in self.needs


@dataclass(frozen=True, slots=True)
class ContextField(Named):
    """Something about the surroundings: a whole number from `low` to `high`, a choice, or choices.

    Parameters
    ----------
    at_most : str
        Code of an earlier number that this one must not exceed.
    required_in : tuple of str
        Modes in which it must be given.
    in_log : bool
        Whether a ticket system's log can hold it.
    main : bool
        Whether it stands in the form at once; the others are folded away.
    """

    type: str = "number"
    low: int = 0
    high: int = 0
    at_most: str = ""
    required_in: tuple[str, ...] = ()
    in_log: bool = False
    main: bool = False
    options: tuple[Named, ...] = ()


@dataclass(frozen=True, slots=True)
class Operation(Named):
    """What the customer came for; `plausible` are seconds for one item, to ask about and never to refuse."""

    group: str = ""
    plausible: tuple[int, int] = (0, 86_400)
    describe: bool = False


@dataclass(frozen=True, slots=True)
class Daypart(Named):
    """A part of the day, from a clock time of the branch until the next part."""

    begins: time = time()


@dataclass(frozen=True, slots=True)
class Target:
    """A length whose share of contacts is reported."""

    seconds: int
    text: Text


@dataclass(frozen=True, slots=True)
class Limits:
    """Seconds: beyond the future an event is refused, beyond the others it is asked about or flagged."""

    future_seconds: int
    wait_seconds: int
    receipt_seconds: int
    clock_seconds: int


@dataclass(frozen=True)
class TimingForm:
    """One version of the timing form; `document` is the plain data it was read from."""

    code: str
    version: int
    title: Text
    modes: tuple[Mode, ...]
    events: tuple[Named, ...]
    outcomes: tuple[Outcome, ...]
    dayparts: tuple[Daypart, ...]
    limits: Limits
    context: tuple[ContextField, ...]
    operations: tuple[Operation, ...]
    targets: tuple[Target, ...]
    document: Mapping[str, Any] = field(compare=False, repr=False)

    @cached_property
    def digest(self) -> str:
        """SHA-256 of the canonical document."""
        return digest(self.document)

    def mode(self, code: object) -> Mode | None:
        return next((mode for mode in self.modes if mode.code == code), None)

    def outcome(self, code: object) -> Outcome | None:
        return next((outcome for outcome in self.outcomes if outcome.code == code), None)

    def operation(self, code: object) -> Operation | None:
        return next((operation for operation in self.operations if operation.code == code), None)

    def daypart(self, moment: datetime, zone: ZoneInfo) -> Daypart:
        """The part of the day by the branch's own clock."""
        clock = moment.astimezone(zone).time()
        return next(part for part in reversed(self.dayparts) if part.begins <= clock)


def parse(document: Any) -> TimingForm:
    """A timing form from plain data.

    Raises
    ------
    DocumentError
        Every fault with its path.
    """
    return parse_with(lambda reader: _form(reader, document), document)


@lru_cache(maxsize=1)
def default_timing_form() -> TimingForm:
    """The timing form that comes with the product."""
    return parse(read_yaml((FORMS / "post-timing.yml").read_text(encoding="utf-8")))


def _form(reader: Reader, document: Any) -> TimingForm:
    reader.whole("schema", SCHEMA, SCHEMA)
    modes = _modes(reader)
    limits = reader.inner("limits")
    form = TimingForm(
        code=_code(reader),
        version=reader.whole("version", 1, 9999),
        title=reader.needed_text("title"),
        modes=modes,
        events=_events(reader),
        outcomes=_outcomes(reader),
        dayparts=_dayparts(reader),
        limits=Limits(**{name: limits.whole(name, 1, 86_400) for name in Limits.__slots__}),
        context=_context(reader, [mode.code for mode in modes]),
        operations=_operations(reader),
        targets=_targets(reader),
        document=document,
    )
    limits.close()
    return form


def _code(reader: Reader) -> str:
    code = reader.word("code")
    if code and not CODE.fullmatch(code):
        message = N_("is %(found)s; a code is a letter, then letters, digits, _ or - (at most 32)")
        reader.problem("code", "bad_code", message, found=code)
    return code


def _named(reader: Reader) -> dict[str, Any]:
    return {"code": _code(reader), "text": reader.own_text(), "help": reader.text("help")}


def _unrepeated(parent: Reader, key: str, entries: list[Any]) -> tuple[Any, ...]:
    note_repeats(
        [(f"{parent.at(key)}[{i}].code", each.code) for i, each in enumerate(entries)], parent.problems
    )
    return tuple(entries)


def _modes(parent: Reader) -> tuple[Mode, ...]:
    modes = []
    for reader in parent.inners("modes"):
        modes.append(Mode(**_named(reader), imported=reader.flag("imported")))
        reader.close()
    return _unrepeated(parent, "modes", modes)


def _events(parent: Reader) -> tuple[Named, ...]:
    events = []
    for reader in parent.inners("events"):
        events.append(Named(**_named(reader)))
        reader.close()
    if events and tuple(event.code for event in events) != EVENTS:
        parent.problem(
            "events", "events", N_("should be %(expected)s, in this order"), expected=", ".join(EVENTS)
        )
    return tuple(events)


def _outcomes(parent: Reader) -> tuple[Outcome, ...]:
    outcomes = []
    for reader in parent.inners("outcomes"):
        outcomes.append(
            Outcome(
                **_named(reader),
                needs=reader.words("needs", EVENTS),
                may=reader.words("may", EVENTS),
                context="context" not in reader or reader.flag("context"),
                reason=reader.flag("reason"),
            )
        )
        reader.close()
    return _unrepeated(parent, "outcomes", outcomes)


def _dayparts(parent: Reader) -> tuple[Daypart, ...]:
    dayparts = []
    for reader in parent.inners("dayparts"):
        written = reader.word("from")
        try:
            begins = read_clock(written)
        except ValueError:
            message = N_("is %(found)s; it should be a clock time in quotes, such as 11:00")
            reader.problem("from", "bad_time", message, found=written)
            begins = time()
        dayparts.append(Daypart(**_named(reader), begins=begins))
        reader.close()
    order = [part.begins for part in dayparts]
    if dayparts and (order[0] != time() or order != sorted(set(order))):
        parent.problem("dayparts", "dayparts_order", N_("should begin at 00:00 and follow one another"))
    return _unrepeated(parent, "dayparts", dayparts)


def _context(parent: Reader, modes: list[str]) -> tuple[ContextField, ...]:
    fields: list[ContextField] = []
    for reader in parent.inners("context"):
        kind = reader.one_of("type", CONTEXT_TYPES)
        number = kind == "number"
        options = []
        for option in reader.inners("options") if not number else ():
            options.append(Named(**_named(option)))
            option.close()
        earlier = tuple(each.code for each in fields if each.type == "number")
        fields.append(
            ContextField(
                **_named(reader),
                type=kind,
                low=reader.whole("min", 0, 10_000) if number else 0,
                high=reader.whole("max", 1, 10_000) if number else 0,
                at_most=reader.one_of("at_most", earlier, "") if number else "",
                required_in=reader.words("required_in", modes),
                in_log=reader.flag("in_log"),
                main=reader.flag("main"),
                options=_unrepeated(reader, "options", options),
            )
        )
        reader.close()
    return _unrepeated(parent, "context", fields)


def _operations(parent: Reader) -> tuple[Operation, ...]:
    operations = []
    for reader in parent.inners("operations"):
        plausible = reader.take("plausible")
        if not _is_range(plausible):
            reader.problem(
                "plausible", "wrong_kind", N_("should be two whole numbers of seconds, the smaller one first")
            )
            plausible = (0, 86_400)
        operations.append(
            Operation(
                **_named(reader),
                group=reader.word("group"),
                plausible=(plausible[0], plausible[1]),
                describe=reader.flag("describe"),
            )
        )
        reader.close()
    return _unrepeated(parent, "operations", operations)


def _is_range(value: object) -> bool:
    return (
        isinstance(value, list)
        and len(value) == 2
        and all(isinstance(end, int) and not isinstance(end, bool) for end in value)
        and 0 <= value[0] < value[1]
    )


def _targets(parent: Reader) -> tuple[Target, ...]:
    targets = []
    for reader in parent.inners("targets"):
        targets.append(Target(reader.whole("seconds", 1, 86_400), reader.own_text()))
        reader.close()
    return tuple(targets)


# Typed times -----------------------------------------------------------------------------------------------


def read_clock(typed: str) -> time:
    """A clock time from "10:05" or "10:05:30"; "10.05", "10,05" and "1005" too, as keypads lack the colon.

    Raises
    ------
    ValueError
        If it is neither.
    """
    match = CLOCK.fullmatch(typed.strip())
    if not match or int(match[1]) > 23 or int(match[2]) > 59 or int(match[3] or 0) > 59:
        raise ValueError(f"{typed!r} is not a clock time such as 10:05 or 10:05:30")
    return time(int(match[1]), int(match[2]), int(match[3] or 0))


def place(name: str, day: date, clock: time, zone: ZoneInfo) -> datetime | FieldProblem:
    """The instant (UTC) of a clock time at the branch, or the problem of a field named so.

    A clock time that a change of the clocks skipped, or repeated, names no instant: it is never guessed.
    """
    first, second = (datetime.combine(day, clock, zone).replace(fold=fold).astimezone(UTC) for fold in (0, 1))
    values = {"time": clock.isoformat("seconds"), "day": day}
    if first.astimezone(zone).replace(tzinfo=None) != datetime.combine(day, clock):
        return FieldProblem(
            name, "no_such_time", N_("The clocks were changed: %(time)s did not occur on %(day)s"), values
        )
    if first != second:
        return FieldProblem(
            name, "twice", N_("The clocks were changed: %(time)s occurred twice on %(day)s"), values
        )
    return first


# Durations -------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Durations:
    """Whole seconds; None where the outcome has no such time.

    Parameters
    ----------
    wait_seconds : int or None
        Called - joined; for a customer who gave up left - joined, and `wait_censored`: at least that long.
    handover_seconds, service_seconds, total_seconds : int or None
        Started - called, ended - started, ended - joined.
    wait_censored : bool
    """

    wait_seconds: int | None = None
    handover_seconds: int | None = None
    service_seconds: int | None = None
    total_seconds: int | None = None
    wait_censored: bool = False

    def by_name(self) -> dict[str, int | None]:
        """The four durations by name, as a checklist's formulas want them."""
        return {
            name: getattr(self, name)
            for name in ("wait_seconds", "handover_seconds", "service_seconds", "total_seconds")
        }


def derive(events: Mapping[str, datetime], outcome: str) -> Durations:
    """Durations from instants in order.

    Each instant is cut to its whole second first, so that wait + handover + service = total to the second.
    """

    def between(first: str, last: str) -> int | None:
        if first not in events or last not in events:
            return None
        return _second(events[last]) - _second(events[first])

    gave_up = outcome == CENSORED_WAIT
    return Durations(
        wait_seconds=between("joined", "left" if gave_up else "called"),
        handover_seconds=between("called", "started"),
        service_seconds=between("started", "ended"),
        total_seconds=between("joined", "ended"),
        wait_censored=gave_up,
    )


def _second(moment: datetime) -> int:
    return int((moment - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(seconds=1))


# Checking an entry -----------------------------------------------------------------------------------------


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
    problems = _choice_problems(form, entry)
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
    for code in entry.context.keys() - known.keys():
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
