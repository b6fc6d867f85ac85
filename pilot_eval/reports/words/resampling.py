"""What is said of resampled branches, quantiles and planned looks."""

from __future__ import annotations

from pilot_eval.reports.sentences import Forms, Sentence
from pilot_eval.reports.words.counted import BRANCHES, ROWS

REASONS: dict[str, Sentence] = {
    "lone_branches": Sentence(
        "resampling needs two branches of each arm in every stratum; strata where an arm has one: {n}",
        "для повторных выборок нужны два отделения каждой группы в каждой страте; страт, где в группе одно "
        "отделение: {n}",
    ),
    "no_base": Sentence(
        "the value to compare with is zero or below, so that there is no change in per cent",
        "величина для сравнения равна нулю или отрицательна, поэтому изменения в процентах нет",
    ),
    "no_uplift": Sentence(
        "there is no change in per cent to put an interval around",
        "нет изменения в процентах, для которого нужен интервал",
    ),
    "uplift_of_another_kind": Sentence(
        "the change in per cent was adjusted by other options; only the plain one is resampled",
        "изменение в процентах скорректировано другими настройками; повторные выборки делаются только для "
        "простого",
    ),
    "zero_quantile": Sentence(
        "the comparison branches' time before is zero, so that nothing can be expected from it",
        "время до у отделений сравнения равно нулю, и ожидаемое по нему не определить",
    ),
}

WARNINGS: dict[str, Sentence] = {
    "planned_look": Sentence(
        "This is look {look} of {looks} that the plan allows: its intervals have level {level}, so that all "
        "looks together keep to {together}. With few branches this level is approximate.",
        "Это просмотр {look} из {looks}, разрешённых планом: уровень его интервалов {level}, чтобы все "
        "просмотры вместе сохраняли {together}. Если отделений мало, этот уровень приблизителен.",
    ),
    "bca_with_few_branches": Sentence(
        "With {n} in the smaller arm this interval is too narrow: of made-up pilots it missed the truth in 7 "
        "to 9% with eight to twenty branches an arm and in 10 to 22% with three to six, instead of 5%. "
        "Prefer the interval of the uplift itself.",
        "В меньшей группе {n}, и этот интервал слишком узок: в модельных пилотах он не накрывал истину в "
        "7–9 % случаев при восьми–двадцати отделениях в группе и в 10–22 % при трёх–шести вместо 5 %. Лучше "
        "опираться на основной интервал прироста.",
    ),
    "quantiles_with_few_branches": Sentence(
        "With {n} in the smaller arm the intervals of quantiles are too narrow: with three to five they "
        "missed the truth in 8 to 12% of made-up pilots instead of 5%.",
        "В меньшей группе {n}, и интервалы квантилей слишком узки: при трёх–пяти они не накрывали истину в "
        "8–12 % модельных пилотов вместо 5 %.",
    ),
    "quantile_of_few_rows": Sentence(
        "The value that {share} stay within rests on few visits; beyond it, in the arm and period with the "
        "fewest: {n}.",
        "Значение, которого не превышают {share}, опирается на малое число визитов; за ним, в группе и "
        "периоде, где их меньше всего: {n}.",
    ),
    "resamples_without_base": Sentence(
        "Resamples in which the value to compare with was zero or below: {n}; they count as farther out than "
        "any other.",
        "Повторных выборок, в которых величина для сравнения была нулевой или отрицательной: {n}; они "
        "считаются крайними.",
    ),
}

COUNTED: dict[str, Forms] = {
    "bca_with_few_branches": BRANCHES,
    "quantiles_with_few_branches": BRANCHES,
    "quantile_of_few_rows": ROWS,
}

LABELS: dict[str, Sentence] = {
    "quantiles": Sentence(
        "Single values: the middle and the far end ({level} intervals by resampling branches)",
        "Отдельные значения: середина и дальний край ({level} интервалы по повторным выборкам отделений)",
    ),
    "quantiles_of": Sentence("{share} of values are at most", "{share} значений не больше"),
    "quantiles_seconds": Sentence("{change} seconds", "{change} секунды"),
    "quantiles_points": Sentence("{change} points", "{change} балла"),
    "quantiles_percent": Sentence("{change}, plus is better", "{change}, плюс — лучше"),
    "quantiles_speed_percent": Sentence("speed {change}", "скорость {change}"),
    "quantiles_time_percent": Sentence("time {change}", "время {change}"),
    "quantiles_target": Sentence("Within {seconds} seconds", "Не дольше {seconds} секунд"),
    "quantiles_share": Sentence(
        "{before} → {after} of the trained branches' customers; effect {change} percentage points",
        "{before} → {after} клиентов обученных отделений; эффект {change} процентного пункта",
    ),
    "quantiles_typical": Sentence(
        "A time of {before} seconds, typical before training, changes by {change}",
        "Типичное до обучения время, {before} с, меняется на {change}",
    ),
}

BOOTSTRAP = Sentence(
    "Uplift by resampling branches (BCa, {draws} resamples)",
    "Прирост по повторным выборкам отделений ({draws} выборок, интервал с поправками)",
)
