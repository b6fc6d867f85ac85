"""Reasons, warnings and labels of branches trained at different dates, and of trends before training."""

from __future__ import annotations

from pilot_eval.reports.sentences import Forms, Sentence
from pilot_eval.reports.words.counted import BRANCHES, ROWS

REASONS: dict[str, Sentence] = {
    "no_cohort_to_compare": Sentence(
        "no date of training has {need} trained branches seen before and after it beside {need} branches "
        "not yet trained; a wider time unit may help",
        "ни на одну дату обучения нет {need} обученных отделений с данными до и после неё и {need} ещё не "
        "обученных; может помочь более крупная единица времени",
    ),
    "cohort_without_comparison": Sentence(
        "no period has {need} branches of this date and {need} not yet trained",
        "ни в одном периоде нет {need} отделений этой даты и {need} ещё не обученных",
    ),
    "too_many_zeros_by_period": Sentence(
        "{share} of the times are 0 seconds (limit {limit}), too many for a mean of logarithms; analyse "
        "the share of zeros as a proportion, or the seconds as a score",
        "{share} времён равны 0 секунд (предел {limit}), для среднего логарифмов это слишком много; "
        "рассмотрите долю нулей или сами секунды как балл",
    ),
    "trends_need_dates": Sentence(
        "the trend before training can be seen only where rows have a date and branches a day of training",
        "ход до обучения виден, только если у строк есть дата, а у отделений день обучения",
    ),
    "trends_of_means_only": Sentence(
        "trends before training are told of scores, proportions and times that all came to an end",
        "ход до обучения рассматривается для баллов, долей и времён, из которых ни одно не прервано",
    ),
    "few_periods_before": Sentence(
        "at least {need} periods before training are needed to see a trend; no date of training has as many",
        "чтобы увидеть ход до обучения, нужно не менее {need} периодов до него; столько нет ни для одной "
        "даты",
    ),
    "event_study_needs_dates": Sentence(
        "effects by time since training need a date in every row and a day of training",
        "для эффекта по времени с начала обучения нужны дата в каждой строке и день обучения",
    ),
    "few_branches_untrimmed": Sentence(
        "fewer than {need} branches would be left in an arm after trimming",
        "после отсечения в группе осталось бы меньше {need} отделений",
    ),
}

WARNINGS: dict[str, Sentence] = {
    "always_trained": Sentence(
        "Left out: {n} trained from the first period on; there is nothing before to compare with.",
        "Обучены с первого же периода и потому не учтены: {n}; сравнивать не с чем.",
    ),
    "rows_before_training_in_its_period": Sentence(
        "Left out: {n} of the period of training from before the day itself. A narrower time unit keeps "
        "them.",
        "Из периода обучения, но до самого дня обучения, и потому не учтено: {n}. Более мелкая единица "
        "времени сохранит их.",
    ),
    "skipped_periods": Sentence(
        "Periods in which nobody has a row: {n}. Times since training count only the periods that exist.",
        "Периодов, за которые нет ни одной строки: {n}. Время с начала обучения считается только по "
        "имеющимся периодам.",
    ),
    "last_cohort_is_comparison": Sentence(
        "All branches are trained in the end: the last to be trained, {n}, are a comparison until then, "
        "and nothing is said of their own effect.",
        "В конце обучены все отделения: обученные последними ({n}) до этого служат сравнением, об эффекте "
        "у них самих ничего не известно.",
    ),
    "branches_without_part": Sentence(
        "Without part in the effect: {n}, not seen in the periods that are compared or alone in their date "
        "of training.",
        "Не участвуют в эффекте: {n}; нет данных в сравниваемых периодах, или отделение одно на свою дату "
        "обучения.",
    ),
    "cells_without_effect": Sentence(
        "In {n} combinations of a date of training and a later period there are fewer than {need} trained "
        "or {need} comparison branches: these have no effect of their own and are left out of the mean.",
        "Сочетаний даты обучения и последующего периода, где меньше {need} обученных или {need} отделений "
        "сравнения: {n}; отдельного эффекта у них нет, в среднее они не входят.",
    ),
    "branches_missing_periods": Sentence(
        "{n} lack a value in some period. Each comparison uses the branches seen in both of its periods, "
        "so that different periods rest on somewhat different branches.",
        "Без данных в некоторых периодах: {n}. В каждом сравнении участвуют отделения с данными в обоих "
        "его периодах, поэтому в разных периодах состав отделений немного разный.",
    ),
    "few_branches_in_cohorts": Sentence(
        "There are few branches: the smallest date of training in the effect has {n}. The interval rests "
        "on about {df} degrees of freedom, so it is wide and leans on the branches varying alike; that of "
        "the multiplier bootstrap beside it is too narrow then. More branches help, more periods hardly do.",
        "Отделений мало: на самую малую из учтённых дат обучения приходится {n}. Интервал опирается "
        "примерно на {df} степени свободы, поэтому он широк и предполагает одинаковый разброс отделений; "
        "интервал бутстрапа множителей рядом с ним в этом случае слишком узок. Помогут новые отделения, а "
        "не новые периоды.",
    ),
    "dates_not_permuted": Sentence(
        "Dates of training were not exchanged between branches as a check: with so many branches and "
        "missing periods it would take too long. Fewer draws make it possible.",
        "Проверка обменом дат обучения между отделениями не проведена: при таком числе отделений и "
        "пропущенных периодов она заняла бы слишком много времени. Уменьшите число повторений.",
    ),
    "two_way_opposite": Sentence(
        "The usual regression with branch and period effects has the opposite sign here: it compares "
        "branches with others trained before them. It is told beside the effect and should not be used.",
        "Обычная регрессия с эффектами отделений и периодов имеет здесь обратный знак: она сравнивает "
        "отделения с обученными раньше них. Она приведена рядом с эффектом, опираться на неё не следует.",
    ),
}

COUNTED: dict[str, Forms] = {
    "always_trained": BRANCHES,
    "rows_before_training_in_its_period": ROWS,
    "last_cohort_is_comparison": BRANCHES,
    "branches_without_part": BRANCHES,
    "branches_missing_periods": BRANCHES,
    "few_branches_in_cohorts": BRANCHES,
}

COMPARED: dict[str, Sentence] = {
    "staggered": Sentence(
        "Branches once trained against branches not yet trained, each date of training by itself: {change} "
        "({level} interval: {interval}; plus is better).",
        "Обученные отделения против ещё не обученных, по каждой дате обучения отдельно: {change} ({level} "
        "интервал: {interval}; плюс — лучше).",
    ),
}

LABELS: dict[str, Sentence] = {
    "callaway_santanna": Sentence("By cohort", "По датам"),
    "multiplier_bootstrap": Sentence("Multiplier bootstrap", "Бутстрап множителей"),
    "cohort_permutation": Sentence("Dates permuted", "Обмен датами"),
    "event_study": Sentence("Effect by periods since training", "Эффект по числу периодов с начала обучения"),
    "event_study_row": Sentence(
        "{time}: {estimate} ({interval}; all together {band}), branches: {branches}",
        "{time}: {estimate} ({interval}; все вместе {band}), отделений: {branches}",
    ),
    "pre_test": Sentence(
        "Test of different trends before training: {pvalue}; a straight drift that alone would make the "
        "effect would have been found with probability {power}",
        "Проверка различия хода до обучения: {pvalue}; прямолинейный дрейф, который один дал бы такой "
        "эффект, был бы замечен с вероятностью {power}",
    ),
    "breakdown_ratio": Sentence(
        "The interval reaches 0 where drift after training is {ratio} times its largest step before",
        "Интервал доходит до 0, если дрейф после обучения составляет {ratio} от наибольшего шага до него",
    ),
    "breakdown_beyond": Sentence(
        "The interval stays clear of 0 with drift after training up to {ratio} times its largest step before",
        "Интервал не доходит до 0 и при дрейфе после обучения в {ratio} раз больше наибольшего шага до него",
    ),
    "breakdown_at_once": Sentence(
        "The interval holds 0 even without any drift, so that no drift is needed to undo the effect",
        "Интервал содержит 0 и без всякого дрейфа: чтобы отменить эффект, дрейф не нужен",
    ),
}
