"""Records as JSON, from the API and from a phone's file, read strictly: each fault has its field."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime, time
from typing import Annotated, Any, TypeVar
from uuid import UUID

from flask import request
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, WithJsonSchema
from pydantic_core import PydanticCustomError

from pilot_eval.domain.checklists import answer_field, comment_field
from pilot_eval.domain.errors import Message
from pilot_eval.domain.problems import N_, FieldProblem, Refused
from pilot_eval.domain.timings import Entry, context_field, event_field, read_clock, tick_field
from pilot_eval.operations.timings import TimingSubmission
from pilot_eval.operations.visits import Filling, VisitSubmission

MAX_ID = 2_147_483_647
MAX_TICK = 10**16
MAX_METRES = 20_100_000  # half-way round the Earth
MAX_SECONDS = 100_000_000
_YEARS = range(2000, 2100)
_INSTANT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,9})?(?P<offset>Z|[+-]\d\d:\d\d)?")
_CLOCK = r"([01][0-9]|2[0-3]):[0-5][0-9](:[0-5][0-9])?"


class Unreadable(Exception):
    """The body is not one JSON object; `message` says what it is instead."""

    def __init__(self, message: str) -> None:
        self.message = message
        super().__init__(message)


def _instant(given: object) -> datetime:
    written = _INSTANT.fullmatch(given) if isinstance(given, str) else None
    if written and not written["offset"]:
        raise PydanticCustomError("no_offset", "no offset")
    try:
        moment = datetime.fromisoformat(written[0]) if written else None
    except ValueError:
        moment = None
    if moment is None or moment.year not in _YEARS:
        raise PydanticCustomError("no_instant", "no instant")
    return moment


def _clock(given: object) -> time | None:
    if given == "":
        return None
    if isinstance(given, str) and re.fullmatch(_CLOCK, given):
        return read_clock(given)
    raise PydanticCustomError("no_time", "no time")


Id = Annotated[int, Field(ge=1, le=MAX_ID)]
Instant = Annotated[
    datetime,
    BeforeValidator(_instant),
    WithJsonSchema(
        {"type": "string", "format": "date-time", "description": "RFC 3339 with seconds and offset."}
    ),
]
ClockTime = Annotated[
    time | None,
    BeforeValidator(_clock),
    WithJsonSchema(
        {"type": "string", "pattern": f"^({_CLOCK})?$", "description": "By the branch's own clock."}
    ),
]
Tick = Annotated[int, Field(ge=0, le=MAX_TICK)]


class Payload(BaseModel):
    """A name that is not known is refused, and nothing is converted."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


class FillingBody(Payload):
    """When and for how long the form was open, by the device's own clock."""

    opened_at: Instant
    finished_at: Instant
    seconds: Annotated[int, Field(ge=0, le=MAX_SECONDS)]

    def read(self) -> Filling:
        """The same for the operation."""
        return Filling(self.opened_at, self.finished_at, self.seconds)


class VisitBody(Payload):
    """A visit as filled in."""

    model_config = ConfigDict(
        json_schema_extra={"required": ["assignment", "outcome", "started_at", "left_at"]}
    )

    assignment: Id
    checklist: str = Field("", description="Digest of the version that the form showed.")
    outcome: str = Field("", description="done, closed, recognised or refused.")
    started_at: Instant | None = None
    left_at: Instant | None = None
    answers: dict[str, int | str | None] = Field({}, description="By code of the question.")
    comments: dict[str, str] = Field({}, description="Words about single answers.")
    narrative: str = ""
    window_no: int | None = Field(None, description="Never a name.")
    receipt_time: ClockTime = None
    receipt_tail: str = Field("", description="The last digits of the receipt.")
    incidents: list[str] = []
    confirmed: bool = Field(False, description="What is odd has been seen and is right.")
    filling: FillingBody | None = None
    distance_m: Annotated[int, Field(ge=0, le=MAX_METRES)] | None = None
    reason: str = Field("", description="Why a sent visit is corrected; with If-Match only.")

    def submission(self, visit_id: UUID, unreadable: Sequence[FieldProblem]) -> VisitSubmission:
        """What was filled in."""
        return VisitSubmission(
            id=visit_id,
            assignment_id=self.assignment,
            outcome=self.outcome,
            started_at=self.started_at,
            left_at=self.left_at,
            answers=self.answers,
            comments=self.comments,
            narrative=self.narrative,
            window_no=self.window_no,
            receipt_time=self.receipt_time,
            receipt_tail=self.receipt_tail,
            incidents=tuple(self.incidents),
            confirmed=self.confirmed,
            unreadable=unreadable,
            checklist=self.checklist,
            filling=self.filling.read() if self.filling else None,
            distance_m=self.distance_m,
        )


class PracticeBody(VisitBody):
    """A visit that is of no assignment."""

    assignment: int = 0


class TimingBody(Payload):
    """One customer contact, timed."""

    model_config = ConfigDict(
        json_schema_extra={"required": ["assignment", "mode", "outcome", "entry_method"]}
    )

    assignment: Id
    timing_form: str = Field("", description="Digest of the version that the form showed.")
    mode: str = ""
    outcome: str = ""
    operation: str = ""
    operation_text: str = ""
    reason: str = Field("", description="Why the customer was not served.")
    entry_method: str = Field("", description="stopwatch or manual.")
    events: dict[str, Instant] = {}
    ticks: dict[str, Tick] = Field({}, description="Milliseconds of the device's steady clock by event.")
    context: dict[str, int | str | list[str] | None] = {}
    receipt_at: Instant | None = None
    confirmed: bool = Field(False, description="What is odd has been seen and is right.")

    def submission(self, timing_id: UUID, unreadable: Sequence[FieldProblem]) -> TimingSubmission:
        """What was filled in."""
        entry = Entry(
            mode=self.mode,
            outcome=self.outcome,
            operation=self.operation,
            entry_method=self.entry_method,
            events=self.events,
            context=self.context,
            reason=self.reason,
            operation_text=self.operation_text,
            receipt_at=self.receipt_at,
            ticks=self.ticks,
        )
        return TimingSubmission(
            id=timing_id,
            assignment_id=self.assignment,
            entry=entry,
            confirmed=self.confirmed,
            unreadable=unreadable,
            timing_form=self.timing_form,
        )


Body = TypeVar("Body", VisitBody, TimingBody)


def read(model: type[Body]) -> tuple[Body, list[FieldProblem]]:
    """This request's payload without what could not be read, and what that was.

    Raises
    ------
    Unreadable
        If the body is not one JSON object.
    Refused
        If it does not even say for which assignment it is.
    """
    if not request.is_json:
        raise Unreadable(N_("Send JSON, and say so: Content-Type: application/json"))
    return read_as(model, json_object(request.get_data()))


def read_as(model: type[Body], body: dict[str, Any]) -> tuple[Body, list[FieldProblem]]:
    """The same of plain data, which is emptied of what could not be read.

    Raises
    ------
    Refused
        As `read`.
    """
    faults: dict[str, FieldProblem] = {}
    while True:
        try:
            return model.model_validate(body), list(faults.values())
        except ValidationError as error:
            found = error.errors(include_url=False, include_input=False)
            for each in found:
                fault = _fault(each["type"], each["loc"])
                faults.setdefault(fault.field, fault)
            # Each path once: a value of several kinds has a fault for each of them.
            for missing, path in {(one["type"] == "missing", one["loc"][:2]) for one in found}:
                _leave_out(body, missing, *path)
            if "assignment" not in body:
                raise Refused(list(faults.values())) from None


def edited_revision() -> int | None:
    """The revision that this request says it corrects; None where it corrects nothing.

    Raises
    ------
    Unreadable
    """
    given = request.headers.get("If-Match")
    if given is None:
        return None
    written = re.fullmatch(r'"([1-9][0-9]{0,8})"', given.strip())
    if written is None:
        raise Unreadable(N_('If-Match names the revision that was edited in quotes, such as "2"'))
    return int(written[1])


def json_object(written: bytes) -> dict[str, Any]:
    """Plain data from JSON, read strictly.

    Raises
    ------
    Unreadable
        If it is not one JSON object of texts that can be stored.
    """
    try:
        body = json.loads(written, object_pairs_hook=_named_once, parse_constant=_no_number)
        texts = list(_texts(body))
    except json.JSONDecodeError as error:
        message = N_("This is not JSON: see line %(line)s, column %(column)s")
        raise Unreadable(Message(message, line=error.lineno, column=error.colno)) from None
    except (ValueError, RecursionError):
        raise Unreadable(N_("This is not JSON in UTF-8")) from None
    if not isinstance(body, dict):
        raise Unreadable(N_("Send one JSON object: names with their values between { and }"))
    if not all(map(_storable, texts)):
        raise Unreadable(N_("A text holds a character that cannot be stored"))
    return body


def _named_once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    named = dict(pairs)
    if len(named) < len(pairs):
        raise Unreadable(N_("A name is given twice in the same JSON object"))
    return named


def _no_number(name: str) -> None:
    raise Unreadable(Message(N_("%(name)s is not a number that can be stored"), name=name))


def _storable(text: str) -> bool:
    try:
        text.encode()  # halves of characters have no UTF-8
    except UnicodeEncodeError:
        return False
    return "\0" not in text


def _texts(value: object) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, list):
        for each in value:
            yield from _texts(each)
    elif isinstance(value, dict):
        for name, each in value.items():
            yield name
            yield from _texts(each)


# How a form names what the API groups.
_FORM_NAMES: dict[object, Callable[[str], str]] = {
    "answers": answer_field,
    "comments": comment_field,
    "events": event_field,
    "ticks": tick_field,
    "context": context_field,
    "filling": lambda name: f"filling.{name}",
}
_OTHER_NAMES: dict[object, str] = {"receipt_at": "receipt_time"}

_WORDS = {
    "missing": ("missing", N_("This is missing")),
    "extra_forbidden": ("unknown_field", N_("The name %(name)s is not known here: leave it out")),
    "string_type": ("not_a_text", N_("Give a text")),
    "int_type": ("not_a_number", N_("Give a whole number")),
    "greater_than_equal": ("out_of_range", N_("This number is too small")),
    "less_than_equal": ("out_of_range", N_("This number is too large")),
    "bool_type": ("not_true_or_false", N_("Give true or false")),
    "list_type": ("not_a_list", N_("Give a list")),
    "dict_type": ("not_a_group", N_("Give names with their values between { and }")),
    "model_type": ("not_a_group", N_("Give names with their values between { and }")),
    "no_offset": (
        "no_offset",
        N_("Give the moment with its offset from UTC, such as 2026-11-30T10:05:00+03:00"),
    ),
    "no_instant": ("no_instant", N_("Give a moment such as 2026-11-30T10:05:00+03:00")),
    "no_time": ("no_time", N_("Give a time such as 10:05 or 10:05:30")),
}
_UNREADABLE = ("unreadable", N_("This cannot be read"))
_SEVERAL_KINDS = ("not_an_answer", N_("Give a text or a whole number"))


def _fault(kind: str, path: tuple[int | str, ...]) -> FieldProblem:
    group, *inner = path
    in_form = _FORM_NAMES.get(group)
    name = in_form(str(inner[0])) if in_form and inner else _OTHER_NAMES.get(group, str(group))
    code, message = _WORDS.get(kind, _UNREADABLE)
    if group in {"answers", "context"} and len(path) > 2:
        code, message = _SEVERAL_KINDS
    return FieldProblem(name, code, message, {"name": path[-1]} if kind == "extra_forbidden" else {})


def _leave_out(body: dict[str, Any], missing: bool, name: Any, inner: Any = None) -> None:
    group = body.get(name)
    if isinstance(group, dict) and inner in group and not missing:
        del group[inner]
    else:
        # A group that lacks something is left out whole.
        body.pop(name, None)
