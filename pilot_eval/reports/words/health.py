"""What is said of the quality of a pilot's data, finding by finding; TITLES name them in a strip."""

from __future__ import annotations

from pilot_eval.reports.sentences import Sentence

TITLES: dict[str, Sentence] = {
    "coverage_before": Sentence("Visits before training", "Визиты до обучения"),
    "coverage_during": Sentence("Visits during training", "Визиты во время обучения"),
    "coverage_after": Sentence("Visits after training", "Визиты после обучения"),
    "baseline_difference": Sentence("Level before training", "Уровень до обучения"),
    "allocation": Sentence("How branches were allotted", "Как составлены группы"),
    "missing_branches": Sentence("Seen before and after", "Наблюдались до и после"),
    "mix_daypart": Sentence("Parts of the day", "Время дня"),
    "mix_weekday": Sentence("Days of the week", "Дни недели"),
    "mix_operation": Sentence("Mix of operations", "Состав операций"),
    "auditors": Sentence("Auditors", "Аудиторы"),
    "late_entries": Sentence("Time of entry", "Срок ввода"),
    "duplicates": Sentence("Duplicates", "Повторы"),
    "plan": Sentence("Plan", "План"),
    "not_checked": Sentence("Not checked", "Не проверено"),
}

# Where a pilot has several kinds of record, each is checked by itself.
TITLE_OF_RECORDS = Sentence("{title}: {records}", "{title}: {records}")

LEVELS: dict[str, Sentence] = {
    "ok": Sentence("in order", "в порядке"),
    "attention": Sentence("look", "обратите внимание"),
    "problem": Sentence("problem", "проблема"),
}

FINDINGS: dict[str, Sentence] = {
    "coverage_none": Sentence("No visit is assigned yet.", "Визиты ещё не назначены."),
    "coverage": Sentence(
        "{visits} of {assigned} visits made ({share}), {timings} timings; {visited} of {branches} branches "
        "visited.",
        "Сделано {visits} из {assigned} визитов ({share}), хронометражей: {timings}; посещено отделений: "
        "{visited} из {branches}.",
    ),
    "baseline_difference": Sentence(
        "{outcome}: trained {trained}, comparison {comparison}; {apart} standard deviations between branches "
        "apart.",
        "{outcome}: обученные {trained}, сравнение {comparison}; расходятся на {apart} стандартного "
        "отклонения между отделениями.",
    ),
    "allocation_random": Sentence(
        "{trained} trained and {comparison} comparison branches, drawn at random, seed {seed}.",
        "Обученных отделений {trained}, отделений сравнения {comparison}; определены жребием, начальное "
        "число {seed}.",
    ),
    "allocation_by_hand": Sentence(
        "{trained} trained and {comparison} comparison branches, chosen by hand: the arms may differ in "
        "other ways too.",
        "Обученных отделений {trained}, отделений сравнения {comparison}; отобраны вручную: группы могли "
        "различаться и другим.",
    ),
    "allocation_imported": Sentence(
        "{trained} trained and {comparison} comparison branches, as the imported file says; how they were "
        "chosen is not known.",
        "Обученных отделений {trained}, отделений сравнения {comparison}, как в загруженном файле; как они "
        "отобраны, неизвестно.",
    ),
    "allocation_none": Sentence("No branch has an arm yet.", "Отделения ещё не распределены по группам."),
    "missing_branches": Sentence(
        "{trained} of {trained_of} trained and {comparison} of {comparison_of} comparison branches.",
        "Обученных {trained} из {trained_of}, сравнения {comparison} из {comparison_of}.",
    ),
    "missing_branches_alone": Sentence(
        "{trained} of {trained_of} branches.", "Отделений {trained} из {trained_of}."
    ),
    "mix": Sentence(
        "Between the periods the mix changed for {trained} of {records} in trained branches (chance alone: "
        "about {trained_chance}) and {comparison} in comparison branches ({comparison_chance}).",
        "Между периодами состав изменился: {trained} {records} у обученных (случайно — около "
        "{trained_chance}) и {comparison} у отделений сравнения ({comparison_chance}).",
    ),
    "mix_alone": Sentence(
        "Between the periods the mix changed for {trained} of {records} (chance alone: about "
        "{trained_chance}).",
        "Между периодами состав изменился: {trained} {records} (случайно — около {trained_chance}).",
    ),
    "auditors": Sentence(
        "{auditors} auditors; {both_periods} visited trained branches both before and after, {both_arms} "
        "visited both arms.",
        "Аудиторов: {auditors}; в обученных отделениях и до, и после были {both_periods}, в обеих группах — "
        "{both_arms}.",
    ),
    "auditors_alone": Sentence(
        "{auditors} auditors; {both_periods} visited both before and after.",
        "Аудиторов: {auditors}; и до, и после были {both_periods}.",
    ),
    "late_entries": Sentence(
        "{late} of {records} came in more than {days} days later; the latest after {longest} days.",
        "Позже чем через {days} дня поступили {late} {records}; самый долгий срок в днях: {longest}.",
    ),
    "late_entries_none": Sentence(
        "All {records} came in within {days} days.", "Все записи {records} поступили за {days} дня."
    ),
    "duplicates_none": Sentence("No record is there twice.", "Записей, внесённых дважды, нет."),
    "duplicates": Sentence(
        "Records that look the same as another of the branch (same auditor, same moment or same row): "
        "{count} of {rows}.",
        "Записей, повторяющих другую запись отделения (тот же аудитор, тот же момент или та же строка): "
        "{count} из {rows}.",
    ),
    "plan_before_data": Sentence("Frozen on {day}, before the data.", "Зафиксирован {day}, до данных."),
    "plan_before_after": Sentence(
        "Frozen on {day}, before visits after training.",
        "Зафиксирован {day}, до визитов после обучения.",
    ),
    "plan_late": Sentence(
        "Frozen on {day}, when visits after training may have begun.",
        "Зафиксирован {day}, когда визиты после обучения могли уже начаться.",
    ),
    "plan_open": Sentence("Not frozen yet.", "Ещё не зафиксирован."),
    "plan_imported": Sentence(
        "Settled with the import, when the data were there already.",
        "Задан при загрузке, когда данные уже были.",
    ),
    "not_checked": Sentence(
        "The data do not say enough for: {names}.", "Данных недостаточно для проверки: {names}."
    ),
}
