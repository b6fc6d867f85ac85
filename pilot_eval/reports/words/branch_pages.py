"""Sentences on the page of one branch."""

from __future__ import annotations

from pilot_eval.reports.sentences import Sentence

TIMES: dict[str, Sentence] = {
    "timing_wait": Sentence("Waiting", "Ожидание"),
    "timing_service": Sentence("Service", "Обслуживание"),
}
WITHIN = Sentence("within {target}", "не дольше {target}")
WORK_ON = Sentence(
    "“{item}”: yes in {after} of {n} after the training{before}.",
    "«{item}»: доля «да» {after} ({n} после обучения{before}).",
)
WORK_ON_BEFORE = Sentence("; {share} before it", "; до него {share}")
RULE = Sentence(
    "Chosen by rule: of the items that training can move, with at least {fewest} visits after it, the {most} "
    "with the lowest share of yes.",
    "Выбрано по правилу: из пунктов, зависящих от обучения, с визитами после него не меньше {fewest}, — "
    "{most} с наименьшей долей «да».",
)
NOTHING = Sentence(
    "Every item that training can move was fulfilled in all visits after it.",
    "Все пункты, зависящие от обучения, выполнены во всех визитах после него.",
)
CHANCE = Sentence(
    "A few visits to one branch differ by chance too: of {n} compared, those hardly due to chance, with "
    "their number allowed for: {found}.",
    "Несколько визитов в одно отделение различаются и случайно: из {n} вряд ли случайны, с поправкой на их "
    "число, {found}.",
)
BESIDE = Sentence(
    "Beside the other branches of its arm ({n}): {change} ({interval}). {verdict}.",
    "Рядом с другими отделениями группы ({n}): {change} ({interval}). {verdict}.",
)
