"""How each kind of chart is read, for those who meet it the first time."""

from __future__ import annotations

from typing import Final

from pilot_eval.reports.sentences import Sentence

# By the kind of chart; a chart without its entry cannot be made.
READING: Final[dict[str, Sentence]] = {
    "intervals": Sentence(
        "Each outcome has a line and a scale of its own. The diamond is the best single guess; the thick "
        "line holds every change that fits the data. The thin upright line is no change, the grey band "
        "holds changes too small to matter. A thick line wholly to the right of no change means better, "
        "wholly to the left worse; one that crosses it leaves the question open.",
        "У каждого показателя своя строка и своя шкала. Ромб — лучшая оценка одним числом, толстая линия — "
        "все изменения, которые согласуются с данными. Тонкая вертикальная черта означает «изменения нет», "
        "серая полоса — изменения, слишком малые, чтобы иметь значение. Толстая линия целиком справа от "
        "черты — стало лучше, целиком слева — хуже; если она пересекает черту, вопрос открыт.",
    ),
    "dumbbell": Sentence(
        "Each line is a branch: the grey circle is its mean before the training, the blue diamond its mean "
        "after it (a hollow square in comparison branches). The longer the line, the larger the change; its "
        "colour says whether that is better or worse. Any one branch moves by chance too: look at how the "
        "trained branches moved as a group, and whether the comparison branches moved the same way.",
        "Каждая линия — отделение: серый круг — среднее до обучения, синий ромб — после (в отделениях "
        "сравнения — пустой квадрат). Чем длиннее линия, тем больше изменение; цвет показывает, к лучшему "
        "оно или к худшему. Любое отдельное отделение меняется и случайно: смотрите, как сдвинулись "
        "обученные отделения в целом и не сдвинулись ли так же отделения сравнения.",
    ),
    "branch_intervals": Sentence(
        "Each line is a branch. The hollow circle and the thin line are its difference as measured, with all "
        "values that fit its records; the filled diamond and the thick line are the same drawn to the mean "
        "of its arm, the more so the fewer records there are. The upright line is no difference: an interval "
        "wholly to one side of it says better or worse, one that crosses it leaves the question open. Do not "
        "compare two branches by whether their lines overlap; put them side by side for that.",
        "Каждая линия — отделение. Пустой круг и тонкая линия — разница, как она измерена, и все значения, "
        "которые согласуются с записями; закрашенный ромб и толстая линия — она же, сдвинутая к среднему "
        "группы тем сильнее, чем меньше записей. Вертикальная черта означает «разницы нет»: интервал целиком "
        "по одну сторону от неё — лучше или хуже, пересекает её — вопрос открыт. Два отделения не "
        "сравнивают по тому, перекрываются ли их линии: для этого поставьте их рядом.",
    ),
    "funnel": Sentence(
        "Each mark is a branch: the further to the right, the more records it has and the surer its change "
        "is; its height is that change. Between the inner, dashed lines (95%) branches differ no more than "
        "chance and the usual differences of branches explain; of 100 ordinary branches about five lie "
        "outside them. Only outside the outer lines (99.8%), where branches are named, is it worth asking "
        "why.",
        "Каждый знак — отделение: чем правее, тем больше у него записей и тем точнее известно изменение; "
        "высота — само изменение. Между внутренними, пунктирными линиями (95\u00a0%) отделения различаются "
        "не больше, чем объясняют случай и обычные различия отделений; за ними окажутся около пяти из 100 "
        "обычных отделений. Спрашивать почему стоит только о тех, что за внешними линиями (99,8\u00a0%): "
        "они подписаны.",
    ),
    "weeks": Sentence(
        "Each mark is the mean of one week: a grey circle before the training, a blue diamond after it (a "
        "hollow square in comparison branches). The line through a period is its mean; between the dashed "
        "lines weeks differ no more than they usually do from one to the next. A ringed week does not fit: "
        "it lies outside the limits, is one of eight on one side, or jumps. The limits begin anew after "
        "training, so that its step is seen as a step; a step that the comparison branches make too is not "
        "the training's. Under twelve weeks limits are trial limits: a few weeks more may move them.",
        "Каждый знак — среднее за неделю: серый круг до обучения, синий ромб после (в отделениях сравнения — "
        "пустой квадрат). Линия через период — его среднее; между пунктирными линиями недели отличаются не "
        "больше, чем обычно одна от другой. Неделя в кольце не укладывается: она за границами, входит в "
        "восемь подряд по одну сторону или скачет. После обучения границы строятся заново, поэтому его шаг "
        "виден как шаг; шаг, который сделали и отделения сравнения, — не от обучения. Если недель меньше "
        "двенадцати, границы предварительные: ещё несколько недель могут их сдвинуть.",
    ),
    "items": Sentence(
        "Each item has two lines: above, the trained branches from before (grey circle) to after (blue "
        "diamond); below, the comparison branches, ending in a hollow square. The scale is the share of "
        "visits in which the item was fulfilled, in per cent. What counts is how much further the upper line "
        "goes than the lower one. A coloured line and bold letters mark items that moved more than chance "
        "even though so many items were looked at; the others may have moved by chance.",
        "У каждого пункта две линии: сверху обученные отделения, от «до» (серый круг) к «после» (синий "
        "ромб); снизу отделения сравнения, их конец — пустой квадрат. Шкала — доля визитов, где пункт "
        "выполнен, в процентах. Важно, насколько верхняя линия уходит дальше нижней. Цветная линия и "
        "полужирная подпись отмечают пункты, которые изменились больше случайного, даже если учесть, как "
        "много пунктов рассмотрено; остальные могли сдвинуться случайно.",
    ),
    "power": Sentence(
        "The curve shows, for every true effect, how probable it is that a pilot of this size finds it: that "
        "its interval excludes no effect. The dashed level line is the probability asked for; the diamond is "
        "the smallest effect that reaches it. To the left of the diamond a pilot of this size more often "
        "misses an effect than you allow, although the effect is there.",
        "Кривая показывает для каждого истинного эффекта, с какой вероятностью пилот такого размера его "
        "обнаружит: интервал не будет содержать нуля. Горизонтальный пунктир — заданная вероятность, ромб — "
        "наименьший эффект, при котором она достигается. Левее ромба пилот такого размера пропускает "
        "существующий эффект чаще, чем вы готовы допустить.",
    ),
}


def how_to_read(kind: str, language: str) -> str:
    """Say how a kind of chart is read.

    Raises
    ------
    KeyError
        If the kind has no words: every chart has them.
    """
    return READING[kind].en if language == "en" else READING[kind].ru
