"""What is said of the size of a pilot to come."""

from __future__ import annotations

from pilot_eval.reports.sentences import Forms, Sentence
from pilot_eval.reports.words.counted import BRANCHES

REASONS: dict[str, Sentence] = {
    "few_branches_to_plan": Sentence(
        "to see how branches vary at least {need} seen in both periods are needed; there are {n}",
        "чтобы увидеть, как различаются отделения, нужно не менее {need} с данными за оба периода; есть {n}",
    ),
    "nothing_to_find": Sentence(
        "with {n} branches that vary like this only a change by a factor of a thousand would be found",
        "при таком разбросе и числе отделений {n} обнаружить можно лишь изменение в тысячу раз",
    ),
    "no_events_to_plan": Sentence(
        "an arm had no event in one of the periods, so that no rate can be planned with",
        "в одной из групп за один из периодов не было ни одного события, и планировать частоту не по чему",
    ),
    "too_many_zeros_to_plan": Sentence(
        "{share} of the times are 0 seconds (limit {limit}), too many for a plan by mean logarithms",
        "{share} времён равны 0 секунд (предел {limit}), для плана по среднему логарифмов это слишком много",
    ),
}

WARNINGS: dict[str, Sentence] = {
    "few_branches_planned": Sentence(
        "With {n} in the smaller arm the answer will lean on the branches of both arms varying alike, and "
        "its interval will be wide. More branches help, more visits per branch hardly do.",
        "В меньшей группе всего {n}: вывод будет опираться на одинаковый разброс отделений обеих групп, а "
        "интервал будет широк. Помогут новые отделения, а не новые визиты.",
    ),
    "checks_cannot_agree": Sentence(
        "The tests beside the effect have only {n} patterns with so few branches and can never be sure "
        "enough: the verdict would stay unclear whatever the effect. Take more branches.",
        "У проверочных методов при таком числе отделений всего вариантов: {n}; достичь нужной уверенности "
        "они не могут, и вывода не будет при любом эффекте. Возьмите больше отделений.",
    ),
    "checks_seldom_agree": Sentence(
        "The tests beside the effect have only {n} patterns with so few branches: the verdict will stay "
        "unclear more often than the power says. Take more branches.",
        "У проверочных методов при таком числе отделений всего вариантов: {n}; вывод останется неясным чаще, "
        "чем говорит мощность. Возьмите больше отделений.",
    ),
    "few_orders_planned": Sentence(
        "The branches can cross in only {n} orders: the permutation test, which decides, then finds an "
        "effect clearly less often than said. Take more branches or more steps.",
        "Порядков перехода всего {n}: перестановочный тест, который решает, тогда обнаружит эффект заметно "
        "реже указанного. Возьмите больше отделений или шагов.",
    ),
    "few_branches_behind_plan": Sentence(
        "How branches vary is known from only {n}: see the range of the detectable effect.",
        "Разброс известен лишь по данным, где {n}: смотрите диапазон обнаруживаемого эффекта.",
    ),
    "single_visits_behind_plan": Sentence(
        "The data have one visit per branch and period: what more visits would bring cannot be told.",
        "В данных по одному визиту на отделение и период: что дали бы новые визиты, сказать нельзя.",
    ),
    "swing_below_zero": Sentence(
        "Single visits explain more than all the change of branches (the variance of swings was estimated "
        "below 0 and is taken as 0): that visits in one period resemble one another cannot be seen in these "
        "data, and many visits per branch may promise too much.",
        "Разброс отдельных визитов больше, чем весь разброс изменений отделений (дисперсия колебаний "
        "получилась ниже 0 и принята за 0): сходства визитов одного периода по этим данным не видно, и "
        "большое число визитов может обещать слишком много.",
    ),
    "visits_vary_much": Sentence(
        "Numbers of visits vary much between branches; where they are small, power is a few points less than "
        "said.",
        "Число визитов по отделениям сильно различается; где оно мало, мощность на несколько пунктов ниже "
        "указанной.",
    ),
    "arms_vary_unequally": Sentence(
        "In the data the changes of the two arms vary unequally ({ratio} times in variance); the plan takes "
        "them as varying alike. If training itself makes branches gain unequally, say by how much.",
        "В данных изменения двух групп различаются по разбросу (дисперсии отличаются в {ratio} раза); план "
        "считает разброс одинаковым. Если само обучение помогает отделениям неодинаково, укажите насколько.",
    ),
    "no_room_for_effect": Sentence(
        "The detectable effect is more than there is room for: {room} percentage points.",
        "Обнаруживаемый эффект больше, чем возможно: до предела остаётся {room} процентного пункта.",
    ),
    "no_room_for_smallest_effect": Sentence(
        "The smallest effect that matters is more than there is room for ({room} percentage points): no "
        "pilot can find it, whatever is said above.",
        "Наименьший значимый эффект больше, чем возможно (до предела остаётся {room} процентного пункта): "
        "его не обнаружит никакой пилот, что бы ни говорилось выше.",
    ),
    "lognormal_assumed": Sentence(
        "The spread of logarithms was worked out as if times were lognormal; where many are short logarithms "
        "vary more, and power is less. Data, or within_sd of logarithms, are better.",
        "Разброс логарифмов вычислен, как будто время логнормально; если коротких времён много, логарифмы "
        "различаются сильнее, и мощность ниже. Лучше данные или стандартное отклонение логарифмов.",
    ),
}
COUNTED: dict[str, Forms] = {"few_branches_planned": BRANCHES, "few_branches_behind_plan": BRANCHES}

UNITS_OF_SIZE: dict[str, Sentence] = {
    "points": Sentence("{number} points", "{number} балла"),
    "percentage_points": Sentence("{number} percentage points", "{number} процентного пункта"),
    "speed_percent": Sentence("{number} of speed", "{number} скорости"),
    "time_percent": Sentence("{number} of time", "{number} времени"),
    "fall_percent": Sentence("{number} of the rate (a fall)", "{number} частоты (снижение)"),
    "rise_percent": Sentence("{number} of the rate (a rise)", "{number} частоты (рост)"),
}
HEADS: dict[str, Sentence] = {
    "points": Sentence("points", "баллы"),
    "percentage_points": Sentence("percentage points", "процентные пункты"),
    "speed_percent": Sentence("per cent of speed", "проценты скорости"),
    "time_percent": Sentence("per cent of time", "проценты времени"),
    "fall_percent": Sentence("fall of the rate in per cent", "снижение частоты в процентах"),
    "rise_percent": Sentence("rise of the rate in per cent", "рост частоты в процентах"),
}

FROM_DATA = Sentence(
    "If branches vary as the {branches} in these data did",
    "Если отделения различаются, как в данных ({branches})",
)
FROM_ASSUMPTIONS = Sentence("If branches vary as assumed", "Если отделения различаются, как предположено")
STUDY: dict[str, Sentence] = {
    "both": Sentence(
        "{trained} trained and {comparison} comparison branches with {visits} per branch and period",
        "обученных отделений {trained}, отделений сравнения {comparison}, на отделение и период {visits}",
    ),
    "wedge": Sentence(
        "{trained} branches that cross in {steps} steps and {comparison} that never do, with {visits} per "
        "branch and period",
        "отделений {trained}, переходящих по шагам ({steps}), и {comparison} без перехода, на отделение и "
        "период {visits}",
    ),
    "alone": Sentence(
        "{trained} trained branches with {visits} per branch and period",
        "обученных отделений {trained}, на отделение и период {visits}",
    ),
}
VISITS: Forms = {
    "en": {"one": "visit", "other": "visits"},
    "ru": {"one": "визит", "few": "визита", "many": "визитов", "other": "визита"},
}
EXPOSURE = Sentence("an exposure of {number}", "объём {number}")
DETECTABLE = Sentence(
    "{source}, a pilot of {study} finds a true effect of {effect} with a probability of {power}.",
    "{source}, пилот такого размера ({study}) обнаружит истинный эффект {effect} с вероятностью {power}.",
)
RELATIVE = Sentence("That is {percent} of the level before.", "Это {percent} от уровня до обучения.")
RANGE = Sentence(
    "As these data know that variation, the detectable effect lies between {low} and {high} ({level}).",
    "Насколько этот разброс известен по данным, обнаруживаемый эффект лежит от {low} до {high} ({level}).",
)
SMALLEST = Sentence(
    "The smallest effect that matters, {effect}, would be found with a probability of {chance}.",
    "Наименьший значимый эффект, {effect}, был бы обнаружен с вероятностью {chance}.",
)
BRANCHES_NEEDED = Sentence(
    "Finding it with a probability of {power} takes {study}.",
    "Чтобы обнаружить его с вероятностью {power}, нужно: {study}.",
)
NO_BRANCHES = Sentence(
    "No pilot of up to 100,000 branches finds it with a probability of {power}.",
    "Даже пилот в 100 000 отделений не обнаружит его с вероятностью {power}.",
)
VISITS_NEEDED = Sentence(
    "With these branches it takes {visits} per branch and period.",
    "С этими отделениями нужно на отделение и период: {visits}.",
)
NO_VISITS = Sentence(
    "With these branches no number of visits is enough: the branches themselves vary too much.",
    "С этими отделениями не хватит никакого числа визитов: слишком различаются сами отделения.",
)
NO_EXPOSURE = Sentence(
    "With these branches no exposure is enough: the branches themselves vary too much.",
    "С этими отделениями не хватит никакого объёма: слишком различаются сами отделения.",
)
SEVERAL = Sentence(
    "The effect has to show at a level of {level} (primary outcomes: {primary}, looks: {looks}).",
    "Эффект должен проявиться при уровне {level} (основных показателей: {primary}, просмотров: {looks}).",
)

LABELS: dict[str, Sentence] = {
    "plan_none": Sentence("The size cannot be planned: {reason}.", "Размер спланировать нельзя: {reason}."),
    "plan_sizes": Sentence(
        "Detectable effect, {unit} (branches down, {across} per branch and period across)",
        "Обнаруживаемый эффект, {unit} (вниз — отделения, вправо — {across} на отделение и период)",
    ),
    "plan_visits": Sentence("visits", "визиты"),
    "plan_exposure": Sentence("exposure", "объём"),
    "plan_curve": Sentence(
        "Probability of finding a true effect, {unit}", "Вероятность обнаружить истинный эффект, {unit}"
    ),
    "plan_spread": Sentence(
        "Standard deviations ({scale}): lasting differences of branches {branch}, swings between periods "
        "{swing}, single visits {visit}; of the true effects {effect}.",
        "Стандартные отклонения ({scale}): постоянные различия отделений {branch}, колебания между периодами "
        "{swing}, отдельные визиты {visit}; истинных эффектов {effect}.",
    ),
    "plan_correlations": Sentence(
        "Correlation of two visits to a branch in one period {icc}, of true branch levels before and after "
        "{correlation}.",
        "Корреляция двух визитов в одно отделение за период {icc}, истинных уровней отделения до и после "
        "{correlation}.",
    ),
    "plan_scale_value": Sentence("points", "баллы"),
    "plan_scale_percent": Sentence("percentage points", "процентные пункты"),
    "plan_scale_log": Sentence("logarithm of seconds", "логарифм секунд"),
    "plan_scale_count": Sentence(
        "relative to the rate; visits: one unit of exposure", "относительно частоты; визит — единица объёма"
    ),
}
