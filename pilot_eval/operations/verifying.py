"""Check an evidence bundle: every file by its hash, every number by computing it again.

Needs neither site nor database: it runs wherever the package is installed.
"""

from __future__ import annotations

import hashlib
import json
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

from pilot_eval import __version__
from pilot_eval.domain.errors import BadInput
from pilot_eval.operations.bundles import mark_of, open_bundle
from pilot_eval.operations.comparing import WORDS, Difference, count_numbers, differences
from pilot_eval.operations.options import MOST_DRAWS
from pilot_eval.operations.recomputing import against_summary, recompute
from pilot_eval.reports.files import bundle
from pilot_eval.reports.sentences import Sentence
from pilot_eval.reports.words.evidence import EVIDENCE

LISTED = 20
COMPUTED = ("schema", "flow", "outcomes", "branches", "product", "headline_withheld", "snapshot", "plan")
# What reading a file that is not what it should be may end in.
UNREADABLE = (KeyError, TypeError, ValueError, AttributeError, IndexError, RecursionError)


@dataclass(frozen=True, slots=True)
class Verification:
    """What the check of a bundle found.

    Parameters
    ----------
    made_by : product and version that made the bundle
    here : product and version that checked it
    snapshot : hash of its records
    files : how many were compared by hash
    numbers : how many of the result were computed again
    by_hash_only : parts of the summary, and columns of the observations, that were not computed again
    problems : what differs, one sentence each
    """

    made_by: str
    here: str
    snapshot: str
    files: int
    numbers: int
    by_hash_only: tuple[str, ...]
    problems: tuple[Sentence, ...]

    @property
    def matches(self) -> bool:
        return not self.problems

    def to_text(self, language: str) -> str:
        """Lines to read, the answer first."""
        said = [getattr(sentence, language) for sentence in self._sentences()]
        return "\n".join(said) + "\n"

    def to_dict(self) -> dict[str, Any]:
        """The same for programs."""
        return {
            "schema": "pilot-verification/1",
            "matches": self.matches,
            "made_by": self.made_by,
            "checked_by": self.here,
            "snapshot": self.snapshot,
            "files": self.files,
            "numbers": self.numbers,
            "by_hash_only": list(self.by_hash_only),
            "problems": [problem.to_dict() for problem in self.problems],
        }

    def _sentences(self) -> Iterator[Sentence]:
        if self.matches:
            yield EVIDENCE["matches"].filled(files=str(self.files), numbers=str(self.numbers))
        else:
            yield EVIDENCE["differs"].filled(count=str(len(self.problems)))
        for problem in self.problems[:LISTED]:
            yield Sentence(f"- {problem.en}", f"- {problem.ru}")
        if len(self.problems) > LISTED:
            yield EVIDENCE["more"].filled(count=str(len(self.problems) - LISTED))
        yield EVIDENCE["snapshot"].filled(sha256=self.snapshot)
        yield EVIDENCE["made_by"].filled(product=self.made_by, here=self.here)
        if self.made_by != self.here:
            yield EVIDENCE["other_version"]
        if self.by_hash_only:
            yield EVIDENCE["by_hash_only"].filled(names=", ".join(self.by_hash_only))


def verify(path: Path) -> Verification:
    """Check an evidence bundle.

    Raises
    ------
    NotABundle
        If the file is none, or not safe to open.
    """
    files = open_bundle(path)
    check = _Check(files)
    check.hashes()
    check.snapshot()
    check.plan()
    check.derived()  # a cell that was changed is told before the numbers that it changes
    check.result()
    check.written_again()
    left = [name for name in check.document(bundle.SUMMARY) if name not in check.computed]
    return Verification(
        made_by=check.made_by,
        here=f"pilot_eval {__version__}",
        snapshot=check.sha256(bundle.SNAPSHOT),
        files=len(files) - 1,  # the list of hashes has none itself
        numbers=check.numbers,
        by_hash_only=(*left, *check.not_derived),
        problems=tuple(check.problems),
    )


class _Check:
    """The files of one bundle and what was found wrong with them."""

    def __init__(self, files: Mapping[str, bytes]) -> None:
        self.files = files
        self.problems: list[Sentence] = []
        self.numbers = 0
        self.computed = set(COMPUTED)
        self.not_derived: tuple[str, ...] = ("data/*.csv",)
        product = mark_of(files).get("product")
        told = product if isinstance(product, dict) else {}
        self.made_by = f"{told.get('name', '?')} {told.get('version', '?')}"
        self.same_version = self.made_by == f"pilot_eval {__version__}"

    def say(self, key: str, **places: object) -> None:
        problem = EVIDENCE[key].filled(**{name: str(value) for name, value in places.items()})
        if problem not in self.problems:
            self.problems.append(problem)

    def sha256(self, name: str) -> str:
        return hashlib.sha256(self.files.get(name, b"")).hexdigest()

    def document(self, name: str) -> dict[str, Any]:
        """A file as JSON; empty where it is none, which `hashes` or `result` says."""
        try:
            found = json.loads(self.files.get(name, b"{}"))
        except (ValueError, RecursionError):
            return {}
        return found if isinstance(found, dict) else {}

    def hashes(self) -> None:
        """Compare every file with the list of hashes."""
        listed = self._listed()
        for name in sorted({*listed, *self.files} - {bundle.SUMS}):
            if name not in self.files:
                self.say("file_missing", path=name)
            elif name not in listed:
                self.say("file_extra", path=name)
            elif listed[name] != self.sha256(name):
                self.say("file_changed", path=name)
        for name in bundle.FILES:
            if name not in self.files and name not in listed:
                self.say("file_missing", path=name)

    def _listed(self) -> dict[str, str]:
        lines = self.files.get(bundle.SUMS, b"").decode("utf-8", "replace").splitlines()
        pairs = [line.split("  ", 1) for line in lines]
        return {pair[1]: pair[0] for pair in pairs if len(pair) == 2}

    def snapshot(self) -> None:
        """The hash that stands on pages and files of the pilot is that of the records."""
        found = self.sha256(bundle.SNAPSHOT)
        for name in (bundle.MARK, bundle.SUMMARY):
            told = self.document(name).get("snapshot")
            expected = told.get("sha256") if isinstance(told, dict) else None
            if expected != found:
                self.say("not_the_snapshot", path=name, expected=expected, found=found)

    def plan(self) -> None:
        """The stored plan has the hash that is told of it, and the outcomes are analysed as it says."""
        told = self.document(bundle.SUMMARY).get("plan")
        plan = told if isinstance(told, dict) else {}
        if plan.get("sha256") != self.sha256(bundle.FROZEN):
            pair = {"expected": plan.get("sha256"), "found": self.sha256(bundle.FROZEN)}
            self.say("not_the_plan_hash", path=bundle.FROZEN, **pair)
        frozen, analysed = self.document(bundle.FROZEN), self.document(bundle.PLAN).get("outcomes")
        for entry in analysed if isinstance(analysed, list) else []:
            self._note(_departures(frozen, entry), "not_the_frozen_plan", bundle.PLAN)

    def result(self) -> None:
        """Compute the result again and walk it."""
        stored, summary = self.document(bundle.RESULT), self.document(bundle.SUMMARY)
        plan = self.document(bundle.PLAN)
        try:
            fresh = self._recomputed(plan)
            told = against_summary(summary, stored)
        except BadInput as error:
            self.say("not_recomputed", why=error)
            return
        except UNREADABLE as error:
            self.say("not_recomputed", why=f"{type(error).__name__}: {error}")
            return
        self.numbers = count_numbers({name: stored[name] for name in ("flow", "outcomes", "branches")})
        self._note(differences(stored, fresh, without=self._unread()), "number", bundle.RESULT)
        self._note(told, "not_the_summary", bundle.SUMMARY)
        shared = {"plan": summary["plan"], "pilot": {name: summary["pilot"][name] for name in plan["pilot"]}}
        told = list(differences(shared, {name: plan[name] for name in shared}))
        self._note(told, "not_the_plan", bundle.PLAN)

    def derived(self) -> None:
        """Make the observations and items from the records again, and the weeks from the observations."""
        try:
            # Imported here: what reads records needs the libraries of the database, which all else does not.
            from pilot_eval.operations import deriving
        except ImportError:
            return
        plan, summary = self.document(bundle.PLAN), self.document(bundle.SUMMARY)
        try:
            self._refuse_odd(plan)
            if all("source" in entry for entry in plan["outcomes"]):  # older versions did not tell it
                snapshot = deriving.snapshot_from(self.files[bundle.SNAPSHOT])
                for entry in plan["outcomes"]:
                    rows = deriving.rows_differ(snapshot, entry, self.files[entry["file"]])
                    self._note(list(islice(rows, LISTED)), "not_derived", entry["file"])
                items = deriving.items_differ(snapshot, plan, summary.get("items"))
                self._note(items, "number", f"{bundle.SUMMARY}: items")
                self.computed.add("items")
                self.not_derived = tuple(f"data/*.csv: {name}" for name in deriving.NOT_DERIVED)
            with self._unpacked() as folder:
                weekly = json.loads(json.dumps(deriving.weeks_of_files(plan, folder)))
            self._note(differences(summary.get("weekly"), weekly), "number", f"{bundle.SUMMARY}: weekly")
            self.computed.add("weekly")
        except (BadInput, *UNREADABLE) as error:
            self.say("not_recomputed", why=f"{type(error).__name__}: {error}")

    def _unread(self) -> set[str]:
        """Fields that need not be the same: of another version's, the sentences."""
        return {"product"} if self.same_version else {"product", *WORDS}

    def _note(self, found: Iterator[Difference] | list[Difference], key: str, name: str) -> None:
        for one in found:
            if key == "number" and not self.same_version and repr(one.expected) == "nothing":
                continue  # told by this version only
            self.say(key, path=f"{name}: {one.path}", expected=one.expected, found=one.found)

    def _recomputed(self, plan: Mapping[str, Any]) -> dict[str, Any]:
        self._refuse_odd(plan)
        with self._unpacked() as folder:
            # As it would be written, so that both are plain types of JSON.
            found: dict[str, Any] = json.loads(json.dumps(recompute(plan, folder)))
            return found

    def _refuse_odd(self, plan: Mapping[str, Any]) -> None:
        """Read no file but those of the bundle, and draw no more often than a pilot may."""
        for entry in plan["outcomes"]:
            if entry["file"] not in self.files or entry["analysis"]["draws"] > MOST_DRAWS:
                raise ValueError(f"{bundle.PLAN}: {entry['file']!r}, {entry['analysis']['draws']!r} draws")

    @contextmanager
    def _unpacked(self) -> Iterator[Path]:
        """A folder with the files, for as long as they are read."""
        with tempfile.TemporaryDirectory(prefix="verify-") as name:
            folder = Path(name)
            (folder / "data").mkdir()
            for path, content in self.files.items():  # only names that `open_bundle` lets pass
                (folder / path).write_bytes(content)
            yield folder

    def written_again(self) -> None:
        """Tables and texts say what the result says."""
        plan, result = self.document(bundle.PLAN), self.document(bundle.RESULT)
        snapshot, product = (self.document(bundle.MARK).get(key) for key in ("snapshot", "product"))
        self._same_table(bundle.BRANCHES, lambda: bundle.branches_csv(result))
        self._same_table(bundle.EXPECTED, lambda: bundle.expected_csv(plan, result))
        if self.same_version:
            self._same_bytes(bundle.SCRIPT, bundle.script)
            self._same_bytes(bundle.README, lambda: bundle.readme(plan, snapshot or {}, product or {}))

    def _same_table(self, name: str, write: Callable[[], bytes]) -> None:
        fresh = self._written(write)
        if fresh is None:
            return
        found = list(differences(bundle.table(self.files.get(name, b"")), bundle.table(fresh)))
        self._note(found, "number", name)

    def _same_bytes(self, name: str, write: Callable[[], bytes]) -> None:
        fresh = self._written(write)
        if fresh is not None and fresh != self.files.get(name):
            self.say("not_the_text", path=name)

    def _written(self, write: Callable[[], bytes]) -> bytes | None:
        """What would be written; None where the other files do not tell, which `result` says."""
        try:
            return write()
        except (KeyError, TypeError, ValueError, AttributeError):
            if not self.problems:
                self.say("unreadable", path=bundle.PLAN, why="?")
            return None


def _departures(frozen: Mapping[str, Any], entry: Any) -> list[Difference]:
    """Where the analysis of an outcome is not that of the stored plan."""
    try:
        code, analysis = entry["code"], entry["analysis"]
        of_outcome = frozen["outcomes"][code]
        whole = ("design", "draws", "seed", "weights", "minimum_branches", "minimum_observations")
        expected = {name: frozen[name] for name in whole}
        expected |= {name: of_outcome[name] for name in ("kind", "better", "smallest_effect")}
        found = {name: analysis[name] for name in expected}
        pair = ({**expected, "primary": of_outcome["primary"]}, {**found, "primary": entry["primary"]})
        return list(differences(*pair, path=f"outcomes/{code}"))
    except (KeyError, TypeError):
        return [Difference("outcomes", "outcomes of the stored plan", entry)]
