"""What is said of auditors: their severity, their agreement, the items that training cannot move."""

from __future__ import annotations

from pilot_eval.reports.sentences import Forms, Sentence

REASONS: dict[str, Sentence] = {
    "no_auditors": Sentence("no column of auditors was named", "не указан столбец аудиторов"),
    "auditors_plain_only": Sentence(
        "severity is estimated for scores, shares and times in two periods, and taken off the plain change "
        "of branches that each count once",
        "строгость оценивается для оценок, долей и времени в двух периодах и вычитается только из простого "
        "изменения отделений, где каждое считается один раз",
    ),
    "labels_alone": Sentence(
        "no branch was visited by two of them in one period, so that nothing tells their severity apart",
        "ни в одном отделении за один период не было двух из них, поэтому различить их строгость нельзя",
    ),
    "labels_not_linked": Sentence(
        "they changed between the periods, and no chain of jointly visited branches links the new with the "
        "old ({n} separate groups): their severity cannot be told from the effect",
        "между периодами они сменились, и новых с прежними не связывает ни одна цепочка общих отделений "
        "(отдельных групп: {n}): их строгость не отличить от эффекта",
    ),
    "no_rows_left": Sentence(
        "too few visits: {n} leave nothing to tell chance from difference",
        "визитов мало: {n} не хватает, чтобы отличить случайное от различия",
    ),
    "double_visits_unmarked": Sentence(
        "double visits are not marked: name the column of their labels, or the auditors with dates",
        "двойные визиты не отмечены: укажите столбец с их метками или аудиторов вместе с датами",
    ),
    "agreement_plain_only": Sentence(
        "agreement is told of scores, shares and times that nobody gave up, not of counts",
        "согласованность показана для оценок, долей и времени без ушедших клиентов, но не для подсчётов",
    ),
    "few_double_visits": Sentence(
        "at least {need} double visits are needed; there are {n}",
        "нужно не менее {need} двойных визитов; есть {n}",
    ),
    "ratings_all_equal": Sentence(
        "all {n} values are equal, so that nothing could be confused",
        "все {n} значений равны, перепутать было нечего",
    ),
    "auditors_unknown": Sentence(
        "the auditors of double visits are not known", "аудиторы двойных визитов неизвестны"
    ),
    "auditors_not_the_same": Sentence(
        "{n} auditors took part in double visits, not all in each: ICC(A,1) needs the same ones throughout",
        "аудиторов в двойных визитах: {n}, но не все в каждом; для внутриклассовой "
        "корреляции с абсолютным согласием нужны одни и те же",
    ),
    "no_facility_items": Sentence(
        "no items that training cannot move were named",
        "не указаны пункты, на которые обучение не влияет",
    ),
}

WARNINGS: dict[str, Sentence] = {
    "auditors_in_groups": Sentence(
        "Auditors form {n} groups that no jointly visited branch links: severity is comparable within a "
        "group only.",
        "Аудиторы распадаются на группы ({n}), не связанные общими отделениями: сравнивать строгость можно "
        "только внутри группы.",
    ),
    "auditors_within_arm": Sentence(
        "No auditor visited both trained and comparison branches. If the auditors of one arm grew milder or "
        "severer, that looks like an effect.",
        "Ни один аудитор не был и у обученных отделений, и у отделений сравнения. Если аудиторы одной группы "
        "стали мягче или строже, это выглядит как эффект.",
    ),
    "auditors_within_period": Sentence(
        "No auditor visited both before and after training: a change of auditors cannot be told from a "
        "change of branches that have no comparison.",
        "Ни один аудитор не работал и до, и после обучения: без сравнения смену аудиторов не отличить от "
        "изменения отделений.",
    ),
    "auditors_differ": Sentence(
        "Auditors differ in severity beyond chance, by up to {spread} on the scale of the effect. See the "
        "effect with severity taken off.",
        "Аудиторы различаются по строгости сильнее, чем случайно, самое большее на {spread} в единицах "
        "эффекта. Посмотрите эффект с поправкой на строгость.",
    ),
    "double_visits_few": Sentence(
        "Agreement rests on {n} only: the interval of alpha is too narrow with fewer than 30.",
        "Согласованность опирается всего на {n}: при числе меньше 30 интервал альфы слишком узок.",
    ),
    "facility_items_moved": Sentence(
        "Items that training cannot move ({items}) have moved too, by {moved} (percentage points where they "
        "are yes or no). Auditors or the times of visits may have changed; part of the effect may be theirs.",
        "Изменились и пункты, на которые обучение не влияет ({items}): на {moved} (процентных пункта, если "
        "это да или нет). Могли измениться аудиторы или время визитов; часть эффекта может объясняться этим.",
    ),
}

DOUBLE_VISITS: Forms = {
    "en": {"one": "double visit", "other": "double visits"},
    "ru": {
        "one": "двойной визит",
        "few": "двойных визита",
        "many": "двойных визитов",
        "other": "двойного визита",
    },
}
COUNTED: dict[str, Forms] = {"double_visits_few": DOUBLE_VISITS}

LABELS: dict[str, Sentence] = {
    "reliability": Sentence("Reliability", "Надёжность"),
    "reliability_severity": Sentence("Severity of auditors", "Строгость аудиторов"),
    "reliability_auditor": Sentence(
        "{auditor}: {difference} ({interval}), visits: {n}, group {group}",
        "{auditor}: {difference} ({interval}), визитов: {n}, группа {group}",
    ),
    "reliability_auditor_alone": Sentence(
        "{auditor}: visited no branch together with another, visits: {n}",
        "{auditor}: ни в одном отделении не был вместе с другим, визитов: {n}",
    ),
    "reliability_differ": Sentence("Do auditors differ", "Различаются ли аудиторы"),
    "reliability_adjusted": Sentence("Effect without severity", "Эффект без строгости"),
    "reliability_alpha": Sentence("Krippendorff's alpha", "Альфа Криппендорфа"),
    "reliability_one_way": Sentence("ICC(1)", "Внутриклассовая корреляция"),
    "reliability_absolute": Sentence("ICC(A,1)", "То же, абсолютное согласие"),
    "reliability_difference": Sentence(
        "Two auditors differ by, on average", "Двое аудиторов расходятся в среднем на"
    ),
    "reliability_items_same": Sentence(
        "Same answer, least agreed", "Одинаковых ответов, где их меньше всего"
    ),
    "reliability_omega": Sentence("McDonald's omega", "Омега Макдональда"),
    "reliability_cronbach": Sentence("Cronbach's alpha", "Альфа Кронбаха"),
    "reliability_facility": Sentence(
        "Items that training cannot move", "Пункты, на которые обучение не влияет"
    ),
    "reliability_agreement": Sentence("Agreement", "Согласованность"),
}
