"""What is said of the items that moved most."""

from __future__ import annotations

from pilot_eval.reports.sentences import Forms, Sentence

ITEMS: Forms = {
    "en": {"one": "item", "other": "items"},
    "ru": {"one": "пункта", "few": "пунктов", "many": "пунктов", "other": "пунктов"},
}
MOVED = Sentence(
    "Moved more than chance, with {count} looked at: {names}.",
    "Изменились больше случайного (из {count}): {names}.",
)
NAMED_ITEM = Sentence("“{name}” ({change})", "«{name}» ({change})")
FACILITY = Sentence(
    "Training cannot move {codes}: something else has changed too, or it is chance.",
    "Обучение не влияет на {codes}: изменилось и что-то ещё, или это случайность.",
)
NONE_MOVED = Sentence(
    "Of {count} none has moved more than chance alone would move one of so many.",
    "Из {count} ни один не изменился больше, чем один из стольких меняется случайно.",
)
MOST = Sentence(
    "Shown are the {shown} that moved most; the table has all.",
    "Показаны {shown} изменившихся сильнее всех; в таблице — все.",
)
ALT = Sentence(
    "Chart with two lines per item, from its share before to its share after in trained and comparison "
    "branches. {finding}",
    "График: по две линии на пункт, от доли до обучения к доле после, у обученных отделений и отделений "
    "сравнения. {finding}",
)
AXIS = Sentence("Fulfilled, % of visits", "Выполнено, % визитов")
SHARE = Sentence("{before} → {after}", "{before} → {after}")
OF_VISITS = Sentence("{share} (n = {n})", "{share} (n = {n})")
