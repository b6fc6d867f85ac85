"""Reasons and warnings of waits of which some were given up."""

from __future__ import annotations

from pilot_eval.reports.sentences import Forms, Sentence

WAITS: Forms = {
    "en": {"one": "wait was", "other": "waits were"},
    "ru": {"one": "ожидание", "few": "ожидания", "many": "ожиданий", "other": "ожидания"},
}

REASONS: dict[str, Sentence] = {
    "limit_not_reached": Sentence(
        "the limit of {seconds} seconds lies beyond what was seen: in {n} branches the longest wait of a "
        "period was given up earlier; a limit of {reach} seconds or less would do",
        "предел {seconds} с лежит за пределами наблюдений: самое долгое ожидание прервали раньше (отделений: "
        "{n}); подойдёт предел не больше {reach} с",
    ),
    "limit_is_zero": Sentence(
        "in some branch and period the longest wait was given up at 0 seconds: no time is left to average",
        "в одном из отделений самое долгое ожидание прервано на нулевой секунде: усреднять нечего",
    ),
}

WARNINGS: dict[str, Sentence] = {
    "limit_set_by_a_branch": Sentence(
        "Waits are averaged up to {seconds} seconds, the last time up to which every branch's waits are "
        "known (branch {name} ends there): {share} of the waits lasted longer and count as that long. Set "
        "the limit before the data where you can.",
        "Ожидания усреднены до {seconds} с: до этого времени известны ожидания всех отделений (первым "
        "обрывается отделение {name}). Дольше длились {share} ожиданий, каждое принято равным пределу. "
        "Лучше назначить предел заранее.",
    ),
    "giving_up_may_inform": Sentence(
        "{n} given up ({share}). They are taken to have had as long to go as those who stayed; if people "
        "left because they saw that it would take long, true waits are longer than told here.",
        "Прервано: {n} ({share}). Считается, что ушедшим оставалось ждать столько же, сколько оставшимся; "
        "если люди уходили, видя, что ждать долго, настоящие ожидания длиннее.",
    ),
    "abandonment_changed": Sentence(
        "Giving up changed as well, by {moved} percentage points (p {pvalue}): the mean wait may have "
        "changed because other people stay. Read the two together.",
        "Изменилась и доля ушедших: на {moved} процентного пункта (значимость {pvalue}); среднее ожидание "
        "могло измениться из-за того, кто остался. Смотрите на оба числа вместе.",
    ),
}

COUNTED: dict[str, Forms] = {"giving_up_may_inform": WAITS}

LABELS: dict[str, Sentence] = {
    "abandonment": Sentence("Gave up", "Не дождались"),
    "served_when_leaving": Sentence("Served at once", "Обслужены сразу"),
    "waiting_to_the_limit": Sentence("Waited to limit", "Ждали до предела"),
    "lognormal_aft": Sentence("Lognormal", "Логнормальная"),
}
UNITS: dict[str, Sentence] = {"seconds": Sentence("{number} seconds", "{number} с")}
TEXT_UNITS: dict[str, Sentence] = {"seconds": Sentence("seconds", "с")}
