"""Reasons, warnings and labels of branches seen before and after."""

from __future__ import annotations

from pilot_eval.reports.sentences import Forms, Sentence
from pilot_eval.reports.words.counted import BRANCHES, CELLS, ROWS, TIMES

REASONS: dict[str, Sentence] = {
    "few_branches": Sentence(
        "an arm needs at least {need} branches seen both before and after; {arm} has {n}",
        "в группе нужно не менее {need} отделений с данными и до, и после; {arm}: {n}",
    ),
    "few_branches_in_strata": Sentence(
        "within the strata too few branches are left to compare: a single branch would decide the effect",
        "внутри страт слишком мало отделений для сравнения: эффект решало бы одно отделение",
    ),
    "no_variation": Sentence(
        "all branches changed by the same amount, so that nothing tells how sure the effect is",
        "все отделения изменились одинаково, поэтому точность эффекта оценить нельзя",
    ),
    "no_variation_within": Sentence(
        "all values within a branch and period are equal, so that nothing tells chance from change",
        "внутри отделения и периода все значения равны, поэтому случайное не отличить от изменения",
    ),
    "single_observations": Sentence(
        "every branch has one value per period: with nothing repeated, chance cannot be told from change; "
        "two or more visits per branch and period are needed",
        "у каждого отделения одно значение за период: без повторов случайное не отличить от изменения; "
        "нужно два визита или больше на отделение и период",
    ),
    "few_in_funnel": Sentence(
        "at least {need} branches are needed to compare them with one another; there are {n}",
        "для сравнения отделений между собой их нужно не менее {need}; есть {n}",
    ),
    "too_many_zeros": Sentence(
        "{share} of the times are 0 seconds (limit {limit}), too many for a mean of logarithms; "
        "the ratio of mean times is given instead",
        "{share} времён равны 0 секунд (предел {limit}), для среднего логарифмов это слишком много; "
        "вместо него дано отношение средних времён",
    ),
}

WARNINGS: dict[str, Sentence] = {
    "no_comparison_group": Sentence(
        "There is no comparison group: part of the change may have come by itself. Compare with branches "
        "that were not trained, where you can.",
        "Группы сравнения нет: часть изменения могла произойти сама собой. По возможности сравните с "
        "отделениями, которые не обучались.",
    ),
    "comparison_left_out": Sentence(
        "Left out: {n}; this design looks at trained branches only.",
        "Не учтено: {n}; эта схема рассматривает только обученные отделения.",
    ),
    "unpaired_branches": Sentence(
        "Left out of the effect: {n} without values both before and after.",
        "Без данных и до, и после, поэтому не учтено: {n}.",
    ),
    "strata_without_both_arms": Sentence(
        "Left out: {n} in a stratum without branches of the other arm.",
        "Не учтено: {n}; в их страте нет отделений другой группы.",
    ),
    "missing_values": Sentence(
        "{n} empty; such rows were left out. Look at why they are empty before you trust the effect.",
        "Пустых ячеек: {n}; их строки не учтены. Прежде чем доверять эффекту, выясните, почему они пусты.",
    ),
    "during_left_out": Sentence(
        "Left out: {n} of the training months.", "Строк периода обучения не учтено: {n}."
    ),
    "zero_durations": Sentence(
        "Taken as half a second: {n} of 0 seconds.",
        "Времён в 0 секунд: {n}; каждое принято за полсекунды.",
    ),
    "few_branches": Sentence(
        "There are few branches, only {n} in the smaller arm: the interval rests on about {df} degrees of "
        "freedom, so it is wide and leans on the branches varying alike. More branches help, more visits per "
        "branch hardly do.",
        "Отделений мало, в меньшей группе всего {n}: интервал опирается примерно на {df} степени свободы, "
        "поэтому он широк и предполагает одинаковый разброс отделений. Помогут новые отделения, а не новые "
        "визиты.",
    ),
    "weights_disagree": Sentence(
        "The direction of the effect depends on whether each branch or each row counts once: large and small "
        "branches changed differently. Look at both before deciding.",
        "Направление эффекта зависит от того, считать ли одинаково каждое отделение или каждую строку: "
        "крупные и малые отделения изменились по-разному. Прежде чем решать, посмотрите на оба расчёта.",
    ),
    "uplift_without_base": Sentence(
        "No change in percent is given: the value to compare with is zero or below.",
        "Изменение в процентах не дано: величина для сравнения равна нулю или отрицательна.",
    ),
    "uplift_unbounded": Sentence(
        "The change in percent has no limits that these data could set: the value to compare with may be "
        "zero.",
        "Границы изменения в процентах по этим данным не определены: величина для сравнения может быть "
        "нулевой.",
    ),
}

COUNTED: dict[str, Forms] = {
    "comparison_left_out": BRANCHES,
    "unpaired_branches": BRANCHES,
    "strata_without_both_arms": BRANCHES,
    "few_branches": BRANCHES,
    "during_left_out": ROWS,
    "missing_values": CELLS,
    "zero_durations": TIMES,
}

LABELS: dict[str, Sentence] = {
    "outcome": Sentence("Outcome", "Показатель"),
    "data": Sentence("Data", "Данные"),
    "counts": Sentence(
        "{trained} trained and {comparison} comparison branches, {used} of {rows} rows",
        "отделений: обученных {trained}, сравнения {comparison}; строк: {used} из {rows}",
    ),
    "trained": Sentence("Trained", "Обученные"),
    "comparison": Sentence("Comparison", "Сравнение"),
    "effect": Sentence("Effect", "Эффект"),
    "uplift": Sentence("Uplift", "Прирост"),
    "time": Sentence("Time taken", "Затраты времени"),
    "cr2": Sentence("CR2", "CR2"),
    "wild_cluster_bootstrap": Sentence("Wild bootstrap", "Дикий бутстрап"),
    "permutation": Sentence("Permutation", "Перестановки"),
    "sign_flip": Sentence("Sign flips", "Перемена знаков"),
    "wilcoxon_signed_rank": Sentence("Wilcoxon", "Уилкоксон"),
}

# Told after the headline; the sign is explained each time, because plus is not always more.
COMPARED: dict[str, Sentence] = {
    "with_comparison": Sentence(
        "Trained branches against comparison branches: {change} "
        "({level} interval: {interval}; plus is better).",
        "Обученные отделения против отделений сравнения: {change} "
        "({level} интервал: {interval}; плюс — лучше).",
    ),
    "without_comparison": Sentence(
        "Trained branches, after against before: {change} ({level} interval: {interval}; plus is better).",
        "Обученные отделения, после против до: {change} ({level} интервал: {interval}; плюс — лучше).",
    ),
}

UNITS: dict[str, Sentence] = {
    "points": Sentence("{number} points", "{number} балла"),
    "percentage_points": Sentence("{number} percentage points", "{number} процентного пункта"),
    "speed_percent": Sentence("speed {number}", "скорость {number}"),
    "time_percent": Sentence("time {number}", "время {number}"),
}

# Of a range the unit is said once, behind its last number.
RANGE_UNITS: dict[str, Sentence] = {
    "speed_percent": Sentence("{number} of speed", "{number} скорости"),
    "time_percent": Sentence("{number} of time", "{number} времени"),
}

TEXT_UNITS: dict[str, Sentence] = {
    "points": Sentence("points", "балла"),
    "percentage_points": Sentence("percentage points", "процентного пункта"),
    "log_seconds": Sentence("log ratio of times", "логарифм отношения времён"),
}
