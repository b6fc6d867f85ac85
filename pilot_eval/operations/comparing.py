"""Where two documents differ: numbers within a tolerance, all else exactly."""

from __future__ import annotations

import math
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

RELATIVE = 1e-9
ABSOLUTE = 1e-12  # below this a number is rounding
WORDS = frozenset({"en", "ru", "text"})  # sentences, which a later version may put otherwise


@dataclass(frozen=True, slots=True)
class Difference:
    """A place in a document where something else was found than expected.

    Parameters
    ----------
    path : such as `outcomes/quality/evaluation/effect/estimate`
    expected, found : what stands there
    """

    path: str
    expected: Any
    found: Any

    def __str__(self) -> str:
        return f"{self.path}: {self.expected!r} expected, {self.found!r} found"


class Absent:
    """What stands where a document has nothing."""

    def __repr__(self) -> str:
        return "nothing"


ABSENT = Absent()


def differences(
    expected: Any, found: Any, *, without: Collection[str] = (), path: str = ""
) -> Iterator[Difference]:
    """Walk two documents together.

    Parameters
    ----------
    expected, found : plain types
    without : names of fields that are not compared
    """
    if isinstance(expected, Mapping) and isinstance(found, Mapping):
        for name in dict.fromkeys((*expected, *found)):
            if name not in without:
                pair = (expected.get(name, ABSENT), found.get(name, ABSENT))
                yield from differences(*pair, without=without, path=_under(path, name))
    elif isinstance(expected, list) and isinstance(found, list):
        if len(expected) != len(found):
            yield Difference(_under(path, "length"), len(expected), len(found))
        for place, pair in enumerate(zip(expected, found, strict=False)):
            yield from differences(*pair, without=without, path=_under(path, _name(pair[0], place)))
    elif not same(expected, found):
        yield Difference(path, expected, found)


def same(expected: Any, found: Any) -> bool:
    """Whether two values are the same: numbers within one part in 1e9."""
    numbers = (int, float)
    if isinstance(expected, bool) or isinstance(found, bool) or not isinstance(expected, numbers):
        return type(expected) is type(found) and bool(expected == found)
    return isinstance(found, numbers) and math.isclose(expected, found, rel_tol=RELATIVE, abs_tol=ABSOLUTE)


def count_numbers(document: Any) -> int:
    """How many numbers a document holds."""
    if isinstance(document, Mapping):
        return sum(map(count_numbers, document.values()))
    if isinstance(document, list):
        return sum(map(count_numbers, document))
    return int(isinstance(document, int | float) and not isinstance(document, bool))


def _under(path: str, name: object) -> str:
    return f"{path}/{name}" if path else str(name)


def _name(entry: Any, place: int) -> object:
    """What an element of a list is called: its code where it has one."""
    return entry.get("code", place) if isinstance(entry, Mapping) else place
