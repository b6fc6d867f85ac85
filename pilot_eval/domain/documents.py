"""Checklists and forms as plain data: read strictly, refused with the path of every fault, digested."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import yaml

from pilot_eval.domain.problems import N_, FieldProblem, Refused

FORMS = Path(__file__).parent / "forms"
LANGUAGES = ("en", "ru")
MAX_DOCUMENT_BYTES = 1_000_000
CODE = re.compile(r"[A-Za-z][A-Za-z0-9_-]{0,31}")

T = TypeVar("T")

BARE_BOOLEAN = N_(
    'holds the YAML boolean %(found)s: write the answer in quotes ("yes", "no"),'
    " as YAML reads a bare yes or no as true or false"
)


class DocumentError(Refused):
    """A document was refused; its `findings` name every fault with its path."""


@dataclass(frozen=True, slots=True)
class Text:
    """One sentence in the product's two languages."""

    en: str
    ru: str

    def to(self, language: str) -> str:
        """The sentence in that language; English for one that is not held."""
        return self.ru if language == "ru" else self.en

    def to_document(self) -> dict[str, str]:
        return {"en": self.en, "ru": self.ru}


class _StrictLoader(yaml.SafeLoader):
    """Refuses what YAML passes over in silence: a key given twice, and aliases (they can unfold for ever)."""

    def compose_node(self, parent: yaml.Node | None, index: int) -> yaml.Node | None:
        if self.check_event(yaml.AliasEvent):
            mark = self.peek_event().start_mark  # type: ignore[no-untyped-call]  # PyYAML's stubs leave it out
            raise yaml.composer.ComposerError(None, None, "aliases (*name) are not allowed", mark)
        return super().compose_node(parent, index)

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        seen: set[str] = set()
        for key, _ in node.value:
            if not isinstance(key, yaml.ScalarNode):
                raise yaml.constructor.ConstructorError(None, None, "a key must be a word", key.start_mark)
            if key.value in seen:
                raise yaml.constructor.ConstructorError(
                    None, None, f"the key {key.value!r} is given twice", key.start_mark
                )
            seen.add(key.value)
        return super().construct_mapping(node, deep)


def read_yaml(text: str) -> Any:
    """Plain data from YAML (or JSON, its subset).

    Raises
    ------
    DocumentError
        If the text is too long or is not YAML; with line and column.
    """
    if len(text.encode()) > MAX_DOCUMENT_BYTES:
        raise DocumentError(
            [FieldProblem("", "too_long", N_("is longer than %(most)s bytes"), {"most": MAX_DOCUMENT_BYTES})]
        )
    try:
        return yaml.load(text, Loader=_StrictLoader)  # noqa: S506 - the strict loader is a SafeLoader
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        where = f"line {mark.line + 1}, column {mark.column + 1}" if mark else ""
        what = error.problem or error.context or "unreadable"
        raise DocumentError(
            [FieldProblem(where, "not_yaml", N_("is not YAML: %(what)s"), {"what": what})]
        ) from None
    except yaml.YAMLError as error:
        raise DocumentError(
            [FieldProblem("", "not_yaml", N_("is not YAML: %(what)s"), {"what": str(error)})]
        ) from None


def write_yaml(document: Any) -> str:
    """Plain data as YAML, from which `read_yaml` makes the same again."""
    text: str = yaml.safe_dump(document, allow_unicode=True, sort_keys=False, width=110)
    return text


def canonical(document: Any) -> bytes:
    """The one spelling of plain data: JSON, sorted keys, no spaces, UTF-8."""
    return json.dumps(
        document, ensure_ascii=False, sort_keys=True, separators=(",", ":"), allow_nan=False
    ).encode()


def digest(document: Any) -> str:
    """SHA-256 of the canonical spelling, 64 hexadecimal digits."""
    return hashlib.sha256(canonical(document)).hexdigest()


class Reader:
    """Takes one mapping apart key by key; notes each fault with its path and goes on, so that all are told.

    Parameters
    ----------
    value : object
        What stands at `path`; anything but a mapping is a fault.
    path : str
        Where we are, such as `sections[2]`; empty at the top.
    problems : list of FieldProblem
        Shared by all readers of one document.
    """

    def __init__(self, value: object, path: str, problems: list[FieldProblem]) -> None:
        self.path = path
        self.problems = problems
        self._left: dict[Any, Any] = {}
        if isinstance(value, Mapping):
            self._left = dict(value)
            for key in [key for key in self._left if not isinstance(key, str)]:
                self._bad_key(key, self._left.pop(key))
        else:
            self.problem("", "not_a_mapping", N_("should be a group of named values"))

    def _bad_key(self, key: object, value: object) -> None:
        if isinstance(key, bool):
            self.problem("", "bare_boolean", BARE_BOOLEAN, found=str(key).lower())
        else:
            self.problem(
                "",
                "bad_key",
                N_("has the name %(found)s, which is not a word: write it in quotes"),
                found=key,
            )

    def at(self, key: str) -> str:
        """Path of a key of this mapping."""
        return f"{self.path}.{key}" if self.path and key else self.path or key

    def problem(self, key: str, code: str, message: str, **values: object) -> None:
        """Note what is wrong at a key; an empty key is the mapping itself."""
        self.problems.append(FieldProblem(self.at(key), code, message, values))

    def __contains__(self, key: str) -> bool:
        return key in self._left

    def take(self, key: str) -> Any:
        """The raw value, None where absent; the key counts as known from now on."""
        return self._left.pop(key, None)

    def word(self, key: str, default: str | None = None) -> str:
        """A non-empty string; without a default it must be there."""
        if key not in self and default is not None:
            return default
        value = self.take(key)
        if isinstance(value, str) and value.strip():
            return value.strip()
        self._not(value, key, N_("should be a text"))
        return ""

    def code(self) -> str:
        """The entry's own code."""
        code = self.word("code")
        if code and not CODE.fullmatch(code):
            message = N_("is %(found)s; a code is a letter, then letters, digits, _ or - (at most 32)")
            self.problem("code", "bad_code", message, found=code)
        return code

    def one_of(self, key: str, allowed: Sequence[str], default: str | None = None) -> str:
        """A word out of a list."""
        value = self.word(key, default)
        if value and value not in allowed:
            self.problem(
                key,
                "unknown",
                N_("is %(found)s; it should be one of: %(allowed)s"),
                found=value,
                allowed=", ".join(allowed),
            )
        return value

    def whole(self, key: str, low: int, high: int, default: int | None = None) -> int:
        """A whole number between two ends; without a default it must be there."""
        if key not in self and default is not None:
            return default
        value = self.take(key)
        if isinstance(value, int) and not isinstance(value, bool) and low <= value <= high:
            return value
        self._not(value, key, N_("should be a whole number from %(low)s to %(high)s"), low=low, high=high)
        return low

    def flag(self, key: str) -> bool:
        """True or false; false where absent."""
        value = self.take(key)
        if value is None or isinstance(value, bool):
            return bool(value)
        self._not(value, key, N_("should be true or false"))
        return False

    def text(self, key: str) -> Text | None:
        """A sentence in both languages, where given."""
        if key not in self:
            return None
        inner = self.inner(key)
        text = inner.own_text()
        inner.close()
        return text

    def needed_text(self, key: str) -> Text:
        """A sentence in both languages that must be there."""
        if key in self:
            return self.text(key) or Text("", "")
        self.problem(key, "missing", N_("is missing"))
        return Text("", "")

    def own_text(self) -> Text:
        """The `en` and `ru` of this very mapping."""
        return Text(*(self.word(language) for language in LANGUAGES))

    def inner(self, key: str) -> Reader:
        """A reader for the mapping under a key."""
        return Reader(self.take(key), self.at(key), self.problems)

    def inners(self, key: str, *, required: bool = True) -> Iterator[Reader]:
        """A reader for each mapping of the list under a key."""
        value = self.take(key)
        if isinstance(value, list) and (value or not required):
            yield from (Reader(each, f"{self.at(key)}[{i}]", self.problems) for i, each in enumerate(value))
        elif value is not None or required:
            self.problem(key, "not_a_list", N_("should be a list with at least one entry"))

    def words(self, key: str, allowed: Sequence[str]) -> tuple[str, ...]:
        """A list of words out of a list of allowed ones; empty where absent."""
        value = self.take(key)
        if value is None:
            return ()
        if not isinstance(value, list):
            self._not(value, key, N_("should be a list of words"))
            return ()
        for i, word in enumerate(value):
            if word not in allowed or isinstance(word, bool):
                self._not(
                    word, f"{key}[{i}]", N_("should be one of: %(allowed)s"), allowed=", ".join(allowed)
                )
        return tuple(str(word) for word in value)

    def close(self) -> None:
        """Every key that nobody asked for is a fault: most often a slip of the pen."""
        for key in self._left:
            self.problem(key, "unknown_key", N_("is not a name that a document of this kind knows"))

    def _not(self, found: object, key: str, expected: str, **values: object) -> None:
        if found is None:
            self.problem(key, "missing", N_("is missing"))
        elif isinstance(found, bool):
            self.problem(key, "bare_boolean", BARE_BOOLEAN, found=str(found).lower())
        else:
            self.problem(key, "wrong_kind", expected, **values)


def note_repeats(codes: Sequence[tuple[str, str]], problems: list[FieldProblem]) -> None:
    """Note each code that stands at a second place; `codes` holds (path, code) pairs."""
    first: dict[str, str] = {}
    for path, code in codes:
        if code and code in first:
            message = N_("repeats the code %(code)s of %(first)s")
            problems.append(
                FieldProblem(path, "duplicate_code", message, {"code": code, "first": first[code]})
            )
        first.setdefault(code, path)


def read_with(build: Callable[[Reader], T], document: object) -> tuple[T, list[FieldProblem]]:
    """Build something from a document as far as it goes, with every problem noted on the way."""
    problems: list[FieldProblem] = []
    reader = Reader(document, "", problems)
    built = build(reader)
    reader.close()
    return built, problems


def parse_with(build: Callable[[Reader], T], document: object) -> T:
    """Build something from a document.

    Raises
    ------
    DocumentError
        With every problem noted on the way.
    """
    built, problems = read_with(build, document)
    if problems:
        raise DocumentError(problems)
    return built
