"""Sentences beside the grid of items and branches."""

from __future__ import annotations

from pilot_eval.reports.sentences import Sentence

FINDING = Sentence(
    "Of {cells}, {out} stand out by themselves; by chance alone about {chance} would.",
    "Из {cells} сами по себе выделяются {out}; по одной случайности выделилось бы около {chance}.",
)
DARK = Sentence(
    "{large} changed by {limit} or more; by chance alone about {chance} would.",
    "На {limit} и больше изменились {large}; по одной случайности — около {chance}.",
)
FOUND = Sentence(
    "Cells that are hardly chance, with all cells of the grid allowed for: {count}, marked with a dot (●).",
    "Клеток, которые вряд ли случайны с поправкой на все клетки таблицы: {count}, они отмечены точкой (●).",
)
NONE_FOUND = Sentence(
    "No single cell can be told from chance, with all cells of the grid allowed for. Read rows, not cells.",
    "С поправкой на все клетки таблицы ни одну нельзя отличить от случайности. Читайте строки, а не клетки.",
)
READING = Sentence(
    "Each row is an item of the checklist, each column {what}. A cell is the change in the share of yes "
    "(for graded answers: in the share of points), after less before, in percentage points; below it the "
    "number of visits before and after. Blue and plus is better, orange and minus worse; colours end at "
    "{limit} either way. Cells with fewer than {few} visits in all are pale: they move by chance most.",
    "Строка — пункт чек-листа, столбец — {what}. В клетке изменение доли «да» (для оценок по шкале — доли "
    "баллов), после минус до, в процентных пунктах; ниже — число визитов до и после. Синее и плюс — лучше, "
    "оранжевое и минус — хуже; цвета кончаются на {limit} в каждую сторону. Клетки, где меньше {few} визитов "
    "всего, бледные: они больше всего подвержены случайности.",
)
A_BRANCH = Sentence("a branch", "отделение")
A_REGION = Sentence("a region", "регион")
EXACT = Sentence(
    "A cell stands out by itself where so large a change has a chance of at most 5% though nothing changed. "
    "Chance is reckoned by dealing the answers of each cell out to the two periods anew.",
    "Клетка выделяется сама по себе, если столь большое изменение случайно не чаще чем в 5\u00a0% случаев. "
    "Случайность рассчитана так: ответы каждой клетки заново раздаются двум периодам.",
)
