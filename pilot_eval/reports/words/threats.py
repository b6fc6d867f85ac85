"""Threats to an effect as sentences; one per threat, some with a variant without comparison branches."""

from __future__ import annotations

from pilot_eval.reports.sentences import Sentence

REASONS: dict[str, Sentence] = {
    "no_comparison_arm": Sentence("there are no comparison branches", "отделений сравнения нет"),
    "few_to_compare": Sentence("there are too few values to compare", "слишком мало значений для сравнения"),
}

LABELS: dict[str, Sentence] = {
    "threats": Sentence("What could make the effect look other than it is", "Что могло исказить эффект"),
    "threat_severity_fine": Sentence("fine", "в порядке"),
    "threat_severity_look": Sentence("look", "обратите внимание"),
    "threat_severity_serious": Sentence("serious", "серьёзно"),
    "threat_severity_not_checked": Sentence("not checked", "не проверено"),
    "threat_not_checked": Sentence(
        "{name}: not checked, because {reason}.", "{name}: не проверено, потому что {reason}."
    ),
    "threat_name_allocation": Sentence("How branches came into the arms", "Отбор отделений в группы"),
    "threat_name_baseline_difference": Sentence("Difference before training", "Различие до обучения"),
    "threat_name_regression_to_mean": Sentence("Regression to the mean", "Возврат к среднему"),
    "threat_name_mix_operation": Sentence("Mix of operations", "Состав операций"),
    "threat_name_mix_daypart": Sentence("Mix of parts of the day", "Состав по времени дня"),
    "threat_name_mix_weekday": Sentence("Mix of days of the week", "Состав по дням недели"),
    "threat_name_missing_branches": Sentence("Missing branches", "Выпавшие отделения"),
    "threat_name_season": Sentence("Season", "Сезон"),
    "threat_name_parallel_trends": Sentence("Trends before training", "Тренды до обучения"),
    "threat_name_late_entries": Sentence("Late entries", "Поздний ввод"),
    "threat_name_auditors": Sentence("Auditors and arms", "Аудиторы и группы"),
    "threat_name_ceiling": Sentence("Ceiling", "Потолок"),
    "threat_name_facility_items": Sentence(
        "Items that training cannot move", "Пункты, на которые обучение не влияет"
    ),
    "threat_name_exposure": Sentence("Exposure", "Объём операций"),
    "threat_allocation_random": Sentence(
        "Branches were drawn into their arms at random.", "Отделения попали в группы по жребию."
    ),
    "threat_allocation_chosen": Sentence(
        "Branches were chosen, not drawn: the arms may differ in other ways than the training.",
        "Отделения выбраны, а не определены жребием: группы могли различаться не только обучением.",
    ),
    "threat_allocation_unknown": Sentence(
        "The plan does not say whether branches were drawn into their arms at random or chosen.",
        "В плане не сказано, определены группы жребием или выбором.",
    ),
    "threat_baseline_difference": Sentence(
        "Before training the arms differed by {difference} ({standardised} standard deviations; trained less "
        "comparison).",
        "До обучения группы различались на {difference} ({standardised} стандартного отклонения; обученные "
        "минус сравнение).",
    ),
    "threat_regression_to_mean": Sentence(
        "If branches were chosen by their results before, about {expected} of the effect would have come by "
        "itself: of a difference between branches the share that lasts is {stability}.",
        "Если отделения отбирали по прежним результатам, около {expected} эффекта возникло бы само собой: от "
        "различия между отделениями сохраняется доля {stability}.",
    ),
    "threat_mix_operation": Sentence(
        "Between the periods the mix of operations changed for {trained_share} of rows in trained branches "
        "(chance alone: about {trained_chance_share}) and {comparison_share} in comparison branches "
        "({comparison_chance_share}).",
        "Состав операций между периодами изменился: {trained_share} строк у обученных (случайно — около "
        "{trained_chance_share}) и {comparison_share} у отделений сравнения ({comparison_chance_share}).",
    ),
    "threat_mix_daypart": Sentence(
        "Between the periods the mix of parts of the day changed for {trained_share} of rows in trained "
        "branches (chance alone: about {trained_chance_share}) and {comparison_share} in comparison branches "
        "({comparison_chance_share}).",
        "Состав визитов по времени дня между периодами изменился: {trained_share} строк у обученных "
        "(случайно — около {trained_chance_share}) и {comparison_share} у отделений сравнения "
        "({comparison_chance_share}).",
    ),
    "threat_mix_weekday": Sentence(
        "Between the periods the mix of days of the week changed for {trained_share} of rows in trained "
        "branches (chance alone: about {trained_chance_share}) and {comparison_share} in comparison branches "
        "({comparison_chance_share}).",
        "Состав визитов по дням недели между периодами изменился: {trained_share} строк у обученных "
        "(случайно — около {trained_chance_share}) и {comparison_share} у отделений сравнения "
        "({comparison_chance_share}).",
    ),
    "threat_mix_operation_alone": Sentence(
        "Between the periods the mix of operations changed for {trained_share} of rows (chance alone: about "
        "{trained_chance_share}).",
        "Состав операций между периодами изменился: {trained_share} строк (случайно — около "
        "{trained_chance_share}).",
    ),
    "threat_mix_daypart_alone": Sentence(
        "Between the periods the mix of parts of the day changed for {trained_share} of rows (chance alone: "
        "about {trained_chance_share}).",
        "Состав визитов по времени дня между периодами изменился: {trained_share} строк (случайно — около "
        "{trained_chance_share}).",
    ),
    "threat_mix_weekday_alone": Sentence(
        "Between the periods the mix of days of the week changed for {trained_share} of rows (chance alone: "
        "about {trained_chance_share}).",
        "Состав визитов по дням недели между периодами изменился: {trained_share} строк (случайно — около "
        "{trained_chance_share}).",
    ),
    "threat_missing_branches": Sentence(
        "{trained_share} of the trained and {comparison_share} of the comparison branches were not seen both "
        "before and after.",
        "Не наблюдались и до, и после: {trained_share} обученных отделений и {comparison_share} отделений "
        "сравнения.",
    ),
    "threat_missing_branches_alone": Sentence(
        "{trained_share} of the trained branches were not seen both before and after.",
        "Не наблюдались и до, и после: {trained_share} обученных отделений.",
    ),
    "threat_missing_branches_bounds": Sentence(
        "If training moved only in one direction whether a branch is seen, the effect of the others lies "
        "between {low} and {high} (with chance: {interval_low} to {interval_high}).",
        "Если обучение меняло шанс наблюдать отделение только в одну сторону, эффект для остальных лежит "
        "между {low} и {high} (с учётом случайности: от {interval_low} до {interval_high}).",
    ),
    "threat_season": Sentence(
        "For the arms to be visited in the same months, {before_share} of rows before and {after_share} "
        "after would have to change theirs.",
        "Чтобы месяцы визитов в группах совпали, месяц пришлось бы сменить {before_share} строк до и "
        "{after_share} строк после.",
    ),
    "threat_season_alone": Sentence(
        "{unseen_share} of the rows after fall in calendar months that were not seen before: what the season "
        "does cannot be told from what the training does.",
        "{unseen_share} строк после приходятся на календарные месяцы, которых не было до: влияние сезона от "
        "влияния обучения не отделить.",
    ),
    "threat_parallel_trends": Sentence(
        "Paths of the arms before training (comparisons of periods: {periods}): as much apart or more comes "
        "by chance in {pvalue_share} of cases. A drift that would make the whole effect would have been "
        "found in {power_share}.",
        "Ход групп до обучения (сравнений периодов: {periods}): такое или большее расхождение случайно в "
        "{pvalue_share} случаев; тренд, способный дать весь эффект, был бы замечен в {power_share}.",
    ),
    "threat_parallel_trends_breakdown": Sentence(
        "The interval reaches no effect where the drift after training is {breakdown} times the largest step "
        "before it.",
        "Интервал достигает нуля, если тренд после обучения составляет {breakdown} от самого крупного шага "
        "до него.",
    ),
    "threat_parallel_trends_undone": Sentence(
        "Against the last period before training alone the interval holds no effect even without any drift.",
        "Если сравнивать только с последним периодом до обучения, интервал содержит ноль и без всякого "
        "тренда.",
    ),
    "threat_late_entries": Sentence(
        "{late_share} of rows were entered more than {days} days after the visit (longest delay in days: "
        "{longest}); entered before the visit: {early}.",
        "{late_share} строк введены позже чем через {days} дня после визита (самый долгий срок в днях: "
        "{longest}); введены до визита: {early}.",
    ),
    "threat_auditors": Sentence(
        "Of {auditors} auditors {both_periods} visited trained branches both before and after, and "
        "{both_arms} visited both arms.",
        "Из аудиторов ({auditors}) в обученных отделениях и до, и после были {both_periods}; в обеих группах "
        "— {both_arms}.",
    ),
    "threat_auditors_alone": Sentence(
        "Of {auditors} auditors {both_periods} visited both before and after.",
        "Из аудиторов ({auditors}) и до, и после были {both_periods}.",
    ),
    "threat_ceiling": Sentence(
        "Of the trained branches' rows {before_share} before and {after_share} after are at the best value "
        "there is ({best}): they cannot show an improvement.",
        "Из строк обученных отделений {before_share} до и {after_share} после — на лучшем возможном значении "
        "({best}): улучшения они показать не могут.",
    ),
    "threat_facility_items": Sentence(
        "Items that training cannot move ({items}) moved by {moved}; so much by chance in {pvalue_share} of "
        "cases.",
        "Пункты, на которые обучение не влияет ({items}), изменились на {moved}; столько случайно — в "
        "{pvalue_share} случаев.",
    ),
    "threat_exposure": Sentence(
        "Exposure changed by {trained_change_share} in trained and {comparison_change_share} in comparison "
        "branches; where it changes much, so does the work behind the rate.",
        "Объём изменился на {trained_change_share} у обученных и на {comparison_change_share} у отделений "
        "сравнения; если он меняется сильно, меняется и работа, стоящая за частотой.",
    ),
    "threat_exposure_alone": Sentence(
        "Exposure changed by {trained_change_share}; where it changes much, so does the work "
        "behind the rate.",
        "Объём изменился на {trained_change_share}; если он меняется сильно, меняется и работа, стоящая за "
        "частотой.",
    ),
}
