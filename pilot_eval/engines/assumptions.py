"""Assumptions of a plan from a YAML file, from text such as `mean=70,within_sd=12`, or from a mapping."""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from pilot_eval.domain.errors import BadInput, Message, Problem
from pilot_eval.engines.problems import quoted, refused
from pilot_eval.stats.assumptions import ASSUMPTIONS, SAME


def read_assumptions(source: str | Path | Mapping[str, Any], kind: str) -> dict[str, float]:
    """Read what is assumed of a kind of outcome.

    Raises
    ------
    BadInput
        A name that is not known, a value that is not a number within its limits, something needed that is not
        there, or two that say the same.
    """
    found = source if isinstance(source, Mapping) else _parsed(source)
    known = ASSUMPTIONS[kind]
    problems = []
    values: dict[str, float] = {}
    for name, cell in found.items():
        if name not in known:
            problems.append(Problem(str(name), _unknown(str(name), list(known))))
            continue
        try:
            values[name] = float(cell)
        except (TypeError, ValueError):
            problems.append(Problem(name, Message("%(cell)s is not a number", cell=quoted(cell))))
            continue
        if isinstance(cell, bool) or not known[name].allows(values[name]):
            problems.append(Problem(name, _limits(cell, known[name].low, known[name].high)))
    problems += [
        Problem(name, Message("is needed for kind %(kind)s", kind=kind))
        for name, assumption in known.items()
        if assumption.needed and name not in found
    ]
    for group in SAME:
        ways = [name for name in group if name in known]
        given = [name for name in ways if name in found]
        if ways and len(given) != 1:
            what = Message("exactly one is needed, not %(count)s", count=len(given))
            problems.append(Problem(" or ".join(ways), what))
    if problems:
        raise BadInput(problems)
    return values


def _parsed(source: str | Path) -> Mapping[Any, Any]:
    text = str(source)
    if isinstance(source, str) and "=" in text:
        pairs = [part.partition("=") for part in text.split(",") if part.strip()]
        _check_once([name.strip() for name, _, _ in pairs])
        return {name.strip(): value.strip() for name, _, value in pairs}
    try:
        written = Path(source).read_text(encoding="utf-8")
        content, nodes = yaml.safe_load(written), yaml.compose(written)
    except FileNotFoundError:
        what = Message(
            "there is no such file %(file)s, and no text such as within_sd=12,icc=0.1", file=quoted(text)
        )
        raise refused(what, "--assumptions") from None
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        why = Message("%(file)s cannot be read: %(why)s", file=quoted(text), why=str(error))
        raise refused(why, "--assumptions") from None
    if not isinstance(content, dict) or not isinstance(nodes, yaml.MappingNode):
        raise refused(Message("names with numbers were expected, such as within_sd: 12"), "--assumptions")
    _check_once([str(name.value) for name, _ in nodes.value])
    return content


def _check_once(names: list[str]) -> None:
    """Refuse a name that is given twice: the last would win without a word."""
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise BadInput([Problem(name, Message("is given more than once")) for name in twice])


def _unknown(name: str, known: list[str]) -> Message:
    near = difflib.get_close_matches(name, known, n=1)
    said = {"known": ", ".join(known)}
    if near:
        return Message("is not known; did you mean %(near)s? There are %(known)s", near=near[0], **said)
    return Message("is not known; there are %(known)s", **said)


def _limits(cell: Any, low: float, high: float) -> Message:
    if high == float("inf"):
        return Message("%(cell)s is not a number of at least %(low)s", cell=quoted(cell), low=low)
    return Message("%(cell)s is not a number from %(low)s to %(high)s", cell=quoted(cell), low=low, high=high)
