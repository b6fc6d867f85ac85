"""Reasons, warnings and labels of counts with exposure."""

from __future__ import annotations

from pilot_eval.reports.sentences import Forms, Sentence
from pilot_eval.reports.words.counted import BRANCHES, ROWS

REASONS: dict[str, Sentence] = {
    "no_events_before": Sentence(
        "not one event was counted in {arm} before training, and a ratio to nothing has no value",
        "{arm}: до обучения не отмечено ни одного события, а отношения к нулю не существует",
    ),
    "no_events_after": Sentence(
        "not one event was counted in {arm} after training: a rate of nothing has no ratio with an interval",
        "{arm}: после обучения не отмечено ни одного события, и отношение частот с интервалом не построить",
    ),
    "exposure_of_one_branch": Sentence(
        "one branch has practically all the exposure of {arm}: it alone would decide the rate",
        "почти весь объём приходится на одно отделение ({arm}): частоту решало бы оно одно",
    ),
}

WARNINGS: dict[str, Sentence] = {
    "fractional_counts": Sentence(
        "{n} with a count that is not a whole number. Check that the column holds counts, not rates or per "
        "cent; weighted counts are calculated with as they are.",
        "Не целое число в столбце счёта, строк: {n}. Проверьте, что в столбце количества, а не частоты и "
        "не проценты; взвешенные количества считаются как есть.",
    ),
    "few_branches_alone": Sentence(
        "With {n} and no comparison branches the interval of a rate is a little too narrow: counts vary "
        "lopsidedly. Trust a result near the limit only where the sign flips beside it agree.",
        "Без отделений сравнения и при малом числе обученных ({n}) интервал частоты немного узок: количества "
        "рассеяны несимметрично. Результату у самой границы верьте, только если с ним согласна перемена "
        "знаков.",
    ),
    "exposure_changed": Sentence(
        "The exposure of {arm} changed by {change} from before to after. The answer is about events per "
        "unit of exposure; the bare number of events would say something else.",
        "Объём ({arm}) изменился от «до» к «после» на {change}. Ответ дан на единицу объёма; голое число "
        "событий говорило бы о другом.",
    ),
    "uneven_exposure": Sentence(
        "The exposure is uneven: one branch has {share} of its arm's. The interval rests on about {df} "
        "degrees of freedom, because a few large branches decide the rate.",
        "Объём распределён неравномерно: на одно отделение приходится {share} объёма группы. Интервал "
        "опирается примерно на {df} степени свободы, потому что частоту решают немногие крупные отделения.",
    ),
    "rate_mix_disagrees": Sentence(
        "Within the branches themselves the rate changed by {change}, which would be another answer: "
        "exposure moved between branches of low and of high rates, or large branches changed differently. "
        "Look at the branches before deciding.",
        "Внутри самих отделений частота изменилась на {change}, и это был бы другой ответ: объём "
        "переместился между отделениями с низкой и высокой частотой, или крупные отделения изменились "
        "иначе. Прежде чем решать, посмотрите на отделения.",
    ),
    "counts_too_regular": Sentence(
        "The counts vary less than chance alone would let them (variance over mean {dispersion}). Check "
        "that the column holds counts, not rates or means; the interval may be too narrow.",
        "Количества различаются меньше, чем это допускает случай (дисперсия к среднему {dispersion}). "
        "Проверьте, что в столбце количества, а не частоты и не средние; интервал может быть слишком узок.",
    ),
}

COUNTED: dict[str, Forms] = {"fractional_counts": ROWS, "few_branches_alone": BRANCHES}

UNITS: dict[str, Sentence] = {
    "fall_percent": Sentence("{number} on the rate", "{number} по частоте"),
    "rise_percent": Sentence("{number} on the rate", "{number} по частоте"),
}

TEXT_UNITS: dict[str, Sentence] = {
    "log_rate": Sentence("log ratio of rates", "логарифм отношения частот"),
}

LABELS: dict[str, Sentence] = {
    "score_sign_flip": Sentence("Score signs", "Знаки вкладов"),
    "dispersion": Sentence("Variance/mean", "Дисперсия/среднее"),
    "per": Sentence("per {per} of exposure", "на {per} объёма"),
}
