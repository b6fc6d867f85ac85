"""The words of the annex, in both languages; English stands first."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

HEADINGS: Final[Mapping[str, tuple[str, str]]] = {
    "title": ("Annex: methods and results in full", "Приложение: методы и результаты полностью"),
    "plan": ("Question and plan", "Вопрос и план"),
    "design": ("Design", "Схема пилота"),
    "flow": ("Branches from invitation to analysis", "Отделения от приглашения до анализа"),
    "baseline": ("Before the training", "До обучения"),
    "results": ("Main results", "Основные результаты"),
    "sensitivity": ("Would other choices tell the same?", "Дали бы другие решения тот же ответ?"),
    "heterogeneity": ("How branches differ", "Как различаются отделения"),
    "roll_out": ("What other branches may expect", "Чего ждать другим отделениям"),
    "items": ("Items of the checklist", "Пункты чек-листа"),
    "guardrails": ("Other outcomes (guardrails)", "Другие показатели (защитные)"),
    "quality": ("Quality of the data", "Качество данных"),
    "limits": ("Limits", "Ограничения"),
    "decision": ("Decision", "Решение"),
    "definitions": ("Definitions", "Определения"),
    "reproduction": ("How to compute it again", "Как получить это заново"),
}
SENTENCES: Final[Mapping[str, tuple[str, str]]] = {
    "order": (
        "This annex follows SQUIRE 2.0, with the items of CONSORT for trials of clusters.",
        "Приложение следует SQUIRE 2.0 и пунктам CONSORT для кластерных испытаний.",
    ),
    "design_alt": (
        "Time line. Visits before training {before}; training {training}; visits after training {after}.",
        "Шкала времени. Визиты до обучения {before}; обучение {training}; визиты после обучения {after}.",
    ),
    "design_caption": (
        "Branches are seen in the same months before and after; only the trained ones get the training.",
        "Отделения наблюдают в одни и те же месяцы до и после; обучение проходят только обученные.",
    ),
    "design_caption_alone": (
        "Every branch is trained; each is compared with its own past.",
        "Обучение проходят все отделения; каждое сравнивается со своим прошлым.",
    ),
    "imported": (
        "The pilot was taken over from a file; the file tells periods, but no dates.",
        "Пилот загружен из файла; в нём указаны периоды, но нет дат.",
    ),
    "none": ("none", "нет"),
    "flow_caption": (
        "{analysed} of {invited} invited branches are in the main analysis.",
        "В основной анализ вошло {analysed} из {invited} приглашённых отделений.",
    ),
    "flow_alt": (
        "Flow of branches: {steps}.",
        "Движение отделений: {steps}.",
    ),
    "flow_withheld": (
        "How many were seen in both periods is told once the visits after training are closed.",
        "Сколько отделений наблюдалось в обоих периодах, будет сказано после завершения визитов.",
    ),
    "baseline_note": (
        "Means of branches; of times geometric means.",
        "Средние по отделениям; для времени — геометрические средние.",
    ),
    "unit_note": (
        "A branch is the unit: its visits are averaged first. Plus is better everywhere.",
        "Единица анализа — отделение: сначала усредняются его визиты. Плюс всюду означает «лучше».",
    ),
    "family_note": (
        "With {count} primary outcomes each interval has the level {level}, so that all of them hold "
        "together with {together}; p values are corrected by Holm's method beside.",
        "Основных показателей {count}, поэтому уровень каждого интервала {level}: тогда все вместе верны с "
        "вероятностью {together}; рядом p с поправкой Холма.",
    ),
    "log_note": (
        "Effect and standard error of a time are on the scale of its logarithm.",
        "Эффект и стандартная ошибка времени даны в шкале его логарифма.",
    ),
    "specified": (
        "{same} of {others} other calculations lead to the planned verdict.",
        "К тому же выводу ведут {same} из {others} других расчётов.",
    ),
    "leave_one": (
        "With any one branch left out the effect stays between {low} and {high} (scale of the analysis).",
        "Если убрать любое одно отделение, эффект остаётся от {low} до {high} (шкала анализа).",
    ),
    "sensitivity_caption": (
        "{outcome}: {same}",
        "{outcome}: {same}",
    ),
    "not_computed": ("Not possible here: {names}.", "Здесь невозможны: {names}."),
    "spread": (
        "{arm}: the changes of {n} branches vary by {tau} beyond chance (standard deviation; I² {share}).",
        "{arm}: изменения {n} отделений различаются сверх случайного на {tau} (стандартное отклонение; "
        "I² {share}).",
    ),
    "icc": (
        "{outcome}: ICC {icc} (two observations of one branch and period).",
        "{outcome}: ICC {icc} (два наблюдения одного отделения за один период).",
    ),
    "not_here": (
        "Not part of this reader's annex.",
        "В приложение для этого читателя не входит.",
    ),
    "items_found": (
        "{moved} of {all} items moved, with p values corrected for their number (Benjamini and Hochberg). "
        "The table has those that moved most.",
        "Изменилось {moved} из {all} пунктов с поправкой p на их число (Бенджамини — Хохберг). В таблице те, "
        "что изменились сильнее всего.",
    ),
    "no_items": ("The pilot has no checklist.", "У пилота нет чек-листа."),
    "no_guardrails": ("No other outcomes were measured.", "Другие показатели не измерялись."),
    "checks": (
        "What could mislead, and what the data say of it",
        "Что могло бы ввести в заблуждение и что об этом говорят данные",
    ),
    "reproduce": (
        "The evidence bundle holds the records, plan and result of this pilot. The first command takes it; "
        "the second computes every number again on any computer and names what differs.",
        "Пакет доказательств содержит записи, план и результат этого пилота. Первая команда получает его, "
        "вторая на любом компьютере заново вычисляет каждое число и называет расхождения.",
    ),
    "no_smallest": ("not set", "не задан"),
}
ROWS: Final[Mapping[str, tuple[str, str]]] = {
    "question": ("Question", "Вопрос"),
    "trained_means": ("Trained: before → after", "Обученные: до → после"),
    "comparison_means": ("Comparison: before → after", "Сравнение: до → после"),
    "absolute": ("Change due to the training", "Изменение за счёт обучения"),
    "interval": ("Interval", "Интервал"),
    "relative": ("Relative to what was expected", "Относительно ожидаемого"),
    "relative_interval": ("Interval (Fieller)", "Интервал (Филлер)"),
    "estimate": ("Effect, scale of the analysis", "Эффект в шкале анализа"),
    "error": ("Standard error (df)", "Стандартная ошибка (df)"),
    "pvalue": ("p", "p"),
    "adjusted": ("p, Holm", "p с поправкой Холма"),
    "records": ("Observations used", "Использовано наблюдений"),
    "branches": ("Branches (trained + comparison)", "Отделений (обученные + сравнение)"),
    "icc": ("ICC", "ICC"),
    "method": ("Method", "Метод"),
    "verdict": ("Verdict", "Вывод"),
    "outcome": ("Outcome", "Показатель"),
    "calculation": ("Calculation", "Расчёт"),
    "change": ("Change", "Изменение"),
    "item": ("Item", "Пункт"),
    "same": ("Same verdict", "Тот же вывод"),
    "version": ("Version of the plan", "Версия плана"),
    "effect_points": ("Change, p.p.", "Изменение, п. п."),
    "p_adjusted": ("p, adjusted", "p с поправкой"),
    "check": ("Check", "Проверка"),
    "finding": ("Finding", "Результат"),
    "smallest": ("Smallest change that matters", "Наименьшее заметное изменение"),
    "role": ("Role", "Роль"),
    "primary": ("primary", "основной"),
    "guardrail": ("guardrail", "защитный"),
    "exclusions": ("Exclusions", "Исключения"),
    "minimum": ("Fewest branches, observations", "Не меньше отделений, наблюдений"),
    "looks": ("Looks before the end", "Просмотры до окончания"),
    "plan_state": ("Plan", "План"),
    "planned": ("planned", "по плану"),
    "n_trained": ("Trained, n", "Обученные, n"),
    "n_comparison": ("Comparison, n", "Сравнение, n"),
}
