"""Reasons and labels of branches compared with one another."""

from __future__ import annotations

from pilot_eval.reports.sentences import Sentence

REASONS: dict[str, Sentence] = {
    "ranking_needs_two_periods": Sentence(
        "single branches are compared in designs with one before and one after only",
        "отдельные отделения сравниваются только в схемах с одним периодом до и одним после",
    ),
    "ranking_of_censored": Sentence(
        "single branches are not compared by times that were broken off",
        "по прерванным временам отдельные отделения не сравниваются",
    ),
}

LABELS: dict[str, Sentence] = {
    "ranking": Sentence("Branches compared, by their change", "Отделения: сравнение по изменению"),
    "ranking_scale_points": Sentence("in points", "в баллах"),
    "ranking_scale_percentage_points": Sentence("in percentage points", "в процентных пунктах"),
    "ranking_scale_speed_percent": Sentence("in per cent of speed", "в процентах скорости"),
    "ranking_scale_time_percent": Sentence("in per cent of time", "в процентах времени"),
    "ranking_scale_rate_percent": Sentence("in per cent of the rate", "в процентах частоты"),
    "ranking_arm": Sentence(
        "{arm}: {n}; centre {centre}; true changes vary by about {spread} ({level}: {low} to {high})",
        "{arm}: {n}; центр {centre}; истинные изменения различаются примерно на {spread} "
        "({level}: от {low} до {high})",
    ),
    "ranking_arm_logs": Sentence(
        "{arm}: {n}; centre {centre}; {i_squared} of the spread is more than chance",
        "{arm}: {n}; центр {centre}; {i_squared} разброса больше случайного",
    ),
    "ranking_columns": Sentence(
        "branch | rows before, after | before → after | change ({level}) | drawn to the mean ({level}) | "
        "place ({level}) | beyond chance",
        "отделение | строк до, после | до → после | изменение ({level}) | притянутое к среднему ({level}) | "
        "место ({level}) | сверх случайного",
    ),
    "ranking_columns_of_rates": Sentence(
        "branch | events before, after | rate before → after | change ({level}) | "
        "drawn to the mean ({level}) | place ({level}) | beyond chance",
        "отделение | событий до, после | частота до → после | изменение ({level}) | "
        "притянутое к среднему ({level}) | место ({level}) | сверх случайного",
    ),
    "ranking_beyond_95": Sentence("outside 95 %", "вне 95 %"),
    "ranking_beyond_998": Sentence("outside 99.8 %", "вне 99,8 %"),
    "ranking_more": Sentence("{n} more are in the full document.", "Ещё в полном документе: {n}."),
    "ranking_places": Sentence(
        "A place is an interval: where it is wide, the order of branches is mostly chance.",
        "Место — это интервал: если он широк, порядок отделений в основном случаен.",
    ),
    "ranking_measured": Sentence(
        "An interval says how exactly the change between these two periods was measured; what a branch "
        "swings by from month to month anyway is part of that change.",
        "Интервал говорит, насколько точно измерено изменение между этими двумя периодами; обычные колебания "
        "отделения от месяца к месяцу в него входят.",
    ),
    "ranking_unequal": Sentence(
        "Values vary more in some branches than in others (by chance alone in {pvalue} of cases): the "
        "intervals of the restless ones are too narrow, those of the calm ones too wide.",
        "В одних отделениях значения колеблются сильнее, чем в других (случайно — в {pvalue} случаев): "
        "интервалы беспокойных отделений слишком узки, спокойных — слишком широки.",
    ),
    "ranking_none": Sentence("not compared: {reason}", "не сравниваются: {reason}"),
}
