"""Reasons and warnings of effects that are adjusted by a regression."""

from __future__ import annotations

from pilot_eval.reports.sentences import Sentence

REASONS: dict[str, Sentence] = {
    "collinear_covariate": Sentence(
        "the covariate {name} does not vary, or the others determine it: leave it out",
        "ковариата {name} не меняется или определяется остальными: исключите её",
    ),
    "arm_told_by_covariates": Sentence(
        "the covariates or strata alone tell which branches were trained, so that their effect and that of "
        "the training cannot be told apart",
        "ковариаты или страты сами определяют, какие отделения обучались, поэтому их влияние не отделить от "
        "влияния обучения",
    ),
    "same_level_before": Sentence(
        "all branches had the same level before, or the strata determine it: there is nothing to adjust for, "
        "compare the changes",
        "у всех отделений одинаковый уровень до обучения или он задан стратами: поправлять не на что, "
        "сравните изменения",
    ),
    "one_branch_decides": Sentence(
        "one of {n} branches alone has a covariate or a stratum, and would decide the effect",
        "ковариата или страта есть лишь у одного отделения из {n}: оно одно решало бы эффект",
    ),
    "more_coefficients_than_branches": Sentence(
        "with so many covariates and strata at least {need} branches are needed; there are {n}",
        "при стольких ковариатах и стратах нужно не менее {need} отделений; есть {n}",
    ),
    "without_operations": Sentence(
        "the mix of operations needs a column of operations: --operation",
        "для состава операций нужен столбец операций",
    ),
    "mix_of_adjusted": Sentence(
        "the mix is taken out of the plain change only, and this effect is adjusted for covariates or for "
        "the level before; give the operations as covariates of 0 and 1 instead",
        "состав операций исключается только из простого изменения, а этот эффект уже скорректирован на "
        "ковариаты или на уровень до обучения; задайте операции ковариатами со значениями 0 и 1",
    ),
    "operations_alone": Sentence(
        "no branch and period has two kinds of operation, so that nothing tells how they differ",
        "ни в одном отделении и периоде нет двух видов операций, поэтому их различие оценить нельзя",
    ),
    "operations_not_linked": Sentence(
        "the effect rests on kinds of operation that no branch and period lets compare, directly or through "
        "others; such groups: {n}",
        "эффект опирается на виды операций, которые ни одно отделение и период не позволяют сравнить ни "
        "прямо, ни через другие; таких групп: {n}",
    ),
    "operations_fill_rows": Sentence(
        "each branch and period has hardly more values than kinds of operation: chance cannot be told from "
        "difference",
        "в отделении и периоде значений почти столько же, сколько видов операций: случайное не отличить от "
        "различия",
    ),
}

WARNINGS: dict[str, Sentence] = {
    "covariate_moved": Sentence(
        "The covariate {name} itself changed differently in the two groups. If the training changed it, "
        "adjusting takes out part of the effect: compare with the effect without it.",
        "Ковариата {name} сама изменилась в группах по-разному. Если её изменило обучение, поправка отнимает "
        "часть эффекта: сравните с эффектом без неё.",
    ),
    "few_degrees_of_freedom": Sentence(
        "The interval rests on only {df} degrees of freedom: few branches tell what is left after "
        "covariates, strata and unequal numbers of visits. It is rough; use fewer covariates or more "
        "branches.",
        "Интервал опирается всего на {df} степени свободы: после ковариат, страт и неравного числа визитов "
        "об эффекте говорят лишь немногие отделения. Он приблизителен; возьмите меньше ковариат "
        "или больше отделений.",
    ),
    "mix_differs": Sentence(
        "The mix of operations differs between the periods: {share} of an arm's values would need another "
        "operation to be alike. Part of the change may come from that: see the effect with the mix taken "
        "out.",
        "Состав операций в периодах разный: чтобы он совпал, другой операцией должны были бы стать {share} "
        "значений группы. Часть изменения может идти от этого: посмотрите эффект без влияния состава.",
    ),
    "operations_in_one_period": Sentence(
        "Seen only before or only after: {name}. Their level in the other period is assumed, not seen.",
        "Встречается только до или только после: {name}. Уровень в другом периоде предположен, а не измерен.",
    ),
    "mix_changes_answer": Sentence(
        "With the mix of operations taken out the answer is another: the effect depends on what was "
        "visited. Do not decide before you know why the mix changed.",
        "Без влияния состава операций ответ другой: эффект зависит от того, что проверяли. Не решайте, пока "
        "не ясно, почему состав изменился.",
    ),
}

LABELS: dict[str, Sentence] = {
    "adjusted": Sentence("Adjusted for", "С поправкой на"),
    "level_before": Sentence("the level before", "уровень до обучения"),
}

MIX: dict[str, Sentence] = {
    "heading": Sentence("With the mix of operations taken out", "Без влияния состава операций"),
}
