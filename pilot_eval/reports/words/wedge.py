"""Reasons, warnings and labels of branches that are trained one after another."""

from __future__ import annotations

from pilot_eval.reports.sentences import Forms, Sentence
from pilot_eval.reports.words.counted import BRANCHES, ROWS

ORDERS: Forms = {
    "en": {"one": "order", "other": "orders"},
    "ru": {},
}
MEANS: Forms = {
    "en": {"one": "branch and period has", "other": "branches and periods have"},
    "ru": {},
}

REASONS: dict[str, Sentence] = {
    "wedge_not_identified": Sentence(
        "in every period all branches seen are trained, or none is: nothing tells training from the period",
        "в каждом периоде обучены либо все наблюдавшиеся отделения, либо ни одного: обучение не отличить "
        "от периода",
    ),
    "wedge_one_number_misleads": Sentence(
        "the effect changes with the time since training (p {pvalue}), and the one number is not its mean "
        "over that time; read the effect by time since training",
        "эффект меняется со временем после обучения (значимость {pvalue}), и одно число не равно его "
        "среднему за это время; смотрите эффект по времени после обучения",
    ),
    "wedge_too_many_zeros": Sentence(
        "{share} of the times are 0 seconds (limit {limit}), too many for a mean of logarithms",
        "{share} времён равны 0 секунд (предел {limit}), для среднего логарифмов это слишком много",
    ),
}

WARNINGS: dict[str, Sentence] = {
    "wedge_order_not_drawn": Sentence(
        "The p-value takes the order of training as drawn by lot, which is not said of these data. Where "
        "branches were trained early for a reason, for example the weak ones first, the effect may be theirs "
        "and not the training's.",
        "Проверка исходит из того, что очерёдность обучения определил жребий, а здесь об этом ничего не "
        "сказано. Если первыми обучали не случайно, например слабые отделения, эффект может быть их "
        "особенностью, а не заслугой обучения.",
    ),
    "wedge_branches_left_out": Sentence(
        "Left out of the effect: {n} with values in fewer than two periods.",
        "С данными менее чем за два периода, поэтому не учтено: {n}.",
    ),
    "wedge_trained_from_the_start": Sentence(
        "{n} trained from the first period on: they tell of the periods only, and lend that to the effect as "
        "if their own had stopped changing.",
        "Обучены с первого же периода: {n}; они говорят только о периодах, и расчёт полагает, что их "
        "собственный эффект уже не меняется.",
    ),
    "wedge_missing_cells": Sentence(
        "{n} no value; the others are compared as they are.",
        "Пар «отделение — период» без данных: {n}; остальные сравниваются как есть.",
    ),
    "wedge_rows_before_training": Sentence(
        "{n} from before the day of training, but of the same period, were left out.",
        "Не учтено: {n} того же периода, но до дня обучения.",
    ),
    "wedge_few_orders": Sentence(
        "There are only {n} in which these branches could have been trained: no p-value below {pvalue} is "
        "possible, whatever the effect.",
        "Возможных очерёдностей обучения всего {n}: значимость меньше {pvalue} недостижима при любом "
        "эффекте.",
    ),
    "wedge_few_branches": Sentence(
        "There are few branches, only {n}: CR2 beside the permutation rests on about {df} degrees of "
        "freedom, and a single branch weighs much. More branches help, more visits per branch hardly do.",
        "Отделений мало, всего {n}: CR2 рядом с перестановками опирается примерно на {df} степени свободы, и "
        "одно отделение весит много. Помогут новые отделения, а не новые визиты.",
    ),
    "wedge_effect_changes": Sentence(
        "The effect changes with the time since training (p {pvalue}): about {first} in the first period, "
        "about {last} after {after} more. The one number mixes these and may lie outside them; the document "
        "gives the effect by time since training.",
        "Эффект меняется со временем после обучения (значимость {pvalue}): около {first} в первом периоде и "
        "около {last} через столько периодов: {after}. Одно число их смешивает и может лежать вне этих "
        "границ; эффект по времени после обучения дан в документе.",
    ),
    "wedge_time_changes": Sentence(
        "The effect changes with the time since training (p {pvalue}): the time taken changed by about "
        "{first_share} in the first period, by about {last_share} after {after} more. The one number mixes "
        "these and may lie outside them; the document gives the effect by time since training.",
        "Эффект меняется со временем после обучения (значимость {pvalue}): затраты времени изменились "
        "примерно на {first_share} в первом периоде и на {last_share} через столько периодов: {after}. Одно "
        "число их смешивает и может лежать вне этих границ; эффект по времени после обучения дан в "
        "документе.",
    ),
}

COUNTED: dict[str, Forms] = {
    "wedge_branches_left_out": BRANCHES,
    "wedge_trained_from_the_start": BRANCHES,
    "wedge_missing_cells": MEANS,
    "wedge_rows_before_training": ROWS,
    "wedge_few_orders": ORDERS,
    "wedge_few_branches": BRANCHES,
}

COMPARED: dict[str, Sentence] = {
    "stepped_wedge": Sentence(
        "Trained branches against those not yet trained, in the same periods: {change} "
        "({level} interval: {interval}; plus is better).",
        "Обученные отделения против ещё не обученных в те же периоды: {change} "
        "({level} интервал: {interval}; плюс — лучше).",
    ),
}

LABELS: dict[str, Sentence] = {
    "sequence_permutation": Sentence("Permuted dates", "Перестановки дат"),
    "hussey_hughes": Sentence("Mixed model", "Смешанная модель"),
    "exposed_cells": Sentence("Expected → seen", "Ожидалось → вышло"),
    "exposure_time": Sentence("Mean over time", "Среднее по времени"),
}
