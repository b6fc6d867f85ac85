"""Names of specifications, and why some are not there."""

from __future__ import annotations

from pilot_eval.reports.sentences import Sentence

REASONS: dict[str, Sentence] = {
    "no_column": Sentence(
        "the data have no such column ({column})", "в данных нет такого столбца ({column})"
    ),
    "no_column_of_closed": Sentence(
        "no column marks closed branches", "ни один столбец не отмечает закрытые отделения"
    ),
    "not_for_this_design": Sentence("it does not go with this design", "не подходит к этой схеме"),
    "not_for_this_kind": Sentence(
        "it does not go with this kind of outcome", "не подходит к этому показателю"
    ),
    "not_for_this_estimator": Sentence(
        "it does not go with these weights, covariates or the level before",
        "не сочетается с такими весами, ковариатами или учётом исходного уровня",
    ),
    "few_to_leave_out": Sentence(
        "without it there is no effect to estimate", "без него эффект оценить нельзя"
    ),
    "no_maximum": Sentence(
        "the model has no best fit to these data", "у модели нет наилучшего решения для этих данных"
    ),
    "few_to_trim": Sentence(
        "an arm of {n} is too small to leave some out; {need} are needed",
        "группа из {n} слишком мала, чтобы часть не учитывать; нужно {need}",
    ),
    "not_all_above_zero": Sentence("not all values are above zero", "не все значения больше нуля"),
    "share_of_zero_or_all": Sentence(
        "an arm has none or all before or after", "в одной из групп до или после доля равна нулю или единице"
    ),
    "ancova_not_right": Sentence(
        "it is right only where branches were drawn at random, and the plan does not say so",
        "это верно только при отборе отделений по жребию, а план такого не говорит",
    ),
}

LABELS: dict[str, Sentence] = {
    "sensitivity": Sentence("The same question asked in other ways", "Тот же вопрос, заданный иначе"),
    "sensitivity_as_planned": Sentence("as planned", "как в плане"),
    "sensitivity_other_weights": Sentence("other weights", "другие веса"),
    "sensitivity_weights_observation": Sentence("each row counts once", "каждая строка считается один раз"),
    "sensitivity_weights_branch": Sentence("each branch counts once", "каждое отделение считается один раз"),
    "sensitivity_trimmed_rows": Sentence(
        "without the lowest and highest {share} of rows of each arm and period",
        "без {share} самых низких и самых высоких строк каждой группы и периода",
    ),
    "sensitivity_trimmed_branches": Sentence(
        "without the lowest and highest {share} of branch changes of each arm, at least one at each end",
        "без {share} самых низких и самых высоких изменений отделений группы, не менее одного с каждого края",
    ),
    "sensitivity_other_scale": Sentence("another scale", "другая шкала"),
    "sensitivity_logarithms": Sentence("by logarithms", "в логарифмах"),
    "sensitivity_mean_seconds": Sentence("by mean seconds", "по средним секундам"),
    "sensitivity_ratio_of_ratios": Sentence(
        "ratio of the ratios after to before", "отношение отношений после к до"
    ),
    "sensitivity_logit": Sentence(
        "logistic regression of rows, errors by branch", "логистическая регрессия строк, ошибки по отделениям"
    ),
    "sensitivity_without_strata": Sentence("without strata", "без страт"),
    "sensitivity_without_covariates": Sentence("without covariates", "без ковариат"),
    "sensitivity_other_estimator": Sentence("level before as a regressor", "исходный уровень как регрессор"),
    "sensitivity_by_change": Sentence("by changes of branches", "по изменениям отделений"),
    "sensitivity_by_ancova": Sentence("level before as a regressor", "исходный уровень как регрессор"),
    "sensitivity_operation_equal": Sentence(
        "differences between operations taken out", "без различий между операциями"
    ),
    "sensitivity_auditor_equal": Sentence(
        "differences between auditors taken out", "без различий между аудиторами"
    ),
    "sensitivity_fixed_items": Sentence(
        "only items that applied both before and after, all weighing alike",
        "только пункты, применимые и до, и после, с равным весом",
    ),
    "sensitivity_lognormal_aft": Sentence(
        "waits that were given up by a lognormal model of rows",
        "прерванные ожидания по логнормальной модели строк",
    ),
    "sensitivity_closed_as_zero": Sentence("closed branches as zero", "закрытые отделения как ноль"),
    "sensitivity_without_branch": Sentence("without one branch", "без одного отделения"),
    "sensitivity_without_auditor": Sentence("without one auditor", "без одного аудитора"),
    "sensitivity_without_branch_lowest": Sentence(
        "without one branch, lowest of {of}: without {name}",
        "без одного отделения, низший из {of}: без {name}",
    ),
    "sensitivity_without_branch_highest": Sentence(
        "without one branch, highest of {of}: without {name}",
        "без одного отделения, высший из {of}: без {name}",
    ),
    "sensitivity_without_auditor_lowest": Sentence(
        "without one auditor, lowest of {of}: without {name}",
        "без одного аудитора, низший из {of}: без {name}",
    ),
    "sensitivity_without_auditor_highest": Sentence(
        "without one auditor, highest of {of}: without {name}",
        "без одного аудитора, высший из {of}: без {name}",
    ),
    "sensitivity_columns": Sentence(
        "way | change, plus is better ({level}) | {p} | branches, rows | verdict",
        "способ | изменение, плюс — лучше ({level}) | {p} | отделений, строк | вывод",
    ),
    "sensitivity_agreement": Sentence(
        "Of {own} other estimates {same_sign} have the planned direction; of {of} other answers "
        "{same_verdict} have the planned verdict.",
        "Из других оценок ({own}) направление то же у {same_sign}; из других ответов ({of}) вывод тот же у "
        "{same_verdict}.",
    ),
    "sensitivity_joint": Sentence(
        "{n} of these ways taken together: if training did nothing, their median would be as far from zero "
        "in {median} of cases.",
        "Эти способы вместе ({n}): если бы обучение ничего не меняло, их медиана была бы так же далека от "
        "нуля в {median} случаев.",
    ),
    "sensitivity_joint_significant": Sentence(
        "{significant} of them speak for one direction; as many would by chance in {many} of cases.",
        "Из них за одно направление говорят {significant}; случайно их было бы не меньше в {many} случаев.",
    ),
    "sensitivity_not_computed": Sentence(
        "Not computed, because {reason}: {labels}.", "Не посчитано, потому что {reason}: {labels}."
    ),
    "sensitivity_none": Sentence("none: {reason}", "нет: {reason}"),
    "sensitivity_unit_points": Sentence("points", "балла"),
    "sensitivity_unit_percentage_points": Sentence("percentage points", "процентного пункта"),
    "sensitivity_unit_seconds": Sentence("seconds", "секунды"),
    "sensitivity_unit_percent": Sentence("%", "%"),
    "sensitivity_unit_speed_percent": Sentence("% of speed", "% скорости"),
    "sensitivity_unit_time_percent": Sentence("% of time", "% времени"),
    "sensitivity_unit_rate_percent": Sentence("% of the rate", "% частоты"),
    "sensitivity_unit_odds_percent": Sentence("% of the odds", "% шансов"),
    "verdict_no_material": Sentence("no change that matters", "заметного изменения нет"),
    "verdict_clear_gain": Sentence("clearly better", "заметно лучше"),
    "verdict_gain": Sentence("better", "лучше"),
    "verdict_clear_loss": Sentence("clearly worse", "заметно хуже"),
    "verdict_loss": Sentence("worse", "хуже"),
    "verdict_unclear": Sentence("unclear", "неясно"),
    "verdict_not_valid": Sentence("cannot be compared", "сравнивать нельзя"),
    "verdict_too_few": Sentence("too few data", "данных мало"),
}
