"""Reading a timing form from plain data, every fault told with its path."""

from __future__ import annotations

from datetime import time
from functools import lru_cache
from typing import Any

from pilot_eval.domain.documents import FORMS, Reader, note_repeats, parse_with, read_yaml
from pilot_eval.domain.problems import N_
from pilot_eval.domain.timings.clock import read_clock
from pilot_eval.domain.timings.model import (
    EVENTS,
    ContextField,
    Daypart,
    Limits,
    Mode,
    Named,
    Operation,
    Outcome,
    Target,
    TimingForm,
)

SCHEMA = 1
CONTEXT_TYPES = ("number", "choice", "choices")


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
        code=reader.code(),
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


def _named(reader: Reader) -> dict[str, Any]:
    return {"code": reader.code(), "text": reader.own_text(), "help": reader.text("help")}


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
