"""What the planner's page says beside the plan's own sentences."""

from __future__ import annotations

from pilot_eval.reports.sentences import Sentence

FINDS = Sentence(
    "A pilot of this size finds a true effect of {effect} with a probability of {power}.",
    "Пилот такого размера обнаружит истинный эффект {effect} с вероятностью {power}.",
)
ALT = Sentence(
    "Curve of the probability of finding an effect against its size. {finding}",
    "Кривая вероятности обнаружить эффект в зависимости от его величины. {finding}",
)
TRUE_EFFECT = Sentence("true effect, {unit}", "истинный эффект, {unit}")
PROBABILITY = Sentence("probability of finding it, %", "вероятность обнаружить, %")
EFFECT = Sentence("true effect", "истинный эффект")
CHANCE = Sentence("probability of finding it", "вероятность обнаружить")

FROM_BOTH = Sentence(
    "How branches vary is taken from this pilot, before and after training ({rows}).",
    "Разброс отделений взят из этого пилота, до и после обучения ({rows}).",
)
FROM_BASELINE = Sentence(
    "How branches and visits vary is taken from the baseline of this pilot ({branches}, {rows}). How alike a "
    "branch stays from one period to the next a baseline cannot tell: that is the correlation you assume.",
    "Разброс отделений и визитов взят из периода до обучения этого пилота ({branches}, {rows}). Насколько "
    "отделение похоже на себя в другом периоде, по нему не узнать: это заданная вами корреляция.",
)
FROM_TYPED = Sentence(
    "How branches and visits vary is assumed as typed in; no data stand behind it.",
    "Разброс отделений и визитов задан вами; данных за ним нет.",
)
ALWAYS = (
    Sentence(
        "Branches vary after training as they do before it, and training moves all of them alike.",
        "После обучения отделения различаются так же, как до него, и обучение сдвигает все одинаково.",
    ),
    Sentence(
        "No branch drops out, and every visit planned is made.",
        "Ни одно отделение не выбывает, все запланированные визиты состоятся.",
    ),
)
