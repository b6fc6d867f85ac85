"""The sentences of the board page, in both languages."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from pilot_eval.reports.wording import RECORDS

SENTENCES: Final[Mapping[str, tuple[str, str]]] = {
    "question": (
        "Did the training improve service enough to give it to the whole network?",
        "Улучшило ли обучение обслуживание настолько, чтобы распространить его на всю сеть?",
    ),
    "time": ("Time taken: {time}", "Затраты времени: {time}"),
    "falls": ("Plus is better: a fall counts as plus", "Плюс — лучше: снижение считается плюсом"),
    "interval": ("{level} interval: {interval}", "Интервал {level}: {interval}"),
    "matters": ("Smallest change that matters: {value}", "Наименьшее заметное изменение: {value}"),
    "compared": (
        "{trained} trained and {comparison} comparison branches",
        "Отделений: {trained} обученных и {comparison} сравнения",
    ),
    "alone": ("{trained} trained branches", "Обученных отделений: {trained}"),
    "why_compared": (
        "The change in {trained} trained branches is set against the change in {comparison} others "
        "over the same months; {how}.",
        "Изменение в обученных отделениях ({trained}) сопоставлено с изменением в остальных ({comparison}) "
        "за те же месяцы; {how}.",
    ),
    "random": ("groups were drawn at random", "группы распределены случайно"),
    "by_hand": ("groups were formed by hand", "группы составлены вручную"),
    "imported": ("how groups were formed is not on record", "как составлены группы, не записано"),
    "not_known_yet": (
        "Whether the training helps: that is not known before the visits after it are complete.",
        "Помогает ли обучение: до завершения визитов после него это неизвестно.",
    ),
    "no_limits": ("No limits were put on record.", "Ограничения не записаны."),
    "why_alone": (
        "{trained} trained branches are compared with their own past. There is no comparison group: "
        "part of the change may have come by itself.",
        "Обученные отделения ({trained}) сравниваются с собственным прошлым. Группы сравнения нет: "
        "часть изменения могла произойти сама.",
    ),
    "why_agree": (
        "Calculations that assume less ({methods}) lead to the same answer.",
        "Расчёты с меньшими допущениями ({methods}) дают тот же ответ.",
    ),
    "why_disagree": (
        "Calculations that assume less ({methods}) do not all lead to the same answer.",
        "Расчёты с меньшими допущениями ({methods}) дают не один и тот же ответ.",
    ),
    "why_frozen": (
        "The plan was frozen on {date}.",
        "План зафиксирован: {date}",
    ),
    "why_changed": (
        "It was changed since, last on {date}.",
        "С тех пор план менялся, последний раз {date}",
    ),
    "why_changed_late": (
        "It was changed after results could be seen, last on {date}.",
        "Его меняли, когда результаты уже можно было видеть, последний раз {date}",
    ),
    "more_limits": ("{count} in the annex.", "Ещё {count} в приложении."),
    "no_guardrails": ("not part of this pilot.", "в этом пилоте не измерялись."),
    "no_transfer": (
        "transfer to the network has not been tested.",
        "перенос на всю сеть не проверялся.",
    ),
    "network": (
        "averaged over a network of {branches} branches, if they are like those of the pilot: {ranges}.",
        "в среднем по сети из {branches} отделений, если они похожи на отделения пилота: {ranges}.",
    ),
    "signed": (
        "Signed by {who}, {at}, on snapshot {mark}.",
        "Подписано: {who}, {at}, снимок {mark}.",
    ),
    "others": ("More outcomes", "Другие показатели"),
    "in_workbook": ("{names}: in the workbook.", "{names}: в рабочей книге."),
    "data": ("Data", "Данные"),
    "chart_alt": (
        "Chart of {count} branches, one column each: grey circle before, {marks} after, "
        "scale from {low} to {high}. {finding}",
        "График по {count} отделениям, по столбцу на каждое: серый круг до обучения, {marks} после, шкала "
        "от {low} до {high}. {finding}",
    ),
    "footer": (
        "{product} · data as of {as_of} · snapshot SHA-256 {sha256}",
        "{product} · данные на {as_of} · снимок SHA-256 {sha256}",
    ),
}
COUNTS: Final[Mapping[str, Mapping[str, Mapping[str, str]]]] = {
    "visits": RECORDS["visits"],
    "timings": RECORDS["timings"],
    "measurements": {
        "en": {"one": "measurement", "other": "measurements"},
        "ru": {"one": "показатель", "few": "показателя", "many": "показателей", "other": "показателя"},
    },
    "limits": {
        "en": {"one": "more limit", "other": "more limits"},
        "ru": {
            "one": "ограничение",
            "few": "ограничения",
            "many": "ограничений",
            "other": "ограничения",
        },
    },
}
