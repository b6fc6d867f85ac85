"""Reasons, warnings and labels of an interrupted time series."""

from __future__ import annotations

from pilot_eval.reports.sentences import Forms, Sentence
from pilot_eval.reports.words.counted import ROWS

PERIODS: Forms = {
    "en": {"one": "period", "other": "periods"},
    "ru": {"one": "период", "few": "периода", "many": "периодов", "other": "периода"},
}

REASONS: dict[str, Sentence] = {
    "several_training_days": Sentence(
        "an interrupted time series has one day of training; here there are {n}: use the design staggered",
        "у прерванного временного ряда один день обучения, а здесь их {n}: возьмите схему с разными датами "
        "обучения",
    ),
    "uneven_periods": Sentence(
        "the dates are no regular periods: {n} dates in a span of {span}; group them with --time-unit week, "
        "month or quarter",
        "даты не образуют равных периодов: {n} дат на {span} возможных; сгруппируйте их по неделям, месяцам "
        "или кварталам",
    ),
    "few_periods": Sentence(
        "a trend needs at least {fewest} periods before and {fewest} after, {need} in all for this model; "
        "there are {before} and {after}",
        "для тренда нужно не менее {fewest} периодов до и {fewest} после, для этой модели всего {need}; "
        "есть {before} и {after}",
    ),
    "season_unseen": Sentence(
        "a season must be seen at least {need} times to be told from a change; the series has {years} years",
        "чтобы отличить сезон от изменения, его нужно увидеть не менее {need} раз; длина ряда в годах: "
        "{years}",
    ),
    "too_many_zeros_in_series": Sentence(
        "{share} of the times are 0 seconds (limit {limit}), too many for a mean of logarithms",
        "{share} времён равны 0 секунд (предел {limit}), для среднего логарифмов это слишком много",
    ),
    "no_variation_in_series": Sentence(
        "all {n} periods lie exactly on a line, so that nothing tells how sure the effect is",
        "все периоды ({n}) лежат точно на прямой, поэтому точность эффекта оценить нельзя",
    ),
    "regressors_dependent": Sentence(
        "step, trend and season cannot be told apart in these {n} periods",
        "скачок, тренд и сезон в этих периодах ({n}) не разделить",
    ),
    "no_convergence": Sentence(
        "the regression of the {n} periods finds no finite answer: events are too few",
        "регрессия по периодам ({n}) не даёт конечного ответа: событий слишком мало",
    ),
}

WARNINGS: dict[str, Sentence] = {
    "few_periods": Sentence(
        "The series is short: {before} periods before and {after} after, where {usual} of each are usual. "
        "Its trend is uncertain, and the interval may be narrower than it should be.",
        "Ряд короткий: периодов до {before}, после {after}, а обычно нужно по {usual}. Тренд определён "
        "неточно, интервал может быть уже, чем следует.",
    ),
    "split_period": Sentence(
        "Left out: {n} from before training in the period in which it began.",
        "Строк не учтено: {n}; они относятся к периоду начала обучения, но сделаны до него.",
    ),
    "missing_periods": Sentence(
        "{n} within the series without any value. Look at why they are missing.",
        "Периодов без данных внутри ряда: {n}. Выясните, почему их нет.",
    ),
    "branches_come_and_go": Sentence(
        "Not every branch has values in every period ({n}): part of a change may be that other branches "
        "were seen.",
        "Не у каждого отделения есть данные во всех периодах ({n}): часть изменения может объясняться тем, "
        "что наблюдались другие отделения.",
    ),
    "autocorrelated": Sentence(
        "Neighbouring periods depend on one another beyond trend and season (autocorrelation {first}; "
        "{lags} lags looked at). The interval allows for it, but is still too narrow where it is strong.",
        "Соседние периоды зависимы сверх тренда и сезона (автокорреляция {first}; проверено лагов: {lags}). "
        "Интервал это учитывает, но при сильной зависимости всё же узок.",
    ),
    "autocorrelated_counts": Sentence(
        "Neighbouring periods depend on one another beyond trend and season (autocorrelation {first}; "
        "{lags} lags looked at). The main interval takes them for independent and may be too narrow; the "
        "one by Newey and West allows for it.",
        "Соседние периоды зависимы сверх тренда и сезона (автокорреляция {first}; проверено лагов: {lags}). "
        "Основной интервал считает их независимыми и может быть слишком узок; интервал Ньюи — Уэста это "
        "учитывает.",
    ),
    "season_unseen": Sentence(
        "The series is too short to show a season ({years} years): what comes every year at that time may "
        "be taken for an effect.",
        "Ряд слишком короткий, чтобы увидеть сезон (лет: {years}): то, что бывает в это время каждый год, "
        "можно принять за эффект.",
    ),
    "season_matters": Sentence(
        "With the season of the year taken into account the answer would be another one (see with_season): "
        "ask for --season.",
        "С учётом времени года ответ был бы другим (он дан рядом): пересчитайте с сезоном.",
    ),
    "slope_changes": Sentence(
        "The effect is that of the beginning. The slope of the trend may have changed as well, by {number} "
        "a year ({low} to {high}), so that the effect would grow or shrink with time.",
        "Это эффект в начале. Мог измениться и наклон тренда: {number} за год (от {low} до {high}), тогда "
        "эффект со временем растёт или убывает.",
    ),
    "slope_changes_percent": Sentence(
        "The effect is that of the beginning. The slope of the trend may have changed as well, by {change} "
        "a year ({change_low} to {change_high}), so that the effect would grow or shrink with time.",
        "Это эффект в начале. Мог измениться и наклон тренда: {change} за год (от {change_low} до "
        "{change_high}), тогда эффект со временем растёт или убывает.",
    ),
    "trend_turns": Sentence(
        "Comparing before with after without the trend would say the opposite: the series was moving "
        "already.",
        "Простое сравнение «до» и «после» без тренда сказало бы обратное: ряд менялся и раньше.",
    ),
    "trend_turns_percent": Sentence(
        "Comparing before with after without the trend would say {change}, the opposite: the series was "
        "moving already.",
        "Простое сравнение «до» и «после» без тренда дало бы {change}, то есть обратное: ряд менялся и "
        "раньше.",
    ),
}

COUNTED: dict[str, Forms] = {
    "split_period": ROWS,
    "missing_periods": {"en": {"one": "period is", "other": "periods are"}, "ru": {}},
    "branches_come_and_go": PERIODS,
}

COMPARED: dict[str, Sentence] = {
    "interrupted_time_series": Sentence(
        "Trained branches when training began, against their trend until then: {change} ({level} interval: "
        "{interval}; plus is better).",
        "Обученные отделения с началом обучения против их прежнего тренда: {change} ({level} интервал: "
        "{interval}; плюс — лучше).",
    ),
}

LABELS: dict[str, Sentence] = {
    "expected": Sentence("Expected, seen", "Ожидалось, вышло"),
    "quasi_poisson": Sentence("Quasi-Poisson", "Квазипуассон"),
    "poisson": Sentence("Poisson", "Пуассон"),
    "newey_west": Sentence("Newey-West", "Ньюи — Уэст"),
}
