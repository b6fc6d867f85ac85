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
    "one_branch_decides": Sentence(
        "one of {n} branches alone has a covariate or a stratum, and would decide the effect",
        "ковариата или страта есть лишь у одного отделения из {n}: оно одно решало бы эффект",
    ),
    "more_coefficients_than_branches": Sentence(
        "with so many covariates and strata at least {need} branches are needed; there are {n}",
        "при стольких ковариатах и стратах нужно не менее {need} отделений; есть {n}",
    ),
}

WARNINGS: dict[str, Sentence] = {
    "covariate_moved": Sentence(
        "The covariate {name} itself changed differently in the two groups. If the training changed it, "
        "adjusting takes out part of the effect: compare with the effect without it.",
        "Ковариата {name} сама изменилась в группах по-разному. Если её изменило обучение, поправка отнимает "
        "часть эффекта: сравните с эффектом без неё.",
    ),
}
