"""What the check of an evidence bundle says."""

from __future__ import annotations

from typing import Final

from pilot_eval.reports.sentences import Sentence

EVIDENCE: Final[dict[str, Sentence]] = {
    "matches": Sentence(
        "Everything matches: {files} files by their hashes, {numbers} numbers computed again.",
        "Всё совпадает: файлов по хешам — {files}, заново вычисленных чисел — {numbers}.",
    ),
    "differs": Sentence(
        "Does not match: {count} places differ.",
        "Не совпадает. Расхождений: {count}.",
    ),
    "made_by": Sentence(
        "Made by {product}; checked by {here}.",
        "Составлено программой {product}; проверено программой {here}.",
    ),
    "other_version": Sentence(
        "These are different versions: numbers and keys are compared, sentences are not.",
        "Версии разные: числа и ключи сравниваются, формулировки — нет.",
    ),
    "snapshot": Sentence("Snapshot SHA-256 {sha256}", "SHA-256 снимка данных {sha256}"),
    "by_hash_only": Sentence(
        "Checked by hash alone, not computed again: {names}.",
        "Проверено только по хешу, без повторного расчёта: {names}.",
    ),
    "file_changed": Sentence(
        "{path}: the file is not the one whose hash is listed",
        "{path}: файл не тот, чей хеш указан в списке",
    ),
    "file_missing": Sentence("{path}: the file is missing", "{path}: файла нет"),
    "file_extra": Sentence(
        "{path}: the file is not in the list of hashes", "{path}: файла нет в списке хешей"
    ),
    "unreadable": Sentence("{path}: cannot be read: {why}", "{path}: не читается: {why}"),
    "not_recomputed": Sentence(
        "the numbers could not be computed again: {why}",
        "числа не удалось вычислить заново: {why}",
    ),
    "number": Sentence(
        "{path}: {expected} in the bundle, {found} when computed again",
        "{path}: в пакете {expected}, при повторном расчёте {found}",
    ),
    "not_derived": Sentence(
        "{path}: {expected} in the file, {found} by the records of snapshot.jsonl",
        "{path}: в файле {expected}, по записям snapshot.jsonl {found}",
    ),
    "not_the_summary": Sentence(
        "{path}: {expected} in summary.json, {found} in result.json",
        "{path}: в summary.json {expected}, в result.json {found}",
    ),
    "not_the_plan": Sentence(
        "{path}: {expected} in summary.json, {found} in plan.json",
        "{path}: в summary.json {expected}, в plan.json {found}",
    ),
    "not_the_plan_hash": Sentence(
        "{path}: the hash of the plan is {expected}, that of the file is {found}",
        "{path}: хеш плана {expected}, хеш файла {found}",
    ),
    "not_the_frozen_plan": Sentence(
        "{path}: {expected} in the stored plan, {found} in the analysis",
        "{path}: в сохранённом плане {expected}, в расчёте {found}",
    ),
    "not_the_text": Sentence(
        "{path}: not what this version of the program writes from the other files",
        "{path}: не то, что эта версия программы пишет по остальным файлам",
    ),
    "not_the_snapshot": Sentence(
        "{path}: the hash of the snapshot is {expected}, that of snapshot.jsonl is {found}",
        "{path}: хеш снимка {expected}, хеш файла snapshot.jsonl {found}",
    ),
    "more": Sentence("... and {count} more", "... и ещё {count}"),
}
NOT_A_BUNDLE: Final[dict[str, Sentence]] = {
    "no_file": Sentence("there is no such file", "такого файла нет"),
    "no_zip": Sentence("this is not a zip file", "это не файл zip"),
    "no_mark": Sentence(
        "this zip is not an evidence bundle: bundle.json is missing or says something else",
        "этот zip — не пакет доказательств: bundle.json отсутствует или говорит о другом",
    ),
    "paths": Sentence(
        "{path}: no evidence bundle has a file of that name; nothing was unpacked",
        "{path}: в пакете доказательств такого файла не бывает; ничего не распаковано",
    ),
    "twice": Sentence("{path}: stands in the zip twice", "{path}: стоит в zip дважды"),
    "too_large": Sentence(
        "it would unpack to {size} MB, more than {most} MB; nothing was unpacked",
        "после распаковки — {size} МБ, больше {most} МБ; ничего не распаковано",
    ),
    "too_dense": Sentence(
        "{path}: unpacks to {ratio} times its size, more than {most} times; nothing was unpacked",
        "{path}: распаковывается в {ratio} раз больше, допустимо не более {most}; ничего не распаковано",
    ),
    "damaged": Sentence("{path}: is damaged", "{path}: повреждён"),
}
