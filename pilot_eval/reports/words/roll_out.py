"""What is said of branches that the pilot did not try: a new one, and the network."""

from __future__ import annotations

from pilot_eval.reports.sentences import Forms, Sentence
from pilot_eval.reports.words.counted import BRANCHES

REASONS: dict[str, Sentence] = {
    "roll_out_needs_two_periods": Sentence(
        "what other branches may expect is told for designs with one before and one after only",
        "чего ждать другим отделениям, говорится только для схем с одним периодом до и одним после",
    ),
    "roll_out_of_rates": Sentence(
        "what other branches may expect is not told for rates: events of single branches are too few",
        "чего ждать другим отделениям, для частот не говорится: в отдельном отделении слишком мало событий",
    ),
    "roll_out_of_censored": Sentence(
        "what other branches may expect is not told where waits were broken off",
        "чего ждать другим отделениям, не говорится, если ожидание прерывалось",
    ),
    "few_branches_to_roll_out": Sentence(
        "to tell how much branches differ an arm needs at least {need} of them; {arm} has {n}",
        "чтобы сказать, насколько отделения различаются, в группе их нужно не менее {need}; {arm}: {n}",
    ),
}
WARNINGS: dict[str, Sentence] = {
    "roll_out_unadjusted": Sentence(
        "Here changes of branches are compared as they are, without the adjustment or weights of the effect "
        "above, from which these figures may differ.",
        "Здесь сравниваются изменения отделений как они есть, без поправок и весов основного эффекта; "
        "поэтому числа могут от него отличаться.",
    ),
    "few_branches_to_predict": Sentence(
        "The trained arm has only {n}: how much branches differ is hardly known, which is why the range for "
        "a new branch is so wide.",
        "В обученной группе только {n}: насколько они различаются, почти неизвестно, поэтому "
        "диапазон для нового отделения так широк.",
    ),
}
COUNTED: dict[str, Forms] = {"few_branches_to_predict": BRANCHES}

LABELS: dict[str, Sentence] = {
    "roll_out": Sentence("What other branches may expect", "Чего ждать другим отделениям"),
    "roll_out_expected": Sentence(
        "On average: {estimate} ({level} interval: {interval}; plus is better).",
        "В среднем: {estimate} ({level} интервал: {interval}; плюс — лучше).",
    ),
    "roll_out_network": Sentence(
        "Averaged over a network of {branches}: {interval} ({level}).",
        "В среднем по сети, отделений {branches}: {interval} ({level}).",
    ),
    "roll_out_new_branch": Sentence(
        "A single new branch: {interval} ({level} of new branches, apart from the chance of visits). It will "
        "do better than without training with a probability of {chance}.",
        "Отдельное новое отделение: {interval} ({level} новых отделений, без случайности визитов). "
        "Лучше, чем без обучения, станет с вероятностью {chance}.",
    ),
    "roll_out_spread": Sentence(
        "True changes of trained branches vary by {trained} (standard deviation), of comparison branches by "
        "{comparison}: the latter is not due to training.",
        "Истинные изменения обученных отделений различаются на {trained} (стандартное отклонение), отделений "
        "сравнения на {comparison}: последнее не от обучения.",
    ),
    "variance": Sentence("How observations vary", "Как различаются наблюдения"),
    "variance_told": Sentence(
        "Standard deviations: between branches {branch}, of a branch between periods {period}; two "
        "observations of one branch and period correlate by {icc} (intraclass correlation).",
        "Стандартные отклонения: между отделениями {branch}, отделения между периодами {period}; корреляция "
        "двух наблюдений одного отделения и периода {icc} (внутриклассовая).",
    ),
    "roll_out_assumed": Sentence("This takes for granted that", "При этом предполагается, что"),
}

ASSUMPTIONS: dict[str, Sentence] = {
    "like_the_network": Sentence(
        "the pilot's branches are like those of the network; a pilot that chose its branches may flatter",
        "отделения пилота похожи на остальную сеть; если их отбирали, пилот может приукрашивать",
    ),
    "arms_drawn": Sentence(
        "the arms differ by chance only, as they were drawn at random",
        "группы различаются только случайно, ведь их составили по жребию",
    ),
    "arms_alike": Sentence(
        "without training both arms would have changed alike, though they were not drawn at random",
        "без обучения обе группы изменились бы одинаково, хотя их составляли не по жребию",
    ),
    "arms_unknown": Sentence(
        "without training both arms would have changed alike; how branches came into arms is not stated",
        "без обучения обе группы изменились бы одинаково; как составляли группы, не указано",
    ),
    "no_comparison": Sentence(
        "nothing but the training changed, as there is no comparison group",
        "ничего, кроме обучения, не изменилось: группы сравнения нет",
    ),
    "same_training": Sentence(
        "the training elsewhere is as good as in the pilot, and lasts",
        "в других местах обучат так же хорошо, как в пилоте, и эффект сохранится",
    ),
    "normal": Sentence(
        "true changes of branches are spread about like a normal distribution",
        "истинные изменения отделений распределены примерно нормально",
    ),
}
