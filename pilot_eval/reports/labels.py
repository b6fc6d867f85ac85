"""The short words of charts and files, in both languages; sentences about results live in `wording`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from pilot_eval.reports.numbers import NBSP, language_of

LABELS: Final[Mapping[str, tuple[str, str]]] = {
    # arms, periods, kinds of record
    "trained": ("Trained", "Обученные"),
    "comparison": ("Comparison", "Сравнение"),
    "before": ("Before", "До"),
    "during": ("During training", "Во время обучения"),
    "after": ("After", "После"),
    "better": ("better", "лучше"),
    "worse": ("worse", "хуже"),
    "neither": ("no change", "без изменений"),
    "speed": ("speed", "скорость"),
    "mean_time": ("Mean time", "Среднее время"),
    "records": ("Records of the branch", "Записей отделения"),
    "limits_of_chance": ("Limits of chance", "Границы случайного"),
    "inside": ("inside", "внутри"),
    "outside": ("outside", "вне"),
    "after_trained": ("After, trained", "После, обученные"),
    "after_comparison": ("After, comparison", "После, сравнение"),
    "week": ("Week from", "Неделя с"),
    "mean": ("Mean", "Среднее"),
    "centre": ("Period: mean (limits of chance)", "Период: среднее (границы случайного)"),
    "branches": ("Branches", "Отделений"),
    "signal": ("Stands out", "Выделяется"),
    "may_be_chance": ("may be chance", "может быть случайностью"),
    "moved": ("moved", "изменился"),
    "adjusted": ("p, adjusted", "p с поправкой"),
    "share_trained": ("Trained, before and after", "Обученные, до и после"),
    "share_comparison": ("Comparison, before and after", "Сравнение, до и после"),
    "not_applicable": ("Not applicable (trained)", "Неприменим (обученные)"),
    "visit": ("Visit", "Визит"),
    "timing": ("Timing", "Хронометраж"),
    "measurement": ("Measurement", "Показатель"),
    # columns
    "branch_code": ("Branch code", "Код отделения"),
    "branch": ("Branch", "Отделение"),
    "region": ("Region", "Регион"),
    "arm": ("Arm", "Группа"),
    "stratum": ("Stratum", "Страта"),
    "period": ("Period", "Период"),
    "outcome": ("Outcome", "Показатель"),
    "unit": ("Unit", "Единица"),
    "n": ("n", "n"),
    "n_before": ("n before", "n до"),
    "mean_before": ("Mean before", "Среднее до"),
    "n_after": ("n after", "n после"),
    "mean_after": ("Mean after", "Среднее после"),
    "change": ("Change", "Изменение"),
    "change_unit": ("Unit of change", "Единица изменения"),
    "change_low": ("Change, low end", "Изменение, нижняя граница"),
    "change_high": ("Change, high end", "Изменение, верхняя граница"),
    "interval": ("Interval", "Интервал"),
    "rows_total": ("Rows in table", "Строк в таблице"),
    "snapshot": ("Snapshot", "Снимок данных"),
    "note": ("Note", "Примечание"),
    "record": ("Record", "Запись"),
    "record_id": ("Record id", "Номер записи"),
    "observed_on": ("Date", "Дата"),
    "auditor": ("Auditor", "Аудитор"),
    "double_visit": ("Double visit", "Двойной визит"),
    "operation": ("Operation", "Операция"),
    "score_points": ("Score, points", "Балл"),
    "wait_seconds": ("Wait, s", "Ожидание, с"),
    "service_seconds": ("Service, s", "Обслуживание, с"),
    "total_seconds": ("Total, s", "Всего, с"),
    "measure": ("Measure", "Что измерено"),
    "value": ("Value", "Значение"),
    "included": ("Counted", "Учтено"),
    "reason": ("Reason", "Причина"),
    "yes": ("yes", "да"),
    "no": ("no", "нет"),
    # numbers of a result
    "effect": ("Effect", "Эффект"),
    "low": ("Low end", "Нижняя граница"),
    "high": ("High end", "Верхняя граница"),
    "level": ("Level of interval", "Уровень интервала"),
    "verdict": ("Verdict", "Вывод"),
    "trained_branches": ("Trained branches", "Обученных отделений"),
    "comparison_branches": ("Comparison branches", "Отделений сравнения"),
    "uplift": ("Uplift, %", "Прирост, %"),
    "uplift_low": ("Uplift, low end", "Прирост, нижняя граница"),
    "uplift_high": ("Uplift, high end", "Прирост, верхняя граница"),
    "standard_error": ("Standard error", "Стандартная ошибка"),
    "df": ("Degrees of freedom", "Степени свободы"),
    "pvalue": ("p", "p"),
    "pvalue_holm": ("p, Holm", "p с поправкой Холма"),
    "smallest_effect": ("Smallest effect that matters", "Наименьший заметный эффект"),
    "primary": ("Primary", "Основной"),
    "method": ("Method", "Метод"),
    "statistic": ("Statistic", "Статистика"),
    "draws": ("Draws", "Повторов"),
    "scale": ("Scale of the statistic", "Шкала статистики"),
    "zero": ("no effect", "эффекта нет"),
    # items of the checklist
    "item_code": ("Item code", "Код пункта"),
    "section": ("Section", "Раздел"),
    "checklist": ("Checklist", "Чек-лист"),
    "ended": ("How the visit ended", "Чем закончился визит"),
    "ended_done": ("done", "состоялся"),
    "ended_closed": ("branch closed", "отделение закрыто"),
    "ended_recognised": ("recognised", "узнали"),
    "ended_refused": ("refused service", "отказано в обслуживании"),
    "kind": ("Kind of answer", "Вид ответа"),
    "kind_yesno": ("yes or no", "да или нет"),
    "kind_scale3": ("three steps", "три ступени"),
    "kind_scale5": ("five steps", "пять ступеней"),
    "kind_choice": ("own answers", "свои варианты"),
    "kind_number": ("whole number", "целое число"),
    "kind_text": ("words", "слова"),
    "kind_computed": ("from the timing", "из хронометража"),
    "earned": ("Earned, points", "Получено баллов"),
    "possible": ("Possible, points", "Возможно баллов"),
    "lever": ("What could move it", "От чего зависит"),
    "lever_training": ("training", "от обучения"),
    "lever_facility": ("only the facility", "только от помещения"),
    "trained_share_before": ("Trained, before: fulfilled, %", "Обученные, до: выполнено, %"),
    "trained_n_before": ("Trained, before: n", "Обученные, до: n"),
    "trained_not_applicable_before": ("Trained, before: not applicable, %", "Обученные, до: неприменим, %"),
    "trained_share_after": ("Trained, after: fulfilled, %", "Обученные, после: выполнено, %"),
    "trained_n_after": ("Trained, after: n", "Обученные, после: n"),
    "trained_not_applicable_after": ("Trained, after: not applicable, %", "Обученные, после: неприменим, %"),
    "comparison_share_before": ("Comparison, before: fulfilled, %", "Сравнение, до: выполнено, %"),
    "comparison_n_before": ("Comparison, before: n", "Сравнение, до: n"),
    "comparison_not_applicable_before": (
        "Comparison, before: not applicable, %",
        "Сравнение, до: неприменим, %",
    ),
    "comparison_share_after": ("Comparison, after: fulfilled, %", "Сравнение, после: выполнено, %"),
    "comparison_n_after": ("Comparison, after: n", "Сравнение, после: n"),
    "comparison_not_applicable_after": (
        "Comparison, after: not applicable, %",
        "Сравнение, после: неприменим, %",
    ),
    "item_effect": ("Effect, p.p.", "Эффект, п. п."),
    "item_level": ("Level of interval", "Уровень интервала"),
    "pvalue_adjusted": ("p, adjusted", "p с поправкой"),
    "item_moved": ("Moved more than chance", "Изменился больше случайного"),
    "item_note": ("Why there is no effect", "Почему нет эффекта"),
    # kinds of outcomes
    "score": ("score", "оценка"),
    "proportion": ("share", "доля"),
    "duration": ("time", "время"),
    "rate": ("rate", "частота"),
    # names of scales and methods
    "difference": ("difference", "разность"),
    "log_ratio": ("logarithm of ratio", "логарифм отношения"),
    "log_rate_ratio": ("logarithm of rate ratio", "логарифм отношения частот"),
    "cr2": (
        "cluster-robust CR2, Satterthwaite degrees of freedom",
        "кластерно-устойчивая оценка CR2, степени свободы Саттертуэйта",
    ),
    "fieller": ("Fieller", "Филлер"),
    "exp": ("exponent of the effect", "экспонента эффекта"),
    "wild_cluster_bootstrap": ("wild cluster bootstrap", "дикий кластерный бутстрап"),
    "permutation": ("permutation of groups", "перестановка групп"),
    "sign_flip": ("sign flips", "перемена знаков"),
    "wilcoxon_signed_rank": ("Wilcoxon signed-rank test", "критерий Уилкоксона"),
    "before_after": ("before and after, no comparison group", "до и после, без группы сравнения"),
    "difference_in_differences": ("difference in differences", "разность разностей"),
    "staggered": ("staggered training", "поэтапное обучение"),
    "stepped_wedge": ("stepped wedge", "ступенчатый клин"),
    "interrupted_time_series": ("interrupted time series", "прерванный временной ряд"),
    "random": ("at random", "случайно"),
    "by_hand": ("by hand", "вручную"),
    "imported": ("imported", "загружено из файла"),
    # sheets and rows of the workbook
    "Summary": ("Summary", "Итог"),
    "Branches": ("Branches", "Отделения"),
    "Items": ("Items", "Пункты"),
    "Observations": ("Observations", "Наблюдения"),
    "Methods": ("Methods", "Методы"),
    "Dictionary": ("Dictionary", "Словарь"),
    "Passport": ("Passport", "Паспорт"),
    "pilot": ("Pilot", "Пилот"),
    "field": ("Field", "Поле"),
    "meaning": ("Meaning", "Что означает"),
    "item": ("Item", "Пункт"),
    "entry": ("Entry", "Сведения"),
    "limits": ("Limits", "Ограничения"),
    "changed_after_results": (
        "Visits changed after results could be seen",
        "Визиты, изменённые после того, как результаты можно было видеть",
    ),
    "excluded_counted": ("If excluded visits were counted", "Если учесть исключённые визиты"),
    "warnings": ("Warnings", "Предупреждения"),
    "design": ("Design", "Схема"),
    "allocation": ("Allocation to groups", "Распределение по группам"),
    "allocation_seed": ("Seed of the allocation", "Начальное число распределения"),
    "strata": ("Strata", "Страты"),
    "drawn_at": ("Allocation drawn", "Распределение проведено"),
    "family_size": ("Primary outcomes in the family", "Основных показателей в семействе"),
    "family_level": ("Level of the family", "Уровень семейства"),
    "seed": ("Seed", "Начальное число"),
    "weights": ("Weights", "Веса"),
    "weights_branch": ("each branch counts once", "каждое отделение считается один раз"),
    "weights_observation": ("each observation counts once", "каждое наблюдение считается один раз"),
    "plan_frozen": ("Plan frozen", "План зафиксирован"),
    "plan_hash": ("SHA-256 of the plan", "SHA-256 плана"),
    "not_frozen": ("not frozen", "не зафиксирован"),
    "snapshot_hash": ("SHA-256 of the snapshot", "SHA-256 снимка данных"),
    "as_of": ("Data as of", "Данные на"),
    "filters": ("Filters", "Фильтры"),
    "no_filters": ("none", "нет"),
    "rows": ("Rows", "Строки"),
    "visits": ("Visits", "Визитов"),
    "timings": ("Timings", "Хронометражей"),
    "measurements": ("Measurements", "Показателей"),
    "observation_rows": ("Observations in this file", "Наблюдений в этом файле"),
    "branch_rows": ("Branch rows in this file", "Строк об отделениях в этом файле"),
    "item_rows": ("Items in this file", "Пунктов в этом файле"),
    "audit_head": ("Head of the audit log", "Голова журнала"),
    "audit_events": ("Events in the audit log", "Событий в журнале"),
    "version": ("Version", "Версия"),
    "invited": ("Invited", "Приглашено"),
    "both_periods": ("Seen in both periods", "Есть оба периода"),
    "analysed": ("Analysed", "В анализе"),
    "nature": ("Nature of the data", "Происхождение данных"),
    # notices
    "made_up": ("Made-up data for demonstration", "Вымышленные данные для демонстрации"),
    "recorded": ("Recorded data", "Собранные данные"),
    # files
    "file_annex": (
        "Annex: methods and results in full (PDF)",
        "Приложение: методы и результаты полностью (PDF)",
    ),
    "file_bundle": (
        "Evidence bundle to compute everything again (ZIP)",
        "Пакет доказательств для повторного расчёта (ZIP)",
    ),
    "file_json": ("Summary for programs (JSON)", "Сводка для программ (JSON)"),
    "file_csv": ("Table of branches (CSV)", "Таблица отделений (CSV)"),
    "file_xlsx": ("Workbook (Excel)", "Рабочая книга (Excel)"),
    "file_pdf": ("Board page (PDF)", "Страница для правления (PDF)"),
    "file_pptx": ("Slides (PowerPoint)", "Слайды (PowerPoint)"),
    "file_answers": ("Answers of visits, a row each (CSV)", "Ответы визитов, по строке на ответ (CSV)"),
    "file_parquet": ("Observations (Parquet)", "Наблюдения (Parquet)"),
    "file_sav": ("Observations (SPSS)", "Наблюдения (SPSS)"),
    "file_dta": ("Observations (Stata)", "Наблюдения (Stata)"),
    "question": ("Question", "Вопрос"),
    "answer": ("Answer", "Ответ"),
    "how": ("How it is measured", "Как это измеряется"),
    "why": ("Why we think so", "Почему мы так считаем"),
    "unknown": ("What we do not know", "Чего мы не знаем"),
    "guardrails": ("Guardrails", "Защитные показатели"),
    "roll_out": ("Roll-out", "Распространение"),
    "decision": ("Decision", "Решение"),
    "decision_reasons": ("Reasons for the decision", "Причины решения"),
    "decision_signed": ("Decision signed", "Решение подписано"),
    "decision_snapshot": ("Snapshot of the decision", "Снимок данных решения"),
    "plan_changed": ("Change of the plan", "Изменение плана"),
    "decide_roll_out": ("roll out", "распространить"),
    "decide_rework": ("rework", "доработать"),
    "decide_stop": ("stop", "остановить"),
    "decide_need_data": ("need more data", "нужны ещё данные"),
    "signed": ("Signed", "Подпись"),
    "date": ("Date", "Дата"),
}

# The same for each arm and period, which the column names.
_ITEM_CELLS: Final[Mapping[str, tuple[str, str]]] = {
    "share": (
        "Share of visits where the item was fulfilled, per cent; steps of a scale count in part.",
        "Доля визитов, где пункт выполнен, в процентах; ступени шкалы считаются частично.",
    ),
    "n": ("Visits where the item was answered.", "Визиты, где на пункт дан ответ."),
    "not_applicable": (
        "Share of visits where the item did not apply or has no answer, per cent.",
        "Доля визитов, где пункт неприменим или без ответа, в процентах.",
    ),
}

MEANINGS: Final[Mapping[str, tuple[str, str]]] = {
    "branch_code": ("Code of the branch, its key in every table.", "Код отделения, общий ключ всех таблиц."),
    "branch": ("Name of the branch.", "Название отделения."),
    "region": ("Region of the branch.", "Регион отделения."),
    "arm": (
        "Trained: the staff took the training. Comparison: they did not, in the same months.",
        "Обученные: сотрудники прошли обучение. Сравнение: не проходили, те же месяцы.",
    ),
    "stratum": (
        "Branches were put into arms within strata, and are compared within them; empty without strata.",
        "Отделения распределяли по группам внутри страт, внутри них и сравнивают; без страт пусто.",
    ),
    "period": (
        "Before or after the training. Records from the months of training are not counted.",
        "До или после обучения. Записи месяцев обучения не учитываются.",
    ),
    "outcome": ("What is measured.", "Что измеряется."),
    "unit": ("Unit of the means.", "Единица средних значений."),
    "n_before": (
        "Count of records of the branch before the training.",
        "Число записей отделения до обучения.",
    ),
    "mean_before": (
        "Mean of the branch before the training; for lengths of time the geometric mean in seconds.",
        "Среднее отделения до обучения; для длительностей среднее геометрическое в секундах.",
    ),
    "n_after": (
        "Count of records of the branch after the training.",
        "Число записей отделения после обучения.",
    ),
    "mean_after": (
        "Mean of the branch after the training, as before.",
        "Среднее отделения после обучения, так же.",
    ),
    "change": (
        "Change of the branch, after against before; for lengths of time the change of speed in per cent, "
        "above zero means faster.",
        "Изменение в отделении, после относительно до; для длительностей изменение скорости в процентах, "
        "больше нуля значит быстрее.",
    ),
    "change_low": ("Low end of the interval of the change.", "Нижняя граница интервала изменения."),
    "change_high": ("High end of the interval of the change.", "Верхняя граница интервала изменения."),
    "effect": (
        "Change in the trained branches beyond the change in the comparison branches, where there are any; "
        "for lengths of time the change of speed in per cent. Plus is better, also where less is better.",
        "Изменение у обученных сверх изменения в группе сравнения, если она есть; для длительностей "
        "изменение скорости в процентах. Плюс — лучше, в том числе там, где лучше меньшее.",
    ),
    "uplift": (
        "The effect in per cent of what would have been without the training; above zero means better.",
        "Эффект в процентах от того, что было бы без обучения; больше нуля значит лучше.",
    ),
    "smallest_effect": (
        "The smallest effect that would matter, set before the data were seen.",
        "Наименьший эффект, который имеет значение; задан до просмотра данных.",
    ),
    "pvalue_holm": (
        "p value corrected for several primary outcomes by Holm's method.",
        "Значение p с поправкой Холма на число основных показателей.",
    ),
    "record_id": ("Number of the record in the system.", "Номер записи в системе."),
    "observed_on": ("Date at the branch, in its own time zone.", "Дата в отделении, по его часовому поясу."),
    "auditor": ("Pseudonym of the auditor.", "Псевдоним аудитора."),
    "double_visit": (
        "The same for visits that two auditors made independently; empty for all others.",
        "Одинаково у визитов, которые независимо сделали два аудитора; у остальных пусто.",
    ),
    "operation": ("Type of operation that was timed.", "Тип операции, время которой замерено."),
    "score_points": (
        "Score of the visit by the checklist, 0 to 100.",
        "Балл визита по чек-листу, от 0 до 100.",
    ),
    "wait_seconds": ("Time spent waiting, seconds.", "Время ожидания, секунды."),
    "service_seconds": ("Time spent being served, seconds.", "Время обслуживания, секунды."),
    "total_seconds": (
        "Time from arrival to the end of service, seconds.",
        "От прихода до конца обслуживания, секунды.",
    ),
    "measure": ("Name of the measurement.", "Название показателя."),
    "value": ("Value of the measurement.", "Значение показателя."),
    "included": ("Whether the record is counted in the results.", "Учтена ли запись в результатах."),
    "reason": ("Why the record is not counted.", "Почему запись не учтена."),
    "snapshot": (
        "First eight signs of the SHA-256 of the data behind this file.",
        "Первые восемь знаков SHA-256 данных, на которых построен файл.",
    ),
    "item_code": ("Code of the item in the checklist.", "Код пункта в чек-листе."),
    "lever": (
        "Whether training could move the item, or only the facility: such items are a check that nothing "
        "else has changed.",
        "Может ли пункт измениться от обучения или только от помещения: такие пункты проверяют, что не "
        "изменилось ничего другого.",
    ),
    **{
        f"{arm}_{cell}_{period}": text
        for arm in ("trained", "comparison")
        for period in ("before", "after")
        for cell, text in _ITEM_CELLS.items()
    },
    "item_effect": (
        "Change of the share in the trained branches beyond the change in the comparison branches, where "
        "there are any, in percentage points; each branch counts as in the plan.",
        "Изменение доли у обученных сверх изменения в группе сравнения, если она есть, в процентных "
        "пунктах; отделения взвешены так, как записано в плане.",
    ),
    "pvalue_adjusted": (
        "p value corrected for the number of items by the method of Benjamini and Hochberg.",
        "Значение p с поправкой на число пунктов по Бенджамини и Хохбергу.",
    ),
    "item_moved": (
        "Whether the adjusted p value is below what the level allows.",
        "Меньше ли значение p с поправкой того, что допускает уровень.",
    ),
    "rows_total": ("How many rows the whole table has.", "Сколько строк во всей таблице."),
}

_UNITS: Final[Mapping[str, tuple[str, str]]] = {
    "points": ("points", "балла"),
    "seconds": ("s", "с"),
    "percent": ("%", "%"),
    "speed_percent": ("% of speed", "% скорости"),
    "percentage_points": ("p.p.", f"п.{NBSP}п."),
}


def label(key: str, language: str) -> str:
    """Return a short word by its key; an unknown key is a mistake of the code and raises KeyError."""
    return LABELS[key][0 if language_of(language) == "en" else 1]


def label_or(key: str, language: str) -> str:
    """Return a short word by its key, or the key itself where the word is not ours (a region, a method)."""
    return label(key, language) if key in LABELS else key


def meaning(key: str, language: str) -> str:
    """Return what a column means, for the workbook's dictionary."""
    return MEANINGS[key][0 if language_of(language) == "en" else 1]


def unit_label(unit: str, language: str) -> str:
    """Return a unit as it follows a number with decimals; a unit of an imported file stays as it is."""
    return _UNITS[unit][0 if language_of(language) == "en" else 1] if unit in _UNITS else unit


def say(sentence: tuple[str, str], language: str, **parts: str) -> str:
    """Return a sentence in one language (English stands first) with its parts filled in."""
    return sentence[0 if language_of(language) == "en" else 1].format(**parts)
