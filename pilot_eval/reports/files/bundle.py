"""The evidence bundle: a zip that holds what a result rests on, and the means to compute it again.

The same files give the same bytes: entries are sorted and their dates fixed.
"""

from __future__ import annotations

import csv
import hashlib
import io
import json
import zipfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from pilot_eval.domain.observations import ARMS, PERIODS, Labels, Observations
from pilot_eval.reports.files.tables import neutral_text
from pilot_eval.reports.labels import label
from pilot_eval.reports.summaries import Row, Summary

SCHEMA: Final = "pilot-evidence/1"
RESULT_SCHEMA: Final = "pilot-result/1"
MARK, PLAN, RESULT, SUMMARY = "bundle.json", "plan.json", "result.json", "summary.json"
FROZEN: Final = "frozen-plan.json"
SNAPSHOT, BRANCHES, EXPECTED = "snapshot.jsonl", "branches.csv", "expected.csv"
README, SCRIPT, SUMS = "README.md", "reproduce.R", "SHA256SUMS"
# Every file that stands in each bundle, beside those of the outcomes.
FILES: Final = (MARK, PLAN, FROZEN, RESULT, SUMMARY, SNAPSHOT, BRANCHES, EXPECTED, README, SCRIPT, SUMS)
VALUE: Final = "value"
ITEM: Final = "item_"  # before the name of an item, so that no other column is called so
DETAILS: Final = ("date", "entered", "auditor", "daypart", "operation")
_TEXTS: Final = Path(__file__).parent / "evidence"
_EPOCH: Final = (1980, 1, 1, 0, 0, 0)
_NO_STRATUM: Final = "(none)"  # an empty cell would leave the row out


def write(summary: Summary, language: str, rows: Iterable[Row] | None = None) -> bytes:
    """Zip the files of a bundle, with their hashes.

    Parameters
    ----------
    summary : mapping
        Unread: the files hold it.
    language : str
        Unread: a bundle holds both.
    rows : iterable of mapping
        The files that `operations.evidence` made: `path` and `content` of each.

    Raises
    ------
    ValueError
        If there are none.
    """
    if rows is None:
        raise ValueError("an evidence bundle is made of the observations, and none were handed over")
    return packed({row["path"]: row["content"] for row in rows})


def packed(files: Mapping[str, bytes]) -> bytes:
    """Zip files by name, with a list of their hashes."""
    whole = {**files, SUMS: sums(files)}
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in sorted(whole):
            entry = zipfile.ZipInfo(name, _EPOCH)
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.create_system = 3  # the same on every system
            entry.external_attr = 0o644 << 16
            archive.writestr(entry, whole[name])
    return out.getvalue()


def sums(files: Mapping[str, bytes]) -> bytes:
    """List the SHA-256 of each file, as `sha256sum` does."""
    lines = [f"{hashlib.sha256(files[name]).hexdigest()}  {name}\n" for name in sorted(files)]
    return "".join(lines).encode()


def json_bytes(document: Mapping[str, Any]) -> bytes:
    """Write a document as indented UTF-8 JSON; a number that is none is refused."""
    return (json.dumps(document, ensure_ascii=False, indent=1, allow_nan=False) + "\n").encode()


def data_csv(observations: Observations) -> bytes:
    """Write the observations of one outcome; numbers to their last digit."""
    columns: dict[str, Iterable[str]] = {
        "branch": _named(observations.branches, observations.branch),
        "arm": (ARMS[int(observations.trained[place])] for place in observations.branch),
        "period": (PERIODS[period] for period in observations.period),
    }
    if observations.stratum is not None:
        codes = observations.stratum.codes[observations.branch]
        columns["stratum"] = _named([name or _NO_STRATUM for name in observations.stratum.names], codes)
    columns[VALUE] = map(_written, observations.value.tolist())
    for name in DETAILS:
        cells = getattr(observations, name)
        if isinstance(cells, Labels):
            columns[name] = _named([*cells.names, ""], cells.codes)
        elif cells is not None:
            columns[name] = ("" if str(day) == "NaT" else str(day) for day in cells)
    if observations.items is not None:
        for place, item in enumerate(observations.items.names):
            columns[ITEM + item] = map(_written, observations.items.values[:, place].tolist())
    return _csv([list(columns), *zip(*columns.values(), strict=True)])


def _named(names: Sequence[str], codes: Iterable[int]) -> Iterator[str]:
    """Write names by their places; the last name stands for a missing one."""
    safe = [neutral_text(name) for name in names]
    return (safe[code] for code in codes)


def _written(value: Any) -> str:
    """Write a number so that reading it gives the same one."""
    if value is None or value != value:  # NaN: a value that should be there and is not
        return ""
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e15:
        return str(int(value))
    return repr(value) if isinstance(value, float) else str(value)


def _csv(table: Iterable[Sequence[str]]) -> bytes:
    out = io.StringIO(newline="")
    csv.writer(out, lineterminator="\n").writerows(table)
    return out.getvalue().encode()


def table(content: bytes) -> list[dict[str, Any]]:
    """Read a CSV of a bundle as rows of named cells, numbers as numbers."""
    rows = csv.DictReader(io.StringIO(content.decode("utf-8", "replace"), newline=""))
    return [{str(name): _cell(cell) for name, cell in row.items()} for row in rows]


def _cell(cell: Any) -> Any:
    try:
        return float(cell)
    except (TypeError, ValueError):
        return cell


def branches_csv(result: Mapping[str, Any]) -> bytes:
    """Write the branches of `pilot-result/1`, one row per branch and outcome."""
    header = (
        "branch",
        "arm",
        "outcome",
        "n_before",
        "mean_before",
        "n_after",
        "mean_after",
        "change",
        "low",
        "high",
    )
    rows = [
        [neutral_text(branch["code"]), branch["arm"], neutral_text(code), *_level_cells(cell)]
        for branch in result["branches"]
        for code, cell in branch["outcomes"].items()
    ]
    return _csv([header, *rows])


def _level_cells(cell: Row) -> list[str]:
    before, after, change = (cell[name] or {} for name in ("before", "after", "change"))
    low, high = change.get("confidence_interval") or (None, None)
    numbers = (before.get("n"), before.get("mean"), after.get("n"), after.get("mean"))
    return [_written(number) for number in (*numbers, change.get("estimate"), low, high)]


def expected_csv(plan: Mapping[str, Any], result: Mapping[str, Any]) -> bytes:
    """Write what `reproduce.R` should find: the effect of each primary outcome on the analysis scale."""
    header = ("outcome", "file", "kind", "design", "weights", "stratified", "level", "unit")
    numbers = ("estimate", "standard_error", "df", "low", "high", "pvalue")
    evaluations = {outcome["code"]: outcome["evaluation"] for outcome in result["outcomes"]}
    rows = []
    for entry in plan["outcomes"]:
        if not entry["primary"]:
            continue
        analysis, effect = entry["analysis"], evaluations[entry["code"]]["effect"]
        first = [neutral_text(entry["code"]), entry["file"], entry["kind"], analysis["design"]]
        first += [analysis["weights"], str(entry["stratified"]).upper(), repr(analysis["level"])]
        told = dict.fromkeys(numbers)
        if effect is not None:
            low, high = effect["confidence_interval"]
            told |= {"low": low, "high": high}
            told |= {name: effect[name] for name in ("estimate", "standard_error", "df", "pvalue")}
        unit = "log" if effect is not None and effect["scale"] == "log_ratio" else entry["unit"]
        rows.append([*first, neutral_text(unit), *(_written(told[name]) for name in numbers)])
    return _csv([(*header, *numbers), *rows])


def script() -> bytes:
    """Return `reproduce.R`."""
    return (_TEXTS / "reproduce.R").read_bytes()


def readme(plan: Mapping[str, Any], snapshot: Mapping[str, Any], product: Mapping[str, str]) -> bytes:
    """Write the README in both languages."""
    pilot = plan["pilot"]
    notice = {tongue: f"\n**{label('made_up', tongue)}**\n" * pilot["made_up"] for tongue in ("en", "ru")}
    text = (_TEXTS / "README.md").read_text(encoding="utf-8")
    return text.format(
        title_en=_line(pilot["title"]["en"]),
        title_ru=_line(pilot["title"]["ru"]),
        made_up_en=notice["en"],
        made_up_ru=notice["ru"],
        product=f"{product['name']} {product['version']}",
        as_of=snapshot["as_of"],
        snapshot=snapshot["sha256"],
        plan=plan["plan"]["sha256"],
        name="FILE.zip",
        commands="\n".join(f"    {command}" for command in map(command_of, plan["outcomes"])),
    ).encode()


def command_of(entry: Mapping[str, Any]) -> str:
    """Return the command that gives the evaluation of one outcome again."""
    analysis = entry["analysis"]
    told = [f"--kind {analysis['kind']}", f"--design {analysis['design']}"]
    told += ["--strata stratum"] if entry["stratified"] else []
    if analysis["looks"]:
        shares = ",".join(map(repr, analysis["looks"]))
        told.append(f"--looks {shares} --look {analysis['look']}")
        analysis = {**analysis, "level": analysis["level_of_looks"]}  # that of the looks together
    for name in ("weights", "level", "draws", "seed", "better", "smallest_effect", "minimum_branches"):
        if analysis[name] is not None:
            told.append(f"--{name.replace('_', '-')} {analysis[name]}")
    if analysis["minimum_observations"] is not None:
        told.append(f"--minimum-observations {analysis['minimum_observations']}")
    return f"pilot-eval evaluate {entry['file']} --outcome {VALUE} " + " ".join(told)


def _line(text: str) -> str:
    return " ".join(text.split())
