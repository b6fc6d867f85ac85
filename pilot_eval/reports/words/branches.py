"""What is said of single branches: the verdict of each, and what each is compared with."""

from __future__ import annotations

from pilot_eval.reports.sentences import Sentence

# By what a branch is compared with: itself before, or others.
PAST: dict[str, Sentence] = {
    "too_few": Sentence("Too few records to compare", "Записей мало, сравнить нельзя"),
    "no_material": Sentence("No change that matters", "Заметного изменения нет"),
    "clear_gain": Sentence("Better, by at least the amount that matters", "Лучше, и не меньше заметного"),
    "gain": Sentence("Better; may be small", "Лучше; возможно, ненамного"),
    "clear_loss": Sentence("Worse, by at least the amount that matters", "Хуже, и заметно"),
    "loss": Sentence("Worse; may be small", "Хуже; возможно, ненамного"),
    "unclear": Sentence("Unclear: better and worse both fit", "Неясно: возможно и лучше, и хуже"),
    "no_interval": Sentence("No interval: one record each", "Интервала нет: по одной записи"),
    "no_others": Sentence("Nobody to compare with", "Сравнить не с кем"),
    "not_yet": Sentence("Not shown yet", "Пока не показано"),
}
OTHERS: dict[str, Sentence] = {
    **PAST,
    "no_material": Sentence("As they did, within what matters", "Как у них, в пределах незаметного"),
    "clear_gain": Sentence(
        "Did better than they, by at least the amount that matters", "Лучше, чем у них, и заметно"
    ),
    "gain": Sentence("Did better than they; may be by little", "Лучше, чем у них; возможно, ненамного"),
    "clear_loss": Sentence(
        "Did worse than they, by at least the amount that matters", "Хуже, чем у них, и заметно"
    ),
    "loss": Sentence("Did worse than they; may be by little", "Хуже, чем у них; возможно, ненамного"),
    "unclear": Sentence("Unclear: no difference can be told", "Неясно: разница не различима"),
}

RULES: dict[str, Sentence] = {
    "past": Sentence(
        "Each branch is compared with itself before the training.",
        "Каждое отделение сравнивается с собой до обучения.",
    ),
    "pilot": Sentence(
        "The change of each branch, less the mean change of the other branches of its arm.",
        "Изменение каждого отделения за вычетом среднего изменения других отделений его группы.",
    ),
    "comparison": Sentence(
        "The change of each branch, less the mean change of the comparison branches.",
        "Изменение каждого отделения за вычетом среднего изменения отделений сравнения.",
    ),
    "stratum": Sentence(
        "The change of each branch, less the mean change of similar ones: the others of its arm and stratum.",
        "Изменение каждого отделения за вычетом среднего изменения похожих: других отделений его группы и "
        "страты.",
    ),
    "baseline": Sentence(
        "The change of each branch, less the mean change of similar ones: the {count} of its arm that were "
        "nearest to it before the training.",
        "Изменение каждого отделения за вычетом среднего изменения похожих: {count} ближайших к нему по "
        "уровню до обучения в его группе.",
    ),
    "own_region": Sentence("They are of your region only.", "Они только из вашего региона."),
}
MEASURED = Sentence(
    "The interval says how exactly the difference between these branches was measured.",
    "Интервал показывает, насколько точно измерена разница между этими отделениями.",
)
BY_CHANCE = Sentence(
    "With {branches} and intervals of {level}, about {expected} would look changed by chance alone.",
    "При числе отделений {branches} и интервалах {level} примерно {expected} выглядело бы изменившимся "
    "случайно.",
)
SHRUNKEN = Sentence(
    "Drawn to the mean: the own number of a branch, moved towards that of its arm the more, the fewer "
    "records it rests on. It is the better guess of what a branch will show next time.",
    "Притянутое к среднему: число отделения, сдвинутое к среднему его группы тем сильнее, чем меньше в нём "
    "записей. Это лучшая догадка о том, что отделение покажет в следующий раз.",
)
PLACES = Sentence(
    "A place is a range within the arm: where it is wide, the order of branches is mostly chance.",
    "Место — это диапазон внутри группы: если он широк, порядок отделений в основном случаен.",
)
NO_COMPARISON_ARM = Sentence(
    "This pilot has no comparison group.",
    "В этом пилоте нет группы сравнения.",
)

# The finding of the picture of intervals.
FOUND = Sentence(
    "{what}: of {branches}, {better} better, {worse} worse, {unclear} unclear.",
    "{what}: из {branches} лучше — {better}, хуже — {worse}, неясно — {unclear}.",
)
FOUND_OTHERS = Sentence(
    "{what}: of {branches}, {better} did better than those compared with, {worse} worse, {unclear} unclear.",
    "{what}: из {branches} лучше тех, с кем сравнены, — {better}, хуже — {worse}, неясно — {unclear}.",
)
BRANCH_INTERVALS = Sentence(
    "Chart with one line per branch: interval and estimate, and the line of no difference. {finding}",
    "График, по строке на отделение: интервал и оценка, и линия, где разницы нет. {finding}",
)

# Two branches.
PAIR: dict[str, Sentence] = {
    "more": Sentence("{first} gained more", "{first}: прирост больше"),
    "less": Sentence("{second} gained more", "{second}: прирост больше"),
    "unclear": Sentence("No difference can be told", "Разница не различима"),
    "many": Sentence(
        "No difference can be told, once the number of pairs is allowed for",
        "С учётом числа пар разница не различима",
    ),
}
